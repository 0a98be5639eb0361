"""Instructions per atom of the evaluator, counted by callgrind: a gate against regressions that no load disturbs.

    python benches/instructions.py [--short] [--update]

Builds `rust/core/examples/kernels.rs` and counts what `Evaluator::compute` executes, for a linear and an embedded ACE
of silicon on each SIMD path that valgrind knows. Counts beyond the stored ones (`instructions.json`) by more than
`TOLERANCE` are an error; `--update` stores new ones. Skipped by name where `valgrind` or `cargo` is not there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STORED = Path(__file__).with_suffix(".json")
TOLERANCE = 0.1
COLLECTED = "ferrip_core::density::evaluator::Evaluator::compute"
CASES = [(model, path) for model in ("linear", "embedded") for path in ("avx2", "generic")]


def build() -> Path:
    """The example, built in the release profile."""
    command = ["cargo", "build", "--release", "--quiet", "-p", "ferrip-core", "--example", "kernels"]
    subprocess.run(command, cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "examples" / "kernels"


def count(program: Path, model: str, path: str) -> float | None:
    """Instructions per atom; None on a processor without the path."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        command += [f"--toggle-collect={COLLECTED}", str(program), model, path]
        done = subprocess.run(command, capture_output=True, text=True)
    if "expected one of" in done.stderr:
        return None
    collected = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    atoms = re.match(r"(\d+) atoms", done.stdout)
    if done.returncode or collected is None or atoms is None:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return int(collected[1]) / int(atoms[1])


def main() -> None:
    """Count, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="the AVX2 path only")
    parser.add_argument("--update", action="store_true", help="store the counts")
    arguments = parser.parse_args()
    missing = [tool for tool in ("valgrind", "cargo") if shutil.which(tool) is None]
    if missing:
        print(f"SKIPPED: instruction counts need {' and '.join(missing)}")
        return
    program = build()
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    worse = []
    for model, path in CASES:
        if arguments.short and path == "generic":
            continue
        name, now = f"{model}, {path}", count(program, model, path)
        if now is None:
            print(f"SKIPPED: {name}: this processor does not have it")
            continue
        before = stored.get(name)
        print(f"{name}: {now:.0f} instructions per atom, stored {before}")
        if before is not None and now > before * (1 + TOLERANCE):
            worse.append(name)
        if arguments.update:
            stored[name] = round(now)
    if arguments.update:
        STORED.write_text(json.dumps(stored, indent=2) + "\n")
    elif worse:
        raise SystemExit(f"more instructions than stored, beyond {TOLERANCE:.0%}: {'; '.join(worse)}")


if __name__ == "__main__":
    main()

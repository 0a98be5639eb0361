"""Cost and accuracy against the number of elements, on the synthetic set of ten metals.

    python benches/elements.py [--counts 3,5,10] [--size medium] [--threads 1] [--short]

The labels of examples/data/metals are those of a universal potential (see its README.md), not of density functional
theory. For every count of elements, the frames that hold no others are fitted with the element embedding (the default)
and with factors per species of as many functions (`species=resolved`), both at the default energy weight; errors are
those on the test frames. The cost is that of an MD step of a random alloy of 864 atoms (fcc, 85 neighbors) of a
potential of the same settings, one thread, median of 8 interleaved rounds of all counts and of one and two elements.
`--short` fits a few frames at size small.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase.build import bulk
from ase.data import atomic_numbers

import ferrip
from ferrip import _core
from ferrip.data import Frame, read_frames
from ferrip.fitting.distances import pair_distances
from ferrip.models import family
from ferrip.models.ace import AceSettings

DATA = Path(__file__).resolve().parents[1] / "examples" / "data" / "metals"
ELEMENTS = ("Al", "Ni", "Ti", "Cu", "Nb", "V", "Zr", "Mo", "Pd", "W")
"""The groups of three and five are the first ones."""
ROUNDS = 8


@dataclass(frozen=True, kw_only=True)
class Clock:
    """An evaluator on a structure, with the neighbor list kept as in MD."""

    session: _core.Session
    structure: _core.Structure

    def microseconds(self) -> float:
        """CPU time per atom of one step."""
        start = time.process_time()
        self.session.compute(self.structure)
        return (time.process_time() - start) / len(self.structure[0]) * 1e6


def of_elements(frames: list[Frame], numbers: list[int]) -> list[Frame]:
    """The frames that hold no other elements."""
    return [frame for frame in frames if set(frame.numbers.tolist()) <= set(numbers)]


def clock(frames: list[Frame], numbers: list[int], size: str) -> tuple[Clock, int]:
    """A potential with random coefficients on a random alloy, and its number of functions per element."""
    rng = np.random.default_rng(0)
    chosen = family("ace")
    distances = pair_distances(of_elements(frames, numbers), 1)
    resolved = chosen.resolve(AceSettings(cutoff=5.5, shape="wide"), size, numbers, distances)
    descriptor = chosen.descriptor(resolved)
    coefficients = 0.01 * rng.normal(size=descriptor.n_features)
    evaluator = _core.Evaluator(descriptor, coefficients, [0.0] * len(numbers))
    atoms = bulk("Cu", "fcc", a=3.7, cubic=True).repeat(6)
    atoms.rattle(0.05, seed=1)
    mixture = np.asarray(rng.choice(numbers, len(atoms)), np.int64)
    structure = (mixture, atoms.positions, np.asarray(atoms.cell), atoms.pbc)
    session = evaluator.session(0.5, 1)
    session.compute(structure)
    return Clock(session=session, structure=structure), descriptor.n_features // len(numbers)


def costs(frames: list[Frame], counts: list[int], size: str) -> None:
    """Print µs per atom for every count of elements."""
    every = {n: sorted(atomic_numbers[symbol] for symbol in ELEMENTS[:n]) for n in (1, 2, *counts)}
    clocks = {n: clock(frames, numbers, size) for n, numbers in every.items()}
    rounds = [{n: one.microseconds() for n, (one, _) in clocks.items()} for _ in range(ROUNDS)]
    print("| elements | functions per element | µs/atom | over two elements |\n|---|---|---|---|")
    for n, (_, functions) in clocks.items():
        median = np.median([times[n] for times in rounds])
        ratio = np.median([times[n] / times[2] for times in rounds])
        print(f"| {n} | {functions} | {median:.1f} | {ratio:.2f} |", flush=True)


def errors(train: list[Frame], test: list[Frame], size: str, species: str, threads: int) -> str:
    """Row of the table of errors."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        potential = ferrip.fit(
            train,
            test=test,
            size=size,
            species=species,
            shape="wide",
            weights={"energy": 15.0},
            num_threads=threads,
            progress=False,
            uncertainty=False,
        )
    found = potential.metadata["metrics"]["test"]
    n = len(potential.elements)
    return (
        f"| {n} | {species} | {len(train)}/{len(test)} | {potential.descriptor.n_features // n} | "
        f"{found['energy']['mae_meV_per_atom']:.1f} | {found['forces']['mae_meV_per_A']:.0f} | "
        f"{time.perf_counter() - start:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", default="3,5,10")
    parser.add_argument("--size", default="medium")
    parser.add_argument("--species", default="embedded,resolved")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    counts = [3] if options.short else [int(n) for n in options.counts.split(",")]
    size = "small" if options.short else options.size
    train, test = (read_frames(DATA / f"{part}.xyz.gz") for part in ("train", "test"))
    costs(train, counts, size)
    print("\n| elements | species | frames | functions per element | E MAE meV/atom | F MAE meV/Å | fit s |")
    print("|---|---|---|---|---|---|---|")
    for species in options.species.split(","):
        for n in counts:
            numbers = [atomic_numbers[symbol] for symbol in ELEMENTS[:n]]
            parts = [of_elements(part, numbers) for part in (train, test)]
            if options.short:
                parts = [part[::5] for part in parts]
            print(errors(*parts, size, species, options.threads), flush=True)


if __name__ == "__main__":
    main()

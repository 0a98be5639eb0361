"""Several families and sizes on the same data: errors, cost, and which one to use.

Every candidate is one `ferrip.fit` with its defaults on the same training frames, judged on the same held-out ones and
timed on one structure. The error score of a candidate is the geometric mean of its energy and force MAE, each
divided by the smallest among the candidates: 1 is the best in both.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ferrip._core import __version__
from ferrip.benchmark import benchmark
from ferrip.data import Frame, LabelKeys, read_frames
from ferrip.errors import DataError, FerripError, SettingsError
from ferrip.fitting import fit
from ferrip.fitting.checkpoint import data_hash, run_key
from ferrip.fitting.folds import MIN_FRAMES, N_FOLDS, assign_folds
from ferrip.models.family import SIZES, family
from ferrip.potential_io import load

if TYPE_CHECKING:
    from ase import Atoms

    from ferrip.fitting.driver import DataSource
    from ferrip.potential import Potential

NEEDS = ("speed", "balanced", "accuracy")
"""What can matter most to the user."""

MODELS = ("uf3", "mtp", "ace")
TOLERABLE = 3.0
"""Error score, relative to the best, up to which a candidate counts when speed is what matters."""
COST_POWER = 0.3
"""Balanced: halving the errors is worth a cost tenfold (10^0.3 = 2)."""
LEAST_ATOMS = 500
"""Atoms of the structure that is timed, if it is periodic."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One family and size, fitted and measured.

    Attributes
    ----------
    model, size
        As `ferrip.fit` takes them.
    n_functions
        Number of functions (columns of the fit).
    energy_mae, forces_mae
        Errors on the held-out frames, meV/atom and meV/Å; None where they have no such labels.
    us_per_atom_step
        Cost of an MD step.
    fit_seconds
        Wall time of the fit.
    neighbors_per_atom
        Mean number of neighbors within the cutoff in the structure that is timed.
    failure
        Why there is no potential; all numbers are None then.
    """

    model: str
    size: str
    n_functions: int | None = None
    energy_mae: float | None = None
    forces_mae: float | None = None
    us_per_atom_step: float | None = None
    fit_seconds: float | None = None
    neighbors_per_atom: float | None = None
    failure: str | None = None

    @property
    def name(self) -> str:
        """Family and size in one word."""
        return f"{self.model}-{self.size}"


@dataclass(frozen=True, kw_only=True)
class FamilyComparison:
    """All candidates of a comparison, in the order in which they were fitted.

    Attributes
    ----------
    candidates
        The candidates, failed ones among them.
    n_train, n_test
        Frames of the fit and held-out frames.
    held_out
        Where the held-out frames come from.
    timed
        Description of the structure that is timed.
    """

    candidates: tuple[Candidate, ...]
    n_train: int
    n_test: int
    held_out: str
    timed: str

    @property
    def fitted(self) -> tuple[Candidate, ...]:
        """The candidates that did not fail."""
        return tuple(one for one in self.candidates if one.failure is None)

    def score(self, candidate: Candidate) -> float:
        """Geometric mean of the energy and force errors, each relative to the smallest one; 1 is best."""
        ratios = []
        for name in ("energy_mae", "forces_mae"):
            value = getattr(candidate, name)
            if value is not None:
                best = min(getattr(one, name) for one in self.fitted)
                ratios.append(math.log(max(value, 1e-9) / max(best, 1e-9)))
        return math.exp(sum(ratios) / len(ratios))

    def pareto(self) -> tuple[Candidate, ...]:
        """Candidates to which no other is better in both error score and cost, fastest first."""
        front: list[Candidate] = []
        for one in sorted(self.fitted, key=lambda one: (_cost(one), self.score(one))):
            if not front or self.score(one) < self.score(front[-1]):
                front.append(one)
        return tuple(front)

    def recommended(self, need: str = "balanced") -> Candidate:
        """The candidate to use.

        Parameters
        ----------
        need
            `"accuracy"`: the smallest error score; `"speed"`: the fastest whose score is at most three times the
            best; `"balanced"`: the smallest score × cost^0.3, so that a halved error is worth a tenfold cost.

        Raises
        ------
        SettingsError
            Unknown need, or no candidate was fitted.
        """
        check_need(need)
        front = self.pareto()
        if not front:
            reasons = "; ".join(f"{one.name}: {one.failure}" for one in self.candidates)
            raise SettingsError(f"no candidate could be fitted ({reasons})")
        if need == "accuracy":
            return front[-1]
        if need == "speed":
            limit = TOLERABLE * self.score(front[-1])
            return next(one for one in front if self.score(one) <= limit)
        return min(front, key=lambda one: self.score(one) * _cost(one) ** COST_POWER)

    def as_dict(self) -> dict[str, Any]:
        """The comparison in JSON's types, with score, Pareto front and the recommendation for each need."""
        front = self.pareto()
        rows = []
        for one in self.candidates:
            extra = {"score": None if one.failure else self.score(one), "pareto": one in front}
            rows.append(asdict(one) | extra)
        named = {need: self.recommended(need) for need in NEEDS} if front else {}
        return {
            "candidates": rows,
            "recommended": {need: {"model": one.model, "size": one.size} for need, one in named.items()},
            "n_train": self.n_train,
            "n_test": self.n_test,
            "held_out": self.held_out,
            "timed": self.timed,
        }


def check_need(need: str) -> None:
    """Check that `need` is one of `NEEDS`.

    Raises
    ------
    SettingsError
        It is not.
    """
    if need not in NEEDS:
        raise SettingsError(f"need: {need!r} is not one of {', '.join(NEEDS)}")


def compare(
    data: DataSource,
    *,
    test: DataSource | None = None,
    models: Sequence[str] = MODELS,
    sizes: Sequence[str] = SIZES,
    folder: str | os.PathLike[str] | None = None,
    structure: Atoms | None = None,
    keys: LabelKeys | None = None,
    elements: Sequence[str] | None = None,
    num_threads: int | None = None,
    progress: bool = True,
    on_candidate: Callable[[Candidate], None] | None = None,
    model_settings: Mapping[str, Mapping[str, Any]] | None = None,
    **settings: Any,
) -> FamilyComparison:
    """Fit several families and sizes to the same data and measure errors and cost of each.

    Parameters
    ----------
    data, test, keys, elements, num_threads, progress, settings
        As `ferrip.fit`. Without `test`, the last quarter of every config type is held out of the fit.
    models, sizes
        Families and sizes; every combination is one candidate.
    folder
        Keeps the potentials as `MODEL-SIZE.ferrip`; those of the same data and settings are not fitted again.
    structure
        What is timed; by default the largest test frame, repeated to at least 500 atoms if it is periodic.
    on_candidate
        Called with every candidate as it is done.
    model_settings
        Settings of single families by their name, which go before `settings`.

    Returns
    -------
    FamilyComparison
        Candidates whose fit ends with an error of ferrip's carry its message instead of numbers.

    Raises
    ------
    DataError
        Bad data, or too few frames to hold some out.
    SettingsError
        Unknown family or size.

    Examples
    --------
    >>> ferrip.compare("train.xyz", models=["uf3", "ace"]).recommended("speed").name  # doctest: +SKIP
    'uf3-small'
    """
    if not models or not sizes:
        raise SettingsError("compare: at least one model and one size are needed")
    for model in models:
        unknown = set(sizes) - set(known := family(model).sizes)
        if unknown:
            names = ", ".join(sorted(unknown))
            raise SettingsError(f"size: {model} has {', '.join(known)}, not {names}")
    others = sorted(set(model_settings or {}) - set(models))
    if others:
        raise SettingsError(f"compare: settings of {others[0]!r}, which is none of {', '.join(models)}")
    frames = read_frames(data, keys, elements=elements)
    if test is None:
        train, held_out = _split(frames)
        origin = f"the last of {N_FOLDS} blocks of every config type"
    else:
        train, held_out = frames, read_frames(test, keys, elements=elements)
        origin = "the test data"
        if not held_out:
            raise DataError("no test frames")
    atoms = _timed(held_out) if structure is None else structure
    place = None if folder is None else Path(folder)
    if place is not None:
        place.mkdir(parents=True, exist_ok=True)
    candidates = []
    for model in models:
        own = settings | dict((model_settings or {}).get(model, {}))
        for size in sizes:
            candidate = Candidate(model=model, size=size)
            path = None if place is None else place / f"{candidate.name}.ferrip"
            try:
                potential = _fitted(path, train, held_out, model, size, num_threads, progress, own)
                candidate = _measured(potential, model, size, atoms, num_threads)
            except FerripError as error:
                candidate = Candidate(model=model, size=size, failure=str(error))
            candidates.append(candidate)
            if on_candidate is not None:
                on_candidate(candidate)
    return FamilyComparison(
        candidates=tuple(candidates),
        n_train=len(train),
        n_test=len(held_out),
        held_out=origin,
        timed=f"{atoms.get_chemical_formula('metal')}, {len(atoms)} atoms",
    )


def _split(frames: list[Frame]) -> tuple[list[Frame], list[Frame]]:
    """Training frames and held-out ones."""
    if len(frames) < MIN_FRAMES:
        raise DataError(
            f"{len(frames)} frames are too few to hold some out (below {MIN_FRAMES}); give test data"
        )
    folds = assign_folds(frames)
    held_out = [frame for frame, fold in zip(frames, folds, strict=True) if fold == N_FOLDS - 1]
    if not held_out:
        raise DataError(f"no config type has {N_FOLDS} frames of which to hold one out; give test data")
    return [frame for frame, fold in zip(frames, folds, strict=True) if fold != N_FOLDS - 1], held_out


def _timed(frames: Sequence[Frame]) -> Atoms:
    """The largest frame, repeated along its periodic directions to at least `LEAST_ATOMS` atoms."""
    from ase import Atoms

    frame = max(frames, key=lambda frame: frame.n_atoms)
    numbers, positions, cell, pbc = frame.structure
    atoms = Atoms(numbers=numbers, positions=positions, cell=cell, pbc=pbc)
    times = np.ones(3, dtype=int)
    while pbc.any() and np.prod(times) * len(atoms) < LEAST_ATOMS:
        lengths = np.where(pbc, times * atoms.cell.lengths(), np.inf)
        times[int(np.argmin(lengths))] += 1
    return atoms.repeat(tuple(times))


def _fitted(
    path: Path | None,
    train: list[Frame],
    test: list[Frame],
    model: str,
    size: str,
    num_threads: int | None,
    progress: bool,
    settings: dict[str, Any],
) -> Potential:
    """The potential of `path` if it is that of the same fit, else a new one, saved there."""
    request = {
        "model": model,
        "size": size,
        "version": __version__,
        "settings": repr(sorted(settings.items())),
    }
    key = run_key(data_hash([*train, *test]), request)
    if path is not None and path.exists():
        found = load(path)
        if found.metadata.get("comparison") == key:
            return found
    checkpoint = None if path is None else path.with_name(path.name + ".checkpoint")
    potential = fit(
        train,
        test=test,
        model=model,
        size=size,
        checkpoint=checkpoint,
        num_threads=num_threads,
        progress=progress,
        **settings,
    )
    if path is not None:
        potential = replace(potential, metadata={**potential.metadata, "comparison": key})
        potential.save(path)
    return potential


def _measured(
    potential: Potential, model: str, size: str, atoms: Atoms, num_threads: int | None
) -> Candidate:
    """Errors from the fit's own table, cost from the benchmark."""
    errors, speed = (
        potential.metadata["metrics"]["test"],
        benchmark(potential, atoms, num_threads=num_threads),
    )
    return Candidate(
        model=model,
        size=size,
        n_functions=potential.descriptor.n_features,
        energy_mae=errors["energy"]["mae_meV_per_atom"],
        forces_mae=errors["forces"]["mae_meV_per_A"],
        us_per_atom_step=speed.us_per_atom_step,
        fit_seconds=potential.metadata["fit"]["seconds"],
        neighbors_per_atom=speed.neighbors_per_atom,
    )


def _cost(candidate: Candidate) -> float:
    """µs per atom and step; infinite for a candidate that was not fitted."""
    return math.inf if candidate.us_per_atom_step is None else candidate.us_per_atom_step

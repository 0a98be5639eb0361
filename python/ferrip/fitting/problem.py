"""What is fixed before the first row: checked data, settings, descriptor, reference energies and baseline."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from ferrip import _core, settingsfile
from ferrip.data import (
    Frame,
    StressVerdict,
    check_frames,
    overall_decision,
    raise_errors,
    stress_consistency,
)
from ferrip.errors import DataError, SettingsError
from ferrip.fitting import checkpoint as checkpoints
from ferrip.fitting.distances import PairDistances, pair_distances
from ferrip.fitting.evidence import Evidence
from ferrip.fitting.folds import Choice
from ferrip.fitting.prior import Prior, SpeciesTies, family_groups, family_parts, tied_groups
from ferrip.fitting.reference import reference_energies
from ferrip.fitting.regressors import LinearFit, Ridge
from ferrip.fitting.residual import reference_for, residual
from ferrip.fitting.rows import RowSource, has_stress, quantity_of, rows_of
from ferrip.fitting.settings import FitSettings
from ferrip.fitting.tsqr import LeastSquares, RFactor, combine
from ferrip.fitting.weighting import energy_weighted
from ferrip.models import Family
from ferrip.models.family import Descriptor, EnvironmentFamily, roughness
from ferrip.models.pair_terms import to_json
from ferrip.potential import Potential
from ferrip.readout import Embedding

F64 = NDArray[np.float64]

ENERGY_FACTORS = (1.0, 0.5, 0.7, 1.4, 2.0)
"""Energy weights that are tried, relative to the default."""
MAX_CHOOSING_COLUMNS = 2200
"""Above, every weight would cost minutes, and the default stands."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything that is fixed before the first row: data, settings, descriptor and baseline."""

    family: Family
    size: str
    settings: FitSettings
    resolved: dict[str, Any]
    frames: list[Frame]
    """With labels less those of the reference."""
    frames_hash: str
    """Of the data as they are."""
    reference: Potential | None
    distances: PairDistances
    source: RowSource
    e0_source: dict[str, str]
    prior: Prior
    stress_verdicts: dict[str, StressVerdict]
    stress_note: str | None
    """Why the stress labels are left out from the start; `None` where they are not."""

    @property
    def key(self) -> str:
        """Equal keys stream equal rows; what is applied after streaming does not enter."""
        plain, arrays = settingsfile.split(self.resolved)
        return checkpoints.run_key(
            checkpoints.data_hash(self.frames),
            {
                "descriptor": plain,
                "arrays": checkpoints.arrays_hash(arrays),
                "e0": {str(z): e for z, e in self.source.e0.items()},
                "repulsion": to_json(self.source.repulsion),
                "config_weights": {k: v.model_dump() for k, v in self.source.config_weights.items()},
                "size_power": self.source.size_power,
                "use_stress": self.source.use_stress,
            },
        )

    def weighted(self, factors: dict[str, RFactor], *, use_stress: bool) -> LeastSquares:
        """The factors as one problem, with the weights of the settings."""
        return self.combined(factors, self.weights(use_stress=use_stress))

    def combined(self, factors: dict[str, RFactor], weights: Mapping[str, float]) -> LeastSquares:
        """The factors as one problem, with the given factors on the rows of each quantity."""
        return combine([(factors[name], weights[quantity_of(name)]) for name in factors])

    def weights(self, *, use_stress: bool) -> dict[str, float]:
        """Factor on the rows of every quantity."""
        return self.settings.weights.model_dump() | ({} if use_stress else {"virial": 0.0})

    def chosen(self, factors: dict[str, RFactor], *, use_stress: bool) -> Choice | None:
        """λ and weights that held-out folds choose; `None` where the settings decide or folds are missing."""
        regressor = self.settings.regressor()
        if not isinstance(regressor, Ridge) or regressor.ridge is not None:
            return None
        if self.settings.ridge_by != "folds" or self.settings.solver == "evidence":
            return None
        weights = self.weights(use_stress=use_stress)
        problem = self.combined(factors, weights)
        candidates = self._candidates(weights, len(problem.q))
        return self.prior.choose(problem, by_fold(factors, weights), candidates)

    def solve(
        self, factors: dict[str, RFactor], *, use_stress: bool, choice: Choice | None = None
    ) -> LinearFit:
        """Coefficients from the factors, with the weights, the prior and the solver of the settings.

        `choice` is what `chosen` gave, if it was asked before.
        """
        if self.settings.solver == "evidence":
            found, prior = self.most_evident(factors, self.weights(use_stress=use_stress))
            solution = prior.solve(Ridge(ridge=found.ridge), self.combined(factors, found.weights))
            return replace(solution, weights=found.weights, evidence=found, objective=found.objective)
        choice = choice or self.chosen(factors, use_stress=use_stress)
        regressor, weights = self.settings.regressor(), self.weights(use_stress=use_stress)
        if choice is not None and isinstance(regressor, Ridge):
            regressor, weights = replace(regressor, ridge=choice.ridge), dict(choice.weights)
        return replace(self.prior.solve(regressor, self.combined(factors, weights)), weights=weights)

    def most_evident(self, factors: dict[str, RFactor], weights: dict[str, float]) -> tuple[Evidence, Prior]:
        """Noise and amplitudes of the largest marginal likelihood, and the prior with these amplitudes."""
        counts = {name: rows_of(factors, name) for name in weights}
        folds = by_fold(factors, weights)
        return self.prior.most_evident(folds, counts, weights, self.combined(factors, weights))

    def _candidates(self, weights: dict[str, float], n_columns: int) -> list[dict[str, float]]:
        """Weights that the held-out folds choose from: energy weights around the default unless one is given."""
        given = "energy" in self.settings.weights.model_fields_set
        if given or n_columns > MAX_CHOOSING_COLUMNS:
            return [weights]
        return [weights | {"energy": factor * weights["energy"]} for factor in ENERGY_FACTORS]

    def rebuilt(self, resolved: dict[str, Any]) -> Problem:
        """The same data and settings with other complete settings of the family."""
        descriptor = self.family.descriptor(resolved)
        return replace(
            self,
            resolved=resolved,
            source=replace(self.source, descriptor=descriptor),
            prior=_prior(self.family, resolved, descriptor, self.settings),
        )

    def potential(
        self,
        solution: LinearFit,
        metadata: dict[str, Any],
        *,
        coefficients: F64 | None = None,
        embedding: Embedding | None = None,
    ) -> Potential:
        """The potential of a solution; with an embedding that of (P, K) `coefficients`, linearised in `solution`."""
        descriptor = self.source.descriptor
        return Potential(
            family=self.family.name,
            descriptor=descriptor,
            settings=self.resolved,
            coefficients=solution.coefficients if coefficients is None else coefficients,
            e0=self.source.e0,
            pairs=tuple(self.source.repulsion),
            metadata=metadata,
            posterior_factor=solution.posterior_factor if self.settings.uncertainty else None,
            embeddings=None if embedding is None else dict.fromkeys(descriptor.elements, embedding),
        )


def by_fold(factors: dict[str, RFactor], weights: dict[str, float]) -> list[dict[str, F64]]:
    """Rows, or their triangular factors, by fold and quantity."""
    folds: dict[str, dict[str, F64]] = {}
    for name, factor in factors.items():
        quantity, _, fold = name.partition("/")
        if factor.n_rows and weights[quantity] > 0:
            folds.setdefault(fold, {})[quantity] = factor.rows()
    return list(folds.values())


def prepare(
    chosen: Family,
    size: str,
    settings: FitSettings,
    model_settings: Any,
    frames: list[Frame],
    num_threads: int | None,
    reference: Potential | None = None,
) -> Problem:
    """Checks the labels and fixes descriptor, E0 and baseline, for what is left beside a reference."""
    if not frames:
        raise DataError("no training frames")
    _check_labels(frames, settings)
    verdicts = stress_consistency(frames)
    _check_frames(frames, verdicts, num_threads)
    stress_note = _stress_note(settings, verdicts)
    frames = energy_weighted(frames, settings.weighting, settings.energy_scale)
    elements = [int(z) for z in np.unique(np.concatenate([frame.numbers for frame in frames]))]
    frames_hash = checkpoints.data_hash(frames)
    given = settings.e0
    if reference is not None:
        reference = reference_for(reference, elements)
        frames = residual(frames, reference, num_threads)
        given = {z: e - reference.e0.get(atomic_numbers.get(z, 0), 0.0) for z, e in (given or {}).items()}
    distances = pair_distances(frames, num_threads)
    resolved = chosen.resolve(model_settings, size, elements, distances)
    if isinstance(chosen, EnvironmentFamily):
        resolved = chosen.with_environments(resolved, frames, num_threads)
    descriptor = chosen.descriptor(resolved)
    e0, e0_source = reference_energies(frames, elements, given)
    source = RowSource(
        descriptor=descriptor,
        e0=e0,
        repulsion=_core.zbl_defaults(elements) if settings.repulsion == "zbl" else [],
        config_weights=settings.config_weights,
        size_power=settings.size_power,
        use_stress=stress_note is None,
        num_threads=num_threads,
    )
    return Problem(
        family=chosen,
        size=size,
        settings=settings,
        resolved=resolved,
        frames=frames,
        frames_hash=frames_hash,
        reference=reference,
        distances=distances,
        source=source,
        e0_source=e0_source,
        prior=_prior(chosen, resolved, descriptor, settings),
        stress_verdicts=verdicts,
        stress_note=stress_note,
    )


def _prior(chosen: Family, resolved: dict[str, Any], descriptor: Descriptor, settings: FitSettings) -> Prior:
    """The prior that family and settings describe."""
    per_order = chosen.order_penalty if settings.order_penalty is None else settings.order_penalty
    ties = SpeciesTies(neighbor=settings.neighbor_tie, center=settings.center_tie)
    return Prior(
        roughness=roughness(descriptor, per_order, settings.smoothness),
        column_scaling=settings.column_scaling,
        groups=tied_groups(descriptor, ties) + family_groups(chosen, resolved),
        parts=family_parts(chosen, resolved, descriptor.n_features),
    )


def _check_frames(
    frames: Sequence[Frame], verdicts: dict[str, StressVerdict], num_threads: int | None
) -> None:
    """Errors of the data end the fit; other findings become warnings."""
    problems = check_frames(frames, required=(), verdicts=verdicts, num_threads=num_threads)
    raise_errors(problems)
    for problem in problems:
        warnings.warn(problem.message, stacklevel=4)


def _stress_note(settings: FitSettings, verdicts: dict[str, StressVerdict]) -> str | None:
    """Why the stress labels are not fitted, as far as settings and labels alone decide."""
    if settings.stress == "off" or settings.weights.virial == 0.0:
        return "switched off"
    verdict = overall_decision(verdicts)
    if settings.stress == "auto" and verdict.decision == "unusable":
        return f"left out: {verdict.reason} (stress='force' uses them all the same)"
    return None


def _check_labels(frames: Sequence[Frame], settings: FitSettings) -> None:
    """Labels that were asked for by name must be somewhere."""
    has = {
        "energy": any(frame.energy is not None for frame in frames),
        "forces": any(frame.forces is not None for frame in frames),
        "virial": any(has_stress(frame) for frame in frames),
    }
    asked = {name for name in settings.weights.model_fields_set if getattr(settings.weights, name) > 0}
    if settings.stress == "force":
        asked.add("virial")
    for name in sorted(asked):
        if not has[name]:
            what = "stress or virial" if name == "virial" else name
            raise DataError(f"{frames[0].source}: {what} labels were asked for, but no frame has them")
    if not (has["energy"] or has["forces"]):
        raise DataError(f"{frames[0].source}: no frame has energy or forces (check-data lists what is there)")
    types = {frame.config_type for frame in frames}
    unknown = sorted(set(settings.config_weights) - types)
    if unknown:
        known = ", ".join(sorted(types))
        raise SettingsError(f"config_weights: no frame has config_type {unknown[0]!r}; the data have {known}")


def check_test(problem: Problem, test_frames: Sequence[Frame]) -> None:
    """Raises DataError for test data without labels, or with an element that the training data lack."""
    known = set(problem.source.descriptor.elements)
    for frame in test_frames:
        new = sorted(set(frame.numbers.tolist()) - known)
        if new:
            raise DataError(f"{frame.label}: {chemical_symbols[new[0]]} is not in the training data")
    if test_frames and not any(_labels(test_frames).values()):
        raise DataError(f"{test_frames[0].source}: the test data have no energy, forces or stress labels")


def describe(problem: Problem) -> list[str]:
    """Lines on functions in total and per centre element, labels with their keys, and E0."""
    descriptor = problem.source.descriptor
    counts: dict[int, int] = {}
    for center, _ in descriptor.feature_table():
        counts[center] = counts.get(center, 0) + 1
    shared = set(counts) == {0}
    per_element = ", ".join(f"{chemical_symbols[z]} {count}" for z, count in counts.items())
    return [
        f"{problem.family.name} {problem.size}: {descriptor.n_features} functions "
        f"({'of all elements' if shared else per_element}), "
        f"cutoff {descriptor.cutoff:.2f} Å, {len(problem.frames)} frames",
        *labels_of(problem),
    ]


def labels_of(problem: Problem) -> list[str]:
    """Lines on labels with their keys, E0, and stress labels that are left out."""
    labels = [
        f"{name} of {sum(keys.values())} ({', '.join(keys)})" if keys else f"{name} of none"
        for name, keys in _labels(problem.frames).items()
    ]
    e0 = [
        f"{chemical_symbols[z]} {energy:.6g} eV ({problem.e0_source[chemical_symbols[z]]})"
        for z, energy in problem.source.e0.items()
    ]
    stress = [] if problem.stress_note is None else [f"stress labels {problem.stress_note}"]
    return [f"labels: {', '.join(labels)}; E0: {', '.join(e0)}", *stress]


def _labels(frames: Sequence[Frame]) -> dict[str, dict[str, int]]:
    """Quantity → key that it was read from → number of frames."""
    found: dict[str, dict[str, int]] = {name: {} for name in ("energy", "forces", "stress")}
    for frame in frames:
        for name, keys in found.items():
            if getattr(frame, name) is not None:
                key = frame.keys.get(name, "given")
                keys[key] = keys.get(key, 0) + 1
    return found

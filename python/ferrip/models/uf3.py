"""UF3: potentials of cubic B-splines of pairs, triplets and densities; presets behind `--size` and their overrides.

Cutoffs and the starts of the splines are multiples of the typical nearest-neighbor distance of a pair of elements;
the number of intervals is what a size chooses. Below its first knot a pair potential goes on linearly, on top of
the core repulsion; triplets vanish with two derivatives at both ends of their range. Functions of densities add a
many-body effect at the cost of pairs (`ferrip.models.uf3_density`).

Source: S. R. Xie, M. Rupp, R. G. Hennig, doi:10.1038/s41524-023-01092-7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import covalent_radii
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator
from scipy import sparse

from ferrip import _core
from ferrip.errors import SettingsError
from ferrip.models import uf3_density
from ferrip.models.family import Family, preset_of, register
from ferrip.models.knots import uniform_knots

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

PAIR_CUTOFF = (2.5, 5.0, 8.0)
"""Pair cutoff over the nearest-neighbor distance, and its bounds in Å."""
TRIPLET_CUTOFF = (1.6, 3.0, 5.5)
"""As `PAIR_CUTOFF`, for r_ij and r_ik of triplets."""
TRIPLET_GAP = (1.6, 1.9)
"""Where a preset asks for it: bounds over the nearest-neighbor distance between which the triplet cutoff lies where the
fewest neighbors are, so that it cuts through no shell."""
DENSITY_CUTOFF = (2.0, 4.0, 6.0)
"""As `PAIR_CUTOFF`, for densities."""
PAIR_START = (0.3, 0.8)
"""Bounds of the first pair knot over the nearest-neighbor distance; between them 0.95 of the shortest distance."""
TRIPLET_START = 0.6
"""First triplet knot over the nearest-neighbor distance."""
PAIR_TRIMS = (0, 3)
TRIPLET_TRIMS = (3, 3)


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One `--size`.

    Attributes
    ----------
    pair, bond, across
        Intervals along a pair distance, along r_ij and r_ik, and along r_jk.
    density
        Decays of the densities.
    between_shells
        Whether the triplet cutoff lies between shells of neighbors.
    """

    pair: int
    bond: int
    across: int
    density: tuple[float, ...]
    between_shells: bool = False


PRESETS = {
    "small": Preset(pair=20, bond=7, across=10, density=(3.0,)),
    "medium": Preset(pair=25, bond=10, across=16, density=(0.0, 3.0, 6.0, 10.0)),
    "large": Preset(pair=30, bond=13, across=20, density=(0.0, 3.0, 6.0, 10.0), between_shells=True),
}


class Uf3Settings(BaseModel):
    """Overrides of the UF3 presets; what is not given follows from `--size` and the data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pair_cutoff: float | None = Field(default=None, gt=0, le=20, description="pair cutoff, Å")
    triplet_cutoff: float | None = Field(
        default=None, ge=0, le=12, description="cutoff of r_ij and r_ik, Å; 0: pairs only"
    )
    pair_intervals: int | None = Field(
        default=None, ge=4, le=400, description="intervals along a pair distance"
    )
    triplet_intervals: tuple[int, int] | None = Field(
        default=None, description="intervals along r_ij (and r_ik), and along r_jk; 4 to 60"
    )
    pair_curvature: float = Field(default=1.0, gt=0, description="penalty on second differences, pairs")
    pair_ridge: float = Field(default=1e-4, gt=0, description="penalty on coefficients, pairs")
    triplet_curvature: float = Field(default=1.0, ge=0, description="penalty on second differences, triplets")
    triplet_ridge: float = Field(default=1e-2, gt=0, description="penalty on coefficients, triplets")
    density: tuple[float, ...] | None = Field(
        default=None, max_length=8, description="decay β of each density; []: no functions of densities"
    )
    density_cutoff: float | None = Field(default=None, gt=0, le=20, description="cutoff of densities, Å")
    density_intervals: int = Field(default=12, ge=4, le=60, description="intervals along a density")
    density_curvature: float = Field(
        default=1.0, gt=0, description="penalty on second differences, functions of densities"
    )
    density_ridge: float = Field(
        default=1e-4, gt=0, description="penalty on coefficients, functions of densities"
    )

    @field_validator("density", mode="before")
    @classmethod
    def _one_number_is_one_density(cls, value: Any) -> Any:
        return (value,) if isinstance(value, int | float) else value


class Uf3(Family):
    """The UF3 family."""

    name = "uf3"
    settings_class: type[BaseModel] = Uf3Settings
    citations: tuple[str, ...] = ("10.1038/s41524-023-01092-7",)

    def resolve(
        self, settings: BaseModel, size: str, elements: Sequence[int], distances: PairDistances
    ) -> dict[str, Any]:
        """Knots and trims of every pair and triplet, and the penalties."""
        if not isinstance(settings, Uf3Settings):
            raise TypeError(f"expected Uf3Settings, got {type(settings).__name__}")
        preset = preset_of(PRESETS, size)
        bond, across = settings.triplet_intervals or (preset.bond, preset.across)
        if not (4 <= bond <= 60 and 4 <= across <= 60):
            raise SettingsError(f"triplet_intervals: expected 4 to 60, got {bond} and {across}")
        elements = sorted(int(z) for z in elements)
        lengths = {pair: _nearest(pair, distances) for pair in combinations_with_replacement(elements, 2)}
        pairs, pair_starts = [], {}
        for pair, length in lengths.items():
            cutoff = settings.pair_cutoff or _scaled(length, PAIR_CUTOFF)
            shortest = 0.95 * distances.minimum.get(pair, length)
            start = min(max(shortest, PAIR_START[0] * length), PAIR_START[1] * length)
            intervals = settings.pair_intervals or preset.pair
            pair_starts[pair] = min(start, 0.5 * cutoff)
            knots = uniform_knots(pair_starts[pair], cutoff, intervals)
            pairs.append({"elements": list(pair), "knots": knots, "trims": list(PAIR_TRIMS)})
        triplets, reaches = [], {}
        for pair, length in lengths.items():
            reach = distances.gap(pair, TRIPLET_GAP, length) if preset.between_shells else None
            reaches[pair] = (
                _scaled(length, TRIPLET_CUTOFF) if reach is None else _bounded(reach, TRIPLET_CUTOFF)
            )
        for center in elements if settings.triplet_cutoff != 0 else ():
            for neighbors in combinations_with_replacement(elements, 2):
                bonds = [(min(center, z), max(center, z)) for z in neighbors]
                ends = [settings.triplet_cutoff or reaches[pair] for pair in bonds]
                starts = [TRIPLET_START * lengths[pair] for pair in (*bonds, neighbors)]
                axes = [
                    uniform_knots(min(start, 0.5 * end), end, count)
                    for start, end, count in zip(
                        starts, (*ends, sum(ends)), (bond, bond, across), strict=True
                    )
                ]
                triplets.append(
                    {"elements": [center, *neighbors], "knots": axes, "trims": list(TRIPLET_TRIMS)}
                )
        resolved = {"elements": elements, "pairs": pairs, "triplets": triplets}
        decays = preset.density if settings.density is None else settings.density
        if decays:
            ends = {p: settings.density_cutoff or _scaled(r, DENSITY_CUTOFF) for p, r in lengths.items()}
            starts = {pair: min(start, 0.5 * ends[pair]) for pair, start in pair_starts.items()}
            resolved["densities"] = uf3_density.densities(
                decays, settings.density_intervals, ends, lengths, starts, distances
            )
        return resolved | {"penalties": penalties(settings, densities=bool(decays))}

    def descriptor(self, resolved: dict[str, Any]) -> _core.ClusterDescriptor:
        """The compiled descriptor."""
        return _core.ClusterDescriptor(
            resolved["elements"],
            [(tuple(p["elements"]), p["knots"], tuple(p["trims"])) for p in resolved["pairs"]],
            [(tuple(t["elements"]), tuple(t["knots"]), tuple(t["trims"])) for t in resolved["triplets"]],
            [uf3_density.arguments(entry) for entry in resolved.get("densities", ())],
        )

    def correlated_functions(self, resolved: dict[str, Any]) -> list[tuple[I64, F64]]:
        """Columns and prior covariance of the coefficients of every pair, triplet and density.

        The precision is `curvature · Σ DᵀD + ridge` with second differences D along every axis, trimmed coefficients
        being 0: the prior of smooth functions that end in 0 (those of densities begin with 0).
        """
        groups, start = [], 0
        for kind, plural in (("pair", "pairs"), ("triplet", "triplets"), ("density", "densities")):
            for one in resolved.get(plural, ()):
                curvature = resolved["penalties"][f"{kind}_curvature"]
                ridge = resolved["penalties"][f"{kind}_ridge"]
                axes = one["knots"] if kind == "triplet" else [one["knots"]]
                alike = kind == "triplet" and one["elements"][1] == one["elements"][2]
                expand = _free_columns([len(knots) - 4 for knots in axes], one["trims"], alike)
                roughness = _second_differences([len(knots) - 4 for knots in axes]) @ expand
                precision = curvature * (roughness.T @ roughness) + ridge * (expand.T @ expand)
                covariance = np.linalg.inv(precision.toarray())
                groups.append((np.arange(start, start + len(covariance)), covariance))
                start += len(covariance)
        return groups


def penalties(settings: Uf3Settings, *, densities: bool = False) -> dict[str, float]:
    """The penalties among the settings, those of densities where there are any."""
    kinds = ("pair", "triplet", *(["density"] if densities else []))
    names = [f"{kind}_{what}" for kind in kinds for what in ("curvature", "ridge")]
    return {name: getattr(settings, name) for name in names}


def _nearest(pair: tuple[int, int], distances: PairDistances) -> float:
    """Typical nearest-neighbor distance in Å; from covalent radii where the data have none."""
    radii = float(covalent_radii[pair[0]] + covalent_radii[pair[1]])
    return distances.nearest.get(pair, radii)


def _scaled(length: float, rule: tuple[float, float, float]) -> float:
    """A multiple of a distance within bounds, in steps of 0.1 Å."""
    return _bounded(rule[0] * length, rule)


def _bounded(length: float, rule: tuple[float, float, float]) -> float:
    """A distance within the bounds of a rule, in steps of 0.1 Å."""
    return round(float(np.clip(length, *rule[1:])), 1)


def _free_columns(counts: Sequence[int], trims: Sequence[int], alike: bool) -> sparse.csr_array:
    """Matrix from free coefficients to all coefficients of a tensor, in the order of the descriptor's columns."""
    ranges = [range(trims[0], count - trims[1]) for count in counts]
    grid = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, len(counts))
    if alike:
        grid = grid[grid[:, 0] <= grid[:, 1]]
    column = np.arange(len(grid))
    rows, columns = [np.ravel_multi_index(grid.T, counts)], [column]
    if alike:
        mirrored = grid[:, 0] < grid[:, 1]
        rows.append(np.ravel_multi_index(grid[mirrored][:, [1, 0, 2]].T, counts))
        columns.append(column[mirrored])
    row, column = np.concatenate(rows), np.concatenate(columns)
    return sparse.csr_array((np.ones(len(row)), (row, column)), shape=(int(np.prod(counts)), len(grid)))


def _second_differences(counts: Sequence[int]) -> sparse.csr_array:
    """Second differences of a tensor along every axis, one below the other."""
    blocks = []
    for axis, count in enumerate(counts):
        difference = sparse.csr_array(np.diff(np.eye(count), 2, axis=0))
        before, after = int(np.prod(counts[:axis])), int(np.prod(counts[axis + 1 :]))
        blocks.append(sparse.kron(sparse.kron(sparse.eye_array(before), difference), sparse.eye_array(after)))
    return sparse.csr_array(sparse.vstack(blocks))


register(Uf3())

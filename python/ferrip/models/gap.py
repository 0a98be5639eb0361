"""GAP: sparse Gaussian processes on SOAP power spectra, with a pair part.

With the environments chosen once, a sparse Gaussian process (subset of regressors) is linear in its kernels with the
sparse environments, under the prior cᵀ K c: the QR of [K; L] that GAP is solved with is the ridge of any linear model
here, in coordinates L c. So errors σ of quantities and config types are `weights` and `config_weights`, one overall
variance ratio is chosen as ever, and the posterior gives variances.

The pair part is a process of its own, with a squared-exponential kernel in the distance and sparse distances on a grid:
its kernels are Gaussians around these, times a smooth cutoff.

Sources: Bartók, Csányi, doi:10.1002/qua.24927; Deringer et al., doi:10.1021/acs.chemrev.1c00022.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from scipy.linalg import solve_triangular

from ferrip import _core
from ferrip.errors import DataError
from ferrip.models.environments import Method, choose_rows
from ferrip.models.family import Family, preset_of, register
from ferrip.models.soap import SoapSettings, resolve_soap

if TYPE_CHECKING:
    from ferrip.data import Frame
    from ferrip.fitting.distances import PairDistances

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

POOL_BYTES = 256 * 1024 * 1024
"""Functions of the environments that sparse ones are chosen from."""
MAX_POOL = 12_000
"""Most of these environments per element."""
JITTER = 1e-8
"""Added to the variance of sparse values, for stability."""
PAIR_START = 0.5
"""Distance of the first pair function over the shortest one in the data."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One `--size`: radial functions per l, largest l, sparse environments per element."""

    n_max: int
    l_max: int
    sparse: int


PRESETS = {
    "small": Preset(n_max=6, l_max=4, sparse=300),
    "medium": Preset(n_max=8, l_max=6, sparse=800),
    "large": Preset(n_max=8, l_max=6, sparse=1500),
}


class GapSettings(SoapSettings):
    """Overrides of the GAP presets; what is not given follows from `--size` and the data."""

    sparse: int | None = Field(default=None, ge=1, le=20000, description="sparse environments per element")
    sparse_by: Method = Field(default="fps", description="how they are chosen: fps, cur or kmeans")
    zeta: int = Field(default=4, ge=1, le=16, description="power ζ of the dot product of power spectra")
    pairs: int = Field(default=20, ge=0, le=200, description="pair functions per species pair; 0: none")
    pair_width: float = Field(default=1.0, gt=0.05, le=10, description="length scale θ of the pair kernel, Å")
    pair_cutoff: float | None = Field(default=None, gt=1, le=20, description="cutoff of pair functions, Å")
    pair_delta: float = Field(
        default=1.0, gt=0, description="standard deviation of pair energies over that of the environments"
    )


class Gap(Family):
    """The GAP family.

    Complete settings are `soap` (see `resolve_soap`, with pair functions), `zeta`, `pair_delta` and `points`: arrays
    (sparse environments, functions) of normalised power spectra by symbol.

    On top of another potential, a linear one say, the process is that of the residual: `reference` is subtracted from
    the labels and kept in the sum.

    Examples
    --------
    >>> from pathlib import Path
    >>> import ferrip
    >>> data = Path(ferrip.__file__).parent / "datasets/silicon/train.extxyz.gz"
    >>> frames = ferrip.data.read_frames(data)[::10]
    >>> quiet = {"size": "small", "progress": False}
    >>> linear = ferrip.fit(frames, model="ace", degree=4, max_order=2, shape="compact", **quiet)
    >>> both = ferrip.fit(frames, model="gap", n_max=3, l_max=2, sparse=30, reference=linear, **quiet)
    >>> [part.family for part in (both, *both.added)]
    ['gap', 'ace']
    """

    name = "gap"
    settings_class: type[BaseModel] = GapSettings
    citations: tuple[str, ...] = (
        "10.1103/PhysRevLett.104.136403",
        "10.1103/PhysRevB.87.184115",
        "10.1002/qua.24927",
    )

    def resolve(
        self, settings: BaseModel, size: str, elements: Sequence[int], distances: PairDistances
    ) -> dict[str, Any]:
        """Everything but the sparse environments."""
        if not isinstance(settings, GapSettings):
            raise TypeError(f"expected GapSettings, got {type(settings).__name__}")
        preset = preset_of(PRESETS, size)
        soap = resolve_soap(settings, elements, distances, n_max=preset.n_max, l_max=preset.l_max)
        if settings.pairs:
            cutoff = settings.pair_cutoff or soap["cutoff"]
            start = PAIR_START * min(distances.minimum.values(), default=0.5 * cutoff)
            soap |= {
                "pair_centers": np.linspace(min(start, 0.5 * cutoff), cutoff, settings.pairs).tolist(),
                "pair_width": settings.pair_width,
                "pair_cutoff": cutoff,
                "pair_cutoff_width": min(settings.cutoff_width, cutoff),
            }
        return {
            "soap": soap,
            "zeta": settings.zeta,
            "pair_delta": settings.pair_delta,
            "sparse": {"count": settings.sparse or preset.sparse, "by": settings.sparse_by},
        }

    def with_environments(
        self, resolved: dict[str, Any], frames: Sequence[Frame], num_threads: int | None = None
    ) -> dict[str, Any]:
        """Complete settings, with sparse environments from the frames.

        Raises
        ------
        DataError
            For an element without an atom.
        """
        base = _core.Descriptor.soap(**resolved["soap"])
        sparse = resolved["sparse"]
        points = {}
        for z, rows in _pool(base, frames, num_threads).items():
            if not len(rows):
                raise DataError(f"{chemical_symbols[z]}: no environment in the training data")
            chosen = rows[choose_rows(rows, sparse["count"], sparse["by"])]
            chosen = np.vstack([_free_atom(base, z), chosen])
            points[chemical_symbols[z]] = chosen / np.linalg.norm(chosen, axis=1, keepdims=True)
        return resolved | {"points": points}

    def descriptor(self, resolved: dict[str, Any]) -> _core.KernelDescriptor:
        """The compiled descriptor."""
        base = _core.Descriptor.soap(**resolved["soap"])
        points = [_array(resolved["points"][chemical_symbols[z]]) for z in base.elements]
        return _core.KernelDescriptor(base, points, resolved["zeta"])

    def unexplained(self, resolved: Mapping[str, Any], numbers: I64, values: F64) -> F64:
        """(N,) k'(p, p) − φ K⁻¹ φᵀ of every atom, in units of the prior variance of the environments.

        φ are the kernels k'(p, p_s) = k(p, p_s) − k(p_∅, p_s) with the sparse environments, of which the first is the
        free atom ∅: k'(p, p) = 2 − 2 k(p, p_∅) = −2 φ_∅.
        """
        soap = resolved["soap"]
        n_pair = len(soap["elements"]) * len(soap.get("pair_centers", ()))
        open_part, start = np.zeros(len(numbers)), 0
        for z in soap["elements"]:
            points = _array(resolved["points"][chemical_symbols[z]])
            start += n_pair
            own = numbers == z
            phi = values[own, start : start + len(points)]
            kernel = (points @ points.T) ** resolved["zeta"] + JITTER * np.eye(len(points))
            root = solve_triangular(np.linalg.cholesky(kernel), phi.T, lower=True)
            open_part[own] = np.maximum(-2.0 * phi[:, 0] - np.sum(root**2, axis=0), 0.0)
            start += len(points)
        return open_part

    def parts(self, resolved: dict[str, Any]) -> list[I64]:
        """Columns of the sparse environments, and those of the pair functions."""
        soap = resolved["soap"]
        n_pair = len(soap["elements"]) * len(soap.get("pair_centers", ()))
        sizes = [(n_pair, len(resolved["points"][chemical_symbols[z]])) for z in soap["elements"]]
        of_pairs = np.concatenate([np.repeat([True, False], size) for size in sizes])
        return [columns for columns in (np.flatnonzero(~of_pairs), np.flatnonzero(of_pairs)) if len(columns)]

    def correlated_functions(self, resolved: dict[str, Any]) -> list[tuple[I64, F64]]:
        """Columns and prior covariance K⁻¹ of the coefficients: of each pair of species, then of its environments."""
        groups, start = [], 0

        def add(kernel: F64, variance: float) -> None:
            nonlocal start
            inverse = np.linalg.inv(kernel + JITTER * np.eye(len(kernel)))
            groups.append((np.arange(start, start + len(kernel)), variance * 0.5 * (inverse + inverse.T)))
            start += len(kernel)

        soap = resolved["soap"]
        centers = np.array(soap.get("pair_centers", ()))
        for z in soap["elements"]:
            if len(centers):
                distance = (centers[:, None] - centers) / soap["pair_width"]
                for _ in soap["elements"]:
                    add(np.exp(-0.5 * distance**2), resolved["pair_delta"] ** 2)
            points = _array(resolved["points"][chemical_symbols[z]])
            add((points @ points.T) ** resolved["zeta"], 1.0)
        return groups


def _array(points: Any) -> F64:
    return np.ascontiguousarray(points, dtype=np.float64)


def _pool(base: _core.Descriptor, frames: Sequence[Frame], num_threads: int | None) -> Mapping[int, F64]:
    """Functions of evenly spread environments of every element, (n, D) each."""
    found: dict[int, list[F64]] = {z: [] for z in base.elements}
    counts = {z: sum(int(np.sum(frame.numbers == z)) for frame in frames) for z in base.elements}
    most = min(MAX_POOL, POOL_BYTES // (8 * max(base.n_features // len(base.elements), 1)))
    step = {z: max(1.0, counts[z] / most) for z in base.elements}
    seen = dict.fromkeys(base.elements, 0)
    for frame in frames:
        places = {}
        for z in base.elements:
            own = np.flatnonzero(frame.numbers == z)
            numbers = seen[z] + np.arange(len(own))
            seen[z] += len(own)
            places[z] = own[np.floor((numbers + 1) / step[z]) > np.floor(numbers / step[z])]
        if not any(len(place) for place in places.values()):
            continue
        values = base.values(frame.structure, num_threads)
        for z, place in places.items():
            found[z].append(values[place, _many_body(base, z)])
    return {z: np.concatenate(parts) if parts else np.zeros((0, 1)) for z, parts in found.items()}


def _free_atom(base: _core.Descriptor, z: int) -> F64:
    """(1, D) functions of the free atom: with it among the sparse environments its energy is exactly E0."""
    free = np.array([z]), np.zeros((1, 3)), np.zeros((3, 3)), np.zeros(3, dtype=np.bool_)
    return base.values(free)[:, _many_body(base, z)]


def _many_body(base: _core.Descriptor, z: int) -> slice:
    """Columns of an element behind its pair functions."""
    start, stop = base.feature_range(z)
    n_pair = sum(len(factors) == 1 for _, factors in base.feature_table()[start:stop])
    return slice(start + n_pair, stop)


register(Gap())

"""GAP: sparse Gaussian processes on SOAP power spectra or products of ACE, with a pair part and a linear part.

With the environments chosen once, a sparse Gaussian process (subset of regressors) is linear in its kernels with the
sparse environments, under the prior cᵀ K c: the QR of [K; L] that GAP is solved with is the ridge of any linear model
here, in coordinates L c (`ferrip.fitting.SparseGP` is this regressor for kernels of any kind). One overall variance
ratio is chosen as ever, and the posterior gives variances.

The σ of papers on GAP are weights, 1/σ: `weights={"energy": 1/σ_E, "forces": 1/σ_F, "virial": 1/σ_V}`, where energies
and virials are divided by √N (`size_power` 0.5), as `default_sigma` of `gap_fit` has it; `config_weights` holds σ over
that of a config type, `{"liquid": {"energy": σ_E / σ_E(liquid), …}}`. A common factor only moves λ: with `ridge` = 1/δ²
in these units the process is the one of these σ and δ, without it held-out blocks find λ (`solver="evidence"`: the
marginal likelihood, all σ with it).

Kernels of many neighbors are powers of the overlap of two directions, or squared exponentials of their distance
(`models/gap_features.py` says of what). The pair part is a process of its own, with a squared-exponential kernel in
the distance and sparse distances on a grid: its kernels are Gaussians around these, times a smooth cutoff. Beside ACE
it has the pair functions of ACE. The linear part (`models/gap_linear.py`) is an ACE that is fitted with the kernels.

`hyperparameters` names those of the kernels that the marginal likelihood finds on a sample of the training frames
(`ferrip.fitting.hyperparameters`); what is found stands in the settings of the file like what is given.

Sources: Bartók, Csányi, doi:10.1002/qua.24927; Deringer et al., doi:10.1021/acs.chemrev.1c00022.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.linalg import solve_triangular

from ferrip import _core
from ferrip.errors import DataError
from ferrip.models.ace import SHAPES, Ace, AceSettings
from ferrip.models.environments import choose_rows
from ferrip.models.family import Family, Hyperparameter, preset_of, register
from ferrip.models.gap_features import (
    MAX_POOL,
    atom_counts,
    base_descriptor,
    described,
    directions,
    features_of,
    free_atom,
    n_pair,
    pair_precision,
    pool,
    pool_bytes,
    scales,
)
from ferrip.models.gap_linear import (
    linear_descriptor,
    linear_deviation,
    linear_variances,
    resolve_linear,
)
from ferrip.models.gap_settings import (
    HYPERPARAMETERS,
    PRESETS,
    GapSettings,
    check_features,
    has_ace,
    resolve_features,
)

if TYPE_CHECKING:
    from ferrip.data import Frame
    from ferrip.fitting.distances import PairDistances

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

JITTER = 1e-8
"""Added to the variance of sparse values, for stability."""
CHOOSING_COPIES = 4
"""Arrays like the environments of an element that their choice takes: directions, and those of `environments`."""


class Gap(Family):
    """The GAP family.

    Complete settings are `soap` (see `resolve_soap`, with pair functions) or `ace`, `zeta` or `length`, `pair_delta`
    and `points`: arrays (sparse environments, functions) of directions by symbol; with `ace` also `scales` of its
    products. `linear` and `linear_deviation` are those of the linear part.

    Kernels cost M · D per atom, with M environments and D functions of its element, beside the functions themselves;
    powers ζ ≤ 2 are mapped at load to D · D (ζ = 2, where M > D) and D (ζ = 1). A fit says before it starts what an MD
    step will take.

    On top of another potential the process is that of the residual: `reference` is subtracted from
    the labels and kept in the sum.

    Examples
    --------
    >>> from pathlib import Path
    >>> import ferrip
    >>> data = Path(ferrip.__file__).parent / "datasets/silicon/train.extxyz.gz"
    >>> frames = ferrip.data.read_frames(data)[::10]
    >>> quiet = {"size": "small", "progress": False}
    >>> linear = ferrip.fit(frames, model="ace", degree=4, max_order=2, shape="compact", **quiet)
    >>> kernels = {"n_max": 3, "l_max": 2, "sparse": 30, "linear": "none"}
    >>> both = ferrip.fit(frames, model="gap", reference=linear, **kernels, **quiet)
    >>> [part.family for part in (both, *both.added)]
    ['gap', 'ace']
    """

    name = "gap"
    settings_class: type[BaseModel] = GapSettings
    citations: tuple[str, ...] = (
        "10.1103/PhysRevLett.104.136403",
        "10.1103/PhysRevB.87.184115",
        "10.1002/qua.24927",
        *Ace.citations,
    )

    def candidates(self, settings: BaseModel) -> list[BaseModel]:
        """Both shapes of the radial functions of ACE where neither shape nor cutoff is given."""
        checked = _checked(settings)
        if not has_ace(checked) or checked.shape != "auto" or checked.cutoff is not None:
            return [checked]
        return [checked.model_copy(update={"shape": shape}) for shape in SHAPES]

    def deciding(self, candidate: BaseModel) -> tuple[Family, BaseModel]:
        """The linear ACE of a shape, which is cheap."""
        return Ace(), AceSettings(shape=_checked(candidate).shape)

    def hyperparameters(self, settings: BaseModel) -> tuple[Hyperparameter, ...]:
        """Those that the settings name."""
        checked = _checked(settings)
        check_features(checked)
        return tuple(HYPERPARAMETERS[name] for name in dict.fromkeys(checked.hyperparameters))

    def resolve(
        self, settings: BaseModel, size: str, elements: Sequence[int], distances: PairDistances
    ) -> dict[str, Any]:
        """Everything but the sparse environments; `linear_deviation` is yet that of the energies."""
        settings = _checked(settings)
        check_features(settings)
        preset = preset_of(PRESETS, size)
        features = resolve_features(settings, preset, elements, distances)
        count = settings.sparse or preset.sparse
        others = len(elements) * (count + len(elements) * n_pair({settings.features: features}))
        linear = resolve_linear(settings, preset.linear, elements, distances, others)
        return {
            settings.features: features,
            **({} if linear is None else {"linear": linear, "linear_deviation": settings.linear_delta}),
            **({"zeta": settings.zeta} if settings.kernel == "dot" else {"length": settings.length}),
            **({"constant": settings.constant} if settings.features == "ace" else {}),
            "pair_delta": settings.pair_delta,
            "sparse": {"count": count, "by": settings.sparse_by},
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
        base = base_descriptor(resolved)
        sparse = resolved["sparse"]
        points: dict[str, F64] = {}
        scaled: dict[str, F64] = {}
        for z, rows in pool(base, frames, num_threads).items():
            symbol = chemical_symbols[z]
            if not len(rows):
                raise DataError(f"{symbol}: no environment in the training data")
            if "ace" in resolved:
                scaled[symbol] = scales(base, z, rows, resolved["constant"])
            units = directions(rows, scaled.get(symbol))
            chosen = units[choose_rows(units, sparse["count"], sparse["by"])]
            points[symbol] = np.vstack([directions(free_atom(base, z), scaled.get(symbol)), chosen])
        complete = resolved | {"points": points} | ({"scales": scaled} if scaled else {})
        if "linear" in resolved:
            delta = resolved["linear_deviation"]
            complete["linear_deviation"] = linear_deviation(resolved, delta, frames, num_threads)
        return complete

    def most_columns(self, resolved: dict[str, Any], frames: Sequence[Frame]) -> int:
        """Free atoms, sparse environments, pair functions and the linear part."""
        atoms = atom_counts(features_of(resolved)["elements"], frames)
        environments = [1 + min(resolved["sparse"]["count"], count) for count in atoms.values()]
        linear = linear_descriptor(resolved).n_features if "linear" in resolved else 0
        return sum(environments) + len(atoms) ** 2 * n_pair(resolved) + linear

    def choosing_bytes(self, resolved: dict[str, Any], frames: Sequence[Frame]) -> float:
        """Environments to choose from, with what the choice makes of those of one element, or the linear part's."""
        base, sparse = base_descriptor(resolved), resolved["sparse"]
        of_kernels = pool_bytes(base, frames, CHOOSING_COPIES)
        if sparse["by"] == "kmeans":  # distances from the centres of clusters
            most = min(MAX_POOL, max(atom_counts(base.elements, frames).values()))
            of_kernels += 8.0 * most * min(sparse["count"], most)
        if "linear" not in resolved:
            return of_kernels
        return max(of_kernels, pool_bytes(linear_descriptor(resolved), frames, 1))

    def descriptor(self, resolved: dict[str, Any]) -> _core.KernelDescriptor | _core.JointDescriptor:
        """The compiled descriptor."""
        base = base_descriptor(resolved)
        symbols = [chemical_symbols[z] for z in base.elements]
        points = [_array(resolved["points"][symbol]) for symbol in symbols]
        scaled = [_array(resolved["scales"][symbol]) for symbol in symbols] if "scales" in resolved else None
        kernels = _core.KernelDescriptor(
            base, points, resolved.get("zeta"), length=resolved.get("length"), scales=scaled
        )
        if "linear" not in resolved:
            return kernels
        return _core.JointDescriptor(kernels, linear_descriptor(resolved))

    def unexplained(self, resolved: Mapping[str, Any], numbers: I64, values: F64) -> F64:
        """(N,) k'(p, p) − φ K⁻¹ φᵀ of every atom, in units of the prior variance of the environments.

        φ are the kernels k'(p, p_s) = k(p, p_s) − k(p_∅, p_s) with the sparse environments, of which the first is the
        free atom ∅: k'(p, p) = 2 − 2 k(p, p_∅) = −2 φ_∅.
        """
        open_part = np.zeros(len(numbers))
        for z, (_, kernels, _) in _layout(resolved, values.shape[1]).items():
            points = _array(resolved["points"][chemical_symbols[z]])
            own = numbers == z
            phi = values[own][:, kernels]
            factor = np.linalg.cholesky(_stable(_kernel(resolved, points)))
            root = solve_triangular(factor, phi.T, lower=True)
            open_part[own] = np.maximum(-2.0 * phi[:, 0] - np.sum(root**2, axis=0), 0.0)
        return open_part

    def described(self, resolved: Mapping[str, Any]) -> str:
        """One line for `ferrip info`."""
        return described(resolved)

    def parts(self, resolved: dict[str, Any]) -> list[I64]:
        """Columns of the sparse environments, of the pair functions and of the linear part, as far as there are any."""
        blocks = _layout(resolved, self.descriptor(resolved).n_features).values()
        kinds = [np.concatenate(columns) for columns in zip(*blocks, strict=True)]
        return [columns for columns in (kinds[1], kinds[0], kinds[2]) if len(columns)]

    def correlated_functions(self, resolved: dict[str, Any]) -> list[tuple[I64, F64]]:
        """Columns and prior covariance: K⁻¹ of each pair of species, then of its environments, then the linear part."""
        groups = []
        blocks = _layout(resolved, self.descriptor(resolved).n_features)
        variances = linear_variances(resolved) if "linear" in resolved else [np.zeros(0)] * len(blocks)
        for (z, (pairs, kernels, linear)), own in zip(blocks.items(), variances, strict=True):
            if len(pairs):
                of_pair = resolved["pair_delta"] ** 2 * _inverse(pair_precision(resolved))
                groups += [(columns, of_pair) for columns in np.split(pairs, len(blocks))]
            groups.append(
                (kernels, _inverse(_kernel(resolved, _array(resolved["points"][chemical_symbols[z]]))))
            )
            groups += [(linear, np.diag(own))] if len(linear) else []
        return groups


def _checked(settings: BaseModel) -> GapSettings:
    if not isinstance(settings, GapSettings):
        raise TypeError(f"expected GapSettings, got {type(settings).__name__}")
    return settings


def _layout(resolved: Mapping[str, Any], n_columns: int) -> dict[int, tuple[I64, I64, I64]]:
    """Columns of the pair functions, the sparse environments and the linear part of every element."""
    elements = features_of(resolved)["elements"]
    of_pairs = len(elements) * n_pair(resolved)
    counts = [len(resolved["points"][chemical_symbols[z]]) for z in elements]
    of_linear = (n_columns - sum(counts)) // len(elements) - of_pairs
    found, start = {}, 0
    for z, count in zip(elements, counts, strict=True):
        ends = start + np.cumsum([of_pairs, count, of_linear])
        pairs, kernels, linear, _ = np.split(np.arange(start, ends[-1]), ends - start)
        found[z] = pairs, kernels, linear
        start = int(ends[-1])
    return found


def _inverse(precision: F64) -> F64:
    """Symmetric inverse."""
    inverse = np.linalg.inv(_stable(precision))
    return np.asarray(0.5 * (inverse + inverse.T))


def _kernel(resolved: Mapping[str, Any], points: F64) -> F64:
    """(n, n) kernel of sparse environments; rows shorter than 1 lack parts, each of which is its own direction."""
    overlaps = points @ points.T
    np.fill_diagonal(overlaps, 1.0)
    if "zeta" in resolved:
        return np.asarray(overlaps ** resolved["zeta"])
    return np.asarray(np.exp((overlaps - 1.0) / resolved["length"] ** 2))


def _stable(kernel: F64) -> F64:
    return kernel + JITTER * np.eye(len(kernel))


def _array(points: Any) -> F64:
    return np.ascontiguousarray(points, dtype=np.float64)


register(Gap())

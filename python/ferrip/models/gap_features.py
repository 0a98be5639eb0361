"""What the kernels of GAP compare: power spectra of SOAP, or products of ACE with a constant beside them.

Kernels are of directions p̂. A power spectrum has that of the centre's own Gaussian where the atom is free; products
of ACE vanish there, so theirs is p̂ = (s ∘ p, 1) / |(s ∘ p, 1)|, which is that of the constant for a free atom. The
scales s divide each product by its standard deviation in the data and by its roughness, and all by the root mean square
of the norm: a `constant` of 1 is as long as a typical environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferrip import _core
from ferrip.models.ace import Ace
from ferrip.models.family import many_body

if TYPE_CHECKING:
    from ferrip.data import Frame

F64 = NDArray[np.float64]

POOL_BYTES = 256 * 1024 * 1024
"""Functions of the environments that sparse ones are chosen from."""
MAX_POOL = 12_000
"""Most of these environments per element."""
SCALE_POWER = 1.0
"""Power of the roughness that products of ACE are divided by."""
LEAST_DEVIATION = 1e-10
"""Over the largest standard deviation: products that vary less are left out of the comparison."""


def features_of(resolved: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings of the functions, of whatever kind."""
    found: Mapping[str, Any] = resolved["soap"] if "soap" in resolved else resolved["ace"]
    return found


def base_descriptor(resolved: Mapping[str, Any]) -> _core.Descriptor:
    """The descriptor whose functions are compared, with the pair functions."""
    if "soap" in resolved:
        return _core.Descriptor.soap(**resolved["soap"])
    return Ace().descriptor(resolved["ace"])


def n_pair(resolved: Mapping[str, Any]) -> int:
    """Number of pair functions of a pair of species."""
    if "soap" in resolved:
        return len(resolved["soap"].get("pair_centers", ()))
    return int(resolved["ace"]["n_pair"])


def pair_precision(resolved: Mapping[str, Any]) -> F64:
    """(n, n) inverse of the prior covariance of the coefficients of a pair's functions.

    It is the kernel of the sparse distances for Gaussians (SOAP), and diagonal for the polynomials of ACE, which are
    the more held down the rougher they are.
    """
    if "soap" in resolved:
        centers = np.array(resolved["soap"]["pair_centers"])
        distance = (centers[:, None] - centers) / resolved["soap"]["pair_width"]
        return np.exp(-0.5 * distance**2)
    roughness = base_descriptor(resolved).smoothness()[: n_pair(resolved)]
    return np.diag((roughness / roughness.min()) ** 2)


def described(resolved: Mapping[str, Any]) -> str:
    """Complete settings in one line: kernels, what they compare, environments, and what is beside them."""
    power = "zeta" in resolved
    kernel = f"ζ = {resolved['zeta']}" if power else f"squared exponential, length {resolved['length']:g},"
    if "soap" in resolved:
        soap = resolved["soap"]
        functions = f"SOAP (n_max {soap['n_max']}, l_max {soap['l_max']}, σ {soap['sigma']:g} Å"
    else:
        functions = (
            f"ACE up to order {len(resolved['ace']['degrees']) + 1} (constant {resolved['constant']:g}"
        )
    counts = ", ".join(f"{symbol} {len(points)}" for symbol, points in resolved["points"].items())
    parts = [
        f"{kernel} of {functions}, cutoff {features_of(resolved)['cutoff']:g} Å)",
        f"environments {counts}" + (f" (by {resolved['sparse']['by']})" if "sparse" in resolved else ""),
        f"{n_pair(resolved)} pair functions" if n_pair(resolved) else "",
        f"a linear ACE up to order {len(resolved['linear']['degrees']) + 1}" if "linear" in resolved else "",
    ]
    return "; ".join(part for part in parts if part)


def pool(
    base: _core.Descriptor, frames: Sequence[Frame], num_threads: int | None = None
) -> Mapping[int, F64]:
    """Products of evenly spread environments of every element, (n, D) each."""
    chosen = {z: _spread(count, _most(base)) for z, count in atom_counts(base.elements, frames).items()}
    own = {z: many_body(base, z) for z in base.elements}
    found = {z: np.empty((int(chosen[z].sum()), own[z].stop - own[z].start)) for z in base.elements}
    seen, filled = dict.fromkeys(base.elements, 0), dict.fromkeys(base.elements, 0)
    for frame in frames:
        places = {}
        for z in base.elements:
            atoms = np.flatnonzero(frame.numbers == z)
            places[z] = atoms[chosen[z][seen[z] : seen[z] + len(atoms)]]
            seen[z] += len(atoms)
        if not any(len(place) for place in places.values()):
            continue
        values = base.values(frame.structure, num_threads)
        for z, place in places.items():
            found[z][filled[z] : filled[z] + len(place)] = values[place, own[z]]
            filled[z] += len(place)
    return found


def pool_bytes(base: _core.Descriptor, frames: Sequence[Frame], copies: int) -> float:
    """Memory of `pool`, and of copies of its largest part."""
    sizes = []
    for z, count in atom_counts(base.elements, frames).items():
        own = many_body(base, z)
        sizes.append(8.0 * min(count, _most(base)) * (own.stop - own.start))
    return sum(sizes) + copies * max(sizes)


def atom_counts(elements: Sequence[int], frames: Sequence[Frame]) -> dict[int, int]:
    """Atoms of every element."""
    return {z: sum(int(np.sum(frame.numbers == z)) for frame in frames) for z in elements}


def _most(base: _core.Descriptor) -> int:
    """Environments of an element in a pool, at most."""
    return min(MAX_POOL, POOL_BYTES // (8 * max(base.n_features // len(base.elements), 1)))


def _spread(count: int, most: int) -> NDArray[np.bool_]:
    """(count,) which of them are taken, `most` at most and evenly spread."""
    step, numbers = max(1.0, count / most), np.arange(count)
    return np.floor((numbers + 1) / step) > np.floor(numbers / step)


def free_atom(base: _core.Descriptor, z: int) -> F64:
    """(1, D) products of the free atom: with it among the sparse environments its energy is exactly E0."""
    free = np.array([z]), np.zeros((1, 3)), np.zeros((3, 3)), np.zeros(3, dtype=np.bool_)
    return base.values(free)[:, many_body(base, z)]


def scales(base: _core.Descriptor, z: int, rows: F64, constant: float) -> F64:
    """(D,) scales of the products of an element, from those of its environments (n, D)."""
    deviation = rows.std(axis=0)
    varies = deviation > LEAST_DEVIATION * deviation.max(initial=0.0)
    roughness = base.smoothness()[many_body(base, z)] ** SCALE_POWER
    found = np.where(varies, 1.0 / (np.where(varies, deviation, 1.0) * roughness), 0.0)
    typical = float(np.sqrt(np.mean(np.sum((rows * found) ** 2, axis=1))))
    return found / (constant * typical) if typical > 0.0 else found


def directions(rows: F64, scale: F64 | None) -> F64:
    """(n, D) p̂, or (n, D + 1) with the constant, of products (n, D)."""
    if scale is not None:
        rows = np.hstack([rows * scale, np.ones((len(rows), 1))])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)

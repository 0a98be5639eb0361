"""The slow obvious ML-PACE: energies from a potential given as a dictionary with the content of a `.yace` file.

Independent of the library: Chebyshev polynomials and Bessel functions from scipy, spherical harmonics from scipy,
neighbors by brute force, every combination of m one by one. `random_potential` makes small potentials of every kind,
`text` writes one as a `.yace` file.
"""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import yaml
from ase.data import atomic_numbers
from numpy.typing import NDArray
from oracle_ace import couplings, harmonic
from scipy.special import eval_chebyt, spherical_jn

F64 = NDArray[np.float64]
Potential = dict[str, Any]


def text(potential: Potential) -> str:
    """The potential as the text of a `.yace` file."""
    head = {key: potential[key] for key in ("elements", "E0", "deltaSplineBins", "embeddings")}
    head = json.loads(json.dumps(head), object_hook=lambda d: {int(k) if k.isdigit() else k: d[k] for k in d})
    lines = [yaml.safe_dump(head, default_flow_style=None, sort_keys=False), "bonds:\n"]
    for pair, bond in potential["bonds"].items():
        lines.append(f"  [{pair[0]}, {pair[1]}]: {flow(bond)}\n")
    lines.append("functions:\n")
    for center, functions in potential["functions"].items():
        lines.append(f"  {center}:\n")
        lines.extend(f"    - {flow(function)}\n" for function in functions)
    return "".join(lines)


def flow(node: Any) -> str:
    return yaml.safe_dump(node, default_flow_style=True, sort_keys=False, width=10**9).strip()


def random_potential(
    radbasename: str, inner: str = "density", *, elements: tuple[str, ...] = ("Cu", "Al"), seed: int = 0
) -> Potential:
    """A small potential with two densities, up to four neighbors per function and a core repulsion."""
    rng = np.random.default_rng(seed)
    n, lmax, nradmax, nradbase = len(elements), 2, 2, 4
    bonds: Potential = {}
    for i, j in product(range(n), range(n)):
        bonds[i, j] = {
            "nradmax": nradmax,
            "lmax": lmax,
            "nradbasemax": nradbase,
            "radbasename": radbasename,
            "radparameters": [2.0 + 0.3 * (i + j)],
            "radcoefficients": rng.normal(size=(nradmax, lmax + 1, nradbase)).round(3).tolist(),
            "prehc": 1.0 if inner == "zbl" else 30.0 + i + j,
            "lambdahc": 1.1,
            "rcut": 4.1 + 0.2 * (i + j),
            "dcut": 0.6,
            "rcut_in": {"density": 0.0, "distance": 2.4, "zbl": 3.0 + 0.3 * j}[inner],
            "dcut_in": {"density": 0.0, "distance": 0.7, "zbl": 1.2 + 0.1 * j}[inner],
            "inner_cutoff_type": inner,
        }
    functions: Potential = {}
    for center in range(n):
        functions[center] = [function(rng, center, n, [k], [0]) for k in range(1, nradbase + 1)]
        for ns, ls in (([1, 2], [2, 2]), ([2, 1, 1], [1, 1, 2]), ([1, 1, 2, 2], [1, 1, 1, 1])):
            functions[center].append(function(rng, center, n, ns, ls))
    embedding = {"ndensity": 2, "FS_parameters": [1.0, 1.0, 0.7, 0.5], "npoti": "FinnisSinclairShiftedScaled"}
    switch = {"rho_core_cutoff": 6.0, "drho_core_cutoff": 4.0}
    return {
        "elements": list(elements),
        "E0": [-1.5 - k for k in range(n)],
        "deltaSplineBins": 0.001,
        "embeddings": {k: {**embedding, **switch} for k in range(n)},
        "bonds": bonds,
        "functions": functions,
    }


def function(rng: np.random.Generator, center: int, n: int, ns: list[int], ls: list[int]) -> Potential:
    """A function of the centre with random elements and coefficients, coupled to an invariant."""
    coupling = couplings(tuple(ls))[0]
    densities = 0.4 * rng.normal(size=2)
    return {
        "mu0": center,
        "rank": len(ns),
        "ndensity": 2,
        "num_ms_combs": len(coupling),
        "mus": rng.integers(0, n, len(ns)).tolist(),
        "ns": ns,
        "ls": ls,
        "ms_combs": [m for ms in coupling for m in ms],
        "ctildes": [float(c * d) for c in coupling.values() for d in densities],
    }


def step(x: float, end: float, width: float) -> float:
    """1 below end − width, 0 from end on."""
    if x <= end - width:
        return 1.0
    if x >= end:
        return 0.0
    t = 1 - 2 * (1 + (x - end) / width)
    return 0.5 + 3.75 * (t / 4 - t**3 / 6 + t**5 / 20)


def base(bond: Potential, n: int, r: float) -> F64:
    """The first `n` radial basis functions."""
    cut, lam, name = bond["rcut"], bond["radparameters"][0], bond["radbasename"]
    if name == "ChebExpCos":
        x = 1 - 2 * (np.exp(-lam * r / cut) - np.exp(-lam)) / (1 - np.exp(-lam))
        values = np.array([1.0] + [0.5 - 0.5 * eval_chebyt(k, x) for k in range(1, n)])
        values *= 0.5 * (1 + np.cos(np.pi * r / cut))
        if r > cut - bond["dcut"]:
            values *= 0.5 * (1 + np.cos(np.pi * (r - cut + bond["dcut"]) / bond["dcut"]))
    elif name == "SBessel":
        values = np.zeros(n)
        d = 1.0
        for k in range(n):
            a, b = k + 1, k + 2
            scale = (-1) ** k * np.sqrt(2) * np.pi / cut**1.5 * a * b / np.hypot(a, b)
            f = scale * sum(spherical_jn(0, q * np.pi * r / cut) for q in (a, b))
            e = (k * (k + 2)) ** 2 / (4 * (k + 1) ** 4 + 1)
            before, d = d, 1 - e / d
            values[k] = (f + (np.sqrt(e / before) * values[k - 1] if k else 0.0)) / np.sqrt(d)
    else:
        x = 1 - 2 * (1 - r / cut) ** lam if name == "ChebPow" else 1 - r / cut
        values = np.array([0.5 - 0.5 * eval_chebyt(k, x) for k in range(1, n + 1)])
    if bond["inner_cutoff_type"] == "distance":
        values *= 1 - step(r, bond["rcut_in"], bond["dcut_in"])
    return values


def core(bond: Potential, r: float, charges: tuple[int, int]) -> float:
    """The pair's part of ρ_core."""
    if bond["inner_cutoff_type"] == "zbl":
        return zbl(bond, r, charges)
    cut, p, lam = bond["rcut"], bond["prehc"], bond["lambdahc"]
    value = p * np.exp(-lam * r * r) / r * 0.5 * (1 + np.cos(np.pi * r / cut))
    if bond["inner_cutoff_type"] == "distance":
        value *= step(r, bond["rcut_in"], bond["dcut_in"])
    return value


def zbl(bond: Potential, r: float, charges: tuple[int, int]) -> float:
    """Half the ZBL energy, with a quartic that takes value, slope and curvature to 0 at the cutoff."""
    z1, z2 = charges
    a = 0.46850 / (z1**0.23 + z2**0.23)
    terms = ((0.18175, 3.19980), (0.50986, 0.94229), (0.28022, 0.40290), (0.02817, 0.20162))

    def bare(x: float) -> float:
        return sum(c * np.exp(-d * x / a) for c, d in terms) / x

    end, width = bond["rcut"], bond["dcut"]
    screened = np.array([[c * np.exp(-d * end / a) * (-d / a) ** k for c, d in terms] for k in range(3)])
    phi, dphi, ddphi = screened.sum(axis=1)
    slope = (dphi - phi / end) / end
    curvature = (ddphi - 2 * slope) / end
    cubic = (width * curvature - 3 * slope) / width**2
    quartic = (2 * slope - width * curvature) / width**3
    x = max(r - end + width, 0.0)
    tail = cubic / 3 * x**3 + quartic / 4 * x**4
    tail += -phi / end + width / 2 * slope - width**2 / 12 * curvature
    coulomb = 14.399645351950543
    return bond["prehc"] * coulomb / 2 * z1 * z2 * (bare(r) + tail) * step(r, end, width)


def embedded(shape: str, m: float, rho: float) -> float:
    """F_m(ρ)."""
    a, sign = abs(rho), np.sign(rho)
    if shape == "FinnisSinclair":
        g = np.exp(-((1e6 * a) ** 3)) if (1e6 * a) ** 3 < 30 else 0.0
        return sign * ((1 - g) * a**m + 1e-6 ** (m - 1) * g * a)
    if abs(m - 1) < 1e-10:
        return rho
    n = 1 / m
    return sign * ((n ** (n / (1 - n)) * np.exp(-a) + a) ** m - n ** (1 / (1 - n)) * np.exp(-a))


def neighbors(
    positions: F64, cell: F64, pbc: NDArray[np.bool_], cutoff: float
) -> list[list[tuple[int, F64]]]:
    """(index, vector) of all neighbors of every atom."""
    reach = [range(-4, 5) if periodic else range(1) for periodic in pbc]
    images = [np.array(shift) @ cell for shift in product(*reach)]
    return [
        [
            (j, d)
            for j in range(len(positions))
            for image in images
            if 0 < np.linalg.norm(d := positions[j] + image - positions[i]) < cutoff
        ]
        for i in range(len(positions))
    ]


def energies(potential: Potential, structure: tuple[NDArray[Any], F64, F64, NDArray[Any]]) -> F64:
    """Energy of every atom."""
    numbers, positions, cell, pbc = structure
    charges = [atomic_numbers[symbol] for symbol in potential["elements"]]
    species = [charges.index(z) for z in numbers]
    n_base = max(bond["nradbasemax"] for bond in potential["bonds"].values())
    cutoff = max(bond["rcut"] for bond in potential["bonds"].values())
    out = np.zeros(len(numbers))
    for i, around in enumerate(neighbors(positions, cell, pbc, cutoff)):
        mu = species[i]
        g = np.zeros((len(charges), n_base))
        A: dict[tuple[int, int, int, int], complex] = {}
        rho_core, nearest = 0.0, (np.inf, 1.0)
        for j, d in around:
            bond, r = potential["bonds"][mu, species[j]], float(np.linalg.norm(d))
            if r >= bond["rcut"]:
                continue
            values = base(bond, n_base, r)
            g[species[j]] += values
            rho_core += core(bond, r, (charges[mu], charges[species[j]]))
            nearest = min(nearest, (r - bond["rcut_in"] + bond["dcut_in"], bond["dcut_in"]))
            for n, row in enumerate(bond["radcoefficients"]):
                for degree, c in enumerate(row):
                    for m in range(-degree, degree + 1):
                        key = (species[j], n + 1, degree, m)
                        A[key] = A.get(key, 0.0) + np.dot(c, values) * harmonic(degree, m, d)
        embedding = potential["embeddings"][mu]
        rho = np.zeros(embedding["ndensity"])
        for f in potential["functions"][mu]:
            c = np.reshape(f["ctildes"], (-1, embedding["ndensity"]))
            if f["rank"] == 1:
                rho += c[0] * g[f["mus"][0], f["ns"][0] - 1]
                continue
            for ms, own in zip(np.reshape(f["ms_combs"], (-1, f["rank"])), c, strict=True):
                factors = zip(f["mus"], f["ns"], f["ls"], ms, strict=True)
                value = np.prod([A.get((*factor, int(m)), 0.0) for *factor, m in factors])
                rho += own * np.real(value)
        parameters = embedding["FS_parameters"]
        F = sum(
            w * embedded(embedding["npoti"], m, x)
            for w, m, x in zip(parameters[::2], parameters[1::2], rho, strict=True)
        )
        if potential["bonds"][mu, mu]["inner_cutoff_type"] == "zbl":
            beyond, width = nearest
            share = 1 - step(beyond, width, width)
            out[i] = share * F + (1 - share) * rho_core + potential["E0"][mu]
            continue
        switch = step(rho_core, embedding["rho_core_cutoff"], embedding["drho_core_cutoff"])
        out[i] = F * switch + rho_core + potential["E0"][mu]
    return out

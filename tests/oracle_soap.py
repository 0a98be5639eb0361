"""SOAP by quadrature: Gaussians on a grid of space, projected on radial functions and spherical harmonics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma, lpmv

F64 = NDArray[np.float64]


def radial_functions(r: F64, n_max: int, degree: int, cutoff: float) -> F64:
    """(n_max, len(r)) orthonormal g_nl on a grid."""
    distances = np.linspace(1.0, cutoff, n_max)
    alpha = -np.log(1e-3 / distances**degree) / distances**2
    overlap = 0.5 * gamma(degree + 1.5) * (alpha[:, None] + alpha) ** -(degree + 1.5)
    values, vectors = np.linalg.eigh(overlap)
    beta = (vectors / np.sqrt(values)) @ vectors.T
    return beta @ (r**degree * np.exp(-alpha[:, None] * r**2))


def polynomials(r: F64, n_max: int, cutoff: float) -> F64:
    """(n_max, len(r)) orthonormal polynomials on a grid, by the analytic overlaps of (cutoff − r)^(k + 2)."""
    k = np.arange(1, n_max + 1)
    total = k[:, None] + k
    overlap = 2 * cutoff ** (7.0 + total) / ((5 + total) * (6 + total) * (7 + total))
    values, vectors = np.linalg.eigh(overlap)
    inside = np.maximum(cutoff - r, 0.0) ** (k[:, None] + 2)
    return (vectors / np.sqrt(values)) @ vectors.T @ inside


def real_harmonics(degree: int, cosine: F64, angle: F64) -> F64:
    """(2 degree + 1, ...) real orthonormal spherical harmonics."""
    rows = []
    for m in range(-degree, degree + 1):
        order = abs(m)
        norm = (2 * degree + 1) / (4 * np.pi) * gamma(degree - order + 1) / gamma(degree + order + 1)
        legendre = np.sqrt(norm) * lpmv(order, degree, cosine)
        trigonometric = np.sin(order * angle) if m < 0 else np.cos(order * angle)
        rows.append(legendre * trigonometric * (1.0 if m == 0 else 2**0.5))
    return np.array(rows)


def power_spectrum(
    neighbors: dict[int, F64],
    *,
    n_max: int,
    l_max: int,
    cutoff: float,
    sigma: float,
    basis: str = "gto",
) -> F64:
    """p of one centre, ordered by species z, z' ≥ z, degree, n, n'.

    `neighbors`: per species, (k, 3) vectors from the centre and (k,) weights behind them, shape (k, 4).
    """

    def functions(degree: int) -> F64:
        if basis == "polynomial":
            return polynomials(r, n_max, cutoff)
        return radial_functions(r, n_max, degree, cutoff)

    x, weight_x = np.polynomial.legendre.leggauss(60)
    reach = cutoff if basis == "polynomial" else 9.0
    r, weight_r = 0.5 * reach * (x + 1.0), 0.5 * reach * weight_x
    cosine, weight_c = np.polynomial.legendre.leggauss(36)
    angle = 2 * np.pi * np.arange(72) / 72
    rr, cc, aa = np.meshgrid(r, cosine, angle, indexing="ij")
    sine = np.sqrt(1.0 - cc**2)
    points = np.stack([rr * sine * np.cos(aa), rr * sine * np.sin(aa), rr * cc], axis=-1)
    weight = (weight_r * r**2)[:, None, None] * weight_c[:, None] * (2 * np.pi / 72)
    coefficients: dict[int, list[F64]] = {}
    for z, rows in neighbors.items():
        density = np.zeros_like(rr)
        for *vector, factor in rows:
            distance = np.sum((points - vector) ** 2, axis=-1)
            density += factor * np.exp(-0.5 * distance / sigma**2)
        coefficients[z] = [
            np.einsum(
                "nr,mrca->nm",
                functions(degree),
                real_harmonics(degree, cc, aa) * density * weight,
            )
            for degree in range(l_max + 1)
        ]
    features = []
    species = sorted(neighbors)
    for place, z in enumerate(species):
        for other in species[place:]:
            for degree in range(l_max + 1):
                products = (
                    np.pi
                    * np.sqrt(8 / (2 * degree + 1))
                    * coefficients[z][degree]
                    @ coefficients[other][degree].T
                )
                features.append(products[np.triu_indices(n_max)] if other == z else products.ravel())
    return np.concatenate(features)

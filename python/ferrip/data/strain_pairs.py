r"""Pairs of frames that differ by a strain: what the labels say about dE/dε.

Frames a and b hold the same atoms, and nearly the same fractional coordinates, in cells C_b = C_a (1 + G). Along the
straight path between them dE = V σ:L − Σ F·u with L = G (1 + tG)⁻¹ and u the change of the fractional coordinates
times the cell. The trapezoid rule gives the energy difference up to third order in G and u from the stresses and
forces at both ends,

    W = ½ [V_a σ_a:G + V_b σ_b:G(1+G)⁻¹] − ½ Σ (F_a·u_a + F_b·u_b),

and a constant isotropic error p of the labelled stress (Pulay stress) adds p w to W, where
w = ½ [V_a tr G + V_b tr G(1+G)⁻¹].
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferrip.data.frame import Frame

MAX_STRAIN = 0.06
"""Largest component of G."""
MIN_STRAIN = 1e-5
MAX_SHIFT = 0.1
"""Å; largest change of a position beside the strain."""
PAIRS_PER_FRAME = 6
LABEL_NOISE = 5e-5
"""eV per atom by which DFT energies of strained cells scatter (k-points, plane waves)."""
TRAPEZOID_ERROR = 25.0
"""eV per atom and strain³: typical of metals and silicon with their third-order elastic constants."""
MAX_FRAMES_PER_COMPOSITION = 1500


@dataclass(frozen=True, kw_only=True)
class StrainPair:
    """Two frames that differ by a small strain.

    Attributes
    ----------
    group : str
        Their `config_type`.
    energy : float
        Labelled energy difference, eV.
    stress_work : float
        Part of W from the labelled stresses, eV.
    force_work : float
        Part of W from the labelled forces, eV.
    isotropic : float
        w, Å³: the derivative of W by a constant isotropic stress.
    strain : float
        Largest component of G.
    n_atoms : int
        Atoms per frame.
    """

    group: str
    energy: float
    stress_work: float
    force_work: float
    isotropic: float
    strain: float
    n_atoms: int

    @property
    def expected_error(self) -> float:
        """Expected error of ΔE − W, eV per atom: noise of the labels and the trapezoid rule's third order."""
        return LABEL_NOISE + TRAPEZOID_ERROR * self.strain**3


def strain_pairs(frames: Sequence[Frame]) -> list[StrainPair]:
    """Pairs of frames with energy and stress labels that differ by a strain, each frame with its nearest few.

    Parameters
    ----------
    frames
        Any frames; those without energy, stress or three periodic directions are passed over.

    Returns
    -------
    list of StrainPair
        In the order of the frames; the same for the same input.
    """
    classes: dict[tuple[str, bytes], list[Frame]] = defaultdict(list)
    for frame in frames:
        if frame.energy is not None and frame.stress is not None and frame.pbc.all() and frame.volume:
            classes[frame.config_type, frame.numbers.tobytes()].append(frame)
    pairs: list[StrainPair] = []
    for members in classes.values():
        step = -(-len(members) // MAX_FRAMES_PER_COMPOSITION)
        pairs.extend(_class_pairs(members[::step]))
    return pairs


def _class_pairs(frames: Sequence[Frame]) -> Iterator[StrainPair]:
    """Pairs among frames of one composition."""
    cells = np.array([frame.cell for frame in frames])
    inverses = np.linalg.inv(cells)
    fractional = np.array(
        [frame.positions @ inverse for frame, inverse in zip(frames, inverses, strict=True)]
    )
    fractional -= fractional[:, :1]
    for a, frame in enumerate(frames[:-1]):
        gradients = inverses[a] @ cells[a + 1 :] - np.eye(3)
        strains = np.abs(gradients).max(axis=(1, 2))
        near = np.flatnonzero((strains > MIN_STRAIN) & (strains < MAX_STRAIN))
        shifts = fractional[a + 1 + near] - fractional[a]
        shifts -= np.round(shifts)
        close = np.abs(shifts @ frame.cell).max(axis=(1, 2), initial=0.0) < MAX_SHIFT
        nearest = np.argsort(strains[near[close]], kind="stable")[:PAIRS_PER_FRAME]
        for k in np.flatnonzero(close)[nearest]:
            yield _pair(frame, frames[int(a + 1 + near[k])], gradients[near[k]], shifts[k])


def _pair(a: Frame, b: Frame, gradient: NDArray[np.float64], shift: NDArray[np.float64]) -> StrainPair:
    assert a.energy is not None
    assert b.energy is not None
    stress_work = isotropic = force_work = 0.0
    for frame, path in ((a, gradient), (b, gradient @ np.linalg.inv(np.eye(3) + gradient))):
        half_volume = 0.5 * (frame.volume or 0.0)
        stress_work += half_volume * float(np.sum(_matrix(frame) * path))
        isotropic += half_volume * float(np.trace(path))
        if frame.forces is not None:
            # the net translation does no work, whatever the net force that the labels leave
            forces = frame.forces - frame.forces.mean(axis=0)
            force_work -= 0.5 * float(np.sum(forces * (shift @ frame.cell)))
    return StrainPair(
        group=a.config_type,
        energy=b.energy - a.energy,
        stress_work=stress_work,
        force_work=force_work,
        isotropic=isotropic,
        strain=float(np.abs(gradient).max()),
        n_atoms=a.n_atoms,
    )


def _matrix(frame: Frame) -> NDArray[np.float64]:
    assert frame.stress is not None
    return frame.stress[[0, 5, 4, 5, 1, 3, 4, 3, 2]].reshape(3, 3)

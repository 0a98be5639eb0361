"""Pair potentials: Lennard-Jones, Morse, Buckingham, ZBL, and tables of a file.

Any of them is a `Potential` of its own, can be added to another potential (`ace + repulsion`), or be the reference of a
fit (`ferrip.fit(frames, reference=pair_potential)`). At short range every function goes on linearly: finite, repulsive,
continuously differentiable.

Examples
--------
>>> from ase.build import bulk
>>> argon = potential({"Ar-Ar": LennardJones(epsilon=0.0104, sigma=3.40)}, cutoff=8.5)
>>> round(argon.evaluate(bulk("Ar", a=5.26))[0].energy, 3)
-0.082
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from ferrip import _core
from ferrip.errors import DataError, SettingsError
from ferrip.models.pair_potential import PairPotential
from ferrip.models.pair_terms import zbl
from ferrip.models.pairs import by_pair, pair_key, pair_name
from ferrip.potential import Potential

if TYPE_CHECKING:
    from ferrip._core import PairTerm

F64 = NDArray[np.float64]

Ending = Literal["switch", "shift", "shift-force"]
ENDINGS = ("switch", "shift", "shift-force")
FEWEST_POINTS, MOST_POINTS = 4, 20_000
"""Bounds on the number of points of a table."""


class PairFunction(Protocol):
    """A function of one distance."""

    form: ClassVar[str]
    """Its name in the core."""

    @property
    def numbers(self) -> tuple[float, ...]:
        """Its parameters in the order of the core."""
        ...


@dataclass(frozen=True, kw_only=True)
class LennardJones:
    """4 ε [(σ/r)¹² − (σ/r)⁶]; linear below 0.3 σ.

    Attributes
    ----------
    epsilon
        ε, eV.
    sigma
        σ, Å.
    """

    epsilon: float
    sigma: float
    form: ClassVar[str] = "lennard-jones"

    @property
    def numbers(self) -> tuple[float, ...]:
        """ε, σ."""
        return (self.epsilon, self.sigma)


@dataclass(frozen=True, kw_only=True)
class Morse:
    """D [exp(−2 a (r − r₀)) − 2 exp(−a (r − r₀))].

    Attributes
    ----------
    depth
        D, eV.
    stiffness
        a, 1/Å.
    distance
        r₀, Å.
    """

    depth: float
    stiffness: float
    distance: float
    form: ClassVar[str] = "morse"

    @property
    def numbers(self) -> tuple[float, ...]:
        """D, a, r₀."""
        return (self.depth, self.stiffness, self.distance)


@dataclass(frozen=True, kw_only=True)
class Buckingham:
    """A exp(−r/ρ) − C/r⁶; linear below the point where its curvature vanishes inside of the wall.

    Attributes
    ----------
    amplitude
        A, eV.
    length
        ρ, Å.
    dispersion
        C, eV Å⁶.
    """

    amplitude: float
    length: float
    dispersion: float = 0.0
    form: ClassVar[str] = "buckingham"

    @property
    def numbers(self) -> tuple[float, ...]:
        """A, ρ, C."""
        return (self.amplitude, self.length, self.dispersion)


@dataclass(frozen=True, kw_only=True)
class Zbl:
    """Screened repulsion of nuclei (Ziegler, Biersack, Littmark, 1985), with a switch of its own; linear below 0.1 Å.

    Attributes
    ----------
    start, cutoff
        Å, where the switch starts and ends; by default 0.4 and 0.8 of the sum of the covalent radii.
    """

    start: float | None = None
    cutoff: float | None = None
    form: ClassVar[str] = "zbl"

    @property
    def numbers(self) -> tuple[float, ...]:
        """None."""
        return ()


FORMS: dict[str, type[Any]] = {one.form: one for one in (LennardJones, Morse, Buckingham, Zbl)}
"""Form → function with parameters."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Cubics between points: a spline, or through the forces where they are given; linear below the first point.

    Attributes
    ----------
    r
        (n,) distances, Å, ascending.
    energy
        (n,) eV.
    force
        (n,) −dE/dr, eV/Å, or `None`.
    """

    r: F64
    energy: F64
    force: F64 | None = None
    form: ClassVar[str] = "table"

    def __post_init__(self) -> None:
        columns = [np.asarray(c, float) for c in (self.r, self.energy, self.force) if c is not None]
        if any(column.shape != (len(columns[0]),) for column in columns):
            raise SettingsError("table: distances, energies and forces must be as many")
        if not FEWEST_POINTS <= len(columns[0]) <= MOST_POINTS:
            raise SettingsError(
                f"table: expected {FEWEST_POINTS} to {MOST_POINTS} points, got {len(columns[0])}"
            )
        if not all(np.isfinite(column).all() for column in columns):
            raise SettingsError("table: expected finite numbers")
        if columns[0][0] < 0 or (np.diff(columns[0]) <= 0).any():
            raise SettingsError("table: expected ascending distances, from 0 on")

    @property
    def numbers(self) -> tuple[float, ...]:
        """Distances, energies and slopes, column behind column."""
        r, energy = np.asarray(self.r, float), np.asarray(self.energy, float)
        slope = CubicSpline(r, energy)(r, 1) if self.force is None else -np.asarray(self.force, float)
        return tuple(np.concatenate([r, energy, slope]).tolist())

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Table:
        """The table in a text file with columns r (Å), E (eV) and, optionally, −dE/dr (eV/Å).

        Empty lines and what follows a `#` do not count.

        Raises
        ------
        DataError
            For a file that cannot be read, naming the line.
        """
        name = os.fspath(path)
        try:
            lines = Path(name).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{name}: {getattr(error, 'strerror', None) or 'not a text file'}") from None
        rows: list[list[float]] = []
        for number, line in enumerate(lines, 1):
            words = line.partition("#")[0].split()
            if not words:
                continue
            rows.append(_row(f"{name}, line {number}", words, rows[0] if rows else None))
            if len(rows) > 1 and rows[-1][0] <= rows[-2][0]:
                raise DataError(f"{name}, line {number}: distances must be ascending, got {words[0]}")
        if not rows:
            raise DataError(f"{name}: expected columns r and E, got no numbers")
        try:
            r, energy, *force = np.array(rows).T
            return cls(r=r, energy=energy, force=force[0] if force else None)
        except SettingsError as error:
            raise DataError(f"{name}: {error}") from None


def _row(where: str, words: Sequence[str], first: Sequence[float] | None) -> list[float]:
    """The numbers of a line of a table, as many as in its first."""
    if first is None and len(words) not in (2, 3):
        raise DataError(f"{where}: expected r, E and perhaps −dE/dr, got {len(words)} columns")
    if first is not None and len(words) != len(first):
        raise DataError(f"{where}: expected {len(first)} columns as above, got {len(words)}")
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise DataError(f"{where}: expected numbers, got {' '.join(words)[:60]!r}") from None
    if not np.isfinite(numbers).all():
        raise DataError(f"{where}: expected finite numbers, got {' '.join(words)[:60]!r}")
    return numbers


def potential(
    functions: Mapping[str, PairFunction | Sequence[PairFunction]],
    *,
    cutoff: float | Mapping[str, float] | None = None,
    end: Ending = "switch",
    width: float = 1.0,
) -> Potential:
    """A potential of pair functions.

    Parameters
    ----------
    functions
        Function, or functions to be added up, by pair of symbols such as `"Ar-Ne"`. Pairs that are not named do
        not interact; the elements are those that are named.
    cutoff
        Å, for all pairs or by pair; a table ends at its last point by default, ZBL has its own.
    end
        How functions come to 0 at the cutoff: `"switch"` (smoothly, over the last `width` Å), `"shift"` (less the
        energy there, so that the force jumps) or `"shift-force"` (less energy and force there).
    width
        Å.

    Returns
    -------
    Potential
        Of the family `"pair"`, with energies 0 of free atoms.

    Raises
    ------
    SettingsError
        For pairs, parameters or cutoffs that make no sense; the message names them.

    Examples
    --------
    >>> mixture = {"Ar-Ar": LennardJones(epsilon=0.0104, sigma=3.4), "Ar-Ne": LennardJones(epsilon=0.006, sigma=3.1)}
    >>> potential(mixture, cutoff={"Ar-Ar": 8.5, "Ar-Ne": 7.5}, end="shift").cutoff
    8.5
    """
    if end not in ENDINGS:
        raise SettingsError(f"end: expected one of {', '.join(ENDINGS)}, got {end!r}")
    if not functions:
        raise SettingsError("pairs: no functions")
    given = by_pair("cutoff", cutoff) if isinstance(cutoff, Mapping) else None
    terms: list[PairTerm] = []
    for name, ones in functions.items():
        pair = pair_key("pairs", name)
        for one in ones if isinstance(ones, Sequence) else [ones]:
            if isinstance(one, Zbl):
                terms.append(_zbl(pair, one))
                continue
            last = float(one.r[-1]) if isinstance(one, Table) else None
            end_at = cutoff if given is None else given.get(pair)
            stop = last if end_at is None else end_at
            if not isinstance(stop, int | float):
                raise SettingsError(f"cutoff: {pair_name(*pair)} {one.form} needs one")
            start = float(stop) - width if end == "switch" else 0.0
            terms.append((*pair, one.form, one.numbers, (end, start, float(stop))))
    return of_terms(terms)


def of_terms(terms: Sequence[PairTerm], elements: Sequence[int] = ()) -> Potential:
    """The potential of pair functions in the core's form, of the elements of its pairs and any others."""
    elements = sorted({z for z1, z2, *_ in terms for z in (z1, z2)} | {int(z) for z in elements})
    settings = {"elements": elements}
    built = Potential(
        family=PairPotential.name,
        descriptor=PairPotential().descriptor(settings),
        settings=settings,
        coefficients=np.zeros(0),
        e0=dict.fromkeys(elements, 0.0),
        pairs=tuple(terms),
    )
    built.evaluator()  # refuses functions that make no sense
    return built


def _zbl(pair: tuple[int, int], one: Zbl) -> PairTerm:
    """ZBL with its switch, by default that of the pair's covalent radii."""
    defaults = {(z1, z2): ending for z1, z2, _, _, ending in _core.zbl_defaults(sorted(set(pair)))}
    _, start, cutoff = defaults[pair]
    cutoff = cutoff if one.cutoff is None else one.cutoff
    return zbl(*pair, min(start, 0.5 * cutoff) if one.start is None else one.start, cutoff)

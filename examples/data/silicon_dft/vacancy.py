"""Vacancies in cells of 8, 16 and 64 sites."""

from __future__ import annotations

from collections.abc import Iterator

from ase import Atoms

from .frame import Frame, cubic, primitive
from .rattled import rattle


def without_first(atoms: Atoms) -> Atoms:
    """Return a copy that lacks the atom at the origin."""
    out = atoms.copy()
    del out[0]
    return out


def large_vacancy() -> Atoms:
    """Return the unrelaxed 63-atom vacancy cell at ``A_GUESS``."""
    return without_first(cubic() * (2, 2, 2))


def vacancies() -> Iterator[Frame]:
    """Yield unrelaxed vacancies (cheap by symmetry) and rattled ones."""
    for ratio in (0.95, 1.0, 1.05):
        atoms = without_first(cubic(ratio))
        yield Frame(f"vacancy7_{ratio}", "vacancy_small", "train", 2.5, atoms)
    sixteen = primitive() * (2, 2, 2)
    yield Frame("vacancy15_1.0", "vacancy_small", "train", 2.6, without_first(sixteen))
    for n, amplitude in enumerate((0.06, 0.12, 0.2, 0.16)):
        atoms = rattle(cubic((1.0, 0.97, 1.03, 1.0)[n]), amplitude, 0.015, 8000 + n, "C3")
        name = f"vacancy7_rattled_{n:02d}"
        yield Frame(name, "vacancy_small", "train", 3.0 + n / 4, without_first(atoms))
    for n, amplitude in enumerate((0.09, 0.18)):
        atoms = rattle(cubic((1.02, 0.98)[n]), amplitude, 0.02, 98000 + n, "C3")
        name = f"vacancy7_test_{n:02d}"
        yield Frame(name, "vacancy_small", "test", 3.4 + n / 4, without_first(atoms))
    yield Frame("vacancy63", "vacancy_63", "train", 3.2, large_vacancy())

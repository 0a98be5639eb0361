"""Files of MLIP: `.mtp` (MLIP-2) and `.almtp` (MLIP-3).

Such a file numbers its species and does not name them. They come from the caller, or from the entry `potential_tag`
where it lists as many symbols, as in the files that are written here.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from ferrip import _core
from ferrip.errors import SettingsError
from ferrip.modelfile import replace_file
from ferrip.models.mtp import Mtp
from ferrip.models.mtp_radial import in_one_range, ordered_pairs
from ferrip.models.mtp_template import scalars_of
from ferrip.models.reading import reading

if TYPE_CHECKING:
    from ferrip.potential import Potential

F64 = NDArray[np.float64]

EXTENSIONS = (".mtp", ".almtp")
"""Extensions of the files: MLIP-3 reads the same text as MLIP-2."""


def load(path: str | os.PathLike[str], species: Sequence[str] | None = None) -> Potential:
    """The potential in a file of MLIP, exactly.

    Parameters
    ----------
    path
        The file.
    species
        Chemical symbols in the order of the file's species; `None` where the file names them.

    Raises
    ------
    ModelFileError
        If the file cannot be read, is not trained, or does not name its species.
    """
    from ferrip.potential import Potential

    name = os.fspath(path)
    with reading(name):
        file = _core.read_mtp(Path(name).read_bytes())
        numbers = _numbers(file, species)
        radial, energies, coefficients = _trained(file)
        settings = _settings(file, radial, numbers)
        descriptor = Mtp().descriptor(settings)
    return Potential(
        family=Mtp.name,
        descriptor=descriptor,
        settings=settings,
        coefficients=coefficients,
        e0=dict(zip(numbers, map(float, energies), strict=True)),
        metadata={"citations": list(Mtp.citations), "source": name},
    )


def save(potential: Potential, path: str | os.PathLike[str], *, untrained: bool = False) -> list[str]:
    """Write a `.mtp` or `.almtp` file and return notes on what it does not express.

    Parameters
    ----------
    potential
        The potential.
    path
        Destination.
    untrained
        Whether to leave out all coefficients, as in the files from which MLIP starts to train.

    Raises
    ------
    SettingsError
        For a potential that is no MTP, or one with several cutoffs.
    """
    if potential.family != Mtp.name:
        raise SettingsError(f"{os.fspath(path)}: a potential of the family {potential.family!r} is no MTP")
    radial, notes = potential.settings["radial"], []
    softened = {pair: low + softness for pair, (low, _, softness) in radial["ranges"].items() if softness > 0}
    if softened and not untrained:
        notes.append(
            "the format has polynomials at all distances: below "
            + ", ".join(f"{start:g} Å ({pair})" for pair, start in softened.items())
            + " they go on instead of levelling off"
        )
    if potential.pairs and not untrained:
        notes.append("the format has no core repulsion: it is left out, so energies and forces differ")
    descriptor = Mtp().descriptor({**potential.settings, "radial": in_one_range(potential.settings)})
    e0 = [potential.e0[z] for z in potential.elements]
    coefficients = None if untrained else potential.coefficients
    text = descriptor.to_mtp(coefficients, e0, " ".join(potential.symbols))
    replace_file(Path(path), text.encode())
    return notes


def _numbers(file: _core.MtpFile, species: Sequence[str] | None) -> list[int]:
    """Atomic numbers of the file's species."""
    tagged = file.tag.replace(",", " ").split()
    known = len(tagged) == file.n_species and set(tagged) <= set(chemical_symbols[1:])
    symbols = species if species is not None else tagged if known else None
    if symbols is None:
        raise SettingsError(
            f"the file has {file.n_species} species without names: give their symbols in order "
            "(species=[...], or `ferrip convert IN OUT --species ...`)"
        )
    unknown = [symbol for symbol in symbols if symbol not in chemical_symbols[1:]]
    if unknown or len(symbols) != file.n_species or len(set(symbols)) != len(symbols):
        raise SettingsError(
            f"species: expected {file.n_species} different chemical symbols, got {', '.join(symbols) or 'none'}"
        )
    return [atomic_numbers[symbol] for symbol in symbols]


def _trained(file: _core.MtpFile) -> tuple[F64, F64, F64]:
    """Radial coefficients, energies of the species and coefficients of the scalars."""
    found = {
        "radial_coeffs": file.radial_coefficients,
        "species_coeffs": file.species_coefficients,
        "moment_coeffs": file.coefficients,
    }
    present = [value for value in found.values() if value is not None]
    if len(present) < len(found):
        missing = ", ".join(name for name, value in found.items() if value is None)
        raise SettingsError(f"the potential is not trained: there is no {missing}")
    radial, energies, coefficients = present
    return radial, energies, coefficients


def _settings(file: _core.MtpFile, radial: F64, numbers: Sequence[int]) -> dict[str, Any]:
    """Complete settings of the family."""
    places = {z: k for k, z in enumerate(numbers)}
    elements = sorted(places)
    pairs = [radial[places[a], places[b]] for a in elements for b in elements]
    names = ordered_pairs(elements)
    return {
        "elements": elements,
        "scalars": scalars_of(file),
        "radial": {
            "polynomials": "chebyshev",
            "scaling": file.scaling,
            "ranges": {name: [*file.range, 0.0] for name in names},
            "coefficients": {name: own.tolist() for name, own in zip(names, pairs, strict=True)},
        },
    }

"""JSON files of the `uf3` Python package (version 0.4): reading and writing.

The file is one object. `coefficients` maps an element to the energy of the free atom (eV), `A-B` to the coefficients
of a pair (once per direction, as in `.uf3` files) and `A-B-C`, centre first, to nested lists along r_ij, r_ik and r_jk;
`knots` (and `knots_map`, the same) maps pairs to knots in Å and triplets to those of r_ij, r_ik and r_jk. The package
orders the symbols of a key by atomic number, earlier versions by electronegativity; both are read. The format holds no
core repulsion.

Source: S. R. Xie, M. Rupp, R. G. Hennig, doi:10.1038/s41524-023-01092-7.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from ferrip.errors import ModelFileError
from ferrip.modelfile import replace_file
from ferrip.models.reading import reading
from ferrip.models.uf3_file import MAX_COEFFICIENTS, MAX_FUNCTIONS, Block, blocks_of, left_out, potential_of

if TYPE_CHECKING:
    from ferrip.potential import Potential

F64 = NDArray[np.float64]

EXTENSION = ".json"


def load(path: str | os.PathLike[str]) -> Potential:
    """The potential in a JSON file of the `uf3` package, exactly.

    Raises
    ------
    ModelFileError
        If the file cannot be read or is not such a file (the message names the file and the entry).
    """
    name = os.fspath(path)
    with reading(name):
        try:
            document = json.loads(Path(name).read_bytes())
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise ModelFileError(f"not a JSON file: {error}") from None
        blocks, e0 = parse(document)
        potential = potential_of(blocks, name)
    return replace(potential, e0={z: e0.get(z, 0.0) for z in potential.elements})


def parse(document: Any) -> tuple[list[Block], dict[int, float]]:
    """The splines of a file, and the energies of free atoms in eV by atomic number.

    Raises
    ------
    ModelFileError
        If the document is not of this format (the message names the entry).
    """
    coefficients = _entry(document, "coefficients")
    knots = _entry(document, "knots" if "knots" in document else "knots_map")
    blocks: dict[tuple[int, ...], Block] = {}
    e0: dict[int, float] = {}
    for key, values in coefficients.items():
        elements = _elements(key)
        if len(elements) == 1:
            e0[elements[0]] = float(_array(f"coefficients of {key}", values, 0))
            continue
        if key not in knots:
            raise ModelFileError(f"knots: none for {key}")
        block = _block(key, elements, values, knots[key])
        if block.elements in blocks:
            raise ModelFileError(f"coefficients: {key} is given twice")
        blocks[block.elements] = block
    if not blocks:
        raise ModelFileError("coefficients: no pair or triplet")
    return list(blocks.values()), e0


def save(potential: Potential, path: str | os.PathLike[str]) -> list[str]:
    """Write a potential of the family `uf3` as a JSON file of the `uf3` package.

    Returns
    -------
    list of str
        What the file leaves out, one line each; empty if it is complete.

    Raises
    ------
    SettingsError
        If the potential is of another family.
    """
    blocks = blocks_of(potential, path)
    coefficients: dict[str, Any] = {chemical_symbols[z]: float(potential.e0[z]) for z in potential.elements}
    knots: dict[str, Any] = {}
    for block in blocks:
        key = "-".join(chemical_symbols[z] for z in block.elements)
        pair = len(block.elements) == 2
        coefficients[key] = (0.5 * block.coefficients if pair else block.coefficients).tolist()
        axes = [axis.tolist() for axis in block.knots]
        knots[key] = axes[0] if pair else axes
    document = {
        "coefficients": coefficients,
        "knots": knots,
        "knots_map": knots,
        "knot_strategy": "linear",
        "offset_1b": True,
        "leading_trim": 0,
        "trailing_trim": 3,
        "element_list": potential.symbols,
        # Bodies, not the degree of the splines.
        "degree": max(len(block.elements) for block in blocks),
    }
    replace_file(Path(path), (json.dumps(document) + "\n").encode())
    return [note for note in left_out(potential) if not note.startswith("energies")]


def _entry(document: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(document, dict) or not isinstance(document.get(name), dict):
        raise ModelFileError(f"no JSON of the uf3 package: expected an object {name!r}")
    return document[name]


def _elements(key: str) -> tuple[int, ...]:
    symbols = key.split("-")
    if not 1 <= len(symbols) <= 3 or any(atomic_numbers.get(symbol, 0) == 0 for symbol in symbols):
        raise ModelFileError(f"{key[:20]!r}: expected one to three chemical symbols joined by '-'")
    return tuple(atomic_numbers[symbol] for symbol in symbols)


def _array(what: str, values: Any, dimensions: int) -> F64:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ModelFileError(f"{what}: expected numbers in lists of equal length") from None
    if array.ndim != dimensions or array.size > MAX_COEFFICIENTS:
        raise ModelFileError(f"{what}: expected {dimensions} dimensions, got {array.ndim}")
    if not np.isfinite(array).all():
        raise ModelFileError(f"{what}: a number is not finite")
    return array


def _block(key: str, elements: tuple[int, ...], values: Any, knots: Any) -> Block:
    n_axes = 1 if len(elements) == 2 else 3
    if n_axes == 3 and not (isinstance(knots, list) and len(knots) == 3):
        raise ModelFileError(f"knots of {key}: expected three lists")
    axes = [_array(f"knots of {key}", axis, 1) for axis in ([knots] if n_axes == 1 else knots)]
    tensor = _array(f"coefficients of {key}", values, n_axes)
    wanted = tuple(len(axis) - 4 for axis in axes)
    if tensor.shape != wanted or max(wanted) > MAX_FUNCTIONS:
        raise ModelFileError(f"coefficients of {key}: expected {wanted} for these knots, got {tensor.shape}")
    if len(elements) == 2:
        return Block(elements=(min(elements), max(elements)), knots=(axes[0],), coefficients=2.0 * tensor)
    center, first, second = elements
    if first > second:
        axes[:2], tensor = axes[1::-1], tensor.transpose(1, 0, 2)
    if first == second and not (
        np.array_equal(axes[0], axes[1]) and np.array_equal(tensor, tensor.transpose(1, 0, 2))
    ):
        raise ModelFileError(f"coefficients of {key}: not symmetric in the two neighbors")
    ordered = (center, min(first, second), max(first, second))
    return Block(elements=ordered, knots=tuple(axes), coefficients=tensor)

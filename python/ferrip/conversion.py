"""From one potential file to another, by extension; fewer elements; repulsion added to imported potentials."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from ferrip import _core
from ferrip.errors import SettingsError
from ferrip.modelfile import replace_file
from ferrip.models import ace_subset, mtp_file, pace, uf3_file, uf3_json
from ferrip.models import family as find_family
from ferrip.models.family import matching_columns, network_inputs
from ferrip.models.gap import Gap
from ferrip.models.gap_subset import fewer_elements
from ferrip.models.mtp import Mtp
from ferrip.models.mtp_radial import ordered_pairs
from ferrip.models.pair_potential import PairPotential
from ferrip.models.pair_terms import among, beyond_zbl
from ferrip.models.uf3 import Uf3

if TYPE_CHECKING:
    from ferrip.network import Network
    from ferrip.potential import Potential

F64 = NDArray[np.float64]

WRITTEN = (".ferrip", ".yace", ".uf3", ".json", *mtp_file.EXTENSIONS)
"""Extensions of the files that are written."""
PAIR_SUFFIX = ".pair.yace"
"""End of the name of a second `.yace` file, for pair functions that reach further than the products."""


def write(
    potential: Potential, path: str | os.PathLike[str], *, untrained: bool = False
) -> tuple[list[str], list[str]]:
    """Write a potential in the format of the path's extension.

    Parameters
    ----------
    potential
        The potential.
    path
        Destination, `.ferrip`, `.yace`, `.uf3`, `.json` (of the `uf3` package), `.mtp` or `.almtp`.
    untrained
        Whether to leave out all coefficients (`.mtp` and `.almtp` only), as in the files that MLIP trains.

    Returns
    -------
    (files, notes)
        Names of the files, and what the format could not express.

    Raises
    ------
    SettingsError
        For another extension, a potential that the format cannot hold, or a format that is always trained.

    Examples
    --------
    >>> files, notes = write(ferrip.load("Si.ferrip"), "Si.yace")  # doctest: +SKIP
    """
    target = Path(path)
    if untrained and target.suffix not in mtp_file.EXTENSIONS:
        raise SettingsError(f"untrained: only {' and '.join(mtp_file.EXTENSIONS)} files can be, not {target}")
    if target.suffix == ".ferrip":
        potential.save(target)
        return [str(target)], []
    _check_exportable(potential, target)
    if target.suffix == uf3_file.EXTENSION:
        return [str(target)], uf3_file.save(potential, target)
    if target.suffix == uf3_json.EXTENSION:
        return [str(target)], uf3_json.save(potential, target)
    if target.suffix in mtp_file.EXTENSIONS:
        return [str(target)], mtp_file.save(potential, target, untrained=untrained)
    if target.suffix != ".yace":
        raise SettingsError(
            f"{target}: can write {', '.join(WRITTEN[:-1])} and {WRITTEN[-1]}, not {target.suffix or 'this'!r}"
        )
    if potential.family == pace.Pace.name and not potential.pairs:
        texts, notes = {target: str(potential.settings["yace"])}, []
    else:
        texts, notes = _exported(potential, target)
    for file, text in texts.items():
        replace_file(file, text.encode())
    return [str(file) for file in texts], notes


def _check_exportable(potential: Potential, target: Path) -> None:
    """Raises SettingsError for what is in no file of another program."""
    if potential.added:
        raise SettingsError(f"{target}: a sum of potentials can be written as .ferrip only")
    others = beyond_zbl(potential.pairs)
    if others:
        raise SettingsError(f"{target}: {others[0][2]} functions can be written as .ferrip only")


def _exported(potential: Potential, target: Path) -> tuple[dict[Path, str], list[str]]:
    if "species_weights" in potential.settings:
        potential = with_species_resolved(potential)
    descriptor = potential.descriptor
    if not isinstance(descriptor, _core.Descriptor):
        raise SettingsError(f"{target}: a potential of the family {potential.family!r} is no ACE")
    text, pair, notes = _core.export_pace(descriptor, potential.readout(), potential.pairs)
    texts = {target: text}
    if pair is not None:
        second = target.with_suffix(PAIR_SUFFIX)
        texts[second] = pair
        symbols = " ".join(potential.symbols)
        notes = [
            *notes,
            f"LAMMPS: pair_coeff * * pace 1 {target} {symbols}; pair_coeff * * pace 2 {second} {symbols}",
        ]
    return texts, notes


def with_repulsion(potential: Potential) -> Potential:
    """The potential with ZBL core repulsion between all its elements, switched off well inside bonds.

    Raises
    ------
    SettingsError
        If it has one already.
    """
    if len(beyond_zbl(potential.pairs)) < len(potential.pairs):
        raise SettingsError("repulsion: this potential has ZBL core repulsion already")
    return replace(potential, pairs=(*potential.pairs, *_core.zbl_defaults(potential.elements)))


def with_species_resolved(potential: Potential) -> Potential:
    """The same energies and forces from factors of one neighbor species each, instead of an element embedding.

    Parameters
    ----------
    potential
        A potential with an element embedding. The number of functions grows to (elements)^order.
    """
    embedded = cast("_core.Descriptor", potential.descriptor)
    dropped = ("species_weights", "contrast_degree", "degrees")
    settings = {name: value for name, value in potential.settings.items() if name not in dropped}
    settings["functions"] = [[list(factor) for factor in one] for one in embedded.resolved_functions()]
    descriptor = find_family(potential.family).descriptor(settings)
    rows = np.atleast_2d(potential.coefficients)
    resolved = np.stack(
        [embedded.resolve_coefficients(descriptor, np.ascontiguousarray(row)) for row in rows]
    )
    return replace(
        potential,
        descriptor=descriptor,
        settings=settings,
        coefficients=resolved.reshape(*potential.coefficients.shape[:-1], -1),
        posterior_factor=None,
    )


def with_elements(potential: Potential, symbols: Sequence[str]) -> Potential:
    """The potential of fewer elements: for structures of these, energies and forces are the same.

    Parameters
    ----------
    potential
        The potential.
    symbols
        Symbols of the elements to keep.

    Raises
    ------
    SettingsError
        For an element that the potential does not know, or a family that cannot be cut down.

    Examples
    --------
    >>> with_elements(ferrip.load("NbMoTaW.ferrip"), ["Mo", "W"]).symbols  # doctest: +SKIP
    ['Mo', 'W']
    """
    unknown = [symbol for symbol in symbols if symbol not in potential.symbols]
    if unknown or not symbols:
        known = ", ".join(potential.symbols)
        raise SettingsError(f"elements: {', '.join(unknown) or 'none given'}; this potential knows {known}")
    kept = sorted({atomic_numbers[symbol] for symbol in symbols})
    common: dict[str, Any] = {
        "metadata": _metadata(potential.metadata, kept),
        "pairs": tuple(among(potential.pairs, kept)),
        "added": tuple(with_elements(other, symbols) for other in potential.added),
    }
    if potential.family == pace.Pace.name:
        text = _core.pace_subset(cast("str", potential.settings["yace"]), kept)
        return replace(pace.from_text(text, "yace"), **common)
    settings, scale = _subset(potential, kept)
    descriptor = find_family(potential.family).descriptor(settings)
    columns = matching_columns(potential.descriptor, descriptor)
    factor, embeddings = potential.posterior_factor, potential.embeddings
    numbers = np.arange(potential.coefficients.size).reshape(potential.coefficients.shape)
    rows = numbers[..., columns].ravel()
    return replace(
        potential,
        descriptor=descriptor,
        settings=settings,
        coefficients=np.ascontiguousarray(potential.coefficients[..., columns]) * scale,
        e0={z: potential.e0[z] for z in kept},
        posterior_factor=None if factor is None else factor[rows] * np.resize(scale, (len(rows), 1)),
        embeddings=None if embeddings is None else {z: embeddings[z] for z in kept},
        networks=_networks(potential, columns, kept),
        direct=_direct(potential, columns, kept),
        **common,
    )


def _networks(potential: Potential, columns: Sequence[int], kept: Sequence[int]) -> dict[int, Network] | None:
    """The networks of the kept elements on the kept columns."""
    if potential.networks is None:
        return None
    found = {}
    for z in kept:
        own = network_inputs(potential.descriptor, z, potential.networks[z].n_inputs)
        within = [column - own.start for column in columns if own.start <= column < own.stop]
        found[z] = potential.networks[z].on(within)
    return found


def _direct(potential: Potential, columns: Sequence[int], kept: Sequence[int]) -> dict[int, F64] | None:
    """The weights of direct forces of the kept elements on the kept columns."""
    if potential.direct is None:
        return None
    found = {}
    for z in kept:
        first, last = potential.descriptor.feature_range(z)
        within = [column - first for column in columns if first <= column < last]
        found[z] = np.ascontiguousarray(potential.direct[z][:, within])
    return found


def _subset(potential: Potential, kept: Sequence[int]) -> tuple[dict[str, Any], F64]:
    """Settings for fewer elements, and factors on the coefficients."""
    if potential.family == Gap.name:
        return fewer_elements(potential.settings, kept)
    if potential.family == PairPotential.name:
        return {"elements": [int(z) for z in kept]}, np.ones(1)
    subset = {Uf3.name: _uf3_settings, Mtp.name: _mtp_settings}.get(potential.family, _ace_settings)
    return subset(potential, kept), np.ones(1)


def _uf3_settings(potential: Potential, kept: Sequence[int]) -> dict[str, Any]:
    """Settings with the splines among fewer elements."""
    settings = dict(potential.settings)
    settings["elements"] = [int(z) for z in kept]
    for kind in ("pairs", "triplets"):
        settings[kind] = [entry for entry in settings[kind] if set(entry["elements"]) <= set(kept)]
    if "densities" in settings:
        settings["densities"] = [
            entry | {"neighbors": [one for one in entry["neighbors"] if one["element"] in kept]}
            for entry in settings["densities"]
            if entry["center"] in kept
        ]
    return settings


def _mtp_settings(potential: Potential, kept: Sequence[int]) -> dict[str, Any]:
    """Settings with the radial functions among fewer elements."""
    radial, names = potential.settings["radial"], ordered_pairs(kept)
    tables = {table: {name: radial[table][name] for name in names} for table in ("ranges", "coefficients")}
    return {**potential.settings, "elements": [int(z) for z in kept], "radial": {**radial, **tables}}


def _ace_settings(potential: Potential, kept: Sequence[int]) -> dict[str, Any]:
    """Settings of the same basis for fewer elements."""
    if not {"elements", "r0"} <= potential.settings.keys():
        raise SettingsError(f"elements: a potential of the family {potential.family!r} cannot be cut down")
    return ace_subset.fewer_elements(potential.settings, kept)


def _metadata(metadata: Mapping[str, Any], kept: Sequence[int]) -> dict[str, Any]:
    """Metadata without the pairs of distances that hold a dropped element."""
    names = {chemical_symbols[z] for z in kept}
    distances = metadata.get("minimum_distances", {})
    fewer = {pair: r for pair, r in distances.items() if set(pair.split("-")) <= names}
    return {**metadata, **({"minimum_distances": fewer} if distances else {})}

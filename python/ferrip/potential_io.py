"""From `Potential` to the `.ferrip` file and back; files of other programs by their extension."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import atomic_numbers, chemical_symbols

from ferrip import _core, direct, modelfile, network, settingsfile
from ferrip.errors import FerripError, ModelFileError
from ferrip.models import family as find_family
from ferrip.models import mtp_file, pace, pair_terms, uf3_file, uf3_json
from ferrip.models.nn import Nn
from ferrip.readout import Embedding

if TYPE_CHECKING:
    from ferrip._core import PairTerm
    from ferrip.models.family import Descriptor
    from ferrip.potential import Potential

FOREIGN = {
    **dict.fromkeys(pace.EXTENSIONS, pace.load),
    **dict.fromkeys(mtp_file.EXTENSIONS, mtp_file.load),
    uf3_file.EXTENSION: uf3_file.load,
    uf3_json.EXTENSION: uf3_json.load,
}
"""Extension → reader of the files of other programs."""


def save(potential: Potential, path: str | os.PathLike[str]) -> None:
    """Write `potential` to `path`; see `ferrip.modelfile` for the layout."""
    modelfile.write(path, *content(potential))


def content(potential: Potential) -> tuple[dict[str, Any], modelfile.Arrays]:
    """JSON header and arrays of the potential's model file."""
    settings, of_settings = settingsfile.split(potential.settings)
    arrays: modelfile.Arrays = {"coefficients": potential.coefficients, **of_settings}
    if potential.posterior_factor is not None:
        # coefficients of kernels cancel each other, beyond single precision
        precision = np.float64 if of_settings else np.float32
        arrays["posterior_factor"] = potential.posterior_factor.astype(precision)
    if potential.core is not None:
        arrays["core"] = potential.core
    header = _header(potential, settings)
    if potential.added:
        header["added"] = []
    if potential.networks is not None:
        by_symbol = {chemical_symbols[z]: one for z, one in potential.networks.items()}
        header["networks"], of_networks = network.to_arrays(by_symbol)
        arrays |= of_networks
    for z, weights in (potential.direct or {}).items():
        arrays[f"{direct.PREFIX}/{chemical_symbols[z]}"] = weights
    for k, other in enumerate(potential.added):
        document, parts = content(other)
        header["added"].append(document)
        arrays |= {modelfile.added_prefix(k) + name: array for name, array in parts.items()}
    return header, arrays


def _header(potential: Potential, settings: dict[str, Any]) -> dict[str, Any]:
    from ferrip.potential import UNITS

    document: dict[str, Any] = {
        "format_version": modelfile.FORMAT_VERSION,
        "library_version": _core.__version__,
        "family": potential.family,
        "settings": settings,
        "elements": potential.symbols,
        "units": UNITS,
        "cutoff": potential.cutoff,
        "e0": {chemical_symbols[z]: energy for z, energy in potential.e0.items()},
        "pairs": pair_terms.to_json(potential.pairs),
        "fingerprint": fingerprint(potential.descriptor),
        "metadata": dict(potential.metadata),
    }
    if potential.embeddings is not None:
        document["embeddings"] = {
            chemical_symbols[z]: embedding.to_json() for z, embedding in potential.embeddings.items()
        }
        document["bin_width"] = potential.bin_width
    return document


def load(path: str | os.PathLike[str], *, species: Sequence[str] | None = None) -> Potential:
    """The potential in a `.ferrip` file, or in a file of another program.

    Those are `.yace`, `.ace` and pacemaker's `.yaml` (ACE), `.uf3` of LAMMPS and `.json` of the `uf3` package (UF3),
    `.mtp` and `.almtp` of MLIP (MTP).

    Parameters
    ----------
    path
        The file.
    species
        Chemical symbols of the species of a file of MLIP, in their order, where it does not name them.

    Raises
    ------
    ModelFileError
        If the file is missing, truncated, corrupt, of another version, or its descriptor cannot be rebuilt.
    """
    if Path(path).suffix in mtp_file.EXTENSIONS:
        return mtp_file.load(path, species)
    if species is not None:
        raise ModelFileError(f"{os.fspath(path)}: species are for files of MLIP, which do not name them")
    foreign = FOREIGN.get(Path(path).suffix)
    if foreign is not None:
        return foreign(path)
    header, arrays = modelfile.read(path)
    try:
        return _build(header, arrays)
    except (FerripError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = str(error) or type(error).__name__
        raise ModelFileError(f"{os.fspath(path)}: {reason}") from None


def _build(header: dict[str, Any], arrays: modelfile.Arrays) -> Potential:
    from ferrip.potential import Potential

    posterior = arrays.get("posterior_factor")
    embeddings, bin_width = header.get("embeddings"), header.get("bin_width")
    settings = settingsfile.joined(header["settings"], arrays)
    networks = network.from_arrays(header.get("networks", {}), arrays)
    potential = Potential(
        family=header["family"],
        descriptor=find_family(header["family"]).descriptor(settings),
        settings=settings,
        coefficients=arrays["coefficients"],
        e0={atomic_numbers[symbol]: float(energy) for symbol, energy in header["e0"].items()},
        pairs=tuple(pairs_of(header)),
        metadata=header["metadata"],
        posterior_factor=None if posterior is None else posterior.astype(np.float64),
        embeddings=None
        if embeddings is None
        else {atomic_numbers[symbol]: Embedding.from_json(one) for symbol, one in embeddings.items()},
        core=arrays.get("core"),
        bin_width=None if bin_width is None else float(bin_width),
        networks={atomic_numbers[symbol]: one for symbol, one in networks.items()} or None,
        direct=_direct(header, arrays),
        added=tuple(_build(*part) for part in modelfile.added_parts(header, arrays)),
    )
    if fingerprint(potential.descriptor) != header["fingerprint"]:
        raise ModelFileError("this version of ferrip builds another basis from the stored settings")
    if potential.symbols != header["elements"] or set(potential.e0) != set(potential.elements):
        raise ModelFileError("elements and E0 do not match the descriptor")
    if posterior is not None and (posterior.ndim != 2 or len(posterior) != potential.coefficients.size):
        raise ModelFileError("posterior_factor does not match the coefficients")
    return potential


def _direct(header: Mapping[str, Any], arrays: modelfile.Arrays) -> dict[int, Any] | None:
    """Weights of direct forces, where the settings say that forces are such."""
    if header["family"] != Nn.name or header["settings"].get("forces") != "direct":
        return None
    return {atomic_numbers[symbol]: arrays[f"{direct.PREFIX}/{symbol}"] for symbol in header["elements"]}


def pairs_of(header: Mapping[str, Any]) -> list[PairTerm]:
    """The pair functions of a header of any format."""
    if header["format_version"] < modelfile.FIRST_WITH_PAIRS:
        return [
            pair_terms.zbl(int(a), int(b), float(inner), float(outer))
            for a, b, inner, outer in header["repulsion"]
        ]
    return pair_terms.from_json(header["pairs"])


def fingerprint(descriptor: Descriptor) -> dict[str, Any]:
    """Number of features and digest of the feature table."""
    table = [
        [int(center), [[int(v) for v in factor] for factor in factors]]
        for center, factors in descriptor.feature_table()
    ]
    digest = hashlib.sha256(json.dumps(table).encode()).hexdigest()
    return {"n_features": descriptor.n_features, "sha256": digest}

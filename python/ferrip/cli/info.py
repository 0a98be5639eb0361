"""`ferrip info`: what is in a potential file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ferrip.cli.console import JsonFlag, print_json, show, show_facts


def info(
    potential: Annotated[
        Path, typer.Argument(help="Potential file (.ferrip, .yace, .ace, .yaml, .uf3, .json, .mtp, .almtp).")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Print what a potential file holds: elements, settings, errors, provenance."""
    from ferrip.models.pair_terms import beyond_zbl, described
    from ferrip.potential_io import pairs_of

    header, arrays = _content(potential)
    if as_json:
        print_json(header | {"arrays": {name: list(array.shape) for name, array in arrays.items()}})
        return
    metadata = header["metadata"]
    fit = metadata.get("fit", {})
    pairs = pairs_of(header)
    others = beyond_zbl(pairs)
    repulsion = {"ZBL": len(others) < len(pairs), "ML-PACE's": "core" in arrays}
    rows = {
        "family": f"{header['family']} {fit.get('size', '')}",
        "elements": ", ".join(header["elements"]),
        "functions": _functions(header, arrays),
        "kernels": _kernels(header, arrays),
        "embeddings": _embeddings(header.get("embeddings", {})),
        "networks": _networks(header.get("networks", {}), arrays),
        "forces": ""
        if _conservative(header)
        else "direct: not derivatives of the energy (not conservative), no stress",
        "cutoff": f"{header.get('cutoff', float('nan')):.3f} Å",
        "E0": ", ".join(f"{symbol} {energy:.6g} eV" for symbol, energy in header["e0"].items()),
        "E0 from": ", ".join(f"{symbol}: {source}" for symbol, source in fit.get("e0_source", {}).items()),
        "core repulsion": " and ".join(name for name, there in repulsion.items() if there) or "none",
        "pair functions": "; ".join(described(term) for term in others),
        "plus": "; ".join(
            f"{other['family']} ({arrays[f'added/{k}/coefficients'].shape[-1]} functions)"
            for k, other in enumerate(header.get("added", []))
        ),
        "weights": _weights(fit),
        "noise": _noise(fit.get("evidence") or {}),
        "stress labels": fit.get("stress", ""),
        "uncertainty": "yes" if "posterior_factor" in arrays or _committee(header) else "no",
        "minimum distances": ", ".join(
            f"{pair} {distance:.3f} Å" for pair, distance in metadata.get("minimum_distances", {}).items()
        ),
        "training data": _training_data(metadata.get("training_data", {})),
        "DFT": ", ".join(f"{name} {' / '.join(values)}" for name, values in metadata.get("dft", {}).items()),
        "cite": ", ".join(metadata.get("citations", [])),
        "written by": f"ferrip {header['library_version']} (format {header['format_version']})",
    }
    show_facts({name: text for name, text in rows.items() if text})
    _show_errors(metadata.get("metrics", {}))


def _content(path: Path) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Header and arrays of a model file, or those that an imported file would have."""
    from ferrip import modelfile, potential_io

    if path.suffix in potential_io.FOREIGN:
        return potential_io.content(potential_io.load(path))
    return modelfile.read(path)


def _functions(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> str:
    features = header.get("settings", {}).get("features")
    return f"{arrays['coefficients'].shape[-1]}" + (f" ({features})" if features else "")


def _kernels(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> str:
    from ferrip import settingsfile
    from ferrip.models.family import SparseFamily, family

    own = family(header["family"])
    return (
        own.described(settingsfile.joined(header["settings"], arrays))
        if isinstance(own, SparseFamily)
        else ""
    )


def _weights(fit: Mapping[str, Any]) -> str:
    """Of the rows, as they were chosen, and λ."""
    if not fit.get("weights"):
        return ""
    ridge = f"; λ {fit['ridge']:.3g}" if "ridge" in fit else ""
    return ", ".join(f"{name} {weight:.4g}" for name, weight in fit["weights"].items()) + ridge


def _noise(evidence: Mapping[str, Any]) -> str:
    """Standard deviations of the rows and of the parts of the prior, by marginal likelihood."""
    if not evidence:
        return ""
    noise = ", ".join(f"{name} {sigma:.3g}" for name, sigma in evidence["noise"].items())
    amplitudes = ", ".join(f"{one:.3g}" for one in evidence["amplitudes"])
    return f"{noise}; amplitudes {amplitudes} (−log p {evidence['minus_log_evidence']:.1f})"


def _embeddings(embeddings: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{symbol} {one['shape']} " + " ".join(f"{w:g}·ρ^{m:g}" for w, m in one["terms"])
        for symbol, one in embeddings.items()
    )


def _conservative(header: Mapping[str, Any]) -> bool:
    parts = [header, *header.get("added", [])]
    return all(one["settings"].get("forces") != "direct" for one in parts)


def _committee(header: Mapping[str, Any]) -> bool:
    return any(one.get("members", 1) > 1 for one in header.get("networks", {}).values())


def _networks(networks: Mapping[str, Any], arrays: Mapping[str, Any]) -> str:
    from ferrip.network import from_arrays

    return ", ".join(
        f"{symbol} {' – '.join(map(str, [one.n_inputs, *one.widths, 1]))} ({one.activation}"
        f"{f', a committee of {one.members}' if one.members > 1 else ''})"
        for symbol, one in from_arrays(networks, arrays).items()
    )


def _training_data(data: dict[str, Any]) -> str:
    if not data:
        return ""
    sources = ", ".join(data.get("sources", []))
    digest = data.get("sha256", "")[:12]
    return f"{data.get('n_frames')} frames, {data.get('n_atoms')} atoms ({sources}), sha256 {digest}"


def _show_errors(metrics: dict[str, Any]) -> None:
    from ferrip.cli.evaluate import errors_table

    for name, errors in metrics.items():
        show(errors_table(f"{name} errors", errors))

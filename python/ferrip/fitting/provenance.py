"""Where a potential comes from: the metadata of its file."""

from __future__ import annotations

from typing import Any

from ase.data import chemical_symbols

from ferrip.fitting.evidence import Evidence
from ferrip.fitting.problem import Problem
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.rows import has_stress

ZBL_CITATION = "10.1007/978-1-4615-8103-1_3"


def of_solution(solution: LinearFit) -> dict[str, Any]:
    """What a linear fit found, as JSON types."""
    return {
        "n_functions": len(solution.coefficients),
        "ridge": solution.ridge,
        "weights": dict(solution.weights or {}),
        "effective_parameters": solution.effective_parameters,
        "noise_variance": solution.noise_variance,
        "evidence": None if solution.evidence is None else _evidence(solution.evidence),
    }


def metadata(problem: Problem, found: dict[str, Any], stress_note: str) -> dict[str, Any]:
    """Provenance of the potential with what its fit found, as JSON types."""
    frames = problem.frames
    dft: dict[str, list[str]] = {}
    for frame in frames:
        for name, value in frame.metadata.items():
            if value not in dft.setdefault(name, []):
                dft[name].append(value)
    return {
        "fit": {
            "model": problem.family.name,
            "size": problem.size,
            "settings": problem.settings.model_dump(mode="json"),
            **found,
            "stress": stress_note if any(map(has_stress, frames)) else "no labels",
            "e0_source": problem.e0_source,
        },
        "training_data": {
            "sha256": problem.frames_hash,
            "n_frames": len(frames),
            "n_atoms": sum(len(frame.numbers) for frame in frames),
            "sources": sorted({str(frame.source) for frame in frames}),
        },
        "minimum_distances": {
            f"{chemical_symbols[a]}-{chemical_symbols[b]}": distance
            for (a, b), distance in problem.distances.minimum.items()
        },
        "dft": dft,
        "citations": [*problem.family.citations, *([ZBL_CITATION] if problem.source.repulsion else [])],
    }


def _evidence(found: Evidence) -> dict[str, Any]:
    """Noise (eV and eV/Å, of weighted rows) of every quantity, amplitudes of the parts of the prior, and −log p."""
    return {
        "noise": dict(found.noise),
        "amplitudes": list(found.amplitudes),
        "minus_log_evidence": found.objective,
    }

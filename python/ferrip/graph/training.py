"""From a problem to the potential of a trained graph network."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from ferrip import _core
from ferrip.data import Frame
from ferrip.fitting import checkpoint as checkpoints
from ferrip.fitting.nonlinear.loss import WeightedLabels
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.provenance import metadata
from ferrip.fitting.rows import n_rows
from ferrip.graph.compiling import compiled
from ferrip.graph.device import torch_device
from ferrip.graph.model import Graph, GraphSample, count, graph_of, numbers
from ferrip.graph.settings import GraphTraining
from ferrip.models.node_features import NodeFeatures
from ferrip.potential import Potential
from ferrip.training.held_out import held_out
from ferrip.training.loop import start
from ferrip.training.resuming import resumed
from ferrip.training.samples import labels

F64 = NDArray[np.float64]


def trained(
    problem: Problem,
    settings: GraphTraining,
    reporter: Reporter,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Potential:
    """The potential of the best epoch.

    Raises
    ------
    Interrupted
        After Ctrl-C or SIGTERM.
    """
    torch.set_num_threads(_core.resolve_threads(problem.source.num_threads))
    torch.manual_seed(settings.seed)
    direct = problem.resolved.get("forces") == "direct"
    stress_note = problem.stress_note or ("left out: direct forces have no stress" if direct else None)
    use_stress = stress_note is None
    frames = [frame for frame in problem.frames if not frame.is_isolated_atom]
    given = WeightedLabels.of(problem.source, frames, problem.weights(use_stress=use_stress))
    baseline = problem.source.baseline([frame.structure for frame in frames])
    target = np.where(given.weight > 0, given.target - baseline, 0.0)
    dtype, device = getattr(torch, settings.precision), torch_device(settings.device)
    scale = _scale(frames, target, given.weight)
    binding = _binding(frames, target, given.weight, problem.resolved["elements"])
    features, threads = NodeFeatures.of(problem.resolved), problem.source.num_threads
    resolved = problem.resolved
    if features is not None:
        features = features.standardised([frame.structure for frame in frames], threads)
        resolved = {**resolved, "node_features": {**resolved["node_features"], **features.described()}}
    samples = [
        GraphSample(
            **{
                **graph_of(frame.structure, problem.resolved, features, dtype, threads),
                **labels(target[first:end], given.weight[first:end], dtype),
            }
        ).to(device)
        for frame, (first, end) in zip(frames, _rows(frames), strict=True)
    ]
    neighbors = sum(len(one.centers) for one in samples) / max(1, sum(len(one.species) for one in samples))
    complete = {**resolved, "neighbors": neighbors, "scale": scale, "binding": binding}
    graph = Graph(complete).to(dtype).to(device)
    reporter.note(
        f"{problem.family.name} {problem.size}: {count(complete)} parameters, {neighbors:.1f} neighbors"
    )
    held = held_out(frames, settings.held_out)
    state = start(
        graph,
        [one for one, out in zip(samples, held, strict=True) if not out],
        [one for one, out in zip(samples, held, strict=True) if out],
        settings,
    )
    key = checkpoints.run_key(problem.key, {"network": complete, **settings.model_dump()})
    with compiled(graph, complete, wanted=settings.compile):
        training = resumed(state, samples, held, settings, reporter, checkpoint, key)
    done = replace(
        problem,
        resolved=complete,
        source=replace(problem.source, descriptor=problem.family.descriptor(complete)),
    )
    facts = {
        "n_functions": count(complete),
        "weights": problem.weights(use_stress=use_stress),
        "training": training,
        "conservative": not direct,
    }
    assert isinstance(state.best, Graph)
    return Potential(
        family=problem.family.name,
        descriptor=done.source.descriptor,
        settings=complete,
        coefficients=numbers(state.best),
        e0=problem.source.e0,
        pairs=tuple(problem.source.repulsion),
        metadata=metadata(done, facts, stress_note or "used"),
    )


def _scale(frames: Sequence[Frame], target: F64, weight: F64) -> float:
    """Root mean square of the force labels in eV/Å, times 1 Å; 1 without any."""
    forces = np.concatenate([np.arange(first + 1, end - 6) for first, end in _rows(frames)])
    squares = target[forces[weight[forces] > 0]] ** 2
    return float(np.sqrt(squares.mean())) if len(squares) and squares.any() else 1.0


def _binding(frames: Sequence[Frame], target: F64, weight: F64, elements: Sequence[int]) -> list[float]:
    """Energy of every element in eV above that of a free atom, by least squares; 0 without labels."""
    labelled = [
        (frame, first) for frame, (first, _) in zip(frames, _rows(frames), strict=True) if weight[first]
    ]
    if not labelled:
        return [0.0] * len(elements)
    counts = np.array([[np.sum(frame.numbers == z) for z in elements] for frame, _ in labelled], dtype=float)
    atoms = counts.sum(axis=1)
    energies = np.array([target[first] for _, first in labelled])
    return np.linalg.lstsq(counts / atoms[:, None], energies / atoms, rcond=1e-6)[0].tolist()


def _rows(frames: Sequence[Frame]) -> list[tuple[int, int]]:
    """First row of every frame and the one after its last."""
    ends = np.cumsum([0, *map(n_rows, frames)]).tolist()
    return list(itertools.pairwise(ends))

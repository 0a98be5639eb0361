"""Functions of ACE or SOAP as first features of graph networks: contract, gradients of the loss, training and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph_networks import E0, SMALL, frames, untrained

import ferrip
from ferrip.errors import ModelFileError
from ferrip.models.node_features import NodeFeatures
from ferrip.testing import check_potential
from ferrip.testing.samples import sample_structures


@pytest.mark.parametrize(("model", "kind"), [("schnet", "ace"), ("allegro", "soap")])
def test_contract_with_node_features(model: str, kind: str) -> None:
    check_potential(untrained(model, node_features=kind))


def test_gradients_of_the_loss_through_node_features() -> None:
    torch = pytest.importorskip("torch")
    from ferrip.graph.model import Graph, GraphSample, assign, graph_of

    potential = untrained("painn", node_features="ace")
    settings, dtype = potential.settings, torch.float64
    features, rng = NodeFeatures.of(settings), np.random.default_rng(5)
    graph = Graph(settings).double()
    assign(graph, potential.coefficients)
    batch = []
    for one in sample_structures([1, 8], 4.0)[:3]:
        shapes = {"energy": (1,), "forces": (len(one.structure[0]), 3), "strain": (1, 6)}
        given = {name: torch.tensor(rng.normal(size=shape)) for name, shape in shapes.items()}
        for name, shape in shapes.items():
            given[f"{name}_weight"] = torch.ones(shape if name == "energy" else (shape[0], 1), dtype=dtype)
        batch.append(GraphSample(**given, **graph_of(one.structure, settings, features, dtype)))
    joined = GraphSample.joined(batch)

    def loss() -> Any:
        return joined.squared_error(*graph(joined))

    separate = sum(float(one.squared_error(*graph(one)).detach()) for one in batch)
    assert float(loss().detach()) == pytest.approx(separate, rel=1e-12)
    loss().backward()
    for parameter in (graph.network.embedding.invariants.layer.weight, graph.network.readout[0].weight):
        direction = torch.tensor(rng.normal(size=tuple(parameter.shape)))
        step, found = 1e-5, []
        for sign in (step, -step):
            with torch.no_grad():
                parameter += sign * direction
            found.append(float(loss().detach()))
            with torch.no_grad():
                parameter -= sign * direction
        expected = (found[0] - found[1]) / (2 * step)
        assert float((parameter.grad * direction).sum()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", ["ace", "soap"])
def test_training_with_node_features(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    options: dict[str, Any] = {"progress": False, "num_threads": 1, "e0": E0, "batch": 2, "ema": 0.9}
    fitted = ferrip.fit(
        frames(),
        model="painn",
        node_features=kind,
        epochs=20,
        learning_rate=1e-2,
        **options,
        **SMALL["painn"],
    )
    curve = fitted.metadata["fit"]["training"]["learning_curve"]["training"]
    assert curve[-1] < 0.3 * curve[0]
    features = NodeFeatures.of(fitted.settings)
    assert features is not None
    values = np.concatenate([features.values(ferrip.potential.as_structure(atoms)) for atoms in frames()])
    gold = np.concatenate([atoms.numbers for atoms in frames()]) == 79
    own = slice(*features.descriptor.feature_range(79))
    assert np.allclose(values[gold, own].mean(axis=0), 0.0, atol=1e-9)
    assert not values[~gold, own].any()
    fitted.save(tmp_path / "graph.ferrip")
    atoms = frames(1)[0]
    atoms.calc = ferrip.Calculator(tmp_path / "graph.ferrip")
    assert np.array_equal(atoms.get_forces(), fitted.evaluate(atoms)[0].forces)
    broken = {**fitted.settings, "node_features": {**fitted.settings["node_features"], "factors": [1.0]}}
    with pytest.raises(ModelFileError, match="node_features: expected means and factors of"):
        NodeFeatures.of(broken)

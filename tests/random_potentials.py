"""Potentials of every family with random coefficients, for tests of what must not depend on the family."""

from __future__ import annotations

from functools import cache, reduce
from itertools import pairwise
from operator import add
from typing import Any

import numpy as np
from ase.data import chemical_symbols

from ferrip import _core
from ferrip.fitting.distances import PairDistances
from ferrip.models import family, pace
from ferrip.models.family import many_body, network_inputs
from ferrip.models.gap_features import base_descriptor, directions
from ferrip.network import Network
from ferrip.pair import LennardJones, potential
from ferrip.potential import Potential
from ferrip.readout import Embedding

SETTINGS: dict[str, dict[str, Any]] = {
    "ace": {"cutoff": 4.5, "degree": 6, "n_pair": 4},
    "ace-fs": {"cutoff": 4.5, "degree": 5, "n_pair": 4},
    "mtp": {"cutoff": 4.5, "level": 8},
    "uf3": {
        "density": (2.0,),
        "pair_cutoff": 5.0,
        "triplet_cutoff": 3.5,
        "pair_intervals": 8,
        "triplet_intervals": (4, 4),
    },
    "gap": {"cutoff": 4.5, "n_max": 2, "l_max": 2, "pairs": 4, "linear": "none"},
    "nn": {"cutoff": 4.5, "degree": 6, "n_pair": 4},
    "nn-pairs": {"cutoff": 4.5, "degree": 6, "n_pair": 4, "pair_cutoff": 5.0},
    "nn-soap": {"features": "soap", "cutoff": 4.5, "descriptor": {"n_max": 2, "l_max": 2}},
    "nn-chebyshev": {"features": "chebyshev", "cutoff": 4.5, "descriptor": {"radial_order": 4}},
    "nn-acsf": {"features": "acsf", "cutoff": 4.5, "descriptor": {"radial": 3, "form": "g4"}},
}
OTHERS: dict[str, dict[str, Any]] = {
    "gap-mapped": SETTINGS["gap"] | {"zeta": 2, "basis": "polynomial"},
    "gap-se": SETTINGS["gap"] | {"kernel": "se", "length": 0.7, "decay_length": 2.5},
    "gap-ace": {"features": "ace", "cutoff": 4.5, "degree": 5, "pairs": 4, "linear": "none"},
    "gap-linear": SETTINGS["gap"] | {"linear": "small"},
    "gap-ace-resolved": {
        "linear": "none",
        "features": "ace",
        "kernel": "se",
        "cutoff": 4.5,
        "degree": 4,
        "pairs": 4,
        "species": "resolved",
    },
}
"""Other kinds of a family, which is the first part of their name."""
FAMILIES = [*SETTINGS, *OTHERS, "pace", "pair", "sum"]
SPARSE = 40
"""Environments of GAP per element: more than functions, so that powers of 2 are mapped to these."""
HIDDEN = (7, 5)


@cache
def random_potential(name: str, elements: tuple[int, ...] = (8, 14)) -> Potential:
    """The potential of a family, with core repulsion.

    `"pace"` is one that was exported, `"sum"` of ACE, UF3, GAP and NN; `"gap-mapped"` is a GAP of the second power, and
    others have squared exponentials, products of ACE or linear functions beside kernels.
    """
    if name == "pair":
        return potential({"O-Si": LennardJones(epsilon=0.05, sigma=2.1)}, cutoff=5.0)
    if name == "pace":
        source = _random("ace-fs", elements, species="resolved")
        text, *_ = _core.export_pace(source.descriptor, source.readout(), list(source.pairs))
        return pace.from_text(text, "yace")
    if name == "sum":
        return reduce(add, (random_potential(one, elements) for one in ("ace", "uf3", "gap", "nn")))
    return _random(name, elements)


def _random(name: str, elements: tuple[int, ...], **more: Any) -> Potential:
    given = (SETTINGS | OTHERS)[name] | more
    name = name.split("-")[0] if name in OTHERS else name
    networks = name.startswith("nn")
    own = family("nn" if networks else name)
    distances = PairDistances(minimum={}, nearest={}, neighbors=12.0)
    settings = own.resolve(own.settings_class(**given), "small", list(elements), distances)
    rng = np.random.default_rng(3)
    if name == "gap":
        settings |= _environments(settings, elements, rng)
    descriptor = own.descriptor(settings)
    shape = (2, descriptor.n_features) if name == "ace-fs" else (descriptor.n_features,)
    embedding = Embedding(shape="FinnisSinclairShiftedScaled", terms=((1.0, 1.0), (0.7, 0.5)))
    return Potential(
        family=own.name,
        descriptor=descriptor,
        settings=settings,
        coefficients=0.05 * rng.normal(size=shape),
        e0={z: -0.1 * z for z in elements},
        pairs=tuple(_core.zbl_defaults(list(elements))),
        embeddings=dict.fromkeys(elements, embedding) if name == "ace-fs" else None,
        networks={z: _network(descriptor, z, rng, pairs=name == "nn-pairs") for z in elements}
        if networks
        else None,
    )


def _environments(
    settings: dict[str, Any], elements: tuple[int, ...], rng: np.random.Generator
) -> dict[str, Any]:
    """Random sparse environments, and scales where there are such."""
    below, scaled = base_descriptor(settings), "ace" in settings
    points, scales = {}, {}
    for z in elements:
        columns = many_body(below, z)
        rows = rng.uniform(size=(SPARSE, columns.stop - columns.start))
        scales[chemical_symbols[z]] = rng.uniform(0.0, 0.1, size=rows.shape[1])
        points[chemical_symbols[z]] = directions(rows, scales[chemical_symbols[z]] if scaled else None)
    return {"points": points} | ({"scales": scales} if scaled else {})


def _network(descriptor: Any, z: int, rng: np.random.Generator, *, pairs: bool) -> Network:
    first, last = descriptor.feature_range(z)
    widths = [last - (first if pairs else network_inputs(descriptor, z).start), *HIDDEN, 1]
    layers = [(rng.normal(size=(b, a)) / a**0.5, 0.3 * rng.normal(size=b)) for a, b in pairwise(widths)]
    return Network(activation="gated", layers=layers)

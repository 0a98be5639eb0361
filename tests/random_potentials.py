"""Potentials of every family with random coefficients, for tests of what must not depend on the family."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ferrip import _core
from ferrip.fitting.distances import PairDistances
from ferrip.models import family, pace
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
}
FAMILIES = [*SETTINGS, "pace", "pair", "sum"]


@cache
def random_potential(name: str, elements: tuple[int, ...] = (8, 14)) -> Potential:
    """The potential of a family, with core repulsion; `"pace"` is one that was exported, `"sum"` of ACE and UF3."""
    if name == "pair":
        return potential({"O-Si": LennardJones(epsilon=0.05, sigma=2.1)}, cutoff=5.0)
    if name == "pace":
        source = _random("ace-fs", elements, species="resolved")
        text, *_ = _core.export_pace(source.descriptor, source.readout(), list(source.pairs))
        return pace.from_text(text, "yace")
    if name == "sum":
        return random_potential("ace", elements) + random_potential("uf3", elements)
    return _random(name, elements)


def _random(name: str, elements: tuple[int, ...], **more: Any) -> Potential:
    own = family(name)
    distances = PairDistances(minimum={}, nearest={}, neighbors=12.0)
    settings = own.resolve(own.settings_class(**SETTINGS[name], **more), "small", list(elements), distances)
    descriptor = own.descriptor(settings)
    shape = (2, descriptor.n_features) if name == "ace-fs" else (descriptor.n_features,)
    embedding = Embedding(shape="FinnisSinclairShiftedScaled", terms=((1.0, 1.0), (0.7, 0.5)))
    return Potential(
        family=name,
        descriptor=descriptor,
        settings=settings,
        coefficients=0.05 * np.random.default_rng(3).normal(size=shape),
        e0={z: -0.1 * z for z in elements},
        pairs=tuple(_core.zbl_defaults(list(elements))),
        embeddings=dict.fromkeys(elements, embedding) if name == "ace-fs" else None,
    )

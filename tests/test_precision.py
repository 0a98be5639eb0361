"""Mixed precision: close to double precision on every path, on request only, and refused where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from fitted import copper
from test_cluster import coefficients_of, one_element
from test_evaluator import SPECIES, largest, model, random_structure

from ferrip import Calculator, _core
from ferrip.benchmark import benchmark
from ferrip.errors import SettingsError
from ferrip.md import MDSettings

MIXED = ("mixed", "generic-mixed")


@pytest.mark.parametrize("name", SPECIES)
@pytest.mark.parametrize("path", MIXED)
def test_agrees_with_double_precision(name: str, path: str) -> None:
    d, c, e0, zbl = model(name)
    structure = random_structure(d.elements, 29, 7.1, (True, False, True), seed=5)
    e0 = [e - 4000.0 for e in e0]  # energies of free atoms must not cost digits
    exact = _core.Evaluator(d, c, e0, zbl).compute(structure)
    evaluator = _core.Evaluator(d, c, e0, zbl, path)
    assert evaluator.simd.endswith("-mixed")
    got = evaluator.compute(structure)
    offsets = np.array(e0)[np.searchsorted(d.elements, structure[0])]
    for value, expected in ((got[0] - offsets, exact[0] - offsets), *zip(got[1:], exact[1:], strict=True)):
        assert np.abs(value - expected).max() < 2e-5 * largest(expected)
    assert np.abs(got[0] - exact[0]).max() > 0.0


@pytest.mark.parametrize("path", MIXED)
def test_threads_do_not_matter(path: str) -> None:
    d, c, e0, zbl = model("two")
    structure = random_structure(d.elements, 190, 13.0, (True, True, True), seed=1)
    evaluator = _core.Evaluator(d, c, e0, zbl, path)
    one, two = (evaluator.compute(structure, threads) for threads in (1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_calculator_and_benchmark() -> None:
    from ase.build import bulk

    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.rattle(0.05, seed=2)
    forces = []
    for precision in ("double", "mixed"):
        atoms.calc = Calculator(copper(), precision=precision)
        forces.append(atoms.get_forces())
    assert 0.0 < np.abs(forces[0] - forces[1]).max() < 2e-5 * largest(forces[0])
    assert benchmark(copper(), atoms, seconds=0.0, precision="mixed").simd.endswith("-mixed")


def test_unknown_or_impossible_precision_is_refused() -> None:
    with pytest.raises(SettingsError, match="precision: 'half' is none of double, mixed"):
        Calculator(copper(), precision="half")
    with pytest.raises(SettingsError, match="precision: 'quad'"):
        MDSettings(precision="quad")
    splines = one_element()
    with pytest.raises(SettingsError, match="precision: splines and moment tensors"):
        splines.evaluator(coefficients_of(splines), [0.0], (), "mixed")
    with pytest.raises(SettingsError, match="avx3"):
        _core.Evaluator(*model("one"), "avx3")

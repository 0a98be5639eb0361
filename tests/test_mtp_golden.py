"""Energies, forces and virials of MLIP-2 itself, where ../shared/golden is there."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from ase.data import atomic_numbers

import ferrip
from ferrip import _core
from ferrip.conversion import write
from ferrip.potential import Potential

ROOTS = [parent / "shared" / "golden" / "mtp" for parent in Path(__file__).parents[2:4]]
GOLDEN = next((root for root in ROOTS if root.is_dir()), ROOTS[0])
FILES = sorted(path.name for path in GOLDEN.glob("*.mtp")) if GOLDEN.is_dir() else []

pytestmark = pytest.mark.skipif(not FILES, reason="no ../shared/golden")


def largest(values: np.ndarray) -> float:
    return max(1.0, float(np.abs(values).max()))


def reference(name: str) -> dict:
    return json.loads(gzip.decompress((GOLDEN / f"{Path(name).stem}.json.gz").read_bytes()))


def compare(potential: Potential, frames: list[dict], simd: str | None = None) -> None:
    for frame in frames:
        numbers = np.array([atomic_numbers[symbol] for symbol in frame["symbols"]], dtype=np.int64)
        structure = (numbers, *(np.array(frame[key]) for key in ("positions", "cell", "pbc")))
        energies, forces, virial = (np.array(frame[key]) for key in ("energies", "forces", "virial"))
        e, f, strain = potential.evaluator(simd).compute(structure)
        assert np.abs(e - energies).max() < 1e-9 * largest(energies), frame["name"]
        assert np.abs(f - forces).max() < 1e-8 * largest(forces), frame["name"]
        assert np.abs(-strain - virial).max() < 1e-8 * largest(virial), frame["name"]


@pytest.mark.parametrize("name", FILES or [""])
def test_equals_mlip(name: str, tmp_path: Path) -> None:
    golden = reference(name)
    potential = ferrip.load(GOLDEN / name, species=golden["meta"]["elements"])
    assert "level" in potential.settings["scalars"], "the scalars are not those of the level rule"
    for simd in _core.supported_simd():
        compare(potential, golden["frames"], simd)
    for again in ("again.mtp", "again.ferrip"):
        write(potential, tmp_path / again)
        compare(ferrip.load(tmp_path / again), golden["frames"][:2])


@pytest.mark.parametrize("name", FILES or [""])
def test_products_as_in_the_file(name: str) -> None:
    """Without the level rule the file's own products run."""
    text = (GOLDEN / name).read_text()
    golden = reference(name)
    file = _core.read_mtp(text.encode())
    assert file.rule is not None and file.explicit is None
    values = []
    for scalars in (file, _core.read_mtp(unmatched(text).encode())):
        descriptor = descriptor_of(scalars, len(golden["meta"]["elements"]))
        numbers = np.array([1 + golden["meta"]["elements"].index(s) for s in golden["frames"][5]["symbols"]])
        structure = (numbers, *(np.array(golden["frames"][5][key]) for key in ("positions", "cell", "pbc")))
        values.append(descriptor.values(structure) @ scalars.coefficients)
    assert values[1] == pytest.approx(values[0], rel=1e-10)


def unmatched(text: str) -> str:
    """The same scalars with one more, a product of two components, whose coefficient is 0."""
    counts = {"alpha_moments_count": 1, "alpha_index_times_count": 1, "alpha_scalar_moments": 1}
    out = []
    n = int(next(line.split("=")[1] for line in text.splitlines() if line.startswith("alpha_moments_count")))
    for line in text.splitlines():
        key = line.split("=")[0].strip()
        if key in counts:
            line = f"{key} = {int(line.split('=')[1]) + counts[key]}"
        elif key == "alpha_index_times":
            line = line.rstrip()[:-1] + f", {{1, 2, 1, {n}}}}}"
        elif key == "alpha_moment_mapping":
            line = line.rstrip()[:-1] + f", {n}}}"
        elif key == "moment_coeffs":
            line = line.rstrip()[:-1] + ", 0.0}"
        out.append(line)
    return "\n".join(out)


def descriptor_of(file: _core.MtpFile, n: int) -> _core.MomentDescriptor:
    common = {
        "elements": list(range(1, n + 1)),
        "ranges": [(*file.range, 0.0)] * n**2,
        "coefficients": file.radial_coefficients,
        "scaling": file.scaling,
    }
    if file.rule is not None:
        level, *bounds = file.rule
        names = ("max_radial", "max_rank", "max_factors")
        return _core.MomentDescriptor.level(level=level, **dict(zip(names, bounds, strict=True)), **common)
    names = ("moments", "n_nodes", "products", "scalars")
    return _core.MomentDescriptor.explicit(**dict(zip(names, file.explicit, strict=True)), **common)

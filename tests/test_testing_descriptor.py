"""`check_descriptor` passes a correct descriptor and names what is wrong with a broken one."""

import numpy as np
import pytest
from numpy_descriptor import NumpyDescriptor

from ferrip.testing import CheckError, check_descriptor


@pytest.mark.parametrize("elements", [[14], [8, 14]])
def test_a_correct_descriptor_passes(elements: list[int]) -> None:
    check_descriptor(NumpyDescriptor(elements, 4.0))


class Anisotropic(NumpyDescriptor):
    def values(self, structure, num_threads=None):
        return super().values(structure) * (1 + 1e-6 * structure[1][:, :1] ** 2)


class Handed(NumpyDescriptor):
    """Invariant under rotations, but not under reflections."""

    def values(self, structure, num_threads=None):
        values = super().values(structure)
        if len(values) > 3:
            a, b, c = structure[1][1:4] - structure[1][0]
            values[0, self.feature_range(int(structure[0][0]))[0]] += np.dot(a, np.cross(b, c))
        return values


class OrderDependent(NumpyDescriptor):
    def values(self, structure, num_threads=None):
        values = super().values(structure)
        values[:1] *= 1.5
        return values


class WrongStrain(NumpyDescriptor):
    def jvp(self, structure, positions_dot, strain_dot, num_threads=None):
        return super().jvp(structure, positions_dot, 0.999 * strain_dot)


class WrongGradient(NumpyDescriptor):
    def jvp(self, structure, positions_dot, strain_dot, num_threads=None):
        return super().jvp(structure, 1.0001 * positions_dot, strain_dot)


class WrongAdjoint(NumpyDescriptor):
    def vjp(self, structure, values_bar, num_threads=None):
        positions_bar, strain_bar = super().vjp(structure, values_bar)
        return positions_bar, 1.0001 * strain_bar


class WrongSign(NumpyDescriptor):
    def design(self, structures, num_threads=None):
        rows = super().design(structures)
        rows[1:4] *= -1
        return rows


class Abrupt(NumpyDescriptor):
    """An envelope whose derivative jumps at the cutoff."""

    def radial(self, r):
        x = (r / self.cutoff)[:, None]
        return x * (1 - x) * np.ones(3), (1 - 2 * x) / self.cutoff * np.ones(3)


class Truncated(NumpyDescriptor):
    """No envelope at all."""

    def radial(self, r):
        x = (r / self.cutoff)[:, None]
        return 0.5 + 0 * x * np.ones(3), 0 * x * np.ones(3)


class Mutating(NumpyDescriptor):
    def values(self, structure, num_threads=None):
        structure[1].flags.writeable = True
        structure[1][...] += 1e-12
        return super().values(structure)


class ThreadDependent(NumpyDescriptor):
    def values(self, structure, num_threads=None):
        return super().values(structure) * (1 + 1e-15 * (num_threads or 1))


class ForeignColumns(NumpyDescriptor):
    def values(self, structure, num_threads=None):
        return super().values(structure)[:, ::-1]


class Permissive(NumpyDescriptor):
    def values(self, structure, num_threads=None):
        numbers, *rest = structure
        return super().values((np.where(numbers > 100, self.elements[0], numbers), *rest))


class ForgetsImages(NumpyDescriptor):
    """A lone atom sees only its nearest images."""

    def edges(self, structure):
        i, j, d = super().edges(structure)
        seen = np.linalg.norm(d, axis=1) < (0.7 if len(structure[0]) == 1 else 1.0) * self.cutoff
        return i[seen], j[seen], d[seen]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (Anisotropic, "translation"),
        (Handed, "reflection|permutation"),
        (OrderDependent, "permutation"),
        (WrongStrain, "along strain against finite differences"),
        (WrongGradient, "along positions against finite differences"),
        (WrongAdjoint, "adjoint"),
        (WrongSign, "design rows"),
        (Abrupt, "derivative does not vanish"),
        (Truncated, "the value jumps"),
        (Mutating, "input was changed|read-only"),
        (ThreadDependent, "number of threads"),
        (ForeignColumns, "columns of other elements"),
        (Permissive, "unknown element"),
        (ForgetsImages, "supercell"),
    ],
)
def test_a_broken_descriptor_is_caught(broken: type[NumpyDescriptor], message: str) -> None:
    with pytest.raises((CheckError, ValueError), match=message):
        check_descriptor(broken([8, 14], 4.0))

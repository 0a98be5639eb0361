"""One labelled structure: the unit that data sets, fits and evaluations are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ferrip.errors import DataError

if TYPE_CHECKING:
    from ase import Atoms

    from ferrip.data.labels import LabelKeys

EV_PER_CUBIC_ANGSTROM_IN_GPA = 160.21766208
"""1 eV/Å³ in GPa."""

StructureTuple = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]
"""`(numbers (N,) int64, positions (N, 3), cell (3, 3), pbc (3,) bool)`, as the Rust core takes a structure."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """A structure of N atoms with its DFT labels; the arrays are read-only copies.

    Attributes
    ----------
    numbers : (N,) int64 array
        Atomic numbers, 1 to 118.
    positions : (N, 3) array
        Cartesian positions, Å.
    cell : (3, 3) array
        Lattice vectors in rows, Å; zero rows where there is none.
    pbc : (3,) bool array
        Periodic directions.
    energy : float or None
        Total energy, eV.
    forces : (N, 3) array or None
        Forces −dE/dr, eV/Å.
    stress : (6,) array or None
        (1/V) dE/dε in ASE's sign (positive = tension), eV/Å³, Voigt xx yy zz yz xz xy.
    config_type : str
        Class of the frame; "default" where the data state none.
    weight : float
        Weight of the frame in a fit.
    source, index : str, int
        File as given and the number of the frame in it (from 0).
    metadata : mapping
        What the data state about their DFT: functional, code, pseudopotential, cutoff.
    keys : mapping
        Quantity ("energy", "forces", "stress") → name of the key that its label was read from.

    Raises
    ------
    DataError
        Wrong shapes, atomic numbers outside 1 to 118, a negative or non-finite weight.

    Examples
    --------
    >>> frame = Frame(numbers=[14], positions=[[0, 0, 0]], energy=-157.2)
    >>> frame.n_atoms, frame.label
    (1, 'memory frame 0')
    """

    numbers: NDArray[np.int64]
    positions: NDArray[np.float64]
    cell: NDArray[np.float64] = field(default_factory=lambda: np.zeros((3, 3)))
    pbc: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(3, dtype=bool))
    energy: float | None = None
    forces: NDArray[np.float64] | None = None
    stress: NDArray[np.float64] | None = None
    config_type: str = "default"
    weight: float = 1.0
    source: str = "memory"
    index: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        numbers = self._array("numbers", np.int64, (None,))
        n_atoms = len(numbers)
        if n_atoms and (numbers.min() < 1 or numbers.max() > 118):
            raise DataError(
                f"{self.label}: atomic numbers are 1 to 118, got {numbers.min()} to {numbers.max()}"
            )
        self._array("positions", np.float64, (n_atoms, 3))
        self._array("cell", np.float64, (3, 3))
        self._array("pbc", np.bool_, (3,))
        if self.energy is not None:
            object.__setattr__(self, "energy", float(self._array("energy", np.float64, ())))
        if self.forces is not None:
            self._array("forces", np.float64, (n_atoms, 3))
        if self.stress is not None:
            self._array("stress", np.float64, (6,))
        if not 0.0 <= self.weight < np.inf:
            raise DataError(f"{self.label}: the weight must be finite and not negative, got {self.weight}")
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))
        object.__setattr__(self, "keys", MappingProxyType(dict(self.keys)))

    def _array(self, name: str, dtype: type, shape: tuple[int | None, ...]) -> np.ndarray:
        """Replaces the field by a read-only array after a check of its type and shape."""
        try:
            array = np.array(getattr(self, name), dtype=dtype)
        except (TypeError, ValueError, OverflowError):
            raise DataError(f"{self.label}: {name} is not made of numbers") from None
        if array.ndim != len(shape) or any(
            n is not None and n != m for n, m in zip(shape, array.shape, strict=True)
        ):
            wanted = "a number" if not shape else f"shape {tuple('N' if n is None else n for n in shape)}"
            raise DataError(f"{self.label}: {name} should be {wanted}, got shape {array.shape}")
        array.flags.writeable = False
        object.__setattr__(self, name, array)
        return array

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.numbers)

    @property
    def label(self) -> str:
        """File and frame number, for messages: "file.xyz frame 12"."""
        return f"{self.source} frame {self.index}"

    @property
    def structure(self) -> StructureTuple:
        """`(numbers, positions, cell, pbc)`, the form that `ferrip._core` takes."""
        return self.numbers, self.positions, self.cell, self.pbc

    @property
    def volume(self) -> float | None:
        """Volume of the cell, Å³; None where the cell is not full."""
        volume = abs(float(np.linalg.det(self.cell)))
        return volume if volume > 0.0 else None

    @property
    def is_isolated_atom(self) -> bool:
        """One atom without a periodic direction, or `config_type=IsolatedAtom`; not a one-atom crystal."""
        return self.n_atoms == 1 and (not self.pbc.any() or self.config_type.lower() == "isolatedatom")

    def to_atoms(self) -> Atoms:
        """`ase.Atoms` with the labels as single-point results and `config_type` in `info`."""
        from ase import Atoms
        from ase.calculators.singlepoint import SinglePointCalculator

        atoms = Atoms(numbers=self.numbers, positions=self.positions, cell=self.cell, pbc=self.pbc)
        atoms.info["config_type"] = self.config_type
        labels = {"energy": self.energy, "forces": self.forces, "stress": self.stress}
        results = {name: value for name, value in labels.items() if value is not None}
        if results:
            atoms.calc = SinglePointCalculator(atoms, **results)
        return atoms

    @classmethod
    def from_atoms(
        cls, atoms: Atoms, *, keys: LabelKeys | None = None, source: str = "memory", index: int = 0
    ) -> Frame:
        """Frame of an `ase.Atoms` with labels found as in `ferrip.data.labels`; constraints are ignored.

        Parameters
        ----------
        atoms
            Structure with labels in `info`, `arrays` or the results of its calculator (nothing is computed).
        keys
            Names of the labels where they are not to be found automatically.
        source, index
            File and frame number, for messages.

        Raises
        ------
        DataError
            A label that `keys` asks for is missing, or a label has a wrong shape.
        """
        from ferrip.data.labels import frame_from_atoms

        return frame_from_atoms(atoms, keys=keys, source=source, index=index)

"""libferrip as a C host sees it, through ctypes."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_double, c_int32, c_size_t, c_uint32, c_uint64, c_void_p
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pytest

from ferrip import capi


def library_is_there() -> bool:
    """Whether ferrip was installed by pip, or its C library was put into the source tree."""
    try:
        return bool(files("ferrip"))
    except PackageNotFoundError:
        return any((Path(capi.__file__).parent / "lib").glob("*ferrip*"))


needs_library = pytest.mark.skipif(
    not library_is_there(), reason="ferrip runs from a source tree, not installed"
)

ABI_VERSION = 3


class Arguments(ctypes.Structure):
    """`ferrip_compute_args` of the header."""

    _fields_ = [
        ("abi_version", c_uint32),
        ("struct_size", c_uint32),
        ("num_threads", c_int32),
        ("nlocal", c_int32),
        ("nghost", c_int32),
        ("n_types", c_int32),
        ("x", c_void_p),
        ("type", c_void_p),
        ("species_of_type", c_void_p),
        ("offsets", c_void_p),
        ("neighbors", c_void_p),
        ("inum", c_int32),
        ("index_mask", c_int32),
        ("ilist", c_void_p),
        ("numneigh", c_void_p),
        ("firstneigh", c_void_p),
        ("energies", c_void_p),
        ("forces", c_void_p),
        ("virials", c_void_p),
        ("energy", c_double),
        ("virial", c_double * 6),
        ("list_id", c_uint64),
        ("skin", c_double),
    ]


class CHost:
    """A host that knows atoms, ghosts and lists only; call `load` first."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL(str(capi.library_path()))
        self.library.ferrip_load.argtypes = [c_char_p, c_char_p, POINTER(c_void_p), c_char_p, c_size_t]
        self.library.ferrip_compute.argtypes = [c_void_p, POINTER(Arguments), c_char_p, c_size_t]
        self.library.ferrip_free.argtypes = [c_void_p]
        self.library.ferrip_cutoff.argtypes = [c_void_p]
        self.library.ferrip_cutoff.restype = c_double
        self.library.ferrip_n_elements.argtypes = [c_void_p]
        self.library.ferrip_element.argtypes = [c_void_p, c_int32]
        self.library.ferrip_element.restype = c_char_p
        self.text = ctypes.create_string_buffer(512)
        self.potential = c_void_p()

    def load(self, path: object, simd: bytes | None = None) -> int:
        """Status of `ferrip_load`."""
        name = str(path).encode()
        return self.library.ferrip_load(name, simd, byref(self.potential), self.text, len(self.text))

    def compute(self, arguments: Arguments) -> int:
        """Status of `ferrip_compute`."""
        return self.library.ferrip_compute(self.potential, byref(arguments), self.text, len(self.text))

    @property
    def message(self) -> str:
        """Text of the last failure."""
        return self.text.value.decode()

    @property
    def symbols(self) -> list[str]:
        """Elements of the potential."""
        names = [
            self.library.ferrip_element(self.potential, k)
            for k in range(self.library.ferrip_n_elements(self.potential))
        ]
        return [name.decode() for name in names]


class Atoms:
    """Arrays of a host, with a list in both forms: every atom but itself is a neighbor of a local atom."""

    def __init__(self, positions: np.ndarray, types: np.ndarray, n_local: int) -> None:
        n = len(positions)
        self.positions = np.ascontiguousarray(positions, np.float64)
        self.types = np.ascontiguousarray(types, np.int32)
        self.n_local, self.n_ghost = n_local, n - n_local
        self.neighbors = np.array([[j for j in range(n) if j != i] for i in range(n_local)], np.int32)
        self.offsets = np.arange(n_local + 1, dtype=np.int64) * (n - 1)
        self.ilist = np.arange(n_local, dtype=np.int32)
        self.counts = np.full(n_local, n - 1, np.int32)
        # bits above the index, as LAMMPS has them
        self.marked = self.neighbors | np.int32(1 << 30)
        self.rows = np.array([row.ctypes.data for row in self.marked], np.uintp)
        self.energies, self.forces, self.virials = np.zeros(n), np.zeros((n, 3)), np.zeros((n, 6))

    def arguments(self, form: str, **changes: object) -> Arguments:
        """Arguments with one of the lists, `compressed` or `pointers`."""
        own = Arguments(abi_version=ABI_VERSION, struct_size=ctypes.sizeof(Arguments), num_threads=1)
        own.nlocal, own.nghost = self.n_local, self.n_ghost
        lists = {"x": self.positions, "type": self.types, "energies": self.energies}
        lists |= {"forces": self.forces, "virials": self.virials}
        if form == "compressed":
            lists |= {"offsets": self.offsets, "neighbors": self.neighbors}
        else:
            own.inum, own.index_mask = self.n_local, 0x1FFFFFFF
            lists |= {"ilist": self.ilist, "numneigh": self.counts, "firstneigh": self.rows}
        for name, array in lists.items():
            setattr(own, name, array.ctypes.data)
        for name, value in changes.items():
            setattr(own, name, value)
        return own

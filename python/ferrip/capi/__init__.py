"""Where the C ABI library (`libferrip`) and its header are, for hosts such as LAMMPS plugins.

The library has no Python symbols: a C or C++ program can link or load it without an interpreter.
"""

from ferrip.capi.locations import LIBRARY, include_dir, library_path

__all__ = ["LIBRARY", "include_dir", "library_path"]

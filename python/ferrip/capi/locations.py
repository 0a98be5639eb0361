"""Paths of the shared library and the header inside the installed package."""

import sys
from pathlib import Path

_HERE = Path(__file__).parent
LIBRARY = {"darwin": "libferrip.dylib", "win32": "ferrip.dll"}.get(sys.platform, "libferrip.so")
"""File name of the shared library on this platform."""


def library_path() -> Path:
    """Return the path of the shared library with ferrip's C ABI.

    Returns
    -------
    Path
        Absolute path of `libferrip.so` (or the platform's equivalent).

    Raises
    ------
    FileNotFoundError
        If the package was not installed from a wheel, for example in a source tree.

    Examples
    --------
    >>> import ctypes, ferrip.capi
    >>> library = ctypes.CDLL(str(ferrip.capi.library_path()))
    >>> library.ferrip_abi_version()
    3
    """
    return _existing(_HERE / "lib" / LIBRARY)


def include_dir() -> Path:
    """Return the folder that holds the header `ferrip.h`, for a compiler's `-I`.

    Returns
    -------
    Path
        Absolute path of the folder.

    Raises
    ------
    FileNotFoundError
        If the package was not installed from a wheel, for example in a source tree.

    Examples
    --------
    >>> import ferrip.capi
    >>> (ferrip.capi.include_dir() / "ferrip.h").is_file()
    True
    """
    return _existing(_HERE / "include" / "ferrip.h").parent


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it is made when ferrip is installed (`pip install .`)")
    return path.resolve()

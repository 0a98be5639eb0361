"""Output files are checked before the work whose results they take."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ferrip.errors import SettingsError


def require_writable(path: str | os.PathLike[str]) -> None:
    """Check that a file can be written, without touching what is there.

    Raises
    ------
    SettingsError
        It is a folder, its folder does not exist, or one of them is read-only.
    """
    target = Path(path)
    folder = target.absolute().parent
    if target.is_dir():
        raise SettingsError(f"output: {target} is a folder; name a file")
    if not folder.is_dir():
        raise SettingsError(f"output: there is no directory {folder}")
    if target.exists() and not os.access(target, os.W_OK):
        raise SettingsError(f"output: {target} is read-only")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SettingsError(f"output: {target} cannot be written ({error.strerror or error})") from None

"""The optional dependencies of networks."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from ferrip.errors import SettingsError


def require_torch(model: str, what: str = "is trained", also: Sequence[str] = ()) -> None:
    """Raises SettingsError where torch or another package of `also` is not installed."""
    for package in ("torch", *also):
        if find_spec(package) is None:
            raise SettingsError(
                f"model {model!r} {what} with {package}, which is missing: pip install 'ferrip[torch]'"
            )

"""The one optional dependency of training networks."""

from __future__ import annotations

from importlib.util import find_spec

from ferrip.errors import SettingsError


def require_torch(model: str, what: str = "is trained") -> None:
    """Raises SettingsError where torch is not installed."""
    if find_spec("torch") is None:
        raise SettingsError(
            f"model {model!r} {what} with torch, which is missing: pip install 'ferrip[torch]'"
        )

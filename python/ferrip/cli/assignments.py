"""`--set NAME=VALUE`: settings that have no flag of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ferrip.errors import SettingsError


def assignments(texts: Sequence[str]) -> dict[str, Any]:
    """Settings from `NAME=VALUE`, values read as YAML."""
    import yaml

    result = {}
    for text in texts:
        key, separator, value = text.partition("=")
        try:
            result[key.strip().replace("-", "_")] = yaml.safe_load(value)
        except yaml.YAMLError:
            separator = ""
        if not separator:
            raise SettingsError(f"--set: expected NAME=VALUE, got {text!r}")
    return result


def by_model(texts: Sequence[str], models: Sequence[str]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Settings of all models, from `NAME=VALUE`, and those of single ones, from `MODEL.NAME=VALUE`.

    Raises
    ------
    SettingsError
        For a model that is not among `models`.
    """
    common: dict[str, Any] = {}
    single: dict[str, dict[str, Any]] = {}
    for text in texts:
        model, dot, rest = text.partition(".")
        if not dot or "=" in model:
            common |= assignments([text])
            continue
        if model.strip() not in models:
            raise SettingsError(
                f"--set: {model.strip()!r} is none of the compared models, {', '.join(models)}"
            )
        single.setdefault(model.strip(), {}).update(assignments([rest]))
    return common, single

"""The examples in docstrings run and give what they say."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import ferrip

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(ferrip.__path__, "ferrip.")
    if module.name.rpartition(".")[2] not in ("_core", "__main__")
)

NEED_TORCH = ("ferrip.torchops", "ferrip.fitting.neural", "ferrip.graph", "ferrip.training")
"""Packages with modules that cannot be imported without torch, or e3nn."""


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "ferrip.capi.locations" and not (Path(ferrip.__file__).parent / "capi" / "lib").is_dir():
        pytest.skip("ferrip runs from a source tree, not installed")
    try:
        module = import_module(name)
    except ModuleNotFoundError:
        if name.startswith(NEED_TORCH):
            pytest.importorskip("torch")
            pytest.importorskip("e3nn")
        raise
    monkeypatch.chdir(tmp_path)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, _ = doctest.testmod(module, optionflags=flags)
    assert failed == 0, "see the captured output"

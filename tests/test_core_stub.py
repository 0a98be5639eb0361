"""The type stub `_core.pyi` says what the extension module offers: names, methods and parameters."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType

import pytest

import ferrip
from ferrip import _core

STUB = ast.parse((Path(ferrip.__file__).parent / "_core.pyi").read_text(encoding="utf-8"))


def public(names: object) -> set[str]:
    """Names without a leading underscore."""
    return {name for name in names if not name.startswith("_")}


def stub_definitions(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """Functions and classes of a stub by name."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name: node for node in body if isinstance(node, kinds)}


FUNCTIONS = {n: d for n, d in stub_definitions(STUB.body).items() if isinstance(d, ast.FunctionDef)}
CLASSES = {n: d for n, d in stub_definitions(STUB.body).items() if isinstance(d, ast.ClassDef)}
PUBLIC_CLASSES = public(CLASSES)


def stub_members(node: ast.ClassDef) -> dict[str, ast.stmt]:
    """Definitions of a class and of its bases in the stub."""
    inherited: dict[str, ast.stmt] = {}
    for base in node.bases:
        assert isinstance(base, ast.Name)
        inherited |= stub_members(CLASSES[base.id])
    return inherited | stub_definitions(node.body)


METHODS = [
    (class_name, method)
    for class_name in sorted(PUBLIC_CLASSES)
    for method in stub_members(CLASSES[class_name]).values()
    if isinstance(method, ast.FunctionDef)
]


def stub_parameters(function: ast.FunctionDef) -> list[tuple[str, bool, bool]]:
    """(name, keyword-only, has a default) of every parameter but self."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    n_required = len(positional) - len(arguments.defaults)
    parameters = [(a.arg, False, k >= n_required) for k, a in enumerate(positional)]
    parameters += [
        (a.arg, True, d is not None) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return [p for p in parameters if p[0] not in ("self", "cls")]


def actual_parameters(function: object) -> list[tuple[str, bool, bool]]:
    """The same of a function of the module."""
    return [
        (p.name, p.kind is p.KEYWORD_ONLY, p.default is not p.empty)
        for p in inspect.signature(function).parameters.values()
        if p.name not in ("self", "cls")
    ]


def is_property(function: ast.FunctionDef) -> bool:
    """Whether a stub method is a property."""
    return any(isinstance(d, ast.Name) and d.id == "property" for d in function.decorator_list)


def test_the_module_has_exactly_the_names_of_the_stub() -> None:
    assert isinstance(_core, ModuleType)
    assert public(dir(_core)) == public({*FUNCTIONS, *CLASSES})
    assert isinstance(_core.__version__, str)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_the_parameters_of_the_stub(name: str) -> None:
    assert actual_parameters(getattr(_core, name)) == stub_parameters(FUNCTIONS[name])


@pytest.mark.parametrize("name", sorted(PUBLIC_CLASSES))
def test_classes_have_exactly_the_members_of_the_stub(name: str) -> None:
    assert public(dir(getattr(_core, name))) == public(stub_members(CLASSES[name]))


@pytest.mark.parametrize(("name", "method"), METHODS, ids=lambda x: getattr(x, "name", x))
def test_methods_have_the_parameters_of_the_stub(name: str, method: ast.FunctionDef) -> None:
    owner = getattr(_core, name)
    if method.name == "__new__":
        assert actual_parameters(owner) == stub_parameters(method)
    elif is_property(method):
        assert inspect.isdatadescriptor(getattr(owner, method.name))
    else:
        assert actual_parameters(getattr(owner, method.name)) == stub_parameters(method)

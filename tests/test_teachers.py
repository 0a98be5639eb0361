"""Pretrained potentials as teachers: what is asked of their packages, with stand-ins for these, and errors."""

from __future__ import annotations

import sys
from email.message import Message
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from ase.build import molecule

import ferrip
from ferrip import teachers
from ferrip.errors import SettingsError


class Recorded(SimpleNamespace):
    """A calculator that remembers how it was made."""


def about(**fields: str) -> Message:
    message = Message()
    message["Version"] = "1.2"
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """All packages are installed."""

    def record(**known: object):
        return lambda *arguments, **options: Recorded(arguments=arguments, options=options, **known)

    stand_ins = {
        "chgnet.model": {
            "CHGNet": SimpleNamespace(
                load=lambda model_name, verbose: f"network {model_name}",
                from_file=lambda path: f"network {path}",
            ),
            "CHGNetCalculator": record(),
        },
        "sevenn.calculator": {"SevenNetCalculator": record()},
        "mace.calculators": {"mace_mp": record()},
        "mattersim.forcefield": {"MatterSimCalculator": record()},
        "orb_models.forcefield.pretrained": {
            "orb_v3_conservative_inf_omat": lambda device, weights_path="": (
                f"network{weights_path}",
                "adapter",
            ),
            "orb_v2": lambda device: "network",
        },
        "orb_models.forcefield.calculator": {"ORBCalculator": record()},
        "tblite.ase": {"TBLite": record()},
    }
    for name, content in stand_ins.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
        parent = name.rpartition(".")[0]
        while parent:
            monkeypatch.setitem(sys.modules, parent, sys.modules.get(parent) or ModuleType(parent))
            parent = parent.rpartition(".")[0]
    monkeypatch.setattr(teachers, "metadata", lambda package: about(License="MIT\nlong text"))


@pytest.mark.parametrize("name", teachers.TEACHERS)
def test_every_teacher_says_where_it_is_from(packages: None, name: str) -> None:
    calculator = ferrip.teacher(name, download=True)
    assert calculator.teacher.package == teachers.TEACHERS[name].package
    assert (calculator.teacher.version, calculator.teacher.licence) == ("1.2", "MIT")
    assert calculator.teacher.model in str((calculator.arguments, calculator.options)) or name == "orb"


def test_nothing_is_downloaded_without_being_asked(packages: None) -> None:
    for name, known in teachers.TEACHERS.items():
        if known.shipped:
            assert ferrip.teacher(name).teacher.model == known.shipped[0]
        else:
            with pytest.raises(SettingsError, match="download=True"):
                ferrip.teacher(name)
    with pytest.raises(SettingsError, match="does not ship the weights '7net-omni'"):
        ferrip.teacher("sevenn", "7net-omni")
    assert ferrip.teacher("sevenn", "7net-omni", download=True).arguments == ("7net-omni",)
    with pytest.raises(SettingsError, match="expected one of GFN2-xTB"):
        ferrip.teacher("tblite", "GFN3", download=True)


def test_orb_before_and_after_its_calculator_moved(packages: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ferrip.teacher("orb", download=True).arguments == ("network", "adapter")
    assert ferrip.teacher("orb", "orb-v2", download=True).arguments == ("network",)
    moved = ModuleType("orb_models.forcefield.inference.calculator")
    moved.__dict__["ORBCalculator"] = lambda *arguments, **options: Recorded(arguments=("moved", *arguments))
    monkeypatch.setitem(sys.modules, "orb_models.forcefield.inference", ModuleType("inference"))
    monkeypatch.setitem(sys.modules, moved.__name__, moved)
    assert ferrip.teacher("orb", download=True).arguments == ("moved", "network", "adapter")


def test_weights_from_a_file(packages: None, tmp_path: Path) -> None:
    path = tmp_path / "own.pth"
    with pytest.raises(SettingsError, match=r"weights: no such file: .*own\.pth"):
        ferrip.teacher("mace", weights=path)
    path.write_bytes(b"")
    for name, known in teachers.TEACHERS.items():
        if known.has_weights:
            calculator = ferrip.teacher(name, weights=path)
            assert str(path) in str((calculator.arguments, calculator.options))
            assert calculator.teacher.model == "own.pth"
    with pytest.raises(SettingsError, match="tblite has no weights"):
        ferrip.teacher("tblite", weights=path)


def test_clear_errors(packages: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="did you mean 'chgnet'"):
        ferrip.teacher("chgnett")
    monkeypatch.setattr(sys.modules["mace.calculators"], "mace_mp", refuses)
    with pytest.raises(SettingsError, match=r"mace-torch 1\.2 fails: no such thing"):
        ferrip.teacher("mace", download=True)
    monkeypatch.setattr(teachers, "metadata", missing)
    with pytest.raises(SettingsError, match="pip install tblite"):
        ferrip.teacher("tblite")


def refuses(**options: object) -> None:
    raise RuntimeError("no such thing\nat all")


def missing(package: str) -> Message:
    raise PackageNotFoundError(package)


def test_licences_are_found_where_packages_state_them(
    packages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [
        (about(License_Expression="Apache-2.0"), "Apache-2.0"),
        (about(Classifier="License :: OSI Approved :: MIT License"), "MIT License"),
        (about(), teachers.UNKNOWN),
    ]
    for stated, expected in cases:
        monkeypatch.setattr(teachers, "metadata", lambda package, stated=stated: stated)
        assert ferrip.teacher("tblite").teacher.licence == expected


def test_tight_binding_for_real() -> None:
    pytest.importorskip("tblite")
    water = molecule("H2O")
    water.calc = ferrip.teacher("tblite")
    assert water.calc.teacher.licence.startswith("LGPL")
    assert water.get_potential_energy() == pytest.approx(-137.97, abs=0.1)
    assert abs(water.get_forces().sum(axis=0)).max() < 1e-6

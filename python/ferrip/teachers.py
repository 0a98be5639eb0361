"""Pretrained universal potentials and semi-empirical methods as teachers, through their own packages.

A teacher labels structures for a fit, or is the reference that a fit corrects. ferrip needs none of these packages and
ships no weights; each has its own licence.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING, Any

from ferrip.errors import SettingsError

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

UNKNOWN = "not stated"


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """Where a calculator comes from; it is the attribute `teacher` of the calculators that `teacher` returns.

    Attributes
    ----------
    name
        Name in `teacher`.
    model
        Name of the weights, or of the method, in its package, or of the file of weights.
    package, version, licence
        Of the package as it is installed; the licence of downloaded weights may differ from that of the package.
    doi
        What to cite.
    """

    name: str
    model: str
    package: str
    version: str
    licence: str
    doi: str


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A package with an ASE calculator.

    Attributes
    ----------
    package
        Name that pip installs.
    shipped
        Models that need nothing but the package; the first one is the default.
    downloaded
        Default of the models that the package fetches; `None` if there are no others.
    build
        The calculator of a model on a device, with weights from a file unless they are `None`.
    has_weights
        Whether there are weights to be read from a file.
    """

    package: str
    shipped: tuple[str, ...]
    downloaded: str | None
    build: Callable[[str, str, str | None], Any]
    doi: str
    has_weights: bool = True


def _chgnet(model: str, device: str, weights: str | None) -> Any:
    module = import_module("chgnet.model")
    network = module.CHGNet
    loaded = network.load(model_name=model, verbose=False) if weights is None else network.from_file(weights)
    return module.CHGNetCalculator(loaded, use_device=device)


def _sevenn(model: str, device: str, weights: str | None) -> Any:
    return import_module("sevenn.calculator").SevenNetCalculator(weights or model, device=device)


def _mace(model: str, device: str, weights: str | None) -> Any:
    build = import_module("mace.calculators").mace_mp
    return build(model=weights or model, device=device, default_dtype="float64")


def _mattersim(model: str, device: str, weights: str | None) -> Any:
    build = import_module("mattersim.forcefield").MatterSimCalculator
    return build(load_path=weights or model, device=device)


def _orb(model: str, device: str, weights: str | None) -> Any:
    build = getattr(import_module("orb_models.forcefield.pretrained"), model.replace("-", "_"))
    found = build(device=device, **({} if weights is None else {"weights_path": weights}))
    try:
        module = import_module("orb_models.forcefield.inference.calculator")
    except ImportError:  # before 0.6
        module = import_module("orb_models.forcefield.calculator")
    parts = found if isinstance(found, tuple) else (found,)
    return module.ORBCalculator(*parts, device=device)


def _tblite(model: str, device: str, weights: str | None) -> Any:
    return import_module("tblite.ase").TBLite(method=model, verbosity=0)


TEACHERS = {
    "chgnet": _Known(
        package="chgnet",
        shipped=("0.3.0", "0.2.0", "r2scan"),
        downloaded=None,
        build=_chgnet,
        doi="10.1038/s42256-023-00716-3",
    ),
    "sevenn": _Known(
        package="sevenn",
        shipped=("7net-0", "7net-l3i5"),
        downloaded="7net-omni",
        build=_sevenn,
        doi="10.1021/acs.jctc.4c00190",
    ),
    "mace": _Known(
        package="mace-torch",
        shipped=(),
        downloaded="small",
        build=_mace,
        doi="10.48550/arXiv.2401.00096",
    ),
    "mattersim": _Known(
        package="mattersim",
        shipped=(),
        downloaded="MatterSim-v1.0.0-1M.pth",
        build=_mattersim,
        doi="10.48550/arXiv.2405.04967",
    ),
    "orb": _Known(
        package="orb-models",
        shipped=(),
        downloaded="orb-v3-conservative-inf-omat",
        build=_orb,
        doi="10.48550/arXiv.2504.06231",
    ),
    "tblite": _Known(
        package="tblite",
        shipped=("GFN2-xTB", "GFN1-xTB", "IPEA1-xTB"),
        downloaded=None,
        build=_tblite,
        doi="10.1021/acs.jctc.8b01176",
        has_weights=False,
    ),
}


def teacher(
    name: str,
    model: str | None = None,
    *,
    weights: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    download: bool = False,
) -> Calculator:
    """An ASE calculator of a pretrained potential, with its `Teacher` as the attribute `teacher`.

    Parameters
    ----------
    name
        `"chgnet"`, `"sevenn"`, `"mace"`, `"mattersim"`, `"orb"` or `"tblite"`.
    model
        Weights or method by the name that the package gives it; by default one that needs no download, if there
        is any.
    weights
        File of weights on this machine, in place of those that the package ships or fetches; for `"orb"` they are
        those of `model`.
    device
        Device of torch, where the package uses it.
    download
        Whether the package may fetch weights that it does not ship.

    Raises
    ------
    SettingsError
        For an unknown teacher, a package that is not installed, weights that would have to be downloaded, or a file
        of weights that is not there or of no use.

    Examples
    --------
    >>> calculator = ferrip.teacher("chgnet")  # doctest: +SKIP
    >>> calculator.teacher.licence  # doctest: +SKIP
    'Modified BSD'
    """
    known = TEACHERS.get(name)
    if known is None:
        near = get_close_matches(name, TEACHERS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(TEACHERS)}"
        raise SettingsError(f"unknown teacher {name!r}; {hint}")
    try:
        about = metadata(known.package)
    except PackageNotFoundError:
        raise SettingsError(
            f"teacher {name!r} is in the package {known.package}, which is missing: pip install {known.package}"
        ) from None
    chosen = model or (known.shipped[0] if known.shipped else known.downloaded or "")
    if weights is not None:
        if not known.has_weights:
            raise SettingsError(f"teacher {name!r}: {known.package} has no weights to be read from a file")
        if not os.path.isfile(weights):
            raise SettingsError(f"teacher {name!r}: weights: no such file: {os.fspath(weights)}")
    elif chosen not in known.shipped:
        if known.downloaded is None:
            raise SettingsError(
                f"teacher {name!r}: expected one of {', '.join(known.shipped)}, got {chosen!r}"
            )
        if not download:
            raise SettingsError(
                f"teacher {name!r}: {known.package} does not ship the weights {chosen!r}; "
                "download=True lets it fetch them"
            )
    try:
        calculator = known.build(chosen, device, None if weights is None else os.fspath(weights))
    except (ImportError, AttributeError, TypeError, OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SettingsError(
            f"teacher {name!r}: {known.package} {about['Version']} fails: {reason}"
        ) from error
    calculator.teacher = Teacher(
        name=name,
        model=chosen if weights is None else os.path.basename(weights),
        package=known.package,
        version=about["Version"],
        licence=_licence(about),
        doi=known.doi,
    )
    return calculator


def _licence(about: Any) -> str:
    """Licence by the metadata of a package."""
    stated = about.get("License-Expression") or about.get("License") or ""
    if stated.strip():
        return stated.strip().splitlines()[0]
    found = [
        re.sub(r"^.*:: ", "", one) for one in about.get_all("Classifier") or [] if one.startswith("License")
    ]
    return ", ".join(found) or UNKNOWN

"""Lets ASE find the calculator by name after `import ferrip`, which imports neither ASE nor numpy.

ASE looks a calculator up by importing `ase.calculators.<name>` and taking the class `<Name>` from it. This finder
answers for that one name; `ferrip.calculator` also enters ASE's registry when it is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MODULE = "ase.calculators.ferrip"


class AseCalculatorFinder(MetaPathFinder, Loader):
    """Makes `ase.calculators.ferrip` importable, with the calculator as `Ferrip`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's specification for that one name."""
        return ModuleSpec(fullname, self) if fullname == MODULE else None

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module."""
        from ferrip.calculator import Calculator

        module.__dict__["Ferrip"] = Calculator


def install() -> None:
    """Add the finder, once."""
    if not any(isinstance(finder, AseCalculatorFinder) for finder in sys.meta_path):
        sys.meta_path.append(AseCalculatorFinder())

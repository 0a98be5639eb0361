"""PEP 517 build backend: maturin, after a check that says in one line which Rust is missing.

maturin itself would download a toolchain where it finds no cargo, or fail with a long cargo trace where
cargo is too old. Every hook that pip calls first checks the compiler, then hands over to maturin unchanged.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from types import ModuleType
from typing import Any

MINIMUM_RUST = (1, 85)

Settings = Mapping[str, Any] | None


def rust_problem() -> str | None:
    """What keeps ferrip from being built here, as one line; None where Rust is good enough."""
    needed = ".".join(map(str, MINIMUM_RUST))
    missing = [tool for tool in ("cargo", "rustc") if shutil.which(tool) is None]
    if missing:
        return (
            f"ferrip is built from source and needs Rust {needed} or newer, but {' and '.join(missing)} "
            "cannot be found on PATH: install Rust (rustup or your package manager), then run pip again."
        )
    run = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"rustc (\d+)\.(\d+)", run.stdout)
    if match is None:
        said = (run.stderr or run.stdout).strip().splitlines()
        return (
            f"ferrip is built from source and needs Rust {needed} or newer, but `rustc --version` does not "
            f"work: {said[0] if said else f'exit status {run.returncode}'}"
        )
    if (int(match[1]), int(match[2])) < MINIMUM_RUST:
        return (
            f"ferrip is built from source and needs Rust {needed} or newer, but `rustc --version` is "
            f"{match[1]}.{match[2]}: update it (`rustup update`), then run pip again."
        )
    return None


def _maturin() -> ModuleType:
    """The backend of maturin; ends the build with one line where Rust is missing or too old."""
    problem = rust_problem()
    if problem is not None:
        raise SystemExit(problem)
    import maturin

    return maturin


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """Packages that building a wheel needs besides those of pyproject.toml."""
    return _maturin().get_requires_for_build_wheel(config_settings)


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """Packages that an editable install needs besides those of pyproject.toml."""
    return _maturin().get_requires_for_build_editable(config_settings)


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """Packages that a source distribution needs besides those of pyproject.toml."""
    return _maturin().get_requires_for_build_sdist(config_settings)


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
    """Writes the metadata of the wheel and returns the name of its folder."""
    return _maturin().prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Settings = None) -> str:
    """Writes the metadata of an editable install and returns the name of its folder."""
    return _maturin().prepare_metadata_for_build_editable(metadata_directory, config_settings)


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Builds a wheel and returns its file name."""
    return _maturin().build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Builds the wheel of an editable install and returns its file name."""
    return _maturin().build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Builds a source distribution and returns its file name."""
    return _maturin().build_sdist(sdist_directory, config_settings)

"""The build backend's check of the Rust compiler: one line, never a download."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BACKEND = Path(__file__).parents[1] / "rust" / "python" / "ferrip_build.py"


@pytest.fixture
def backend() -> ModuleType:
    """The backend module, loaded from the source tree."""
    spec = importlib.util.spec_from_file_location("ferrip_build", BACKEND)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fake_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An otherwise empty PATH."""
    if os.name != "posix":
        pytest.skip("the fake compilers are shell scripts")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder: Path, tool: str, script: str) -> None:
    """Put an executable shell script on the fake PATH."""
    (folder / tool).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / tool).chmod(0o755)


def test_without_rust_the_build_ends_with_one_line(backend: ModuleType, fake_path: Path) -> None:
    hooks = [
        backend.get_requires_for_build_wheel,
        backend.get_requires_for_build_editable,
        backend.get_requires_for_build_sdist,
        lambda: backend.build_wheel("wheels"),
        lambda: backend.build_sdist("sdists"),
    ]
    for hook in hooks:
        with pytest.raises(SystemExit) as stop:
            hook()
        assert "needs Rust 1.85 or newer" in str(stop.value)
        assert "cargo and rustc" in str(stop.value)
        assert "\n" not in str(stop.value)


def test_a_missing_rustc_alone_is_named(backend: ModuleType, fake_path: Path) -> None:
    install(fake_path, "cargo", "exit 0")
    assert "but rustc cannot be found" in backend.rust_problem()


@pytest.mark.parametrize("version", ["1.84.1", "1.9.0", "0.99.0"])
def test_an_old_compiler_is_refused(backend: ModuleType, fake_path: Path, version: str) -> None:
    install(fake_path, "cargo", "exit 0")
    install(fake_path, "rustc", f"echo 'rustc {version} (abcdef 2025-01-01)'")
    assert f"is {version.rpartition('.')[0]}:" in backend.rust_problem()


@pytest.mark.parametrize("version", ["1.85.0", "1.100.0-nightly", "2.0.0"])
def test_a_new_compiler_is_accepted(backend: ModuleType, fake_path: Path, version: str) -> None:
    install(fake_path, "cargo", "exit 0")
    install(fake_path, "rustc", f"echo 'rustc {version} (abcdef 2025-01-01)'")
    assert backend.rust_problem() is None


def test_a_compiler_that_does_not_run_is_reported(backend: ModuleType, fake_path: Path) -> None:
    install(fake_path, "cargo", "exit 0")
    install(fake_path, "rustc", "echo 'no default toolchain' >&2; echo more >&2; exit 1")
    problem = backend.rust_problem()
    assert "no default toolchain" in problem
    assert "\n" not in problem


def test_the_minimum_is_that_of_the_workspace(backend: ModuleType) -> None:
    workspace = (BACKEND.parents[2] / "Cargo.toml").read_text(encoding="utf-8")
    assert 'rust-version = "{}.{}"'.format(*backend.MINIMUM_RUST) in workspace


def test_no_crate_needs_a_newer_compiler(backend: ModuleType) -> None:
    cargo = shutil.which("cargo")
    if cargo is None:
        pytest.skip("no cargo on this machine")
    command = [cargo, "metadata", "--locked", "--offline", "--format-version", "1"]
    run = subprocess.run(command, cwd=BACKEND.parents[2], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        pytest.skip("the crates are not on this machine: ferrip was not built here")
    needs = {p["name"]: p["rust_version"] for p in json.loads(run.stdout)["packages"] if p["rust_version"]}
    newer = {
        name: version
        for name, version in needs.items()
        if tuple(map(int, version.split(".")))[:2] > backend.MINIMUM_RUST
    }
    assert not newer


def test_pip_finds_the_backend() -> None:
    if sys.version_info < (3, 11):
        pytest.skip("tomllib came with Python 3.11")
    import tomllib

    settings = tomllib.loads((BACKEND.parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["build-system"]["build-backend"] == BACKEND.stem
    assert BACKEND.parents[2].joinpath(*settings["build-system"]["backend-path"]) == BACKEND.parent

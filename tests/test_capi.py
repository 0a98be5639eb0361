"""The C ABI library: found by Python, usable from C without Python, in step with its header."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from standins_capi import needs_library

import ferrip
from ferrip import capi
from ferrip.capi import locations

PROGRAM = r"""
#include <stdio.h>
#include "ferrip.h"
int main(void) {
    if (ferrip_abi_version() != FERRIP_ABI_VERSION) return 1;
    printf("%s\n", ferrip_version());
    return 0;
}
"""


@pytest.fixture(scope="module")
def compiler() -> str:
    """A C compiler."""
    found = shutil.which("cc")
    if found is None:
        pytest.skip("no C compiler (cc) on this machine")
    return found


@needs_library
def test_library_and_header_are_shipped() -> None:
    assert capi.library_path().is_file()
    assert (capi.include_dir() / "ferrip.h").is_file()


@needs_library
def test_a_c_program_links_and_runs_without_python(compiler: str, tmp_path: Path) -> None:
    source, program, library = tmp_path / "host.c", tmp_path / "host", capi.library_path()
    source.write_text(PROGRAM, encoding="utf-8")
    command = [compiler, "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{capi.include_dir()}"]
    command += [str(source), str(library), f"-Wl,-rpath,{library.parent}", "-o", str(program)]
    subprocess.run(command, check=True)
    run = subprocess.run([str(program)], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == ferrip.__version__


@needs_library
def test_the_library_has_no_python_symbols_and_exports_the_header() -> None:
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("no nm on this machine")
    listing = subprocess.run([nm, "-D", str(capi.library_path())], check=True, capture_output=True, text=True)
    symbols = [line.split()[-2:] for line in listing.stdout.splitlines()]
    assert not [name for _, name in symbols if name.lstrip("_").startswith("Py")]
    header = (capi.include_dir() / "ferrip.h").read_text(encoding="utf-8")
    declared = set(re.findall(r"\b(ferrip_\w+)\(void\)|\b(ferrip_\w+)\(", header.split('extern "C" {')[1]))
    names = {name for pair in declared for name in pair if name}
    assert {name for kind, name in symbols if kind == "T" and name.startswith("ferrip_")} == names


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(locations, "_HERE", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"ferrip\.(so|dylib|dll)"):
        capi.library_path()
    with pytest.raises(FileNotFoundError, match=r"ferrip\.h"):
        capi.include_dir()

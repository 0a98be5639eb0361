"""Run one ``pw.x`` calculation and read its energy, forces and stress.

Results come from ``data-file-schema.xml``, where ``pw.x`` writes all digits in Hartree
atomic units.  ``pw.x`` writes the *pressure-like* tensor −(1/V) dE/dε there, as in its text
output, where a compressed solid has positive diagonal elements; the sign is turned to
ASE's convention, σ = (1/V) dE/dε, here and nowhere else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from .settings import DFTSettings

# CODATA 2018.
HARTREE = 27.211386245988  # eV
BOHR = 0.529177210903  # Å
SILICON_MASS = 28.0855


class CalculationFailedError(RuntimeError):
    """``pw.x`` stopped, or its self-consistency did not converge."""


@dataclass(frozen=True)
class Labels:
    """Results of one calculation.

    Attributes
    ----------
    energy
        Mermin free energy E − TS, eV: the one that forces and stress derive from.
    forces
        Forces, eV/Å, shape (n, 3).
    stress
        Stress (1/V) dE/dε, eV/Å³, shape (3, 3).
    smearing_energy
        The part −TS of `energy`, eV.
    cycles
        Number of self-consistency cycles.
    kgrid, n_kpoints
        Grid of k points and how many are left by symmetry.
    seconds
        Processor time of ``pw.x``, s.
    """

    energy: float
    forces: np.ndarray
    stress: np.ndarray
    smearing_energy: float
    cycles: int
    kgrid: tuple[int, int, int]
    n_kpoints: int
    seconds: float


def write_input(
    path: Path,
    atoms: Atoms,
    settings: DFTSettings,
    kgrid: tuple[int, int, int] | None = None,
) -> tuple[int, int, int]:
    """Write the ``pw.x`` input of a single-point calculation; return its k grid."""
    grid = settings.kgrid(atoms.cell.array) if kgrid is None else kgrid
    # Two bands per atom are filled; the others take up the smeared electrons.
    bands = 2 * len(atoms) + max(4, len(atoms) // 4)
    lines = [
        "&CONTROL",
        "  calculation = 'scf', prefix = 'si', outdir = './out', disk_io = 'low',",
        f"  pseudo_dir = '{settings.pseudo_dir}',",
        "  tprnfor = .true., tstress = .true.,",
        "/",
        "&SYSTEM",
        f"  ibrav = 0, nat = {len(atoms)}, ntyp = 1, nbnd = {bands},",
        f"  ecutwfc = {settings.ecutwfc}, ecutrho = {settings.ecutrho},",
        f"  occupations = 'smearing', smearing = '{settings.smearing}',",
        f"  degauss = {settings.degauss},",
        "/",
        "&ELECTRONS",
        f"  conv_thr = {settings.conv_thr_per_atom * len(atoms):.3e},",
        f"  mixing_beta = {settings.mixing_beta}, electron_maxstep = 80,",
        "/",
        "ATOMIC_SPECIES",
        f"  Si {SILICON_MASS} {settings.pseudopotential}",
        "CELL_PARAMETERS angstrom",
        *("  " + " ".join(f"{x:.12f}" for x in row) for row in atoms.cell.array),
        "ATOMIC_POSITIONS angstrom",
        *("  Si " + " ".join(f"{x:.12f}" for x in r) for r in atoms.positions),
        "K_POINTS automatic",
        "  {} {} {} 0 0 0".format(*grid),
        "",
    ]
    path.write_text("\n".join(lines))
    return grid


def read_xml(path: Path, kgrid: tuple[int, int, int]) -> Labels:
    """Read the labels from ``data-file-schema.xml``."""
    root = ET.parse(path).getroot()
    output = root.find("output")
    if output is None or output.findtext("convergence_info/scf_conv/convergence_achieved") != "true":
        raise CalculationFailedError("self-consistency not reached")

    def array(tag: str, shape: tuple[int, ...]) -> np.ndarray:
        node = output.find(tag)
        if node is None or not node.text:
            raise CalculationFailedError(f"no <{tag}> in {path}")
        return np.array(node.text.split(), float).reshape(shape)

    forces = array("forces", (-1, 3)) * HARTREE / BOHR
    stress = array("stress", (3, 3)) * HARTREE / BOHR**3
    energy = float(output.findtext("total_energy/etot")) * HARTREE
    demet = output.findtext("total_energy/demet")
    cycles = int(output.findtext("convergence_info/scf_conv/n_scf_steps"))
    seconds = float(root.findtext("timing_info/total/cpu"))
    return Labels(
        energy=energy,
        forces=forces,
        stress=-stress,
        smearing_energy=float(demet or 0.0) * HARTREE,
        cycles=cycles,
        kgrid=kgrid,
        n_kpoints=int(output.findtext("band_structure/nks")),
        seconds=seconds,
    )


def run(
    atoms: Atoms,
    folder: Path,
    settings: DFTSettings,
    kgrid: tuple[int, int, int] | None = None,
    command: tuple[str, ...] = ("nice", "-n", "19", "pw.x"),
) -> Labels:
    """Calculate `atoms` in `folder` and return the labels.

    There is no limit on wall time, so that the process may be stopped and continued.  The
    folder is emptied of wave functions afterwards; input, text output and XML stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    grid = write_input(folder / "pw.in", atoms, settings, kgrid)
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    start = time.monotonic()
    with open(folder / "pw.in") as stdin, open(folder / "pw.out", "w") as stdout:
        done = subprocess.run(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=env,
        )
    written = folder / "out" / "si.xml"
    xml = folder / "data-file-schema.xml"
    xml.unlink(missing_ok=True)
    if written.exists():
        shutil.copy(written, xml)
    shutil.rmtree(folder / "out", ignore_errors=True)
    if done.returncode != 0 or not xml.exists():
        wall = time.monotonic() - start
        raise CalculationFailedError(f"pw.x ended with status {done.returncode} after {wall:.0f} s")
    return read_xml(xml, grid)

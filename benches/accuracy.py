"""Fit published data sets at every size and print the table of benches/RESULTS.md.

    python benches/accuracy.py --data ../shared/data [--sets mlearn_Si,3BPA] [--sizes small,medium,large]
        [--json FILE] [--work FOLDER] [--costs] [--short]

Each row is one `ferrip fit` in a process of its own: test errors, number of functions, wall time and peak memory
of the fit, and µs per atom and MD step of `ferrip bench` on one thread (molecules: of the first training frame).
`--json` keeps the rows in a file, from which `benches/pareto.py` draws; a fit takes the place of an older one of the
same set, model and size. `--costs` only times the potentials that `--work` keeps again, for fits that were made beside
other jobs. `--short` fits the shipped silicon set at size small only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import ase.io


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set: training file, test files by name, and the flags that its README asks for."""

    train: str
    tests: dict[str, str]
    flags: tuple[str, ...] = ()
    eval_flags: tuple[str, ...] = ()
    molecule: bool = False


SETS = {
    **{
        f"mlearn_{element}": DataSet(
            train=f"mlearn_{element}/train.xyz", tests={"test": f"mlearn_{element}/test.xyz"}
        )
        for element in ("Si", "Ni", "Mo")
    },
    "NbMoTaW": DataSet(
        train="NbMoTaW/train.xyz.gz",
        tests={"test": "NbMoTaW/test.xyz.gz"},
        eval_flags=("--align-energies",),
    ),
    "3BPA": DataSet(
        train="3BPA/train.xyz.gz",
        tests={"300 K": "3BPA/test_300K.xyz.gz", "600 K": "3BPA/test_600K.xyz.gz"},
        flags=(
            "--e0",
            "H=-13.587222780835477,C=-1029.4889999855063,N=-1484.9814568572233,O=-2041.9816003861047",
        ),
        molecule=True,
    ),
    "rMD17_ethanol": DataSet(
        train="rMD17_ethanol/train.xyz.gz",
        tests={"test": "rMD17_ethanol/test.xyz.gz"},
        flags=("--e0", "H=-13.568422383046626,C=-1025.2770951782686,O=-2035.5709809589698"),
        molecule=True,
    ),
    "W_szlachta": DataSet(train="W_szlachta/train.xyz.gz", tests={"test": "W_szlachta/test.xyz.gz"}),
}
HEADER = (
    "| set | model | functions | test | E MAE (RMSE) meV/atom | E MAE (RMSE) meV/structure | F MAE (RMSE) meV/Å "
    "| fit s | fit MB | µs/atom/step (neighbors) |"
)


def ferrip(*arguments: str) -> dict:
    """One command with --json, in a process of its own."""
    command = [sys.executable, "-m", "ferrip", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def usage(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, seconds of processors and peak resident memory in MB of a command."""
    runner = (
        "import resource,subprocess,sys;"
        "code=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL).returncode;"
        "used=resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(used.ru_utime+used.ru_stime,used.ru_maxrss);sys.exit(code)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", runner, *command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    cpu, peak = map(float, done.stdout.split())
    return time.perf_counter() - start, cpu, peak * unit / 1e6


def rows(name: str, data: DataSet, model: str, size: str, root: Path, work: Path) -> list[dict]:
    """Rows of one fit: one per test."""
    potential = kept(work, name, model, size)
    fit = ["fit", str(root / data.train), "-o", str(potential), "--model", model, "--size", size, *data.flags]
    seconds, _, megabytes = usage([sys.executable, "-m", "ferrip", *fit])
    functions = ferrip("info", str(potential))["fingerprint"]["n_features"]
    fitted = {
        "set": name,
        "model": model,
        "size": size,
        "functions": functions,
        "seconds": seconds,
        "megabytes": megabytes,
        **cost(potential, name, data, root, work),
    }
    tests = {label: root / test for label, test in data.tests.items()}
    found = []
    while tests:
        label, path = next(iter(tests.items()))
        errors = ferrip("eval", str(potential), str(tests.pop(label)), *data.eval_flags)
        found.append(fitted | {"test": label, "energy": errors["energy"], "forces": errors["forces"]})
        if any("Multinary" in group for group in errors["by_config_type"]):
            tests["without Multinary"] = without_multinary(path, work / f"{name}_without_multinary.xyz")
    return found


def kept(work: Path, name: str, model: str, size: str) -> Path:
    """Where the potential of a fit lies."""
    return work / f"{name}_{model}_{size}.ferrip"


def cost(potential: Path, name: str, data: DataSet, root: Path, work: Path) -> dict[str, float]:
    """µs per atom and step on one thread, on a crystal or the first training frame, and the neighbors there."""
    arguments = ["bench", str(potential), "--threads", "1"]
    if data.molecule:
        arguments += ["--structure", str(first_frame(root / data.train, work / f"{name}.xyz"))]
    speed = ferrip(*arguments)
    return {key: speed[key] for key in ("us_per_atom_step", "neighbors_per_atom")}


def table_row(row: dict) -> str:
    """The row in Markdown."""
    energy, forces = row["energy"], row["forces"]
    return (
        f"| {row['set']} | {row['model']} {row['size']} | {row['functions']} | {row['test']} "
        f"| {energy['mae_meV_per_atom']:.2f} ({energy['rmse_meV_per_atom']:.2f}) "
        f"| {energy['mae_meV']:.1f} ({energy['rmse_meV']:.1f}) "
        f"| {forces['mae_meV_per_A']:.1f} ({forces['rmse_meV_per_A']:.1f}) "
        f"| {row['seconds']:.0f} | {row['megabytes']:.0f} "
        f"| {row['us_per_atom_step']:.1f} ({row['neighbors_per_atom']:.0f}) |"
    )


def first_frame(path: Path, output: Path) -> Path:
    """The first frame of a file, as a file of its own."""
    ase.io.write(output, ase.io.read(path, 0), format="extxyz")
    return output


def without_multinary(path: Path, output: Path) -> Path:
    """The frames of the binaries and elements, which are no extrapolation."""
    frames = [atoms for atoms in ase.io.read(path, ":") if "Multinary" not in atoms.info["config_type"]]
    ase.io.write(output, frames, format="extxyz")
    return output


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--model", default="ace")
    parser.add_argument("--sizes", default="small,medium,large")
    parser.add_argument("--work", type=Path, help="folder that keeps the fitted potentials")
    parser.add_argument("--json", type=Path, help="file of rows, to which these are added")
    parser.add_argument("--costs", action="store_true", help="only time the potentials in --work again")
    parser.add_argument("--short", action="store_true", help="the shipped silicon set at size small")
    arguments = parser.parse_args()
    chosen, sizes, root = arguments.sets.split(","), arguments.sizes.split(","), arguments.data
    sets = SETS
    if arguments.short:
        import ferrip

        root, chosen, sizes = Path(ferrip.__file__).parent / "datasets" / "silicon", ["silicon"], ["small"]
        sets = {"silicon": DataSet(train="train.extxyz.gz", tests={"test": "test.extxyz.gz"})}
    table: dict[tuple[str, ...], dict] = {}
    if arguments.json and arguments.json.exists():
        table = {key_of(row): row for row in json.loads(arguments.json.read_text())}
    print(HEADER)
    print("|---" * HEADER.count(" | ") + "|---|")
    with tempfile.TemporaryDirectory() as scratch:
        work = arguments.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        for name, size in product(chosen, sizes):
            fit = name, arguments.model, size
            if not arguments.costs:
                found = rows(name, sets[name], arguments.model, size, root, work)
            elif kept(work, *fit).exists():
                again = cost(kept(work, *fit), name, sets[name], root, work)
                found = [row | again for key, row in table.items() if key[:3] == fit]
            else:
                continue
            print("\n".join(map(table_row, found)), flush=True)
            table |= {key_of(row): row for row in found}
            if arguments.json:
                arguments.json.write_text(json.dumps(list(table.values()), indent=1) + "\n")


def key_of(row: dict) -> tuple[str, ...]:
    """What tells rows apart: set, model, size and test."""
    return tuple(row[name] for name in ("set", "model", "size", "test"))


if __name__ == "__main__":
    main()

"""Replicas of a run that differ in their seed, shared among processes that need not talk to each other.

Replica k of `run.extxyz` is `run-000k.extxyz` with its log, its restart file and, once it has ended,
`run-000k.summary.json`. The process that ends the last one writes `run.summary.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ferrip.errors import SettingsError, TrustError
from ferrip.md.settings import MDSettings
from ferrip.md.share import Share
from ferrip.modelfile import replace_file

Summary = dict[str, Any]
Start = Callable[[MDSettings, Path, bool], Summary]
"""Runs one replica, from its settings, its output and whether to continue, and returns its summary."""

DIGITS = 4
AVERAGED = (
    "temperature_mean_K",
    "pressure_mean_GPa",
    "volume_mean_A3",
    "energy_drift_ueV_per_atom_ps",
    "us_per_atom_step",
)
"""Entries of a replica's summary that the summary of all averages."""


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """The replicas of a run.

    Attributes
    ----------
    settings
        Those of replica 0; replica k has a seed that is larger by k.
    output
        Trajectory that their names follow.
    n
        Their number.
    """

    settings: MDSettings
    output: Path
    n: int

    def __post_init__(self) -> None:
        if self.n < 1:
            raise SettingsError(f"replicas: expected at least 1, got {self.n}")

    @property
    def summary(self) -> Path:
        """The file that sums up all of them."""
        return self.output.with_suffix(".summary.json")

    def path(self, k: int) -> Path:
        """Trajectory of replica k."""
        return self.output.with_name(f"{self.output.stem}-{k:0{DIGITS}d}{self.output.suffix}")

    def run(self, start: Start, share: Share, *, restart: bool, note: Callable[[str], None]) -> Summary:
        """Run the replicas of a share, one after the other.

        Parameters
        ----------
        start
            Runs one of them. A `TrustError` ends this one only.
        share
            Which ones.
        restart
            Continue those that are unfinished, and leave those that have ended.
        note
            Gets a line per replica.

        Returns
        -------
        Summary
            Of all replicas that have ended, by other processes too: `replicas`, `ended`, `stopped` (names of those
            that a guard stopped), `mean` and `standard_error` over the complete ones, `interrupted`, `each`.
        """
        self.summary.unlink(missing_ok=True)
        own = share.of(self.n)
        if not restart:
            for k in own:
                self._ended(k).unlink(missing_ok=True)
        for k in own:
            path = self.path(k)
            if self._read(k) is not None:
                note(f"{path}: had ended")
                continue
            one = replace(self.settings, seed=self.settings.seed + k)
            try:
                summary = start(one, path, restart and path.with_suffix(".restart").exists())
            except TrustError as error:
                summary = {"trajectory": str(path), "stopped": str(error)}
            if summary.get("interrupted"):
                return self._of_all(interrupted=True)
            document = {"steps_wanted": self.settings.steps, "seed": one.seed} | summary
            replace_file(self._ended(k), json.dumps(document, indent=2).encode())
            note(f"{path}: {summary.get('stopped', 'finished')}")
        found = self._of_all(interrupted=False)
        if found["ended"] == self.n:
            replace_file(self.summary, json.dumps(found, indent=2).encode())
        return found

    def _ended(self, k: int) -> Path:
        return self.path(k).with_suffix(".summary.json")

    def _read(self, k: int) -> Summary | None:
        """Summary of a replica that has ended with these steps and this seed."""
        try:
            found = json.loads(self._ended(k).read_text())
        except (OSError, ValueError):
            return None
        wanted = (self.settings.steps, self.settings.seed + k)
        known = isinstance(found, dict) and (found.get("steps_wanted"), found.get("seed")) == wanted
        return found if known else None

    def _of_all(self, *, interrupted: bool) -> Summary:
        each = [found for k in range(self.n) if (found := self._read(k)) is not None]
        complete = [one for one in each if "stopped" not in one]
        return {
            "replicas": self.n,
            "ended": len(each),
            "stopped": [one["trajectory"] for one in each if "stopped" in one],
            "settings": self.settings.describe(),
            "steps": self.settings.steps,
            "mean": _over(complete, lambda values: float(np.mean(values))),
            "standard_error": _over(complete, _standard_error),
            "interrupted": interrupted,
            "each": each,
        }


def _over(
    each: Sequence[Mapping[str, Any]], number: Callable[[list[float]], float | None]
) -> dict[str, float | None]:
    """A number per averaged entry that all replicas have."""
    columns = {name: [one.get(name) for one in each] for name in AVERAGED}
    return {
        name: number([float(value) for value in values if value is not None])
        for name, values in columns.items()
        if values and None not in values
    }


def _standard_error(values: list[float]) -> float | None:
    return float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) > 1 else None

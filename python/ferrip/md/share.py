"""Which part of the replicas this process runs, from what MPI launchers and Slurm leave in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ferrip.errors import SettingsError

RANKS = (
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
)
"""Rank and number of processes: Open MPI; MPICH and Intel MPI; a job step of srun."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """Process `index` of `count`.

    Attributes
    ----------
    index, count
        Over all ranks of all tasks of an array.
    ranks
        Processes that one launcher started together.
    """

    index: int = 0
    count: int = 1
    ranks: int = 1

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Share:
        """The share of this process; everything where no launcher left a trace.

        Raises
        ------
        SettingsError
            For variables that are no numbers, or contradict each other.
        """
        rank, ranks = next(
            (
                (_number(environment, rank), _number(environment, size))
                for rank, size in RANKS
                if rank in environment and size in environment
            ),
            (0, 1),
        )
        task, tasks = _array_task(environment)
        if not (0 <= rank < ranks and 0 <= task < tasks):
            raise SettingsError(f"environment: process {rank} of {ranks} in task {task} of {tasks}")
        return cls(index=task * ranks + rank, count=tasks * ranks, ranks=ranks)

    def of(self, n: int) -> range:
        """The numbers below `n` that belong to this process."""
        return range(self.index, n, self.count)


def _array_task(environment: Mapping[str, str]) -> tuple[int, int]:
    """Place of this task in its Slurm array, and the number of its tasks."""
    if "SLURM_ARRAY_TASK_ID" not in environment:
        return 0, 1
    names = ("ID", "MIN", "MAX", "STEP")
    own, first, last, step = (_number(environment, f"SLURM_ARRAY_TASK_{name}", 1) for name in names)
    if step < 1 or (own - first) % step != 0:
        raise SettingsError(f"environment: task {own} is none of the array {first}-{last}:{step}")
    return (own - first) // step, (last - first) // step + 1


def _number(environment: Mapping[str, str], name: str, default: int | None = None) -> int:
    text = environment.get(name, "" if default is None else str(default))
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"environment: {name} is {text!r}, expected an integer") from None

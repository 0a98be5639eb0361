"""The driver of molecular dynamics: propagates, watches, writes and restarts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from ferrip.errors import DataError, SettingsError, TrustError
from ferrip.interrupt import Interruption
from ferrip.md.guard import Guard
from ferrip.md.integrate import Integrator, maxwell_boltzmann, remove_drift
from ferrip.md.output import LogFile, TrajectoryFile, frame
from ferrip.md.restart import Checkpoint
from ferrip.md.settings import MDSettings
from ferrip.md.state import Evaluation, State, System
from ferrip.md.statistics import Statistics
from ferrip.precision import simd_of

if TYPE_CHECKING:
    from ferrip._core import Session
    from ferrip.potential import Potential

Progress = Callable[[int, float], None]


@dataclass(frozen=True, kw_only=True)
class MDResult:
    """How a run ended.

    Attributes
    ----------
    atoms
        The last frame, with energy, forces, stress and momenta.
    steps
        Steps done in all, those before a restart included.
    interrupted
        Whether Ctrl-C or SIGTERM ended the run early.
    statistics
        Means over the second half of this run and the energy drift.
    wall_seconds, steps_here
        Time and number of steps of this run, those before a restart excluded.
    rebuilds
        Number of neighbor list builds.
    """

    atoms: Atoms
    steps: int
    interrupted: bool
    statistics: Statistics
    wall_seconds: float
    steps_here: int
    rebuilds: int

    @property
    def us_per_atom_step(self) -> float:
        """Wall time per atom and step in µs, output included."""
        return 1e6 * self.wall_seconds / (len(self.atoms) * max(self.steps_here, 1))


def run(
    potential: Potential,
    atoms: Atoms,
    settings: MDSettings,
    *,
    output: str | Path | None = None,
    restart: bool = False,
    overwrite: bool = False,
    num_threads: int | None = None,
    progress: Progress | None = None,
) -> MDResult:
    """Run molecular dynamics.

    Parameters
    ----------
    potential
        The potential.
    atoms
        The structure to start from; it is not changed.
    settings
        Ensemble, temperature, time step, …
    output
        Trajectory (`.extxyz`, `.xyz`, `.traj`). The log goes to the same name with `.log`, the restart file to
        the same name with `.restart`. None writes nothing.
    restart
        Continue from the restart file. The continued trajectory is bitwise that of an uninterrupted run where
        the interruption fell on a multiple of `restart_every`, as the neighbor list is rebuilt there.
    overwrite
        Start over where the output belongs to an unfinished run, which is refused otherwise.
    num_threads
        Threads of the evaluator.
    progress
        Called with the step and the temperature (K) after every logged step.

    Returns
    -------
    MDResult
        The last frame and the averages.

    Raises
    ------
    TrustError
        The run exploded or left the distances of the training data; the last good frame has been written.
    DataError, SettingsError
        Bad input, npt without a full cell or without a stress for one.

    Examples
    --------
    >>> result = run(potential, atoms, MDSettings(temperature=300, steps=1000))  # doctest: +SKIP
    """
    path = Path(output) if output is not None else None
    if path is not None and not restart and not overwrite:
        Checkpoint.refuse_to_overwrite(path.with_suffix(".restart"))
    driver = _Driver.new(potential, atoms, settings, path, restart=restart, num_threads=num_threads)
    with Interruption() as interruption:
        return driver.propagate(lambda: interruption.requested, progress)


@dataclass(kw_only=True)
class _Driver:
    """The moving parts of one run."""

    potential: Potential
    template: Atoms
    settings: MDSettings
    system: System
    state: State
    guard: Guard
    initial_temperature: float
    trajectory: TrajectoryFile
    log: LogFile
    restart_path: Path | None
    resumed: Checkpoint | None
    num_threads: int | None
    session: Session = field(init=False)
    rebuilds: int = field(default=0, init=False)
    written: int | None = field(default=None, init=False)

    @classmethod
    def new(
        cls,
        potential: Potential,
        atoms: Atoms,
        settings: MDSettings,
        path: Path | None,
        *,
        restart: bool,
        num_threads: int | None,
    ) -> _Driver:
        """Return a driver at the first state; no file is touched yet."""
        system = System.from_atoms(atoms)
        if settings.ensemble == "npt" and not (
            atoms.pbc.all() and abs(np.linalg.det(atoms.cell.array)) > 0.0
        ):
            raise DataError("npt needs a cell with three periodic directions")
        if settings.ensemble == "npt" and not potential.conservative:
            raise SettingsError("npt: this potential has direct forces and no stress")
        trajectory = TrajectoryFile(path=path)
        restart_path = path.with_suffix(".restart") if path else None
        resumed = None
        if restart:
            if restart_path is None:
                raise SettingsError("restart: name the output of the run to continue")
            resumed = Checkpoint.read(restart_path)
            resumed.check_same_run(settings, system.numbers, restart_path)
            state, initial_temperature = resumed.state, resumed.initial_temperature
        else:
            state = _initial_state(atoms, system, settings)
            initial_temperature = state.temperature(system)
        return cls(
            potential=potential,
            template=atoms,
            settings=settings,
            system=system,
            state=state,
            guard=Guard.new(settings, initial_temperature, potential.minimum_distances),
            initial_temperature=initial_temperature,
            trajectory=trajectory,
            log=LogFile(path=path.with_suffix(".log") if path else None),
            restart_path=restart_path,
            resumed=resumed,
            num_threads=num_threads,
        )

    def propagate(self, stop_requested: Callable[[], bool], progress: Progress | None) -> MDResult:
        """Run to the last step, a stop request, or a stop condition."""
        settings, state = self.settings, self.state
        integrator = Integrator(settings=settings, system=self.system, compute=self._compute)
        statistics = Statistics(first=state.step, last=settings.steps, timestep_fs=settings.timestep)
        begin, first = time.perf_counter(), state.step
        evaluation = self._fresh_evaluation()
        self._open_files(evaluation)
        good = state.copy(), evaluation
        interrupted = False
        try:
            self.guard.check_motion(state, evaluation, self.system)
            self.guard.check_distances(state.step, self.session.minimum_distances())
            while state.step < settings.steps and not interrupted:
                evaluation = integrator.step(state, evaluation)
                self.guard.check_motion(state, evaluation, self.system)
                last = state.step == settings.steps
                if state.step % settings.check_every == 0:
                    self.guard.check_distances(state.step, self.session.minimum_distances())
                    state.momenta = remove_drift(state.momenta, self.system)
                    good = state.copy(), evaluation
                statistics.add(state, evaluation, self.system)
                interrupted = stop_requested() and not last
                if state.step % settings.every == 0 or last:
                    self._write(evaluation)
                    if progress is not None:
                        progress(state.step, state.temperature(self.system))
                if state.step % settings.restart_every == 0 or last or interrupted:
                    self._save_restart()
                    evaluation = self._fresh_evaluation()
        except TrustError:
            self.state, evaluation = good
            if self.written != self.state.step:
                self._write(evaluation)
            raise
        return MDResult(
            atoms=frame(self.template, state, evaluation, self._time()),
            steps=state.step,
            interrupted=interrupted,
            statistics=statistics,
            wall_seconds=time.perf_counter() - begin,
            steps_here=state.step - first,
            rebuilds=self.rebuilds + self.session.rebuilds,
        )

    def _compute(self, state: State) -> Evaluation:
        """Evaluate the potential at a state; held atoms feel no force."""
        structure = (self.system.numbers, state.positions, state.cell, self.system.pbc)
        energies, forces, strain_gradient = self.session.compute(structure)
        return Evaluation(
            energy=float(np.sum(energies)),
            forces=forces * self.system.mobile,
            strain_gradient=strain_gradient,
        )

    def _fresh_evaluation(self) -> Evaluation:
        """Evaluate with a new neighbor list, as a restart from here will."""
        if hasattr(self, "session"):
            self.rebuilds += self.session.rebuilds
        evaluator = self.potential.evaluator(simd_of(self.settings.precision))
        self.session = evaluator.session(self.settings.skin, self.num_threads)
        return self._compute(self.state)

    def _open_files(self, evaluation: Evaluation) -> None:
        """Begin trajectory and log with step 0, or cut them back to the checkpoint."""
        if self.resumed is not None:
            self.trajectory.resume(self.resumed.frames, self.resumed.trajectory_bytes)
            self.log.resume(self.resumed.log_bytes)
            return
        self.trajectory.start()
        title = f"ferrip md, {len(self.template)} atoms of {self.template.get_chemical_formula()}"
        self.log.start([title, *self.settings.describe()])
        self._write(evaluation)

    def _time(self) -> float:
        """Return the time since the start, fs."""
        return self.state.step * self.settings.timestep

    def _write(self, evaluation: Evaluation) -> None:
        """Write a frame and a log line."""
        self.written = self.state.step
        self.trajectory.append(frame(self.template, self.state, evaluation, self._time()))
        self.log.append(self.state, evaluation, self.system, self._time())

    def _save_restart(self) -> None:
        """Write the restart file."""
        if self.restart_path is not None:
            Checkpoint(
                state=self.state,
                settings=self.settings,
                numbers=self.system.numbers,
                initial_temperature=self.initial_temperature,
                log_bytes=self.log.size(),
                frames=self.trajectory.frames,
                trajectory_bytes=self.trajectory.size(),
            ).write(self.restart_path)


def _initial_state(atoms: Atoms, system: System, settings: MDSettings) -> State:
    """Return step 0: given or drawn velocities, without centre-of-mass motion."""
    rng = np.random.Generator(np.random.PCG64(settings.seed))
    positions = atoms.get_positions()
    if settings.keep_velocities:
        momenta = remove_drift(atoms.get_momenta() * system.mobile, system)
    else:
        momenta = maxwell_boltzmann(system, settings.temperature, positions, rng)
    return State(positions=positions, momenta=momenta, cell=np.array(atoms.cell), step=0, rng=rng)

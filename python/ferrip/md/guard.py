"""When a run must stop: it exploded, or atoms came closer than the training data ever saw."""

from __future__ import annotations

from dataclasses import dataclass

from ase.data import chemical_symbols

from ferrip.errors import TrustError
from ferrip.md.settings import MDSettings
from ferrip.md.state import Evaluation, State, System

Distances = dict[tuple[int, int], float]


@dataclass(frozen=True, kw_only=True)
class Guard:
    """The stop conditions.

    Attributes
    ----------
    settings
        Source of the distance factor.
    max_temperature
        K.
    training_minimum
        Shortest distance in the training data per pair of atomic numbers (low, high), Å.
    """

    settings: MDSettings
    max_temperature: float
    training_minimum: Distances

    @classmethod
    def new(cls, settings: MDSettings, initial_temperature: float, training_minimum: Distances) -> Guard:
        """Return the guard with the default temperature limit filled in."""
        limit = settings.max_temperature
        if limit is None:
            limit = 3.0 * max(settings.temperature, initial_temperature) + 1000.0
        return cls(settings=settings, max_temperature=limit, training_minimum=training_minimum)

    def check_motion(self, state: State, evaluation: Evaluation, system: System) -> None:
        """Check what every step allows to check cheaply.

        Raises
        ------
        TrustError
            The energy or a force is not finite, or the temperature exceeds its limit.
        """
        temperature = state.temperature(system)
        if not evaluation.is_finite() or temperature != temperature:
            raise TrustError(f"stopped at step {state.step}: energy, forces or velocities are not finite")
        if temperature > self.max_temperature:
            raise TrustError(
                f"stopped at step {state.step}: the temperature rose to {temperature:.0f} K, "
                f"above max_temperature = {self.max_temperature:.0f} K"
            )

    def check_distances(self, step: int, distances: Distances) -> None:
        """Check the shortest distance of every pair.

        Raises
        ------
        TrustError
            A distance is below the factor times the training minimum of its pair.
        """
        factor = self.settings.min_distance_factor
        for pair, distance in distances.items():
            known = self.training_minimum.get(pair)
            if known is not None and distance < factor * known:
                name = "-".join(chemical_symbols[number] for number in pair)
                raise TrustError(
                    f"stopped at step {step}: a {name} distance fell to {distance:.3f} Å, below {factor:g} times "
                    f"(min_distance_factor) the training minimum of {known:.3f} Å"
                )

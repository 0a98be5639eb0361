"""The contract of a family of potentials, and the registry by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from ferrip.errors import SettingsError
from ferrip.features import F64, Features
from ferrip.network import Architecture

if TYPE_CHECKING:
    from ferrip._core import PairTerm, Structure
    from ferrip.data import Frame
    from ferrip.fitting.distances import PairDistances


T = TypeVar("T")

SIZES = ("small", "medium", "large")
"""What `--size` takes, unless a family says otherwise."""


def preset_of(presets: Mapping[str, T], size: str) -> T:
    """The preset called `size`.

    Raises
    ------
    SettingsError
        If there is none.
    """
    if size not in presets:
        raise SettingsError(f"size: expected one of {', '.join(presets)}, got {size!r}")
    return presets[size]


def many_body(descriptor: Descriptor, element: int) -> slice:
    """Columns of the features of an element behind its pair functions."""
    start, stop = descriptor.feature_range(element)
    table = descriptor.feature_table()[start:stop]
    return slice(start + sum(len(factors) == 1 for _, factors in table), stop)


def network_inputs(descriptor: Descriptor, element: int, count: int | None = None) -> slice:
    """Columns of the features of an element that a network of `count` inputs takes: the last ones.

    Without `count` all of the element but pair functions of the density engine.
    """
    first, last = cast(NetworkDescriptor, descriptor).network_inputs(element)
    return slice(first if count is None else last - count, last)


def roughness(descriptor: Descriptor, order_penalty: float, power: float = 1.0) -> F64:
    """(n_features,) factor on the penalty of every function: its (n, l), to a power, and its correlation order."""
    smoothness = np.asarray(descriptor.smoothness(), dtype=float)
    relative = np.maximum(smoothness / smoothness.mean(), 1e-6) ** power
    if order_penalty == 1.0:  # graph networks have coefficients without functions
        return np.asarray(relative)
    orders = np.array([len(factors) for _, factors in descriptor.feature_table()], dtype=float)
    return np.asarray(relative * order_penalty ** (orders - orders.mean()))


def matching_columns(old: Descriptor, new: Descriptor) -> list[int]:
    """Column in the old design matrix of every column of the new one: functions of the same factors, in turn."""
    places: dict[tuple[Any, ...], list[int]] = {}
    for column, (center, factors) in enumerate(old.feature_table()):
        places.setdefault((center, *map(tuple, factors)), []).append(column)
    used: dict[tuple[Any, ...], int] = {}
    columns = []
    for center, factors in new.feature_table():
        key = (center, *map(tuple, factors))
        turn = used[key] = used.get(key, -1) + 1
        columns.append(places[key][turn])
    return columns


class Evaluator(Protocol):
    """What `Potential.evaluate` needs; `ferrip._core.Evaluator` is one."""

    def compute(self, structure: Structure, num_threads: int | None = None) -> tuple[F64, F64, F64]:
        """Energies (N,), forces (N, 3) and strain derivative (3, 3) of the energy."""
        ...


class Descriptor(Features, Protocol):
    """What fitting, uncertainty and prediction need of a descriptor; those of `ferrip._core` are such."""

    def smoothness(self) -> F64:
        """(n_features,) how strongly the prior holds each feature down."""
        ...

    def feature_range(self, element: int) -> tuple[int, int]:
        """First column that atoms of an element can have, and the one after their last."""
        ...

    def feature_table(self) -> list[tuple[int, list[tuple[int, int, int]]]]:
        """Per feature: atomic number of the centre and its factors."""
        ...

    def evaluator(
        self,
        coefficients: F64,
        e0: Sequence[float],
        pairs: Sequence[PairTerm] = (),
        simd: str | None = None,
    ) -> Any:
        """The `Evaluator` of a linear potential with these coefficients; `e0` in the order of the elements."""
        ...


@runtime_checkable
class NetworkDescriptor(Descriptor, Protocol):
    """A descriptor whose features networks can be trained on."""

    def network_inputs(self, element: int) -> tuple[int, int]:
        """First column that networks of an element take, and the one after their last."""
        ...

    def feature_edges(
        self, structure: Structure, num_threads: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], F64, NDArray[np.float32]]:
        """Centres and neighbors (E,), r_ij (E, 3), derivatives (E, 3, K) of the centre's own features in r_ij."""
        ...


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """A setting of a kernel that the marginal likelihood may find.

    Attributes
    ----------
    name
        Field of the settings of the family.
    values
        Ascending values that are looked at.
    continuous
        Whether values between them count too.
    """

    name: str
    values: tuple[float, ...]
    continuous: bool


class Family(Protocol):
    """A family: how settings become a descriptor.

    Attributes
    ----------
    name
        Name in `--model` and in model files.
    settings_class
        Settings that a user may give; every field has a default.
    citations
        DOIs of the method.
    sizes
        Names of its presets.
    """

    name: str
    settings_class: type[BaseModel]
    citations: tuple[str, ...]
    sizes: tuple[str, ...] = SIZES
    order_penalty: float = 1.0
    """Factor on the penalty of a function of the linear fit per correlation order."""

    def candidates(self, settings: BaseModel) -> list[BaseModel]:
        """Variants of `settings` between which the data decide; one where nothing is open."""
        return [settings]

    def deciding(self, candidate: BaseModel) -> tuple[Family, BaseModel]:
        """Family and settings whose held-out error stands for that of a variant; those of the variant itself."""
        return self, candidate

    def hyperparameters(self, settings: BaseModel) -> tuple[Hyperparameter, ...]:
        """What the marginal likelihood is asked to find; nothing unless the settings say so."""
        return ()

    def resolve(
        self, settings: BaseModel, size: str, elements: Sequence[int], distances: PairDistances
    ) -> dict[str, Any]:
        """Complete settings (JSON types) from the user's, the size preset and the data."""
        ...

    def descriptor(self, resolved: dict[str, Any]) -> Any:
        """The descriptor of complete settings, a `Descriptor`."""
        ...


@runtime_checkable
class EmbeddedFamily(Family, Protocol):
    """A family whose energy is a sum of functions of several densities."""

    def terms(self, settings: BaseModel) -> tuple[tuple[float, float], ...]:
        """(prefactor, exponent) of the function of each density; the first is the linear one."""
        ...


@runtime_checkable
class NeuralFamily(Family, Protocol):
    """A family with networks beside a linear potential."""

    def architecture(self, settings: BaseModel, size: str) -> Architecture:
        """Shape of the networks."""
        ...


@runtime_checkable
class EnvironmentFamily(Family, Protocol):
    """A family whose settings hold environments of the training data."""

    def with_environments(
        self, resolved: dict[str, Any], frames: Sequence[Frame], num_threads: int | None = None
    ) -> dict[str, Any]:
        """Complete settings from those of `resolve` and the frames; they may hold arrays."""
        ...

    def most_columns(self, resolved: dict[str, Any], frames: Sequence[Frame]) -> int:
        """Features of the descriptor, at most, before environments are chosen."""
        ...

    def choosing_bytes(self, resolved: dict[str, Any], frames: Sequence[Frame]) -> float:
        """Peak memory of `with_environments`."""
        ...


@runtime_checkable
class SparseFamily(Family, Protocol):
    """A family of Gaussian processes whose features leave a part of their prior variance open."""

    def unexplained(self, resolved: Mapping[str, Any], numbers: NDArray[np.int64], values: F64) -> F64:
        """(N,) prior variance of the energies of atoms that their features (N, n_features) do not account for."""
        ...

    def described(self, resolved: Mapping[str, Any]) -> str:
        """Kernels and environments of complete settings in one line."""
        ...


_FAMILIES: dict[str, Family] = {}


def register(new: Family) -> None:
    """Make a family known by its name."""
    _FAMILIES[new.name] = new


def family(name: str) -> Family:
    """The family called `name`.

    Raises
    ------
    SettingsError
        If there is none, with the nearest name.
    """
    if name not in _FAMILIES:
        near = difflib.get_close_matches(name, _FAMILIES, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(_FAMILIES))}"
        raise SettingsError(f"unknown model {name!r}; {hint}")
    return _FAMILIES[name]

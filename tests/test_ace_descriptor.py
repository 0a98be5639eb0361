"""The ACE descriptor keeps the contract of descriptors for one, two and four elements and orders up to 5."""

from itertools import combinations_with_replacement

import pytest

from ferrip._core import Descriptor
from ferrip.testing import check_descriptor

SILICON, OXIDE, METALS = [14], [8, 14], [22, 28, 41, 74]


def ace(elements: list[int], degrees: list[float], **settings: object) -> Descriptor:
    """A small basis."""
    r0 = dict.fromkeys(combinations_with_replacement(elements, 2), 2.3)
    defaults = {"cutoff": 5.0, "pair_cutoff": 5.5, "n_pair": 4}
    return Descriptor.ace(elements=elements, r0=r0, degrees=degrees, **(defaults | settings))


@pytest.mark.parametrize("degrees", [[], [8], [8, 8], [7, 7, 6], [7, 7, 6, 5], [6, 6, 6, 6]], ids=len)
def test_silicon_up_to_order_five(degrees: list[float]) -> None:
    check_descriptor(ace(SILICON, degrees))


@pytest.mark.parametrize("degrees", [[7, 6], [6, 5, 4], [5, 5, 4, 4]], ids=len)
def test_two_elements(degrees: list[float]) -> None:
    check_descriptor(ace(OXIDE, degrees))


@pytest.mark.parametrize("degrees", [[5, 4], [4, 4, 3]], ids=len)
def test_four_elements(degrees: list[float]) -> None:
    check_descriptor(ace(METALS, degrees))


@pytest.mark.parametrize(("cutoff", "pair_cutoff"), [(5.0, 5.0), (6.0, 4.0), (3.5, 7.0)])
def test_cutoffs_in_any_order(cutoff: float, pair_cutoff: float) -> None:
    check_descriptor(ace(SILICON, [7, 6], cutoff=cutoff, pair_cutoff=pair_cutoff))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_structures(seed: int) -> None:
    check_descriptor(ace(OXIDE, [6, 5]), seed=seed)

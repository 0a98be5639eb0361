"""Checks that every descriptor, potential and regressor must pass, for ferrip's own tests and for plugins.

`check_descriptor`, `check_potential` and `check_regressor` raise `CheckError` (an `AssertionError`) with the name
of the check, the structure and the size of the deviation. Hypothesis strategies for structures are in
`ferrip.testing.strategies`, which needs the `test` extra.
"""

from ferrip.testing.descriptor import check_descriptor
from ferrip.testing.expectations import CheckError
from ferrip.testing.potential import check_potential
from ferrip.testing.regressor import check_regressor
from ferrip.testing.samples import sample_structures

__all__ = ["CheckError", "check_descriptor", "check_potential", "check_regressor", "sample_structures"]

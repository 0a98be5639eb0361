"""A self-contained HTML page about a potential: errors, parity, curves, properties and timing."""

from ferrip.report.page import Page, Section, Table
from ferrip.report.parity import Parity, parity
from ferrip.report.validation import Validation, learning_curves, write_report

__all__ = ["Page", "Parity", "Section", "Table", "Validation", "learning_curves", "parity", "write_report"]

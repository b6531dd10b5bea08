"""Encoding and exact neighbours as jobs of many tasks on Apache Beam."""

from common.beam.rows import Columns
from common.beam.rows import DeadLetter
from common.beam.rows import Rows

__all__ = ("Columns", "DeadLetter", "Rows")

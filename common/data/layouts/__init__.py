"""Readers of the file layouts in which other projects share their data.

Each reader returns the arguments of `common.data.arrays.CrossModalData`, and
raises a ValueError of one sentence where the files do not hold them.
"""

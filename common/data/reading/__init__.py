"""Step three of reading, read: recognised arrays become a data set's fields.

Each function returns arguments of `common.data.arrays.CrossModalData`, and
sentences that say what was understood where that was not plain.
"""

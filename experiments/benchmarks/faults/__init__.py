"""Damaged files and killed trainings.

What is promised of them stands in `tests/faults/README.md`.
"""

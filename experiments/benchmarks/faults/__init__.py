"""Damaged files and killed trainings: what is promised of them, see tests/faults/README.md."""

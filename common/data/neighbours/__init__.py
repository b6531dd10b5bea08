"""Nearest neighbours of all items: exact, or approximate where n is large."""

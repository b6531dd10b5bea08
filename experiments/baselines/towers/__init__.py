"""Compared methods that train a tower for each view without labels."""

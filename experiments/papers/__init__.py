"""The papers' tables and figures, made again on whatever data there is."""

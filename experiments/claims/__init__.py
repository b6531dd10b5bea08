"""The papers' comparative claims, held against the result files."""

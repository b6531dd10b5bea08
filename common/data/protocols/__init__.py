"""The papers' splits, as stored index files; see README.md here."""

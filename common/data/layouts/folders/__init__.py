"""Folders whose files are more than named arrays, one reader a file."""

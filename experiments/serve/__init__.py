"""Serves a finished run as a search page and over HTTP."""

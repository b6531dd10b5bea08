"""Mechanisms shared by the methods; knows no method."""

"""Compared methods without a network, and the algebra they share."""

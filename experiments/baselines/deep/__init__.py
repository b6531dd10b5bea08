"""Compared methods that train networks with Keras."""

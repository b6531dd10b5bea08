"""The methods' steps written in PyTorch, from a Keras model's weights.

Modules here import PyTorch, which the extra `compare` installs.
"""

"""The matrix products of a step of each method, from its equations."""

"""A training step of every method against two floors and PyTorch."""

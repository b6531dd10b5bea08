"""The error of a training that has left the finite numbers."""


class DivergedError(RuntimeError):
    """Training cannot go on; the message is one sentence for people."""

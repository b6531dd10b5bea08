"""Bars that show how far a long computation is."""

import sys
from collections.abc import Callable

import keras


def show_progress(name: str, total: int) -> Callable[[str, int], None]:
    """A function that draws a bar for each part of a long computation."""
    bars = {}

    def show(part: str, done: int) -> None:
        if part not in bars:
            print(f"{name}: {part}")
            bars[part] = keras.utils.Progbar(
                total, verbose=1 if sys.stdout.isatty() else 0
            )
        bars[part].update(done)

    return show

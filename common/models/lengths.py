"""How long a training is: optimizer steps that follow the number of rows.

Epochs of large batches give a small data set few optimizer steps, and codes
that have hardly moved. So a batch is a share of the training rows, and a run
repeats its epochs until it has made enough steps.
"""

import math


def batch_size(rows: int, epoch_steps: int, smallest: int, largest: int) -> int:
    """Items of a batch, so that an epoch has about so many steps.

    Args:
        rows: Training rows, at least 1.
        epoch_steps: Steps of an epoch, as long as batches stay in bounds.
        smallest: Items of a batch where rows are few.
        largest: Items of a batch where rows abound.

    Returns:
        At least 1, at most `rows`.
    """
    return min(rows, largest, max(smallest, rows // epoch_steps))


def repeats(steps: int, least: int, most: int) -> int:
    """How often a training of so many steps is made, to have at least some.

    Args:
        steps: Optimizer steps of the training as it is stated, at least 1.
        least: Optimizer steps it shall have.
        most: Largest answer; a few rows need not be seen for ever.

    Returns:
        A whole number, at least 1.
    """
    return min(most, max(1, math.ceil(least / steps)))

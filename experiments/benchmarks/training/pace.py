"""How many steps are timed."""

import dataclasses
from collections.abc import Sequence

import numpy as np

# Steps slower than this, in seconds, may be fewer.
_SLOW = 0.5


@dataclasses.dataclass(frozen=True)
class Pace:
    """How many steps are timed, and how many before them are not.

    Attributes:
        steps: Timed steps.
        left_out: Steps before them: tracing, compiling, cold caches.
        fewest: Timed steps where `steps` would last longer than as many of
            half a second.
    """

    steps: int = 20
    left_out: int = 5
    fewest: int = 5

    @property
    def most(self) -> int:
        """Steps of a kind at most, those that are left out counted."""
        return self.left_out + self.steps

    def is_enough(self, times: Sequence[float]) -> bool:
        """Whether so many steps, of so many seconds, tell the median."""
        timed = times[self.left_out :]
        if len(timed) >= self.steps:
            return True
        return len(timed) >= self.fewest and sum(timed) > _SLOW * self.steps

    def median(self, times: Sequence[float]) -> float:
        """Median seconds of the timed steps."""
        return float(np.median(times[self.left_out :]))

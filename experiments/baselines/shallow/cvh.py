"""CVH, cross-view hashing.

Kumar, Udupa: "Learning Hash Functions for Cross-View Similarity Search",
IJCAI 2011. With one image to a text and no other similarity its eigenproblem
is that of canonical correlation analysis, which is how all tables of this
field use it.
"""

import dataclasses
from typing import ClassVar

from common.models.settings import setting
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.shallow import algebra


@dataclasses.dataclass(frozen=True)
class CVH(method.Method):
    """Signs of the leading canonical projections of each view."""

    draws: ClassVar[bool] = False

    ridge: float = setting(
        1.0,
        "Added to both covariances' diagonals, relative to their mean.",
        minimum=1e-12,
    )

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        method.check_bits(self, bits, pairs)
        image_mean, image = algebra.centre(pairs.image)
        text_mean, text = algebra.centre(pairs.text)
        whitening = algebra.Whitening(image, text, self.ridge)
        image_directions, text_directions, _ = algebra.canonical_directions(
            whitening, image.T @ text, bits
        )
        return models.Model(
            models.linear(image_mean, image_directions),
            models.linear(text_mean, text_directions),
        )


METHODS = {"cvh": CVH()}

"""CMFH, collective matrix factorisation hashing.

Ding, Guo, Zhou: "Collective Matrix Factorization Hashing for Multimodal
Data", CVPR 2014. Rows are items: X1 and X2 are images and texts, V the latent
factors [n, K] that both views share.
"""

import dataclasses

import numpy as np

from common.models.settings import setting
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.shallow import algebra


@dataclasses.dataclass(frozen=True)
class CMFH(method.Method):
    """Latent factors of both views, and linear maps of each view to them.

    Minimises

        sum_m a_m (|X_m - V U_m|^2 + mu |V - X_m W_m|^2
                   + gamma (|U_m|^2 + |V|^2 + |W_m|^2))

    A code is the sign of x W: every item is hashed from one view alone, where
    the paper hashes database items from both.
    """

    image_weight: float = setting(
        0.5, "a_1; a_2 is the rest to 1.", minimum=0.0, maximum=1.0
    )
    projection_weight: float = setting(1.0, "mu.", minimum=1e-12)
    ridge: float = setting(1.0, "gamma.", minimum=1e-12)
    rounds: int = setting(25, "Largest number of rounds.", minimum=1)
    tolerance: float = setting(
        0.01, "Relative fall of the objective that ends the rounds.", minimum=0
    )
    unit_rows: bool = setting(True, "Scale features to length 1 at first.")

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        prepared = algebra.unit_rows if self.unit_rows else np.asarray
        means, features = zip(
            *(algebra.centre(prepared(x)) for x in (pairs.image, pairs.text)),
            strict=True,
        )
        state = _Factors(self, features, bits, rng)
        before = np.inf
        for done in range(self.rounds):
            objective = state.round()
            report(done + 1, self.rounds, objective)
            if before - objective < self.tolerance * objective:
                break
            before = objective
        return models.Model(
            *(
                models.linear(mean, weights, unit_rows=self.unit_rows)
                for mean, weights in zip(means, state.maps, strict=True)
            )
        )


class _Factors:
    """V, U and W of one factorisation, and a round that improves them."""

    def __init__(self, config, features, bits, rng):
        self._mu, self._gamma = config.projection_weight, config.ridge
        self._weights = (config.image_weight, 1 - config.image_weight)
        self._features = features
        # mu X'(mu X X' + gamma)^-1, so that W is one product a round.
        self._to_maps = [
            algebra.ridge_map(x, self._gamma / self._mu) for x in features
        ]
        self.latent = rng.random((len(features[0]), bits))
        self.bases = None
        self.maps = [rng.random((x.shape[1], bits)) for x in features]

    def round(self) -> float:
        """Updates U, V and W in turn; returns the objective."""
        factors = algebra.gram(self.latent, self._gamma)
        self.bases = [
            algebra.solve(factors, self.latent.T @ x) for x in self._features
        ]
        self.latent = self._shared()
        self.maps = [to_map @ self.latent for to_map in self._to_maps]
        return self.objective()

    def _shared(self) -> np.ndarray:
        bits = self.latent.shape[1]
        left = (self._mu + self._gamma) * np.eye(bits)
        right = 0
        for a, x, u, w in zip(*self._parts(), strict=True):
            left = left + a * u @ u.T
            right = right + a * (x @ (u.T + self._mu * w))
        return algebra.solve(left, right.T).T

    def objective(self) -> float:
        """The sum that every update lowers."""
        total = 0.0
        for a, x, u, w in zip(*self._parts(), strict=True):
            total += a * (
                _square(x - self.latent @ u)
                + self._mu * _square(self.latent - x @ w)
                + self._gamma * (_square(u) + _square(self.latent) + _square(w))
            )
        return total

    def _parts(self):
        return self._weights, self._features, self.bases, self.maps


def _square(matrix) -> float:
    return float(np.vdot(matrix, matrix))


METHODS = {"cmfh": CMFH()}

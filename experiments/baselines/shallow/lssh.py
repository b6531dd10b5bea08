"""LSSH, latent semantic sparse hashing.

Zhou, Ding, Guo: "Latent Semantic Sparse Hashing for Cross-Modal Similarity
Search", SIGIR 2014. Rows are items: X images with sparse codes S over the
atoms B, T texts with latent topics V over A, and R from S to V.
"""

import dataclasses
from typing import ClassVar

import numpy as np
from sklearn import decomposition

from common.models.settings import setting
from experiments.baselines import method
from experiments.baselines import models
from experiments.baselines.shallow import algebra
from experiments.baselines.shallow import sparse_coding


@dataclasses.dataclass(frozen=True, eq=False)
class Sparse:
    """Signs of mapped sparse codes, lasso(unit((x - mean) P), B) R >= 0.

    Attributes:
        mean: Mean of the training features, [d].
        projection: P, [d, r].
        atoms: B, [m, r].
        link: R, [m, K].
        penalty: Of the sparse codes, relative.
        iterations: Of the sparse codes.
    """

    mean: np.ndarray
    projection: np.ndarray
    atoms: np.ndarray
    link: np.ndarray
    penalty: np.ndarray
    iterations: np.ndarray

    @property
    def bits(self) -> int:
        """K, the code length."""
        return self.link.shape[1]

    def encode(self, features: np.ndarray) -> np.ndarray:
        """Hashes features [n, d] to booleans [n, K]."""
        reduced = (features - self.mean) @ self.projection
        sparse = sparse_coding.lasso(
            algebra.unit_rows(reduced),
            self.atoms,
            float(self.penalty),
            int(self.iterations),
        )
        return sparse @ self.link >= 0


@dataclasses.dataclass(frozen=True)
class LSSH(method.Method):
    """Sparse codes of images mapped to latent topics of texts.

    Minimises |X - S B|^2 + rho |S|_1 + mu |T - V A|^2 + lam |V - S R|^2. Every
    item is hashed from one view alone, where the paper hashes database items
    from both.
    """

    views: ClassVar[tuple[type, type]] = (Sparse, models.Linear)

    text_weight: float = setting(0.5, "mu.", minimum=1e-12)
    sparsity: float = setting(
        0.2,
        "rho, relative to the penalty that leaves no atom.",
        minimum=0.0,
        maximum=1.0,
    )
    agreement: float = setting(1.0, "lam.", minimum=1e-12)
    atoms: int = setting(512, "Atoms of the images' dictionary.", minimum=1)
    rounds: int = setting(20, "Rounds over all unknowns.", minimum=1)
    lasso_iterations: int = setting(30, "Of each sparse coding.", minimum=1)
    max_pairs: int = setting(
        10000, "Training pairs that are used, the first.", minimum=2
    )

    def _fit(self, pairs, bits, rng, report) -> models.Model:
        pairs = pairs.first(self.max_pairs)
        method.check_bits(self, bits, pairs)
        image_mean, image = algebra.centre(pairs.image)
        text_mean, text = algebra.centre(pairs.text)
        reduction = decomposition.PCA(bits, svd_solver="covariance_eigh").fit(
            image
        )
        projection = reduction.components_.T
        state = _Factors(
            self,
            algebra.unit_rows(image @ projection),
            algebra.unit_rows(text),
            bits,
            rng,
        )
        for done in range(self.rounds):
            state.round()
            report(done + 1, self.rounds, state.objective())
        view = Sparse(
            image_mean,
            projection,
            state.image_atoms,
            state.link,
            np.array(self.sparsity),
            np.array(self.lasso_iterations),
        )
        return models.Model(view, models.linear(text_mean, state.text_map()))


class _Factors:
    """A, B, R, S and V, and a round that updates them in turn."""

    def __init__(self, config, image, text, bits, rng):
        self._config = config
        self._image, self._text = image, text
        self._pull = config.agreement / config.text_weight
        self.image_atoms = _random_atoms(rng, config.atoms, image.shape[1])
        self.text_atoms = _random_atoms(rng, bits, text.shape[1])
        self.link = _random_atoms(rng, config.atoms, bits)
        self.sparse = self._lasso(image, self.image_atoms)
        self.topics = None

    def round(self) -> None:
        """Updates V, A, S, B and R in turn."""
        self.topics = self.best_topics()
        self.text_atoms = sparse_coding.dictionary(
            self._text, self.topics, self.text_atoms
        )
        scale = np.sqrt(self._config.agreement)
        self.sparse = self._lasso(
            np.hstack([self._image, scale * self.topics]),
            np.hstack([self.image_atoms, scale * self.link]),
        )
        self.image_atoms = sparse_coding.dictionary(
            self._image, self.sparse, self.image_atoms
        )
        self.link = sparse_coding.dictionary(
            self.topics, self.sparse, self.link
        )

    def best_topics(self) -> np.ndarray:
        """V = (lam/mu S R + T A')(A A' + lam/mu I)^-1."""
        right = self._pull * (self.sparse @ self.link)
        right += self._text @ self.text_atoms.T
        return algebra.solve(self._atom_gram(), right.T).T

    def text_map(self) -> np.ndarray:
        """A'(A A' + lam/mu I)^-1, from a text alone to its topics, [q, K]."""
        return algebra.solve(self._atom_gram(), self.text_atoms).T

    def objective(self) -> float:
        """The weighted errors, without the penalty of S."""
        config = self._config
        image = self._image - self.sparse @ self.image_atoms
        text = self._text - self.topics @ self.text_atoms
        link = self.topics - self.sparse @ self.link
        return float(
            np.vdot(image, image)
            + config.text_weight * np.vdot(text, text)
            + config.agreement * np.vdot(link, link)
        )

    def _atom_gram(self):
        return algebra.gram(self.text_atoms.T, self._pull)

    def _lasso(self, features, atoms):
        return sparse_coding.lasso(
            features,
            atoms,
            self._config.sparsity,
            self._config.lasso_iterations,
        )


def _random_atoms(rng, count, width) -> np.ndarray:
    return algebra.unit_rows(rng.normal(size=(count, width)))


METHODS = {"lssh": LSSH()}

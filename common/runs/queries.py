"""The codes that texts, pictures and features ask a finished run with."""

import functools
import threading
from collections.abc import Sequence

import numpy as np

from common.data import bow
from common.data import words
from common.runs import finished as finished_runs


class QueryEncoder:
    """What turns queries into codes, by a run's exported model.

    Models are loaded when they are first needed, which takes seconds; threads
    may share one.

    Args:
        finished: The run.
        weights: The image extractor's weights; empty where they were.
    """

    def __init__(self, finished: finished_runs.FinishedRun, weights: str = ""):
        self._finished = finished
        self._weights = weights
        self._loading = threading.Lock()

    def understand(self, text: str) -> words.Understood:
        """Finds a text's words in the vocabulary of the run's data.

        Raises:
            ValueError: The data has no vocabulary, or neither these words nor
                any near them.
        """
        vocabulary = self._finished.data.vocabulary
        if vocabulary is None:
            raise ValueError(
                "The data set has no `vocab`, so a text cannot be turned into "
                "its bag of words; ask with an item."
            )
        understood = words.understand(text, self._words)
        if understood.known:
            return understood
        closest = "; ".join(
            f"closest to {word}: {', '.join(found)}"
            for word, found in understood.unknown.items()
            if found
        )
        such = f"such as {', '.join(map(str, vocabulary[:8]))}"
        raise ValueError(
            f"None of the words of {text!r} is among the {len(vocabulary)} of "
            f"the vocabulary, {closest or such}."
        )

    def bags(self, texts: Sequence[str]) -> np.ndarray:
        """Binary bags of words of n texts, [n, d_text] float32."""
        return self._bags.bags(texts)

    def texts(self, bags: np.ndarray) -> np.ndarray:
        """Codes of bags of words [n, d_text], [n, ceil(K / 8)] uint8."""
        return np.asarray(self._encoders.text(bags))

    def images(self, features: np.ndarray) -> np.ndarray:
        """Codes of image features [n, d_image], [n, ceil(K / 8)] uint8."""
        return np.asarray(self._encoders.image(features))

    @property
    def picture_side(self) -> int:
        """Side in pixels of the squares that `pictures` takes.

        Raises:
            ValueError: The data's features are of unknown or other making.
            OSError: The weights are missing.
        """
        return self._made[0].size

    def pictures(self, pixels: np.ndarray) -> np.ndarray:
        """Codes of RGB squares [n, side, side, 3] uint8, as `images`."""
        return self.images(self._extractor.features(pixels))

    @functools.cached_property
    def _words(self) -> tuple[str, ...]:
        return tuple(map(str, self._finished.data.vocabulary))

    @functools.cached_property
    def _bags(self) -> bow.Encoder:
        return bow.Encoder(self._finished.data.vocabulary)

    @property
    def _encoders(self):
        with self._loading:
            return self._loaded_encoders

    @functools.cached_property
    def _loaded_encoders(self):
        from common.runs import exported

        finished = self._finished
        return exported.load(finished.directory / "saved_model", finished.bits)

    @functools.cached_property
    def _made(self):
        """How features are made, and the weights file."""
        from common.backbones import preprocessing

        made = self._finished.data.extractor
        if made is None:
            raise ValueError(
                "The data set does not tell how its features were made; "
                "extract them with experiments.extract_features, or ask with "
                "an item."
            )
        return preprocessing.repeat(made, self._weights)

    @property
    def _extractor(self):
        with self._loading:
            return self._loaded_extractor

    @functools.cached_property
    def _loaded_extractor(self):
        from common.backbones import extractor

        return extractor.Extractor(*self._made)

"""A hashing model with Keras' `evaluate`, `predict`, `export`, `summary`."""

import os
import sys
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from common.data import pipeline
from common.models import arguments
from common.models import players
from common.reports import export as reports_export
from common.runs import encoding
from common.training import inputs
from common.training import scores


class RetrievalModel(players.PlayersModel):
    """A model that encodes and scores items.

    Its methods take items in the ways that `common.training.inputs.rows_of`
    tells.
    """

    def evaluate(
        self,
        x: Any = None,
        y: None = None,
        database: Any = None,
        verbose: int | str = "auto",
        callbacks: Any = None,
        return_dict: bool = False,
        batch_size: int | None = None,
        **others: Any,
    ) -> dict[str, float] | list[float]:
        """Scores queries against a database, in both directions.

        Args:
            x: Queries.
            y: Not used; labels come with the items.
            database: Items that are searched; the queries' own without.
            verbose: 0 prints nothing.
            callbacks: As Keras takes them.
            return_dict: Whether scores have names, or are a list.
            batch_size: Not used; it changes no score.
            **others: Keras' other arguments, which are refused.

        Returns:
            Scores of `common.training.scores.evaluate`.

        Raises:
            TypeError: Keras has such an argument, which means nothing here.
        """
        arguments.refuse("evaluate", others)
        watching = _watching(self, callbacks)
        watching.on_test_begin()
        query = inputs.rows_of(x)
        found = scores.evaluate(
            self, query, query if database is None else inputs.rows_of(database)
        )
        watching.on_test_end(found)
        if lines_or_bar(verbose):
            print(" - ".join(f"{n}: {value:.4f}" for n, value in found.items()))
        return found if return_dict else list(found.values())

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        callbacks: Any = None,
        **others: Any,
    ) -> dict[str, np.ndarray]:
        """Packed codes of items.

        Args:
            x: Items, or a dictionary of one modality's arrays.
            batch_size: Items encoded at once.
            verbose: Not used; nothing is printed.
            callbacks: As Keras takes them.
            **others: Keras' other arguments, which are refused.

        Returns:
            `image` and `text`, [n, ceil(K / 8)] uint8 each, in the bit order
            of `common.hamming.codes`.

        Raises:
            TypeError: Keras has such an argument, which means nothing here.
        """
        arguments.refuse("predict", others)
        watching = _watching(self, callbacks)
        watching.on_predict_begin()
        readers, count = _readers(x)
        encoders = encoding.model_encoders(self)
        found = {
            name: pipeline.encode(
                getattr(encoders, name), read, count, batch_size
            )
            for name, read in readers.items()
        }
        watching.on_predict_end(found)
        return found

    def save(
        self,
        filepath: str | os.PathLike,
        overwrite: bool = True,
        **kwargs: Any,
    ) -> None:
        """Writes a `.keras` file, as Keras does.

        Args:
            filepath: Its name.
            overwrite: Whether it may replace another.
            **kwargs: As Keras takes them.

        Raises:
            ValueError: The name has another ending.
        """
        if not os.fspath(filepath).endswith(".keras"):
            raise ValueError(
                "A model is saved as a .keras file, and exported as a "
                f"SavedModel by `export`; received {os.fspath(filepath)!r}."
            )
        super().save(filepath, overwrite=overwrite, **kwargs)

    def test_on_batch(self, *args: Any, **kwargs: Any) -> None:
        """There is none: `evaluate` scores queries against a database."""
        raise NotImplementedError(
            "`test_on_batch` has no database to search; call `evaluate`."
        )

    def export(
        self,
        filepath: str | os.PathLike,
        format: str = "tf_saved_model",  # noqa: A002  (Keras' own name)
        verbose: bool | None = None,
        vocabulary: np.ndarray | None = None,
    ) -> None:
        """Writes a SavedModel, see `common.reports.export.export`.

        Args:
            filepath: Folder to write.
            format: `tf_saved_model`.
            verbose: Whether to say where it is.
            vocabulary: Word of each text column, [d_text] strings, for
                sentences.

        Raises:
            ValueError: The format is another.
        """
        if format != "tf_saved_model":
            raise ValueError(
                "A model is exported as tf_saved_model, from which converters "
                f"make other formats; received {format!r}."
            )
        reports_export.export(self, filepath, vocabulary)
        if verbose:
            print(f"Saved artifact at {os.fspath(filepath)!r}.")

    def summary(self, *args: Any, print_fn: Any = None, **kwargs: Any) -> None:
        """Prints layers, and the players with their weights and optimizers."""
        super().summary(*args, print_fn=print_fn, **kwargs)
        say = print_fn or print
        for name in self.player_names:
            weights = "not built"
            if self.built:
                sizes = [int(np.prod(v.shape)) for v in self.players[name]]
                weights = f"{sum(sizes):,} weights"
            optimizer = self.optimizer_of(name)
            kind = type(optimizer).__name__ if optimizer else "the settings'"
            say(f"Player {name}: {weights}, optimizer {kind}")


def _readers(x) -> tuple[dict[str, Callable], int]:
    """Functions that read rows of each modality that is there."""
    if isinstance(x, tf.data.Dataset):
        x = inputs.read(x)
    if isinstance(x, Mapping) and {"image", "text"} & set(x):
        arrays = {
            name: np.asarray(x[name], np.float32)
            for name in ("image", "text")
            if name in x
        }
        readers = {
            name: (lambda at, values=values: values[at])
            for name, values in arrays.items()
        }
        return readers, len(next(iter(arrays.values())))
    rows = inputs.rows_of(x)
    return {"image": rows.image_features, "text": rows.text_features}, len(rows)


def _watching(model, callbacks) -> keras.callbacks.CallbackList:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    return keras.callbacks.CallbackList(callbacks, model=model)


def lines_or_bar(verbose: int | str) -> int:
    """Keras' `verbose`; `auto` is a bar on a terminal, lines elsewhere."""
    # A bar that moves needs a terminal; a log file wants lines.
    if verbose != "auto":
        return int(verbose)
    return 1 if sys.stdout.isatty() else 2

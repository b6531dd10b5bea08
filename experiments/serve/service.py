"""A search service without HTTP: what is asked, added and removed."""

import dataclasses
import threading
import uuid
from collections.abc import Callable
from collections.abc import Sequence
from concurrent import futures

import numpy as np

from common.backbones import photographs
from common.runs import finished as finished_runs
from common.runs import queries as run_queries
from experiments.serve import batching
from experiments.serve import codes as service_codes
from experiments.serve import collection
from experiments.serve import gallery
from experiments.serve import pictures
from experiments.serve import store as service_store
from experiments.serve.items import Item
from experiments.serve.items import NewItem
from experiments.serve.limits import Limits
from experiments.serve.queries import Answer
from experiments.serve.queries import Query


class Service:
    """A finished run that answers, takes new pictures and lets items go.

    Threads may share one.

    Args:
        finished: The run.
        store: Where additions and removals are kept.
        codes: Where codes are searched; in memory by default.
        weights: The image extractor's weights; empty where they were.
        limits: What a request may ask for; by default `Limits()`.
        watch: Told the number of queries of each batch.
    """

    def __init__(
        self,
        finished: finished_runs.FinishedRun,
        store: service_store.Store,
        codes: service_codes.Codes | None = None,
        weights: str = "",
        limits: Limits | None = None,
        watch: Callable[[int], None] | None = None,
    ):
        self.finished = finished
        self.limits = limits or Limits()
        self.encoder = run_queries.QueryEncoder(finished, weights)
        codes = codes or service_codes.LocalCodes(finished.bits)
        self.items = collection.Collection(finished, store, codes)
        self.gallery = gallery.Gallery(finished, store)
        self.watch = watch
        # Pictures are large: one request of them is decoded at a time.
        self._decoding = threading.Lock()
        self._batcher = batching.Batcher(self._answer)

    def close(self) -> None:
        """Answers what was asked and lets go of the store."""
        self._batcher.close()
        self.items.store.close()

    def warm_up(self) -> None:
        """Loads the model, so that the first query need not."""
        data = self.finished.data
        self.encoder.texts(np.zeros((1, data.text_dim), np.float32))
        self.encoder.images(data.image_features(slice(0, 1)))
        if data.vocabulary is not None:
            self.encoder.bags([""])

    def ask(self, query: Query) -> "futures.Future[Answer]":
        """Asks a question, to be answered with others that wait.

        Raises:
            ValueError: It asks for too many items.
            batching.BusyError: Too many questions wait.
        """
        if query.k > self.limits.k:
            raise ValueError(
                f"`k` is at most {self.limits.k}, received {query.k}."
            )
        return self._batcher.ask(query)

    def text_query(self, text: str, **options) -> Query:
        """A query of words.

        Args:
            text: The words.
            **options: Other fields of `Query`.

        Raises:
            ValueError: No word is known or near one, or the text is too long.
        """
        self.limits.check_length("text", text)
        understood = self.encoder.understand(text)
        bag = self.encoder.bags([" ".join(understood.known)])[0]
        return Query(bag=bag, notes=tuple(understood.notes()), **options)

    def picture_query(self, content: bytes, **options) -> Query:
        """A query of a picture file.

        Args:
            content: The file.
            **options: Other fields of `Query`.

        Raises:
            ValueError: It cannot be decoded, or the data does not tell how its
                features were made.
            OSError: The extractor's weights are missing.
        """
        side = self.encoder.picture_side
        with self._decoding:
            _, picture = self.limits.decode(content)
            squares = photographs.squeeze(picture, side)[None]
            code = self.encoder.pictures(squares)[0]
        return Query(code=code, **options)

    def vector_query(self, vector: Sequence[float], **options) -> Query:
        """A query of image features as the data set has them.

        Args:
            vector: [d_image] numbers.
            **options: Other fields of `Query`.

        Raises:
            ValueError: Of another length, or not finite.
        """
        shape = self.finished.data.image_shape
        features = np.asarray(vector, np.float32)
        if features.shape != shape or not np.isfinite(features).all():
            raise ValueError(
                f"`vector` is {list(shape)} finite numbers, the image features "
                f"of the data set; received shape {list(features.shape)}."
            )
        return Query(features=features, **options)

    def code_query(self, code: str, **options) -> Query:
        """A query of a packed code in hexadecimal digits.

        Raises:
            ValueError: It is no code of the run's length.
        """
        bits = self.finished.bits
        try:
            row = np.frombuffer(bytes.fromhex(code), np.uint8)
        except ValueError:
            row = np.empty(0, np.uint8)
        padding = -bits % 8
        if len(row) != -(-bits // 8) or row[-1] & ((1 << padding) - 1):
            raise ValueError(
                f"`code` is {-(-bits // 8)} bytes of hexadecimal digits, "
                f"{bits} bits and then zeros; received {code[:40]!r}."
            )
        return Query(code=row, **options)

    def item_query(
        self, item: str, ask_with: str = "image", **options
    ) -> Query:
        """A query of an item's stored code.

        Args:
            item: Its id.
            ask_with: Which half of it asks, `image` or `text`.
            **options: Other fields of `Query`.

        Raises:
            items.MissingError: There is no such item, or it lacks that.
            ValueError: `ask_with` is something else.
        """
        if ask_with not in service_codes.MODALITIES:
            raise ValueError(
                f"`ask_with` is image or text, received {ask_with!r}."
            )
        code = self.items.code(self.items.find(item), ask_with)
        return Query(code=code, **options)

    def add(
        self, added: Sequence[NewItem]
    ) -> list[tuple[Item, tuple[str, ...]]]:
        """Adds pictures with their captions, all or none.

        What returns is on disk, and every search that begins later sees it.

        Returns:
            The items, each with notes on words that were not taken as typed.

        Raises:
            ValueError: A picture cannot be decoded, an id or a text is not
                taken, or the data does not tell how its features were made.
            collection.TakenError: There is an item of an id already.
            OSError: The extractor's weights are missing, or the disk is full.
        """
        self.limits.check_added(added)
        side = self.encoder.picture_side
        with self._decoding:
            shown, squares = [], []
            for one in added:
                media_type, picture = self.limits.decode(one.content)
                small = photographs.thumbnail(picture, pictures.THUMBNAIL)
                shown.append(
                    service_store.Picture(media_type, one.content, small)
                )
                squares.append(photographs.squeeze(picture, side))
            image_codes = self.encoder.pictures(np.stack(squares))
        captions = [self._caption(one.caption) for one in added]
        records = [
            service_store.Record(
                one.id or uuid.uuid4().hex,
                one.caption,
                tuple(one.labels),
                dict(one.metadata),
                image_code.tobytes(),
                text_code,
            )
            for one, image_code, (text_code, _) in zip(
                added, image_codes, captions, strict=True
            )
        ]
        items = self.items.add(records, shown)
        notes = [tuple(notes) for _, notes in captions]
        return list(zip(items, notes, strict=True))

    def _caption(self, caption: str) -> tuple[bytes | None, list[str]]:
        """Code of a caption, None without a known word, and notes."""
        if not caption.strip():
            return None, []
        try:
            understood = self.encoder.understand(caption)
        except ValueError as error:
            return None, [f"The caption is kept, but not searched: {error}"]
        bags = self.encoder.bags([" ".join(understood.known)])
        return self.encoder.texts(bags)[0].tobytes(), understood.notes()

    def _answer(self, asked: Sequence[Query]) -> list[Answer]:
        if self.watch:
            self.watch(len(asked))
        asked = self._hashed(asked, "bag", self.encoder.texts)
        asked = self._hashed(asked, "features", self.encoder.images)
        return self.items.answer(asked)

    def _hashed(self, asked, field, encode) -> list[Query]:
        """The queries, with the codes of those that have this field."""
        places = [
            place
            for place, query in enumerate(asked)
            if query.code is None and getattr(query, field) is not None
        ]
        asked = list(asked)
        if places:
            stacked = np.stack([getattr(asked[one], field) for one in places])
            for place, code in zip(places, encode(stacked), strict=True):
                asked[place] = dataclasses.replace(asked[place], code=code)
        return asked

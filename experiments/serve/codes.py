"""The codes of a service's items, in memory or on a Milvus server."""

from typing import Protocol

import numpy as np

from common import hamming
from common.hamming import codes as hamming_codes

MODALITIES = ("image", "text")


class Codes(Protocol):
    """Codes by modality and number.

    Attributes:
        bits: K, the code length.
        most: The most items that a search gives for one query.
    """

    bits: int
    most: int

    def count(self, modality: str) -> int:
        """Number of codes of a modality."""

    def add(self, modality: str, rows: np.ndarray, numbers: np.ndarray) -> None:
        """Adds codes [m, ceil(K / 8)] uint8 under numbers [m] int64."""

    def remove(self, modality: str, numbers: np.ndarray) -> None:
        """Removes the codes of these numbers, which are there."""

    def forget(self, numbers: np.ndarray) -> None:
        """Removes what an earlier process may have left of these [m] int64."""

    def search(
        self, modality: str, rows: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest of q queries: distances and numbers, [q, k]."""


class LocalCodes:
    """Codes in this process's memory.

    Args:
        bits: K, the code length.
    """

    def __init__(self, bits: int):
        self.bits = bits
        self.most = np.iinfo(np.int64).max
        self._indexes = {
            modality: hamming.HammingIndex(bits) for modality in MODALITIES
        }

    def count(self, modality: str) -> int:
        """See `Codes`."""
        return len(self._indexes[modality])

    def add(self, modality: str, rows: np.ndarray, numbers: np.ndarray) -> None:
        """See `Codes`."""
        packed = hamming_codes.PackedCodes(rows, self.bits)
        self._indexes[modality].add(packed, numbers)

    def remove(self, modality: str, numbers: np.ndarray) -> None:
        """See `Codes`."""
        self._indexes[modality].remove(numbers)

    def forget(self, numbers: np.ndarray) -> None:
        """See `Codes`; this process starts with nothing."""

    def search(
        self, modality: str, rows: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Codes`."""
        packed = hamming_codes.PackedCodes(rows, self.bits)
        return self._indexes[modality].search(packed, k)


class MilvusCodes:
    """Codes on a Milvus server, for more than one machine's memory takes.

    What the server holds of the same collection is kept, so a second start
    sends only what is new.

    Args:
        server: The collection.
        kind: Index of a new one, one of `milvus_engine.KINDS`.
    """

    def __init__(self, server: hamming.MilvusIndex, kind: str = "BIN_FLAT"):
        self.bits = server.bits
        # What a server gives for one query.
        self.most = 16384
        server.create(kind)
        self._server = server
        self._counts = {
            modality: server.count(modality) for modality in MODALITIES
        }

    def count(self, modality: str) -> int:
        """See `Codes`."""
        return self._counts[modality]

    def add(self, modality: str, rows: np.ndarray, numbers: np.ndarray) -> None:
        """See `Codes`."""
        index = hamming.HammingIndex(self.bits)
        index.add(hamming_codes.PackedCodes(rows, self.bits), numbers)
        self._server.upsert(index, modality, resume=True)
        self._counts[modality] = self._server.count(modality)

    def remove(self, modality: str, numbers: np.ndarray) -> None:
        """See `Codes`."""
        self._server.remove(numbers, modality)
        self._counts[modality] = self._server.count(modality)

    def forget(self, numbers: np.ndarray) -> None:
        """See `Codes`."""
        for modality in MODALITIES:
            self.remove(modality, numbers)

    def search(
        self, modality: str, rows: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `Codes`."""
        packed = hamming_codes.PackedCodes(rows, self.bits)
        count = self._counts[modality]
        return self._server.search(packed, min(k, self.most), modality, count)

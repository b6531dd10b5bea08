"""Codes on a Milvus server, for collections that outgrow one machine.

Needs the `milvus` extra, and a server of 2.3 or newer.

An item is an entity with a `key`, which is its modality and id, as "image:42",
an int64 `id`, a `modality` and a `code`. Codes whose length is no multiple of 8
keep their zero padding bits, which change no distance.

With `BIN_FLAT` a search gives the same distances and ids as `hamming`'s index.
A server gives at most 16,384 items per query, though: if more are as near as
the k-th, the ids at that last distance are whatever the server found first.
`BIN_IVF_FLAT` is approximate: it may miss an item, but what it finds has its
true distance, and equal distances are ordered by id.

Axis legend: `q` queries, `n` items on the server, `K` bits.
"""

import json
import re
from collections.abc import Callable

import numpy as np

from common.hamming import codes
from common.hamming import distances as distances_lib
from common.hamming import ties
from common.hamming.index import HammingIndex
from common.system import extras

KINDS = ("BIN_FLAT", "BIN_IVF_FLAT")
CONSISTENCIES = ("Strong", "Session")
# The most items that a server gives for one query.
_MOST = 16384
# Items of one request, far from the 64 MB that a server takes.
_SENT = 5000
# Lists of `BIN_IVF_FLAT`, and how many of them a search visits first.
_LISTS, _VISITED = 1024, 64
_SECONDS_TO_CONNECT = 10


class MilvusIndex:
    """A collection of codes of one length on a Milvus server.

    Args:
        uri: The server, such as http://127.0.0.1:19530.
        name: The collection's name: letters, digits and underscores.
        bits: K, the length of all codes in it.
        token: "user:password" or key, where the server asks for one.
        consistency: What a search sees. "Strong": all that anyone sent before;
            a server takes 0.2 s to be sure of that. "Session": all that this
            object sent before; only the first search after a change waits.

    Raises:
        ImportError: If pymilvus is not installed.
        ConnectionError: If no server answers.
        ValueError: If there is a collection of this name with other codes.
    """

    def __init__(
        self,
        uri: str,
        name: str,
        bits: int,
        token: str = "",
        consistency: str = "Strong",
    ):
        """Connects to the server."""
        if consistency not in CONSISTENCIES:
            raise ValueError(
                f"The consistency is one of {', '.join(CONSISTENCIES)}, "
                f"received {consistency!r}."
            )
        self.bits = bits
        self._consistency = consistency
        # Changes that were sent, and how many of them searches have waited for.
        self._sent, self._awaited = 0, -1
        self.name = name
        self._description = f"{bits}-bit codes"
        self._client, self.exists = _connect(uri, name, token)
        if self.exists:
            held = self._client.describe_collection(name)["description"]
            if held != self._description:
                raise ValueError(
                    f"The collection {name} on {uri} holds "
                    f"{held or 'other things'}, not {self._description}; take "
                    "another name or drop it."
                )

    def create(self, kind: str = "BIN_FLAT") -> None:
        """Makes the collection, empty, unless it is there.

        Args:
            kind: Index of the codes, one of `KINDS`.

        Raises:
            ValueError: If the kind is unknown.
        """
        if kind not in KINDS:
            raise ValueError(
                f"The kind is one of {', '.join(KINDS)}, received {kind!r}."
            )
        if self.exists:
            return
        index = self._client.prepare_index_params()
        lists = {"nlist": _LISTS} if kind == "BIN_IVF_FLAT" else {}
        index.add_index("code", kind, metric_type="HAMMING", params=lists)
        self._client.create_collection(
            self.name,
            schema=schema(self.bits, self._description),
            index_params=index,
            consistency_level="Strong",
        )
        self.exists = True

    def upsert(
        self,
        index: HammingIndex,
        modality: str,
        resume: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Sends all items of an index; items of the same ids are replaced.

        Args:
            index: Codes of K bits with their ids.
            modality: What they are codes of; letters, digits and underscores.
            resume: Ask the server first, and send only items that it does not
                have, or has with another code.
            progress: Called with the number of items done so far.

        Returns:
            The number of items that were sent.

        Raises:
            ValueError: If the code length or the modality does not fit, or
                there is no collection.
        """
        distances_lib.check_same_length(self.bits, index.bits)
        self._check()
        packed, ids = index.items()
        resume = resume and self.count(modality) > 0
        sent = 0
        for start in range(0, len(ids), _SENT):
            part = slice(start, start + _SENT)
            items = entities(packed.rows[part], ids[part], modality)
            if resume:
                items = self._without_held(items)
            if items:
                self._client.upsert(self.name, items)
                self._sent += 1
            sent += len(items)
            if progress:
                progress(min(start + _SENT, len(ids)))
        return sent

    def count(self, modality: str | None = None) -> int:
        """Number of items, of one modality or of all."""
        self._check()
        found = self._client.query(
            self.name,
            where(modality),
            output_fields=["count(*)"],
        )
        return int(found[0]["count(*)"])

    def search(
        self,
        queries: codes.PackedCodes,
        k: int,
        modality: str | None = None,
        count: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest items of each query, nearest first.

        Args:
            queries: q codes of K bits.
            k: How many to return, 1 to 16,384.
            modality: Of which items; of all by default, and then an id may come
                once for each modality.
            count: Number of those items; by default the server is asked first.

        Returns:
            distances [q, min(k, n)] int32 and ids [q, min(k, n)] int64, each
            row in ascending order of (distance, id).

        Raises:
            ValueError: If the code lengths differ, k is out of range, or there
                is no collection.
        """
        if not 1 <= k <= _MOST:
            raise ValueError(
                f"A Milvus search needs k from 1 to {_MOST}, received {k}."
            )
        distances_lib.check_same_length(self.bits, queries.bits)
        self._check()
        if count is None:
            count = self.count(modality)
        k, most = min(int(k), count), min(count, _MOST)
        distances = np.full((len(queries), k), ties.MISSING, np.int32)
        ids = np.empty((len(queries), k), np.int64)
        # Too few lists may hold less than k items; all of them hold all.
        for lists in (_VISITED, _LISTS):
            left = np.flatnonzero((distances == ties.MISSING).any(axis=1))
            distances[left], ids[left], _ = ties.nearest(
                lambda *asked, lists=lists: self._fetch(
                    *asked, modality, lists
                ),
                queries.take(left),
                k,
                most,
            )
        # Others may have removed some since they were counted.
        found = (distances != ties.MISSING).all(axis=0)
        return distances[:, found], ids[:, found]

    def remove(self, ids: np.ndarray, modality: str) -> None:
        """Removes items; ids that are not there are passed over."""
        self._check()
        keys = [key(modality, one) for one in np.asarray(ids).tolist()]
        for start in range(0, len(keys), _SENT):
            self._client.delete(self.name, keys[start : start + _SENT])
            self._sent += 1

    def drop(self) -> None:
        """Removes the collection, if it is there, with all that it holds."""
        self._client.drop_collection(self.name)
        self.exists = False

    def _check(self) -> None:
        if not self.exists:
            raise ValueError(
                f"There is no collection {self.name} on the server; create it "
                "and load codes first."
            )

    def _without_held(self, items: list[dict]) -> list[dict]:
        keys = json.dumps([item["key"] for item in items])
        found = self._client.query(
            self.name, f"key in {keys}", output_fields=["key", "code"]
        )
        held = {item["key"]: item["code"][0] for item in found}
        return [item for item in items if held.get(item["key"]) != item["code"]]

    def _fetch(self, queries, count, modality, lists):
        """Distances and ids [q, count] in order."""
        shape = len(queries), count
        distances = np.full(shape, ties.MISSING, np.int32)
        ids = np.zeros(shape, np.int64)
        sent = self._sent
        # A server does not tell the time of a removal, which "Session" needs.
        waits = self._awaited < sent
        answers = self._client.search(
            self.name,
            [row.tobytes() for row in queries.rows],
            where(modality),
            count,
            search_params={"params": {"nprobe": lists}},
            consistency_level="Strong" if waits else self._consistency,
        )
        self._awaited = max(self._awaited, sent)
        for row, hits in enumerate(answers):
            distances[row, : len(hits)] = hits.distances
            ids[row, : len(hits)] = [id_of(key) for key in hits.ids]
        return ties.in_order(distances, ids)


def _connect(uri: str, name: str, token: str):
    """A client, and whether there is a collection of that name."""
    pymilvus = import_pymilvus()
    seconds = {"timeout": _SECONDS_TO_CONNECT}
    try:
        client = pymilvus.MilvusClient(uri=uri, token=token, **seconds)
        return client, client.has_collection(name, **seconds)
    except pymilvus.MilvusException as error:
        raise ConnectionError(
            f"No Milvus server answers at {uri} ({error.message}); start one "
            "or correct the address."
        ) from error


def schema(bits: int, description: str):
    """The fields of a collection of K-bit codes; `key` is the primary one."""
    pymilvus = import_pymilvus()
    types = pymilvus.DataType
    fields = pymilvus.MilvusClient.create_schema(description=description)
    fields.add_field("key", types.VARCHAR, is_primary=True, max_length=128)
    fields.add_field("id", types.INT64)
    fields.add_field("modality", types.VARCHAR, max_length=64)
    fields.add_field("code", types.BINARY_VECTOR, dim=-(-bits // 8) * 8)
    return fields


def entities(rows: np.ndarray, ids: np.ndarray, modality: str) -> list[dict]:
    """Items of one modality, from [n, ceil(K / 8)] packed rows and [n] ids."""
    return [
        {
            "key": key(modality, item),
            "id": item,
            "modality": modality,
            "code": row.tobytes(),
        }
        for row, item in zip(rows, ids.tolist(), strict=True)
    ]


def key(modality: str, item: int) -> str:
    """The key of an item."""
    return f"{checked(modality)}:{item}"


def id_of(item_key: str) -> int:
    """The id in a key."""
    return int(item_key.rpartition(":")[2])


def where(modality: str | None) -> str:
    """The filter that lets one modality pass, or all."""
    if modality is None:
        return ""
    return f'modality == "{checked(modality)}"'


def checked(modality: str) -> str:
    """The modality itself.

    Raises:
        ValueError: If it is not 1 to 64 letters, digits and underscores.
    """
    if not re.fullmatch(r"\w{1,64}", modality, re.ASCII):
        raise ValueError(
            "A modality is 1 to 64 letters, digits and underscores, received "
            f"{modality!r}."
        )
    return modality


def import_pymilvus():
    """The `pymilvus` module.

    Raises:
        ImportError: If it is not installed.
    """
    return extras.load("pymilvus", "pymilvus", "milvus")

"""What a finished job has made, told in one file."""

from collections.abc import Sequence

import numpy as np

from common import hamming
from common.beam import encoding
from common.hamming import codes
from common.hamming import exchange
from common.system import files


def finish(tasks: Sequence[encoding.Task]) -> dict:
    """Counts and digests all codes, and writes `encode.json`.

    The digest is over ids and codes in the order of ids, so that it does not
    depend on shards, runners or workers. It takes the memory of all ids and
    codes, 16 bytes an item at 64 bits, and as much again to sort them.

    Returns:
        The content of `encode.json`.

    Raises:
        ValueError: Two shards have an item of the same id.
    """
    records = [files.read_json(task.record_file) for task in tasks]
    index = _read_codes(tasks)
    manifest = {
        "settings": tasks[0].settings,
        "shards": [
            {name: record[name] for name in record if name != "settings"}
            for record in records
        ],
        "encoded": len(index),
        "dead_letters": sum(record["dead_letters"] for record in records),
        "codes_sha256": files.array_digest(index.ids, index.codes.rows),
    }
    files.write_json(tasks[0].output / "encode.json", manifest)
    return manifest


def _read_codes(tasks) -> hamming.HammingIndex:
    bits = tasks[0].settings["bits"]
    rows = [np.empty((0, -(-bits // 8)), np.uint8)]
    ids = [np.empty(0, np.int64)]
    for task in tasks:
        # One modality; none at all if no row could be encoded.
        for index in exchange.read_parquet(task.codes_file, bits).values():
            rows.append(index.codes.rows)
            ids.append(index.ids)
    whole = hamming.HammingIndex(bits)
    try:
        whole.add(
            codes.PackedCodes(np.concatenate(rows), bits), np.concatenate(ids)
        )
    except ValueError as error:
        raise ValueError(f"Shards have ids in common: {error}") from error
    return whole

"""Hamming indexes in other projects' files: `.npy`, Parquet and FAISS.

Codes keep the bit order of `common.hamming.codes` everywhere, which is that of
`numpy.packbits`. None of these formats stores the code length where it is no
multiple of 8, so reading asks for it.
"""

import os
import pathlib
from collections.abc import Mapping

import numpy as np

from common.hamming import codes
from common.hamming import faiss_engine
from common.hamming.index import HammingIndex
from common.system import digests
from common.system import extras
from common.system import files
from common.system import parquet_files

_COLUMNS = ("id", "code", "modality")


def write_npy(index: HammingIndex, path: str | os.PathLike) -> None:
    """Writes the packed codes, [n, ceil(K / 8)] uint8 in id order."""
    with files.atomic_write(path) as file:
        np.save(file, np.asarray(index.codes.rows), allow_pickle=False)


def read_npy(path: str | os.PathLike, bits: int) -> HammingIndex:
    """Makes an index of the packed codes in a `.npy`; ids are row numbers.

    Raises:
        ValueError: If the file does not hold packed codes of this length.
    """
    rows = files.read_npy(path)
    return _index(rows, np.arange(len(rows)), bits)


def write_parquet(
    indexes: Mapping[str, HammingIndex], path: str | os.PathLike
) -> None:
    """Writes indexes of codes of one length as one table.

    Args:
        indexes: An index for each modality.
        path: File to create or replace, with the columns `id` (int64), `code`
            (binary) and `modality` (string), and the SHA-256 of all three.

    Raises:
        ImportError: If pyarrow is not installed.
    """
    pyarrow, parquet = _import_pyarrow()
    columns = {name: [] for name in _COLUMNS}
    for modality, index in indexes.items():
        packed, ids = index.items()
        rows = np.ascontiguousarray(packed.rows)
        columns["id"].append(pyarrow.array(ids))
        columns["code"].append(
            pyarrow.FixedSizeBinaryArray.from_buffers(
                pyarrow.binary(rows.shape[1]),
                len(rows),
                [None, pyarrow.py_buffer(rows)],
            )
        )
        columns["modality"].append(
            pyarrow.repeat(pyarrow.scalar(modality), len(rows))
        )
    table = pyarrow.table(
        {name: pyarrow.chunked_array(parts) for name, parts in columns.items()}
    )
    # Pages have checksums; which pages there are, nothing else tells.
    content = _content(table, table["code"].type.byte_width)
    table = table.replace_schema_metadata({digests.MARK: _digest(*content)})
    with files.atomic_write(path) as file:
        parquet.write_table(table, file, write_page_checksum=True)


def read_parquet(path: str | os.PathLike, bits: int) -> dict[str, HammingIndex]:
    """Reads a table as `write_parquet` makes it, or a folder of such tables.

    Returns:
        An index for each modality.

    Raises:
        ImportError: If pyarrow is not installed.
        ValueError: If a file is not such a table, does not fit its own
            SHA-256, or its codes are not of this length.
    """
    width = -(-bits // 8)
    found = {}
    for part in _parts(pathlib.Path(path)):
        table = _table(part)
        try:
            content = _content(table, width)
            told = (table.schema.metadata or {}).get(digests.MARK)
            if told not in (None, _digest(*content).encode()):
                raise ValueError(
                    "the table does not fit its own SHA-256; it was edited or "
                    "damaged. Make it again."
                )
            for modality, rows, ids in _by_modality(*content):
                index = found.setdefault(modality, HammingIndex(bits))
                index.add(codes.PackedCodes(rows, bits), ids)
        # The latter is pyarrow's, where columns are of unheard-of kinds.
        except (ValueError, NotImplementedError) as error:
            raise ValueError(f"{part}: {error}") from error
    return dict(sorted(found.items()))


def _parts(path):
    if not path.is_dir():
        return [path]
    parts = sorted(path.glob("*.parquet"))
    if not parts:
        raise FileNotFoundError(f"{path} has no .parquet files in it.")
    return parts


def _table(path):
    """A Parquet file's ids, codes and modalities."""
    with parquet_files.opened(path, page_checksum_verification=True) as file:
        table = file.read()
        names = table.column_names
    if not set(_COLUMNS) <= set(names):
        raise ValueError(
            f"{path} needs the columns {', '.join(_COLUMNS)}, received "
            f"{', '.join(names)}."
        )
    return table


def _content(table, width: int):
    """Ids, codes, and which of the named modalities each is of."""
    rows = _fixed_bytes(table["code"], width)
    if rows is None:
        raise ValueError(
            f"its codes are not {width} bytes long, as codes of "
            f"{8 * width - 7} to {8 * width} bits are; check the code length."
        )
    if table["id"].null_count or table["modality"].null_count:
        raise ValueError("some of its ids or modalities are missing.")
    # Few words, each many times.
    words = table["modality"].dictionary_encode().unify_dictionaries()
    parts = [part.indices.to_numpy() for part in words.chunks]
    names = words.chunk(0).dictionary.to_pylist() if len(words) else []
    indices = np.concatenate([np.empty(0, np.int32), *parts])
    return table["id"].to_numpy(), rows, indices, names


def _digest(ids, rows, indices, names) -> str:
    return digests.array_digest(ids, rows, indices, np.array(names, str))


def _by_modality(ids, rows, indices, names):
    for number, name in enumerate(names):
        chosen = indices == number
        yield str(name), rows[chosen], ids[chosen]


def _fixed_bytes(column, width: int) -> np.ndarray | None:
    """Values of a column of bytes, [n, width] uint8.

    None where one is missing or of another length.
    """
    pyarrow, _ = _import_pyarrow()
    kind = column.type
    fixed = pyarrow.types.is_fixed_size_binary(kind)
    if column.null_count or (fixed and kind.byte_width != width):
        return None
    if not fixed:
        # Offsets of 64 bits, whatever there was.
        try:
            column = column.cast(pyarrow.large_binary())
        except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
            return None
    parts = [np.empty((0, width), np.uint8)]
    for chunk in column.chunks:
        start, stop = chunk.offset * width, (chunk.offset + len(chunk)) * width
        if not fixed:
            limits = np.frombuffer(chunk.buffers()[1], np.int64)
            limits = limits[chunk.offset : chunk.offset + len(chunk) + 1]
            if np.any(np.diff(limits) != width):
                return None
            start, stop = int(limits[0]), int(limits[-1])
        if start < stop:
            values = np.frombuffer(chunk.buffers()[-1], np.uint8)
            parts.append(values[start:stop].reshape(-1, width))
    return np.concatenate(parts)


def write_faiss(index: HammingIndex, path: str | os.PathLike) -> None:
    """Writes a FAISS binary index, flat and with ids.

    Raises:
        ImportError: If FAISS is not installed.
    """
    faiss = faiss_engine.import_faiss()
    packed, ids = index.items()
    rows = np.ascontiguousarray(packed.rows)
    flat = faiss.IndexBinaryFlat(8 * rows.shape[1])
    mapped = faiss.IndexBinaryIDMap2(flat)
    mapped.add_with_ids(rows, np.array(ids))
    with files.atomic_write(path) as file:
        file.write(faiss.serialize_index_binary(mapped).tobytes())


def read_faiss(
    path: str | os.PathLike, bits: int | None = None
) -> HammingIndex:
    """Reads a flat FAISS binary index, with ids or without.

    Args:
        path: Its file.
        bits: K; by default the length that FAISS has, a multiple of 8.

    Raises:
        ImportError: If FAISS is not installed.
        ValueError: If the file is no flat binary index, or its codes are not
            of this length.
    """
    faiss = faiss_engine.import_faiss()
    try:
        stored = faiss.read_index_binary(os.fspath(path))
    except RuntimeError as error:
        raise ValueError(
            f"{path} is not a readable FAISS binary index."
        ) from error
    ids = np.arange(stored.ntotal)
    flat = stored
    if isinstance(stored, faiss.IndexBinaryIDMap):
        ids = faiss.vector_to_array(stored.id_map)
        flat = faiss.downcast_IndexBinary(stored.index)
    if not isinstance(flat, faiss.IndexBinaryFlat):
        raise ValueError(
            f"{path} holds a {type(flat).__name__}; only flat binary indexes "
            "keep their codes in order."
        )
    rows = faiss.vector_to_array(flat.xb).reshape(len(ids), flat.code_size)
    return _index(rows, ids, stored.d if bits is None else bits)


def _index(rows, ids, bits: int) -> HammingIndex:
    index = HammingIndex(bits)
    index.add(codes.PackedCodes(rows, bits), ids)
    return index


def require_pyarrow() -> None:
    """Raises an ImportError that says how to install pyarrow."""
    _import_pyarrow()


def _import_pyarrow():
    return tuple(
        extras.load(module, "pyarrow", "parquet")
        for module in ("pyarrow", "pyarrow.parquet")
    )

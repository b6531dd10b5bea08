"""Hamming indexes in other projects' files: `.npy`, Parquet and FAISS.

Codes keep the bit order of `common.hamming.codes` everywhere, which is that of
`numpy.packbits`. None of these formats stores the code length where it is no
multiple of 8, so reading asks for it.
"""

import os
from collections.abc import Mapping

import numpy as np

from common.hamming import codes
from common.hamming import faiss_engine
from common.hamming.index import HammingIndex
from common.system import extras
from common.system import files

_ROWS = b"rows"
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
            (binary) and `modality` (string).

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
    # Pages have checksums; that none is missing, nothing else tells.
    table = table.replace_schema_metadata({_ROWS: str(len(table))})
    with files.atomic_write(path) as file:
        parquet.write_table(table, file, write_page_checksum=True)


def read_parquet(path: str | os.PathLike, bits: int) -> dict[str, HammingIndex]:
    """Reads a table as `write_parquet` makes it.

    Returns:
        An index for each modality.

    Raises:
        ImportError: If pyarrow is not installed.
        ValueError: If the file is not such a table, or its codes are not of
            this length.
    """
    table = _table(path)
    width = -(-bits // 8)
    rows = _fixed_bytes(table["code"], width)
    if rows is None:
        raise ValueError(
            f"{path} has codes that are not {width} bytes long, as "
            f"{bits}-bit codes are; check the code length."
        )
    ids = table["id"].to_numpy()
    # Few words, each many times.
    modalities = table["modality"].dictionary_encode().unify_dictionaries()
    indices = [part.indices.to_numpy() for part in modalities.chunks]
    indices = np.concatenate([np.empty(0, np.int32), *indices])
    try:
        names = (
            modalities.chunk(0).dictionary.to_pylist() if len(indices) else []
        )
        return {
            str(name): _index(
                rows[indices == number], ids[indices == number], bits
            )
            for number, name in sorted(enumerate(names), key=lambda one: one[1])
        }
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _table(path):
    """A Parquet file's ids, codes and modalities."""
    _, parquet = _import_pyarrow()
    try:
        table = parquet.read_table(path, page_checksum_verification=True)
        names = table.column_names
    except FileNotFoundError:
        raise
    # pyarrow reports damage in many ways, and seldom names the file.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path} is not a readable Parquet file ({reason})."
        ) from error
    told = (table.schema.metadata or {}).get(_ROWS, b"%d" % len(table))
    if told != b"%d" % len(table):
        raise ValueError(
            f"{path} has {len(table)} rows, and {told.decode(errors='replace')}"
            " were written; it is damaged."
        )
    if not set(_COLUMNS) <= set(names):
        raise ValueError(
            f"{path} needs the columns {', '.join(_COLUMNS)}, received "
            f"{', '.join(names)}."
        )
    return table


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

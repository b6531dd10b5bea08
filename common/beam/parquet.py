"""Parquet tables with a column of lists of numbers, and perhaps `id`."""

import os
from collections.abc import Iterator

import numpy as np

from common.beam import rows as rows_lib
from common.system import extras


def count(path: str | os.PathLike) -> int:
    """Number of rows, from the file's end.

    Raises:
        ValueError, OSError: If it is no Parquet file.
    """
    return _pyarrow("parquet").read_metadata(path).num_rows


def read(
    path: str | os.PathLike, columns: rows_lib.Columns
) -> Iterator[rows_lib.Rows | rows_lib.DeadLetter]:
    """Reads a table in order.

    What is damaged inside a row group takes the rest of that group with it,
    because a group is compressed column by column.

    Raises:
        ImportError: If pyarrow is not installed.
    """
    try:
        file = _pyarrow("parquet").ParquetFile(
            path, page_checksum_verification=True
        )
        _check_schema(file.schema_arrow, columns)
    except (ValueError, OSError) as error:
        yield rows_lib.DeadLetter(None, None, str(error))
        return
    names = [columns.name, "id"] if columns.with_ids else [columns.name]
    start = 0
    with file:
        for group in range(file.num_row_groups):
            stop = start + file.metadata.row_group(group).num_rows
            try:
                for batch in file.iter_batches(
                    columns.block, row_groups=[group], columns=names
                ):
                    yield from _of_batch(batch, start, columns)
                    start += len(batch)
            except (ValueError, OSError) as error:
                yield rows_lib.DeadLetter(
                    start, stop - start, f"unreadable: {error}"
                )
            start = stop


def _check_schema(schema, columns) -> None:
    types = _pyarrow("types")
    held = {field.name: field.type for field in schema}
    lists, ids = held.get(columns.name), held.get("id")
    is_list = lists is not None and (
        types.is_list(lists)
        or types.is_large_list(lists)
        or types.is_fixed_size_list(lists)
    )
    if not is_list or not (
        types.is_floating(lists.value_type)
        or types.is_integer(lists.value_type)
    ):
        raise ValueError(
            f"`{columns.name}` is {lists or 'missing'}, not lists of numbers"
        )
    if columns.with_ids and (ids is None or not types.is_integer(ids)):
        raise ValueError(
            f"`id` is {ids or 'missing'}, not integers; ids can be counted"
        )


def _of_batch(batch, start: int, columns):
    lists = batch.column(columns.name)
    lengths = _pyarrow("compute").list_value_length(lists)
    lengths = lengths.fill_null(-1).to_numpy(zero_copy_only=False)
    good = lengths == columns.width
    for row in np.flatnonzero(~good):
        held = "null" if lengths[row] < 0 else f"{lengths[row]} numbers"
        yield rows_lib.DeadLetter(
            start + int(row),
            1,
            f"`{columns.name}` is {held}, not {columns.width} numbers",
        )
    if columns.with_ids:
        known = batch.column("id").is_valid().to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(good & ~known):
            yield rows_lib.DeadLetter(start + int(row), 1, "`id` is null")
        good &= known
    chosen = batch.filter(_pyarrow().array(good))
    # A null inside a list becomes NaN.
    values = chosen.column(columns.name).flatten().to_numpy(False)
    ids = None
    if columns.with_ids:
        ids = chosen.column("id").cast("int64").to_numpy(False)
    yield rows_lib.Rows(
        start + np.flatnonzero(good), values.reshape(-1, *columns.shape), ids
    )


def _pyarrow(part: str = ""):
    return extras.load(f"pyarrow.{part}".rstrip("."), "pyarrow", "beam")

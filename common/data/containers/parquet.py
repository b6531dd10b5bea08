"""Columns of a Parquet file, such as clip-retrieval's metadata."""

import pathlib

import numpy as np

from common.data.containers import limits
from common.data.containers.variable import LISTS
from common.data.containers.variable import NUMBERS
from common.data.containers.variable import STRINGS
from common.data.containers.variable import UNREADABLE
from common.data.containers.variable import Variable
from common.data.containers.variable import as_lists
from common.system import parquet_files


def of(path: pathlib.Path) -> dict[str, Variable]:
    """The columns of a file, unread; a row is an item.

    Raises:
        ValueError: It is no Parquet file.
        NotInstalledError: pyarrow is missing.
    """
    with parquet_files.opened(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
        _begin(file)
        stored = _sizes(file.metadata)
    return {
        field.name: _column(path, field, rows, stored.get(field.name, (0, 0)))
        for field in schema
    }


def _column(path, field, rows, size) -> Variable:
    import pyarrow
    from pyarrow import parquet

    types, kind = pyarrow.types, field.type

    def read():
        limits.check(*size)
        column = parquet.read_table(
            path, columns=[field.name], memory_map=True, partitioning=None
        )[field.name]
        return _array(column)

    is_list = types.is_list(kind) or types.is_large_list(kind)
    if types.is_fixed_size_list(kind):
        shape = rows, kind.list_size
        return Variable(
            path, field.name, shape, NUMBERS, read, rows_are_items=True
        )
    for holds, found in (
        (is_list, LISTS),
        (types.is_string(kind) or types.is_large_string(kind), STRINGS),
        (
            types.is_integer(kind)
            or types.is_floating(kind)
            or types.is_boolean(kind),
            NUMBERS,
        ),
    ):
        if holds:
            return Variable(
                path, field.name, (rows,), found, read, rows_are_items=True
            )
    why = f"a column of {kind}"
    return Variable(path, field.name, (rows,), UNREADABLE, why=why)


def _array(column) -> np.ndarray:
    import pyarrow

    if column.null_count and not pyarrow.types.is_string(column.type):
        if not _is_list(column.type):
            raise ValueError(f"{column.null_count} of its rows are empty")
    if pyarrow.types.is_fixed_size_list(column.type):
        flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(-1, column.type.list_size)
    if _is_list(column.type):
        return _lists(column.to_pylist())
    if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(
        column.type
    ):
        return np.array([value or "" for value in column.to_pylist()], str)
    return column.to_numpy()


def _lists(values: list) -> np.ndarray:
    """Lists of one length of floats are a matrix."""
    lengths = {len(value or ()) for value in values}
    if len(lengths) == 1 and all(
        isinstance(number, float) for number in values[0] or ()
    ):
        return np.array(values, np.float32)
    return as_lists([value or [] for value in values])


def _is_list(kind) -> bool:
    import pyarrow

    return pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)


def _begin(file) -> None:
    """Reads a row of each group, which raises where statistics are damaged.

    Asking for a column's size ends the process there.
    """
    for group in range(file.metadata.num_row_groups):
        next(file.iter_batches(1, row_groups=[group], use_threads=False), None)


def _sizes(metadata) -> dict[str, tuple[int, int]]:
    """Bytes of each column, declared and stored."""
    found = {}
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for place in range(row_group.num_columns):
            column = row_group.column(place)
            name = column.path_in_schema.partition(".")[0]
            declared, stored = found.get(name, (0, 0))
            found[name] = (
                declared + column.total_uncompressed_size,
                stored + column.total_compressed_size,
            )
    return found

"""Opens Parquet files that are whole; nothing in the format says so."""

import contextlib
import os
import pathlib
from collections.abc import Iterator
from typing import Any

from common.system import extras

# What ends a file: the footer's length and "PAR1".
_LENGTH = 4
_TAIL = _LENGTH + len(b"PAR1")


@contextlib.contextmanager
def opened(path: str | os.PathLike, **options: Any) -> Iterator[Any]:
    """Opens a file for reading and says in a sentence what is wrong with it.

    Args:
        path: The file.
        **options: Of `pyarrow.parquet.ParquetFile`.

    Yields:
        A `pyarrow.parquet.ParquetFile`, whole by `check`.

    Raises:
        FileNotFoundError: There is none.
        NotInstalledError: pyarrow is missing.
        ValueError: It cannot be read, now or in the block.
    """
    parquet = extras.load("pyarrow.parquet", "pyarrow", "parquet")
    try:
        with parquet.ParquetFile(path, **options) as file:
            check(path, file.metadata)
            yield file
    except FileNotFoundError:
        raise
    # pyarrow reports damage in many ways, want of memory among them, and
    # seldom names the file.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path} is not a readable Parquet file ({reason})."
        ) from error


def check(path: str | os.PathLike, metadata) -> None:
    """Checks the footer of a file that was opened.

    A footer is a list of fields that ends with a mark; damage that looks like
    the mark hides all that follows, such as the rows.

    Args:
        path: The file.
        metadata: What pyarrow read of its footer.

    Raises:
        ValueError: Part of the footer was not read, or rows are nowhere.
    """
    with open(path, "rb") as file:
        file.seek(-_TAIL, os.SEEK_END)
        length = int.from_bytes(file.read(_LENGTH), "little")
    name = pathlib.Path(path).name
    if metadata.serialized_size != length:
        raise ValueError(
            f"{name} is damaged: its footer has {length} bytes, and "
            f"{metadata.serialized_size} are readable"
        )
    groups = range(metadata.num_row_groups)
    rows = sum(metadata.row_group(group).num_rows for group in groups)
    if metadata.num_rows != rows:
        raise ValueError(
            f"{name} is damaged: it has {metadata.num_rows} rows, and its "
            f"groups have {rows}"
        )

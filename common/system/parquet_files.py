"""Whether a Parquet file is whole; nothing in the format says so."""

import os
import pathlib

# What ends a file: the footer's length and "PAR1".
_LENGTH = 4
_TAIL = _LENGTH + len(b"PAR1")


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

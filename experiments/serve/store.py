"""What was added to a run and removed from it, in one SQLite file.

A call returns once its change is on disk: the journal is a write-ahead log
with `synchronous=FULL`, so a change is lost neither by a killed process nor by
a machine that stops. What was being written at that moment is there whole or
not at all.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import sqlite3
import threading
from collections.abc import Iterator
from collections.abc import Sequence

from common.system import locks

# Raised whenever the tables change.
_FORMAT = 1
_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE added (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT UNIQUE NOT NULL,
    caption TEXT NOT NULL,
    labels TEXT NOT NULL,
    metadata TEXT NOT NULL,
    image_code BLOB NOT NULL,
    text_code BLOB
);
CREATE TABLE pictures (
    number INTEGER PRIMARY KEY,
    media_type TEXT NOT NULL,
    picture BLOB NOT NULL,
    thumbnail BLOB NOT NULL
);
CREATE TABLE removed (row INTEGER PRIMARY KEY);
"""
_COLUMNS = "id, caption, labels, metadata, image_code, text_code"


@dataclasses.dataclass(frozen=True)
class Record:
    """An item that was added.

    Attributes:
        id: Its name.
        caption: Its text, or empty.
        labels: Names of its labels.
        metadata: Further columns of text.
        image_code: Packed code of its picture, ceil(K / 8) bytes.
        text_code: Packed code of its caption, or None.
        number: Its place in the store, at least 1 and never used again; 0
            before it is there.
    """

    id: str
    caption: str
    labels: tuple[str, ...]
    metadata: dict[str, str]
    image_code: bytes
    text_code: bytes | None
    number: int = 0


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture file and the small one that is shown in its place."""

    media_type: str
    content: bytes
    thumbnail: bytes


class Store:
    """Items and pictures that were added, and rows that were removed.

    Threads may share one; one process holds it at a time.

    Args:
        path: The file, made if it is not there.
        owner: What tells the run from others; a store is of one run.

    Raises:
        locks.HeldError: Another process holds it.
        ValueError: It is another run's, or no store of this version.
        OSError: It cannot be written.
    """

    def __init__(self, path: str | os.PathLike, owner: str):
        self.path = pathlib.Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        with contextlib.ExitStack() as stack:
            stack.enter_context(
                locks.held(self.path.with_name(f".{self.path.name}.lock"))
            )
            try:
                self._writer = self._connect(stack)
                self._reader = self._connect(stack)
                self._prepare(owner)
            except sqlite3.OperationalError as error:
                raise OSError(
                    f"{self.path} cannot be written ({error}); name another "
                    "file with --store."
                ) from error
            except sqlite3.DatabaseError as error:
                raise ValueError(
                    f"{self.path} is no store of a service ({error}); name "
                    "another file with --store."
                ) from error
            self._open = stack.pop_all()

    def close(self) -> None:
        """Lets go of the file."""
        with self._writing, self._reading:
            self._open.close()

    def records(self) -> list[Record]:
        """All items that were added and not removed, by number."""
        with self._reading:
            found = self._reader.execute(
                f"SELECT {_COLUMNS}, number FROM added ORDER BY number"
            ).fetchall()
        return [_record(row) for row in found]

    def removed(self) -> list[int]:
        """Data rows that were removed, ascending."""
        with self._reading:
            found = self._reader.execute("SELECT row FROM removed ORDER BY row")
            return [row for (row,) in found]

    def gone(self) -> list[int]:
        """Numbers of items that were added and removed, ascending."""
        with self._reading:
            found = self._reader.execute("SELECT number FROM added")
            there = {number for (number,) in found}
            last = self._reader.execute("SELECT seq FROM sqlite_sequence")
            (most,) = last.fetchone() or (0,)
        return [one for one in range(1, most + 1) if one not in there]

    def add(
        self, records: Sequence[Record], pictures: Sequence[Picture]
    ) -> list[Record]:
        """Adds items, all or none, and returns them with their numbers.

        Raises:
            ValueError: An id is there already.
        """
        with self._writing, _transaction(self._writer):
            try:
                return [
                    self._insert(record, picture)
                    for record, picture in zip(records, pictures, strict=True)
                ]
            except sqlite3.IntegrityError as error:
                raise ValueError(
                    "An id is given twice or is there already."
                ) from error

    def remove(self, numbers: Sequence[int], rows: Sequence[int]) -> None:
        """Removes items, all or none.

        Args:
            numbers: Of added items.
            rows: Data rows of the run's own.
        """
        added = [(number,) for number in numbers]
        with self._writing, _transaction(self._writer):
            for table in ("added", "pictures"):
                self._writer.executemany(
                    f"DELETE FROM {table} WHERE number = ?", added
                )
            self._writer.executemany(
                "INSERT OR IGNORE INTO removed VALUES (?)",
                [(row,) for row in rows],
            )

    def picture(self, number: int) -> Picture | None:
        """The picture of an added item; None where it has been removed."""
        with self._reading:
            found = self._reader.execute(
                "SELECT media_type, picture, thumbnail FROM pictures "
                "WHERE number = ?",
                (number,),
            ).fetchone()
        return None if found is None else Picture(*found)

    def thumbnail(self, number: int) -> bytes | None:
        """Its small picture alone."""
        with self._reading:
            found = self._reader.execute(
                "SELECT thumbnail FROM pictures WHERE number = ?", (number,)
            ).fetchone()
        return None if found is None else found[0]

    def _insert(self, record, picture) -> Record:
        values = (
            record.id,
            record.caption,
            json.dumps(record.labels),
            json.dumps(record.metadata),
            record.image_code,
            record.text_code,
        )
        number = self._writer.execute(
            f"INSERT INTO added ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", values
        ).lastrowid
        self._writer.execute(
            "INSERT INTO pictures VALUES (?, ?, ?, ?)",
            (number, picture.media_type, picture.content, picture.thumbnail),
        )
        return dataclasses.replace(record, number=number)

    def _connect(self, stack) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False
        )
        stack.callback(connection.close)
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _prepare(self, owner) -> None:
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            with _transaction(self._writer):
                for statement in _TABLES.split(";"):
                    self._writer.execute(statement)
                self._writer.execute(
                    "INSERT INTO about VALUES ('owner', ?)", (owner,)
                )
                self._writer.execute(f"PRAGMA user_version = {_FORMAT}")
            return
        if version != _FORMAT:
            raise ValueError(
                f"{self.path} has format {version}, and this version reads "
                f"{_FORMAT}; name another file with --store."
            )
        (found,) = self._writer.execute(
            "SELECT value FROM about WHERE name = 'owner'"
        ).fetchone()
        if found != owner:
            raise ValueError(
                f"{self.path} belongs to another run, whose codes do not fit; "
                "name another file with --store."
            )


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _record(row) -> Record:
    item, caption, labels, metadata, image_code, text_code, number = row
    return Record(
        item,
        caption,
        tuple(json.loads(labels)),
        json.loads(metadata),
        image_code,
        text_code,
        number,
    )

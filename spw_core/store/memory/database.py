"""One open database of the memory, shared by the stores in it and safe to use from several threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import apsw

from spw_core.errors import InvalidInput
from spw_core.store.connection import (
    Schema,
    empty_log,
    migrations,
    open_for_reading,
    open_for_writing,
    transaction,
    translating,
)
from spw_core.store.in_memory import open_in_memory
from spw_core.store.rows import Value

Rows = list[tuple[Any, ...]]

SESSIONS = Schema(name="sessions", synchronous="NORMAL")
MEMORY = Schema(name="memory", synchronous="NORMAL")
KNOWLEDGE = Schema(name="knowledge", synchronous="NORMAL")


class Database:
    """A connection with a lock around it. What is deleted is overwritten on disk."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = RLock()

    @classmethod
    def open(cls, path: Path, schema: Schema) -> Database:
        """Open or create. Raises StoreError and its kin; the folder must exist."""
        connection = open_for_writing(path, schema)
        connection.pragma("secure_delete", True)
        return cls(path, connection)

    @classmethod
    def open_reading(cls, path: Path, schema: Schema) -> Database | None:
        """Open an existing database read-only; None when there is none.

        One of an earlier version is brought to this one first. Raises StoreError where that is not possible.
        """
        connection = open_for_reading(path, schema)
        if connection is not None and connection.pragma("user_version") < migrations(schema.name)[-1][0]:
            connection.close(True)
            open_for_writing(path, schema).close(True)
            connection = open_for_reading(path, schema)
        return None if connection is None else cls(path, connection)

    @classmethod
    def in_memory(cls, schema: Schema) -> Database:
        """An empty one that is no file."""
        return cls(Path(":memory:"), open_in_memory(schema))

    def close(self) -> None:
        """Close; a second time does nothing. Every later call raises StoreError."""
        with self._lock:
            self._connection.close(True)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One write transaction. Raises StoreError, and InvalidInput for texts that are no Unicode."""
        with self._lock, self._translating(), transaction(self._connection) as connection:
            yield Transaction(connection)

    def rows(self, statement: str, values: Sequence[Value] = ()) -> Rows:
        """All rows of a query."""
        with self._lock, self._translating():
            return self._connection.execute(statement, tuple(values)).fetchall()

    def forget_log(self) -> None:
        """Empty the write-ahead log, which may still hold what was deleted, as far as readers let it."""
        with self._lock, self._translating():
            empty_log(self._connection)

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            with translating(self.path):
                yield
        except UnicodeEncodeError as error:
            raise InvalidInput(f"a text that is no Unicode: {error.object[:40]!r}") from error


class Transaction:
    """What a store may do inside `Database.transaction`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, values: Sequence[Value] = ()) -> Rows:
        return self._connection.execute(statement, tuple(values)).fetchall()

    def write(self, statement: str, values: Sequence[Value] = ()) -> int:
        """Run a statement and return the number of rows it changed."""
        self._connection.execute(statement, tuple(values))
        return self._connection.changes()

    def insert(self, statement: str, values: Sequence[Value]) -> int:
        """Run an INSERT and return the number of the new row."""
        self._connection.execute(statement, tuple(values))
        return self._connection.last_insert_rowid()

    def write_all(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run a statement for every row."""
        self._connection.executemany(statement, rows)

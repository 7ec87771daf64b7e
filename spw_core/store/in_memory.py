"""A database that is filled in memory first, so that as a file it appears whole, at once, and synced once.

Made the ordinary way, a new database costs several synced transactions before its first row is in it. And
making the tables, and SQLite reading what they are, costs more than the rows of a small spec: one empty
database is kept, and what one spec puts into it is read out and rolled back before the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from spw_core.store.connection import PAGE_SIZE, Schema, migrations


@contextmanager
def filling(schema: Schema) -> Iterator[apsw.Connection]:
    """An empty database of the newest schema version that is no file, inside a transaction. What is put into
    it is gone at the end: `file_bytes` is to be asked for before."""
    idle = _idle.setdefault(schema.name, [])
    try:
        connection = idle.pop()  # one step, so that no two threads ever get the same
    except IndexError:
        connection = open_in_memory(schema)
    try:
        connection.execute("BEGIN")
        yield connection
        connection.execute("ROLLBACK")
    except BaseException:
        connection.close(True)
        raise
    idle.append(connection)


def file_bytes(connection: apsw.Connection) -> bytearray:
    """The bytes of the file that this database would be, in WAL mode; of the open transaction, too."""
    content = bytearray(connection.serialize("main"))
    content[_WRITE_VERSION:_READ_VERSION_END] = b"\x02\x02"
    return content


# Bytes 18 and 19 of a database say how it is written and read; 2 is WAL, which no database in memory can
# have (https://www.sqlite.org/fileformat2.html#file_format_version_numbers).
_WRITE_VERSION, _READ_VERSION_END = 18, 20

# Empty databases that nobody uses at the moment, by the name of their schema.
_idle: dict[str, list[apsw.Connection]] = {}


def open_in_memory(schema: Schema) -> apsw.Connection:
    """An empty database of the newest schema version that is no file."""
    connection = apsw.Connection(":memory:")
    connection.pragma("page_size", PAGE_SIZE)
    steps = migrations(schema.name)
    for _, script in steps:
        connection.execute(script)
    connection.pragma("user_version", steps[-1][0])
    connection.pragma("foreign_keys", True)
    return connection

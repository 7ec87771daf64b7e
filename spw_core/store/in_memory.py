"""A database that is filled in memory first, so that as a file it appears whole, at once, and synced once.

Made the ordinary way, a new database costs several synced transactions before its first row is in it.
"""

from __future__ import annotations

from functools import cache

import apsw

from spw_core.store.connection import PAGE_SIZE, Schema, migrations


def open_in_memory(schema: Schema) -> apsw.Connection:
    """An empty database of the newest schema version that is no file."""
    connection = apsw.Connection(":memory:")
    connection.deserialize("main", _empty(schema.name))
    connection.pragma("foreign_keys", True)
    return connection


def file_bytes(connection: apsw.Connection) -> bytes:
    """The bytes of the file that this database would be, in WAL mode."""
    content = bytearray(connection.serialize("main"))
    content[_WRITE_VERSION:_READ_VERSION_END] = b"\x02\x02"
    return bytes(content)


# Bytes 18 and 19 of a database say how it is written and read; 2 is WAL, which no database in memory can
# have (https://www.sqlite.org/fileformat2.html#file_format_version_numbers).
_WRITE_VERSION, _READ_VERSION_END = 18, 20


@cache
def _empty(schema_name: str) -> bytes:
    connection = apsw.Connection(":memory:")
    connection.pragma("page_size", PAGE_SIZE)
    steps = migrations(schema_name)
    for _, script in steps:
        connection.execute(script)
    connection.pragma("user_version", steps[-1][0])
    content: bytes = connection.serialize("main")
    connection.close()
    return content

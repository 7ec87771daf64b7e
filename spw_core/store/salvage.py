"""Getting out of a damaged spec.db what can still be read, row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import apsw

from spw_core.store.connection import PAGE_SIZE
from spw_core.store.content import unpack
from spw_core.store.rows import Value

# Rows that cannot be counted any more are looked for by number until this many in a row are missing.
_PATIENCE = 2000

_Row = dict[str, Value]

# What makes a version of a file, in both tables.
_OF_VERSION = ("content", "encoding", "content_hash", "size", "mtime_ns", "mode")

# Of spec_meta, what no harvest can find out again: that the spec was finalized, and its summary.
_MEMORIES = ("finalized_at", "completion_summary", "status", "stage")
_OF_MEMORIES = ("finalized_despite",)  # which earlier versions did not write


def salvage(damaged: Path, connection: apsw.Connection) -> int:
    """Copy every readable artifact, with its history, into an open empty spec.db; returns how many.

    A row counts as readable when its bytes have the hash that was stored with them. Call it inside a
    transaction. A file that is no database at all gives 0; nothing is raised for damage.
    """
    try:
        old = apsw.Connection(str(damaged), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error:
        return 0
    try:
        saved = _take_over(old, connection, _is_whole)
    finally:
        old.close(True)
    return saved or _salvage_without_first_page(damaged, connection)


def _salvage_without_first_page(damaged: Path, connection: apsw.Connection) -> int:
    """As `salvage`, of a database whose first page is lost, which says what tables there are, and where.

    That is the same in all databases that were made in one go, so the page of a new one stands in for it.
    In others it may be wrong: only bytes with their hash prove that a row is what it seems to be.
    """
    from spw_core.store.in_memory import open_in_memory
    from spw_core.store.spec import SPEC_SCHEMA

    try:
        content = bytearray(damaged.read_bytes())
    except (OSError, MemoryError):
        return 0
    pages = len(content) // PAGE_SIZE
    with closing(open_in_memory(SPEC_SCHEMA)) as new:
        content[:PAGE_SIZE] = new.serialize("main")[:PAGE_SIZE]
    content[_PAGE_COUNT] = pages.to_bytes(4)
    with closing(apsw.Connection(":memory:")) as old:
        try:
            old.deserialize("main", bytes(content[: pages * PAGE_SIZE]))
        except (apsw.Error, MemoryError):
            return 0
        return _take_over(old, connection, lambda row: row.get("content") is not None and _is_whole(row))


# Where the header of a database says how many pages it has (https://www.sqlite.org/fileformat2.html).
_PAGE_COUNT = slice(28, 32)


def _take_over(old: apsw.Connection, connection: apsw.Connection, is_whole: Callable[[_Row], bool]) -> int:
    saved: set[int] = set()
    history: dict[int, list[_Row]] = {}
    for row in _rows(old, "artifact_history"):
        if is_whole(row):
            history.setdefault(int(str(row["artifact_id"])), []).append(row)
    for row in _rows(old, "artifacts"):
        number = int(str(row["id"]))
        versions = history.get(number, [])
        if not is_whole(row):
            if not versions:
                continue
            # The newest version that is whole stands in for the damaged one.
            newest = versions.pop()
            row |= {name: newest[name] for name in _OF_VERSION}
            row |= {"inode": 0, "checked_ns": 0}
        _insert(connection, "artifacts", row)
        for version in versions:
            _insert(connection, "artifact_history", version)
        saved.add(number)
    connection.executemany("INSERT OR IGNORE INTO spec_meta (key, value) VALUES (?, ?)", _memories(old))
    return len(saved)


def _memories(connection: apsw.Connection) -> list[tuple[str, str]]:
    """All of the rows of _MEMORIES, or none: a date without its summary would be half a memory."""
    wanted = (*_MEMORIES, *_OF_MEMORIES)
    marks = ", ".join("?" * len(wanted))
    try:
        rows = connection.execute(f"SELECT key, value FROM spec_meta WHERE key IN ({marks})", wanted)
        found = {str(key): str(value) for key, value in rows}
    except apsw.Error:
        return []
    return list(found.items()) if found.keys() >= set(_MEMORIES) else []


def _insert(connection: apsw.Connection, table: str, row: _Row) -> None:
    connection.execute(
        f"INSERT OR IGNORE INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
        tuple(row.values()),
    )


def _rows(connection: apsw.Connection, table: str) -> Iterator[_Row]:
    try:
        names = [str(row[0]) for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    except apsw.Error:
        return
    if not names:
        return
    columns = ", ".join(names)
    number, missing = 0, 0
    while missing < _PATIENCE:
        number += 1
        try:
            row = connection.execute(f"SELECT {columns} FROM {table} WHERE id = ?", (number,)).fetchone()
        except (apsw.Error, UnicodeDecodeError):  # SQLite does not check its texts; we cannot use such a row
            row = None
        if row is None:
            missing += 1
            continue
        missing = 0
        yield dict(zip(names, row, strict=True))


def _is_whole(row: _Row) -> bool:
    content = row.get("content")
    if content is None:
        return True  # was too large to store; its hash is worth keeping
    if not isinstance(content, bytes):
        return False
    try:
        data = unpack(content, str(row.get("encoding", "")))
    except ValueError:
        return False
    return data is not None and hashlib.sha256(data).hexdigest() == row.get("content_hash")

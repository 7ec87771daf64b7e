"""Getting out of a damaged spec.db what can still be read, row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import apsw

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
    saved: set[int] = set()
    try:
        history: dict[int, list[_Row]] = {}
        for row in _rows(old, "artifact_history"):
            if _is_whole(row):
                history.setdefault(int(str(row["artifact_id"])), []).append(row)
        for row in _rows(old, "artifacts"):
            number = int(str(row["id"]))
            versions = history.get(number, [])
            if not _is_whole(row):
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
    finally:
        old.close(True)
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

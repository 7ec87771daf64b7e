"""Is each database of the memory sound, and what can still be read of one that is not?"""

from __future__ import annotations

import os
from contextlib import closing, suppress
from pathlib import Path

import apsw

from spw_core.atomic import locked
from spw_core.errors import CorruptStore
from spw_core.store.connection import (
    Schema,
    check_integrity,
    open_for_reading,
    open_for_writing,
    replace_database,
    transaction,
    translating,
)

from .database import KNOWLEDGE, MEMORY, SESSIONS
from .stores import KNOWLEDGE_DB, MEMORY_DB, SESSIONS_DB

SCHEMAS = {SESSIONS_DB: SESSIONS, MEMORY_DB: MEMORY, KNOWLEDGE_DB: KNOWLEDGE}
# What a new database fills itself, what is computed from others, and how far transcripts were read: they
# are to be read again, for what was lost.
_NOT_COPIED = ("sqlite_", "memory_words", "revision", "transcripts")


def damage(folder: Path) -> dict[str, list[str]]:
    """What is wrong with each database that there is, by its name; nothing for a sound one.

    Raises StoreError when one cannot be opened for another reason than damage.
    """
    found = {}
    for name, schema in SCHEMAS.items():
        if os.path.lexists(folder / name):
            found[name] = _damage_of(folder / name, schema)
    return found


def _damage_of(path: Path, schema: Schema) -> list[str]:
    try:
        connection = open_for_reading(path, schema)
        if connection is None:
            return []
        with translating(path), closing(connection):
            return check_integrity(connection)
    except CorruptStore as error:
        return [error.message]


def replace_damaged(folder: Path, name: str) -> tuple[Path, int] | None:
    """Put a new database in the place of a damaged one, made of the rows that can still be read of that.

    Returns where the damaged one is now, and the number of rows saved; None when somebody else has just done
    so. The new one is complete before it gets its name: an interruption leaves the damaged one in place.
    Words of messages are not indexed; the transcripts count as never read, so that importing them again
    brings back what was lost. Raises StoreError, and WriteError while a compaction is at it for long.
    """
    path = folder / name
    with locked(folder):
        if not _damage_of(path, SCHEMAS[name]):
            return None
        fresh = path.with_name(f"{name}.rebuild")
        for left_over in folder.glob(f"{fresh.name}*"):
            left_over.unlink()
        saved = _save(path, fresh, SCHEMAS[name])
        if name == SESSIONS_DB and (folder / MEMORY_DB).exists():
            with closing(open_for_writing(folder / MEMORY_DB, MEMORY)) as memory:
                memory.execute("DELETE FROM transcripts")
        return replace_database(path, fresh), saved


def _save(damaged: Path, fresh: Path, schema: Schema) -> int:
    """Make a database of the rows of another that can be read; returns how many."""
    saved = 0
    with (
        translating(fresh),
        closing(open_for_writing(fresh, schema)) as new,
        suppress(apsw.NotADBError, apsw.CorruptError),
        closing(apsw.Connection(str(damaged))) as old,
        transaction(new),
    ):
        for table in _tables(new):
            saved += _copy(old, new, table)
    return saved


def _tables(connection: apsw.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rootpage")
    return [name for (name,) in rows if not name.startswith(_NOT_COPIED)]


def _copy(old: apsw.Connection, fresh: apsw.Connection, table: str) -> int:
    """Copy what can be read of a table, from its beginning and, behind a damaged page, from its end."""
    columns = [row[1] for row in fresh.execute(f"PRAGMA table_info({table})")]
    key = [row[1] for row in fresh.execute(f"PRAGMA table_info({table})") if row[5]]
    before = fresh.total_changes()
    for direction in ("", " DESC"):
        order = ", ".join(f"{name}{direction}" for name in key)
        try:
            for row in old.execute(f"SELECT {', '.join(columns)} FROM {table} NOT INDEXED ORDER BY {order}"):
                with suppress(apsw.ConstraintError, UnicodeError):
                    # Not what no store wrote, nor what belongs to a row that was lost.
                    marks = ", ".join("?" * len(columns))
                    fresh.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)
        except (apsw.Error, UnicodeDecodeError):
            continue
        break
    return int(fresh.total_changes() - before)

"""spec.db: the ground table `artifacts` with its history, and the projections above it, as plain rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import apsw

from spw_core.store.at_rest import read_at_rest
from spw_core.store.connection import (
    Schema,
    check_integrity,
    open_for_reading,
    open_for_writing,
    transaction,
    translating,
)
from spw_core.store.content import DamagedBytes, pack, unpack, unpack_sound
from spw_core.store.in_memory import file_bytes, filling
from spw_core.store.rows import Row, Value, insert_rows, read_rows, replace_rows

_T = TypeVar("_T")

SPEC_SCHEMA = Schema(name="spec", synchronous="FULL", foreign_version=1)

# Rebuilt from `artifacts`; the order matters for foreign keys.
PROJECTIONS = ("runs", "subagents", "handoffs", "waves", "tasks", "impl_logs", "approvals", "harvest_errors")

# Keys of spec_meta. Folders of runs without a file, as JSON; and a mark that something was stored of which
# the projections do not tell yet.
EMPTY_RUNS = "empty_runs"
UNPROJECTED = "unprojected"


# Of the projections what the states of the waves follow from, and no more: these are asked for all the time.
_WAVE_FACTS = {
    "runs": "SELECT comms_path, command, run_number, phase, wave_number, sealed FROM runs"
    " WHERE phase = 'execution' AND wave_number <> 0",
    "subagents": "SELECT run_path, name, path, status FROM subagents"
    " WHERE run_path IN (SELECT comms_path FROM runs WHERE command = 'checkpoint')",
    "waves": "SELECT wave_number, folder, summary_json, latest_json FROM waves ORDER BY wave_number",
    "tasks": "SELECT task_id, wave FROM tasks WHERE wave IS NOT NULL ORDER BY line",
}


class StoredArtifact(NamedTuple):  # not a dataclass: all of a spec's are made for each look at it
    """What is known of a stored file without its bytes. `checked_ns` says when they were last compared."""

    id: int
    area: str
    rel_path: str
    artifact_type: str
    content_hash: str
    size: int
    mtime_ns: int
    inode: int
    mode: int
    checked_ns: int
    removed_at: str | None
    cleaned_at: str | None
    problem: str | None


class NewContent(NamedTuple):
    """A version of a file to store. `content` is None for files too large to keep."""

    area: str
    rel_path: str
    phase: str
    artifact_type: str
    content: bytes | None
    content_hash: str
    size: int
    mtime_ns: int
    inode: int
    mode: int
    checked_ns: int
    problem: str | None


class StoredVersion(NamedTuple):
    """One version of a file: stored at `since`, and no longer the one on disk from `until` on (if known)."""

    area: str
    rel_path: str
    row_id: int
    content_hash: str
    size: int
    mtime_ns: int
    mode: int
    since: str
    until: str | None
    has_bytes: bool
    is_current: bool


_STORED_COLUMNS = ", ".join(StoredArtifact._fields)
_NAMES, _MARKS = ", ".join(NewContent._fields), ", ".join("?" * len(NewContent._fields))
_INSERT_ARTIFACT = (
    f"INSERT INTO artifacts ({_NAMES}, encoding, first_seen, last_seen) VALUES ({_MARKS}, ?, ?, ?)"
)
_UPDATE_ARTIFACT = (
    f"UPDATE artifacts SET ({_NAMES}, encoding) = ({_MARKS}, ?),"
    " last_seen = ?, removed_at = NULL, cleaned_at = NULL WHERE id = ?"
)


def _new_values(new: NewContent) -> tuple[Value, ...]:
    """Values of an artifact row in the order of _NAMES, then the encoding."""
    packed, encoding = pack(new.content)
    return (*(new._replace(content=packed) if encoding else new), encoding)


class SpecStore:
    """One open spec.db. Writing methods belong inside `transaction()`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    @property
    def connection(self) -> apsw.Connection:
        """The open connection, for checks of the database as a whole."""
        return self._db

    @classmethod
    @contextmanager
    def writing(cls, path: Path) -> Iterator[SpecStore]:
        """Open or create for writing; closed at the end."""
        with closing(open_for_writing(path, SPEC_SCHEMA)) as connection, translating(path):
            yield cls(connection)

    @classmethod
    @contextmanager
    def in_memory(cls) -> Iterator[SpecStore]:
        """A new database that is no file yet, in its only transaction; `file_bytes` is what it would be."""
        with filling(SPEC_SCHEMA) as connection:
            yield cls(connection)

    def file_bytes(self) -> bytearray:
        """The bytes of the whole database, to be written as a file; only of one that is in memory."""
        return file_bytes(self._db)

    @classmethod
    @contextmanager
    def reading(cls, path: Path) -> Iterator[SpecStore | None]:
        """Open an existing database read-only, in one consistent view; None when there is none."""
        connection = open_for_reading(path, SPEC_SCHEMA)
        if connection is None:
            yield None
            return
        with closing(connection), translating(path):
            connection.execute("BEGIN")
            yield cls(connection)

    @classmethod
    def at_rest(cls, path: Path, read: Callable[[SpecStore], _T | None]) -> _T | None:
        """What `read` makes of a database that nobody writes; None when it is not there or may be in use."""
        return read_at_rest(path, SPEC_SCHEMA, lambda connection: read(cls(connection)))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with transaction(self._db):
            yield

    # -- artifacts -------------------------------------------------------------------------------

    def artifacts(self, *, only_cleaned: bool = False) -> dict[tuple[str, str], StoredArtifact]:
        """Every file ever seen (or marked by a cleanup), by (area, rel_path), without its bytes."""
        condition = " WHERE cleaned_at IS NOT NULL" if only_cleaned else ""
        rows = self._db.execute(f"SELECT {_STORED_COLUMNS} FROM artifacts{condition}")
        return {(row[1], row[2]): StoredArtifact._make(row) for row in rows}

    def artifacts_below(self, folder: str) -> dict[str, StoredArtifact]:
        """As `artifacts`, of what is in a folder of the spec; by rel_path."""
        rows = self._db.execute(
            f"SELECT {_STORED_COLUMNS} FROM artifacts"
            " WHERE area = 'spec' AND rel_path > ?1 || '/' AND rel_path < ?1 || '0'",  # 0 comes after /
            (folder,),
        )
        return {row[2]: StoredArtifact._make(row) for row in rows}

    def content(self, area: str, rel_path: str) -> bytes | None:
        """Stored bytes of a file; None when it is unknown or was too large to keep. Raises DamagedBytes."""
        row = self._db.execute(
            "SELECT content, encoding, content_hash FROM artifacts WHERE area = ? AND rel_path = ?",
            (area, rel_path),
        ).fetchone()
        return None if row is None else unpack_sound(*row)

    def contents(self, kinds: Iterable[str]) -> dict[tuple[str, str], bytes | None]:
        """Bytes of all stored files of the given types, by (area, rel_path)."""
        wanted = sorted(kinds)
        marks = ", ".join("?" * len(wanted))
        rows = self._db.execute(
            f"SELECT area, rel_path, content, encoding FROM artifacts WHERE artifact_type IN ({marks})",
            wanted,
        )
        return {(area, rel_path): unpack(content, encoding) for area, rel_path, content, encoding in rows}

    def add(self, files: Iterable[tuple[NewContent, str]]) -> None:
        """Store files that were not known, each with the time at which it was seen; taken one by one."""
        self._drop_stamps()
        self._db.executemany(_INSERT_ARTIFACT, ((*_new_values(new), now, now) for new, now in files))

    def replace(self, artifact_id: int, new: NewContent, now: str) -> None:
        """Store a new version of a known file; the old one goes to the history."""
        self._drop_stamps()
        self._db.execute(
            "INSERT INTO artifact_history"
            " (artifact_id, content, encoding, content_hash, size, mtime_ns, mode, first_seen, replaced_at)"
            " SELECT id, content, encoding, content_hash, size, mtime_ns, mode, last_seen,"
            " ifnull(removed_at, ?) FROM artifacts WHERE id = ?",
            (now, artifact_id),
        )
        self._db.execute(_UPDATE_ARTIFACT, (*_new_values(new), now, artifact_id))

    def touch(self, artifact_id: int, mtime_ns: int, inode: int, mode: int, checked_ns: int) -> None:
        """Note that a file was compared and has the stored bytes; it may have been gone in between."""
        self._drop_stamps()
        self._db.execute(
            "UPDATE artifacts SET mtime_ns = ?, inode = ?, mode = ?, checked_ns = ?, removed_at = NULL,"
            " cleaned_at = NULL WHERE id = ?",
            (mtime_ns, inode, mode, checked_ns, artifact_id),
        )

    def reclassify(self, artifact_id: int, phase: str, artifact_type: str) -> None:
        """Note what a stored file is, as it is understood now."""
        self._db.execute(
            "UPDATE artifacts SET phase = ?, artifact_type = ? WHERE id = ?",
            (phase, artifact_type, artifact_id),
        )

    def mark_removed(self, artifact_id: int, now: str) -> None:
        """Note that a file is no longer on disk. Its bytes stay."""
        self._drop_stamps()
        self._db.execute("UPDATE artifacts SET removed_at = ? WHERE id = ?", (now, artifact_id))

    def mark_cleaned(self, ids: Iterable[int], now: str | None) -> None:
        """Note which files are about to be removed on purpose; with None, that they were not after all."""
        self._drop_stamps()
        self._db.executemany("UPDATE artifacts SET cleaned_at = ? WHERE id = ?", [(now, i) for i in ids])

    def versions(self) -> list[StoredVersion]:
        """Every stored version of every file, of each file the newest last; without bytes."""
        rows = self._db.execute(
            "SELECT a.area, a.rel_path, h.id, h.content_hash, h.size, h.mtime_ns, h.mode, h.first_seen,"
            " h.replaced_at, h.content IS NOT NULL, 0"
            " FROM artifact_history h JOIN artifacts a ON a.id = h.artifact_id"
            " UNION ALL SELECT area, rel_path, id, content_hash, size, mtime_ns, mode, last_seen,"
            " removed_at, content IS NOT NULL, 1 FROM artifacts ORDER BY 1, 2, 11, 3"
        )
        return [StoredVersion._make(row) for row in rows]

    def version_bytes(self, version: StoredVersion) -> bytes | None:
        """The bytes of a version. Raises DamagedBytes when they are not those that were stored."""
        table = "artifacts" if version.is_current else "artifact_history"
        query = f"SELECT content, encoding, content_hash FROM {table} WHERE id = ?"
        [row] = self._db.execute(query, (version.row_id,))
        return unpack_sound(*row)

    def sealed_runs(self) -> set[str]:
        """Folders of the runs that were harvested with their handoff."""
        return {str(row[0]) for row in self._db.execute("SELECT comms_path FROM runs WHERE sealed")}

    def is_damaged(self) -> bool:
        """True when SQLite finds something wrong, or stored bytes no longer have their hash.

        Raises CorruptStore, through the one who opened it, for rows that cannot even be read.
        """
        if check_integrity(self._db):
            return True
        self.artifacts()
        self.projections()
        try:
            for version in self.versions():
                self.version_bytes(version)
        except DamagedBytes:
            return True
        return False

    def salvage(self, damaged: Path) -> int:
        """Take over what is readable of a damaged database; returns how many files that are."""
        from spw_core.store.salvage import salvage

        return salvage(damaged, self._db)

    # -- stamps ----------------------------------------------------------------------------------

    def stamps(self, scope: str) -> str:
        """What the last harvest saw, as it was put; empty when that would say nothing about now."""
        if not self._db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'stamps'").fetchone():
            return ""  # written by an earlier version, and only read here
        row = self._db.execute("SELECT entries FROM stamps WHERE scope = ?", (scope,)).fetchone()
        return str(row[0]) if row else ""

    def put_stamps(self, stamps: Mapping[str, str]) -> None:
        """Replace all stamps, by scope. Whatever writes rows of files drops them."""
        self._drop_stamps()
        self._db.executemany("INSERT INTO stamps (scope, entries) VALUES (?, ?)", stamps.items())

    def _drop_stamps(self) -> None:
        self._db.execute("DELETE FROM stamps")

    # -- projections and meta --------------------------------------------------------------------

    def last_run_number(self, folder: str) -> int:
        """The highest number of a run in a folder of runs, also of one that is no longer on disk; else 0."""
        [row] = self._db.execute(
            "SELECT max(run_number) FROM runs WHERE substr(comms_path, 1, ?1) = ?2"
            " AND instr(substr(comms_path, ?1 + 1), '/') = 0",
            (len(folder) + 1, f"{folder}/"),
        )
        return int(row[0] or 0)

    def note_run(self, row: Row, empty_runs: str) -> None:
        """Add a run that has just begun, unless it is known; the projections are made anew later."""
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        self._db.execute(
            f"INSERT INTO runs ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING", tuple(row.values())
        )
        self.set_meta({EMPTY_RUNS: empty_runs})
        self.note_change()

    def seal_run(self, path: str, status: str, *, all_pass: bool, updated_ns: int) -> bool:
        """Note that a run was handed off; False for one that is not known."""
        self._db.execute(
            "UPDATE runs SET status = ?, all_pass = ?, sealed = 1, updated_ns = max(updated_ns, ?)"
            " WHERE comms_path = ?",
            (status, int(all_pass), updated_ns, path),
        )
        return self._db.changes() == 1

    def note_change(self) -> None:
        """Mark that the projections, and the index, do not tell yet of what was stored."""
        self._drop_stamps()
        self.set_meta({UNPROJECTED: "1", "revision": str(self.next_revision())})

    def replace_projections(self, tables: Mapping[str, Sequence[Row]]) -> int:
        """Make every projection hold the given rows; returns how many rows were touched."""
        touched = sum(replace_rows(self._db, table, tables[table]) for table in PROJECTIONS)
        if touched:
            self._drop_stamps()  # which runs are sealed may be told otherwise now
        return touched

    def fill_projections(self, tables: Mapping[str, Sequence[Row]]) -> None:
        """As `replace_projections`, where there are no rows yet."""
        for table in PROJECTIONS:
            insert_rows(self._db, table, tables[table])

    def projections(self) -> dict[str, list[dict[str, Value]]]:
        """All rows of all projections, each table ordered by its key."""
        return {table: read_rows(self._db, table) for table in PROJECTIONS}

    def wave_facts(self) -> dict[str, list[tuple[Value, ...]]]:
        """By table the rows of _WAVE_FACTS."""
        return {table: self._db.execute(query).fetchall() for table, query in _WAVE_FACTS.items()}

    def counts(self) -> dict[str, int]:
        """Number of rows per table; of approvals only the requests."""
        tables = ("runs", "subagents", "handoffs", "waves", "tasks", "impl_logs")
        counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        requests = "(SELECT count(*) FROM approvals WHERE version = 0)"
        [row] = self._db.execute(f"SELECT {counts}, {requests}")
        return dict(zip((*tables, "approvals"), (int(str(value)) for value in row), strict=True))

    def harvest_errors(self) -> list[tuple[str, str]]:
        """(path, error) of every file that was kept raw or left out."""
        rows = self._db.execute("SELECT path, error FROM harvest_errors ORDER BY path, error")
        return [(str(path), str(error)) for path, error in rows]

    def meta(self) -> dict[str, str]:
        """All of spec_meta."""
        return {str(key): str(value) for key, value in self._db.execute("SELECT key, value FROM spec_meta")}

    def set_meta(self, values: Mapping[str, str]) -> None:
        self._db.executemany(
            "INSERT INTO spec_meta (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
            values.items(),
        )

    def next_revision(self) -> int:
        """The revision after this one. A database starts to count at a random number, so that the index never
        takes one that was built anew for the one it knew."""
        return (self.revision() or int.from_bytes(os.urandom(6))) + 1

    def revision(self) -> int:
        """Grows with every harvest that changes something; 0 before the first."""
        row = self._db.execute("SELECT value FROM spec_meta WHERE key = 'revision'").fetchone()
        return int(row[0]) if row else 0

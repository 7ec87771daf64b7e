"""The audit log in gateway.db: one row for each decision of a guard.

Writing it must neither hold up a hook nor fail it. A row goes to the write-ahead log without waiting for
the disk: a power cut may cost the last rows, never the database. Every so many rows one hook moves them
into the database and drops the oldest. A lock that lasts is not waited for; the hook's own log says so.
"""

import os
import time

import apsw

from spw_core.names import GATEWAY_DB
from spw_core.user_dirs import data_dir

KEPT_ROWS = 20_000
_TIDY_EVERY = 64
_BUSY_SECONDS = 0.25
_NAP_SECONDS = 0.002
_LONGEST_TEXT = 500
_RECENT_ROWS = 1_000

_INSERT = """
INSERT INTO audit_log
    (at, workspace, session, agent, event, decision, tool, target, reason, spec, duration_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_PRUNE = "DELETE FROM audit_log WHERE id <= ?"
_SELECT_RECENT = f"""
SELECT DISTINCT spec FROM audit_log
WHERE id > (SELECT ifnull(max(id), 0) - {_RECENT_ROWS} FROM audit_log)
    AND workspace = ? AND at >= ? AND spec <> ''
LIMIT ?
"""


class Audit:
    """The audit log, opened on first use and closed by the end of the process."""

    __slots__ = ("_connection", "_given_up")

    def __init__(self) -> None:
        self._connection: apsw.Connection | None = None
        self._given_up = False

    def add(self, *texts: str, duration_ms: float) -> None:
        """Append one row: workspace, session, agent, event, decision, tool, target, reason, spec."""
        row: tuple[str | float, ...] = (
            utc_text(time.time()),
            *(_stored(text) for text in texts),
            round(duration_ms, 3),
        )
        self._run(lambda connection: _insert(connection, row))

    def recent_specs(self, workspace: str, since: float, limit: int) -> list[str]:
        """Names of the specs that decisions were about since a time (epoch seconds)."""
        found: list[str] = []

        def select(connection: apsw.Connection) -> None:
            rows = connection.execute(_SELECT_RECENT, (workspace, utc_text(since), limit)).fetchall()
            found.extend(str(name) for (name,) in rows)

        self._run(select)
        return found

    def _run(self, work: "Callable[[apsw.Connection], None]") -> None:
        if self._given_up:
            return
        try:
            if self._connection is None:
                self._connection = _open()
            if self._connection is None:
                self._given_up = True
                return
            try:
                work(self._connection)
            except apsw.SQLError:  # no such table: the database is new, or an older version's
                _create()
                work(self._connection)
        except Exception as error:
            self._given_up = True
            from spw_core.hook.log import record

            record("audit", error)


def utc_text(seconds: float) -> str:
    """Fixed-width UTC text, 2026-02-14T10:00:00.123456Z, for a time since the epoch."""
    whole = int(seconds)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{int((seconds - whole) * 1e6):06d}Z"


def _open() -> "apsw.Connection | None":
    folder = data_dir()
    if not os.path.isabs(folder):  # a process without a home has no place for it
        return None
    path = os.path.join(folder, GATEWAY_DB)
    if not os.path.exists(path):
        _create()
    if not os.path.isfile(path):  # SQLite would wait for the other end of a pipe
        return None
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_handler(_busy_handler())
    connection.execute("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0")
    return connection


def _create() -> None:
    """Make the database or bring it up to date; slow, and needed once."""
    from spw_core.store.gateway import writing_gateway

    with writing_gateway():
        return


def _busy_handler() -> "Callable[[int], bool]":
    deadline = time.monotonic() + _BUSY_SECONDS

    def wait(attempts: int) -> bool:
        # Processes that started together must not wake together: their numbers differ, so do their naps.
        time.sleep(_NAP_SECONDS * (1 + os.getpid() % 7) / 7)
        return time.monotonic() < deadline

    return wait


def _insert(connection: apsw.Connection, row: "tuple[str | float, ...]") -> None:
    connection.execute(_INSERT, row)
    row_id = connection.last_insert_rowid()
    if row_id % _TIDY_EVERY == 0:
        # Rows enter the database itself only together with what makes that survive a power cut.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_PRUNE, (row_id - KEPT_ROWS,))
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _stored(text: str) -> str:
    # A lone surrogate, which a path may hold, is no UTF-8.
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

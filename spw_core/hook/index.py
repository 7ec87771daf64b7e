"""Read-only answers from the workspace index, for a reader that must neither wait nor leave a trace.

The index is a cache that comes with the workspace: it may be absent, locked, of another version,
damaged or hostile. Each of these is answered as if there were no index.
"""

import os

import apsw

from spw_core.names import INDEX_DB

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spw_core.hook.render import Progress

_BUSY_MS = 20
_MAX_STEPS = 200_000  # virtual machine steps of one query; a recursive view in the file could run for ever

_SELECT_SPEC = """
SELECT stage, wave_current, waves_total, tasks_done, tasks_total, blocked FROM specs WHERE name = ?
"""
_SELECT_LATEST = "SELECT name FROM specs ORDER BY updated_at DESC LIMIT 8"
_SELECT_CONFIG = "SELECT key, value FROM compiled_config LIMIT 200"
_SELECT_ATTENTION = """
SELECT item.value ->> '$.text' FROM specs, json_each(specs.attention) AS item WHERE specs.name = ? LIMIT 4
"""
_SELECT_NEXT = "SELECT next FROM specs WHERE name = ?"
_SELECT_HARVESTED = "SELECT harvested_at FROM specs WHERE name = ?"


class Index:
    """The index of one workspace, or an index without answers when there is none to read."""

    __slots__ = ("_connection",)

    def __init__(self, workflow: str) -> None:
        self._connection = _open(os.path.join(workflow, INDEX_DB))

    def progress(self, spec: str) -> "Progress":
        from spw_core.hook.render import Progress

        rows = self._rows(_SELECT_SPEC, (spec,))
        if not rows:
            return Progress()
        stage, *counts = rows[0]
        return Progress(_as_text(stage), *(_as_count(value) for value in counts))

    def latest(self) -> list[str]:
        """Names of the specs that changed last, newest first."""
        return [_as_text(name) for (name,) in self._rows(_SELECT_LATEST)]

    def compiled_config(self) -> dict[str, str]:
        """The configuration as the index has it, which may be that of another file than there is now."""
        return {_as_text(key): _as_text(value) for key, value in self._rows(_SELECT_CONFIG)}

    def attention(self, spec: str) -> list[str]:
        """What in a spec needs somebody, the most urgent first, as of the last harvest."""
        return [_as_text(text) for (text,) in self._rows(_SELECT_ATTENTION, (spec,))]

    def next_step(self, spec: str) -> str:
        """What comes next in a spec, in words, as of the last harvest."""
        return self._text(_SELECT_NEXT, spec)

    def harvested_at(self, spec: str) -> str:
        """Time of the last harvest that found something new, UTC text; "" before the first."""
        return self._text(_SELECT_HARVESTED, spec)

    def _text(self, sql: str, spec: str) -> str:
        return next((_as_text(value) for (value,) in self._rows(sql, (spec,))), "")

    def _rows(self, sql: str, values: tuple[str, ...] = ()) -> "list[tuple[apsw.SQLiteValue, ...]]":
        if self._connection is None:
            return []
        try:
            return self._connection.execute(sql, values).fetchall()
        except apsw.SQLError:  # an index without this table or column: older, newer, or made by the Go tool
            return []
        except (apsw.Error, UnicodeDecodeError) as error:
            _record(error)
            self._connection = None  # one report is enough
            return []


def _open(path: str) -> "apsw.Connection | None":
    # Only regular files: SQLite would wait for ever for the other end of a pipe that came with a repository,
    # be it in the place of the database or of one of its companions.
    if not os.path.isfile(path):
        return None
    # SQLite would create the -wal and -shm files that a reader of a WAL database needs and could not
    # remove them again. Where they do not both exist nobody is writing, and immutable needs neither.
    # A database in WAL mode has no -journal: where there is one, immutable keeps SQLite from opening it.
    live = os.path.isfile(path + "-wal") and os.path.isfile(path + "-shm")
    live = live and not os.path.lexists(path + "-journal")
    try:
        connection = apsw.Connection(
            _uri(path) + ("" if live else "?immutable=1"),
            flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
        )
        connection.set_busy_timeout(_BUSY_MS)
        connection.set_progress_handler(lambda: True, _MAX_STEPS)
    except apsw.Error as error:
        _record(error)
        return None
    return connection


def _uri(path: str) -> str:
    path = os.path.abspath(path)
    if os.name == "nt":
        path = "/" + path.replace("\\", "/")
    return "file:" + path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _record(error: Exception) -> None:
    if isinstance(error, apsw.BusyError):  # a writer was quicker; the next status line will see it
        return
    from spw_core.hook.log import record

    record("statusline", error)


def _as_text(value: "apsw.SQLiteValue") -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _as_count(value: "apsw.SQLiteValue") -> int:
    return value if isinstance(value, int) and 0 <= value < 1_000_000 else 0

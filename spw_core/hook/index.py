"""Read-only answers from the workspace index, for a reader that must neither wait nor leave a trace.

The index is a cache that comes with the workspace: it may be absent, locked, of another version,
damaged or hostile. Each of these is answered as if there were no index.
"""

import os

import apsw

from spw_core.hook.render import Progress
from spw_core.names import INDEX_DB

_BUSY_MS = 20
_MAX_STEPS = 200_000  # virtual machine steps of one query; a recursive view in the file could run for ever

_SELECT_SPEC = """
SELECT stage, wave_current, waves_total, tasks_done, tasks_total, blocked FROM specs WHERE name = ?
"""
_SELECT_LATEST = "SELECT name FROM specs ORDER BY updated_at DESC LIMIT 8"
_SELECT_SETTINGS = "SELECT key, value FROM compiled_config WHERE key LIKE 'statusline.%' LIMIT 50"


class Settings:
    """The `statusline.*` keys of the configuration that this version obeys."""

    __slots__ = ("cache_ttl_seconds", "show_token_cost", "sticky_spec")

    def __init__(self, values: "dict[str, str] | None" = None) -> None:
        values = values or {}
        show = values.get("show_token_cost", "").lower()
        ttl = values.get("cache_ttl_seconds", "")
        self.show_token_cost = show if show in ("always", "never") else "auto"
        self.sticky_spec = values.get("sticky_spec", "").lower() not in ("false", "0", "no", "off")
        self.cache_ttl_seconds = int(ttl) if ttl.isascii() and ttl.isdigit() and len(ttl) < 10 else 10


class Index:
    """The index of one workspace, or an index without answers when there is none to read."""

    __slots__ = ("_connection",)

    def __init__(self, workflow: str) -> None:
        self._connection = _open(os.path.join(workflow, INDEX_DB))

    def progress(self, spec: str) -> Progress:
        rows = self._rows(_SELECT_SPEC, (spec,))
        if not rows:
            return Progress()
        stage, *counts = rows[0]
        return Progress(_as_text(stage), *(_as_count(value) for value in counts))

    def latest(self) -> list[str]:
        """Names of the specs that changed last, newest first."""
        return [_as_text(name) for (name,) in self._rows(_SELECT_LATEST)]

    def settings(self) -> Settings:
        """The compiled configuration, or the defaults: TOML itself costs too much to read here."""
        rows = self._rows(_SELECT_SETTINGS)
        return Settings(
            {_as_text(key).removeprefix("statusline."): _as_text(value).strip(' "') for key, value in rows}
        )

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

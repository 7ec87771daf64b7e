"""The first harvest of a spec: its database is made in memory and appears at once, whole, and only once."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.harvest import harvest
from spw_core.store.connection import open_for_writing
from spw_core.store.spec import SPEC_SCHEMA, SpecStore

from .support import write

SPEC = "checkout-flaky-tests"
# The moments of a harvest, and the number at which a database starts to count.
_OF_THE_MOMENT = ("checked_ns", "first_seen", "last_seen")


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found = {}
    for table in tables:
        columns = [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
        kept = ", ".join(str(column) for column in columns if column not in _OF_THE_MOMENT)
        where = " WHERE key NOT IN ('revision', 'harvested_at', 'created_at')" if table == "spec_meta" else ""
        found[str(table)] = connection.execute(f"SELECT {kept} FROM {table}{where} ORDER BY 1, 2").fetchall()
    connection.close()
    return found


def pragmas(path: Path) -> list[object]:
    connection = apsw.Connection(str(path))
    found = [
        connection.pragma(name) for name in ("integrity_check", "journal_mode", "page_size", "user_version")
    ]
    connection.close()
    return found


def test_both_ways_make_the_same_database(demo: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    path = demo.paths.spec_db(SPEC)
    demo.harvest([SPEC])
    in_memory, settings = rows(path), pragmas(path)
    path.unlink()
    monkeypatch.setattr(harvest, "_IN_MEMORY_BYTES", -1)
    demo.harvest([SPEC])
    assert rows(path) == in_memory
    assert pragmas(path) == settings
    assert settings[:2] == ["ok", "wal"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir() if file.name.startswith((".", "spec.db"))] == [
        "spec.db"
    ]


def test_database_that_came_meanwhile_is_kept(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process was faster: what it stored stays, and this harvest adds to it."""
    write(workspace, "specs/alpha/notes.md", "mine")
    path = workspace.paths.spec_db("alpha")
    ordinary = harvest.take_in

    def slow(*args: object) -> tuple[int, int]:
        if not path.exists():
            connection = open_for_writing(path, SPEC_SCHEMA)
            connection.execute("INSERT INTO spec_meta VALUES ('theirs', 'kept')")
            connection.close()
        return ordinary(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(harvest, "take_in", slow)
    [report] = workspace.harvest(["alpha"]).specs
    assert (report.changed, report.failed) == (1, "")
    connection = apsw.Connection(str(path))
    assert connection.execute("SELECT value FROM spec_meta WHERE key = 'theirs'").fetchall() == [("kept",)]
    assert connection.execute("SELECT rel_path FROM artifacts").fetchall() == [("notes.md",)]
    connection.close()


def test_file_system_without_hard_links(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    write(workspace, "specs/alpha/notes.md", "mine")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    [report] = workspace.harvest(["alpha"]).specs
    assert (report.changed, report.failed) == (1, "")
    names = sorted(file.name for file in workspace.paths.spec_dir("alpha").iterdir())
    assert names == ["notes.md", "spec.db"]


LEAVE_A_LOG = """
import os, sys
from pathlib import Path
from spw_core.store.spec import SpecStore
with SpecStore.writing(Path(sys.argv[1])) as store:
    with store.transaction():
        store.set_meta({"old": "log"})
    os.kill(os.getpid(), 9)
"""


def test_log_of_a_deleted_database_is_not_replayed(workspace: Workspace) -> None:
    """A writer was killed, and somebody deleted the database without what lay beside it."""
    write(workspace, "specs/alpha/notes.md", "mine")
    workspace.harvest()
    path = workspace.paths.spec_db("alpha")
    subprocess.run([sys.executable, "-c", LEAVE_A_LOG, str(path)], check=False)
    assert path.with_name("spec.db-wal").stat().st_size
    path.unlink()
    [report] = workspace.harvest(["alpha"]).specs
    assert (report.changed, report.failed, report.errors) == (1, "", [])
    with SpecStore.reading(path) as store:
        assert store is not None
        assert "old" not in store.meta()
        assert not store.is_damaged()

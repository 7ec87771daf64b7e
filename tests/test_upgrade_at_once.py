"""Several processes open one database of an older version, or of the Go tool, at the same moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.errors import ForeignStore
from spw_core.store import adopt
from spw_core.store import connection as module
from spw_core.store.connection import migrations, open_for_writing
from spw_core.store.spec import SPEC_SCHEMA, SpecStore

from .support import write
from .test_harvest import GO_SCHEMA

PROCESSES = 4

OPEN = """
import sys
from pathlib import Path
from spw_core.store.spec import SpecStore
print("ready", flush=True)
sys.stdin.readline()
with SpecStore.writing(Path(sys.argv[1])) as store, store.transaction():
    store.set_meta({f"by-{sys.argv[2]}": "here"})
"""


def made_by_go(path: Path) -> None:
    with apsw.Connection(str(path)) as connection:
        connection.execute(GO_SCHEMA)
    connection.close()


def made_by_the_first_version(path: Path) -> None:
    number, script = migrations(SPEC_SCHEMA.name)[0]
    connection = apsw.Connection(str(path))
    connection.execute(script)
    connection.execute("INSERT INTO spec_meta VALUES ('kept', 'yes')")
    connection.pragma("user_version", number)
    connection.close()


@pytest.mark.parametrize(
    ("make", "copies"), [(made_by_go, 1), (made_by_the_first_version, 0)], ids=["go", "older"]
)
@pytest.mark.parametrize("attempt", range(3))
def test_all_get_in_and_one_upgrades(
    workspace: Workspace, make: Callable[[Path], None], copies: int, attempt: int
) -> None:
    path = workspace.paths.spec_db("alpha")
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=120)[1] for process in processes] == [""] * PROCESSES
    with SpecStore.reading(path) as store:
        assert store is not None
        meta = store.meta()
        assert not store.is_damaged()
    assert {f"by-{number}" for number in range(PROCESSES)} <= meta.keys()
    assert meta.get("kept", "yes") == "yes"
    found = list(path.parent.glob("spec.db.before-upgrade-*"))
    assert len(found) == copies
    for copy in found:
        connection = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READONLY)
        assert connection.pragma("user_version") == SPEC_SCHEMA.foreign_version
        assert connection.execute("SELECT count(*) FROM subagents").fetchall() == [(1,)]
        connection.close()
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    assert workspace.harvest().ok


def test_who_was_slower_makes_no_copy(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process upgrades between the look at the version and the lock."""
    path = workspace.paths.spec_db("alpha")
    path.parent.mkdir(parents=True, exist_ok=True)
    made_by_go(path)
    adopt_now = module._adopt

    def late(*given: object) -> None:
        monkeypatch.setattr(module, "_adopt", adopt_now)
        open_for_writing(path, SPEC_SCHEMA).close()
        adopt_now(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_adopt", late)
    open_for_writing(path, SPEC_SCHEMA).close()
    assert len(list(path.parent.glob("spec.db.before-upgrade-*"))) == 1


def test_a_copy_that_fails_leaves_no_half_of_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace.paths.spec_db("alpha")
    path.parent.mkdir(parents=True, exist_ok=True)
    made_by_go(path)
    before = path.read_bytes()
    copy = adopt.copy_database

    def full(connection: apsw.Connection, target: Path) -> None:
        copy(connection, target)
        raise apsw.FullError("disk full")

    monkeypatch.setattr(adopt, "copy_database", full)
    with pytest.raises(ForeignStore, match="no copy"):
        open_for_writing(path, SPEC_SCHEMA)
    assert [file.name for file in path.parent.iterdir()] == ["spec.db"]
    monkeypatch.undo()
    with apsw.Connection(str(path)) as connection:
        assert connection.pragma("user_version") == SPEC_SCHEMA.foreign_version
        assert connection.execute("SELECT count(*) FROM subagents").fetchall() == [(1,)]
    connection.close()
    assert len(before) == path.stat().st_size

"""The first harvest of a spec: its database is made in memory and appears at once, whole, and only once."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.harvest import harvest, read_file
from spw_core.harvest.doctor import examine
from spw_core.harvest.inside import Entry
from spw_core.harvest.read_file import FileContent
from spw_core.store.connection import open_for_writing
from spw_core.store.spec import SPEC_SCHEMA, SpecStore

from .bench.measure import without_collector
from .support import OLD_NS, write

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


def demo_paths(workspace: Workspace) -> list[Path]:
    return [path for path in workspace.paths.workflow.rglob("*") if SPEC in path.parts]


def of_the_demo(workspace: Workspace) -> None:
    """A spec as agents left it, some time ago."""
    for path in demo_paths(workspace):
        os.utime(path, ns=(OLD_NS, OLD_NS))


def odd_tree(workspace: Workspace) -> None:
    """Everything that a harvest remarks on, and what only a walk over the folders tells."""
    spec = f"specs/{SPEC}"
    workspace.paths.root.joinpath(".spec-workflow/spw-config.toml").write_text("[store]\nmax_file_mb = 1\n")
    write(workspace, f"{spec}/large.bin", b"x" * (1024 * 1024 + 1))
    write(workspace, f"{spec}/long.md", "# Long\n\n" + "the same words again\n" * 1000)
    write(workspace, f"{spec}/latin.md", "# Conteúdo\n".encode("latin-1"))
    write(workspace, f"{spec}/broken.json", b"{")
    write(workspace, f"{spec}/nul.md", b"a\0b")
    write(workspace, f"{spec}/empty.md", b"")
    write(workspace, f"{spec}/_agent-comms/tasks-plan/run-002/someone/status.json", b'{"status": 7}')
    write(workspace, f"{spec}/_implementation-logs/task-1.md", "# Task 1\n")
    write(
        workspace, f"{spec}/tasks.md", "---\ntask_ids: [1, 9]\n---\n- [x] 1. One\n- [ ] 1. Again\n- [ ] two\n"
    )
    write(workspace, f"approvals/{SPEC}/approval_1.json", b'{"id": "a", "status": "pending"}')
    write(workspace, f"approvals/{SPEC}/approval_2.json", b"[]")
    folder = workspace.paths.spec_dir(SPEC)
    (folder / "qa/_comms/qa/run-077").mkdir(parents=True)
    (folder / "link.md").symlink_to("large.bin")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")
    (folder / "just-now.md").write_text("written this very moment")


def never_still(workspace: Workspace) -> None:
    """One file cannot be read, because it changes whenever it is."""
    write(workspace, f"specs/{SPEC}/restless.md", "RESTLESS")
    of_the_demo(workspace)


def nothing(workspace: Workspace) -> None:
    shutil.rmtree(workspace.paths.spec_dir(SPEC))
    workspace.paths.spec_dir(SPEC).mkdir()
    of_the_demo(workspace)


@pytest.mark.parametrize("arrange", [of_the_demo, odd_tree, never_still, nothing])
def test_both_ways_make_the_same_database(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch, arrange: Callable[[Workspace], None]
) -> None:
    arrange(demo)
    read_once = read_file.read_once

    def restless(entry: Entry, **how: Any) -> FileContent | None:
        return None if entry.name == "restless.md" else read_once(entry, **how)

    monkeypatch.setattr(read_file, "read_once", restless)
    path = demo.paths.spec_db(SPEC)
    [first] = demo.harvest([SPEC]).specs
    in_memory, settings = rows(path), pragmas(path)
    assert len(in_memory["stamps"]) == (2 if arrange in (of_the_demo, nothing) else 0)
    path.unlink()
    monkeypatch.setattr(harvest, "_IN_MEMORY_BYTES", -1)
    [second] = demo.harvest([SPEC]).specs
    assert rows(path) == in_memory
    assert pragmas(path) == settings
    assert settings[:2] == ["ok", "wal"]
    assert replace(first, revision=None) == replace(second, revision=None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir() if file.name.startswith((".", "spec.db"))] == [
        "spec.db"
    ]


def test_what_one_spec_has_is_not_in_the_next(demo: Workspace, tmp_path: Path) -> None:
    """The databases are filled one after the other in the same memory, also after one that failed."""
    with pytest.raises(KeyError), SpecStore.in_memory() as store:
        store.set_meta({"left": "behind"})
        raise KeyError
    assert demo.harvest().ok
    for name in demo.spec_names():
        content = demo.paths.spec_db(name)
        kept = rows(content)
        content.unlink()
        Workspace.open(demo.paths.root).harvest([name])
        again = rows(content)
        kept["stamps"] = again["stamps"] = []  # whether there are any depends on how old the folders are
        assert again == kept, name
        assert ("left", "behind") not in kept["spec_meta"]


def test_database_that_came_meanwhile_is_kept(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process was faster: what it stored stays, and this harvest adds to it."""
    write(workspace, "specs/alpha/notes.md", "mine")
    path = workspace.paths.spec_db("alpha")
    ordinary = harvest.fill

    def slow(*args: object) -> int:
        if not path.exists():
            connection = open_for_writing(path, SPEC_SCHEMA)
            connection.execute("INSERT INTO spec_meta VALUES ('theirs', 'kept')")
            connection.close()
        return ordinary(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(harvest, "fill", slow)
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


KILLED_AT = """
import os, signal, sys
from pathlib import Path
from spw_core.api import Workspace
from spw_core.harvest.inside import Entry

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(Entry, sys.argv[2], die)
Workspace.open(sys.argv[1]).harvest()
"""


@pytest.mark.parametrize(
    ("step", "is_there"), [("move_to_free", False), ("unlink", True), ("sync_folder", True)]
)
def test_killed_around_the_moment_it_appears(workspace: Workspace, step: str, is_there: bool) -> None:
    """Before it has its name there is none, and the next harvest takes what was left; then it is whole."""
    write(workspace, "specs/alpha/notes.md", "mine")
    path = workspace.paths.spec_db("alpha")
    subprocess.run([sys.executable, "-c", KILLED_AT, str(workspace.paths.root), step], check=False)
    assert path.exists() == is_there
    before = rows(path) if is_there else {}
    [report] = workspace.harvest().specs
    assert (report.files, report.failed, report.errors) == (1, "", [])
    assert rows(path)["artifacts"] == before.get("artifacts", rows(path)["artifacts"])
    assert pragmas(path)[0] == "ok"
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []
    assert path.stat().st_nlink == 1
    assert [finding.text for finding in examine(workspace.paths) if "spw-tmp" in finding.text] == []


AT_ONCE = """
import sys
from spw_core.api import Workspace
workspace = Workspace.open(sys.argv[1])
import spw_core.harvest.harvest, spw_core.harvest.index_sync
print("ready", flush=True)
sys.stdin.readline()
report = workspace.harvest()
assert report.ok, report
print(sum(spec.new for spec in report.specs))
"""


def test_first_harvests_at_once(demo: Workspace) -> None:
    """Several processes make the same databases: each file is stored once, by one of them."""
    command = [sys.executable, "-c", AT_ONCE, str(demo.paths.root)]
    crowd = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in crowd:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in crowd:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    stored = [int(process.communicate()[0]) for process in crowd]
    assert [process.returncode for process in crowd] == [0] * len(crowd)
    files = 0
    for name in demo.spec_names():
        path = demo.paths.spec_db(name)
        found = rows(path)
        files += len(found["artifacts"])
        assert found["artifact_history"] == []
        assert pragmas(path)[:2] == ["ok", "wal"]
        assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []
    assert sum(stored) == files > 0


def test_no_room_for_it(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half-written stays, nothing appears, and the files are as they were."""
    write(workspace, "specs/alpha/notes.md", "mine")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        patch.setattr("spw_core.harvest.harvest.SpecStore.writing", full)
        [report] = workspace.harvest().specs
    assert "No space left" in report.failed
    assert [file.name for file in workspace.paths.spec_dir("alpha").iterdir()] == ["notes.md"]
    [report] = workspace.harvest().specs
    assert (report.new, report.failed) == (1, "")


def test_garbage_is_collected_again_afterwards(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a harvest that failed, and not where the caller wants none."""
    write(workspace, "specs/alpha/notes.md", "mine")
    assert workspace.harvest().ok
    assert gc.isenabled()
    workspace.paths.spec_db("alpha").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(harvest, "fill", lambda *_: 1 // 0)
        assert not workspace.harvest().ok
    assert gc.isenabled()
    with without_collector():
        assert workspace.harvest().ok
        assert not gc.isenabled()

"""Files into the databases: exact, once, and in spite of everything."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.domain.places import Area
from spw_core.errors import CorruptStore, InvalidName, SpecNotFound
from spw_core.harvest import index_sync, intake
from spw_core.harvest.doctor import examine
from spw_core.harvest.harvest import ensure_gitignore, harvest_spec
from spw_core.harvest.report import SpecReport
from spw_core.harvest.scan import area_folder
from spw_core.store.connection import migrations
from spw_core.store.content import unpack
from spw_core.workspace import GITIGNORE_LINES

from .support import OLD_NS, write, write_run

RUN = "specs/alpha/execution/waves/wave-01/checkpoint/run-001"


def harvest_one(workspace: Workspace, name: str = "alpha") -> SpecReport:
    [report] = workspace.harvest([name]).specs
    return report


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, without what a comparison leaves: its moment, and stamps of an old tree."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'stamps'")
    tables = [row[0] for row in names]
    rows = {}
    for table in sorted(tables):
        columns = [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
        kept = ", ".join(f'"{column}"' for column in columns if column != "checked_ns")
        rows[table] = connection.execute(f'SELECT {kept} FROM "{table}" ORDER BY {kept}').fetchall()
    connection.close()
    return rows


def query(workspace: Workspace, sql: str, *values: object) -> list[tuple[object, ...]]:
    connection = apsw.Connection(str(workspace.paths.spec_db("alpha")), flags=apsw.SQLITE_OPEN_READONLY)
    rows = connection.execute(sql, values).fetchall()  # type: ignore[arg-type]
    connection.close()
    return rows


def test_real_workspace(real: Workspace) -> None:
    report = harvest_one(real, "claude-code-based-improvements")
    assert (report.runs, report.subagents, report.handoffs, report.impl_logs) == (14, 65, 11, 6)
    assert (report.tasks, report.waves, report.approvals) == (11, 3, 2)
    assert report.files == report.changed == 235
    assert report.errors == []


def test_demo_workspace(demo: Workspace) -> None:
    report = demo.harvest()
    assert report.ok
    by_name = {spec.spec: spec for spec in report.specs}
    assert len(by_name) == 8
    assert sum(spec.runs for spec in report.specs) == 67
    assert sum(spec.subagents for spec in report.specs) == 165
    assert sum(spec.handoffs for spec in report.specs) == 64
    [error] = [error for spec in report.specs for error in spec.errors]
    assert error.path.endswith("task-implementer-4/status.json")
    assert "invalid JSON" in error.error


def test_every_byte_is_stored_with_its_hash(demo: Workspace) -> None:
    demo.harvest()
    for name in demo.spec_names():
        connection = apsw.Connection(str(demo.paths.spec_db(name)), flags=apsw.SQLITE_OPEN_READONLY)
        rows = {
            (area, path): [unpack(content, encoding), *rest]
            for area, path, content, encoding, *rest in connection.execute(
                "SELECT area, rel_path, content, encoding, content_hash, size, mtime_ns, mode FROM artifacts"
            )
        }
        for area in Area:
            top = area_folder(demo.paths, name, area)
            for file in top.rglob("*"):
                if file.is_file() and not file.name.startswith("spec.db"):
                    data, info = file.read_bytes(), file.stat()
                    assert rows.pop((area, file.relative_to(top).as_posix())) == [
                        data,
                        hashlib.sha256(data).hexdigest(),
                        len(data),
                        info.st_mtime_ns,
                        info.st_mode,
                    ]
        assert rows == {}


def test_second_harvest_changes_nothing(demo: Workspace) -> None:
    demo.harvest()
    before = {name: dump(demo.paths.spec_db(name)) for name in demo.spec_names()}
    index = dump(demo.paths.index_db)
    report = demo.harvest()
    assert [(spec.changed, spec.removed, spec.unchanged) for spec in report.specs] == [
        (0, 0, spec.files) for spec in report.specs
    ]
    assert {name: dump(demo.paths.spec_db(name)) for name in demo.spec_names()} == before
    assert dump(demo.paths.index_db) == index


def test_second_harvest_opens_no_file(demo: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    demo.harvest()
    monkeypatch.setattr(intake, "read_entry", lambda *path: pytest.fail(f"{path} was read"))
    demo.harvest()


def test_changed_file_leaves_its_old_version_in_the_history(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/tasks.md", "- [ ] 1. Old\n")
    harvest_one(workspace)
    path.write_text("- [x] 1. New title\n")
    report = harvest_one(workspace)
    assert (report.changed, report.unchanged) == (1, 0)
    assert query(workspace, "SELECT title, status FROM tasks") == [("New title", "done")]
    assert query(workspace, "SELECT content FROM artifact_history") == [(b"- [ ] 1. Old\n",)]
    assert query(workspace, "SELECT content FROM artifacts") == [(b"- [x] 1. New title\n",)]


def test_change_within_the_clocks_granularity_is_caught(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/notes.md", "aaaa")
    os.utime(path)  # just now
    times = path.stat()
    harvest_one(workspace)
    with path.open("r+") as stream:  # same inode, same size
        stream.write("bbbb")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert harvest_one(workspace).changed == 1
    assert query(workspace, "SELECT content FROM artifacts") == [(b"bbbb",)]


def test_touched_file_is_no_change(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/notes.md", "same")
    harvest_one(workspace)
    os.utime(path, ns=(OLD_NS + 5, OLD_NS + 5))
    path.chmod(0o600)
    assert harvest_one(workspace).changed == 0
    assert query(workspace, "SELECT mtime_ns, mode FROM artifacts") == [(OLD_NS + 5, stat.S_IFREG | 0o600)]
    assert query(workspace, "SELECT count(*) FROM artifact_history") == [(0,)]


def test_removed_file_keeps_its_bytes(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/requirements.md", "# Requirements\n")
    path = write(workspace, "specs/alpha/notes.md", "precious")
    harvest_one(workspace)
    path.unlink()
    report = harvest_one(workspace)
    assert (report.files, report.removed) == (1, 1)
    notes = "FROM artifacts WHERE rel_path = 'notes.md'"
    assert query(workspace, f"SELECT content, removed_at IS NOT NULL {notes}") == [(b"precious", 1)]
    assert harvest_one(workspace).removed == 0
    write(workspace, "specs/alpha/notes.md", "precious")
    assert harvest_one(workspace).changed == 1
    assert query(workspace, f"SELECT removed_at {notes}") == [(None,)]


def test_a_database_alone_counts_nothing_as_removed(workspace: Workspace) -> None:
    """As on a branch that does not have the spec, where the ignored database stays behind."""
    path = write(workspace, "specs/alpha/notes.md", "precious")
    harvest_one(workspace)
    path.unlink()
    report = harvest_one(workspace)
    assert (report.files, report.removed, report.changed) == (0, 0, 0)
    assert [document.path for document in workspace.spec("alpha").record().documents] == ["notes.md"]
    write(workspace, "specs/alpha/requirements.md", "# Requirements\n")
    assert harvest_one(workspace).removed == 1


def test_a_run_that_is_gone_is_remembered_whole(workspace: Workspace) -> None:
    folder = write_run(workspace, RUN, {"release-gate-decider": "pass", "helper": "pass"})
    harvest_one(workspace)
    shutil.rmtree(folder)
    report = harvest_one(workspace)
    assert (report.removed, report.runs, report.subagents, report.handoffs) == (7, 1, 2, 1)


def test_a_run_that_was_redone_shows_nothing_of_its_former_life(workspace: Workspace) -> None:
    folder = write_run(workspace, RUN, {"former": "pass", "same": "pass"})
    harvest_one(workspace)
    shutil.rmtree(folder)
    write_run(workspace, RUN, {"same": "blocked"}, handoff=False)
    report = harvest_one(workspace)
    assert (report.runs, report.subagents, report.handoffs) == (1, 1, 0)
    assert query(workspace, "SELECT name, status FROM subagents") == [("same", "blocked")]


def test_answered_approval_request_stops_waiting(workspace: Workspace) -> None:
    text = '{"id": "x", "filePath": ".spec-workflow/specs/alpha/design.md", "status": "pending"}'
    path = write(workspace, "approvals/alpha/approval_1_x.json", text)
    write(workspace, "specs/alpha/design.md", "# D\n")
    harvest_one(workspace)
    assert workspace.spec("alpha").summary().status == "waiting"
    path.unlink()
    assert harvest_one(workspace).approvals == 0
    assert workspace.spec("alpha").summary().status == "active"


@pytest.mark.parametrize(
    ("status", "handoff", "run_status", "agent_status"),
    [
        ('{"status": "pass", "summary": "s"}', True, "pass", "pass"),
        ('{"status": "PASSED"}', True, "pass", "pass"),
        ('{"status": "pass"}', False, "in_progress", "pass"),
        ('{"status": "blocked"}', True, "blocked", "blocked"),
        ('{"status": "maybe"}', True, "blocked", "maybe"),
        ('{"status": 7}', True, "blocked", "invalid"),
        ('{"status": "pass"', True, "blocked", "invalid"),
        ("[]", True, "blocked", "invalid"),
        ("", True, "blocked", "invalid"),
        (None, True, "blocked", "missing"),
    ],
)
def test_run_verdict(
    workspace: Workspace, status: str | None, handoff: bool, run_status: str, agent_status: str
) -> None:
    """Anything but a pass from every subagent is not a pass."""
    write_run(workspace, RUN, {"good": "pass"}, handoff=handoff)
    write(workspace, f"{RUN}/other/brief.md", "b")
    if status is not None:
        write(workspace, f"{RUN}/other/status.json", status)
    harvest_one(workspace)
    assert query(workspace, "SELECT status, sealed FROM runs") == [(run_status, int(handoff))]
    assert query(workspace, "SELECT status FROM subagents WHERE name = 'other'") == [(agent_status,)]


def test_broken_files_are_kept_raw_and_listed(workspace: Workspace) -> None:
    broken = {
        "status.json": b'{"status": ',
        "latin1.md": "# Ação\n".encode("latin-1"),
        "data.json": b"\xff\xfe\x00{",
        "deep.json": b"[" * 100_000,
    }
    write_run(workspace, RUN, {"a": "pass"})
    for name, data in broken.items():
        write(workspace, f"{RUN}/a/{name}", data)
    report = harvest_one(workspace)
    assert {error.path.rpartition("/")[2] for error in report.errors} == set(broken)
    for name, data in broken.items():
        assert workspace.spec("alpha").read_bytes(f"{RUN.removeprefix('specs/alpha/')}/a/{name}") == data
    assert report.runs == 1
    assert harvest_one(workspace).errors == report.errors


def test_odd_files_are_reported_not_followed(workspace: Workspace, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("outside")
    folder = workspace.paths.spec_dir("alpha")
    (folder / "link.md").symlink_to(secret)
    (folder / "linked-folder").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe")
    report = harvest_one(workspace)
    assert report.files == 0
    assert {error.path: error.error for error in report.errors} == {
        "link.md": "a symbolic link, not followed; not stored",
        "linked-folder": "a symbolic link, not followed; not stored",
        "pipe": "a named pipe; not stored",
    }


def test_name_that_is_not_utf8_is_reported(workspace: Workspace) -> None:
    folder = os.fsencode(workspace.paths.spec_dir("alpha"))
    try:
        Path(os.fsdecode(folder + b"/bad-\xff.md")).write_text("x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    report = harvest_one(workspace)
    assert [error.path for error in report.errors] == ["bad-\\xff.md"]


def test_file_too_large_to_store_is_recorded_by_its_hash(workspace: Workspace) -> None:
    write(workspace, "spw-config.toml", "[store]\nmax_file_mb = 1\n")
    size = 1024 * 1024 + 1
    write(workspace, "specs/alpha/big.bin", b"x" * size)
    report = harvest_one(workspace)
    assert "recorded by its hash, not stored" in report.errors[0].error
    digest = hashlib.sha256(b"x" * size).hexdigest()
    assert query(workspace, "SELECT content, content_hash, size FROM artifacts") == [(None, digest, size)]


def test_unreadable_file_keeps_its_stored_version(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(workspace, "specs/alpha/notes.md", "first")
    harvest_one(workspace)
    path.write_text("second")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(intake, "read_entry", refuse)
    report = harvest_one(workspace)
    assert [(error.path, error.error) for error in report.errors] == [
        ("notes.md", "cannot be read: Permission denied")
    ]
    assert query(workspace, "SELECT content FROM artifacts") == [(b"first",)]
    monkeypatch.undo()
    assert harvest_one(workspace).changed == 1


def make_unlistable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As `chmod 000` would, which does not stop a test that runs as root."""
    real_open = os.open

    def refuse(path: str, flags: int, *rest: object, **options: object) -> int:
        if str(path).rpartition("/")[2] == name and flags & os.O_DIRECTORY:
            raise PermissionError(13, "Permission denied")
        return real_open(path, flags, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)


def test_folder_that_cannot_be_listed_loses_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(workspace, "specs/alpha/design/deep/DESIGN-RESEARCH.md", "# R\n")
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    harvest_one(workspace)
    make_unlistable(monkeypatch, "design")
    report = harvest_one(workspace)
    assert (report.removed, report.tasks) == (0, 1)
    assert [error.path for error in report.errors] == ["design"]


def test_spec_folder_that_cannot_be_read_does_not_stop_the_others(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unlistable(monkeypatch, "gift-cards")
    report = demo.harvest()
    assert not report.ok
    assert {spec.spec: spec.failed for spec in report.specs if spec.failed} == {
        "gift-cards": "the spec folder cannot be listed: Permission denied"
    }
    assert sum(bool(spec.files) for spec in report.specs) == 7
    assert demo.search("login").results


@pytest.mark.parametrize(
    "garbage", [b"", b"this is no database " * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_spec_db_that_is_no_database_is_moved_aside_and_rebuilt(workspace: Workspace, garbage: bytes) -> None:
    write_run(workspace, RUN, {"a": "pass"})
    path = workspace.paths.spec_db("alpha")
    path.write_bytes(garbage)
    report = harvest_one(workspace)
    assert report.runs == 1
    moved = list(path.parent.glob("spec.db.corrupt-*"))
    if garbage:
        assert "moved to spec.db.corrupt-" in report.errors[0].error
        assert [old.read_bytes() for old in moved] == [garbage]
    else:  # an empty file is a new database
        assert (report.errors, moved) == ([], [])
    assert harvest_one(workspace).errors == []


def test_damaged_pages_are_moved_aside_too(demo: Workspace) -> None:
    demo.harvest()
    path = demo.paths.spec_db("user-auth")
    data = bytearray(path.read_bytes())
    data[8192 : 8192 * 6] = b"\xa5" * (8192 * 5)
    path.write_bytes(data)
    (demo.paths.spec_dir("user-auth") / "tasks.md").write_text("- [ ] 1. New\n")
    [report] = demo.harvest(["user-auth"]).specs
    assert report.errors[0].path == "spec.db"
    assert report.tasks == 1


def test_index_that_is_no_database_is_rebuilt_from_all_specs(demo: Workspace) -> None:
    demo.harvest()
    before = len(demo.search("login", limit=50).results)
    demo.paths.index_db.write_bytes(b"no database at all" * 50)
    report = demo.harvest(["gift-cards"])
    assert "rebuilt" in report.remarks[0]
    assert len(demo.search("login", limit=50).results) == before > 0


def test_an_index_that_somebody_has_just_repaired_stays(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.harvest()
    workspace.paths.index_db.write_bytes(b"no database at all" * 50)
    sync = index_sync._sync

    def too_late(*given: Any) -> list[str]:
        monkeypatch.setattr(index_sync, "_sync", sync)
        with pytest.raises(CorruptStore) as caught:
            sync(*given)
        assert workspace.harvest().remarks
        raise caught.value

    monkeypatch.setattr(index_sync, "_sync", too_late)
    report = workspace.harvest()
    assert report.ok and not report.index_failed
    assert len(list(workspace.paths.workflow.glob(".spw-index.db.corrupt-*"))) == 1


def test_database_of_a_newer_version_is_left_alone(workspace: Workspace) -> None:
    harvest_one(workspace)
    path = workspace.paths.spec_db("alpha")
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", 999)
    connection.close()
    before = path.read_bytes()
    report = workspace.harvest()
    assert "newer spw" in report.specs[0].failed
    assert path.read_bytes() == before


GO_SCHEMA = """
CREATE TABLE spec_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE artifacts (id INTEGER PRIMARY KEY AUTOINCREMENT, phase TEXT NOT NULL,
  rel_path TEXT NOT NULL UNIQUE, artifact_type TEXT NOT NULL, content TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  metadata TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE INDEX idx_artifacts_phase ON artifacts (phase);
CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, command TEXT NOT NULL, run_number INTEGER NOT NULL,
  phase TEXT NOT NULL, wave_number INTEGER, comms_path TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'in_progress', created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  UNIQUE (command, run_number, wave_number));
CREATE TABLE subagents (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL REFERENCES runs (id),
  name TEXT NOT NULL, brief TEXT, report TEXT, status TEXT, summary TEXT, status_json TEXT,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE tasks (task_id TEXT PRIMARY KEY, title TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'pending',
  wave INTEGER, depends_on TEXT, files TEXT, tdd INTEGER DEFAULT 0, is_deferred INTEGER DEFAULT 0,
  updated_at TEXT NOT NULL);
CREATE TABLE impl_logs (task_id TEXT PRIMARY KEY, content TEXT NOT NULL, content_hash TEXT NOT NULL,
  updated_at TEXT NOT NULL);
CREATE TABLE completion_summary (id INTEGER PRIMARY KEY CHECK (id = 1), frontmatter TEXT NOT NULL,
  body TEXT NOT NULL, generated_at TEXT NOT NULL);
INSERT INTO spec_meta VALUES ('stage', 'complete');
INSERT INTO artifacts (phase, rel_path, artifact_type, content, content_hash, created_at, updated_at) VALUES
  ('design', 'design/DESIGN-RESEARCH.md', 'document', '# Zebra research', 'x', 't', 't'),
  ('prd', '../../escape.md', 'document', 'no', 'x', 't', 't');
INSERT INTO runs (command, run_number, phase, comms_path, created_at, updated_at) VALUES
  ('exec', 1, 'execution', 'execution/waves/wave-01/checkpoint/run-001', 't', 't'),
  ('exec', 1, 'execution', 'execution/waves/wave-01/checkpoint/run-001', 't', 't');
INSERT INTO subagents (run_id, name, created_at, updated_at) VALUES (1, 'stray', 't', 't');
INSERT INTO impl_logs VALUES ('1', '# Task 1: Gone log', 'x', 't');
INSERT INTO completion_summary VALUES
  (1, '---' || char(10) || 'status: completed' || char(10) || '---', 'Body', 't');
PRAGMA user_version = 1;
"""


def test_database_of_the_go_tool_is_taken_over_after_a_copy(workspace: Workspace) -> None:
    path = workspace.paths.spec_db("alpha")
    connection = apsw.Connection(str(path))
    connection.execute(GO_SCHEMA)
    connection.close()
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    assert workspace.spec("alpha").summary().tasks_total == 1
    report = harvest_one(workspace)
    assert (report.tasks, report.runs, report.impl_logs, report.failed) == (1, 0, 1, "")
    [copy] = path.parent.glob("spec.db.before-upgrade-*")
    old = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READONLY)
    assert old.execute("SELECT count(*) FROM subagents").fetchall() == [(1,)]
    old.close()
    spec = workspace.spec("alpha")
    assert spec.read("execution/_implementation-logs/task-1.md") == "# Task 1: Gone log"
    assert spec.read("design/DESIGN-RESEARCH.md") == "# Zebra research"
    assert spec.read("COMPLETION-SUMMARY.md").endswith("---\nBody")
    tables = {row[0] for row in query(workspace, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert not [table for table in tables if str(table).startswith("go_")]
    assert query(workspace, "SELECT rel_path FROM artifacts WHERE rel_path LIKE '%escape%'") == []
    assert harvest_one(workspace).changed == 0
    assert list(path.parent.glob("spec.db.before-upgrade-*Z")) == [copy]
    [told] = [finding.text for finding in examine(workspace.paths) if copy.name in finding.text]
    assert "as it was before an upgrade" in told


def test_an_interrupted_index_update_is_made_up_for(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/design.md", "# Zebra crossing\n")
    harvest_spec(workspace.paths, "alpha")  # the database, and then the power goes
    assert workspace.search("zebra").results == ()
    workspace.harvest()
    assert len(workspace.search("zebra").results) == 1


def test_deleted_spec_leaves_the_index(demo: Workspace) -> None:
    demo.harvest()
    shutil.rmtree(demo.paths.spec_dir("checkout-flaky-tests"))
    demo.harvest()
    assert "checkout-flaky-tests" not in [spec.name for spec in demo.indexed_specs()]
    assert all(hit.spec != "checkout-flaky-tests" for hit in demo.search("flaky", limit=50).results)


def test_names_are_checked_before_anything_is_written(workspace: Workspace) -> None:
    with pytest.raises(SpecNotFound):
        workspace.harvest(["alpha", "beta"])
    with pytest.raises(InvalidName):
        workspace.harvest(["../alpha"])
    assert os.listdir(workspace.paths.workflow) == ["specs"]
    assert os.listdir(workspace.paths.spec_dir("alpha")) == []


def test_folder_with_an_impossible_name_is_reported(workspace: Workspace) -> None:
    (workspace.paths.specs / "my spec").mkdir()
    report = workspace.harvest()
    assert [(spec.spec, bool(spec.failed)) for spec in report.specs] == [("alpha", False), ("my spec", True)]


def test_empty_workspace(tmp_path: Path) -> None:
    (tmp_path / ".spec-workflow").mkdir()
    workspace = Workspace.open(tmp_path)
    assert workspace.harvest().specs == []
    assert workspace.specs() == []
    assert os.listdir(tmp_path / ".spec-workflow") == []


def test_gitignore_is_completed_once_by_several(workspace: Workspace) -> None:
    for _ in range(30):
        workspace.paths.gitignore.unlink(missing_ok=True)
        start = threading.Barrier(4)

        def complete(start: threading.Barrier = start) -> None:
            start.wait()
            ensure_gitignore(workspace.paths)

        threads = [threading.Thread(target=complete) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lines = workspace.paths.gitignore.read_text().splitlines()
        assert sorted(lines) == sorted(GITIGNORE_LINES)


def test_gitignore_is_added_to_never_rewritten(workspace: Workspace) -> None:
    path = write(workspace, ".gitignore", "# ours\nspec.db\nsecret")
    workspace.harvest()
    lines = path.read_text().splitlines()
    assert lines[:3] == ["# ours", "spec.db", "secret"]
    assert set(GITIGNORE_LINES) <= set(lines)
    assert len(lines) == len(set(lines))
    before = path.read_bytes()
    workspace.harvest()
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_databases_are_private(demo: Workspace) -> None:
    demo.harvest()
    for path in (demo.paths.index_db, demo.paths.spec_db("user-auth")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_migrations_are_numbered_without_gaps() -> None:
    for name, first in (("spec", 2), ("index", 1)):
        numbers = [number for number, _ in migrations(name)]
        assert numbers == list(range(first, first + len(numbers)))


WRITER = """
import sys
from pathlib import Path
from spw_core.api import Workspace
workspace = Workspace.open(sys.argv[1])
for turn in range(int(sys.argv[3])):
    note = workspace.paths.spec_dir("alpha") / f"note-{sys.argv[2]}-{turn}.md"
    note.write_text(f"# Note {sys.argv[2]} {turn}\\n")
    report = workspace.harvest(["alpha"])
    assert report.ok, report
"""


def test_many_processes_harvest_one_spec_at_once(workspace: Workspace) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(workspace.paths.root), str(number), "6"],
            stderr=subprocess.PIPE,
        )
        for number in range(6)
    ]
    errors = [writer.communicate(timeout=120)[1].decode() for writer in writers]
    assert errors == [""] * 6
    assert query(workspace, "SELECT count(*) FROM artifacts") == [(36,)]
    assert query(workspace, "SELECT count(*) FROM artifacts WHERE removed_at IS NOT NULL") == [(0,)]
    assert len(workspace.search("note", limit=100).results) == 36


NAMES = st.sampled_from(
    ["tasks.md", "status.json", "report.md", "_handoff.md", "_latest.json", "run-001", "wave-01", "x", "é.md"]
)
FOLDERS = st.sampled_from(["execution", "waves", "wave-01", "checkpoint", "run-001", "agent", "é"])
TREES = st.dictionaries(
    st.lists(
        st.sampled_from(["execution", "waves", "wave-01", "checkpoint", "run-001", "agent", "é"]), max_size=6
    ).flatmap(lambda folders: NAMES.map(lambda name: "/".join([*folders, name + ".f"]))),
    st.binary(max_size=200),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_any_tree_is_stored_to_the_byte(
    tree: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("tree")
    workspace = Workspace.open(write_root(root))
    for path, data in tree.items():
        write(workspace, f"specs/alpha/{path}", data)
    report = harvest_one(workspace)
    assert report.changed == len(tree)
    for path, data in tree.items():
        assert workspace.spec("alpha").read_bytes(path) == data
    shutil.rmtree(root)


def write_root(root: Path) -> Path:
    (root / ".spec-workflow" / "specs" / "alpha").mkdir(parents=True)
    return root


def test_projections_are_what_the_artifacts_say(demo: Workspace) -> None:
    """Stored facts and facts read from the files alone are the same."""
    live = {name: demo.spec(name).record() for name in demo.spec_names()}
    demo.harvest()
    for name, record in live.items():
        stored = demo.spec(name).record()
        assert stored.runs == record.runs
        assert stored.tasks == record.tasks
        assert stored.waves == record.waves
        assert stored.impl_logs == record.impl_logs
        assert set(stored.approvals) == set(record.approvals)
        assert stored.documents == record.documents
        assert set(stored.errors) == set(record.errors)
        assert demo.spec(name).summary() == next(s for s in demo.indexed_specs() if s.name == name)


def test_database_copied_from_another_spec_is_told(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/notes.md", "a")
    write(workspace, "specs/beta/notes.md", "b")
    workspace.harvest()
    shutil.copy(workspace.paths.spec_db("alpha"), workspace.paths.spec_db("beta"))
    _, beta = workspace.harvest().specs
    assert [error.path for error in beta.errors] == ["spec.db"]
    assert beta.errors[0].error.startswith("copied from alpha, ")
    assert workspace.spec("beta").read("notes.md") == "b"
    assert workspace.harvest().specs[1].errors == []
    workspace.paths.spec_dir("beta").rename(workspace.paths.spec_dir("gamma"))
    write(workspace, "specs/gamma/notes.md", "c")
    assert workspace.harvest().specs[1].errors == []  # renamed: the database is still its own

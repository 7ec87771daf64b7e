"""What a hostile or unlucky workspace does to its neighbours: nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.search.chunks import chunk_lines

from .support import write, write_run

RUN = "specs/alpha/execution/waves/wave-01/checkpoint/run-001"


def test_gitignore_that_is_a_link_is_not_written_through(workspace: Workspace, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    workspace.paths.gitignore.symlink_to(victim)
    report = workspace.harvest()
    assert report.ok
    assert "cannot be completed" in report.remarks[0]
    assert victim.read_text() == "mine\n"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_gitignore_that_is_no_file_stops_nothing(workspace: Workspace, make: object) -> None:
    make(workspace.paths.gitignore)  # type: ignore[operator]
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    report = workspace.harvest()
    assert report.ok
    assert report.specs[0].tasks == 1


def test_folder_swapped_for_a_link_between_listing_and_reading(workspace: Workspace, tmp_path: Path) -> None:
    """Another process swaps a folder for a link to the outside, again and again, while we harvest."""
    folder = workspace.paths.spec_dir("alpha") / "design"
    for number in range(40):
        write(workspace, f"specs/alpha/design/note-{number}.md", f"inside {number}")
    outside = tmp_path / "outside"
    shutil.copytree(folder, outside)
    for path in outside.iterdir():
        path.write_text("OUTSIDE SECRET")
    stop = threading.Event()

    def swap() -> None:
        aside, link = tmp_path / "aside", tmp_path / "link"
        while not stop.is_set():
            folder.rename(aside)
            link.symlink_to(outside, target_is_directory=True)
            link.rename(folder)
            folder.rename(link)
            link.unlink()
            aside.rename(folder)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(400):
            workspace.harvest()
    finally:
        stop.set()
        swapper.join()
    # However unlucky the swaps fell, by now something is stored.
    assert workspace.harvest().ok
    store = apsw.Connection(str(workspace.paths.spec_db("alpha")), flags=apsw.SQLITE_OPEN_READONLY)
    stored = {
        row[0]
        for table in ("artifacts", "artifact_history")
        for row in store.execute(f"SELECT content FROM {table}")
    }
    store.close()
    assert stored
    assert b"OUTSIDE SECRET" not in stored


@pytest.mark.parametrize(
    "line", ["# a" + " " * 50_000 + "b", "# a" + "#" * 50_000 + "b", "#" + " #" * 50_000]
)
def test_headings_cannot_be_made_slow(line: str) -> None:
    started = time.process_time()
    chunk_lines([line])
    # Generous: the pattern this replaced took hours.
    assert time.process_time() - started < 5


def test_index_follows_a_database_that_was_built_anew(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/notes.md", "walrus")
    workspace.harvest()
    path.write_text("zebra")
    workspace.paths.spec_db("alpha").unlink()
    workspace.harvest()
    assert workspace.search("zebra").results
    assert not workspace.search("walrus").results


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_file_that_became_something_else_is_removed(workspace: Workspace, kind: str) -> None:
    path = write(workspace, "specs/alpha/notes.md", "walrus")
    workspace.harvest()
    path.unlink()
    if kind == "folder":
        write(workspace, "specs/alpha/notes.md/inside.md", "zebra")
    else:
        path.symlink_to("/etc/hostname")
    [report] = workspace.harvest().specs
    assert report.removed == 1
    assert not workspace.search("walrus").results
    assert workspace.harvest().specs[0].removed == 0


def test_database_that_is_a_link_is_not_touched(workspace: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "other.db"
    connection = apsw.Connection(str(outside))
    connection.execute("PRAGMA journal_mode = wal; CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("other.db*")}
    workspace.paths.spec_db("alpha").symlink_to(outside)
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    assert workspace.spec("alpha").summary().tasks_total == 1
    assert "not followed" in workspace.spec("alpha").record().errors[0].error
    assert workspace.harvest().specs[0].failed
    assert {path.name: path.read_bytes() for path in tmp_path.glob("other.db*")} == before
    connection.close()


def test_approvals_that_are_a_link_do_not_stop_the_spec(workspace: Workspace, tmp_path: Path) -> None:
    text = '{"id": "x", "filePath": ".spec-workflow/specs/alpha/design.md", "status": "pending"}'
    write(workspace, "approvals/alpha/approval_1_x.json", text)
    write(workspace, "specs/alpha/design.md", "# D\n")
    workspace.harvest()
    folder = workspace.paths.workflow / "approvals" / "alpha"
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    [report] = workspace.harvest().specs
    # Nothing is known about what is behind a link: what was stored goes on counting.
    assert (report.removed, report.approvals) == (0, 1)
    assert "symbolic link" in report.errors[0].error
    assert workspace.specs()[0].status == "waiting"


def test_a_link_among_the_specs_does_not_stop_the_others(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.paths.specs / "beta").symlink_to(tmp_path, target_is_directory=True)
    write(workspace, "specs/zeta/notes.md", "zebra")
    report = workspace.harvest()
    assert not report.ok
    assert [spec.spec for spec in report.specs if spec.failed] == ["beta"]
    assert workspace.search("zebra").results
    assert [spec.name for spec in workspace.specs()] == ["alpha", "zeta"]


def test_times_that_no_database_holds(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    try:
        os.utime(path, (10_413_792_000, 10_413_792_000))  # the year 2300
    except (OSError, OverflowError):
        pytest.skip("this file system has no such times")
    assert workspace.harvest().specs[0].tasks == 1
    assert workspace.harvest().specs[0].changed == 0


def test_texts_that_are_no_texts_are_damage(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    workspace.harvest()
    connection = apsw.Connection(str(workspace.paths.spec_db("alpha")))
    connection.execute("UPDATE artifacts SET artifact_type = cast(x'c920' AS text)")
    connection.close()
    assert workspace.specs()[0].tasks_total == 1
    [report] = workspace.harvest().specs
    assert (report.tasks, report.failed) == (1, "")
    assert report.errors[0].path == "spec.db"


def test_columns_of_a_newer_version_are_no_trouble(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/execution/_implementation-logs/task-1.md", "# Task 1: T\n")
    workspace.harvest()
    connection = apsw.Connection(str(workspace.paths.spec_db("alpha")))
    connection.execute("ALTER TABLE impl_logs ADD COLUMN mood TEXT; PRAGMA user_version = 90")
    connection.close()
    assert [log.task_id for log in workspace.spec("alpha").record().impl_logs] == ["1"]


def test_one_long_document_does_not_crowd_out_the_others(workspace: Workspace) -> None:
    sections = "\n".join(f"## login step {number}\n\ntext\n" for number in range(400))
    write(workspace, "specs/alpha/big.md", f"# JWT login\n\n{sections}")
    for number in range(9):
        write(workspace, f"specs/alpha/small-{number}.md", f"# Note {number}\n\nabout the login\n")
    workspace.harvest()
    assert len(workspace.search("login").results) == 10


def test_live_answer_is_what_the_next_harvest_says(workspace: Workspace) -> None:
    folder = write_run(workspace, RUN, {"release-gate-decider": "blocked"})
    workspace.harvest()
    (folder / "_handoff.md").unlink()
    workspace.harvest()
    write(workspace, f"{RUN}/release-gate-decider/report.md", "# Changed\n")
    live = workspace.spec("alpha").record()
    workspace.harvest()
    assert live.runs == workspace.spec("alpha").record().runs
    assert [run.status for run in live.runs] == ["in_progress"]


def test_run_that_was_deleted_and_dispatched_again_is_seen_at_once(workspace: Workspace) -> None:
    folder = write_run(workspace, RUN, {"former": "pass"})
    workspace.harvest()
    shutil.rmtree(folder)
    workspace.harvest()
    write(workspace, f"{RUN}/latter/brief.md", "# Brief\n")
    [run] = workspace.spec("alpha").record().runs
    assert (run.status, [agent.name for agent in run.subagents]) == ("in_progress", ["latter"])


def test_errors_are_the_same_live_and_stored(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/x.json", "{bad")
    workspace.harvest()
    stored = workspace.spec("alpha").record().errors
    write(workspace, "specs/alpha/new.md", "new")
    assert workspace.spec("alpha").record().errors == stored != ()


def test_file_that_is_too_large_to_store_can_still_be_read(workspace: Workspace) -> None:
    write(workspace, "spw-config.toml", "[store]\nmax_file_mb = 1\n")
    text = "x" * (1024 * 1024 + 1)
    write(workspace, "specs/alpha/big.md", text)
    workspace.harvest()
    assert workspace.spec("alpha").read("big.md") == text


AS_NOBODY = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
]


@pytest.mark.skipif(
    os.name == "nt" or not shutil.which("setpriv"), reason="cannot drop the rights of root here"
)
@pytest.mark.parametrize("closed", ["specs/bad", "specs/zeta/notes.md", "approvals/zeta"])
def test_closed_doors_stop_nobody_else(workspace: Workspace, closed: str) -> None:
    """With real permissions: a process of root without its right to ignore them."""
    write(workspace, "specs/bad/notes.md", "x")
    write(workspace, "specs/zeta/notes.md", "x")
    write(workspace, "approvals/zeta/approval_1.json", "{}")
    write(workspace, "specs/zeta/zebra.md", "zebra")
    path = workspace.paths.workflow / closed
    path.chmod(0)
    prefix = AS_NOBODY if os.geteuid() == 0 else []
    spw = [*prefix, sys.executable, "-m", "spw_core.cli", "--workspace", str(workspace.paths.root)]
    try:
        for command in (["list"], ["harvest", "--all"], ["search", "zebra"]):
            done = subprocess.run([*spw, *command], capture_output=True, text=True)
            assert "internal error" not in done.stderr, done
            assert "zeta" in done.stdout, (command, done)
    finally:
        path.chmod(0o755)


def test_transaction_that_sqlite_rolled_back_itself(tmp_path: Path) -> None:
    from spw_core.store.connection import transaction

    connection = apsw.Connection(str(tmp_path / "x.db"))
    connection.pragma("max_page_count", 5)
    connection.execute("CREATE TABLE t (x)")
    with pytest.raises(apsw.FullError), transaction(connection):
        for _ in range(100):
            connection.execute("INSERT INTO t VALUES (randomblob(4000))")
    connection.close()

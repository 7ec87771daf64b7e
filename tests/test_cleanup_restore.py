"""Cleanup removes only what is stored; restore brings it back to the byte."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.domain.places import Area
from spw_core.domain.transient import is_transient
from spw_core.errors import CorruptStore, DocumentNotFound, SpwError
from spw_core.harvest import cleanup as cleanup_module
from spw_core.harvest import harvest as harvest_module
from spw_core.harvest.inside import Entry

from .support import OLD_NS, write, write_run

RUN = "specs/alpha/execution/waves/wave-01/checkpoint/run-001"


def tree(workspace: Workspace) -> dict[str, tuple[str, int, int]]:
    """Every file but the databases: path to (hash, mode, time)."""
    found = {}
    for path in workspace.paths.workflow.rglob("*"):
        name = path.name
        if path.is_file() and not name.startswith(("spec.db", "knowledge.db", ".spw-index", ".gitignore")):
            info = path.lstat()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[path.relative_to(workspace.paths.workflow).as_posix()] = (
                digest,
                stat.S_IMODE(info.st_mode),
                info.st_mtime_ns,
            )
    return found


@pytest.mark.parametrize(
    ("area", "path", "transient"),
    [
        ("spec", "tasks.md", False),
        ("spec", "STATUS-SUMMARY.md", False),
        ("spec", "COMPLETION-SUMMARY.md", False),
        ("spec", "design/DESIGN-RESEARCH.md", False),
        ("spec", "execution/CHECKPOINT-REPORT.md", False),
        ("spec", "qa/QA-CHECK.md", False),
        ("spec", "my-notes.md", False),
        ("spec", "execution/waves/wave-01/notes.md", False),
        ("spec", "execution/waves/wave-01/other/run-001/a/report.md", False),
        ("spec", "execution/waves/README.md", False),
        ("spec", "_comms/run-001/a/report.md", False),
        ("spec", "prd/_comms/run-001/a/report.md", True),
        ("spec", "discover/_comms/run-001/a/report.md", True),
        ("spec", "qa/_comms/qa-exec/waves/wave-01/_latest.json", True),
        ("spec", "qa/qa-artifacts/wave-01/shot.png", True),
        ("spec", "execution/waves/wave-01/execution/run-001/a/report.md", True),
        ("spec", "execution/waves/wave-01/checkpoint/run-001/_handoff.md", True),
        ("spec", "execution/waves/wave-01/_wave-summary.json", True),
        ("spec", "execution/_implementation-logs/task-1.md", True),
        ("approvals", "approval_1_x.json", True),
        ("approvals", ".snapshots/tasks.md/snapshot-001.json", True),
    ],
)
def test_what_is_transient(area: str, path: str, transient: bool) -> None:
    assert is_transient(Area(area), path) is transient


def test_round_trip_of_the_demo_workspace(demo: Workspace) -> None:
    demo.harvest()
    before, summaries = tree(demo), demo.specs()
    for name in demo.spec_names():
        report = demo.spec(name).cleanup()
        assert report.removed
        assert not set(report.removed) & set(tree(demo))
    after = tree(demo)
    assert len(after) < len(before) / 3
    assert demo.specs() == summaries
    demo.harvest()
    assert demo.specs() == summaries
    assert demo.search("who fixed the flaky login test").results[0].agent == "task-implementer-3"
    for name in demo.spec_names():
        assert demo.spec(name).restore().kept == []
    assert tree(demo) == before
    assert [spec.changed for spec in demo.harvest().specs if spec.removed] == []
    assert demo.specs() == summaries


def test_round_trip_of_the_real_workspace(real: Workspace) -> None:
    real.harvest()
    before = tree(real)
    [name] = real.spec_names()
    report = real.spec(name).cleanup()
    assert len(report.removed) > 150
    assert real.spec(name).summary().wave_current == 3
    real.spec(name).restore()
    assert tree(real) == before


def test_kept_files_have_their_reasons(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    write(workspace, "specs/alpha/mine.txt", "user file")
    write_run(workspace, RUN, {"a": "pass", "b": "pass"})
    open_run = RUN.replace("run-001", "run-002")
    write_run(workspace, open_run, {"a": "pass"}, handoff=False)
    workspace.harvest()
    write(workspace, f"{RUN}/a/report.md", "changed since")
    write(workspace, f"{RUN}/a/new.md", "never stored")
    report = workspace.spec("alpha").cleanup()
    reasons = {kept.path: kept.reason for kept in report.kept}
    assert reasons["specs/alpha/tasks.md"] == "a dashboard document"
    assert reasons["specs/alpha/mine.txt"] == "not a trace of a run; it stays"
    assert reasons[f"{RUN}/a/report.md"] == "changed since it was stored"
    assert reasons[f"{RUN}/a/new.md"] == "not stored yet; run `spw harvest`"
    assert reasons[f"{open_run}/a/brief.md"] == "its run has no handoff yet"
    assert len(report.removed) == 6
    assert (workspace.paths.workflow / RUN / "a" / "report.md").read_text() == "changed since"
    assert not (workspace.paths.workflow / RUN / "b").exists()


def test_dry_run_removes_nothing_and_says_the_same(demo: Workspace) -> None:
    demo.harvest()
    before = tree(demo)
    planned = demo.spec("user-auth").cleanup(dry_run=True)
    assert tree(demo) == before
    done = demo.spec("user-auth").cleanup()
    assert (planned.removed, planned.kept, planned.bytes) == (done.removed, done.kept, done.bytes)


def test_cleanup_twice(demo: Workspace) -> None:
    demo.harvest()
    demo.spec("user-auth").cleanup()
    assert demo.spec("user-auth").cleanup().removed == []


def test_cleanup_needs_a_harvest(workspace: Workspace) -> None:
    with pytest.raises(DocumentNotFound, match="never harvested"):
        workspace.spec("alpha").cleanup()
    with pytest.raises(SpwError, match="never harvested"):
        workspace.spec("alpha").restore()


def test_links_lead_nowhere(workspace: Workspace, tmp_path: Path) -> None:
    """A folder replaced by a link after the harvest: neither cleanup nor restore goes through it."""
    folder = write_run(workspace, RUN, {"a": "pass"})
    workspace.harvest()
    outside = tmp_path / "outside"
    shutil.copytree(folder, outside)
    shutil.rmtree(folder)
    folder.symlink_to(outside, target_is_directory=True)
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    assert workspace.spec("alpha").cleanup().removed == []
    report = workspace.spec("alpha").restore(force=True)
    assert all("cannot be written" in kept.reason for kept in report.kept)
    assert report.written == []
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == before


def test_file_replaced_by_a_link_at_the_last_moment(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(workspace, RUN, {"a": "pass"})
    workspace.harvest()
    secret = tmp_path / "secret"
    secret.write_bytes((folder / "a" / "report.md").read_bytes())
    real_remove = cleanup_module._remove

    def swap(top: Path, rel_path: str, *rest: object) -> str:
        if rel_path.endswith("a/report.md"):
            (folder / "a" / "report.md").unlink()
            (folder / "a" / "report.md").symlink_to(secret)
        return real_remove(top, rel_path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(cleanup_module, "_remove", swap)
    report = workspace.spec("alpha").cleanup()
    assert any(
        kept.path.endswith("a/report.md") and "cannot be removed" in kept.reason for kept in report.kept
    )
    assert secret.exists()


def test_restore_does_not_overwrite_unasked_and_never_loses(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/design/notes.md", "first")
    workspace.harvest()
    path.write_text("mine, not harvested")
    report = workspace.spec("alpha").restore()
    assert [kept.reason for kept in report.kept] == ["the file on disk differs; use --force to replace it"]
    assert path.read_text() == "mine, not harvested"
    report = workspace.spec("alpha").restore(force=True)
    assert report.written == ["specs/alpha/design/notes.md"]
    assert path.read_text() == "first"
    workspace.harvest()
    workspace.spec("alpha").restore(["design/notes.md"], force=True)
    stored = workspace.spec("alpha").versions("design/notes.md")
    assert "mine, not harvested" in [content.decode() for _, content in stored]


def test_restore_of_chosen_files_runs_and_times(demo: Workspace) -> None:
    demo.harvest()
    spec = demo.spec("user-auth")
    run = "execution/waves/wave-01/checkpoint/run-001"
    spec.cleanup()
    assert all(path.startswith(f"specs/user-auth/{run}/") for path in spec.restore(run=run).written)
    assert (demo.paths.spec_dir("user-auth") / run / "_handoff.md").is_file()
    [written] = spec.restore(["execution/_implementation-logs/task-1.md"]).written
    assert written == "specs/user-auth/execution/_implementation-logs/task-1.md"
    assert spec.restore([".spec-workflow/specs/user-auth/design/_comms"]).written
    with pytest.raises(DocumentNotFound):
        spec.restore(["nothing/like/this"])
    with pytest.raises(DocumentNotFound):
        spec.restore(at="2001-01-01T00:00:00.000000Z")


def test_restore_of_an_earlier_version(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/tasks.md", "- [ ] 1. One\n")
    workspace.harvest()
    moment = workspace.spec("alpha").versions("tasks.md")[0][0]
    path.write_text("- [x] 1. One\n- [ ] 2. Two\n")
    workspace.harvest()
    spec = workspace.spec("alpha")
    assert [content for _, content in spec.versions("tasks.md")] == [
        b"- [ ] 1. One\n",
        b"- [x] 1. One\n- [ ] 2. Two\n",
    ]
    spec.restore(["tasks.md"], at=moment, force=True)
    assert path.read_text() == "- [ ] 1. One\n"


def test_restore_to_another_folder(demo: Workspace, tmp_path: Path) -> None:
    demo.harvest()
    report = demo.spec("gift-cards").restore(target=tmp_path / "copy")
    for path in report.written:
        assert (tmp_path / "copy" / path).read_bytes() == (demo.paths.workflow / path).read_bytes()
    assert len(report.written) == 68


def test_answered_approvals_come_back_only_by_name(workspace: Workspace) -> None:
    path = write(workspace, "approvals/alpha/approval_1_x.json", '{"status": "pending", "filePath": "d.md"}')
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    workspace.harvest()
    path.unlink()
    workspace.harvest()
    workspace.spec("alpha").restore()
    assert not path.exists()
    workspace.spec("alpha").restore(["approvals/alpha"])
    assert path.exists()


def test_something_else_in_the_way(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/design/notes.md", "text")
    workspace.harvest()
    path.unlink()
    path.mkdir()
    [kept] = workspace.spec("alpha").restore(["design/notes.md"], force=True).kept
    assert "something that is no file" in kept.reason


def test_modes_and_times_come_back(workspace: Workspace) -> None:
    folder = write_run(workspace, RUN, {"a": "pass"})
    path = folder / "a" / "report.md"
    path.chmod(0o640)
    os.utime(path, ns=(OLD_NS + 123_456_789, OLD_NS + 123_456_789))
    workspace.harvest()
    workspace.spec("alpha").cleanup()
    assert not path.exists()
    workspace.spec("alpha").restore()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_mtime_ns == OLD_NS + 123_456_789


def test_large_text_is_stored_compressed_and_comes_back(workspace: Workspace) -> None:
    text = ("the same words again and again " * 10_000).encode()
    folder = write_run(workspace, RUN, {"a": "pass"})
    write(workspace, f"{RUN}/a/report.md", text)
    workspace.harvest()
    assert workspace.paths.spec_db("alpha").stat().st_size < len(text) / 2
    workspace.spec("alpha").cleanup()
    workspace.spec("alpha").restore()
    assert (folder / "a" / "report.md").read_bytes() == text


FOLDERS = st.sampled_from(
    [
        "execution",
        "waves",
        "wave-01",
        "checkpoint",
        "run-001",
        "_comms",
        "prd",
        "qa",
        "qa-artifacts",
        "é",
        "a",
    ]
)
NAMES = st.sampled_from(["tasks.md", "status.json.f", "report.md.f", "_handoff.md.f", "_latest.json.f"])
FIXED = st.sampled_from(
    [
        "execution/waves/wave-01/checkpoint/run-001/_handoff.md",
        "execution/waves/wave-01/checkpoint/run-001/gate/report.md",
        "prd/_comms/run-002/_handoff.md",
        "prd/_comms/run-002/writer/status.json",
        "execution/_implementation-logs/task-1.md",
    ]
)
PATHS = FIXED | st.lists(FOLDERS, max_size=6).flatmap(
    lambda folders: NAMES.map(lambda name: "/".join([*folders, name]))
)


APPROVALS = st.sampled_from(["approval_1.json", ".snapshots/a/b.json"])


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(PATHS, st.binary(max_size=6000), max_size=15),
    approvals=st.dictionaries(
        st.sampled_from(["approval_1.json", ".snapshots/a/b.json"]), st.binary(max_size=50)
    ),
    modes=st.sampled_from([0o600, 0o644, 0o755]),
)
def test_round_trip_of_any_tree(
    files: dict[str, bytes], approvals: dict[str, bytes], modes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("tree")
    (root / ".spec-workflow" / "specs" / "alpha").mkdir(parents=True)
    workspace = Workspace.open(root)
    for path, data in files.items():
        write(workspace, f"specs/alpha/{path}", data).chmod(modes)
    for path, data in approvals.items():
        write(workspace, f"approvals/alpha/{path}", data)
    workspace.harvest()
    before = tree(workspace)
    report = workspace.spec("alpha").cleanup()
    assert set(report.removed) | {kept.path for kept in report.kept} == set(before)
    assert set(tree(workspace)) == {kept.path for kept in report.kept}
    if before:
        workspace.spec("alpha").restore()
    assert tree(workspace) == before
    shutil.rmtree(root)


def test_run_dispatched_again_after_cleanup_is_a_new_run(workspace: Workspace) -> None:
    write_run(workspace, RUN, {"release-gate-decider": "pass"})
    workspace.harvest()
    workspace.spec("alpha").cleanup()
    brief = workspace.paths.workflow / RUN / "release-gate-decider" / "brief.md"
    brief.parent.mkdir(parents=True)
    brief.write_text("# Brief: release-gate-decider\n")  # the very bytes that were cleaned away
    for _ in range(2):
        [run] = workspace.spec("alpha").record().runs
        assert (run.status, run.has_handoff, run.subagents[0].status) == ("in_progress", False, "missing")
        assert workspace.spec("alpha").cleanup().removed == []
        workspace.harvest()
    write(workspace, f"{RUN}/_handoff.md", "# Handoff again\n")
    workspace.harvest()
    [run] = workspace.spec("alpha").record().runs
    assert (run.status, run.subagents[0].has_report) == ("blocked", False)


def test_run_that_was_taken_up_again_is_not_cleaned(workspace: Workspace) -> None:
    folder = write_run(workspace, RUN, {"a": "pass"})
    workspace.harvest()
    (folder / "_handoff.md").unlink()
    write(workspace, f"{RUN}/b/brief.md", "# Brief: b\n")
    assert workspace.spec("alpha").cleanup().removed == []


def test_pending_approvals_are_not_cleaned(workspace: Workspace) -> None:
    for status in ("pending", "needs-revision", "approved"):
        write(
            workspace,
            f"approvals/alpha/approval_{status}.json",
            f'{{"status": "{status}", "filePath": "d.md"}}',
        )
    workspace.harvest()
    assert workspace.spec("alpha").cleanup().removed == ["approvals/alpha/approval_approved.json"]


def test_forced_restore_stores_what_no_harvest_could_see(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/notes.md", "AAAA")
    workspace.harvest()
    write(workspace, "specs/alpha/notes.md", "CCCC-")
    workspace.harvest()
    path.write_text("BBBB-")  # same size, and then the same time
    os.utime(path, ns=(OLD_NS, OLD_NS))
    spec = workspace.spec("alpha")
    spec.restore(["notes.md"], at=spec.versions("notes.md")[0][0], force=True)
    assert path.read_text() == "AAAA"
    assert b"BBBB-" in [content for _, content in spec.versions("notes.md")]


def test_forced_restore_leaves_what_cannot_be_stored(workspace: Workspace) -> None:
    write(workspace, "spw-config.toml", "[store]\nmax_file_mb = 1\n")
    path = write(workspace, "specs/alpha/notes.md", "small")
    workspace.harvest()
    moment = workspace.spec("alpha").versions("notes.md")[0][0]
    path.write_bytes(b"x" * (1024 * 1024 + 1))
    report = workspace.spec("alpha").restore(["notes.md"], at=moment, force=True)
    assert (report.written, len(report.kept)) == ([], 1)
    assert path.stat().st_size == 1024 * 1024 + 1


def test_restore_into_the_workspace_by_another_name_is_refused(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/notes.md", "text")
    workspace.harvest()
    with pytest.raises(SpwError, match="is inside"):
        workspace.spec("alpha").restore(target=workspace.paths.workflow / "specs", force=True)


def test_interrupted_cleanup_marks_nothing_for_ever(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '{"status": "approved", "filePath": ".spec-workflow/specs/alpha/design.md"}'
    path = write(workspace, "approvals/alpha/approval_1.json", text)
    workspace.harvest()

    def die(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(cleanup_module, "_remove", die)
    with pytest.raises(KeyboardInterrupt):
        workspace.spec("alpha").cleanup()
    monkeypatch.undo()
    workspace.harvest()
    path.unlink()
    assert workspace.harvest().specs[0].approvals == 0


def test_file_that_another_cleanup_held_and_removed_comes_back(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(workspace, RUN, {"a": "pass"})
    workspace.harvest()
    before = tree(workspace)
    hold = cleanup_module.held

    @contextmanager
    def another_is_faster(*_: object) -> Iterator[bool]:
        monkeypatch.setattr(cleanup_module, "held", hold)
        assert workspace.spec("alpha").cleanup().removed
        yield False

    monkeypatch.setattr(cleanup_module, "held", another_is_faster)
    assert not [kept for kept in workspace.spec("alpha").cleanup().kept if "in use" in kept.reason]
    workspace.harvest()
    workspace.spec("alpha").restore()
    assert tree(workspace) == before


def test_damaged_bytes_are_healed_from_the_file(workspace: Workspace) -> None:
    folder = write_run(workspace, RUN, {"a": "pass"})
    write(workspace, "specs/alpha/notes.md", "first")
    workspace.harvest()
    write(workspace, "specs/alpha/notes.md", "second")
    workspace.harvest()
    connection = apsw.Connection(str(workspace.paths.spec_db("alpha")))
    connection.execute("UPDATE artifacts SET encoding = 'zlib' WHERE rel_path LIKE '%report.md'")
    connection.execute("UPDATE artifacts SET content = x'00' WHERE rel_path = 'notes.md'")
    connection.close()
    (workspace.paths.spec_dir("alpha") / "notes.md").unlink()
    report = harvest_module.rebuild_spec(workspace.paths, "alpha", "damaged")
    assert report.errors[0].path == "spec.db"
    spec = workspace.spec("alpha")
    assert [content for _, content in spec.versions("notes.md")] == [b"first"]
    assert len(spec.cleanup().removed) == 4
    spec.restore()
    assert (folder / "a" / "report.md").read_text().startswith("# Report")


def test_name_as_long_as_the_file_system_allows(workspace: Workspace) -> None:
    name = "😀" * 62 + ".md"
    write_run(workspace, RUN, {"a": "pass"})
    path = write(workspace, f"{RUN}/a/{name}", "text")
    workspace.harvest()
    workspace.spec("alpha").cleanup()
    assert not path.exists()
    assert workspace.spec("alpha").restore().failed == []
    assert path.read_text() == "text"


def test_restore_command_says_what_failed(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    write(workspace, "specs/alpha/design/notes.md", "text")
    workspace.harvest()
    root = str(workspace.paths.root)
    shutil.rmtree(workspace.paths.spec_dir("alpha") / "design")
    write(workspace, "specs/alpha/design", "now a file")
    assert main(["--workspace", root, "restore", "alpha", "--force", "./design/notes.md"]) == 1
    assert "failed specs/alpha/design/notes.md" in capsys.readouterr().out
    assert main(["--workspace", root, "restore", "alpha", "--json", "design", "nothing"]) == 1
    assert '"ok": false' in capsys.readouterr().out
    assert main(["--workspace", root, "restore", "alpha", "--at", "2026-13-45"]) == 1
    assert "not a time" in capsys.readouterr().err


def test_restore_that_leaves_a_differing_file_fails_and_says_what_to_do(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(workspace, "specs/alpha/notes.md", "stored")
    workspace.harvest()
    path.write_text("other")
    words = ["--workspace", str(workspace.paths.root), "restore", "alpha", "notes.md"]
    assert main(words) == 1
    out = capsys.readouterr().out
    assert "kept specs/alpha/notes.md: the file on disk differs" in out and "--to DIR" in out
    assert main([*words, "--json"]) == 1
    assert '"ok": false' in capsys.readouterr().out
    assert path.read_text() == "other"
    assert main([*words, "--force"]) == 0 and path.read_text() == "stored"
    assert main(words) == 0  # it is there already


def test_restore_never_writes_damaged_bytes(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """A page whose bytes changed is noticed by nobody but those who compare the hash."""
    secret = "a line that is stored as it is"
    path = write(workspace, "specs/alpha/qa/notes.md", secret)
    other = write(workspace, "specs/alpha/qa/sound.md", "sound")
    workspace.harvest()
    path.unlink()
    other.unlink()
    database = workspace.paths.spec_db("alpha")
    content = database.read_bytes()
    assert content.count(secret.encode()) == 1
    database.write_bytes(content.replace(b"stored as it is", b"Stored as it is"))
    root = str(workspace.paths.root)
    assert main(["--workspace", root, "restore", "alpha"]) == 1
    out = capsys.readouterr().out
    assert "failed specs/alpha/qa/notes.md: cannot be restored: the stored bytes have another hash" in out
    assert "spw doctor" in out
    assert not path.exists() and other.read_text() == "sound"
    with pytest.raises(CorruptStore, match="another hash"):
        workspace.spec("alpha").read("qa/notes.md")


@pytest.fixture
def handed_off(workspace: Workspace) -> Path:
    """The report of a run whose files are all stored."""
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    write_run(workspace, RUN, {"a": "pass"})
    workspace.harvest()
    return workspace.paths.workflow / RUN / "a/report.md"


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells who writes")
def test_a_file_that_somebody_has_open_to_write_stays(workspace: Workspace, handed_off: Path) -> None:
    before = handed_off.read_bytes()
    with handed_off.open("ab") as stream:
        report = workspace.spec("alpha").cleanup()
        stream.write(b"and this")
    assert [kept.reason for kept in report.kept if kept.path.endswith("a/report.md")] == [
        "is open for writing in another program"
    ]
    assert handed_off.read_bytes() == before + b"and this"


def test_a_file_that_somebody_reads_is_removed(workspace: Workspace, handed_off: Path) -> None:
    with handed_off.open("rb"):
        workspace.spec("alpha").cleanup()
    assert not handed_off.parent.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells who writes")
def test_where_nobody_tells_who_writes_files_are_removed(
    workspace: Workspace, handed_off: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object) -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("fcntl.fcntl", refuse)
    workspace.spec("alpha").cleanup()
    assert not handed_off.parent.exists()


def test_a_change_that_the_clock_does_not_show_is_found_out(
    workspace: Workspace, handed_off: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same size and time, written between the comparison and the removal."""
    ordinary = Entry.move_over
    changed = handed_off.read_bytes().swapcase()
    assert changed != handed_off.read_bytes()

    def late(entry: Entry, other: Entry) -> None:
        if entry.name == "report.md":
            info = handed_off.stat()
            handed_off.write_bytes(changed)
            os.utime(handed_off, ns=(info.st_atime_ns, info.st_mtime_ns))
        ordinary(entry, other)

    monkeypatch.setattr(Entry, "move_over", late)
    os.utime(handed_off)
    workspace.harvest()
    workspace.spec("alpha").cleanup()
    assert handed_off.read_bytes() == changed


def test_a_link_put_there_at_the_last_moment_stays_a_link(
    workspace: Workspace, handed_off: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere.md"
    elsewhere.write_text("somebody's")
    ordinary = Entry.move_over

    def late(entry: Entry, other: Entry) -> None:
        if entry.name == "report.md":
            handed_off.unlink()
            handed_off.symlink_to(elsewhere)
        ordinary(entry, other)

    monkeypatch.setattr(Entry, "move_over", late)
    workspace.spec("alpha").cleanup()
    assert handed_off.readlink() == elsewhere
    assert elsewhere.stat().st_nlink == 1


@pytest.fixture
def nobody_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on systems that do not know who has a file open."""
    monkeypatch.setattr("spw_core.harvest.in_use._is_refused", lambda entry: None)


def removed_files(workspace: Workspace) -> list[Path]:
    return [path for path in (workspace.paths.workflow / ".spw-cache").rglob("*") if path.is_file()]


@pytest.mark.usefixtures("nobody_tells")
@pytest.mark.parametrize("restored", [False, True])
def test_what_is_written_after_a_cleanup_is_stored(
    workspace: Workspace, handed_off: Path, restored: bool
) -> None:
    """Where nobody tells who has a file open: a program that goes on writing loses nothing."""
    before = handed_off.read_bytes()
    spec = workspace.spec("alpha")
    with handed_off.open("ab") as stream:
        assert f"{RUN}/a/report.md" in spec.cleanup().removed
        assert not handed_off.parent.exists()
        assert len(spec.record().runs) == 1
        if restored:
            assert spec.restore().ok
        stream.write(b"and this")
        stream.flush()
        report = workspace.harvest()
        assert (report.ok, report.remarks) == (
            True,
            [f"{RUN}/a/report.md was written after it was cleaned up; that is stored now"],
        )
        stream.write(b" and that")
    assert len(workspace.harvest().remarks) == 1
    assert workspace.harvest().remarks == []
    texts = [content for _, content in spec.versions(f"{RUN.partition('/alpha/')[2]}/a/report.md")]
    assert set(texts) == {before, before + b"and this", before + b"and this and that"}
    assert spec.record().runs[0].has_handoff
    if not restored:
        assert handed_off.exists() is False
        assert spec.restore().ok
        assert handed_off.read_bytes() == before + b"and this and that"
        assert workspace.harvest().ok
        assert spec.record().runs[0].has_handoff


@pytest.mark.usefixtures("nobody_tells")
def test_removed_files_are_kept_for_a_day(
    workspace: Workspace, handed_off: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.spec("alpha").cleanup()
    count = len(removed_files(workspace))
    assert count == 4
    late = next(path for path in removed_files(workspace) if path.name == "status.json")
    workspace.harvest()
    assert len(removed_files(workspace)) == count
    now = time.time_ns()
    monkeypatch.setattr("spw_core.harvest.late.time.time_ns", lambda: now + 25 * 3600 * 10**9)
    late.write_text('{"status": "blocked"}')
    workspace.harvest()
    assert removed_files(workspace) == []
    assert not list((workspace.paths.workflow / ".spw-cache/removed").iterdir())
    place = f"{RUN.partition('/alpha/')[2]}/a/status.json"
    assert [content for _, content in workspace.spec("alpha").versions(place)][-1] == b'{"status": "blocked"}'


@pytest.mark.usefixtures("nobody_tells")
def test_what_cannot_be_kept_is_removed(
    workspace: Workspace, handed_off: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace.paths.workflow / ".spw-cache").mkdir(exist_ok=True)
    (workspace.paths.workflow / ".spw-cache/removed").write_text("in the way")
    assert workspace.spec("alpha").cleanup().removed
    assert not handed_off.parent.exists()
    assert workspace.harvest().ok
    assert workspace.spec("alpha").restore().ok


def test_a_file_too_large_to_be_stored_that_is_still_there_is_no_failure(workspace: Workspace) -> None:
    write(workspace, "spw-config.toml", "[store]\nmax_file_mb = 1\n")
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    large = write(workspace, f"{RUN}/a/large.bin", b"x" * (1024 * 1024 + 1))
    workspace.harvest()
    assert (workspace.spec("alpha").restore().ok, large.stat().st_size) == (True, 1024 * 1024 + 1)
    large.write_bytes(b"y" * (1024 * 1024 + 1))
    report = workspace.spec("alpha").restore()
    assert [kept.reason for kept in report.kept] == ["too large to be stored; only its hash is known"]
    large.unlink()
    assert not workspace.spec("alpha").restore().ok


def test_a_restore_to_what_is_no_folder_is_refused_in_one_line(
    workspace: Workspace, handed_off: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SpwError, match="is no folder"):
        workspace.spec("alpha").restore(target=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"

"""The versions of a document: stored texts, approval snapshots, the file as it is."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.formats.approvals import parse_snapshot
from spw_core.harvest.diary import HookError, hook_errors
from spw_core.harvest.history import APPROVAL, CURRENT, STORED
from spw_core.user_dirs import hook_log


def test_the_file_the_stored_texts_and_the_snapshots_in_order_of_time(workspace: Workspace) -> None:
    spec = workspace.spec("alpha")
    design = spec.file("design.md")
    for text in ("one\n", "two\n", "three\n"):
        design.write_text(text)
        workspace.harvest()
    folder = workspace.paths.approvals_dir("alpha") / ".snapshots" / "design.md"
    folder.mkdir(parents=True)
    snapshot = {"version": 1, "timestamp": "2020-01-01T00:00:00Z", "trigger": "approved", "content": "zero\n"}
    (folder / "snapshot-001.json").write_text(json.dumps(snapshot))
    (folder / "snapshot-002.json").write_text("no JSON")
    found = spec.history("design.md")
    assert [(v.source, v.text) for v in found] == [
        (CURRENT, "three\n"),
        (STORED, "two\n"),
        (STORED, "one\n"),
        (APPROVAL, "zero\n"),
    ]
    assert found[-1].note == "snapshot 1, approved"
    assert spec.version_counts()[("spec", "design.md")] == 3


def test_a_file_that_is_gone_keeps_its_texts(workspace: Workspace) -> None:
    spec = workspace.spec("alpha")
    spec.file("notes.md").write_text("kept\n")
    workspace.harvest()
    spec.file("notes.md").unlink()
    workspace.harvest()
    assert [(v.source, v.text) for v in spec.history("notes.md")] == [(STORED, "kept\n")]


def test_without_a_database_there_is_the_file(workspace: Workspace) -> None:
    spec = workspace.spec("alpha")
    spec.file("design.md").write_text("one\n")
    assert [v.source for v in spec.history("design.md")] == [CURRENT]
    assert spec.history("nothing.md") == []
    assert not spec.version_counts()


def test_a_damaged_database_leaves_the_file(workspace: Workspace) -> None:
    spec = workspace.spec("alpha")
    spec.file("design.md").write_text("one\n")
    workspace.paths.spec_db("alpha").write_bytes(b"this is no database at all" * 100)
    assert [v.source for v in spec.history("design.md")] == [CURRENT]


def test_the_demo_has_snapshots_of_all_three_documents(demo_harvested: Workspace) -> None:
    spec = demo_harvested.spec("user-auth")
    for name in ("requirements.md", "design.md", "tasks.md"):
        sources = [version.source for version in spec.history(name)]
        assert sources == [CURRENT, APPROVAL, APPROVAL]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"content": "x", "version": 3, "trigger": "initial"}', (3, "x", "initial")),
        (b'{"content": "x", "version": "3"}', (3, "x", "")),
        (b'{"content": "x", "version": true}', (0, "x", "")),
        (b'{"content": "x", "version": -1}', (0, "x", "")),
        (b'{"content": 7}', None),
        (b"[]", None),
        (b"\xff", None),
    ],
)
def test_snapshots_are_read_as_they_are(data: bytes, expected: tuple[int, str, str] | None) -> None:
    snapshot, problems = parse_snapshot(data)
    assert (snapshot and (snapshot.version, snapshot.content, snapshot.trigger)) == expected
    assert bool(problems) == (expected is None)
    assert snapshot is None or type(snapshot.version) is int


def test_harvests_are_told_by_what_they_stored_and_when(workspace: Workspace) -> None:
    spec = workspace.spec("alpha")
    assert spec.harvests() == []
    for name in ("requirements.md", "design.md"):
        spec.file(name).write_text("one\n")
    workspace.harvest()
    [first] = spec.harvests()
    assert (first.new, first.changed, first.removed) == (2, 0, 0)
    assert set(first.paths) == {"requirements.md", "design.md"}
    with closing(apsw.Connection(str(workspace.paths.spec_db("alpha")))) as connection:
        connection.execute("UPDATE artifacts SET last_seen = '2026-01-01T00:00:00.000000Z'")
    spec.file("requirements.md").unlink()
    spec.file("design.md").write_text("two, longer\n")
    workspace.harvest()
    workspace.harvest()  # nothing new: nothing to tell
    second, first = spec.harvests()
    assert (first.at, first.new) == ("2026-01-01T00:00:00.000000Z", 2)
    assert (second.new, second.changed, second.removed) == (0, 1, 1)
    assert spec.harvests(1) == [second]


def test_lines_of_the_hooks_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert hook_errors(5) == []
    log = Path(hook_log())
    log.parent.mkdir(parents=True)
    log.write_bytes(b"2026-03-02T10:00:00Z 77 guard-stop: ValueError: 'x: y' (a.py:3)\nspw: error: \xff\n")
    assert hook_errors(5) == [
        HookError("", "", "spw: error: \ufffd"),
        HookError("2026-03-02T10:00:00Z", "guard-stop", "ValueError: 'x: y' (a.py:3)"),
    ]
    assert len(hook_errors(1)) == 1

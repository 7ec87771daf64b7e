"""A handoff stores its run at once, and leaves the rest to a harvest that nobody waits for."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.dispatch.notes import store_handed_off
from spw_core.domain.places import Area, place_of
from spw_core.errors import SpwError
from spw_core.harvest import harvest as harvest_module
from spw_core.harvest.behind import catch_up, note_behind, notes_of_behind
from spw_core.harvest.intake import RACY_NS
from spw_core.harvest.one_run import new_content, read_run
from spw_core.harvest.read_file import read_file
from spw_core.harvest.reading import load_record, scanned_record
from spw_core.store.spec import SpecStore
from spw_core.workspace import WorkspacePaths

from .support import write, write_run
from .test_cli import spw
from .test_cli_tools import Capture, raw, tool

RUN = "qa/_comms/qa/run-001"


@pytest.fixture(autouse=True)
def nothing_follows(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The harvests that a handoff would have started."""
    started: list[str] = []
    monkeypatch.setattr("spw_core.cli.tools_dispatch.harvest_behind", lambda _, spec: started.append(spec))
    monkeypatch.chdir(workspace.paths.root)
    return started


@pytest.fixture
def begun(workspace: Workspace, capsys: Capture) -> Path:
    """A run of a harvested spec as the tools begin it, with two subagents that have done their work."""
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    workspace.harvest()
    run_dir = raw(capsys, workspace, "dispatch-init", "qa", "alpha")
    for agent in ("a", "b"):
        tool(capsys, workspace, "dispatch-setup", agent, "--run-dir", run_dir)
        Path(run_dir, agent, "status.json").write_text('{"status": "pass", "summary": "zebra"}')
        Path(run_dir, agent, "report.md").write_text(f"# Report\n\nThe quokka of {agent}.\n")
    Path(run_dir, "a", "evidence").mkdir()
    Path(run_dir, "a", "evidence", "log.txt").write_text("1\n")
    return Path(run_dir)


def hand_off(workspace: Workspace, capsys: Capture, run_dir: Path) -> None:
    assert tool(capsys, workspace, "dispatch-handoff", "--run-dir", str(run_dir))["all_pass"] is True


def test_the_run_is_stored_and_sealed_when_the_command_returns(
    workspace: Workspace, capsys: Capture, begun: Path, nothing_follows: list[str]
) -> None:
    hand_off(workspace, capsys, begun)
    assert nothing_follows == ["alpha"]
    files = {path.relative_to(begun).as_posix(): path for path in begun.rglob("*") if path.is_file()}
    assert len(files) == 8
    with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
        assert store is not None and store.sealed_runs() == {RUN}
        for name, path in files.items():
            assert store.content("spec", f"{RUN}/{name}") == path.read_bytes()
    told = load_record(workspace.paths, "alpha")
    assert told == scanned_record(workspace.paths, "alpha")
    [report] = workspace.harvest().specs
    assert (report.changed, report.removed, report.runs, report.handoffs, report.errors) == (0, 0, 1, 1, [])
    assert load_record(workspace.paths, "alpha") == told
    assert notes_of_behind(workspace.paths) == {}


def test_the_doctor_finds_nothing_wrong_with_it(workspace: Workspace, capsys: Capture, begun: Path) -> None:
    hand_off(workspace, capsys, begun)
    spw("doctor", workspace=workspace)
    assert "not what its files say" not in capsys.readouterr().out


def test_what_was_stored_can_be_cleaned_and_restored(
    workspace: Workspace, capsys: Capture, begun: Path
) -> None:
    hand_off(workspace, capsys, begun)
    before = {path: path.read_bytes() for path in begun.rglob("*") if path.is_file()}
    assert len(workspace.spec("alpha").cleanup().removed) == len(before)
    assert not begun.exists()
    assert workspace.spec("alpha").restore(run=RUN).ok
    assert {path: path.read_bytes() for path in begun.rglob("*") if path.is_file()} == before


def test_a_search_finds_it_before_any_harvest_did(workspace: Workspace, capsys: Capture, begun: Path) -> None:
    hand_off(workspace, capsys, begun)
    assert notes_of_behind(workspace.paths)
    assert len(workspace.search("quokka").results) == 2
    assert notes_of_behind(workspace.paths) == {}
    hand_off(workspace, capsys, begun)
    assert spw("search", "quokka", "--raw", workspace=workspace) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert notes_of_behind(workspace.paths) == {}


def test_a_search_that_cannot_catch_up_answers(
    workspace: Workspace, capsys: Capture, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_off(workspace, capsys, begun)
    workspace.harvest()
    note_behind(workspace.paths, "alpha")

    def refuse(*given: object) -> None:
        raise SpwError("cannot list the specs")

    monkeypatch.setattr(WorkspacePaths, "spec_names", refuse)
    assert len(workspace.search("quokka").results) == 2


def test_the_note_is_there_before_the_run_counts_as_stored(
    workspace: Workspace, capsys: Capture, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed in between owes nobody anything."""

    class Killed(BaseException):
        pass

    def kill(*given: object) -> None:
        raise Killed

    monkeypatch.setattr("spw_core.harvest.behind.note_behind", kill)
    with pytest.raises(Killed):
        hand_off(workspace, capsys, begun)
    with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
        assert store is not None and store.sealed_runs() == set()


def test_a_file_is_written_again_while_the_database_is_waited_for(
    workspace: Workspace, capsys: Capture, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same size and within the grain of the clock: only when it was read says that it may differ."""
    report = begun / "a/report.md"
    info = report.stat()
    ordinary = SpecStore.seal_run

    def late(store: SpecStore, path: str, status: str, *, all_pass: bool, updated_ns: int) -> bool:
        report.write_bytes(report.read_bytes().replace(b"quokka", b"numbat"))
        os.utime(report, ns=(read_ns, read_ns))
        time.sleep(1.05 * RACY_NS / 1e9)
        return ordinary(store, path, status, all_pass=all_pass, updated_ns=updated_ns)

    monkeypatch.setattr(SpecStore, "seal_run", late)
    read_ns = time.time_ns()
    os.utime(report, ns=(read_ns, read_ns))
    hand_off(workspace, capsys, begun)
    assert report.stat().st_ino == info.st_ino
    workspace.harvest()
    assert b"numbat" in workspace.spec("alpha").versions(f"{RUN}/a/report.md")[-1][1]


def test_handed_off_again_after_changes(workspace: Workspace, capsys: Capture, begun: Path) -> None:
    """What was replaced is in the history, and what was deleted is known to be gone."""
    hand_off(workspace, capsys, begun)
    (begun / "a/report.md").write_text("second")
    (begun / "a/evidence/log.txt").unlink()
    hand_off(workspace, capsys, begun)
    told = load_record(workspace.paths, "alpha")
    assert told == scanned_record(workspace.paths, "alpha")
    versions = workspace.spec("alpha").versions(f"{RUN}/a/report.md")
    assert [content for _, content in versions] == [b"# Report\n\nThe quokka of a.\n", b"second"]


def _link(run: Path) -> None:
    (run / "a/link.md").symlink_to("report.md")


def _other_bytes(run: Path) -> None:
    (run / "a/report.md").write_bytes(b"\xff\xfe\xfd")


def _broken_json(run: Path) -> None:
    (run / "a/data.json").write_text("{")


def _odd_name(run: Path) -> None:
    Path(os.fsdecode(os.fsencode(run) + b"/a/bad-\xff.md")).write_text("x")


def _large(run: Path) -> None:
    (run / "a/large.txt").write_text("x" * (1024 * 1024 + 1))


def _pipe(run: Path) -> None:
    os.mkfifo(run / "a/pipe")


@pytest.mark.parametrize("oddity", [_link, _other_bytes, _broken_json, _odd_name, _large, _pipe])
def test_what_needs_an_explanation_is_harvested_at_once(
    workspace: Workspace, capsys: Capture, begun: Path, nothing_follows: list[str], oddity: object
) -> None:
    assert callable(oddity)
    oddity(begun)
    assert spw("tools", "dispatch-handoff", "--run-dir", str(begun), workspace=workspace) == 0
    assert nothing_follows == [] and notes_of_behind(workspace.paths) == {}
    record = load_record(workspace.paths, "alpha")
    assert record.runs[0].has_handoff
    assert len(record.errors) == (0 if oddity is _large else 1)
    assert len(workspace.search("quokka").results) == (1 if oddity is _other_bytes else 2)


def test_a_run_that_no_tool_began_is_harvested(workspace: Workspace, nothing_follows: list[str]) -> None:
    workspace.harvest()
    write_run(workspace, f"specs/alpha/{RUN}", {"a": "pass"})
    assert store_handed_off(workspace.paths, "alpha", RUN, all_pass=True) == ([], False)
    assert load_record(workspace.paths, "alpha").runs[0].status == "pass"


def test_what_a_file_is_agrees_with_its_place(demo: Workspace) -> None:
    """Else every handoff would be corrected by the harvest that follows it."""
    seen = set()
    for name in demo.spec_names():
        for run in scanned_record(demo.paths, name).runs:
            found = read_run(demo.paths.spec_dir(name), run.path)
            for rel_path, file in found.files if found else ():
                place = place_of(Area.SPEC, rel_path)
                new = new_content(run.path, rel_path, file, 1)
                if place.kind not in ("iteration-state", "checkpoint-report"):
                    assert (new.artifact_type, new.phase) == (place.kind, place.phase), rel_path
                seen.add(new.artifact_type)
    assert seen >= {"brief", "report", "status", "handoff"}


def test_notes_outlast_a_harvest_that_did_not_know_them(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    note_behind(workspace.paths, "alpha")
    note_behind(workspace.paths, "gone")
    ordinary = harvest_module.sync_index

    def late(*given: object, **named: object) -> list[str]:
        note_behind(workspace.paths, "alpha")  # by a handoff that this harvest may have missed
        return ordinary(*given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(harvest_module, "sync_index", late)
        workspace.harvest(["alpha"])
    assert sorted(notes_of_behind(workspace.paths).values()) == ["alpha", "gone"]
    catch_up(workspace.paths)
    assert notes_of_behind(workspace.paths) == {}


def test_notes_go_through_no_link(workspace: Workspace, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "alpha~1").write_text("somebody's")
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    (workspace.paths.workflow / ".spw-cache").mkdir()
    (workspace.paths.workflow / ".spw-cache/behind").symlink_to(elsewhere)
    note_behind(workspace.paths, "alpha")
    workspace.harvest()
    catch_up(workspace.paths)
    assert [path.name for path in elsewhere.iterdir()] == ["alpha~1"]


def test_a_file_of_a_run_that_cannot_be_read_is_told(
    workspace: Workspace, capsys: Capture, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise PermissionError(13, "Permission denied")

    assert read_file(workspace.paths.spec_dir("alpha"), f"{RUN}/a/report.md").content
    monkeypatch.setattr("spw_core.harvest.one_run.read_entry", refuse)
    assert read_run(workspace.paths.spec_dir("alpha"), RUN) is None
    hand_off(workspace, capsys, begun)
    assert load_record(workspace.paths, "alpha") == scanned_record(workspace.paths, "alpha")


def test_a_handoff_imports_no_harvest(workspace: Workspace, begun: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "spw_core.cli", "tools"]
    done = subprocess.run(
        [*command, "dispatch-handoff", "--run-dir", str(begun)], capture_output=True, check=True, text=True
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "spw_core.harvest.one_run" in imported
    heavy = ("dataclasses", "inspect", "zlib", "tomllib", "subprocess", "spw_core.harvest.harvest")
    assert not imported & {*heavy, "spw_core.domain.places", "spw_core.store.index", "spw_core.search"}

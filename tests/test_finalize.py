"""`spw finalizar` and `spw summary`: refusal with reasons, a completion that stays, and files that may go."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.errors import SpwError, Unfinished
from spw_core.formats.frontmatter import split_frontmatter
from spw_core.harvest import finalize as finalize_module
from spw_core.harvest.doctor import OK, examine
from spw_core.harvest.export import export_file
from spw_core.harvest.index_sync import sync_index
from spw_core.store.connection import move_aside
from spw_core.store.index import SPEC_SOURCE, IndexStore
from spw_core.store.spec import SpecStore

from .support import write, write_run
from .test_cleanup_restore import tree

Capture = pytest.CaptureFixture[str]

# Finished but for the word that says so.
DONE = "relatorios-fiscais"
SUMMARY = "COMPLETION-SUMMARY.md"
WAVE = "specs/alpha/execution/waves/wave-01"


@pytest.fixture
def done(demo_files: Path, tmp_path: Path) -> Workspace:
    """A workspace with that spec alone."""
    folder = tmp_path / "done"
    for area in ("specs", "approvals", "post-mortems"):
        source = demo_files / ".spec-workflow" / area / DONE
        if source.is_dir():
            shutil.copytree(source, folder / ".spec-workflow" / area / DONE)
    return Workspace.open(folder)


def spw(workspace: Workspace, *args: str) -> int:
    return main(["--workspace", str(workspace.paths.root), *args])


def finished(workspace: Workspace, tasks: str = "- [x] 1. One\n  - Wave: 1\n") -> None:
    """Make `alpha` a spec that may be finalized."""
    write(workspace, "specs/alpha/tasks.md", tasks)
    write(workspace, "specs/alpha/post-mortem/report.md", "# Post-mortem\n")
    write_run(workspace, f"{WAVE}/execution/run-001", {"task-implementer-1": "pass"})
    write_run(workspace, f"{WAVE}/checkpoint/run-001", {"release-gate-decider": "pass"})


def reasons(workspace: Workspace, name: str = "alpha") -> list[str]:
    with pytest.raises(Unfinished) as caught:
        workspace.spec(name).finalize()
    return list(caught.value.reasons)


def meta(workspace: Workspace, name: str) -> dict[str, Any]:
    connection = apsw.Connection(str(workspace.paths.spec_db(name)), flags=apsw.SQLITE_OPEN_READONLY)
    rows = dict(connection.execute("SELECT key, value FROM spec_meta").fetchall())
    connection.close()
    return rows


# -- what is refused ----------------------------------------------------------------------------------


def test_unfinished_spec_is_refused_with_all_reasons(demo: Workspace) -> None:
    assert reasons(demo, "billing-export") == [
        "task 4 is blocked: Compare totals with the ledger",
        "task 5 is pending: Run the export as a job",
        "wave 2: checkpoint blocked (2 attempts)",
        "run without handoff: execution/waves/wave-02/execution/run-003",
        "approval of tasks: needs-revision",
        "there is no post-mortem",
    ]
    assert demo.spec("billing-export").summary().stage == "execution"
    assert "finalized_at" not in meta(demo, "billing-export")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tasks.md": "# Tasks\n"}, "tasks.md has no task"),
        ({"tasks.md": "- [x] no number\n"}, "tasks.md has checkboxes but no readable task"),
        ({"tasks.md": "- [-] 1. One\n  - Wave: 1\n"}, "task 1 is in_progress: One"),
        (
            {"tasks.md": "---\ntask_ids: ['1']\n---\n- [x] 1. One\n  - Wave: 1\n- [ ] 2. Two\n"},
            "task 2 is pending: Two (it is missing in task_ids, which defers nothing)",
        ),
        (
            {"execution/waves/wave-01/checkpoint/run-002/release-gate-decider/status.json": '{"status":"x"}'},
            "run without handoff: execution/waves/wave-01/checkpoint/run-002",
        ),
        (
            {"tasks.md": "- [x] 1. One\n  - Wave: 1\n- [x] 2. Two\n  - Wave: 2\n"},
            "wave 2: no checkpoint was run",
        ),
        ({"execution/waves/wave-02/_latest.json": '{"status": "pass"}'}, "wave 2: no checkpoint was run"),
        ({"post-mortem/report.md": ""}, "there is no post-mortem"),
        (
            {"../../approvals/alpha/approval_1_x.json": '{"status": "pending", "filePath": "design.md"}'},
            "approval of design: pending",
        ),
    ],
)
def test_each_reason_alone(workspace: Workspace, changes: dict[str, str], reason: str) -> None:
    finished(workspace)
    for path, content in changes.items():
        write(workspace, f"specs/alpha/{path}", content)
    assert reasons(workspace) == [reason]


def test_what_is_no_reason(workspace: Workspace) -> None:
    """Explicit deferral, an execution that its wave's checkpoint settled, a wave that was put off whole."""
    finished(
        workspace,
        "- [x] 1. One\n  - Wave: 1\n- [ ] 2. Two\n  - Wave: 2 (deferred)\n## Deferred\n- [ ] 3. Three\n",
    )
    write_run(workspace, f"{WAVE}/execution/run-002", {"task-implementer-1": "pass"}, handoff=False)
    write(workspace, "specs/alpha/execution/waves/wave-02/_wave-summary.json", "{}")
    (workspace.paths.spec_dir("alpha") / "post-mortem" / "report.md").unlink()
    write(workspace, "post-mortems/alpha/20260101-post-mortem.md", "# Lessons\n")
    report = workspace.spec("alpha").finalize()
    assert report.deferred == ("2", "3")
    assert report.overridden == ()


def test_plain_task_list_needs_no_waves(workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [x] 1. One\n- [x] 2. Two\n  - Wave: 2\n")
    write(workspace, "specs/alpha/post-mortem/report.md", "# Post-mortem\n")
    assert workspace.spec("alpha").finalize().waves_count == 0


def test_force_overrules_everything_but_the_lack_of_tasks(demo: Workspace, workspace: Workspace) -> None:
    report = demo.spec("billing-export").finalize(force=True)
    assert len(report.overridden) == 6
    assert demo.spec("billing-export").summary().stage == "complete"
    write(workspace, "specs/alpha/tasks.md", "Nothing here.\n")
    with pytest.raises(Unfinished, match="no tasks"):
        workspace.spec("alpha").finalize(force=True)


def test_what_was_overruled_stays_so_and_what_is_new_does_not(demo: Workspace, capsys: Capture) -> None:
    spec = demo.spec("billing-export")
    first = spec.finalize(force=True)
    stored, files = meta(demo, "billing-export"), tree(demo)
    again = spec.finalize()
    assert (again.completed_at, again.overridden, again.again) == (first.completed_at, first.overridden, True)
    assert (meta(demo, "billing-export"), tree(demo)) == (stored, files)
    assert spw(demo, "finalize", "billing-export", "--raw") == 0
    assert capsys.readouterr().out.startswith(f"billing-export was complete since {first.completed_at}: ")
    tasks = demo.paths.spec_dir("billing-export") / "tasks.md"
    tasks.write_text(tasks.read_text() + "\n- [ ] 99. Something else\n  - Wave: 1\n")
    [reason] = reasons(demo, "billing-export")
    assert reason.startswith("task 99 is pending: Something else")
    assert spec.summary().stage == "complete"
    assert reason in spec.finalize(force=True).overridden
    assert spec.finalize().completed_at == first.completed_at


def test_unreadable_folder_is_a_reason(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(workspace)
    real = finalize_module.stored_record

    def with_error(*args: Any) -> Any:
        from dataclasses import replace

        from spw_core.domain.model import FileError

        return replace(real(*args), errors=(FileError("qa", "cannot be listed: Permission denied"),))

    monkeypatch.setattr(finalize_module, "stored_record", with_error)
    assert reasons(workspace) == ["qa cannot be listed: Permission denied"]


# -- what is done -------------------------------------------------------------------------------------


def test_finalize_stores_indexes_and_cleans(done: Workspace) -> None:
    spec = done.spec(DONE)
    before = spec.record()
    report = spec.finalize()
    assert (report.tasks_count, report.waves_count) == (5, 2)
    assert report.removed > 50
    assert not list(done.paths.spec_dir(DONE).glob("execution/waves/*/checkpoint/run-*"))
    assert not (done.paths.spec_dir(DONE) / SUMMARY).exists()
    after = spec.record()
    assert (after.completed_at, after.runs, after.tasks) == (report.completed_at, before.runs, before.tasks)
    assert spec.summary().stage == spec.summary().status == "complete"
    [row] = [row for row in done.indexed_specs() if row.name == DONE]
    assert row == spec.summary()
    fields, body, _, problems = split_frontmatter(spec.read(SUMMARY))
    assert problems == []
    assert fields["completed_at"] == report.completed_at
    assert (fields["checkpoint_passes"], fields["checkpoint_failures"]) == (2, 1)
    assert f"| Files Changed | {len(fields['files_changed'])} |" in body  # type: ignore[arg-type]
    hits = done.search("completion summary bloco", types=["completion-summary"]).results
    assert [hit.path for hit in hits] == [f"specs/{DONE}/{SUMMARY}"]


def test_completion_outlives_files_and_index(done: Workspace) -> None:
    """Nothing but the database has to stay; what is rebuilt from it is the same."""
    spec = done.spec(DONE)
    report = spec.finalize(export=True)
    (done.paths.spec_dir(DONE) / SUMMARY).unlink()
    write(done, f"specs/{DONE}/tasks.md", "- [ ] 1. Reopened\n")
    assert spec.summary().stage == "complete"
    done.paths.index_db.unlink()
    done.harvest()
    assert spec.record().completed_at == report.completed_at
    assert split_frontmatter(spec.read(SUMMARY))[0]["completed_at"] == report.completed_at
    assert done.search("spec relatorios-fiscais", types=["completion-summary"], specs=[DONE]).results
    assert {finding.level for finding in examine(done.paths, rebuild=True)} <= {OK, "repaired"}
    assert spec.summary().stage == "complete"


def test_completion_is_salvaged_from_a_damaged_database(done: Workspace) -> None:
    report = done.spec(DONE).finalize()
    path = done.paths.spec_db(DONE)
    damaged = move_aside(path)
    with SpecStore.writing(path) as store, store.transaction():
        store.salvage(damaged)
    done.harvest()
    assert done.spec(DONE).record().completed_at == report.completed_at
    assert "## Tasks Completed" in done.spec(DONE).read(SUMMARY)


def test_what_was_overruled_is_salvaged_too(demo: Workspace) -> None:
    report = demo.spec("billing-export").finalize(force=True)
    path = demo.paths.spec_db("billing-export")
    damaged = move_aside(path)
    with SpecStore.writing(path) as store, store.transaction():
        store.salvage(damaged)
    assert demo.spec("billing-export").finalize().overridden == report.overridden


def test_again_changes_nothing(done: Workspace) -> None:
    spec = done.spec(DONE)
    first = spec.finalize(export=True)
    stored, files = meta(done, DONE), tree(done)
    second = spec.finalize(export=True)
    assert second.completed_at == first.completed_at
    assert second.removed == 0
    assert meta(done, DONE) == stored
    assert tree(done) == files
    assert spec.finalize(keep_files=True).completed_at == first.completed_at


def test_completion_that_a_file_claims_is_kept(demo: Workspace) -> None:
    spec = demo.spec("notification-center")
    text = spec.read(SUMMARY)
    assert spec.finalize().completed_at == "2026-01-22T10:00:00.412000Z"
    assert spec.read(SUMMARY) == text


def test_cleanup_can_be_left_out(done: Workspace) -> None:
    before = tree(done)
    assert done.spec(DONE).finalize(keep_files=True).removed == 0
    config = done.paths.workflow / "spw-config.toml"
    config.write_text("[store]\ncleanup_after_finalize = false\n")
    assert done.spec(DONE).finalize().removed == 0
    changed = {path for path, value in tree(done).items() if before.get(path) != value}
    assert changed == {"spw-config.toml"}


def test_restore_after_finalize_gives_the_same_tree(done: Workspace) -> None:
    done.harvest()
    before = tree(done)
    done.spec(DONE).finalize()
    assert tree(done) != before
    assert done.spec(DONE).restore().kept == []
    assert tree(done) == before
    done.harvest()
    assert done.spec(DONE).summary().stage == "complete"


# -- export -------------------------------------------------------------------------------------------


def test_export_is_what_is_stored(done: Workspace) -> None:
    spec = done.spec(DONE)
    report = spec.finalize(export=True)
    assert report.summary_path == done.paths.spec_dir(DONE).absolute() / SUMMARY
    assert report.summary_path.read_bytes() == spec.read_bytes(SUMMARY)
    assert report.summary_path.stat().st_mode & 0o600 == 0o600
    assert not list(done.paths.spec_dir(DONE).glob(".*"))
    hits = done.search("completion summary", types=["completion-summary"], specs=[DONE]).results
    assert [hit.path for hit in hits] == [f"specs/{DONE}/{SUMMARY}"]


def test_export_replaces_no_file_of_the_users(done: Workspace) -> None:
    spec = done.spec(DONE)
    path = write(done, f"specs/{DONE}/{SUMMARY}", "# My own words\n")
    with pytest.raises(SpwError, match="stays"):
        spec.finalize(export=True)
    assert path.read_text() == "# My own words\n"
    assert "finalized_at" not in meta(done, DONE)
    assert spec.finalize(export=True, force=True).summary_path == path.absolute()
    assert path.read_text().startswith("---\nspec: ")
    assert "# My own words\n" in [content.decode() for _, content in spec.versions(SUMMARY)]


def test_export_replaces_nothing_that_is_written_at_this_moment(workspace: Workspace) -> None:
    path = write(workspace, "specs/alpha/NOTES.md", "old")

    def may_replace(present: bytes) -> bool:
        if present == b"old":
            path.write_bytes(b"written by somebody just now")
        return present == b"old"

    with pytest.raises(SpwError, match="stays"):
        export_file(workspace.paths, "alpha", "NOTES.md", b"ours", may_replace=may_replace)
    assert path.read_bytes() == b"written by somebody just now"
    assert export_file(workspace.paths, "alpha", "NOTES.md", b"ours", may_replace=lambda _: True) == path
    assert [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")] == []


def test_export_follows_the_facts(workspace: Workspace) -> None:
    """Our own earlier export may be replaced, and the time of completion stays."""
    finished(workspace)
    spec = workspace.spec("alpha")
    first = spec.finalize(export=True)
    write(workspace, "specs/alpha/tasks.md", "- [x] 1. One\n  - Wave: 1\n- [x] 2. Login\n  - Wave: 1\n")
    second = spec.finalize(export=True)
    assert (second.tasks_count, second.completed_at) == (2, first.completed_at)
    assert "| 2 | Login |" in (workspace.paths.spec_dir("alpha") / SUMMARY).read_text()


def test_export_through_a_link_or_over_a_folder(workspace: Workspace, tmp_path: Path) -> None:
    finished(workspace)
    outside = tmp_path / "outside.md"
    outside.write_text("precious")
    target = workspace.paths.spec_dir("alpha") / SUMMARY
    target.symlink_to(outside)
    with pytest.raises(SpwError):
        workspace.spec("alpha").finalize(export=True, force=True)
    assert outside.read_text() == "precious"
    target.unlink()
    target.mkdir()
    with pytest.raises(SpwError):
        workspace.spec("alpha").finalize(export=True, force=True)


def test_interrupted_between_store_and_index(done: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(finalize_module, "cleanup", stop)
    with pytest.raises(KeyboardInterrupt):
        done.spec(DONE).finalize()
    monkeypatch.undo()
    at = done.spec(DONE).record().completed_at
    assert at
    report = done.spec(DONE).finalize()
    assert (report.completed_at, report.removed > 50) == (at, True)
    assert sync_index(done.paths, {DONE: None}, everything=False) == []


# -- the commands -------------------------------------------------------------------------------------


def test_finalizar_json(done: Workspace, capsys: Capture) -> None:
    assert spw(done, "finalizar", DONE, "--export") == 0
    out = capsys.readouterr().out
    value = json.loads(out)
    assert not out.endswith("\n")
    assert value.keys() == {
        *("ok", "spec", "status", "tasks_count", "waves_count", "harvested", "docs_indexed", "completed_at"),
        *("summary_path", "removed", "kept", "deferred", "overridden", "again"),
    }
    assert (value["ok"], value["spec"], value["status"]) == (True, DONE, "completed")
    assert Path(value["summary_path"]).is_file()
    with IndexStore.reading(done.paths.index_db) as index:
        assert index is not None
        assert value["docs_indexed"] == len(index.documents(SPEC_SOURCE, DONE)) > 20


def test_finalize_raw_is_a_sentence(done: Workspace, capsys: Capture) -> None:
    assert spw(done, "finalize", DONE, "--raw") == 0
    assert capsys.readouterr().out.startswith(f"{DONE} completed: 5 tasks in 2 waves, ")


def test_refusal_in_json_and_in_words(demo: Workspace, capsys: Capture) -> None:
    assert spw(demo, "finalizar", "billing-export") == 1
    value = json.loads(capsys.readouterr().err)
    assert value["ok"] is False
    assert len(value["reasons"]) == 6
    assert spw(demo, "finalizar", "billing-export", "--raw") == 1
    err = capsys.readouterr().err
    assert err.startswith("spw: error: billing-export is not finished\n  - task 4 is blocked")
    assert spw(demo, "finalizar", "nobody") == 1
    assert "spec not found: nobody" in json.loads(capsys.readouterr().err)["error"]


def test_vscode_is_looked_for_before_anything_is_done(
    done: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert spw(done, "finalizar", DONE, "--vscode") == 1
    assert "VS Code" in json.loads(capsys.readouterr().err)["error"]
    assert done.spec(DONE).summary().stage != "complete"


def test_vscode_gets_the_summary(demo: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "code"
    program.write_text(f'#!/bin/sh\ntest "$1" = - && /bin/cat > {tmp_path}/got.md\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert spw(demo, "finalizar", DONE, "--vscode") == 0
    assert "# Completion Summary" in (tmp_path / "got.md").read_text()
    assert spw(demo, "summary", "user-auth", "--vscode") == 0
    assert "# Progress Summary" in (tmp_path / "got.md").read_text()


def test_view_answers_from_the_store(done: Workspace, capsys: Capture) -> None:
    done.spec(DONE).finalize()
    assert spw(done, "view", DONE, "completion-summary", "--raw") == 0
    assert "## Tasks Completed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wishlist-sharing", "stage: requirements"),
        ("gift-cards", "tasks_total: 6"),
        ("billing-export", "## Needs Attention"),
        ("user-auth", "- **Done:** 4/8 (50.0 %)"),
        ("notification-center", "# Completion Summary"),
    ],
)
def test_summary_at_any_stage(demo_harvested: Workspace, capsys: Capture, name: str, text: str) -> None:
    assert spw(demo_harvested, "summary", name, "--raw") == 0
    out = capsys.readouterr().out
    assert out.startswith("---\n")
    assert text in out
    assert spw(demo_harvested, "summary", name, "--json") == 0
    assert text in json.loads(capsys.readouterr().out)["content"]


def test_summary_export(demo: Workspace, capsys: Capture) -> None:
    assert spw(demo, "summary", "user-auth", "--export") == 0
    path = demo.paths.spec_dir("user-auth") / "PROGRESS-SUMMARY.md"
    first = path.read_text()
    assert str(path) in capsys.readouterr().err
    assert spw(demo, "summary", "user-auth", "--export") == 0
    assert path.read_text() != first  # later, and the earlier one is stored
    assert first in [content.decode() for _, content in demo.spec("user-auth").versions(path.name)]
    path.write_text("# My notes\n")
    assert spw(demo, "summary", "user-auth", "--export") == 1
    assert path.read_text() == "# My notes\n"


def test_summary_export_of_a_completed_spec(done: Workspace, capsys: Capture) -> None:
    spec = done.spec(DONE)
    spec.finalize()
    for _ in range(2):
        path, markdown = spec.export_summary()
        assert (path.name, path.read_text()) == (SUMMARY, markdown)


def test_progress(demo_harvested: Workspace) -> None:
    assert "# Progress Summary: user-auth" in demo_harvested.spec("user-auth").progress()

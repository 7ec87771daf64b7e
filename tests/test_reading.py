"""Reads are never stale: sealed runs from the database, everything else as it is on disk now."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.errors import DocumentNotFound, InvalidName

from .support import write, write_run

SEALED = "specs/alpha/execution/waves/wave-01/checkpoint/run-001"
OPEN = "specs/alpha/execution/waves/wave-01/checkpoint/run-002"


@pytest.fixture
def both(workspace: Workspace) -> Workspace:
    """A harvested spec with a sealed blocked run and an open one."""
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n  - Wave: 1\n")
    write_run(workspace, SEALED, {"release-gate-decider": "blocked"})
    write_run(workspace, OPEN, {"evidence-collector": "pass"}, handoff=False)
    workspace.harvest()
    return workspace


def test_live_changes_show_without_a_harvest(both: Workspace) -> None:
    spec = both.spec("alpha")
    assert spec.summary().status == "blocked"
    write(both, "specs/alpha/tasks.md", "- [x] 1. T\n  - Wave: 1\n- [ ] 2. U\n")
    write_run(both, OPEN, {"evidence-collector": "pass", "release-gate-decider": "pass"})
    summary = spec.summary()
    assert (summary.tasks_done, summary.tasks_total, summary.status) == (1, 2, "active")


def test_new_run_and_new_wave_show_without_a_harvest(both: Workspace) -> None:
    write_run(both, "specs/alpha/execution/waves/wave-02/execution/run-001", {"a": "pass"})
    assert len(both.spec("alpha").record().runs) == 3
    assert both.spec("alpha").summary().wave_current == 1


def test_sealed_run_is_answered_from_the_database_alone(both: Workspace) -> None:
    before = both.spec("alpha").record()
    shutil.rmtree(both.paths.workflow / SEALED)
    assert both.spec("alpha").record() == before
    path = SEALED.removeprefix("specs/alpha/") + "/release-gate-decider/report.md"
    assert both.spec("alpha").read(path).startswith("# Report")


def test_open_run_that_vanished_is_gone(both: Workspace) -> None:
    assert len(both.spec("alpha").record().runs) == 2
    shutil.rmtree(both.paths.workflow / OPEN)
    [run] = both.spec("alpha").record().runs
    assert run.run_id == "run-001"
    both.harvest()
    assert both.spec("alpha").record().runs == (run,)


@pytest.mark.parametrize("where", ["files", "database", "both", "corrupt"])
def test_same_answer_from_files_and_database(demo: Workspace, where: str) -> None:
    expected = {name: demo.spec(name).summary() for name in demo.spec_names()}
    if where != "files":
        demo.harvest()
    for name in demo.spec_names():
        folder = demo.paths.spec_dir(name)
        if where == "database":
            for entry in folder.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry)
        elif where == "corrupt":
            (folder / "spec.db").write_bytes(b"garbage" * 1000)
        assert demo.spec(name).summary().tasks_done == expected[name].tasks_done
        if where != "database":
            assert demo.spec(name).summary() == expected[name]


def test_corrupt_database_is_reported_by_reads(both: Workspace) -> None:
    both.paths.spec_db("alpha").write_bytes(b"garbage" * 1000)
    errors = both.spec("alpha").record().errors
    assert errors[0].path == "spec.db"
    assert both.spec("alpha").read("tasks.md").startswith("- [ ] 1. T")


def test_reads_leave_no_trace(both: Workspace) -> None:
    def listing() -> set[Path]:
        return set(both.paths.root.rglob("*"))

    before = listing()
    both.spec("alpha").summary()
    both.search("report")
    both.indexed_specs()
    assert listing() == before


def test_reading_an_unharvested_workspace_creates_nothing(demo: Workspace) -> None:
    before = set(demo.paths.root.rglob("*"))
    assert len(demo.specs()) == 8
    assert demo.search("x").results == ()
    assert set(demo.paths.root.rglob("*")) == before


@pytest.mark.parametrize(
    "path", ["nothing.md", "../alpha/tasks.md", "/etc/passwd", "", "design/../tasks.md", "a\0b"]
)
def test_unknown_and_escaping_paths_are_not_found(both: Workspace, path: str) -> None:
    with pytest.raises((DocumentNotFound, InvalidName)):
        both.spec("alpha").read_bytes(path)


def test_links_are_not_followed_by_reads(both: Workspace, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    folder = both.paths.spec_dir("alpha")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    for path in ("link.md", "linked/secret.md"):
        with pytest.raises(DocumentNotFound):
            both.spec("alpha").read_bytes(path)


def test_a_run_without_a_file_is_the_last_change_of_its_spec(workspace: Workspace) -> None:
    spec = workspace.spec("alpha")
    spec.file("tasks.md").write_text("- [ ] 1 x\n")
    os.utime(spec.file("tasks.md"), (1_700_000_000, 1_700_000_000))
    before = spec.summary().updated_at
    spec.file("design/_comms/design-research/run-001").mkdir(parents=True)
    assert before.startswith("2023-11-14") and spec.summary().updated_at > before
    workspace.harvest()
    assert spec.summary().updated_at > before
    assert workspace.indexed_specs()[0].updated_at > before

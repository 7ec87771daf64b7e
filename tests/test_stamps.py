"""Nothing is listed while nothing is different; and whatever is different is seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.domain.waves import wave_states
from spw_core.harvest import harvest, reading
from spw_core.harvest.reading import load_record, load_wave_facts, scanned_record
from spw_core.harvest.stored import stored_record, stored_wave_facts
from spw_core.store.spec import SpecStore

from .support import OLD_NS, write, write_run

RUN = "specs/alpha/qa/_comms/qa/run-001"
OPEN_RUN = "specs/alpha/qa/_comms/qa/run-002"

WAVE_RUN = "specs/alpha/execution/waves/wave-01/checkpoint/run-001"


def age(workspace: Workspace) -> None:
    """Make everything as old as it would be after a while without work."""
    workflow = workspace.paths.workflow
    for path in [*workflow.rglob("*"), workflow]:
        if not path.is_symlink():
            os.utime(path, ns=(OLD_NS, OLD_NS))


@pytest.fixture
def settled(workspace: Workspace) -> Workspace:
    """A spec with a sealed and an open run, harvested, and left alone for a while."""
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    write(workspace, "approvals/alpha/approval_1.json", '{"status": "pending"}')
    write_run(workspace, RUN, {"qa-runner": "pass"})
    write_run(workspace, OPEN_RUN, {"qa-runner": "blocked"}, handoff=False)
    write_run(workspace, WAVE_RUN, {"release-gate-decider": "blocked", "evidence-collector": "pass"})
    age(workspace)
    workspace.harvest()
    os.utime(workspace.paths.spec_db("alpha"), ns=(OLD_NS, OLD_NS))
    return workspace


def test_nothing_is_listed_while_nothing_is_different(
    settled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = scanned_record(settled.paths, "alpha")
    before = settled.paths.spec_db("alpha").read_bytes()
    for module in (harvest, reading):
        monkeypatch.setattr(module, "scan_spec", lambda *_: pytest.fail("the folders were listed"))
    [report] = settled.harvest().specs
    assert (report.files, report.unchanged, report.changed, report.removed) == (16, 16, 0, 0)
    assert (report.runs, report.subagents, report.failed) == (3, 4, "")
    assert load_record(settled.paths, "alpha") == listed
    assert wave_states(load_wave_facts(settled.paths, "alpha")) == wave_states(listed) != ()
    assert settled.paths.spec_db("alpha").read_bytes() == before
    names = {path.name for path in settled.paths.spec_dir("alpha").iterdir()}
    assert names == {"tasks.md", "qa", "execution", "spec.db"}, "side files are left"


def test_states_of_waves_follow_from_their_facts_alone(demo: Workspace) -> None:
    demo.harvest()
    told = 0
    for name in demo.spec_names():
        with SpecStore.reading(demo.paths.spec_db(name)) as store:
            assert store is not None
            states = wave_states(stored_wave_facts(store, name))
            assert states == wave_states(stored_record(store, name))
            told += sum(bool(state.summary and state.task_ids) for state in states)
    assert told > 3


def test_change_that_no_number_tells_of_is_seen(workspace: Workspace) -> None:
    """Written twice within one step of the file system's clock, the second time after it was harvested."""
    path = write(workspace, "specs/alpha/tasks.md", "- [ ] 1. T\n")
    os.utime(path)
    before = path.stat()
    workspace.harvest()
    path.write_text("- [x] 1. T\n")
    os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
    assert [task.status for task in load_record(workspace.paths, "alpha").tasks] == ["done"]
    [report] = workspace.harvest().specs
    assert report.changed == 1


def edit(path: Path) -> None:
    path.write_text(path.read_text().replace("T", "S"))
    os.utime(path, ns=(OLD_NS, OLD_NS + 1))


def swap(path: Path) -> None:
    """Another file with the same numbers but one: the inode."""
    twin = path.with_name("twin")
    twin.write_text(path.read_text().replace("T", "S"))
    twin.chmod(path.stat().st_mode)
    os.utime(twin, ns=(OLD_NS, OLD_NS))
    twin.replace(path)


def link_folder(path: Path) -> None:
    moved = path.parents[4] / "elsewhere"
    path.rename(moved)
    path.symlink_to(moved)


DIFFERENCES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "edited": ("specs/alpha/tasks.md", edit),
    "swapped": ("specs/alpha/tasks.md", swap),
    "mode": ("specs/alpha/tasks.md", lambda path: path.chmod(0o400)),
    "gone": ("specs/alpha/tasks.md", Path.unlink),
    "new at the top": ("specs/alpha/design.md", lambda path: path.write_text("new")),
    "new folder": ("specs/alpha/prd", Path.mkdir),
    "new below": (f"{OPEN_RUN}/qa-runner/report-2.md", lambda path: path.write_text("new")),
    "new run": ("specs/alpha/qa/_comms/qa/run-003", Path.mkdir),
    "handoff": (f"{OPEN_RUN}/_handoff.md", lambda path: path.write_text("# Handoff\n")),
    "status": (f"{OPEN_RUN}/qa-runner/status.json", lambda path: path.write_text('{"status": "pass"}')),
    "approval gone": ("approvals/alpha/approval_1.json", Path.unlink),
    "approval new": ("approvals/alpha/approval_2.json", lambda path: path.write_text("{}")),
    "pipe": ("specs/alpha/qa/pipe", os.mkfifo),
    "folder swapped for a link": (OPEN_RUN, link_folder),
}


@pytest.mark.skipif(os.name == "nt", reason="pipes and modes are of POSIX")
@pytest.mark.parametrize(("path", "change"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_whatever_is_different_is_seen(
    settled: Workspace, path: str, change: Callable[[Path], object]
) -> None:
    change(settled.paths.workflow / path)
    live = scanned_record(settled.paths, "alpha")
    now = load_record(settled.paths, "alpha")
    on_disk = {(d.area, d.path, d.size, d.mtime_ns) for d in now.documents if d.on_disk}
    assert on_disk == {(d.area, d.path, d.size, d.mtime_ns) for d in live.documents}
    assert (now.runs, now.approvals) == (live.runs, live.approvals)
    settled.harvest()
    assert set(load_record(settled.paths, "alpha").errors) == set(live.errors)
    with SpecStore.reading(settled.paths.spec_db("alpha")) as store:
        assert store is not None
        stored = {
            (a.area, a.rel_path, a.size, a.mtime_ns) for a in store.artifacts().values() if not a.removed_at
        }
        assert stored == on_disk


@pytest.mark.parametrize("path", [f"{RUN}/qa-runner/late.md", "specs/alpha/qa/notes.md"])
def test_whatever_is_different_in_a_sealed_run_is_harvested(settled: Workspace, path: str) -> None:
    (settled.paths.workflow / path).write_text("late")
    [report] = settled.harvest().specs
    assert report.changed == 1


def test_cleanup_that_was_interrupted_is_noticed(settled: Workspace) -> None:
    """It had marked what was about to go, and nothing went: the next harvest takes the marks back."""
    path = settled.paths.spec_db("alpha")
    with SpecStore.writing(path) as store, store.transaction():
        store.mark_cleaned([artifact.id for artifact in store.artifacts().values()], "2026-01-01")
    os.utime(path, ns=(OLD_NS, OLD_NS))
    settled.harvest()
    with SpecStore.reading(path) as stored:
        assert stored is not None
        assert not stored.artifacts(only_cleaned=True)


def test_projections_made_otherwise_drop_the_stamps(settled: Workspace) -> None:
    """Queries do not look into sealed runs; after a repair others may be sealed."""
    path = settled.paths.spec_db("alpha")
    with SpecStore.writing(path) as store, store.transaction():
        store.replace_projections(store.projections())
        assert store.stamps("open")
        tables = store.projections()
        store.replace_projections(tables | {"runs": [run | {"sealed": 0} for run in tables["runs"]]})
        assert not store.stamps("open")


def test_database_in_use_is_not_read_at_rest(settled: Workspace) -> None:
    """A commit that is only in the log yet counts."""
    path = settled.paths.spec_db("alpha")
    with SpecStore.writing(path) as store:
        with store.transaction():
            store.set_meta({"harvested_at": "later"})
        os.utime(path, ns=(OLD_NS, OLD_NS))
        assert SpecStore.at_rest(path, lambda other: other.meta()["harvested_at"]) is None
    os.utime(path, ns=(OLD_NS, OLD_NS))
    assert SpecStore.at_rest(path, lambda other: other.meta()["harvested_at"]) == "later"


def test_database_written_meanwhile_is_not_believed(settled: Workspace) -> None:
    path = settled.paths.spec_db("alpha")

    def slow(other: SpecStore) -> str:
        with SpecStore.writing(path) as store, store.transaction():
            store.set_meta({"harvested_at": "later"})
        return other.meta()["harvested_at"]

    assert SpecStore.at_rest(path, slow) is None


def test_a_file_too_large_to_store_does_not_cost_a_comparison_each_time(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write(workspace, "spw-config.toml", "[store]\nmax_file_mb = 1\n")
    write(workspace, "specs/alpha/big.bin", b"x" * (1024 * 1024 + 1))
    age(workspace)
    workspace.harvest()
    os.utime(workspace.paths.spec_db("alpha"), ns=(OLD_NS, OLD_NS))
    with monkeypatch.context() as patch:
        patch.setattr(harvest, "scan_spec", lambda *_: pytest.fail("the folders were listed"))
        [report] = workspace.harvest().specs
    assert (report.unchanged, len(report.errors)) == (1, 1)
    config.write_text("[store]\nmax_file_mb = 2\n")
    [report] = workspace.harvest().specs
    assert (report.changed, report.errors) == (1, [])

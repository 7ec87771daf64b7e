"""A harvest with helpers does what one without them does, whatever happens to the helpers."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.harvest import crew, harvest, index_sync
from spw_core.harvest.report import SpecReport

from .crew_support import Helpers, remember_two_helpers, stop_once_helped
from .test_new_database import rows

# A harvest for which two specs are worth helpers.
WITH_HELPERS = """
import sys
from spw_core.api import Workspace
crew._FEWEST = 2
Workspace.open(sys.argv[1]).harvest()
"""


@pytest.fixture
def crewed(monkeypatch: pytest.MonkeyPatch) -> Helpers:
    """Two helpers for two specs and more; the helpers that were started."""
    monkeypatch.setattr(crew, "_FEWEST", 2)
    return remember_two_helpers(monkeypatch)


@pytest.fixture
def twin(demo: Workspace, tmp_path: Path) -> Workspace:
    """The same files as in `demo`, times and all, harvested without helpers."""
    shutil.copytree(demo.paths.root, tmp_path / "twin")
    workspace = Workspace.open(tmp_path / "twin")
    workspace.harvest()
    return workspace


def everything(workspace: Workspace) -> dict[str, object]:
    """What all databases hold, but for what differs between two copies of the same files."""
    found: dict[str, object] = {}
    for name in workspace.spec_names():
        tables = rows(workspace.paths.spec_db(name))
        del tables["stamps"]  # these are of inodes, too
        found[name] = {**tables, "artifacts": [row[:9] + row[10:] for row in tables["artifacts"]]}
    connection = apsw.Connection(str(workspace.paths.index_db), flags=apsw.SQLITE_OPEN_READONLY)
    connection.execute("CREATE VIRTUAL TABLE temp.places USING fts5vocab (main, chunks_fts, instance)")
    for query in (
        "SELECT * FROM documents ORDER BY id",
        "SELECT * FROM chunks ORDER BY id",
        "SELECT * FROM words ORDER BY word",
        "SELECT * FROM temp.places ORDER BY 1, 2, 3, 4",
        "SELECT name, stage, status, tasks_done, tasks_total, next, attention FROM specs ORDER BY name",
    ):
        found[query] = connection.execute(query).fetchall()
    connection.close()
    return found


def test_helpers_change_no_row(demo: Workspace, twin: Workspace, crewed: Helpers) -> None:
    steps: list[tuple[int, int, str]] = []
    report = demo.harvest(progress=lambda *step: steps.append(step))
    assert len(crewed) == 4, "two for the databases, two for the index"
    assert report.ok
    assert [spec.changed for spec in report.specs] == [spec.files for spec in report.specs]
    names = demo.spec_names()
    assert steps == [
        *((place, len(names), name) for place, name in enumerate(names)),
        (len(names),) * 2 + ("",),
    ]
    assert everything(demo) == everything(twin)
    assert [helper.returncode for helper in crewed] == [0] * 4


def test_known_specs_and_single_ones_need_no_helper(demo: Workspace, crewed: Helpers) -> None:
    demo.harvest([demo.spec_names()[0]])
    demo.harvest(dry_run=True)
    assert crewed == []
    demo.harvest()
    count = len(crewed)
    demo.harvest()
    assert len(crewed) == count


@pytest.mark.parametrize("doomed", [{0, 1}, {1}, {2}, {2, 3}, {0, 1, 2, 3}])
def test_helpers_that_are_killed_are_made_up_for(
    demo: Workspace,
    twin: Workspace,
    crewed: Helpers,
    doomed: set[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = crew._start

    def start_and_kill(*given: object) -> subprocess.Popen[bytes]:
        helper = start(*given)  # type: ignore[arg-type]
        if len(crewed) - 1 in doomed:
            helper.kill()
        return helper

    monkeypatch.setattr(crew, "_start", start_and_kill)
    assert demo.harvest().ok
    assert {place for place, helper in enumerate(crewed) if helper.returncode} == doomed
    assert everything(demo) == everything(twin)


def test_a_helper_that_is_killed_in_the_middle_is_made_up_for(
    demo: Workspace, twin: Workspace, crewed: Helpers
) -> None:
    def kill(done: int, total: int, name: str) -> None:
        if done == 2 and name:
            crewed[0].kill()

    assert demo.harvest(progress=kill).ok
    assert crewed[0].returncode == -signal.SIGKILL
    assert everything(demo) == everything(twin)


@pytest.mark.parametrize("how", ["raises", "runs_out", "exits", "cannot_tell", "says_nonsense"])
def test_what_goes_wrong_in_a_helper_is_made_up_for(
    demo: Workspace, twin: Workspace, crewed: Helpers, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """No kill: an error of the helper's own, in the middle of its work."""
    monkeypatch.setattr(harvest, "HARVEST", f"tests.crew_broken:harvest_{how}")
    monkeypatch.setattr(index_sync, "PREPARE", f"tests.crew_broken:prepare_{how}")
    assert demo.harvest().ok
    assert len(crewed) == 4
    assert everything(demo) == everything(twin)


def test_where_no_helper_can_be_started_the_harvest_is_done_alone(
    demo: Workspace, twin: Workspace, crewed: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert demo.harvest().ok
    assert everything(demo) == everything(twin)


def test_a_bad_spec_is_reported_by_a_helper(demo: Workspace, crewed: list[object]) -> None:
    (demo.paths.specs / "sealed-off").mkdir()
    bad = demo.spec_names()[0]
    path = demo.paths.spec_db(bad)
    demo.harvest([bad])
    path.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    report = demo.harvest()
    assert crewed
    assert next(spec for spec in report.specs if spec.spec == bad).errors
    assert report.ok


def test_answers_that_nobody_asks_for_are_dropped(demo: Workspace, crewed: Helpers) -> None:
    names = demo.spec_names()
    with crew.working_ahead(demo.paths, crew.HARVEST, names) as answer:
        assert answer("unknown") is None
        found = answer(names[0])
        assert isinstance(found, SpecReport)
        assert found.spec == names[0]
    assert all(helper.returncode is not None for helper in crewed)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("seen", [1, 3])
def test_helpers_leave_with_a_harvest_that_is_stopped(
    demo: Workspace, twin: Workspace, number: signal.Signals, seen: int
) -> None:
    stop_once_helped(WITH_HELPERS, [str(demo.paths.root)], number, seen)
    assert demo.harvest().ok
    assert everything(demo) == everything(twin)

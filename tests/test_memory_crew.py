"""An import with helpers stores what one without them does, whatever happens to the helpers."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.memory import importing
from spw_core.memory.importing import ImportReport

from .crew_support import Helpers, remember_two_helpers, stop_once_helped
from .transcript_support import Transcript

KEY = "gh" + "p_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5"

_TABLES = {"memory_messages", "transcripts", "sessions", "session_links", "memory_words_docsize"}

# An import for which any two transcripts are worth helpers.
WITH_HELPERS = """
import sys
from pathlib import Path
from spw_core.api import Workspace
from spw_core.memory import importing
importing._WORTH_HELPERS = 0
Workspace.open(sys.argv[1]).import_transcripts([Path(name) for name in sys.argv[2:]])
"""


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> Helpers:
    """Two helpers for any two transcripts; the helpers that were started."""
    monkeypatch.setattr(importing, "_WORTH_HELPERS", 0)
    return remember_two_helpers(monkeypatch)


@pytest.fixture
def files(workspace: Workspace, tmp_path: Path) -> list[Path]:
    """Transcripts of all sorts, two of them of one session, among what is none."""
    (workspace.paths.specs / "alpha").mkdir(parents=True, exist_ok=True)
    folder = tmp_path / "transcripts"
    root = str(workspace.paths.root)
    for number in range(12):
        transcript = Transcript(folder / f"{number:02}.jsonl", root, _session(number))
        transcript.add("user", f"Number {number} is about alpha, the key is {KEY}")
        transcript.call("Edit", "done " * 500, file_path=f"{root}/src/{number % 3}.py", old_string="x")
        transcript.call("Bash", "failed", error=True, command="make test")
        transcript.raw(json.dumps({"type": "ai-title", "aiTitle": f"T{number}", "sessionId": f"S{number}"}))
        transcript.raw("no record")
        for _ in range(number % 2):
            transcript.add("assistant", "The second file of a session knows more")
        transcript.write()
    (folder / "nothing.jsonl").write_text("no\nrecords\n")
    (folder / "empty.jsonl").write_text("")
    (folder / "of two\nlines.jsonl").write_bytes((folder / "03.jsonl").read_bytes())
    (folder / "folder.jsonl").mkdir()
    files = sorted(folder.iterdir())
    return [*files[:4], folder / "missing.jsonl", *files[4:], files[0]]


@pytest.fixture
def twin(workspace: Workspace, files: list[Path], tmp_path: Path) -> tuple[ImportReport, dict[str, object]]:
    """What an import without helpers reports and stores."""
    alone = Workspace.open(workspace.paths.root)
    report = alone.import_transcripts(files)
    stored = everything(alone)
    shutil.rmtree(alone.paths.memory_dir)
    return report, stored


def _session(number: int) -> str:
    return f"{number // 2:08}-of-two-files"


def everything(workspace: Workspace) -> dict[str, object]:
    """What the databases of the memory hold about conversations, but for when it was stored."""
    found: dict[str, object] = {}
    for path in sorted(workspace.paths.memory_dir.glob("*.db")):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        for table in sorted(tables & _TABLES):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(column for column in columns if column != "read_at")
            found[table] = connection.execute(f"SELECT {kept} FROM {table} ORDER BY 1, 2").fetchall()
        connection.close()
    return found


def test_helpers_change_no_row(
    workspace: Workspace,
    files: list[Path],
    twin: tuple[ImportReport, dict[str, object]],
    helpers: Helpers,
) -> None:
    report = workspace.import_transcripts(files)
    assert (report, everything(workspace)) == twin
    assert set(twin[1]) == _TABLES
    assert all(twin[1].values())
    assert [helper.returncode for helper in helpers] == [0, 0]


def test_what_is_known_needs_no_helper_and_what_is_forgotten_stays_away(
    workspace: Workspace, files: list[Path], helpers: Helpers
) -> None:
    workspace.import_transcripts(files[:1])
    workspace.import_transcripts(files[:2])
    assert helpers == []
    workspace.forget([_session(0)])
    report = workspace.import_transcripts(files)
    assert len(helpers) == 2
    assert report.messages
    assert _session(0) not in [row.id for row in workspace.sessions()]


@pytest.mark.parametrize("doomed", [{0}, {0, 1}])
@pytest.mark.parametrize("at", [0, 3])
def test_helpers_that_are_killed_are_made_up_for(
    workspace: Workspace,
    files: list[Path],
    twin: tuple[ImportReport, dict[str, object]],
    helpers: Helpers,
    doomed: set[int],
    at: int,
) -> None:
    def kill(done: int, total: int, name: str) -> None:
        if done == at:
            for place in doomed:
                helpers[place].kill()

    assert workspace.import_transcripts(files, progress=kill) == twin[0]
    assert {place for place, helper in enumerate(helpers) if helper.returncode} == doomed
    assert everything(workspace) == twin[1]


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_helpers_leave_with_an_import_that_is_stopped(
    workspace: Workspace,
    files: list[Path],
    twin: tuple[ImportReport, dict[str, object]],
    number: signal.Signals,
) -> None:
    stop_once_helped(WITH_HELPERS, [str(workspace.paths.root), *map(str, files)], number, 2)
    workspace.import_transcripts(files)
    assert everything(workspace)["memory_messages"] == twin[1]["memory_messages"]

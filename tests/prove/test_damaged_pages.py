"""Each page of a database turned over in turn: every command copes, and what is intact comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.cli import main

from ..support import write, write_run

pytestmark = pytest.mark.prove

RUN = "specs/alpha/execution/waves/wave-01/checkpoint/run-001"
PAGE = 8192
COMMANDS = (
    "harvest",
    "view alpha",
    "summary alpha",
    "cleanup alpha",
    "finalize alpha",
    "search zebra",
    "restore alpha",
    "doctor",
    "wave status alpha",
    "tasks list alpha",
)


@pytest.fixture
def template(workspace: Workspace) -> Workspace:
    """One run, stored and cleaned away, so that its bytes are in the database alone."""
    write(workspace, "specs/alpha/tasks.md", "- [x] 1. One\n  - Wave: 1\n")
    write(workspace, "specs/alpha/notes.md", "zebra\n" * 10)
    write_run(workspace, RUN, {"release-gate-decider": "pass"})
    workspace.harvest()
    return workspace


def files(workspace: Workspace) -> dict[str, bytes]:
    return {
        path.relative_to(workspace.paths.workflow).as_posix(): path.read_bytes()
        for path in (workspace.paths.workflow / "specs").rglob("*")
        if path.is_file() and not path.name.startswith("spec.db")
    }


def spw(workspace: Workspace, capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str]:
    code = main(["--workspace", str(workspace.paths.root), *line.split()])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.mark.parametrize("which", ["spec.db", ".spw-index.db"])
def test_every_page_in_turn(
    template: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], which: str
) -> None:
    original = files(template)
    template.spec("alpha").cleanup()
    [database] = template.paths.workflow.rglob(which)
    data = database.read_bytes()
    with apsw.Connection(str(database)) as connection:
        # Where the bytes are. The first page, which says where the tables are, can be told from others.
        query = "SELECT pageno FROM dbstat WHERE name = 'artifacts'"
        vital = {int(str(row[0])) - 1 for row in connection.execute(query)} if which == "spec.db" else set()
    connection.close()
    at = database.relative_to(template.paths.root)
    assert len(data) // PAGE > 10
    for number in range(len(data) // PAGE):
        turned = bytearray(data)
        start = number * PAGE
        turned[start : start + PAGE] = bytes(byte ^ 0xFF for byte in data[start : start + PAGE])
        for line in COMMANDS:
            copy = shutil.copytree(template.paths.root, tmp_path / "copy")
            (copy / at).write_bytes(turned)
            workspace = Workspace.open(copy)
            said = spw(workspace, capsys, line)[1]
            assert "internal" not in said and "Traceback" not in said, (number, line, said)
            shutil.rmtree(copy)
        copy = shutil.copytree(template.paths.root, tmp_path / "copy")
        (copy / at).write_bytes(turned)
        workspace = Workspace.open(copy)
        assert spw(workspace, capsys, "doctor --rebuild")[0] == 0, number
        assert spw(workspace, capsys, "doctor")[0] == 0, number
        assert spw(workspace, capsys, "search zebra")[0] == 0, number
        if list(workspace.spec("alpha").record().runs):
            spw(workspace, capsys, "restore alpha")
        now = files(workspace)
        assert number in vital or now == original, number
        assert now.items() <= original.items(), number
        shutil.rmtree(copy)

"""Twenty processes at once, and processes killed at any moment."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace

pytestmark = pytest.mark.prove

WRITER = """
import sys
from spw_core.api import Workspace
workspace = Workspace.open(sys.argv[1])
for turn in range(int(sys.argv[3])):
    note = workspace.paths.spec_dir("alpha") / f"note-{sys.argv[2]}-{turn}.md"
    note.write_text(f"# Note {sys.argv[2]} {turn}\\n")
    report = workspace.harvest(["alpha"])
    assert report.ok, report
"""

HARVESTER = "import sys; from spw_core.api import Workspace; Workspace.open(sys.argv[1]).harvest()"


def test_twenty_writers_lose_nothing(workspace: Workspace) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(workspace.paths.root), str(number), "20"],
            stderr=subprocess.PIPE,
        )
        for number in range(20)
    ]
    assert [writer.communicate(timeout=600)[1].decode() for writer in writers] == [""] * 20
    spec_db = apsw.Connection(str(workspace.paths.spec_db("alpha")), flags=apsw.SQLITE_OPEN_READONLY)
    assert spec_db.execute("SELECT count(*) FROM artifacts").fetchall() == [(400,)]
    spec_db.close()
    index = apsw.Connection(str(workspace.paths.index_db), flags=apsw.SQLITE_OPEN_READONLY)
    assert index.execute("SELECT count(*) FROM documents").fetchall() == [(400,)]
    assert index.execute("SELECT count(*) FROM chunks_fts WHERE chunks_fts MATCH 'note'").fetchall() == [
        (400,)
    ]
    index.close()


@pytest.mark.parametrize("seed", range(4))
def test_killed_harvests_leave_sound_databases(demo_files: Path, tmp_path: Path, seed: int) -> None:
    """Kill −9 at random moments; what is there is whole, and the next harvest completes the work."""
    chance = random.Random(seed)
    for attempt in range(15):
        folder = tmp_path / f"ws-{attempt}"
        shutil.copytree(demo_files, folder)
        workspace = Workspace.open(folder)
        process = subprocess.Popen([sys.executable, "-c", HARVESTER, str(folder)])
        time.sleep(chance.uniform(0.05, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path in [*workspace.paths.specs.glob("*/spec.db"), *folder.glob(".spec-workflow/.spw-index.db")]:
            connection = apsw.Connection(str(path))
            assert connection.pragma("integrity_check") == "ok"
            connection.close()
        report = workspace.harvest()
        assert report.ok
        assert (sum(spec.runs for spec in report.specs), sum(spec.subagents for spec in report.specs)) == (
            67,
            165,
        )
        assert workspace.search("flaky login").results
        assert not list(workspace.paths.specs.glob("*/spec.db.corrupt-*"))
        shutil.rmtree(folder)

"""Twenty processes at once, and processes killed at any moment."""

from __future__ import annotations

import hashlib
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
from spw_core.store.spec import SpecStore

pytestmark = pytest.mark.prove

WRITER = """
import sys
from spw_core.api import Workspace
workspace = Workspace.open(sys.argv[1])
for turn in range(int(sys.argv[3])):
    note = workspace.paths.spec_dir("alpha") / f"note-{sys.argv[2]}-{turn % int(sys.argv[4])}.md"
    note.write_text(f"# Note {sys.argv[2]} {turn}\\n")
    report = workspace.harvest(["alpha"])
    assert report.ok, report
"""

HARVESTER = """
import sys
from spw_core.api import Workspace
import spw_core.harvest.harvest
workspace = Workspace.open(sys.argv[1])
print("ready", flush=True)
workspace.harvest()
"""


WRITERS = 20
OPERATIONS = 200
# Each writer writes the same few files again and again: what is proven is that no version is lost, and
# with thousands of files every one of the 4000 harvests would mostly walk over folders.
NOTES = 20


def test_twenty_writers_lose_nothing(workspace: Workspace) -> None:
    arguments = [str(workspace.paths.root), str(OPERATIONS), str(NOTES)]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, arguments[0], str(number), *arguments[1:]],
            stderr=subprocess.PIPE,
        )
        for number in range(WRITERS)
    ]
    assert [writer.communicate(timeout=600)[1].decode() for writer in writers] == [""] * WRITERS
    written = {
        hashlib.sha256(f"# Note {number} {turn}\n".encode()).hexdigest()
        for number in range(WRITERS)
        for turn in range(OPERATIONS)
    }
    notes = WRITERS * NOTES
    with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
        assert store is not None
        versions = store.versions()
        assert sum(version.is_current for version in versions) == notes
        # A harvest may also have seen a file of another writer in the moment when it was empty.
        assert written <= {version.content_hash for version in versions}
        assert not store.is_damaged()
    index = apsw.Connection(str(workspace.paths.index_db), flags=apsw.SQLITE_OPEN_READONLY)
    assert index.execute("SELECT count(*) FROM documents").fetchall() == [(notes,)]
    assert index.execute("SELECT count(*) FROM chunks_fts WHERE chunks_fts MATCH 'note'").fetchall() == [
        (notes,)
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
        process = subprocess.Popen([sys.executable, "-c", HARVESTER, str(folder)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        # By its progress, so that machines of any speed are hit in the middle of the work.
        target = chance.randint(0, len(workspace.spec_names()))
        while process.poll() is None and len(list(workspace.paths.specs.glob("*/spec.db"))) < target:
            pass
        time.sleep(chance.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
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

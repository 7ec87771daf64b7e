"""kill −9 at random moments of cleanup and restore: no byte is ever both gone from disk and not stored."""

from __future__ import annotations

import hashlib
import os
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

from .aim import Aim

pytestmark = pytest.mark.prove

SPEC = "checkout-flaky-tests"
KILLS = 25  # of each; with those of the other files, more than 300

DO = """
import sys
from spw_core.api import Workspace
import spw_core.harvest.cleanup, spw_core.harvest.restore
spec = Workspace.open(sys.argv[1]).spec(sys.argv[2])
print("ready", flush=True)
spec.cleanup() if sys.argv[3] == "cleanup" else spec.restore()
"""


def tree(workspace: Workspace) -> dict[str, str]:
    found = {}
    for path in workspace.paths.workflow.rglob("*"):
        name = path.name
        if path.is_file() and not name.startswith(("spec.db", "knowledge.db", ".spw-index", ".gitignore")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[path.relative_to(workspace.paths.workflow).as_posix()] = digest
    return found


def kill_at(workspace: Workspace, what: str, target: int) -> None:
    """Kill a cleanup or restore when so many files are there: by its progress, not by the clock."""
    command = [sys.executable, "-c", DO, str(workspace.paths.root), SPEC, what]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    while process.poll() is None:
        there = sum(len(files) for _, _, files in os.walk(workspace.paths.workflow))
        if there <= target if what == "cleanup" else there >= target:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()


def check_databases(workspace: Workspace) -> None:
    for path in [workspace.paths.spec_db(SPEC), workspace.paths.index_db]:
        connection = apsw.Connection(str(path))
        assert connection.pragma("integrity_check") == "ok"
        connection.close()


@pytest.fixture
def template(demo_files: Path, tmp_path: Path) -> Workspace:
    """A harvested workspace of one spec, to be copied for each kill."""
    folder = tmp_path / "template"
    for area in ("specs", "approvals"):
        shutil.copytree(demo_files / ".spec-workflow" / area / SPEC, folder / ".spec-workflow" / area / SPEC)
    workspace = Workspace.open(folder)
    workspace.harvest()
    return workspace


@pytest.mark.parametrize("what", ["cleanup", "restore"])
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(template: Workspace, tmp_path: Path, what: str, seed: int) -> None:
    chance = random.Random(f"{what}-{seed}")
    original = tree(template)
    if what == "restore":
        template.spec(SPEC).cleanup()
        cleaned = tree(template)
    else:
        shutil.copytree(template.paths.root, tmp_path / "cleaned")
        trial = Workspace.open(tmp_path / "cleaned")
        trial.spec(SPEC).cleanup()
        cleaned = tree(trial)
    half_way = 0
    for attempt in range(KILLS):
        folder = tmp_path / f"ws-{attempt}"
        shutil.copytree(template.paths.root, folder)
        workspace = Workspace.open(folder)
        kill_at(workspace, what, chance.randint(len(cleaned), len(original)))
        check_databases(workspace)
        now = tree(workspace)
        kept = {path: digest for path, digest in now.items() if not path.endswith(".spw-tmp")}
        # What is on disk is whole, and the rest comes back.
        assert kept.items() <= original.items()
        # Neither before the first file nor after the last one.
        half_way += len(cleaned) < len(kept) < len(original)
        if chance.random() < 0.5:
            workspace.harvest()
        if what == "cleanup":
            workspace.spec(SPEC).cleanup()
        assert workspace.spec(SPEC).restore().kept == []
        restored = {path: digest for path, digest in tree(workspace).items() if not path.endswith(".spw-tmp")}
        assert restored == original
        shutil.rmtree(folder)
    assert half_way > KILLS / 10, "the kills came too early or too late to prove anything"


MARKS = 40
MARK_TASKS = "\n".join(f"- [ ] {number}. Task {number} {'x' * 200}" for number in range(1, 2000)) + "\n"


def test_killed_marks_leave_tasks_whole(workspace: Workspace) -> None:
    """What is there is the old list or the new one, and the next mark works."""
    path = workspace.paths.spec_dir("alpha") / "tasks.md"
    path.write_text(MARK_TASKS)
    command = [sys.executable, "-m", "spw_core.cli", "tasks", "mark", "alpha", "1000"]
    started = time.monotonic()
    subprocess.run([*command, "done"], cwd=workspace.paths.root, check=True, capture_output=True)
    duration = time.monotonic() - started
    done = path.read_bytes()
    changed = 0
    aim = Aim(duration, random.Random("marks"))
    for attempt in range(MARKS):
        path.write_text(MARK_TASKS)
        process = subprocess.Popen(
            [*command, "done"],
            cwd=workspace.paths.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(aim.delay())
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert path.read_bytes() in (MARK_TASKS.encode(), done), attempt
        aim.learn(path.read_bytes() == done)
        changed += path.read_bytes() == done
    subprocess.run([*command, "done"], cwd=workspace.paths.root, check=True, capture_output=True)
    assert path.read_bytes() == done
    assert 0 < changed < MARKS, "the kills came too early or too late to prove anything"


REPAIRS = 30

REPAIR = """
import sys
from spw_core.api import Workspace
import spw_core.harvest.harvest
workspace = Workspace.open(sys.argv[1])
workspace.harvest()
"""


def damaged_and_cleaned(template: Workspace) -> None:
    """Clean up, then destroy a table of the database and the last tenth of its pages."""
    template.spec(SPEC).cleanup()
    path = template.paths.spec_db(SPEC)
    connection = apsw.Connection(str(path))
    connection.pragma("wal_checkpoint(TRUNCATE)")
    # A table that every command reads, so that the next harvest finds the damage at once.
    [[root]] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'spec_meta'").fetchall()
    size = int(str(connection.pragma("page_size")))
    connection.close()
    data = bytearray(path.read_bytes())
    pages = len(data) // size
    start = size * (pages - pages // 10)
    data[start:] = b"\xa5" * (len(data) - start)
    first = size * (int(str(root)) - 1)
    data[first : first + size] = b"\xa5" * size
    path.write_bytes(data)


def repair(root: Path, stop_at: str = "", delay: float = 0.0) -> None:
    """Harvest, killed `delay` seconds after a file of this kind stands in the spec's folder."""
    process = subprocess.Popen([sys.executable, "-c", REPAIR, str(root)])
    folder = Workspace.open(root).paths.spec_dir(SPEC)
    while stop_at and process.poll() is None:
        if any(name.startswith(stop_at) for name in os.listdir(folder)):
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=120)


def test_killed_repairs_lose_nothing_that_was_readable(template: Workspace, tmp_path: Path) -> None:
    chance = random.Random("repairs")
    original = tree(template)
    damaged_and_cleaned(template)
    trial = Workspace.open(shutil.copytree(template.paths.root, tmp_path / "trial"))
    repair(trial.paths.root)
    trial.spec(SPEC).restore()
    readable = {path: digest for path, digest in tree(trial).items() if original.get(path) == digest}
    assert len(tree(template)) < len(readable)
    unfinished = 0
    for attempt in range(REPAIRS):
        workspace = Workspace.open(shutil.copytree(template.paths.root, tmp_path / f"ws-{attempt}"))
        # While the new database is being filled, or just as it takes the place of the damaged one.
        stop_at = chance.choice(["spec.db.rebuild", "spec.db.corrupt-"])
        repair(workspace.paths.root, stop_at, chance.choice([0.0, 0.001, 0.005, 0.02]))
        moved = list(workspace.paths.spec_dir(SPEC).glob("spec.db.corrupt-*"))
        unfinished += not moved
        assert workspace.harvest().ok
        check_databases(workspace)
        workspace.spec(SPEC).restore()
        now = tree(workspace)
        assert readable.items() <= now.items(), attempt
        shutil.rmtree(workspace.paths.root)
    assert 0 < unfinished < REPAIRS, "the kills came too early or too late to prove anything"

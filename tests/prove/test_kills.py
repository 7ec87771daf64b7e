"""kill −9 at random moments of cleanup and restore: no byte is ever both gone from disk and not stored."""

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

pytestmark = pytest.mark.prove

SPEC = "checkout-flaky-tests"
KILLS = 40

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
        if path.is_file() and not name.startswith(("spec.db", ".spw-index", ".gitignore")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[path.relative_to(workspace.paths.workflow).as_posix()] = digest
    return found


def kill_during(workspace: Workspace, what: str, delay: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", DO, str(workspace.paths.root), SPEC, what], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay)
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
    half_way = 0
    for attempt in range(KILLS):
        folder = tmp_path / f"ws-{attempt}"
        shutil.copytree(template.paths.root, folder)
        workspace = Workspace.open(folder)
        kill_during(workspace, what, chance.uniform(0, 0.12 if what == "cleanup" else 0.2))
        check_databases(workspace)
        now = tree(workspace)
        kept = {path: digest for path, digest in now.items() if not path.endswith(".spw-tmp")}
        # What is on disk is whole, and the rest comes back.
        assert kept.items() <= original.items()
        half_way += len(tree(template)) != len(kept) != len(original)
        if chance.random() < 0.5:
            workspace.harvest()
        if what == "cleanup":
            workspace.spec(SPEC).cleanup()
        assert workspace.spec(SPEC).restore().kept == []
        restored = {path: digest for path, digest in tree(workspace).items() if not path.endswith(".spw-tmp")}
        assert restored == original
        shutil.rmtree(folder)
    assert half_way > KILLS / 10, "the kills came too early or too late to prove anything"

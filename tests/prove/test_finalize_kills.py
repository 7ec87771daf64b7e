"""kill −9 at random moments of finalizing: nothing is lost, and doing it again completes the work."""

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
from spw_core.formats.frontmatter import split_frontmatter

from ..test_cleanup_restore import tree
from .aim import Aim

pytestmark = pytest.mark.prove

SPEC = "relatorios-fiscais"
SUMMARY = "COMPLETION-SUMMARY.md"
KILLS = 25

FINALIZE = """
import sys
from spw_core.api import Workspace
import spw_core.config, spw_core.harvest.finalize
spec = Workspace.open(sys.argv[1]).spec(sys.argv[2])
print("ready", flush=True)
spec.finalize(export=True)
"""


def finalize_in_process(root: Path, killed_after: float | None = None) -> float:
    """Seconds that a finalization took, which may be killed."""
    process = subprocess.Popen([sys.executable, "-c", FINALIZE, str(root), SPEC], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    started = time.monotonic()
    if killed_after is not None:
        time.sleep(killed_after)
        process.send_signal(signal.SIGKILL)
    process.communicate(timeout=120)
    return time.monotonic() - started


def check_databases(workspace: Workspace) -> None:
    for path in (workspace.paths.spec_db(SPEC), workspace.paths.index_db):
        if path.exists():
            connection = apsw.Connection(str(path))
            assert connection.pragma("integrity_check") == "ok"
            connection.close()


@pytest.fixture
def template(demo_files: Path, tmp_path: Path) -> Workspace:
    """A workspace of one finished spec, to be copied for each kill."""
    folder = tmp_path / "template"
    for area in ("specs", "approvals", "post-mortems"):
        source = demo_files / ".spec-workflow" / area / SPEC
        if source.is_dir():
            shutil.copytree(source, folder / ".spec-workflow" / area / SPEC)
    return Workspace.open(folder)


def copy_of(template: Workspace, folder: Path) -> Workspace:
    shutil.copytree(template.paths.root, folder)
    return Workspace.open(folder)


def test_killed_at_any_moment(template: Workspace, tmp_path: Path) -> None:
    original = tree(template)
    trial = copy_of(template, tmp_path / "trial")
    duration = finalize_in_process(trial.paths.root)
    aim = Aim(duration, random.Random("finalize"))
    outcomes: set[tuple[bool, bool]] = set()
    for attempt in range(KILLS):
        workspace = copy_of(template, tmp_path / f"ws-{attempt}")
        spec = workspace.spec(SPEC)
        finalize_in_process(workspace.paths.root, aim.delay())
        check_databases(workspace)
        files = tree(workspace)
        survivors = {path: value for path, value in files.items() if path in original}
        assert survivors.items() <= original.items()
        at = spec.record().completed_at
        # Files go only once the completion is there, whole, and everything else can be read.
        assert at or survivors == original
        if at:
            assert split_frontmatter(spec.read(SUMMARY))[0]["completed_at"] == at
        prefix = f"specs/{SPEC}/"
        for path in original.keys() - survivors.keys():
            if path.startswith(prefix):
                assert spec.read_bytes(path.removeprefix(prefix))
        aim.learn(survivors != original)
        outcomes.add((bool(at), survivors == original))
        report = spec.finalize(export=True)
        assert at in ("", report.completed_at)
        assert spec.summary().stage == "complete"
        again = spec.finalize(export=True)
        assert (again.completed_at, again.removed) == (report.completed_at, 0)
        assert workspace.search("completion summary", types=["completion-summary"]).results
        assert spec.restore().kept == []
        restored = tree(workspace)
        assert {path for path in restored.keys() - original.keys() if not path.endswith(".spw-tmp")} == {
            prefix + SUMMARY
        }
        assert {path: restored[path] for path in original} == original
        shutil.rmtree(workspace.paths.root)
    assert len(outcomes) > 1, "the kills came too early or too late to prove anything"

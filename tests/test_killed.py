"""A process killed at any step of its work on files: the next harvest or cleanup puts right what it left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.harvest.doctor import examine
from spw_core.harvest.inside import aside_of, entry_inside, held
from spw_core.names import TEMPORARY_SUFFIX
from spw_core.store.spec import SpecStore

from .support import write, write_run
from .test_cleanup_restore import tree

# Of so many steps that they are only proved.
LONG = ("cleanup", "restore", "replace")

RUN = "specs/alpha/execution/waves/wave-01/checkpoint/run-001"

# Dies just before the step of this number; the steps are what Python does to files by their names.
DO = """
import os, signal, sys
from spw_core.api import Workspace
import spw_core.config, spw_core.harvest.cleanup, spw_core.harvest.restore, spw_core.harvest.harvest
root, what, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
workspace = Workspace.open(root)
spec = workspace.spec("alpha")

def hook(event, args):
    global left
    if event in ("os.link", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.utime"):
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

sys.addaudithook(hook)
if what == "harvest":
    workspace.harvest()
elif what == "cleanup":
    spec.cleanup()
else:
    spec.restore(force=what == "replace")
"""


def killed_at(workspace: Workspace, what: str, step: int) -> bool:
    """False when it was done before it came to this step."""
    command = [sys.executable, "-c", DO, str(workspace.paths.root), what, str(step)]
    return subprocess.run(command, check=False).returncode != 0


def temporaries(workspace: Workspace) -> list[str]:
    return [path.name for path in workspace.paths.workflow.rglob(f".*{TEMPORARY_SUFFIX}")]


def hashes(workspace: Workspace) -> dict[str, str]:
    return {path: values[0] for path, values in tree(workspace).items()}


@pytest.fixture
def prepared(workspace: Workspace) -> Workspace:
    """One run of one subagent that is handed off, and notes."""
    write(workspace, "specs/alpha/notes.md", "mine")
    write_run(workspace, RUN, {"release-gate-decider": "pass"})
    return workspace


@pytest.mark.parametrize("what", ["harvest", *(pytest.param(what, marks=pytest.mark.prove) for what in LONG)])
def test_whatever_the_step_all_is_put_right(prepared: Workspace, tmp_path: Path, what: str) -> None:
    before = hashes(prepared)
    if what != "harvest":
        prepared.harvest()
    if what == "restore":
        prepared.spec("alpha").cleanup()
    if what == "replace":
        write(prepared, f"{RUN}/release-gate-decider/report.md", "something else")
    step = left_something = 0
    while True:
        workspace = Workspace.open(shutil.copytree(prepared.paths.root, tmp_path / f"at-{step}"))
        if not killed_at(workspace, what, step):
            break
        left_something += bool(temporaries(workspace))
        report = workspace.harvest()
        assert report.ok, report
        assert temporaries(workspace) == []
        assert not [finding for finding in examine(workspace.paths) if finding.level == "error"]
        with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
            assert store is not None
            stored = {version.content_hash for version in store.versions() if version.has_bytes}
        assert stored >= set(before.values()) | set(hashes(prepared).values())
        assert workspace.spec("alpha").restore(force=what == "replace").failed == []
        if what == "replace":  # the step decides which of the two was the newest
            assert hashes(workspace).keys() == before.keys()
        else:
            assert hashes(workspace) == before
        step += 1
    assert step > 2
    assert left_something


def left_aside(workspace: Workspace, path: str) -> Path:
    """What a process leaves that is killed when it has taken a file out of the way."""
    with entry_inside(workspace.paths.workflow, path) as entry:
        aside = aside_of(entry)
        entry.move_over(aside)
    return (workspace.paths.workflow / path).with_name(aside.name)


def test_a_cleanup_puts_it_right_too(prepared: Workspace) -> None:
    prepared.harvest()
    before = tree(prepared)
    left_aside(prepared, f"{RUN}/_handoff.md")
    report = prepared.spec("alpha").cleanup()
    assert f"{RUN}/_handoff.md" in report.removed
    assert temporaries(prepared) == []
    prepared.spec("alpha").restore()
    assert tree(prepared) == before


def test_a_preview_changes_nothing(prepared: Workspace) -> None:
    prepared.harvest()
    left_aside(prepared, f"{RUN}/_handoff.md")
    before = tree(prepared)
    prepared.harvest(dry_run=True)
    prepared.spec("alpha").cleanup(dry_run=True)
    assert tree(prepared) == before


@pytest.mark.parametrize(
    ("content", "stays"),
    [("# Handoff Summary\n", False), ("not stored anywhere", True)],
    ids=["stored", "unknown"],
)
def test_a_file_whose_name_is_taken(prepared: Workspace, content: str, stays: bool) -> None:
    """Somebody wrote it anew meanwhile, which stands; the other goes when its bytes are safe."""
    prepared.harvest()
    write(prepared, f"{RUN}/_handoff.md", content)
    aside = left_aside(prepared, f"{RUN}/_handoff.md")
    new = write(prepared, f"{RUN}/_handoff.md", "# Another\n")
    prepared.harvest()
    assert new.read_text() == "# Another\n"
    assert aside.exists() == stays
    assert bool([finding for finding in examine(prepared.paths) if aside.name in finding.text]) == stays


@pytest.mark.skipif(sys.platform == "win32", reason="nobody tells there")
def test_what_is_in_use_is_left_alone(prepared: Workspace) -> None:
    """A process that is alive has the lock of what it took aside."""
    prepared.harvest()
    aside = left_aside(prepared, f"{RUN}/_handoff.md")
    with entry_inside(aside.parent, aside.name) as entry, held(entry) as is_ours:
        assert is_ours
        prepared.harvest()
        assert aside.exists()
    prepared.harvest()
    assert not aside.exists()
    assert (aside.parent / "_handoff.md").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="nobody tells there")
def test_a_file_that_a_program_has_locked_stays(prepared: Workspace) -> None:
    prepared.harvest()
    path = prepared.paths.workflow / RUN / "_handoff.md"
    with entry_inside(path.parent, path.name) as entry, held(entry):
        report = prepared.spec("alpha").cleanup()
    assert {kept.path: kept.reason for kept in report.kept}[f"{RUN}/_handoff.md"] == (
        "is in use by another program"
    )
    assert path.exists()


def test_names_that_tell_nothing_stay(prepared: Workspace) -> None:
    """Without a file that it could be of, nothing is known about it."""
    prepared.harvest()
    names = [f".{'0' * 20}{TEMPORARY_SUFFIX}", f".{'0' * 20}-{'1' * 8}{TEMPORARY_SUFFIX}"]
    for name in names:
        write(prepared, f"{RUN}/{name}", "?")
    os.mkfifo(prepared.paths.workflow / RUN / f".{'2' * 20}{TEMPORARY_SUFFIX}")
    prepared.harvest()
    assert len(temporaries(prepared)) == 3

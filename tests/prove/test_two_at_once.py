"""Two different commands on one spec at the same moment, as real processes, in any order of their steps."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.store.spec import SpecStore

pytestmark = pytest.mark.prove

SPEC = "relatorios-fiscais"
ROUNDS = 3

# Everything is imported before the start, so that it is the work itself that meets.
DO = """
import sys, time
from pathlib import Path
from spw_core.api import Workspace
import spw_core.config, spw_core.harvest.harvest, spw_core.harvest.finalize, spw_core.harvest.backup
import spw_core.harvest.doctor, spw_core.harvest.restore, spw_core.harvest.cleanup
root, spec, what, delay = sys.argv[1:]
workspace = Workspace.open(root)
spec = workspace.spec(spec)
from spw_core.harvest.backup import backup
from spw_core.harvest.doctor import examine
print("ready", flush=True)
sys.stdin.readline()
time.sleep(float(delay))
if what == "harvest":
    report = workspace.harvest()
    assert report.ok and not report.index_failed, report
elif what == "finalize":
    spec.finalize(export=True)
elif what == "cleanup":
    spec.cleanup()
elif what == "restore":
    report = spec.restore()
    assert not report.failed, report.failed
elif what == "backup":
    assert not backup(workspace.paths, Path(root, f"backup-{delay}.zip"), force=True).damaged
elif what == "doctor":
    found = examine(workspace.paths, rebuild=True)
    assert not [finding for finding in found if finding.level == "error"], found
"""


def start(workspace: Workspace, what: str, delay: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", DO, str(workspace.paths.root), SPEC, what, str(delay)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def at_once(workspace: Workspace, tasks: tuple[str, ...], chance: random.Random) -> list[str]:
    """Do all tasks at the same time; returns what they complained about."""
    processes = [start(workspace, what, chance.choice([0, 0, chance.uniform(0, 0.05)])) for what in tasks]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=120)[1].strip() for process in processes]


def on_disk(workspace: Workspace) -> dict[tuple[str, str], str]:
    """SHA-256 of each file of the spec, by (area, path)."""
    found = {}
    for area, top in (
        ("spec", workspace.paths.spec_dir(SPEC)),
        ("approvals", workspace.paths.approvals_dir(SPEC)),
    ):
        for folder, _, names in os.walk(top):
            for name in names:
                path = Path(folder, name)
                if not name.startswith("spec.db"):
                    key = (area, path.relative_to(top).as_posix())
                    found[key] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def stored(workspace: Workspace) -> set[tuple[str, str, str]]:
    with SpecStore.reading(workspace.paths.spec_db(SPEC)) as store:
        if store is None:
            return set()
        assert not store.is_damaged()
        return {(v.area, v.rel_path, v.content_hash) for v in store.versions() if v.has_bytes}


@pytest.fixture(scope="module")
def template(demo_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace of one finished spec, never harvested."""
    folder = tmp_path_factory.mktemp("template") / "ws"
    for area in ("specs", "approvals", "post-mortems"):
        source = demo_files / ".spec-workflow" / area / SPEC
        if source.is_dir():
            shutil.copytree(source, folder / ".spec-workflow" / area / SPEC)
    return Workspace.open(folder)


@pytest.mark.parametrize(
    ("before", "tasks"),
    [
        ("", ("harvest", "harvest")),
        ("", ("harvest", "finalize")),
        ("", ("finalize", "finalize")),
        ("harvest", ("backup", "harvest", "harvest")),
        ("harvest", ("finalize", "cleanup")),
        ("harvest", ("harvest", "cleanup")),
        ("harvest", ("cleanup", "cleanup")),
        ("harvest", ("restore", "cleanup")),
        ("cleanup", ("harvest", "restore")),
        ("cleanup", ("restore", "restore")),
        ("cleanup", ("restore", "cleanup")),
        ("cleanup", ("finalize", "restore")),
        ("harvest", ("doctor", "harvest")),
        ("cleanup", ("doctor", "restore", "harvest")),
        ("harvest", ("doctor", "cleanup")),
        ("harvest", ("backup", "cleanup", "finalize")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else value or "new",
)
def test_nothing_is_lost_between_two(
    template: Workspace, tmp_path: Path, before: str, tasks: tuple[str, ...]
) -> None:
    chance = random.Random(f"{before}-{tasks}")
    original = on_disk(template)
    prepared = Workspace.open(shutil.copytree(template.paths.root, tmp_path / "prepared"))
    if before:
        prepared.harvest()
    if before == "cleanup":
        prepared.spec(SPEC).cleanup()
    for attempt in range(ROUNDS):
        workspace = Workspace.open(shutil.copytree(prepared.paths.root, tmp_path / f"ws-{attempt}"))
        complaints = at_once(workspace, tasks, chance)
        here, kept = on_disk(workspace), stored(workspace)
        for key, digest in original.items():
            assert here.get(key) == digest or (*key, digest) in kept, (key, complaints)
        extra = {path for area, path in here.keys() - original.keys()}
        assert extra <= {"COMPLETION-SUMMARY.md"}, extra
        assert complaints == [""] * len(tasks)
        # And what is left to do can be done.
        spec = workspace.spec(SPEC)
        assert workspace.harvest().ok
        again = spec.finalize(export=True)
        assert spec.summary().stage == "complete"
        assert spec.finalize(export=True).completed_at == again.completed_at
        assert spec.restore().kept == []
        now = on_disk(workspace)
        assert [key for key, digest in original.items() if now.get(key) != digest] == []
        assert workspace.search("completion summary", types=["completion-summary"]).results
        with SpecStore.reading(workspace.paths.spec_db(SPEC)) as store:
            assert store is not None and len(store.projections()["runs"]) == len(spec.record().runs)
        shutil.rmtree(workspace.paths.root)

"""Harvest and queries against the least that any program must do: read and hash, stat, or list and parse."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from spw_core.api import Workspace
from spw_core.demo.generate import generate
from spw_core.domain.waves import wave_states
from spw_core.harvest.harvest import harvest_spec
from spw_core.harvest.reading import load_wave_facts, scanned_record
from tests.bench.measure import median_ratio, report, seconds, without_collector

# Specs of a workspace, and how often each thing is measured in it: the largest takes as long as all others.
SIZES = {10: 5, 100: 3, 1000: 1}
WAVES = 50
WAVE_RUNS = 30


def run() -> None:
    """First and second harvest of demo workspaces, with the index and without; the state of many waves."""
    for size, runs in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            _measure_harvest(Path(folder), size, runs)
    with tempfile.TemporaryDirectory() as folder:
        _measure_waves(Path(folder))


def _measure_harvest(folder: Path, size: int, runs: int) -> None:
    workspace = Workspace.open(_workspace(folder / "ws", size))

    def forget() -> None:
        for path in [workspace.paths.index_db, *workspace.paths.specs.glob("*/spec.db")]:
            path.unlink(missing_ok=True)

    def first_harvest() -> float:
        forget()
        return seconds(workspace.harvest)

    def first_harvest_of_databases() -> float:
        forget()
        return seconds(lambda: [harvest_spec(workspace.paths, name) for name in workspace.spec_names()])

    def read_and_hash() -> float:
        return seconds(lambda: [_hash(path) for path in _files(workspace.paths.workflow)])

    def walk() -> float:
        return seconds(lambda: sum(os.lstat(path).st_size for path in _files(workspace.paths.workflow)))

    read_and_hash()  # everything is in the page cache from here on
    ratio = median_ratio(first_harvest_of_databases, read_and_hash, runs)
    report(f"harvest.first_without_index.{size}_specs", ratio, "x read+sha256")
    report(f"harvest.first.{size}_specs", median_ratio(first_harvest, read_and_hash, runs), "x read+sha256")
    _let_time_pass(workspace)
    again = median_ratio(lambda: seconds(workspace.harvest), walk, max(runs, 3))
    report(f"harvest.unchanged.{size}_specs", again, "x scandir+stat")


def _measure_waves(folder: Path) -> None:
    """A spec of many waves, all handed off: its database against the same answer from a scan of its files,
    and against the least that any program must list and parse for it."""
    workspace = Workspace.open(_long_spec(folder / "ws"))
    _let_time_pass(workspace)
    top = workspace.paths.spec_dir("long")

    def scan() -> float:
        return seconds(lambda: wave_states(scanned_record(workspace.paths, "long")))

    def least() -> float:
        return seconds(lambda: _scan_waves(top))

    def ask() -> float:
        return seconds(lambda: wave_states(load_wave_facts(workspace.paths, "long")))

    name, runs = f"wave.state.{WAVES}_waves", WAVE_RUNS
    with without_collector():
        report(name, median_ratio(scan, ask, runs), "x faster than from a scan of the files")
        report(f"{name}_least", median_ratio(least, ask, runs), "x faster than listing and json.loads alone")


def _scan_waves(top: Path) -> dict[str, list[str]]:
    """What has to be read of the files to tell the state of the waves: every status, every pointer file."""
    found: dict[str, list[str]] = {}
    for wave in sorted((top / "execution" / "waves").iterdir()):
        for path in sorted(wave.rglob("*.json")):
            found.setdefault(wave.name, []).append(str(json.loads(path.read_bytes()).get("status")))
        for path in wave.glob("*/run-*/_handoff.md"):
            found[wave.name].append(path.parent.name)
    return found


def _long_spec(target: Path) -> Path:
    waves = target / ".spec-workflow" / "specs" / "long" / "execution" / "waves"
    for number in range(1, WAVES + 1):
        wave = waves / f"wave-{number:02d}"
        for stage, agents in (("execution", ("implementer", "reviewer")), ("checkpoint", _CHECKERS)):
            for agent in agents:
                folder = wave / stage / "run-001" / agent
                folder.mkdir(parents=True)
                (folder / "brief.md").write_text("# Brief\n")
                (folder / "report.md").write_text("# Report\n")
                (folder / "status.json").write_text('{"status": "pass", "summary": "done"}')
            (wave / stage / "run-001" / "_handoff.md").write_text("# Handoff\n")
        (wave / "_wave-summary.json").write_text('{"status": "pass"}')
        (wave / "_latest.json").write_text('{"status": "pass", "checkpoint_run": "run-001"}')
    tasks = "".join(f"- [x] {number}. Task\n  - Wave: {number}\n" for number in range(1, WAVES + 1))
    (waves.parents[1] / "tasks.md").write_text(tasks)
    return target


_CHECKERS = ("evidence-collector", "traceability-judge", "release-gate-decider")


def _let_time_pass(workspace: Workspace) -> None:
    """Make everything older than the moment in which nobody can tell whether a file will change again."""
    earlier = time.time_ns() - 3_600_000_000_000
    for path in workspace.paths.workflow.rglob("*"):
        os.utime(path, ns=(earlier, earlier))
    workspace.harvest()
    for path in workspace.paths.specs.glob("*/spec.db"):
        os.utime(path, ns=(earlier, earlier))


def _workspace(target: Path, size: int) -> Path:
    generate(target, specs=size)
    # Without what no harvest looks at, so that both sides see the same files.
    for entry in (target / ".spec-workflow").iterdir():
        if entry.name not in ("specs", "approvals"):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return target


def _files(top: Path) -> Iterator[str]:
    pending = [str(top)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif not entry.name.startswith(("spec.db", ".spw-index", ".gitignore")):
                    yield entry.path


def _hash(path: str) -> str:
    with open(path, "rb") as stream:  # noqa: PTH123 - the plainest way there is
        return hashlib.sha256(stream.read()).hexdigest()

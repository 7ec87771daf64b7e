"""Harvest against the least that any program must do: read and hash every file, or stat every file."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from spw_core.api import Workspace
from spw_core.demo.generate import generate
from spw_core.harvest.harvest import harvest_spec
from tests.bench.measure import median_ratio, report, seconds

SIZES = (10, 100)
RUNS = 5


def run() -> None:
    """First and second harvest of demo workspaces; with the index, and of spec.db alone."""
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), size)


def _measure(folder: Path, size: int) -> None:
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

    first_harvest()  # everything is in the page cache from here on
    report(f"harvest.first.{size}_specs", median_ratio(first_harvest, read_and_hash, RUNS), "x read+sha256")
    ratio = median_ratio(first_harvest_of_databases, read_and_hash, RUNS)
    report(f"harvest.first_without_index.{size}_specs", ratio, "x read+sha256")
    workspace.harvest()
    again = median_ratio(lambda: seconds(workspace.harvest), walk, RUNS)
    report(f"harvest.unchanged.{size}_specs", again, "x scandir+stat")
    report(f"harvest.first_seconds.{size}_specs", first_harvest(), "s")


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

"""Harvest and queries against the least that any program must do: read and hash, stat, or list and parse."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import apsw

from spw_core.api import Workspace
from spw_core.demo.generate import generate
from spw_core.domain.places import Area, place_of
from spw_core.domain.waves import wave_states
from spw_core.harvest.harvest import store_specs
from spw_core.harvest.index_sync import sync_index
from spw_core.harvest.reading import load_wave_facts, scanned_record
from spw_core.search.documents import is_indexed
from tests.bench.measure import Cost, cost, median_ratio, report, seconds, without_collector

# Specs of a workspace, and how often each thing is measured in it: the largest takes as long as all others.
SIZES = {10: 5, 100: 3, 1000: 1}
WAVES = 50
WAVE_RUNS = 30


def run() -> None:
    """First and second harvest of demo workspaces, by phases; the state of many waves."""
    for size, runs in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            _measure_harvest(Path(folder), size, runs)
    with tempfile.TemporaryDirectory() as folder:
        _measure_waves(Path(folder))


def _measure_harvest(folder: Path, size: int, runs: int) -> None:
    """The first harvest by phases: what stores the files, after which nothing can be lost, and what makes
    them searchable. Beside it what of that no program is spared: the same bytes in bare tables."""
    workspace = Workspace.open(_workspace(folder / "ws", size))
    paths, names = workspace.paths, workspace.spec_names()
    files = [list(_files(top)) for top in (*map(paths.spec_dir, names), paths.workflow / "approvals")]
    texts = [text for path in chain(*files) if (text := _searched_text(path)) is not None]

    def forget() -> None:
        known = paths.memory_dir.glob("knowledge.db*")
        for path in [paths.index_db, *known, *paths.specs.glob("*/spec.db")]:
            path.unlink(missing_ok=True)

    def harvest() -> Cost:
        forget()
        return cost(workspace.harvest)

    def store() -> Cost:
        forget()
        return cost(lambda: store_specs(paths, names))

    def index() -> Cost:
        paths.index_db.unlink()
        return cost(lambda: sync_index(paths, dict.fromkeys(names), everything=True))

    def tables() -> Cost:
        with tempfile.TemporaryDirectory(dir=folder) as target:
            return cost(lambda: _store_barely(files, Path(target)))

    def words() -> Cost:
        with tempfile.TemporaryDirectory(dir=folder) as target:
            return cost(lambda: _index_barely(texts, Path(target) / "words.db"))

    def read_and_hash() -> Cost:
        return cost(lambda: [_hash(path) for path in _files(paths.workflow)])

    def walk() -> Cost:
        return cost(lambda: sum(os.lstat(path).st_size for path in _files(paths.workflow)))

    read_and_hash()  # everything is in the page cache from here on
    _report_ratio(f"harvest.floor_tables.{size}_specs", tables, read_and_hash, runs)
    _report_ratio(f"harvest.floor_fts5.{size}_specs", words, read_and_hash, runs)
    _report_ratio(f"harvest.first_store.{size}_specs", store, read_and_hash, runs)
    harvest()
    _report_ratio(f"harvest.first_index.{size}_specs", index, read_and_hash, runs)
    _report_ratio(f"harvest.first.{size}_specs", harvest, read_and_hash, runs)
    _let_time_pass(workspace)
    _report_ratio(
        f"harvest.unchanged.{size}_specs", lambda: cost(workspace.harvest), walk, max(runs, 3), "scandir+stat"
    )


def _report_ratio(
    name: str, ours: Callable[[], Cost], least: Callable[[], Cost], runs: int, unit: str = "read+sha256"
) -> None:
    """Elapsed time, which waits for the disk, and the processors' time, which helpers do not make less."""
    pairs = [(ours(), least()) for _ in range(runs)]
    cpu = statistics.median(one.cpu_s / other.cpu_s for one, other in pairs)
    elapsed = statistics.median(one.elapsed_s / other.elapsed_s for one, other in pairs)
    report(name, elapsed, f"x {unit} ({cpu:.3g} x in CPU time)")


def _store_barely(groups: list[list[str]], target: Path) -> None:
    """Each group of files read, hashed and put into one plain table of a database of its own, synced once."""
    for number, files in enumerate(groups):
        connection = apsw.Connection(str(target / f"{number}.db"))
        # Nothing is lost when a new database is: no journal, so that it is synced once.
        connection.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = FULL")
        connection.execute("BEGIN; CREATE TABLE files (path TEXT PRIMARY KEY, content BLOB, hash TEXT)")
        connection.executemany("INSERT INTO files VALUES (?, ?, ?)", map(_row, files))
        connection.execute("COMMIT")
        connection.close()


def _index_barely(texts: list[str], target: Path) -> None:
    """The texts, which are in memory, as they are in a full-text table of one column."""
    connection = apsw.Connection(str(target))
    connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5(body, tokenize = 'unicode61')")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO words (body) VALUES (?)", ((text,) for text in texts))
    connection.execute("COMMIT")
    connection.close()


def _row(path: str) -> tuple[str, bytes, str]:
    with open(path, "rb") as stream:  # noqa: PTH123 - the plainest way there is
        content = stream.read()
    return path, content, hashlib.sha256(content).hexdigest()


def _searched_text(path: str) -> str | None:
    """The text of a file that the search knows, else None."""
    area, _, rel_path = path.rpartition("/.spec-workflow/")[2].partition("/")
    where = Area.APPROVALS if area == "approvals" else Area.SPEC
    if not is_indexed(place_of(where, rel_path.partition("/")[2]).kind):
        return None
    return Path(path).read_text("utf-8", "replace")


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

"""`wave-update`: the two files in which a wave says how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from spw_core.dispatch import notes
from spw_core.dispatch.files import is_run_name, json_bytes, replace_stored, wave_folder
from spw_core.dispatch.runs import HIGHEST_WAVE
from spw_core.errors import InvalidName, SpwError
from spw_core.formats.status import BLOCKED, PASS
from spw_core.workspace import WorkspacePaths


@dataclass(frozen=True, slots=True)
class WaveEnd:
    """How a wave ended. The runs are ids like `run-002`, or empty."""

    wave: int
    status: str
    task_ids: Sequence[str]
    checkpoint_run: str = ""
    execution_run: str = ""


@dataclass(frozen=True, slots=True)
class WaveUpdated:
    """Paths relative to the spec."""

    summary_path: str
    latest_path: str
    warnings: tuple[str, ...]


def update_wave(paths: WorkspacePaths, spec: str, end: WaveEnd) -> WaveUpdated:
    """Write `_wave-summary.json` and `_latest.json`; earlier versions stay in the database.

    Raises SpwError before anything is written, and WriteError.
    """
    paths.existing_spec(spec)
    if end.status not in (PASS, BLOCKED):
        raise SpwError(f"status must be pass or blocked, not {end.status[:40]!r}")
    if not 1 <= end.wave <= HIGHEST_WAVE:
        raise SpwError(f"wave must be a whole number from 1 to {HIGHEST_WAVE}, not {end.wave}")
    for run in filter(None, (end.checkpoint_run, end.execution_run)):
        if not is_run_name(run):
            raise InvalidName(f"not a run id: {run[:80]!r}", "It is like run-001.")
    folder = wave_folder(paths, spec, "execution/waves", end.wave)
    summary = {
        "wave": f"{end.wave:02d}",
        "status": end.status,
        "tasks": _ids(end.task_ids),
        "updated_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    latest: dict[str, object] = {"status": end.status}
    if end.execution_run:
        latest["execution"] = end.execution_run
    if end.checkpoint_run:
        # `run_id` is what readers of agents' own files look for.
        latest |= {"checkpoint": end.checkpoint_run, "run_id": end.checkpoint_run}
    warnings = []
    for name, value in (("_wave-summary.json", summary), ("_latest.json", latest)):
        warnings += replace_stored(paths, spec, f"{folder}/{name}", json_bytes(value))[1]
    warnings += notes.harvest_now(paths, spec)
    return WaveUpdated(f"{folder}/_wave-summary.json", f"{folder}/_latest.json", tuple(warnings))


def _ids(task_ids: Sequence[str]) -> list[str] | list[int]:
    """Ids are texts; numbers where all are, for readers that know no others."""
    if all(task_id.isascii() and task_id.isdigit() and len(task_id) < 10 for task_id in task_ids):
        return [int(task_id) for task_id in task_ids]
    return list(task_ids)

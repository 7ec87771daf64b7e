"""The two pointer files of a wave, `_wave-summary.json` and `_latest.json`, in every shape seen."""

from __future__ import annotations

from dataclasses import dataclass

from spw_core.formats.json_object import JsonObject, read_json_object, text_of
from spw_core.formats.problem import Problem
from spw_core.formats.status import BLOCKED, PASS, normalise_verdict


@dataclass(frozen=True, slots=True)
class WaveSummary:
    """`_wave-summary.json`. `status` is normalised and empty when the file gives none."""

    status: str
    summary: str
    task_ids: tuple[str, ...]
    updated_at: str = ""
    run_id: str = ""
    next_wave: str = ""


@dataclass(frozen=True, slots=True)
class WaveLatest:
    """`_latest.json`. `checkpoint_run` is the run directory name the file points at, or empty."""

    status: str
    checkpoint_run: str
    execution_run: str
    summary: str


def parse_wave_summary(data: bytes) -> tuple[WaveSummary | None, list[Problem]]:
    """Read `_wave-summary.json` as written by the tool or by an agent; None when it is not a JSON object."""
    found, problems = read_json_object(data)
    if found is None:
        return None, problems
    entries = found.items("tasks")
    ids = [_task_id(entry) for entry in entries]
    for place, task_id in enumerate(ids):
        if not task_id:
            found.report(f"entry {place + 1} of 'tasks' has no task id", "tasks", place)
    summary = found.text("summary") or "; ".join(
        text for entry in entries if isinstance(entry, dict) and (text := text_of(entry.get("summary")))
    )
    wave_summary = WaveSummary(
        status=_verdict(found, "status") or _verdict(found, "wave_status"),
        summary=summary,
        task_ids=tuple(task_id for task_id in ids if task_id),
        updated_at=found.text("updated_at"),
        run_id=found.text("run_id"),
        next_wave=found.text("next_wave"),
    )
    return wave_summary, problems


def parse_wave_latest(data: bytes) -> tuple[WaveLatest | None, list[Problem]]:
    """Read `_latest.json`; the run is the first of `run_id`, `checkpoint` and the last part of `run_dir`."""
    found, problems = read_json_object(data)
    if found is None:
        return None, problems
    run_dir = found.text("run_dir").replace("\\", "/").rstrip("/")
    latest = WaveLatest(
        status=_verdict(found, "status"),
        checkpoint_run=found.text("run_id") or found.text("checkpoint") or run_dir.rpartition("/")[2],
        execution_run=found.text("execution"),
        summary=found.text("summary"),
    )
    return latest, problems


# What a wave may be beside passed and blocked; anything else is a word that nobody knows.
_UNDECIDED = frozenset(("", "pending", "in-progress", "running", "started", "not-started"))


def _verdict(found: JsonObject, key: str) -> str:
    word = normalise_verdict(found.text(key))
    if word not in (PASS, BLOCKED) and word not in _UNDECIDED:
        found.report(f"{key} {word[:40]!r} is neither pass nor blocked", key)
    return word


def _task_id(entry: object) -> str:
    if isinstance(entry, dict):
        entry = entry.get("task_id", entry.get("id"))
    if isinstance(entry, bool):
        return ""
    return text_of(str(entry)).strip() if isinstance(entry, int | str) else ""

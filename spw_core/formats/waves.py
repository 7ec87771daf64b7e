"""The two pointer files of a wave, `_wave-summary.json` and `_latest.json`, in every shape seen."""

from __future__ import annotations

from dataclasses import dataclass

from spw_core.formats.json_object import load_json_object, text_of
from spw_core.formats.problem import Problem
from spw_core.formats.status import normalise_verdict


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
    value, problems = load_json_object(data)
    if value is None:
        return None, problems
    tasks = value.get("tasks")
    entries = tasks if isinstance(tasks, list) else []
    if tasks is not None and not isinstance(tasks, list):
        problems.append(Problem(0, "'tasks' is not a list"))
    summary = text_of(value.get("summary")) or "; ".join(
        text for entry in entries if isinstance(entry, dict) and (text := text_of(entry.get("summary")))
    )
    return (
        WaveSummary(
            status=normalise_verdict(value.get("status")) or normalise_verdict(value.get("wave_status")),
            summary=summary,
            task_ids=tuple(task_id for entry in entries if (task_id := _task_id(entry))),
            updated_at=text_of(value.get("updated_at")),
            run_id=text_of(value.get("run_id")),
            next_wave=text_of(value.get("next_wave")),
        ),
        problems,
    )


def parse_wave_latest(data: bytes) -> tuple[WaveLatest | None, list[Problem]]:
    """Read `_latest.json`; the run is the first of `run_id`, `checkpoint` and the last part of `run_dir`."""
    value, problems = load_json_object(data)
    if value is None:
        return None, problems
    run_dir = text_of(value.get("run_dir")).replace("\\", "/").rstrip("/")
    return (
        WaveLatest(
            status=normalise_verdict(value.get("status")),
            checkpoint_run=text_of(value.get("run_id"))
            or text_of(value.get("checkpoint"))
            or run_dir.rpartition("/")[2],
            execution_run=text_of(value.get("execution")),
            summary=text_of(value.get("summary")),
        ),
        problems,
    )


def _task_id(entry: object) -> str:
    if isinstance(entry, dict):
        entry = entry.get("task_id", entry.get("id"))
    if isinstance(entry, bool):
        return ""
    return text_of(str(entry)).strip() if isinstance(entry, int | str) else ""

"""SpecRecord <-> the rows of spec.db's projection tables; `to_rows` and `from_rows` are inverses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, TypeVar, cast

from spw_core.domain.model import Document, FileError, ImplLog, Run, SpecRecord, Subagent, WaveFiles
from spw_core.domain.waves import wave_states
from spw_core.formats.approvals import Approval
from spw_core.formats.tasks import Task, TaskStatus
from spw_core.formats.waves import WaveLatest, WaveSummary
from spw_core.harvest.project import run_order
from spw_core.store.rows import Row

_T = TypeVar("_T")

# What the states of the waves do not depend on.
_UNTOLD: dict[str, Any] = {
    **dict.fromkeys(("title", "tdd", "deferred_reason", "blocked_reason", "prompt", "raw_files"), ""),
    **dict.fromkeys(("depends_on", "files", "requirements", "leverage", "parallel_with", "notes"), ()),
    "status": TaskStatus.PENDING,
    "line": 0,
    "deferred": False,
    "raw_depends": "",
}

_encode = json.JSONEncoder(ensure_ascii=False).encode  # which `json.dumps` would make anew for each value

Tables = Mapping[str, Sequence[Mapping[str, Any]]]

# Fields of a Task with a column of their own; the others stand in `details`.
_TASK_COLUMNS = {"line", "id", "title", "status", "wave", "depends_on", "files", "tdd", "deferred"}


def to_rows(record: SpecRecord) -> dict[str, list[Row]]:
    """The rows of every projection table, by table name."""
    return {
        "runs": [_run_row(run) for run in record.runs],
        "subagents": [_subagent_row(run, agent) for run in record.runs for agent in run.subagents],
        "handoffs": [_handoff_row(run) for run in record.runs if run.has_handoff],
        "waves": _wave_rows(record),
        "tasks": [_task_row(task) for task in record.tasks],
        "impl_logs": [asdict(log) for log in record.impl_logs],
        "approvals": [asdict(approval) for approval in record.approvals],
        "harvest_errors": [asdict(error) for error in record.errors],
    }


def to_meta(record: SpecRecord) -> dict[str, str]:
    """What a record knows beyond its rows, for the table spec_meta."""
    return {
        "completed_at": record.completed_at,
        "generation_strategy": record.generation_strategy,
        "has_tasklike_lines": "1" if record.has_tasklike_lines else "",
        "task_warnings": _dump(record.task_warnings),
    }


def from_rows(
    name: str, tables: Tables, meta: Mapping[str, str], documents: Sequence[Document]
) -> SpecRecord:
    """The record that `to_rows` and `to_meta` were given."""
    agents: dict[str, list[Subagent]] = {}
    for row in tables["subagents"]:
        agents.setdefault(row["run_path"], []).append(_subagent(row))
    handoffs = {row["run_path"] for row in tables["handoffs"]}
    runs = (
        _run(row, row["comms_path"] in handoffs, agents.get(row["comms_path"], ())) for row in tables["runs"]
    )
    return SpecRecord(
        name=name,
        documents=tuple(documents),
        runs=tuple(sorted(runs, key=run_order)),
        waves=tuple(_wave_files(row) for row in tables["waves"]),
        tasks=tuple(_task(row) for row in tables["tasks"]),
        has_tasklike_lines=bool(meta.get("has_tasklike_lines")),
        task_warnings=_load(meta.get("task_warnings", "[]")),
        generation_strategy=meta.get("generation_strategy", ""),
        impl_logs=tuple(_pick(ImplLog, row) for row in tables["impl_logs"]),
        approvals=tuple(_pick(Approval, row) for row in tables["approvals"]),
        completed_at=meta.get("completed_at", ""),
        errors=tuple(_pick(FileError, row) for row in tables["harvest_errors"]),
    )


def from_wave_facts(name: str, tables: Mapping[str, Sequence[tuple[Any, ...]]]) -> SpecRecord:
    """A record that has only what the states of the waves follow from; all else in it is left empty."""
    agents: dict[str, list[Subagent]] = {}
    for run_path, agent, path, status in tables["subagents"]:
        agents.setdefault(run_path, []).append(Subagent(agent, path, status, "", False, False, False))
    runs = (
        Run(path, command, number, phase, wave, bool(sealed), tuple(agents.get(path, ())), 0, 0)
        for path, command, number, phase, wave, sealed in tables["runs"]
    )
    return SpecRecord(
        name=name,
        documents=(),
        runs=tuple(sorted(runs, key=run_order)),
        waves=tuple(_pointers(*wave) for wave in _with_pointers(tables["waves"])),
        tasks=tuple(Task(id=task_id, wave=wave, **_UNTOLD) for task_id, wave in tables["tasks"]),
    )


def _pick(kind: type[_T], row: Mapping[str, Any]) -> _T:
    """A dataclass from the columns it has fields for; a newer version may have added others."""
    return kind(**{column.name: row[column.name] for column in fields(cast(Any, kind))})


def _run_row(run: Run) -> Row:
    return {
        "comms_path": run.path,
        "command": run.command,
        "run_number": run.number,
        "phase": run.phase,
        "wave_number": run.wave,
        "status": run.status,
        "all_pass": int(run.all_pass),
        "sealed": int(run.has_handoff),
        "started_ns": run.started_ns,
        "updated_ns": run.updated_ns,
    }


def _run(row: Mapping[str, Any], has_handoff: bool, agents: Sequence[Subagent]) -> Run:
    return Run(
        path=row["comms_path"],
        command=row["command"],
        number=row["run_number"],
        phase=row["phase"],
        wave=row["wave_number"],
        has_handoff=has_handoff,
        subagents=tuple(agents),
        started_ns=row["started_ns"],
        updated_ns=row["updated_ns"],
    )


def _handoff_row(run: Run) -> Row:
    return {
        "run_path": run.path,
        "rel_path": f"{run.path}/_handoff.md",
        "all_pass": int(run.all_pass),
        "updated_ns": run.updated_ns,
    }


def _subagent_row(run: Run, agent: Subagent) -> Row:
    return {
        "run_path": run.path,
        "name": agent.name,
        "path": agent.path,
        "status": agent.status,
        "summary": agent.summary,
        "has_brief": int(agent.has_brief),
        "has_report": int(agent.has_report),
        "has_status": int(agent.has_status),
        "skills_used": _dump(agent.skills_used),
        "skills_missing": _dump(agent.skills_missing),
    }


def _subagent(row: Mapping[str, Any]) -> Subagent:
    return Subagent(
        name=row["name"],
        path=row["path"],
        status=row["status"],
        summary=row["summary"],
        has_brief=bool(row["has_brief"]),
        has_report=bool(row["has_report"]),
        has_status=bool(row["has_status"]),
        skills_used=_load(row["skills_used"]),
        skills_missing=_load(row["skills_missing"]),
    )


def _wave_rows(record: SpecRecord) -> list[Row]:
    files = {wave.number: wave for wave in record.waves}
    return [
        {
            "wave_number": state.number,
            "folder": state.folder,
            "status": state.status,
            "exec_runs": state.exec_runs,
            "check_runs": state.check_runs,
            "checkpoint_status": state.checkpoint.status,
            "checkpoint_run": state.checkpoint.run_path,
            "task_ids": _dump(state.task_ids),
            "summary_json": _dump_object(files[state.number].summary),
            "latest_json": _dump_object(files[state.number].latest),
            "stale_flag": int(bool(state.checkpoint.stale)),
        }
        for state in wave_states(record)
    ]


def _wave_files(row: Mapping[str, Any]) -> WaveFiles:
    summary, latest = (json.loads(row[name] or "null") for name in ("summary_json", "latest_json"))
    return _pointers(row["wave_number"], row["folder"], summary, latest)


def _with_pointers(waves: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Rows (number, folder, summary, latest) with the last two as objects; read as one list, for speed."""
    texts = ",".join(text or "null" for wave in waves for text in wave[2:])
    objects = iter(json.loads(f"[{texts}]"))
    return ((number, folder, next(objects), next(objects)) for number, folder, _, _ in waves)


def _pointers(
    number: int, folder: str, summary: dict[str, Any] | None, latest: dict[str, Any] | None
) -> WaveFiles:
    return WaveFiles(
        number=number,
        folder=folder,
        summary=WaveSummary(**_tuples(summary)) if summary else None,
        latest=WaveLatest(**latest) if latest else None,
    )


def _task_row(task: Task) -> Row:
    details = {
        column.name: getattr(task, column.name) for column in fields(task) if column.name not in _TASK_COLUMNS
    }
    return {
        "line": task.line,
        "task_id": task.id,
        "title": task.title,
        "status": str(task.status),
        "wave": task.wave,
        "depends_on": _dump(task.depends_on),
        "files": _dump(task.files),
        "tdd": task.tdd,
        "is_deferred": int(task.deferred),
        "details": _dump(details),
    }


def _task(row: Mapping[str, Any]) -> Task:
    return Task(
        line=row["line"],
        id=row["task_id"],
        title=row["title"],
        status=TaskStatus(row["status"]),
        wave=row["wave"],
        depends_on=_load(row["depends_on"]),
        files=_load(row["files"]),
        tdd=row["tdd"],
        deferred=bool(row["is_deferred"]),
        **_tuples(json.loads(row["details"])),
    )


def _dump(value: object) -> str:
    return "[]" if value == () else _encode(value)


def _dump_object(value: WaveSummary | WaveLatest | None) -> str | None:
    return None if value is None else _dump(asdict(value))


def _load(text: str) -> tuple[str, ...]:
    return () if text == "[]" else tuple(json.loads(text))


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}

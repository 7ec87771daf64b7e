"""`spw tasks`: the task list of a spec, for programs; `mark` changes one checkbox of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from spw_core.cli.machine import emit, machine_parser
from spw_core.cli.parsers import Subparsers, add_subcommands
from spw_core.cli.spec_argument import TASKS, add_spec, open_spec, planned_record
from spw_core.errors import DocumentNotFound, SpwError

if TYPE_CHECKING:
    from spw_core.api import Spec
    from spw_core.domain.complexity import Complexity
    from spw_core.formats.tasks import Task, TaskCounts, TasksDocument, TaskStatus


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    group = subparsers.add_parser("tasks", help="tasks of a spec (for programs)")
    commands = add_subcommands(group)
    add_spec(machine_parser(commands, "state", "every task with its status", _state))
    add_spec(machine_parser(commands, "next", "what to do next", _next))
    mark = machine_parser(commands, "mark", "set the checkbox of one task", _mark)
    add_spec(mark)
    mark.add_argument("task_id", metavar="ID")
    mark.add_argument("status", metavar="STATUS", help="pending, in_progress, done or blocked")
    mark.add_argument(
        "--require-impl-log", action="store_true", help="refuse `done` without an implementation log"
    )
    add_spec(machine_parser(commands, "count", "how many tasks have which status", _count))
    files = machine_parser(commands, "files", "the files of one task", _files)
    add_spec(files)
    files.add_argument("task_id", metavar="ID")
    add_spec(machine_parser(commands, "validate", "what in tasks.md could not be understood", _validate))
    complexity = machine_parser(commands, "complexity", "how demanding the tasks are", _complexity)
    add_spec(complexity)
    complexity.add_argument("task_id", metavar="ID", nargs="?")
    return group


def _state(args: argparse.Namespace) -> int:
    spec = open_spec(args)
    document = _document(spec)
    value = {
        "spec": spec.name,
        "tasks": [_task_value(task) for task in document.tasks],
        "counts": _counts_value(document.counts()),
        "warnings": [*document.warnings, *map(str, document.problems)],
    }
    return emit(args, value)


def _next(args: argparse.Namespace) -> int:
    spec = open_spec(args)
    record = planned_record(spec)
    if not any(document.path == TASKS and document.area == "spec" for document in record.documents):
        raise _no_tasks(spec)
    answer = spec.next_wave(record)
    value = {
        "spec": spec.name,
        "action": answer.action,
        "wave": answer.wave,
        "task_ids": list(answer.task_ids),
        "deferred_ready": list(answer.deferred_ready),
        "blocked": [
            {
                "task_id": stuck.task_id,
                "unmet": list(stuck.unmet),
                "cycle": list(stuck.cycle),
                "why": stuck.why,
            }
            for stuck in answer.blocked
        ],
        "reason": answer.reason,
        "warnings": list(answer.warnings),
    }
    return emit(args, value, answer.action)


def _mark(args: argparse.Namespace) -> int:
    from spw_core.dispatch.marking import mark_in_file
    from spw_core.formats.task_mark import TaskMarkError
    from spw_core.formats.task_values import normalise_id

    status = read_task_status(args.status)
    spec = open_spec(args)
    task_id = normalise_id(args.task_id)
    if args.require_impl_log and status == "done":
        _require_log(spec, task_id)
    try:
        result = mark_in_file(spec.paths, spec.name, task_id, status)
    except TaskMarkError as error:
        raise TaskMarkError(f"{error.message} in {spec.file(TASKS)}", error.hint) from error
    value = {
        "spec": spec.name,
        "task_id": task_id,
        "status": status.value,
        "previous_status": result.previous.value,
        "changed": result.changed,
        "line": result.line,
        "warnings": [result.note] if result.note else [],
    }
    return emit(args, value, "ok")


def _count(args: argparse.Namespace) -> int:
    spec = open_spec(args)
    counts = _document(spec).counts()
    return emit(args, {"spec": spec.name, "counts": _counts_value(counts)}, f"{counts.done}/{counts.total}")


def _files(args: argparse.Namespace) -> int:
    spec = open_spec(args)
    task = _task(_document(spec), args.task_id)
    value = {"spec": spec.name, "task_id": task.id, "files": list(task.files)}
    return emit(args, value, "\n".join(task.files))


def _validate(args: argparse.Namespace) -> int:
    spec = open_spec(args)
    document = _document(spec)
    errors = [str(problem) for problem in document.problems]
    value = {
        "spec": spec.name,
        "valid": not errors,
        "errors": errors,
        "warnings": list(document.warnings),
    }
    return emit(args, value, "invalid" if errors else "valid")


def _complexity(args: argparse.Namespace) -> int:
    from spw_core.domain.complexity import complexity_of

    spec = open_spec(args)
    document = _document(spec)
    if args.task_id is not None:
        found = complexity_of(_task(document, args.task_id))
        return emit(args, {"spec": spec.name, **_complexity_value(found)}, found.model_hint)
    scores = [_complexity_value(complexity_of(task)) for task in document.tasks]
    return emit(args, {"spec": spec.name, "scores": scores})


def _document(spec: Spec) -> TasksDocument:
    from spw_core.formats.tasks import parse_tasks

    try:
        return parse_tasks(spec.read(TASKS))
    except DocumentNotFound as error:
        raise _no_tasks(spec) from error


def _no_tasks(spec: Spec) -> DocumentNotFound:
    return DocumentNotFound(f"cannot read tasks.md: {spec.name} has none", "`tasks-plan` writes it.")


def _task(document: TasksDocument, task_id: str) -> Task:
    task = document.task(task_id)
    if task is None:
        known = ", ".join(task.id for task in document.tasks[:12])
        raise DocumentNotFound(f"task {task_id} not found", f"The tasks are {known}." if known else "")
    return task


def read_task_status(text: str) -> TaskStatus:
    """A status as workflows write it. Raises SpwError."""
    from spw_core.formats.task_words import TaskStatus

    try:
        return TaskStatus(text.strip().lower().replace("-", "_"))
    except ValueError:
        known = ", ".join(TaskStatus)
        raise SpwError(f"unknown status: {text[:40]}", f"A task is one of {known}.") from None


def find_written_log(spec: Spec, task_id: str) -> str:
    """The path of the longest log of a task that says something, relative to the spec; else empty.

    A log belongs to the task that its file name says and to the one that its heading says: agents copy
    headings, and the guard must not refuse the file it asked for.
    """
    logs = [log for log in spec.record().impl_logs if task_id in (log.task_id, _named_task(log.path))]
    for log in sorted(logs, key=lambda log: log.size, reverse=True):
        if spec.read(log.path).strip():
            return log.path
    return ""


def _named_task(path: str) -> str:
    from spw_core.formats.task_values import normalise_id

    return normalise_id(path.rpartition("/")[2].removesuffix(".md").removeprefix("task-"))


def _require_log(spec: Spec, task_id: str) -> None:
    """Raise unless a log of exactly this task says something; an empty file proves no work."""
    from spw_core.dispatch.logs import log_path

    if not find_written_log(spec, task_id):
        hint = f"Write {log_path(task_id)} first."
        raise SpwError(f"implementation log missing for task {task_id}", hint)


def _task_value(task: Task) -> dict[str, object]:
    value: dict[str, object] = {
        "id": task.id,
        "title": task.title,
        "status": task.status.value,
        "wave": task.wave or 0,
        "is_deferred": task.deferred,
        "raw_line": task.line,
    }
    optional = {"depends_on": list(task.depends_on), "files": task.raw_files, "tdd": task.tdd}
    return value | {name: content for name, content in optional.items() if content}


def _counts_value(counts: TaskCounts) -> dict[str, int]:
    from dataclasses import asdict

    return asdict(counts)


def _complexity_value(found: Complexity) -> dict[str, object]:
    return {
        "task_id": found.task_id,
        "score": found.score,
        "model_hint": found.model_hint,
        "factors": list(found.factors),
    }

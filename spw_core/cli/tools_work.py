"""`spw tools impl-log|wave-update|task-mark`: what is written down while a wave is worked on."""

from __future__ import annotations

import argparse

from spw_core.cli.machine import emit, emit_warned, machine_parser
from spw_core.cli.parsers import Subparsers, add_subcommands
from spw_core.cli.spec_argument import add_spec, open_spec, read_number
from spw_core.errors import SpecNotFound, SpwError


def add_commands(commands: Subparsers) -> None:
    group = commands.add_parser("impl-log", help="implementation logs of tasks", group=True)
    logs = add_subcommands(group)
    register = machine_parser(logs, "register", "write the log of a task", _register)
    add_spec(register)
    for name in ("task-id", "wave", "title", "files", "changes"):
        register.add_argument(f"--{name}", required=True, metavar="TEXT")
    register.add_argument("--tests", default="", metavar="TEXT")
    check = machine_parser(logs, "check", "which tasks have a log", _check)
    add_spec(check)
    check.add_argument("--task-ids", required=True, metavar="ID,ID")
    wave = machine_parser(commands, "wave-update", "write down how a wave ended", _wave_update)
    add_spec(wave)
    wave.add_argument("--wave", required=True, metavar="N")
    wave.add_argument("--status", required=True, metavar="STATUS", help="pass or blocked")
    wave.add_argument("--tasks", required=True, metavar="ID,ID")
    wave.add_argument("--checkpoint-run", default="", metavar="RUN")
    wave.add_argument("--execution-run", default="", metavar="RUN")
    mark = machine_parser(commands, "task-mark", "set the checkbox of one task", _task_mark)
    add_spec(mark)
    mark.add_argument("--task-id", required=True, metavar="ID")
    mark.add_argument("--status", required=True, metavar="STATUS", help="in-progress, done, blocked, pending")


def _register(args: argparse.Namespace) -> int:
    from spw_core.dispatch.files import shown
    from spw_core.dispatch.logs import LogEntry, check_task_id, register_log

    paths = open_spec(args).paths
    entry = LogEntry(
        task_id=check_task_id(args.task_id),
        wave=f"{read_number(args.wave, 'wave'):02d}",
        title=args.title,
        files=_parts(args.files),
        changes=args.changes,
        tests=args.tests,
    )
    done = register_log(paths, args.spec, entry)
    path = shown(paths, args.spec, done.path)
    result = {"task_id": entry.task_id, "path": path, "created": True, "replaced": done.replaced}
    return emit_warned(args, result, path, done.warnings)


def _check(args: argparse.Namespace) -> int:
    from spw_core.cli.tasks import find_written_log
    from spw_core.dispatch.files import shown
    from spw_core.dispatch.logs import check_task_id, log_path
    from spw_core.workspace import find_workspace

    task_ids = [check_task_id(part) for part in _parts(args.task_ids)]
    if not task_ids:
        raise SpwError("no task id was given", "Give them like --task-ids 1,2.")
    paths = find_workspace(args.workspace)
    try:
        spec = open_spec(args)
        found = {task_id: find_written_log(spec, task_id) for task_id in task_ids}
    except SpecNotFound:  # no spec, no logs: an answer
        found = dict.fromkeys(task_ids, "")
    missing = [task_id for task_id, path in found.items() if not path]
    result: dict[str, object] = {
        "all_present": not missing,
        "tasks": {
            task_id: {"exists": bool(path), "path": shown(paths, args.spec, path or log_path(task_id))}
            for task_id, path in found.items()
        },
    }
    if missing:
        result["missing"] = missing
    return emit(args, result, "false" if missing else "true")


def _wave_update(args: argparse.Namespace) -> int:
    from spw_core.dispatch.files import shown
    from spw_core.dispatch.logs import check_task_id
    from spw_core.dispatch.waves import WaveEnd, update_wave

    paths = open_spec(args).paths
    end = WaveEnd(
        wave=read_number(args.wave, "wave"),
        status=args.status.strip().lower(),
        task_ids=[check_task_id(part) for part in _parts(args.tasks)],
        checkpoint_run=args.checkpoint_run,
        execution_run=args.execution_run,
    )
    done = update_wave(paths, args.spec, end)
    summary = shown(paths, args.spec, done.summary_path)
    result = {
        "wave": f"{end.wave:02d}",
        "summary_path": summary,
        "latest_path": shown(paths, args.spec, done.latest_path),
    }
    return emit_warned(args, result, summary, done.warnings)


def _task_mark(args: argparse.Namespace) -> int:
    from spw_core.cli.tasks import read_task_status
    from spw_core.dispatch.files import shown
    from spw_core.dispatch.marking import mark_in_file
    from spw_core.dispatch.notes import harvest_now
    from spw_core.formats.task_mark import TaskMarkError
    from spw_core.formats.task_values import normalise_id

    status = read_task_status(args.status)
    paths = open_spec(args).paths
    task_id = normalise_id(args.task_id)
    try:
        marked = mark_in_file(paths, args.spec, task_id, status)
    except TaskMarkError as error:
        message = error.message.replace(f"task {task_id} not found", f"task ID {task_id} not found")
        raise TaskMarkError(f"{message} in tasks.md", error.hint) from error
    path = shown(paths, args.spec, "tasks.md")
    result = {
        "task_id": task_id,
        "previous_status": marked.previous.value.replace("_", "-"),
        "new_status": status.value.replace("_", "-"),
        "tasks_path": path,
    }
    warnings = [marked.note] if marked.note else []
    return emit_warned(args, result, path, [*warnings, *harvest_now(paths, args.spec)])


def _parts(text: str) -> list[str]:
    return [part for item in text.split(",") if (part := item.strip())]

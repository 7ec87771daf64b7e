"""`spw tools wave-status|wave-resolve-current|spec-resolve-dir|approval-fallback-id|verify-task`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from spw_core.cli.machine import emit, machine_parser
from spw_core.cli.parsers import Subparsers
from spw_core.cli.spec_argument import add_spec, open_spec, record_of
from spw_core.errors import SpecNotFound, SpwError
from spw_core.names import APPROVALS_DIR, DASHBOARDS, SPECS_DIR, WORKFLOW_DIR

if TYPE_CHECKING:
    from spw_core.api import Spec
    from spw_core.workspace import WorkspacePaths


def add_commands(commands: Subparsers) -> None:
    add_spec(machine_parser(commands, "wave-status", "where execution stands", _wave_status))
    add_spec(
        machine_parser(commands, "wave-resolve-current", "the newest wave folder", _wave_resolve_current)
    )
    add_spec(machine_parser(commands, "spec-resolve-dir", "the folder of a spec", _spec_resolve_dir))
    approval = machine_parser(
        commands, "approval-fallback-id", "the approval that counts for a document", _approval_fallback_id
    )
    add_spec(approval)
    approval.add_argument("doc_type", metavar="DOCUMENT", help="requirements, design or tasks")
    verify = machine_parser(commands, "verify-task", "is there a log, and a commit?", _verify_task)
    add_spec(verify)
    verify.add_argument("--task-id", required=True, metavar="ID")
    verify.add_argument("--check-commit", action="store_true", help="look for a commit of the task too")


def _wave_status(args: argparse.Namespace) -> int:
    from spw_core.domain.wave_status import wave_status

    spec = open_spec(args)
    status = wave_status(record_of(spec))
    result = {
        "spec": spec.name,
        "waves": [
            {
                "wave": wave.number,
                "status": wave.status,
                "tasks": wave.task_ids,
                "checkpoint": wave.checkpoint,
            }
            for wave in status.waves
        ],
        "current_wave": status.current_wave,
        "wave_status": status.wave_status,
        "checkpoint_status": status.checkpoint_status,
        "next_tasks": status.next_tasks,
        "in_progress_tasks": status.in_progress_tasks,
        "resume_action": status.resume_action,
        "total_tasks": status.total_tasks,
        "completed_tasks": status.completed_tasks,
        "warnings": status.warnings,
    }
    return emit(args, result, status.current_wave)


def _wave_resolve_current(args: argparse.Namespace) -> int:
    from spw_core.domain.wave_status import current_wave

    try:
        wave = current_wave(record_of(open_spec(args)))
    except SpecNotFound:
        wave = None
    if wave is None:
        return emit(args, {"spec": args.spec, "found": False, "wave": None, "directory": None}, "none")
    name = wave.folder.rpartition("/")[2]
    directory = f"{_spec_folder(args.spec)}/{wave.folder}"
    return emit(args, {"spec": args.spec, "found": True, "wave": name, "directory": directory}, name)


def _spec_resolve_dir(args: argparse.Namespace) -> int:
    from spw_core.workspace import find_workspace

    found = find_workspace(args.workspace).spec_dir(args.spec).is_dir()
    directory = _spec_folder(args.spec) if found else ""
    return emit(args, {"spec": args.spec, "found": found, "directory": directory}, directory)


def _approval_fallback_id(args: argparse.Namespace) -> int:
    from spw_core.domain.approval_lookup import find_approval

    if f"{args.doc_type.lower()}.md" not in DASHBOARDS:
        raise SpwError(f"unknown document: {args.doc_type}", "It is one of: requirements, design, tasks.")
    try:
        approval = find_approval(open_spec(args).record(), args.doc_type)
    except SpecNotFound:
        approval = None
    result: dict[str, object] = {"spec": args.spec, "doc_type": args.doc_type}
    if approval is None:
        return emit(args, result | {"approval_id": None, "source": None, "status": None})
    result |= {
        "approval_id": approval.approval_id or None,
        "source": f"{WORKFLOW_DIR}/{APPROVALS_DIR}/{args.spec}/{approval.path}",
        "status": approval.status,
    }
    return emit(args, result, approval.approval_id)


def _verify_task(args: argparse.Namespace) -> int:
    from spw_core.dispatch.logs import check_task_id, log_path
    from spw_core.workspace import find_workspace

    paths = find_workspace(args.workspace)
    task_id = check_task_id(args.task_id)
    try:
        log = _log_path(open_spec(args), task_id)
    except SpecNotFound:
        log = ""
    path = log or f"{_spec_folder(args.spec)}/{log_path(task_id)}"
    result: dict[str, object] = {"task_id": task_id, "impl_log": {"exists": bool(log), "path": path}}
    if args.check_commit:
        result["commit"] = _commit(paths, args.spec, task_id)
    return emit(args, result, log)


def _log_path(spec: Spec, task_id: str) -> str:
    """The implementation log of a task, relative to the workspace; empty when there is none with text."""
    from spw_core.cli.tasks import find_written_log

    path = find_written_log(spec, task_id)
    return f"{_spec_folder(spec.name)}/{path}" if path else ""


def _commit(paths: WorkspacePaths, spec: str, task_id: str) -> dict[str, object]:
    from spw_core.cli.git_log import commits_naming
    from spw_core.domain.commits import commit_of_task

    others = set(paths.spec_names()) - {spec}
    commit = commit_of_task(commits_naming(f"task {task_id}", paths.root), spec, task_id, others)
    if commit is None:
        return {"exists": False, "hash": "", "message": ""}
    return {"exists": True, "hash": commit.hash, "message": commit.subject}


def _spec_folder(spec: str) -> str:
    return f"{WORKFLOW_DIR}/{SPECS_DIR}/{spec}"

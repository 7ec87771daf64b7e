"""`spw spec`: what specs there are and what each of them has, for programs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from spw_core.cli.machine import emit, machine_parser
from spw_core.cli.parsers import Subparsers, add_subcommands
from spw_core.cli.spec_argument import add_spec, open_spec, record_of
from spw_core.errors import SpecNotFound
from spw_core.names import APPROVALS_DIR, SPECS_DIR, WORKFLOW_DIR

if TYPE_CHECKING:
    from spw_core.api import Spec


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    group = subparsers.add_parser("spec", help="facts about specs (for programs)")
    commands = add_subcommands(group)
    machine_parser(commands, "list", "the names of all specs", _list)
    add_spec(machine_parser(commands, "stage", "how far a spec has come", _stage))
    add_spec(
        machine_parser(commands, "artifacts", "which documents it has, and what is misplaced", _artifacts)
    )
    prereqs = machine_parser(commands, "prereqs", "whether a workflow command can start", _prereqs)
    add_spec(prereqs)
    # Not `command`: that is where the name of the group is kept.
    prereqs.add_argument("of_command", metavar="COMMAND", help="exec, checkpoint, …")
    approval = machine_parser(commands, "approval", "the approval of a document that counts", _approval)
    add_spec(approval)
    approval.add_argument("doc_type", metavar="DOCUMENT", help="requirements, design or tasks")
    add_spec(machine_parser(commands, "resolve", "the folder of a spec", _resolve))
    return group


def _list(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    names = Workspace.open(args.workspace).spec_names()
    return emit(args, {"specs": names, "count": len(names)}, "\n".join(names))


def _stage(args: argparse.Namespace) -> int:
    from spw_core.domain.stage import stage_of

    spec = open_spec(args)
    stage = stage_of(record_of(spec))
    return emit(args, {"spec": spec.name, "stage": stage}, stage)


def _artifacts(args: argparse.Namespace) -> int:
    from spw_core.domain.artifacts import OLD_PLACES, artifacts_of, deviations_of

    spec = open_spec(args)
    record = spec.record()
    deviations = [
        {"found": deviation.found, "canonical": deviation.canonical}
        for deviation in deviations_of(record, _existing_folders(spec, OLD_PLACES))
    ]
    return emit(args, {"spec": spec.name, "artifacts": artifacts_of(record), "deviations": deviations})


def _prereqs(args: argparse.Namespace) -> int:
    from spw_core.domain.prerequisites import PREREQUISITES, missing_prerequisites

    spec, command = open_spec(args), args.of_command
    folders = _existing_folders(spec, PREREQUISITES.get(command, ()))
    missing = missing_prerequisites(spec.record(), command, folders)
    value = {"spec": spec.name, "command": command, "ready": not missing, "missing": list(missing)}
    return emit(args, value, "not-ready" if missing else "ready")


def _approval(args: argparse.Namespace) -> int:
    from spw_core.domain.approval_lookup import find_approval

    spec = open_spec(args)
    found = find_approval(spec.record(), args.doc_type)
    value = {
        "spec": spec.name,
        "doc_type": args.doc_type,
        "found": found is not None,
        "approval_id": found.approval_id if found else "",
        "source": f"{WORKFLOW_DIR}/{APPROVALS_DIR}/{spec.name}/{found.path}" if found else "",
        "status": found.status if found else "",
        "version": found.version if found else 0,
    }
    return emit(args, value, found.approval_id if found else "")


def _resolve(args: argparse.Namespace) -> int:
    try:
        name = open_spec(args).name
    except SpecNotFound:
        return emit(args, {"spec": args.spec, "found": False, "directory": ""})
    directory = f"{WORKFLOW_DIR}/{SPECS_DIR}/{name}"
    return emit(args, {"spec": name, "found": True, "directory": directory}, directory)


def _existing_folders(spec: Spec, candidates: Iterable[str]) -> frozenset[str]:
    """Those of the paths that are folders on disk; empty ones are not among the facts of a spec."""
    from spw_core.harvest.spec_folder import SpecFolder, is_folder

    return frozenset(path for path in candidates if is_folder(spec.paths, SpecFolder(spec.name, path)))

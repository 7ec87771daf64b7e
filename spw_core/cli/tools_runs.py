"""`spw tools handoff-validate|runs-latest-unfinished`: is a run complete?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from spw_core.cli.machine import emit, machine_parser
from spw_core.cli.parsers import Subparsers
from spw_core.errors import InvalidName, SpecNotFound
from spw_core.names import SPECS_DIR, WORKFLOW_DIR

if TYPE_CHECKING:
    from spw_core.domain.runs import RunCheck


def add_commands(commands: Subparsers) -> None:
    parser = machine_parser(commands, "handoff-validate", "what a run lacks", _handoff_validate)
    parser.add_argument("run_dir", metavar="RUN-DIR")
    parser = machine_parser(
        commands, "runs-latest-unfinished", "the run of a folder to go on with", _runs_latest_unfinished
    )
    parser.add_argument("phase_dir", metavar="DIR")


def _handoff_validate(args: argparse.Namespace) -> int:
    from spw_core.domain.runs import check_run
    from spw_core.harvest.run_folders import run_at
    from spw_core.harvest.spec_folder import locate
    from spw_core.workspace import find_workspace

    paths = find_workspace(args.workspace)
    check = check_run(run_at(paths, locate(paths, args.run_dir)))
    result = {"run_dir": args.run_dir, "valid": check.is_finished, **_findings(check)}
    return emit(args, result, "valid" if check.is_finished else "invalid")


def _runs_latest_unfinished(args: argparse.Namespace) -> int:
    from spw_core.domain.runs import latest_unfinished
    from spw_core.harvest.run_folders import runs_below
    from spw_core.harvest.spec_folder import is_folder, locate
    from spw_core.workspace import find_workspace

    paths = find_workspace(args.workspace)
    result: dict[str, object] = {"phase_dir": args.phase_dir, "found": False, "run": None}
    try:
        folder = locate(paths, args.phase_dir)
    except InvalidName:  # no folder of a spec: nothing in it is looked at
        return emit(args, result | {"reason": "phase_dir_missing"})
    try:
        runs = runs_below(paths, folder)
    except SpecNotFound:
        runs = []
    check = latest_unfinished(runs)
    if check is None:
        there = bool(runs) or is_folder(paths, folder)
        return emit(args, result | {"reason": "no_unfinished_run" if there else "phase_dir_missing"})
    run = f"{WORKFLOW_DIR}/{SPECS_DIR}/{folder.spec}/{check.run.path}"
    return emit(args, result | {"found": True, "run": run, **_findings(check)}, run)


def _findings(check: RunCheck) -> dict[str, object]:
    from spw_core.formats.status import BLOCKED

    return {
        "issues": check.issues,
        "subagents": [
            {"name": agent.name, "missing": agent.missing_files, "blocked": agent.status == BLOCKED}
            for agent in check.run.subagents
        ],
    }

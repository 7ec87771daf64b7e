"""`spw tools dispatch-init|dispatch-setup|dispatch-handoff|dispatch-read-status`: the life of a run."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from spw_core.cli.machine import emit_warned, machine_parser
from spw_core.errors import InvalidName, SpecNotFound, SpwError
from spw_core.workspace import find_workspace

if TYPE_CHECKING:
    import argparse

    from spw_core.cli.parsers import Subparsers
    from spw_core.formats.status import StatusReport
    from spw_core.workspace import WorkspacePaths


def add_commands(commands: Subparsers) -> None:
    parser = machine_parser(commands, "dispatch-init", "open a run of a command", _init, spec_last=True)
    parser.add_argument("run_command", metavar="COMMAND")
    parser.add_argument("spec", metavar="SPEC", help="name of the spec; --spec NAME means the same")
    parser.add_argument("--wave", metavar="N", help="the wave, for the commands that work in waves")
    parser = machine_parser(commands, "dispatch-setup", "a folder and a brief for a subagent", _setup)
    parser.add_argument("subagent", metavar="SUBAGENT")
    parser.add_argument("--run-dir", required=True, metavar="DIR")
    parser.add_argument("--model-alias", default="", metavar="ALIAS", help="print the model for this work")
    parser = machine_parser(commands, "dispatch-read-status", "the verdict of a subagent", _read_status)
    parser.add_argument("subagent", metavar="SUBAGENT")
    parser.add_argument("--run-dir", required=True, metavar="DIR")
    parser = machine_parser(commands, "dispatch-handoff", "sum a run up and store it", _handoff)
    parser.add_argument("--run-dir", required=True, metavar="DIR")
    parser.add_argument("--command", dest="run_command", default="", metavar="COMMAND")


def _init(args: argparse.Namespace) -> int:
    from spw_core.cli.spec_argument import read_number
    from spw_core.dispatch.files import shown
    from spw_core.dispatch.runs import open_run
    from spw_core.dispatch.settings import dispatch_settings

    wave = None if args.wave is None else read_number(args.wave, "wave")
    paths = find_workspace(args.workspace)
    run = open_run(paths, args.run_command, args.spec, wave)
    settings = dispatch_settings(paths)
    run_dir = shown(paths, run.spec, run.path)
    result = {
        "run_dir": run_dir,
        "run_id": run.run_id,
        "spec_dir": shown(paths, run.spec),
        "phase": run.command.name if run.command.name == "discover" else run.command.phase,
        "command": run.command.name,
        "category": run.command.category,
        "subcategory": run.command.subcategory,
        "dispatch_policy": run.command.policy,
        "models": settings.models,
        "execution": settings.execution,
        "planning": settings.planning,
    }
    return emit_warned(args, result, run_dir, [*settings.warnings, *run.warnings])


def _setup(args: argparse.Namespace) -> int:
    from spw_core.dispatch.briefs import brief_agent
    from spw_core.dispatch.files import run_folder, shown
    from spw_core.dispatch.settings import dispatch_settings

    paths = find_workspace(args.workspace)
    settings = dispatch_settings(paths)
    models = settings.models
    if args.model_alias and args.model_alias not in models:
        raise SpwError(f"unknown model alias: {args.model_alias[:80]}", f"Aliases are: {', '.join(models)}.")
    run = run_folder(paths, args.run_dir)
    agent = brief_agent(paths, run, args.subagent, settings)
    folder = shown(paths, run.spec, agent.path)
    result = {
        "subagent_dir": folder,
        "brief_path": f"{folder}/brief.md",
        "report_path": f"{folder}/report.md",
        "status_path": f"{folder}/status.json",
        "model": models[args.model_alias] if args.model_alias else "",
        "created": agent.created,
    }
    return emit_warned(args, result, folder, [*settings.warnings, *agent.warnings])


def _handoff(args: argparse.Namespace) -> int:
    from spw_core.dispatch.files import run_folder, shown
    from spw_core.dispatch.handoff import hand_off
    from spw_core.domain.registry import COMMANDS

    paths = find_workspace(args.workspace)
    run = run_folder(paths, args.run_dir)
    done = hand_off(paths, run)
    path = shown(paths, run.spec, f"{run.path}/_handoff.md")
    result: dict[str, object] = {
        "handoff_path": path,
        "subagents": [agent._asdict() for agent in done.agents],
        "all_pass": done.all_pass,
        "written": done.written,
    }
    if args.run_command in COMMANDS:
        result["category"] = COMMANDS[args.run_command].category
    code = emit_warned(args, result, path, done.warnings)
    if done.is_behind:
        harvest_behind(paths, run.spec)
    return code


def harvest_behind(paths: WorkspacePaths, spec: str) -> None:
    """Start the harvest that tells the index of a run that is stored, and do not wait for it."""
    import sys

    from spw_core.hook.detach import run_spw

    sys.stdout.flush()
    with suppress(OSError):  # no process to be had: whoever searches next makes up for it
        run_spw("harvest", spec, "--workspace", str(paths.root.absolute()))


def _read_status(args: argparse.Namespace) -> int:
    from spw_core.cli.machine import emit
    from spw_core.formats.status import BLOCKED, INVALID, MISSING, MISSING_STATUS, PASS
    from spw_core.workspace import check_name

    paths = find_workspace(args.workspace)
    subagent = check_name(args.subagent, "subagent")
    try:
        report, problems = _find_status(paths, args.run_dir, subagent)
    # No spec or no folder of one, no status: an answer, as it is for a run that is not there.
    except (InvalidName, SpecNotFound):
        report, problems = MISSING_STATUS, ""
    result: dict[str, object] = {"status": report.status, "valid": report.status in (PASS, BLOCKED)}
    if report.status == MISSING:
        result["error"] = "status.json not found"
    elif report.status == INVALID:
        result["error"] = problems
    else:
        result["summary"] = report.summary
        if not result["valid"]:
            result["error"] = f"status must be pass or blocked, not {report.raw_status[:40]!r}"
    return emit(args, result, report.status)


def _find_status(paths: WorkspacePaths, run_dir: str, subagent: str) -> tuple[StatusReport, str]:
    """The status on disk, where it nearly always is; else what the database remembers of the run."""
    from spw_core.formats.status import parse_status
    from spw_core.harvest.read_file import read_file
    from spw_core.harvest.spec_folder import locate

    folder = locate(paths, run_dir)
    agent = f"{folder.path}/{subagent}"
    try:
        found = read_file(paths.spec_dir(folder.spec), f"{agent}/status.json", whole=True).content or b""
        report, problems = parse_status(found)
    except OSError:
        from spw_core.harvest.reading import load_record
        from spw_core.harvest.run_folders import read_status

        report, problems = read_status(paths, load_record(paths, folder.spec), agent)
    return report, "; ".join(map(str, problems))

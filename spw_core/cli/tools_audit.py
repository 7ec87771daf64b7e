"""`spw tools dispatch-init-audit|audit-iteration`: audits inside a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spw_core.cli.machine import emit_warned, machine_parser
from spw_core.errors import SpwError
from spw_core.workspace import find_workspace

if TYPE_CHECKING:
    import argparse

    from spw_core.cli.parsers import Parser, Subparsers
    from spw_core.dispatch.audits import Tries

_MESSAGES = {
    True: "OK - YOU CAN TRY AGAIN",
    False: "BLOCKED - NO MORE TRIES, LET THE MAIN AGENT KNOW",
}


def add_commands(commands: Subparsers) -> None:
    parser = machine_parser(commands, "dispatch-init-audit", "a folder for an audit inside a run", _init)
    _add_audit(parser)
    parser.add_argument("--iteration", type=int, default=1, metavar="N", help="from 1, the default")
    parser = machine_parser(commands, "audit-iteration", "count the tries of an audit", _iteration)
    parser.add_argument("step", choices=("start", "check", "advance"))
    _add_audit(parser)
    parser.add_argument("--max", type=int, default=0, metavar="N", help="start: tries that are allowed")
    parser.add_argument("--result", default="", metavar="TEXT", help="advance: how the current try ended")


def _add_audit(parser: Parser) -> None:
    parser.add_argument("--run-dir", required=True, metavar="DIR")
    parser.add_argument("--type", required=True, metavar="TYPE", help="inline-audit or inline-checkpoint")


def _init(args: argparse.Namespace) -> int:
    from spw_core.dispatch.audit_folders import make_audit_folder
    from spw_core.dispatch.files import run_folder, shown

    paths = find_workspace(args.workspace)
    run = run_folder(paths, args.run_dir)
    iteration = max(args.iteration, 1)
    folder = shown(paths, run.spec, make_audit_folder(paths, run, args.type, iteration))
    return emit_warned(args, {"audit_dir": folder, "type": args.type, "iteration": iteration}, folder, ())


def _iteration(args: argparse.Namespace) -> int:
    from spw_core.dispatch import audits
    from spw_core.dispatch.files import run_folder, shown

    paths = find_workspace(args.workspace)
    run = run_folder(paths, args.run_dir)
    if args.step == "check":
        return _checked(args, audits.check(paths, run, args.type))
    if args.step == "start":
        tries = audits.start(paths, run, args.type, args.max if args.max > 0 else _default_maximum(args))
        path = shown(paths, run.spec, tries.path)
        result = {
            "iteration": tries.current,
            "max": tries.maximum,
            "remaining": tries.remaining,
            "allowed": tries.may_go_on or tries.current == 1,
            "state_path": path,
        }
        return emit_warned(args, result, path, tries.warnings)
    if not args.result.strip():
        raise SpwError("advance needs --result", "Say how the current try ended: pass or blocked.")
    tries = audits.advance(paths, run, args.type, args.result)
    result = {
        "advanced_to": tries.current,
        "max": tries.maximum,
        "remaining": tries.remaining,
        "next_allowed": tries.may_go_on,
    }
    return emit_warned(args, result, str(tries.current), tries.warnings)


def _checked(args: argparse.Namespace, tries: Tries) -> int:
    message = _MESSAGES[tries.may_go_on]
    result = {
        "allowed": tries.may_go_on,
        "iteration": tries.current,
        "max": tries.maximum,
        "remaining": tries.remaining,
        "message": message,
    }
    return emit_warned(args, result, message, ())


def _default_maximum(args: argparse.Namespace) -> int:
    from spw_core.cli.settings import machine_config

    return machine_config(args).config.verification.inline_audit_max_iterations

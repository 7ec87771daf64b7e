"""`spw hooks`: register the hooks with Claude Code, and take them out again."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from spw_core.cli.output import print_json, print_line, print_text
from spw_core.cli.parsers import Parser, Subparsers

if TYPE_CHECKING:
    from spw_core.install.files import Change


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "hooks", help="register the hooks and the status line with Claude Code; status, uninstall"
    )
    commands: Subparsers = parser.add_subparsers(
        dest="subcommand", metavar="SUBCOMMAND", required=True, parser_class=Parser
    )
    install = _subcommand(
        commands,
        "install",
        "add every hook and the status line to Claude Code's settings; everybody else's entries stay",
    )
    install.add_argument(
        "--replace-go", action="store_true", help="take the entries of the Go tool out at the same time"
    )
    uninstall = _subcommand(commands, "uninstall", "take all of them out again, and nothing else")
    for subparser in (install, uninstall):
        scope = subparser.add_mutually_exclusive_group()
        for name, text in _SCOPES.items():
            scope.add_argument(f"--{name}", dest="scope", action="store_const", const=name, help=text)
        subparser.add_argument("--dry-run", action="store_true", help="show the change and write nothing")
        subparser.set_defaults(scope="user")
    install.set_defaults(handler=_install)
    uninstall.set_defaults(handler=_uninstall)
    _subcommand(commands, "status", "show which settings files have which hooks").set_defaults(
        handler=_status
    )
    show = _subcommand(commands, "print", "print what install would add, as settings of their own")
    show.set_defaults(handler=_print)
    return parser


_SCOPES = {
    "user": "in the user's settings, for all projects (default; outside of a workspace hooks do nothing)",
    "project": "in the project's settings.json, which others share: the path of spw-hook is yours",
    "local": "in the project's settings.local.json, which nobody shares",
}


def _subcommand(commands: Subparsers, name: str, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text.capitalize() + ".")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--workspace", metavar="DIR", default=argparse.SUPPRESS, help="the project (default: search upward)"
    )
    return parser


def _install(args: argparse.Namespace) -> int:
    from spw_core.install.files import install, kind_of_status_line, settings_path
    from spw_core.install.settings import contents

    change = install(
        settings_path(args.scope, _root(args.workspace)), replace_go=args.replace_go, dry_run=args.dry_run
    )
    if not args.dry_run:
        _prepare()
    found = contents((change.after or "").removeprefix("\ufeff"))
    notes = []
    if change.backup:
        notes.append(f"the file from before is kept as {change.backup.name}")
    if kind_of_status_line(found.status_line) in ("other", "go"):
        notes.append(f"the status line is left alone: {found.status_line}")
        notes.append("to show both, let it call `spw-hook statusline` with the same standard input")
    if found.go:
        notes.append("the Go tool's hooks run too; --replace-go takes them out")
    if found.disabled:
        notes.append("disableAllHooks is set in this file: no hook runs")
    done = f"{len(found.ours)} hooks are in {change.path}"
    return _tell(args, change, done if change.is_change else f"{done}, as before", notes)


def _uninstall(args: argparse.Namespace) -> int:
    from spw_core.install.files import installations, settings_path, uninstall

    root = _root(args.workspace)
    change = uninstall(settings_path(args.scope, root), dry_run=args.dry_run)
    notes = []
    if change.backup:
        notes.append(f"{change.backup.name}, from before the installation, is left beside it")
    if change.is_change:
        done = f"no hook of spw is in {change.path} any more"
    else:
        done = f"there was no hook of spw in {change.path}"
        notes += [
            f"but in {other.path} (--{other.scope})" for other in installations(root) if other.contents.ours
        ]
    return _tell(args, change, done, notes)


def _tell(args: argparse.Namespace, change: Change, done: str, notes: list[str]) -> int:
    if args.json:
        print_json(
            {
                "ok": True,
                "path": str(change.path),
                "changed": change.is_change,
                "dry_run": args.dry_run,
                "backup": str(change.backup or ""),
                "notes": notes,
            }
        )
        return 0
    if args.dry_run:
        from difflib import unified_diff

        before, after = ((text or "").splitlines() for text in (change.before, change.after))
        diff = unified_diff(before, after, "now", "then", lineterm="")
        print_text("\n".join(diff) or "Nothing would change.")
        return 0
    print_line(done)
    for note in notes:
        print_line(note, lead="  ")
    return 0


def _status(args: argparse.Namespace) -> int:
    from spw_core.install.files import installation_problems, installations, kind_of_status_line

    root = _root(args.workspace)
    found = installations(root)
    problems = list(installation_problems(root))
    if args.json:
        files = [
            {
                **asdict(each),
                "path": str(each.path),
                "missing": each.contents.missing,
                "status_line": kind_of_status_line(each.contents.status_line),
            }
            for each in found
        ]
        told = [{"problem": text, "hint": hint} for text, hint in problems]
        print_json({"ok": not problems, "files": files, "problems": told})
        return 0
    for each in found:
        if not each.exists:
            summary = "no such file"
        elif each.problem:
            summary = each.problem
        else:
            line = kind_of_status_line(each.contents.status_line)
            summary = f"{len(each.contents.ours)} hooks, status line: {line}"
        print_line(f"{each.path}: {summary}", lead=f"{each.scope:8} ")
    for text, hint in problems:
        print_line(text, lead="problem  ")
        print_line(hint, lead="         → ")
    if not any(each.contents.ours for each in found):
        print_text("The hooks are not installed: spw hooks install")
    return 0


def _print(args: argparse.Namespace) -> int:
    from spw_core.install.commands import all_settings, hook_program

    print_text(json.dumps(all_settings(hook_program()), indent=2))
    return 0


def _root(start: str | None) -> Path:
    """The project: the workspace, or where there is none yet, the folder itself."""
    from spw_core.errors import WorkspaceNotFound
    from spw_core.workspace import find_workspace

    try:
        return find_workspace(start).root
    except WorkspaceNotFound:
        return Path(start or ".").absolute()


def _prepare() -> None:
    """Do now what the first hook would have to wait for: the audit log, and the hook's bytecode."""
    import compileall
    from contextlib import suppress

    import spw_core
    from spw_core.errors import SpwError
    from spw_core.store.gateway import writing_gateway

    with suppress(SpwError), writing_gateway():  # the first decision of a guard tries again
        pass
    package = Path(spw_core.__file__).parent
    compileall.compile_dir(package, maxlevels=0, quiet=2)
    compileall.compile_dir(package / "hook", quiet=2)

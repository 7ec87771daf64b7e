"""Parsing the command line, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from spw_core.cli import load
from spw_core.cli.streams import OutputFailed, discard_output, standard_streams
from spw_core.cli.words import asks_for_json, first_word
from spw_core.errors import SpwError, UsageError, is_unwritable

if TYPE_CHECKING:
    import argparse

# Every command and its module, in the order of the help. Only the module in question is imported.
_COMMANDS = {
    "harvest": "harvest",
    "search": "search",
    "list": "listing",
    "view": "view",
    "summary": "summary",
    "finalizar": "finalize",
    "finalize": "finalize",
    "cleanup": "cleanup",
    "restore": "restore",
    "doctor": "doctor",
    "backup": "backup",
    "embed": "embed",
    "tasks": "tasks",
    "wave": "wave",
    "spec": "spec",
    "tools": "tools",
    "hooks": "hooks",
    "hook": "hook",
    "log": "log",
    "memory": "memory",
    "trace": "trace",
    "insights": "insights",
    "workspaces": "workspaces",
    "demo": "demo",
}

INTERRUPTED = 130


def build_parser(argv: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of the whole command line, or of as much of it as the arguments need."""
    from spw_core import __version__
    from spw_core.cli.parsers import Parser

    parser = Parser(
        prog="spw",
        description="The local, searchable memory of spec-driven agent work.",
        epilog="Run `spw COMMAND --help` for the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"spw {__version__}")
    parser.add_workspace(default=None)

    def show_help(args: argparse.Namespace) -> int:
        parser.print_help()
        return 1

    parser.set_defaults(handler=show_help)
    # Without `prog`, argparse would lay out a usage line to find it out.
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", parser_class=Parser, prog=parser.prog
    )
    named = _COMMANDS.get(first_word(argv))
    for name in [named] if named else dict.fromkeys(_COMMANDS.values()):
        module = load(name)
        subparser = module.add_parser(subparsers)
        subparser.add_workspace()
        if hasattr(module, "run"):
            subparser.set_defaults(handler=module.run)
    return parser


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for any error, 130 when interrupted."""
    try:
        with standard_streams():
            return _run(argv)
    except OutputFailed as error:
        discard_output()
        if error.reader_left:  # `spw … | head`
            return 0
        _complain(f"cannot write to standard output: {error}")
        return 1


def _run(argv: Sequence[str] | None) -> int:
    # Starting threads for matrices of this size costs more than they save; read when numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = sys.argv[1:] if argv is None else argv
    try:
        args = _parse(given)
    except UsageError as error:
        _tell(error.message, error.hint, as_json=asks_for_json(given))
        return 1
    try:
        code: int = args.handler(args)
        return code
    except OutputFailed:  # the caller's
        raise
    except SpwError as error:
        _tell(error.message, error.hint, error.reasons, as_json=_wants_json(args))
        return 1
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, FileNotFoundError) and _is_nowhere():
            from spw_core.workspace import NOWHERE

            _tell(*NOWHERE, as_json=_wants_json(args))
            return 1
        if isinstance(error, OSError) and is_unwritable(error):
            what = f"cannot write {error.filename}" if error.filename else "cannot write"
            hint = "Free some space, or make the disk writable."
            _tell(f"{what}: {error.strerror}", hint, as_json=_wants_json(args))
            return 1
        from spw_core.crash import where, write_report

        message = f"internal error: {type(error).__name__}: {error}"
        _tell(message, where(write_report(error)), as_json=_wants_json(args))
        return 1


def _parse(given: Sequence[str]) -> Any:
    """The arguments, with the `handler` of the command. Raises UsageError."""
    if given[:1] == ["tools"]:
        from spw_core.cli.tools import read_plainly

        if plain := read_plainly(given[1:]):
            return plain
    return build_parser(given).parse_args(given)


def _wants_json(args: Any) -> bool:
    """Whether errors are JSON, as the options or, while it runs, the handler says."""
    return bool(getattr(args, "json", False) or getattr(args, "machine", False))


def _is_nowhere() -> bool:
    """Whether the current folder was deleted, so that no relative path means anything."""
    from pathlib import Path

    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _complain(message: str) -> None:
    from spw_core.cli.output import print_error

    print_error(message)


def _tell(message: str, hint: str, reasons: Sequence[str] = (), *, as_json: bool) -> None:
    """An error on stderr."""
    from spw_core.cli.output import print_error, print_json_error

    (print_json_error if as_json else print_error)(message, hint, reasons)

"""Parsing the command line, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from spw_core import __version__
from spw_core.cli import (
    backup,
    cleanup,
    demo,
    doctor,
    finalize,
    harvest,
    listing,
    restore,
    search,
    spec,
    summary,
    tasks,
    tools,
    view,
    wave,
)
from spw_core.cli.output import print_error, print_json_error
from spw_core.cli.parsers import Parser
from spw_core.cli.streams import OutputFailed, discard_output, standard_streams
from spw_core.errors import SpwError

_COMMANDS = (
    *(harvest, search, listing, view, summary, finalize, cleanup, restore, doctor, backup),
    *(tasks, wave, spec, tools, demo),
)

_INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="spw",
        description="The local, searchable memory of spec-driven agent work.",
        epilog="Run `spw COMMAND --help` for the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"spw {__version__}")
    _add_workspace(parser, default=None)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for module in _COMMANDS:
        subparser = module.add_parser(subparsers)
        # Suppressed, so that an option after the command does not undo one before it.
        _add_workspace(subparser, default=argparse.SUPPRESS)
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
        print_error(f"cannot write to standard output: {error}")
        return 1


def _run(argv: Sequence[str] | None) -> int:
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.command is None:
        parser.print_help()
        return 1
    try:
        code: int = args.handler(args)
        return code
    except OutputFailed:  # the caller's
        raise
    except SpwError as error:
        _tell(args, error.message, error.hint, error.reasons)
        return 1
    except KeyboardInterrupt:
        print_error("interrupted")
        return _INTERRUPTED
    except Exception as error:
        from spw_core.crash import where, write_report

        _tell(args, f"internal error: {type(error).__name__}: {error}", where(write_report(error)))
        return 1


def _tell(args: argparse.Namespace, message: str, hint: str, reasons: Sequence[str] = ()) -> None:
    """An error on stderr, as JSON where JSON was asked for."""
    as_json = getattr(args, "json", False) or getattr(args, "machine", False)
    (print_json_error if as_json else print_error)(message, hint, reasons)


def _add_workspace(parser: argparse.ArgumentParser, default: object) -> None:
    parser.add_argument(
        "--workspace",
        metavar="DIR",
        default=default,
        help="folder with .spec-workflow (default: search upward from here)",
    )

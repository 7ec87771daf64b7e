"""Commands for programs: one JSON object or one bare value, exactly as the Go tool printed them.

JSON is indented by two spaces, with sorted keys and no final newline; with --raw a command prints its
bare value, again without a newline, and nothing when it has none. Errors are JSON on stderr, whatever the
options; only wrong usage, which is found out before there is a command, is told in argparse's plain words.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping

from spw_core.cli.output import json_text

Handler = Callable[[argparse.Namespace], int]


def machine_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    help_text: str,
    handler: Handler,
) -> argparse.ArgumentParser:
    """A subcommand for programs, with --raw; the errors of its handler are JSON whatever its options are."""
    parser: argparse.ArgumentParser = subparsers.add_parser(name, help=help_text)
    parser.add_argument("--raw", action="store_true", help="print the bare value")
    parser.add_argument(
        "--workspace", metavar="DIR", default=argparse.SUPPRESS, help="folder with .spec-workflow"
    )
    parser.set_defaults(handler=handler, machine=True)
    return parser


def emit(args: argparse.Namespace, value: Mapping[str, object], raw: str = "") -> int:
    """Print the result of a machine command and return exit code 0."""
    text = raw if args.raw else json_text({"ok": True, **value}, sort_keys=True)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    return 0

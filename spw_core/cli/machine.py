"""Commands for programs: one JSON object or one bare value, exactly as the Go tool printed them.

JSON is indented by two spaces, with sorted keys and no final newline; with --raw a command prints its
bare value, again without a newline, and nothing when it has none. Errors are JSON on stderr, whatever the
options; only wrong usage, which is found out before there is a command, is told in plain words, unless
`--json` is among the options.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from spw_core.cli.output import json_text, print_warning

if TYPE_CHECKING:
    import argparse

    from spw_core.cli.parsers import Parser, Subparsers

Handler: TypeAlias = "Callable[[argparse.Namespace], int]"


def machine_parser(
    subparsers: Subparsers,
    name: str,
    help_text: str,
    handler: Handler,
    *,
    spec_last: bool = False,
) -> Parser:
    """A subcommand for programs, with --raw; the errors of its handler are JSON whatever its options are.

    With `spec_last` the spec, given as `--spec NAME`, is the last argument and not the first.
    """
    parser = subparsers.add_parser(name, help=help_text, spec_last=spec_last)
    parser.add_argument("--raw", action="store_true", help="print the bare value")
    parser.add_workspace()
    parser.set_defaults(handler=handler, machine=True)
    return parser


def emit(args: argparse.Namespace, value: Mapping[str, object], raw: str = "") -> int:
    """Print the result of a machine command and return exit code 0."""
    text = raw if args.raw else json_text({"ok": True, **value}, sort_keys=True)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    return 0


def emit_warned(
    args: argparse.Namespace, value: Mapping[str, object], raw: str, warnings: Sequence[str]
) -> int:
    """As `emit` for a step that was done; what went wrong beside it is told in the result and on stderr."""
    for warning in warnings:
        print_warning(warning)
    return emit(args, {**value, "warnings": list(warnings)}, raw)

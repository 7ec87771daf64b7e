"""Commands for programs: one JSON object or one bare value, exactly as the Go tool printed them.

JSON is indented by two spaces, with sorted keys and no final newline; with --raw a command prints its
bare value, again without a newline, and nothing when it has none. Errors are JSON on stderr, always.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping

Handler = Callable[[argparse.Namespace], int]


def machine_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    help_text: str,
    handler: Handler,
) -> argparse.ArgumentParser:
    """A subcommand for programs, with --raw; its errors are JSON whatever its options are."""
    parser: argparse.ArgumentParser = subparsers.add_parser(name, help=help_text)
    parser.add_argument("--raw", action="store_true", help="print the bare value")
    parser.add_argument(
        "--workspace", metavar="DIR", default=argparse.SUPPRESS, help="folder with .spec-workflow"
    )
    parser.set_defaults(handler=handler, machine=True)
    return parser


def emit(args: argparse.Namespace, value: Mapping[str, object], raw: str = "") -> int:
    """Print the result of a machine command and return exit code 0."""
    text = (
        raw if args.raw else json.dumps({"ok": True, **value}, indent=2, sort_keys=True, ensure_ascii=False)
    )
    stream = sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    return 0

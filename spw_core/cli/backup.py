"""`spw backup`: every database in one file."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from spw_core.cli.output import add_output_options, print_json, print_line


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "backup",
        help="copy every database into one zip archive",
        description="Write a zip archive of all databases, each in one consistent state."
        " To restore, unpack it over the workspace.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace
    from spw_core.harvest.backup import backup

    report = backup(Workspace.open(args.workspace).paths, Path(args.file), force=args.force)
    if args.json:
        print_json({"ok": True, **asdict(report)})
    else:
        print_line(f"{report.file}: {len(report.databases)} databases, {report.bytes / 1024 / 1024:.1f} MB")
    return 0

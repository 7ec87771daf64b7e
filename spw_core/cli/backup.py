"""`spw backup`: every database in one file, and back."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from spw_core.cli.output import add_output_options, print_json, print_line
from spw_core.cli.parsers import Subparsers

if TYPE_CHECKING:
    from spw_core.workspace import WorkspacePaths


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "backup",
        help="copy every database into one zip archive, or put them back",
        description="Write a zip archive of all databases, each in one consistent state."
        " `spw backup --restore FILE` puts them back. Exits with 1 when a database is damaged;"
        " it is in the archive as it is.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--restore", action="store_true", help="put the databases of FILE back")
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace an existing file; with --restore, move existing databases aside",
    )
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace
    from spw_core.harvest.backup import backup

    paths = Workspace.open(args.workspace).paths
    if args.restore:
        return _restore(args, paths)
    report = backup(paths, Path(args.file), force=args.force)
    if args.json:
        print_json({"ok": not report.damaged, **asdict(report)})
    else:
        print_line(f"{report.file}: {len(report.databases)} databases, {report.bytes / 1024 / 1024:.1f} MB")
        for text in report.damaged:
            print_line(text, lead="damaged  ")
    return 1 if report.damaged else 0


def _restore(args: argparse.Namespace, paths: WorkspacePaths) -> int:
    from spw_core.harvest.backup import restore_backup

    report = restore_backup(paths, Path(args.file), force=args.force)
    if args.json:
        print_json({"ok": True, **asdict(report)})
    else:
        print_line(f"{len(report.databases)} databases restored from {report.file}")
        for path in report.moved_aside:
            print_line(path, lead="kept  ")
    return 0

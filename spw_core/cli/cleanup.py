"""`spw cleanup`: remove what is safely stored."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict

from spw_core.cli.output import add_output_options, print_json, print_line
from spw_core.cli.parsers import Subparsers
from spw_core.text import plural

_SHOWN = 20


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "cleanup",
        help="remove the traces of work that are stored: runs, wave files, logs, approvals",
        description="Remove transient files whose bytes on disk equal those in the database at that moment. "
        "`spw restore` brings them back.",
    )
    parser.add_argument("spec", metavar="SPEC")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    report = Workspace.open(args.workspace).spec(args.spec).cleanup(dry_run=args.dry_run)
    if args.json:
        print_json({"ok": True, "dry_run": args.dry_run, **asdict(report)})
        return 0
    verb = "would remove" if args.dry_run else "removed"
    for path in report.removed[:_SHOWN]:
        print_line(f"{verb} {path}")
    if len(report.removed) > _SHOWN:
        print_line(f"{verb} {len(report.removed) - _SHOWN} more")
    for reason, count in Counter(kept.reason for kept in report.kept).most_common():
        some = [kept.path for kept in report.kept if kept.reason == reason][:3]
        more = f" and {count - 3} more" if count > 3 else ""
        print_line(f"kept {', '.join(some)}{more}: {reason}")
    print_line(
        f"{report.spec}: {verb} {plural(len(report.removed), 'file')} ({report.bytes / 1024:.0f} KB) and"
        f" {plural(report.folders, 'empty folder')}, kept {len(report.kept)}"
    )
    return 0

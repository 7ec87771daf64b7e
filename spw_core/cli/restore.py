"""`spw restore`: bring stored files back, byte for byte."""

from __future__ import annotations

import argparse
import re
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from spw_core.cli.output import add_output_options, print_json, print_line
from spw_core.cli.parsers import Subparsers
from spw_core.errors import SpwError
from spw_core.moments import text_of
from spw_core.text import plural

_SHOWN = 20
_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)(?:[T ](?P<time>\d\d:\d\d)(?P<seconds>:\d\d)?(?P<fraction>\.\d{1,6})?Z?)?"
)


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "restore",
        help="write stored files back with their bytes, mode and time",
        words="paths",
        optional=True,
    )
    parser.add_argument("spec", metavar="SPEC")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: everything)")
    parser.add_argument("--run", default="", metavar="PATH", help="folder of a run, relative to the spec")
    parser.add_argument("--at", default="", metavar="TIME", help="versions of that time (UTC)")
    parser.add_argument("--to", default="", metavar="DIR", help="write below DIR, outside .spec-workflow")
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace files that differ: in the workspace after storing them, below --to at once",
    )
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace
    from spw_core.store.content import REPAIR_HINT

    report = (
        Workspace.open(args.workspace)
        .spec(args.spec)
        .restore(
            args.paths,
            run=args.run,
            at=_utc(args.at),
            target=Path(args.to) if args.to else None,
            force=args.force,
        )
    )
    if args.json:
        print_json({"ok": report.ok, **asdict(report)})
        return 0 if report.ok else 1
    for path in report.written[:_SHOWN]:
        print_line(f"wrote {path}")
    if len(report.written) > _SHOWN:
        print_line(f"wrote {len(report.written) - _SHOWN} more")
    for kept in report.kept:
        print_line(f"kept {kept.path}: {kept.reason}")
    for failed in report.failed:
        print_line(f"failed {failed.path}: {failed.reason}")
    print_line(
        f"{report.spec}: wrote {plural(len(report.written), 'file')}, {report.unchanged} were there already,"
        f" kept {len(report.kept)}, failed {len(report.failed)}"
    )
    if report.damaged:
        print_line(f"  {REPAIR_HINT}")
    if not args.force and any("--force" in kept.reason for kept in report.kept):
        print_line("  --force replaces what differs, after storing it; --to DIR writes to another place.")
    return 0 if report.ok else 1


def _utc(text: str) -> str:
    """A time as the database writes it, from a date or a date and time; the end of what is left out."""
    if not text:
        return ""
    match = _TIME.fullmatch(text.strip())
    if match is not None:
        time = match["time"] or "23:59"
        seconds = match["seconds"] or ":59"
        fraction = (match["fraction"] or ".999999").ljust(7, "0")
        moment = f"{match['date']}T{time}{seconds}{fraction}"
        with suppress(ValueError):  # a month 13, an hour 25
            return text_of(datetime.fromisoformat(moment))
    raise SpwError(f"not a time: {text[:40]!r}", "Write it as 2026-02-14 or 2026-02-14T10:00 (UTC).")

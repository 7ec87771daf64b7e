"""`spw embed`: the vectors for search by meaning."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from spw_core.cli.output import add_output_options, print_json, print_line, progress_bar
from spw_core.cli.parsers import Subparsers
from spw_core.text import plural

if TYPE_CHECKING:
    from spw_core.api import Workspace
    from spw_core.search.embedding import EmbedReport

_INTERVAL_S = 2.0


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "embed",
        help="make the vectors for search by meaning",
        description="Make the vectors that are missing. Interrupted at any time, it goes on where it was.",
    )
    parser.add_argument("--watch", action="store_true", help="go on: embed what is harvested from now on")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    workspace = Workspace.open(args.workspace)
    if args.watch:
        return _watch(args, workspace)
    with progress_bar("embed", quiet=args.json) as progress:
        report = workspace.embed(progress)
    if args.json:
        print_json(_as_json(report))
    else:
        _print(report)
    return 0 if report.complete else 1


def _watch(args: argparse.Namespace, workspace: Workspace) -> int:
    """Until interrupted: one line (with --json one JSON object a line) whenever something was done."""
    told: EmbedReport | None = None
    seen = object()
    while True:
        now = _stamp(workspace)
        if now != seen or told is None or not told.complete:
            seen = now
            with progress_bar("embed", quiet=args.json) as progress:
                report = workspace.embed(progress)
            if told is None or report.embedded or report.problem != told.problem:
                if args.json:
                    print(json.dumps(_as_json(report)), flush=True)
                else:
                    _print(report)
                    sys.stdout.flush()
            told = report
            seen = _stamp(workspace)
        time.sleep(_INTERVAL_S)


def _stamp(workspace: Workspace) -> tuple[tuple[int, int], ...]:
    """What changes with the index: size and time of the database and its log."""
    found = []
    for suffix in ("", "-wal"):
        path = workspace.paths.index_db.with_name(workspace.paths.index_db.name + suffix)
        try:
            info = path.stat()
        except OSError:
            continue
        found.append((info.st_size, info.st_mtime_ns))
    return tuple(found)


def _as_json(report: EmbedReport) -> dict[str, object]:
    return {"ok": report.complete, **asdict(report)}


def _print(report: EmbedReport) -> None:
    if report.problem:
        left = f" {report.pending} texts wait." if report.pending else ""
        print_line(f"{report.problem.rstrip('.')}.{left}")
        return
    skipped = f", {report.skipped} without one" if report.skipped else ""
    made = plural(report.embedded, "new vector")
    print_line(f"{made}{skipped} · {report.model} · {report.elapsed_s:.1f} s")
    if report.remark:
        print_line(f"not a better model: {report.remark}")

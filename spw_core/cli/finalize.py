"""`spw finalizar`, also `spw finalize`: check, complete, store and clean up a spec; for programs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from spw_core.cli.machine import emit
from spw_core.cli.output import open_in_vscode, require_vscode
from spw_core.cli.parsers import Subparsers
from spw_core.text import plural

if TYPE_CHECKING:
    from spw_core.harvest.finalize import FinalizeReport


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "finalizar",
        aliases=["finalize"],
        help="complete a spec: completion summary, index, cleanup",
        description="Complete a finished spec: harvest it, store its completion summary, index it, and"
        " remove the traces of work that are stored (unless store.cleanup_after_finalize is false)."
        " An unfinished spec is refused with all reasons.",
    )
    parser.add_argument("spec", metavar="SPEC")
    parser.add_argument(
        "--force", action="store_true", help="overrule the reasons, and replace a summary that differs"
    )
    parser.add_argument("--export", action="store_true", help="write COMPLETION-SUMMARY.md too")
    parser.add_argument("--keep-files", action="store_true", help="remove nothing")
    parser.add_argument("--vscode", action="store_true", help="open the completion summary in VS Code")
    parser.add_argument("--raw", action="store_true", help="print one sentence")
    parser.add_argument("--json", action="store_true", help="print JSON, as without any option")
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    args.machine = not args.raw  # errors are JSON, too, unless a sentence was asked for
    if args.vscode:
        require_vscode()
    spec = Workspace.open(args.workspace).spec(args.spec)
    report = spec.finalize(force=args.force, export=args.export, keep_files=args.keep_files)
    if args.vscode:
        open_in_vscode(spec.summary_document()[1])
    value: dict[str, object] = {
        "spec": report.spec,
        "status": "completed",
        "completed_at": report.completed_at,
        "tasks_count": report.tasks_count,
        "waves_count": report.waves_count,
        "harvested": report.harvested,
        "docs_indexed": report.docs_indexed,
        "deferred": list(report.deferred),
        "overridden": list(report.overridden),
        "again": report.again,
        "removed": report.removed,
        "kept": report.kept,
    }
    if report.summary_path:
        value["summary_path"] = str(report.summary_path)
    return emit(args, value, _sentence(report))


def _sentence(report: FinalizeReport) -> str:
    done = f"was complete since {report.completed_at}" if report.again else "completed"
    return (
        f"{report.spec} {done}: {plural(report.tasks_count, 'task')}"
        f" in {plural(report.waves_count, 'wave')},"
        f" {plural(report.harvested, 'file')} harvested, {plural(report.docs_indexed, 'document')} indexed,"
        f" {plural(report.removed, 'file')} removed"
    )

"""`spw harvest`: files into the databases."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from spw_core.cli.output import (
    NO_SPECS,
    add_output_options,
    console,
    is_terminal,
    print_json,
    print_line,
    print_text,
    progress_bar,
    rich_line,
)
from spw_core.cli.parsers import Subparsers
from spw_core.text import clean_line, plural

if TYPE_CHECKING:
    from spw_core.harvest.report import HarvestReport, SpecReport
    from spw_core.workspace import WorkspacePaths

# Errors shown per spec before the rest is counted; --json has them all.
_ERRORS_SHOWN = 10


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "harvest", help="store the files of specs in their databases and index them"
    )
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="specs to harvest (default: all)")
    parser.add_argument("--all", action="store_true", help="harvest every spec of the workspace")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be stored")
    parser.add_argument("--watch", action="store_true", help="go on: harvest runs as they are handed off")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace
    from spw_core.cli.workspaces import remember
    from spw_core.errors import SpwError

    if args.all and args.specs:
        raise SpwError("give either spec names or --all")
    workspace = Workspace.open(args.workspace)
    if args.watch:
        return _watch(args, workspace.paths)
    with progress_bar("harvest", quiet=args.json) as progress:
        report = workspace.harvest(args.specs or None, progress, dry_run=args.dry_run)
    if not args.dry_run and report.specs:
        remember(workspace.paths.root)
    if args.json:
        print_json({**_as_json(report), **({"dry_run": True} if args.dry_run else {})})
    else:
        _print_plan(report) if args.dry_run else _print(report, args.width)
    return 0 if report.ok else 1


def _watch(args: argparse.Namespace, paths: WorkspacePaths) -> int:
    """Until interrupted: one line (with --json one JSON object a line) per harvested spec."""
    from spw_core.cli.commands import INTERRUPTED
    from spw_core.harvest.watch import watch

    if not args.json and sys.stderr.isatty():
        print("watching; Ctrl-C ends it", file=sys.stderr, flush=True)
    try:
        for report in watch(paths):
            for spec in report.specs:
                if args.json:
                    print(json.dumps(asdict(spec)), flush=True)
                elif spec.changed or spec.removed or spec.failed:
                    print_line(f"{spec.spec}: {_sentence(spec)}")
            for remark in report.remarks:
                _remark(remark)
            if report.index_failed:
                _remark(f"index: {report.index_failed}; trying again")
            sys.stdout.flush()
    except KeyboardInterrupt:  # how it is meant to end: no error, what was harvested is whole
        return INTERRUPTED
    return 0


def _remark(text: str) -> None:
    """On stderr: with --json, stdout has a line for each spec and nothing else."""
    print(clean_line(text), file=sys.stderr, flush=True)


def _as_json(report: HarvestReport) -> dict[str, object]:
    return {
        "ok": report.ok,
        "specs": [asdict(spec) for spec in report.specs],
        "remarks": report.remarks,
        "elapsed_s": round(report.elapsed_s, 3),
    }


def _print(report: HarvestReport, width: int | None) -> None:
    if not report.specs:
        print_text(NO_SPECS)
        return
    if is_terminal():
        _print_table(report, width)
    else:
        for spec in report.specs:
            print_line(f"{spec.spec}: {_sentence(spec)}")
    for spec in report.specs:
        if spec.failed and is_terminal():
            print_line(f"{spec.spec}: failed: {spec.failed}")
        _print_errors(spec)
    if report.index_failed:
        print_line(f"index: not brought up to date, the next harvest will do it: {report.index_failed}")
    for remark in report.remarks:
        print_line(remark)
    files = sum(spec.files for spec in report.specs)
    changed = sum(spec.changed for spec in report.specs)
    done = sum(not spec.failed for spec in report.specs)
    print_text(
        f"{plural(done, 'spec')}, {plural(files, 'file')}, {changed} changed, in {report.elapsed_s:.2f} s"
    )


def _print_plan(report: HarvestReport) -> None:
    """What a harvest would do; specs in which it would do nothing are only counted."""
    for spec in report.specs:
        if spec.failed:
            print_line(f"{spec.spec}: failed: {spec.failed}")
        elif spec.changed or spec.removed:
            print_line(
                f"{spec.spec}: would store {spec.new} new and {spec.changed - spec.new} changed files"
                f" and note {spec.removed} as removed; {spec.unchanged} are unchanged"
            )
        _print_errors(spec)
    idle = sum(not (spec.changed or spec.removed or spec.failed) for spec in report.specs)
    changed, new = (sum(getattr(spec, name) for spec in report.specs) for name in ("changed", "new"))
    print_text(
        f"{plural(len(report.specs), 'spec')}, {idle} of them as they are stored: would store {new} new and"
        f" {changed - new} changed files and note {sum(s.removed for s in report.specs)} as removed."
        " Nothing was written."
    )


def _print_table(report: HarvestReport, width: int | None) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("spec", overflow="fold")
    for name in ("files", "changed", "removed", "runs", "subagents", "handoffs", "tasks", "logs", "errors"):
        table.add_column(name, justify="right")
    for spec in report.specs:
        numbers = (
            spec.files,
            spec.changed,
            spec.removed,
            spec.runs,
            spec.subagents,
            spec.handoffs,
            spec.tasks,
            spec.impl_logs,
            len(spec.errors) + bool(spec.failed),
        )
        table.add_row(rich_line(spec.spec), *(str(number) if number else "·" for number in numbers))
    console(width).print(table)


def _sentence(spec: SpecReport) -> str:
    if spec.failed:
        return f"failed: {spec.failed}"
    return (
        f"{plural(spec.files, 'file')} ({spec.changed} changed, {spec.removed} removed),"
        f" {plural(spec.runs, 'run')}, {plural(spec.subagents, 'subagent')},"
        f" {plural(spec.handoffs, 'handoff')}, {plural(spec.tasks, 'task')}, {plural(spec.impl_logs, 'log')}"
    )


def _print_errors(spec: SpecReport) -> None:
    for error in spec.errors[:_ERRORS_SHOWN]:
        print_line(f"{spec.spec}: {error.path}: {error.error}")
    if len(spec.errors) > _ERRORS_SHOWN:
        print_line(f"{spec.spec}: and {len(spec.errors) - _ERRORS_SHOWN} more; see --json")

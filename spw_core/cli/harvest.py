"""`spw harvest`: files into the databases."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from spw_core.cli.output import add_output_options, console, is_terminal, print_json, print_text

if TYPE_CHECKING:
    from spw_core.harvest.report import HarvestReport, SpecReport

# Errors shown per spec before the rest is counted; --json has them all.
_ERRORS_SHOWN = 10


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "harvest", help="store the files of specs in their databases and index them"
    )
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="specs to harvest (default: all)")
    parser.add_argument("--all", action="store_true", help="harvest every spec of the workspace")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace
    from spw_core.errors import SpwError

    if args.all and args.specs:
        raise SpwError("give either spec names or --all")
    workspace = Workspace.open(args.workspace)
    with _progress(quiet=args.json) as progress:
        report = workspace.harvest(args.specs or None, progress)
    if args.json:
        print_json(_as_json(report))
    else:
        _print(report, args.width)
    return 0 if report.ok else 1


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int, str], None] | None]:
    """A progress bar on stderr when it is a terminal."""
    out = console(stderr=True)
    if quiet or not out.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    with Progress(
        TextColumn("harvest", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[spec]}", markup=False),
        console=out,
        transient=True,
    ) as bar:
        task = bar.add_task("harvest", total=None, spec="")
        yield lambda done, total, spec: bar.update(task, completed=done, total=total, spec=spec)


def _as_json(report: HarvestReport) -> dict[str, object]:
    return {
        "ok": report.ok,
        "specs": [asdict(spec) for spec in report.specs],
        "remarks": report.remarks,
        "elapsed_s": round(report.elapsed_s, 3),
    }


def _print(report: HarvestReport, width: int | None) -> None:
    if not report.specs:
        print_text("No specs yet. A spec is a folder in .spec-workflow/specs/ with a requirements.md.")
        return
    if is_terminal():
        _print_table(report, width)
    else:
        for spec in report.specs:
            print_text(f"{spec.spec}: {_sentence(spec)}")
    for spec in report.specs:
        _print_errors(spec)
    for remark in report.remarks:
        print_text(f"index: {remark}")
    files = sum(spec.files for spec in report.specs)
    changed = sum(spec.changed for spec in report.specs)
    done = sum(not spec.failed for spec in report.specs)
    print_text(f"{done} specs, {files} files, {changed} changed, in {report.elapsed_s:.2f} s")


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
        table.add_row(spec.spec, *(str(number) if number else "·" for number in numbers))
    console(width).print(table)


def _sentence(spec: SpecReport) -> str:
    if spec.failed:
        return f"failed: {spec.failed}"
    return (
        f"{spec.files} files ({spec.changed} changed, {spec.removed} removed), {spec.runs} runs,"
        f" {spec.subagents} subagents, {spec.handoffs} handoffs, {spec.tasks} tasks, {spec.impl_logs} logs"
    )


def _print_errors(spec: SpecReport) -> None:
    if spec.failed and is_terminal():
        print_text(f"{spec.spec}: failed: {spec.failed}")
    for error in spec.errors[:_ERRORS_SHOWN]:
        print_text(f"{spec.spec}: {error.path}: {error.error}")
    if len(spec.errors) > _ERRORS_SHOWN:
        print_text(f"{spec.spec}: and {len(spec.errors) - _ERRORS_SHOWN} more; see --json")

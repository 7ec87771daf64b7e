"""`spw list`: one line per spec, what needs somebody first."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from spw_core.cli.output import (
    NO_SPECS,
    add_output_options,
    console,
    is_terminal,
    print_json,
    print_text,
    rich_line,
)
from spw_core.cli.parsers import Subparsers
from spw_core.text import clean_line

if TYPE_CHECKING:
    from spw_core.domain.summary import SpecSummary


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "list", help="show every spec with its stage, progress and what needs attention"
    )
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    specs = Workspace.open(args.workspace).specs()
    if args.json:
        print_json({"ok": True, "specs": [_as_json(spec) for spec in specs]})
    elif not specs:
        print_text(NO_SPECS)
    elif is_terminal():
        _print_table(sorted(specs, key=_urgency), args.width)
    else:
        for spec in specs:
            fields = (spec.name, spec.stage, spec.status, _tasks(spec), _wave(spec), spec.updated_at)
            print_text("\t".join(map(clean_line, fields)))
    return 0


def _as_json(spec: SpecSummary) -> dict[str, object]:
    return {
        "name": spec.name,
        "stage": spec.stage,
        "status": spec.status,
        "tasks": {"done": spec.tasks_done, "total": spec.tasks_total},
        "waves": {"current": spec.wave_current, "total": spec.waves_total},
        "attention": [asdict(item) for item in spec.attention],
        "updated_at": spec.updated_at,
    }


def _tasks(spec: SpecSummary) -> str:
    return f"{spec.tasks_done}/{spec.tasks_total}" if spec.tasks_total else "-"


def _wave(spec: SpecSummary) -> str:
    return f"{spec.wave_current}/{spec.waves_total}" if spec.wave_current else "-"


def _urgency(spec: SpecSummary) -> tuple[int, str]:
    """Sort key: what needs somebody comes first."""
    order = list(_STYLES)
    return (order.index(spec.status) if spec.status in order else len(order), spec.name)


_STYLES = {"blocked": "bold red", "waiting": "yellow", "active": "cyan", "complete": "green"}


def _print_table(specs: list[SpecSummary], width: int | None) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("spec", no_wrap=True)
    for name in ("stage", "status"):
        table.add_column(name)
    for name in ("tasks", "wave"):
        table.add_column(name, justify="right")
    table.add_column("needs attention", overflow="fold")
    for spec in specs:
        attention = [rich_line(item.text) for item in spec.attention[:3]]
        if len(spec.attention) > 3:
            attention.append(Text(f"and {len(spec.attention) - 3} more"))
        table.add_row(
            rich_line(spec.name),
            rich_line(spec.stage),
            rich_line(spec.status, _STYLES.get(spec.status, "")),
            _tasks(spec),
            _wave(spec),
            Text("\n").join(attention),
        )
    console(width).print(table)

"""`spw trace`: from a requirement, task, file, run or session to everything it belongs to, and what lacks."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

from spw_core.cli.output import (
    add_output_options,
    console,
    is_terminal,
    print_json,
    print_line,
    print_warning,
    rich_line,
)
from spw_core.cli.parsers import Subparsers

if TYPE_CHECKING:
    from spw_core.domain.trace import Node
    from spw_core.memory.tracing import Trace

_STYLES = {"pass": "green", "done": "green", "blocked": "red", "pending": "yellow", "in_progress": "cyan"}


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "trace", help="what a requirement, task, file, run or session belongs to, and what is missing"
    )
    parser.add_argument(
        "what", metavar="ID|FILE", help="REQ-001, SPEC/REQ-001, SPEC/3, src/x.py, a session, a spec"
    )
    parser.add_argument("--spec", default="", help="only in this spec")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    found = Workspace.open(args.workspace).trace(args.what, spec=args.spec)
    if args.json:
        print_json(_as_json(found))
    elif is_terminal():
        _print_rich(found, args.width)
    else:
        for node in found.nodes:
            print_line(" | ".join((node.kind, node.spec, node.name, node.status, node.title)))
        for gap in found.gaps:
            print_line(f"gap | {gap.spec} | {gap.kind} | {gap.text}")
    if not args.json:
        for remark in found.remarks:
            print_warning(remark)
    return 0


def _as_json(found: Trace) -> dict[str, object]:
    return {
        "ok": True,
        "query": found.query,
        "starts": [node.id for node in found.starts],
        "nodes": [asdict(node) for node in found.nodes],
        "edges": [asdict(edge) for edge in found.edges],
        "gaps": [asdict(gap) for gap in found.gaps],
        "remarks": list(found.remarks),
    }


def _print_rich(found: Trace, width: int | None) -> None:
    from rich.text import Text

    out = console(width)
    starts = {node.id for node in found.starts}
    for kind, group in groupby(found.nodes, key=lambda node: node.kind):
        nodes = list(group)
        out.print(Text(f"{kind} ({len(nodes)})", style="bold"))
        for node in nodes:
            out.print(_line(node, node.id in starts))
    if found.gaps:
        out.print(Text(f"missing ({len(found.gaps)})", style="bold yellow"))
        for gap in found.gaps:
            out.print(Text.assemble("  ", rich_line(f"{gap.spec}: {gap.text}", "yellow")))


def _line(node: Node, is_start: bool) -> object:
    from rich.text import Text

    return Text.assemble(
        "▸ " if is_start else "  ",
        rich_line(node.name, "bold cyan" if is_start else "cyan"),
        " ",
        rich_line("" if node.kind == "spec" else node.spec, "dim"),
        " ",
        rich_line(node.status, _STYLES.get(node.status, "")),
        " ",
        rich_line(node.title),
    )

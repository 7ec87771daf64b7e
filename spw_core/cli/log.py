"""`spw log`: what the guards decided."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from spw_core.cli.numbers import whole_number
from spw_core.cli.output import add_output_options, console, is_terminal, print_json, print_text, rich_line
from spw_core.cli.parsers import Subparsers
from spw_core.errors import SpwError, WorkspaceNotFound
from spw_core.text import clean_line

if TYPE_CHECKING:
    from spw_core.store.gateway import AuditEntry

_STYLES = {"block": "bold red", "warn": "yellow", "allow": "dim"}


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "log",
        help="show what the hooks' guards decided",
        description="The newest decisions of the hooks' guards in this workspace, the last one last.",
    )
    parser.add_argument(
        "--since", default="", metavar="TIME", help="2026-02-14T10:00, 30min, 2h, 7d, today …"
    )
    parser.add_argument("--spec", default="", metavar="NAME", help="decisions about one spec")
    parser.add_argument(
        "--limit",
        type=whole_number(1, 100_000),
        default=50,
        metavar="N",
        help="at most so many (default: 50)",
    )
    parser.add_argument("--violations", action="store_true", help="leave out what was allowed")
    parser.add_argument("--all", action="store_true", help="of all workspaces")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.search.since import SINCE_HINT, parse_since
    from spw_core.store.gateway import audit_entries, gateway_path, reading_gateway

    since = parse_since(args.since) if args.since else ""
    if since is None:
        raise SpwError(f"not a moment: {args.since}", SINCE_HINT)
    workspace = "" if args.all else _workspace(args.workspace)
    with reading_gateway() as gateway:
        entries = (
            audit_entries(
                gateway,
                since=since,
                spec=args.spec,
                workspace=workspace,
                limit=args.limit,
                violations=args.violations,
            )
            if gateway
            else []
        )
    if args.json:
        found = [asdict(entry) for entry in entries]
        print_json({"ok": True, "path": str(gateway_path()), "count": len(found), "entries": found})
    elif not entries:
        print_text(
            "No guard has decided anything here. `spw hooks status` shows whether hooks are installed."
        )
    elif is_terminal():
        _print_table(entries, args.width)
    else:
        for entry in entries:
            print_text("\t".join(map(clean_line, _columns(entry))))
    return 0


def _workspace(start: str | None) -> str:
    """Root of the workspace as hooks write it; "" (all) outside of one, unless one was asked for."""
    from spw_core.workspace import find_workspace

    try:
        return str(find_workspace(start).root.resolve())
    except WorkspaceNotFound:
        if start is not None:
            raise
        return ""


def _columns(entry: AuditEntry) -> tuple[str, ...]:
    return entry.at, entry.decision, entry.event, entry.spec or "-", entry.target or "-", entry.reason


def _print_table(entries: list[AuditEntry], width: int | None) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("time (UTC)", "decision", "guard", "spec"):
        table.add_column(name, no_wrap=True)
    table.add_column("about", overflow="fold")
    for entry in entries:
        _, decision, event, spec, target, reason = _columns(entry)
        table.add_row(
            rich_line(entry.at[:19].replace("T", " ")),
            rich_line(decision, _STYLES.get(decision, "")),
            rich_line(event),
            rich_line(spec),
            rich_line(f"{target}: {reason}" if reason else target),
        )
    console(width).print(table)

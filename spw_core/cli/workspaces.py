"""`spw workspaces`: the workspaces in which this user has stored something."""

from __future__ import annotations

import argparse
from pathlib import Path

from spw_core.cli.output import add_output_options, print_json, print_line
from spw_core.cli.parsers import Subparsers
from spw_core.names import WORKFLOW_DIR


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser("workspaces", help="the workspaces in which you have stored something")
    parser.add_argument(
        "--forget", default="", metavar="DIR", help="take one off the list; it stays as it is"
    )
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.store.memory.people import open_gateway, read_gateway

    if args.forget:
        with open_gateway() as gateway:
            gateway.workspaces.forget(args.forget)
    with read_gateway() as known:
        rows = known.workspaces.known() if known else []
    found = [
        {"path": row.path, "last_used": row.last_used, "exists": (Path(row.path) / WORKFLOW_DIR).is_dir()}
        for row in rows
    ]
    if args.json:
        print_json({"ok": True, "workspaces": found})
        return 0
    if not found:
        print_line("None yet. `spw harvest` and `spw memory import` note where they stored something.")
    for row in found:
        print_line(f"{row['last_used']}  {row['path']}{'' if row['exists'] else '  (gone)'}")
    return 0


def remember(root: Path) -> None:
    """Note a workspace in which something was stored. Where that cannot be done, nothing depends on it."""
    from contextlib import suppress

    from spw_core.errors import SpwError
    from spw_core.store.memory.people import open_gateway

    with suppress(SpwError, OSError), open_gateway() as gateway:
        gateway.workspaces.remember(root.resolve())

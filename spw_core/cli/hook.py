"""`spw hook EVENT`: what `spw-hook EVENT` does, for settings that were written for the Go tool."""

from __future__ import annotations

import argparse

from spw_core.cli.parsers import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "hook", help="run one hook event, with its payload on standard input (spw-hook is the fast way)"
    )
    parser.add_argument("event", metavar="EVENT", help="as statusline or guard-paths; see spw-hook --help")
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.hook.main import main

    return main([args.event])

"""`spw summary`: how far a spec has come, or how it was completed."""

from __future__ import annotations

import argparse
import sys

from spw_core.cli.output import add_output_options, open_in_vscode, print_json, print_markdown, print_text
from spw_core.cli.parsers import Subparsers
from spw_core.text import clean_line


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "summary", help="how far a spec has come, at any stage; its completion summary once it is complete"
    )
    parser.add_argument("spec", metavar="SPEC")
    parser.add_argument(
        "--export", action="store_true", help="write PROGRESS-SUMMARY.md, or COMPLETION-SUMMARY.md"
    )
    parser.add_argument("--raw", action="store_true", help="print the Markdown as it is")
    parser.add_argument("--vscode", action="store_true", help="open it in VS Code")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    spec = Workspace.open(args.workspace).spec(args.spec)
    path = ""
    if args.export:
        exported, markdown = spec.export_summary()
        path = str(exported)
        print(f"wrote {clean_line(path)}", file=sys.stderr)
    else:
        _, markdown = spec.summary_document()
    if args.json:
        print_json({"ok": True, "spec": spec.name, "path": path, "content": markdown})
    elif args.vscode:
        open_in_vscode(markdown)
    elif args.raw:
        print_text(markdown.rstrip("\n"))
    else:
        print_markdown(markdown, args.width)
    return 0

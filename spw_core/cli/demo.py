"""`spw demo`: an example workspace to try things on."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from spw_core.cli.output import add_output_options, print_json, print_line
from spw_core.cli.parsers import Subparsers
from spw_core.errors import SpwError


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser("demo", help="write an example workspace, the same every time")
    parser.add_argument("dir", metavar="DIR", help="folder to write to; made if needed")
    parser.add_argument("--specs", type=int, default=8, metavar="N", help="number of specs (default: 8)")
    parser.add_argument("--seed", type=int, default=7, metavar="S", help="another seed, another workspace")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.demo.conversations import FOLDER, write_conversations
    from spw_core.demo.generate import generate

    if not args.dir:  # as a path it would be the current folder
        raise SpwError("the name of the folder is empty", "Name a new or empty folder.")
    report = generate(Path(args.dir), specs=args.specs, seed=args.seed)
    write_conversations(Path(args.dir))
    if args.json:
        print_json({"ok": True, **asdict(report)})
    else:
        wrote = f"{report.specs} specs with {report.runs} runs in {report.files} files"
        print_line(f"Wrote {wrote} to {args.dir}.")
        print_line(f"Next: spw --workspace {args.dir} harvest --all, then spw-tui {args.dir}")
        print_line(f"And: spw --workspace {args.dir} memory import {args.dir}/{FOLDER}/*.jsonl")
    return 0

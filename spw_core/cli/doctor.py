"""`spw doctor`: is everything sound?"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from spw_core.cli.output import add_output_options, print_json, print_line, print_text, progress_bar
from spw_core.cli.parsers import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "doctor",
        help="check databases, stored bytes, index, permissions and hooks; repair what is safe",
        description="Check everything and repair what is safe. Exits with 1 when an error is left.",
    )
    parser.add_argument(
        "--rebuild", action="store_true", help="replace damaged databases; make projections and index anew"
    )
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace
    from spw_core.harvest.doctor import ERROR, OK, examine
    from spw_core.memory.checking import examine_memory

    workspace = Workspace.open(args.workspace)
    with progress_bar("doctor", quiet=args.json) as progress:
        findings = examine(workspace.paths, rebuild=args.rebuild, progress=progress)
        findings += examine_memory(workspace.paths, rebuild=args.rebuild)
    healthy = not any(finding.level == ERROR for finding in findings)
    if args.json:
        print_json({"ok": healthy, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            if finding.level != OK or finding.hint:
                print_line(f"{finding.subject}: {finding.text}", lead=f"{finding.level:8} ")
                if finding.hint:
                    print_line(f"→ {finding.hint}", lead=f"{'':8} ")
        sound = sum(finding.level == OK for finding in findings)
        others = len(findings) - sound
        print_text(f"{sound} sound" + (f", {others} to look at" if others else ", nothing to do"))
    return 0 if healthy else 1

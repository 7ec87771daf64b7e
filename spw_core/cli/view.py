"""`spw view`: one document of a spec, or its overview, rendered."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spw_core.cli.output import add_output_options, open_in_vscode, print_json, print_markdown, print_text
from spw_core.cli.parsers import Subparsers
from spw_core.errors import DocumentNotFound, SpwError

if TYPE_CHECKING:
    from spw_core.api import Spec

TYPES = (
    "overview",
    "report",
    "brief",
    "checkpoint",
    "implementation-log",
    "wave-summary",
    "completion-summary",
)


@dataclass(frozen=True, slots=True)
class _View:
    """What is shown. `path` is relative to the spec, empty for computed texts."""

    markdown: str
    path: str = ""


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "view", help="show the overview of a spec, a report, a checkpoint, a log …"
    )
    parser.add_argument("spec", metavar="SPEC")
    parser.add_argument("type", nargs="?", default="overview", metavar="TYPE", help=", ".join(TYPES))
    parser.add_argument("--wave", type=int, metavar="N", help="wave number")
    parser.add_argument("--run", default="", metavar="RUN", help="run number, name (run-002) or path")
    parser.add_argument("--command", default="", dest="of_command", metavar="NAME", help="command of the run")
    parser.add_argument("--task", default="", metavar="ID", help="task of an implementation log")
    parser.add_argument("--subagent", default="", metavar="NAME", help="whose report or brief")
    parser.add_argument("--raw", action="store_true", help="print the Markdown as it is")
    parser.add_argument("--vscode", action="store_true", help="open it in VS Code")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    if args.type not in TYPES:
        raise SpwError(f"unknown type: {args.type}", f"Types are: {', '.join(TYPES)}.")
    if args.wave is not None and args.wave < 1:
        raise SpwError(f"wave numbers start at 1, not {args.wave}")
    spec = Workspace.open(args.workspace).spec(args.spec)
    view = _view(spec, args)
    if args.json:
        print_json(
            {"ok": True, "spec": spec.name, "type": args.type, "path": view.path, "content": view.markdown}
        )
    elif args.vscode:
        open_in_vscode(view.markdown)
    elif args.raw:
        print_text(view.markdown.rstrip("\n"))
    else:
        print_markdown(view.markdown, args.width)
    return 0


def _view(spec: Spec, args: argparse.Namespace) -> _View:
    from spw_core.domain.lookup import find_log, find_run, find_subagent
    from spw_core.summaries.overview import overview, wave_report

    record = spec.record()
    if args.type == "overview":
        return _View(overview(record))
    if args.type == "wave-summary":
        return _View(wave_report(record, args.wave))
    if args.type == "completion-summary":
        return _read(spec, "COMPLETION-SUMMARY.md", "`spw finalize` makes it.")
    if args.type == "implementation-log":
        if not args.task:
            raise SpwError("an implementation log needs --task ID")
        return _read(spec, find_log(record, args.task).path)
    if args.type == "checkpoint":
        summary = "execution/CHECKPOINT-REPORT.md"
        plain = args.wave is None and not args.run and not args.subagent
        if plain and any(document.path == summary for document in record.documents):
            return _read(spec, summary)
        found = find_run(record, command="checkpoint", wave=args.wave, run=args.run)
    else:
        found = find_run(record, command=args.of_command, wave=args.wave, run=args.run)
    file = "brief.md" if args.type == "brief" else "report.md"
    agent = find_subagent(found, args.subagent, with_file=file)
    return _read(spec, f"{agent.path}/{file}")


def _read(spec: Spec, path: str, hint: str = "") -> _View:
    try:
        return _View(spec.read(path), path)
    except DocumentNotFound as error:
        raise DocumentNotFound(error.message, hint or error.hint) from error

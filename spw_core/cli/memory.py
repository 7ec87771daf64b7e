"""`spw memory`: what agents said here: import, list, show, search, forget, compact."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from spw_core.cli.numbers import whole_number
from spw_core.cli.output import (
    add_output_options,
    console,
    is_terminal,
    print_json,
    print_line,
    print_markdown,
    print_text,
    progress_bar,
    rich_line,
)
from spw_core.cli.parsers import Parser, Subparsers
from spw_core.text import plural

if TYPE_CHECKING:
    from spw_core.memory.importing import ImportReport
    from spw_core.memory.sessions import SessionRow, SessionView

_NOTHING = "No sessions yet. `spw memory import --all` reads the transcripts of Claude Code."
_SHORT_ID = 8


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "memory", help="what agents said here: import transcripts, list, show, search, forget"
    )
    commands: Subparsers = parser.add_subparsers(
        dest="subcommand", metavar="SUBCOMMAND", required=True, parser_class=Parser
    )
    _add_import(commands)
    listing = commands.add_parser("list", help="the sessions of this workspace, the newest first")
    listing.add_argument("--spec", default="", help="only sessions about this spec")
    _finish(listing, _list, limit=50)
    show = commands.add_parser("show", help="one session: what was said, and what it was about")
    show.add_argument("session", metavar="SESSION", help="its id, or how it begins")
    _finish(show, _show)
    search = commands.add_parser("search", help="find messages by words", words="query")
    search.add_argument("query", nargs="*", metavar="WORD", help="what to look for")
    search.add_argument("--session", default="", metavar="ID", help="only in this session")
    _finish(search, _search, limit=20)
    forget = commands.add_parser(
        "forget",
        help="remove sessions for ever; they are not imported again",
        description="Remove sessions for ever: messages, summaries, facts, words, vectors, off the disk."
        " They are not imported again, by whomever. Costs as much as writing the search index once.",
    )
    forget.add_argument("session", nargs="+", metavar="SESSION", help="its id, or its first 8 characters")
    _finish(forget, _forget)
    compact = commands.add_parser(
        "compact",
        help="turn old messages into summaries",
        description="Turn the messages of old sessions into summaries. An interruption loses nothing.",
    )
    compact.add_argument(
        "--older-than",
        type=whole_number(0, 36_500),
        default=14,
        metavar="DAYS",
        help="sessions that ended so long ago (default: 14)",
    )
    compact.add_argument("--session", default="", metavar="ID", help="only this session, whatever its age")
    _finish(compact, _compact)
    return parser


def _add_import(commands: Subparsers) -> None:
    parser = commands.add_parser(
        "import",
        help="read transcripts of Claude Code: files, or with --all those of this workspace",
        description="Read what is new in transcripts. Secrets are taken out before anything is stored.",
    )
    parser.add_argument("file", nargs="*", type=Path, metavar="FILE", help="a transcript (.jsonl)")
    parser.add_argument("--all", action="store_true", help="all that were written in this workspace")
    parser.add_argument("--session", default="", metavar="ID", help="the transcripts of one session")
    parser.add_argument("--queued", action="store_true", help="those that hooks have put in line")
    _finish(parser, _import)


def _finish(parser: argparse.ArgumentParser, handler: object, limit: int = 0) -> None:
    if limit:
        parser.add_argument(
            "--limit", type=whole_number(1, 100_000), default=limit, metavar="N", help=f"default: {limit}"
        )
    add_output_options(parser)
    parser.add_argument("--workspace", metavar="DIR", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.set_defaults(handler=handler)


# -- import --------------------------------------------------------------------------------------


def _import(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace
    from spw_core.cli.workspaces import remember
    from spw_core.errors import SpwError
    from spw_core.memory.finding import is_there

    workspace = Workspace.open(args.workspace)
    if not (args.file or args.all or args.session or args.queued):
        raise SpwError("nothing to import", "Name a FILE, or use --all, --session ID or --queued.")
    for path in args.file:
        if not is_there(path):
            raise SpwError(f"no such file: {path}", "Transcripts are in ~/.claude/projects/.")
    with progress_bar("reading transcripts", quiet=args.json) as progress:
        report = workspace.import_transcripts(
            args.file, everything=args.all, session=args.session, queued=args.queued, progress=progress
        )
    if report.messages:
        remember(workspace.paths.root)
    if args.json:
        print_json(_import_json(report))
    else:
        _print_import(report)
    # One bad transcript among all is told; one that was asked for by name has failed.
    return 1 if report.problems and (args.file or not report.read + report.unchanged) else 0


def _import_json(report: ImportReport) -> dict[str, object]:
    return {
        "ok": not report.problems,
        "sessions": report.sessions,
        "messages": report.messages,
        "redacted": report.redacted,
        "rules": report.rules,
        "read": report.read,
        "unchanged": report.unchanged,
        "problems": [{"path": path, "error": error} for path, error in report.problems],
    }


def _print_import(report: ImportReport) -> None:
    print_line(
        f"{plural(report.sessions, 'new session')}, {plural(report.messages, 'new message')}"
        f" ({plural(report.read, 'transcript')} read, {report.unchanged} unchanged)"
    )
    if report.redacted:
        rules = ", ".join(f"{count} × {rule}" for rule, count in sorted(report.rules.items()))
        print_line(f"{plural(report.redacted, 'secret')} taken out: {rules}")
    for path, error in report.problems:
        print_line(f"{path}: {error}", lead="  ")


# -- list, show, search, forget ------------------------------------------------------------------


def _list(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    workspace = Workspace.open(args.workspace)
    if args.spec:
        workspace.spec(args.spec)
    rows = workspace.sessions(spec=args.spec, limit=args.limit)
    if args.json:
        print_json({"ok": True, "sessions": [asdict(row) for row in rows]})
    elif not rows:
        print_text(f"No sessions about {args.spec}." if args.spec else _NOTHING)
    elif is_terminal():
        _print_table(rows, args.width)
    else:
        for row in rows:
            fields = (row.id, row.ended_at, str(row.messages), ",".join(row.specs), row.title)
            print_line(" | ".join(fields))
    return 0


def _print_table(rows: list[SessionRow], width: int | None) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("session", "last", "specs", "title"):
        table.add_column(name, no_wrap=name in ("session", "last"), overflow="fold")
    table.add_column("messages", justify="right")
    table.add_column("tokens", justify="right")
    for row in rows:
        table.add_row(
            rich_line(row.id[:_SHORT_ID], "cyan"),
            rich_line(_minute(row.ended_at), "dim"),
            rich_line(", ".join(row.specs[:3]), "bold"),
            rich_line(row.title),
            str(row.messages),
            row.tokens.brief,
        )
    console(width).print(table)


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _show(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    view = Workspace.open(args.workspace).session(args.session)
    if args.json:
        print_json(
            {
                "ok": True,
                "session": asdict(view.row),
                "links": [asdict(link) for link in view.links],
                "summaries": [asdict(summary) for summary in view.summaries],
                "messages": [asdict(message) for message in view.messages],
            }
        )
    else:
        print_markdown(_as_markdown(view), args.width)
    return 0


def _as_markdown(view: SessionView) -> str:
    row = view.row
    time = f"{_minute(row.started_at)} to {_minute(row.ended_at)}"
    lines = [
        f"# {row.title or row.id}",
        "",
        f"{row.id} · {time} · {plural(row.messages, 'message')}",
    ]
    if row.tokens.brief:
        cached = f", {row.tokens.cache_read:,} of them from the cache" if row.tokens.cache_read else ""
        lines += ["", f"Tokens: {row.tokens.all_input:,} read{cached}, {row.tokens.output:,} written"]
    for title, targets in (
        ("Specs", row.specs),
        ("Runs", row.runs),
        ("Files changed", tuple(link.target for link in view.links if link.kind == "file")),
    ):
        if targets:
            lines += ["", f"{title}: {', '.join(targets)}"]
    for summary in view.summaries:
        about = f"{_minute(summary.from_time)} to {_minute(summary.to_time)}"
        lines += [
            "",
            f"## Summary of {plural(len(summary.message_ids), 'message')}, {about}",
            "",
            summary.content,
        ]
    for message in view.messages:
        who = f"{message.role}: {message.tool_name}" if message.tool_name else str(message.role)
        lines += ["", f"## {who} · {_minute(message.created_at)}", "", message.content]
    return "\n".join(lines)


def _search(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    hits = Workspace.open(args.workspace).search_messages(
        " ".join(args.query), session=args.session, limit=args.limit
    )
    if args.json:
        print_json(
            {
                "ok": True,
                "count": len(hits),
                "results": [{**asdict(hit.message), "title": hit.title} for hit in hits],
            }
        )
        return 0
    if not hits:
        print_line("Nothing found. Try fewer or other words, or `spw memory import --all` for new sessions.")
    for hit in hits:
        message = hit.message
        print_line(
            f"{message.session_id[:_SHORT_ID]} {_minute(message.created_at)} {message.role}: {hit.title}"
        )
        print_line(message.content[:300], lead="   ")
    return 0


def _forget(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    report = Workspace.open(args.workspace).forget(args.session)
    if args.json:
        print_json({"ok": True, **asdict(report)})
        return 0
    for session in report.sessions:
        print_line(f"{session} is forgotten, and not imported again.")
    print_line(f"{plural(report.messages, 'message')} removed")
    for line in report.left:
        print_line(line, lead="  ")
    return 0


def _compact(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    workspace = Workspace.open(args.workspace)
    session = workspace.session(args.session).row.id if args.session else ""
    with progress_bar("compacting", quiet=args.json) as progress:
        report = workspace.compact(older_than_days=args.older_than, session=session, progress=progress)
    if args.json:
        print_json({"ok": True, **asdict(report)})
        return 0
    print_line(
        f"{plural(report.messages, 'message')} of {plural(report.sessions, 'session')} became"
        f" {plural(report.summaries, 'summary', 'summaries')} and {plural(report.facts, 'fact')}"
    )
    for remark in report.remarks:
        print_line(remark, lead="  ")
    return 0

"""`spw search`: ranked documents for words."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from spw_core.cli.numbers import whole_number
from spw_core.cli.output import add_output_options, console, is_terminal, print_json, print_line, rich_line
from spw_core.text import clean

if TYPE_CHECKING:
    from rich.text import Text

    from spw_core.search.find import SearchAnswer
    from spw_core.search.results import SearchResult

_DEFAULT_LIMIT, _HIGHEST_LIMIT = 10, 1000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "search",
        help="find documents by words",
        description='Find documents. Any words will do; "a phrase", -without and pre* are understood.',
        words="query",
    )
    parser.add_argument("query", nargs="*", metavar="WORD", help="what to look for")
    parser.add_argument("--spec", action="append", default=[], help="only this spec (may be repeated)")
    parser.add_argument("--type", action="append", default=[], help="only this type (may be repeated)")
    parser.add_argument(
        "--limit",
        type=whole_number(1, _HIGHEST_LIMIT),
        default=_DEFAULT_LIMIT,
        metavar="N",
        help="results (default: 10)",
    )
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace
    from spw_core.domain.places import Kind
    from spw_core.errors import SpwError

    kinds = [kind.value for kind in Kind]
    for wanted in args.type:
        if wanted not in kinds:
            raise SpwError(f"unknown type: {wanted}", f"Types are: {', '.join(kinds)}.")
    workspace = Workspace.open(args.workspace)
    for name in args.spec:
        workspace.spec(name)
    answer = workspace.search(" ".join(args.query), specs=args.spec, types=args.type, limit=args.limit)
    if args.json:
        print_json(_as_json(answer))
    elif is_terminal():
        _print_rich(answer, args.width)
    else:
        _print_plain(answer)
    return 0


def _as_json(answer: SearchAnswer) -> dict[str, object]:
    return {
        "ok": True,
        "query": answer.query,
        "mode_requested": answer.mode_requested,
        "mode": answer.mode,
        "reason": answer.reason,
        "count": len(answer.results),
        "results": [asdict(result) for result in answer.results],
    }


def _hint(answer: SearchAnswer) -> str:
    if "harvested" in answer.reason:
        return "Nothing is harvested yet. Run `spw harvest --all` first."
    return (
        f"Nothing found for {answer.query!r}. Try fewer or other words, or `spw harvest --all` for new files."
    )


def _place(result: SearchResult) -> str:
    """`checkout · checkpoint wave 2 run-001 release-gate-decider`, as far as it applies."""
    parts = [result.command, f"wave {result.wave}" if result.wave else "", result.run, result.agent]
    where = " ".join(part for part in parts if part)
    return f"{result.spec} · {where}" if where else result.spec


def _link(result: SearchResult) -> str:
    return f".spec-workflow/{result.path}:{result.line}"


def _print_plain(answer: SearchAnswer) -> None:
    if not answer.results:
        print_line(_hint(answer))
    for number, result in enumerate(answer.results, 1):
        print_line(f"[{result.type}] {_place(result)} ({result.score:.2f})", lead=f"{number}. ")
        for text in (result.heading or result.title, _link(result), result.snippet):
            print_line(text, lead="   ")


def _print_rich(answer: SearchAnswer, width: int | None) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out = console(width)
    if not answer.results:
        out.print(rich_line(_hint(answer)))
    for number, result in enumerate(answer.results, 1):
        head = Text.assemble(
            (f"{number:>2} ", "dim"),
            rich_line(result.type, "cyan"),
            "  ",
            rich_line(_place(result), "bold"),
            "  ",
            rich_line(result.status, _style(result)),
        )
        out.print(head)
        out.print(Padding(rich_line(result.heading or result.title, "italic"), (0, 0, 0, 3)))
        out.print(Padding(_marked(result.snippet), (0, 0, 0, 3)))
        # Not wrapped: a path is copied, or clicked, in one piece.
        out.print(Text.assemble("   ", rich_line(_link(result), "dim"), "\n"), soft_wrap=True)
    if answer.results:
        out.print(rich_line(f"{len(answer.results)} results · {answer.mode} search ({answer.reason})", "dim"))


def _style(result: SearchResult) -> str:
    return {"pass": "green", "blocked": "red"}.get(result.status, "yellow")


def _marked(snippet: str) -> Text:
    from rich.text import Text

    from spw_core.search.snippets import MARK_END, MARK_START

    text = Text()
    for piece in clean(snippet).split(MARK_START):
        marked, end, rest = piece.partition(MARK_END)
        if end:
            text.append(marked, "bold yellow")
            text.append(rest)
        else:
            text.append(piece)
    return text

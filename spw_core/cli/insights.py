"""`spw insights`: what keeps failing over all specs, and what put it right."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from spw_core.cli.numbers import whole_number
from spw_core.cli.output import add_output_options, console, is_terminal, print_json, print_line, rich_line
from spw_core.cli.parsers import Subparsers

if TYPE_CHECKING:
    from spw_core.domain.problems import Problem
    from spw_core.memory.insights import Group, Similar

_EXAMPLES = 3
_LONGEST_SHOWN = 200


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "insights", help="what keeps failing at checkpoints over all specs, and what put it right"
    )
    parser.add_argument(
        "--similar", default="", metavar="RUN", help="earlier problems like those of this run"
    )
    parser.add_argument("--repeated", action="store_true", help="only what happened more than once")
    parser.add_argument("--limit", type=whole_number(1, 1000), default=20, metavar="N", help="default: 20")
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    workspace = Workspace.open(args.workspace)
    if args.similar:
        asked, found = workspace.similar_problems(args.similar, limit=args.limit)
        if args.json:
            print_json(
                {
                    "ok": True,
                    "run": args.similar,
                    "problems": [asdict(one) for one in asked],
                    "similar": [
                        {**asdict(one.problem), "score": one.score, "weak": one.is_weak} for one in found
                    ],
                }
            )
        else:
            _print_similar(asked, found)
        return 0
    groups = workspace.insights(limit=args.limit, single=not args.repeated)
    if args.json:
        print_json({"ok": True, "groups": [asdict(group) for group in groups]})
    elif not groups:
        print_line("Nothing was blocked or failed so far.")
    elif is_terminal():
        _print_rich(groups, args.width)
    else:
        for group in groups:
            _print_plain(group)
    return 0


def _print_plain(group: Group) -> None:
    print_line(f"{group.count} × {_brief(group.text)}")
    print_line(_about(group), lead="   ")
    for problem in group.problems[:_EXAMPLES]:
        print_line(f"- {_where(problem)}: {_cleared(problem)}", lead="   ")
    if more := _left_out(group):
        print_line(more, lead="   ")


def _about(group: Group) -> str:
    still = f", {group.open} not cleared" if group.open else ""
    specs = ", ".join(group.specs[:4]) + (" …" if len(group.specs) > 4 else "")
    return f"{group.first_seen[:10]} to {group.last_seen[:10]}{still} · {specs}"


def _where(problem: Problem) -> str:
    return f"{problem.spec}/{problem.run} {problem.agent}"


def _cleared(problem: Problem) -> str:
    if not problem.cleared_by:
        return "not cleared yet"
    after = f" after {', '.join(map(_short, problem.fixed_in))}" if problem.fixed_in else ""
    return f"cleared by {_short(problem.cleared_by)}{after}"


def _short(run: str) -> str:
    """`checkpoint/run-002`: a run's number alone says nothing where stages are told apart by it."""
    return "/".join(run.split("/")[-2:])


def _left_out(group: Group) -> str:
    more = group.count - _EXAMPLES
    return f"and {more} more; --json shows all" if more > 0 else ""


def _brief(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1].rstrip() + "…"


def _print_rich(groups: list[Group], width: int | None) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out = console(width)
    for group in groups:
        out.print(
            Text.assemble((f"{group.count:>3} × ", "bold yellow"), rich_line(_brief(group.text), "bold"))
        )
        out.print(Padding(rich_line(_about(group), "dim"), (0, 0, 0, 6)))
        for problem in group.problems[:_EXAMPLES]:
            style = "green" if problem.cleared_by else "red"
            line = Text.assemble(rich_line(_where(problem)), "  ", rich_line(_cleared(problem), style))
            out.print(Padding(line, (0, 0, 0, 6)))
        if more := _left_out(group):
            out.print(Padding(rich_line(more, "dim"), (0, 0, 0, 6)))
        out.print()


def _print_similar(asked: list[Problem], found: list[Similar]) -> None:
    for problem in asked:
        print_line(f"{_where(problem)}: {_brief(problem.text)}")
    if not found:
        print_line("Nothing like it happened before.")
    for similar in found:
        weak = " (weak)" if similar.is_weak else ""
        print_line(f"{similar.score:.2f}{weak} {_where(similar.problem)}: {_brief(similar.problem.text)}")
        print_line(_cleared(similar.problem), lead="     ")

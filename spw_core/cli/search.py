"""`spw search`: ranked documents for words and filters."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from spw_core.cli.numbers import whole_number
from spw_core.cli.output import add_output_options, is_terminal, print_json, print_warning, progress_bar
from spw_core.cli.parsers import Subparsers
from spw_core.errors import SpwError, UsageError

if TYPE_CHECKING:
    from spw_core.api import Workspace
    from spw_core.search.find import SearchAnswer

_DEFAULT_LIMIT, _HIGHEST_LIMIT = 10, 1000
_HIGHEST_WAVE, _HIGHEST_ID = 1_000_000, 2**53
_MODES = ("auto", "lexical", "semantic", "hybrid")
_GROUPS = ("spec", "run")
# Types of documents that are not those of files.
_OTHER_TYPES = ("run-card", "message", "summary")

_DESCRIPTION = """\
Find documents. Any words will do; misspelt ones are corrected, and so it is said.
Understood within the query, too: "a phrase"  -without  begin*  and the filters
spec: type: phase: status: wave: run: task: agent: since:  (status:blocked since:2w).
Filters without a word list the newest documents first.
"""


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "search",
        help="find documents by words and meaning",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        words="query",
        optional=True,
    )
    parser.add_argument("query", nargs="*", metavar="WORD", help="what to look for")
    narrow = parser.add_argument_group("filters (each may be repeated; a value may end in *)")
    for name, metavar, what in (
        ("--spec", "NAME", "only this spec"),
        ("--type", "TYPE", "only this type of document (report, handoff, design …)"),
        ("--phase", "PHASE", "only this phase (prd, design, planning, execution, qa …)"),
        ("--status", "STATUS", "only what ended so (pass, blocked, missing …)"),
        ("--run", "RUN", "only this run (2, run-002)"),
        ("--task", "ID", "only this task"),
        ("--agent", "NAME", "only this subagent"),
    ):
        narrow.add_argument(name, action="append", default=[], metavar=metavar, help=what)
    narrow.add_argument(
        "--wave", action="append", default=[], type=whole_number(0, _HIGHEST_WAVE), metavar="N", help="wave"
    )
    narrow.add_argument("--since", default="", metavar="WHEN", help="2026-02-01, 12h, 2d, 3w, today …")
    narrow.add_argument("--removed", action="store_true", help="files that were deleted, and only those")
    parser.add_argument(
        "--limit",
        type=whole_number(1, _HIGHEST_LIMIT),
        default=_DEFAULT_LIMIT,
        metavar="N",
        help="results (default: 10)",
    )
    parser.add_argument("--group", choices=_GROUPS, default="", help="the best document of each spec or run")
    parser.add_argument(
        "--mode", choices=_MODES, default="auto", help="words, meaning, or both (default: auto)"
    )
    parser.add_argument(
        "--vector", action="store_const", dest="mode", const="semantic", help="the same as --mode semantic"
    )
    parser.add_argument("--explain", action="store_true", help="show how each result got its place")
    parser.add_argument(
        "--more-like", type=whole_number(1, _HIGHEST_ID), metavar="ID", help="documents like this result"
    )
    parser.add_argument(
        "--open", type=whole_number(1, _HIGHEST_LIMIT), metavar="N", help="open the Nth result in $EDITOR"
    )
    parser.add_argument("--raw", action="store_true", help="print PATH:LINE, one per line")
    parser.add_argument(
        "--self-test",
        action="store_true",
        help="measure how much meaning helps here, and weigh it so",
    )
    add_output_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from spw_core.api import Workspace

    if args.self_test:
        return _self_test(args, Workspace.open(args.workspace))
    if args.more_like is None and not args.query and not _has_filter(args):
        raise UsageError("the following arguments are required: WORD", "See `spw search --help`.")
    if args.more_like is not None and args.query:
        raise SpwError("--more-like takes no words", "Narrow it with options such as --type and --spec.")
    workspace = Workspace.open(args.workspace)
    _check_values(workspace, args)
    answer = workspace.search(
        " ".join(args.query),
        specs=args.spec,
        types=args.type,
        phases=args.phase,
        statuses=args.status,
        waves=args.wave,
        runs=args.run,
        tasks=args.task,
        agents=args.agent,
        since=args.since,
        limit=args.limit,
        mode=args.mode,
        group=args.group,
        removed=args.removed,
        more_like=args.more_like,
    )
    if args.open is not None:
        return _open(workspace, answer, args.open)
    _print(answer, args)
    return 0


def _self_test(args: argparse.Namespace, workspace: Workspace) -> int:
    from spw_core.cli import search_output

    with progress_bar("self-test", quiet=args.json) as progress:
        search_output.print_self_test(workspace.self_test(progress), as_json=args.json)
    return 0


def _has_filter(args: argparse.Namespace) -> bool:
    lists = (args.spec, args.type, args.phase, args.status, args.wave, args.run, args.task, args.agent)
    return any(lists) or bool(args.since) or args.removed


def _check_values(workspace: Workspace, args: argparse.Namespace) -> None:
    """Refuse what can only be a slip: an unknown type, a spec that is not there."""
    from spw_core.domain.places import Kind
    from spw_core.search.query import TYPE_ALIASES

    types = [kind.value for kind in Kind] + list(_OTHER_TYPES)
    for wanted in args.type:
        if wanted.lower() not in (*types, *TYPE_ALIASES) and not wanted.endswith("*"):
            raise SpwError(f"unknown type: {wanted}", f"Types are: {', '.join(types)}.")
    for name in args.spec:
        if not name.endswith("*"):
            workspace.spec(name)


def _print(answer: SearchAnswer, args: argparse.Namespace) -> None:
    from spw_core.cli import search_output

    if answer.behind:
        names = ", ".join(answer.behind)
        print_warning(f"the newest files of {names} are not in the answer; `spw harvest` says why")
    if args.raw:
        search_output.print_raw(answer)
    elif args.json:
        print_json(search_output.as_json(answer, explain=args.explain))
    elif is_terminal():
        search_output.print_rich(answer, args.width, explain=args.explain)
    else:
        search_output.print_plain(answer, explain=args.explain)


def _open(workspace: Workspace, answer: SearchAnswer, number: int) -> int:
    import subprocess

    from spw_core.editor import HINT, edit_command, editor

    if number > len(answer.results):
        count = len(answer.results)
        raise SpwError(
            f"there is no result {number}; the search found {count}", "See the list without --open."
        )
    result = answer.results[number - 1]
    path = workspace.paths.workflow_file(result.path) if result.path else None
    if path is None or not path.is_file():
        hint = f"`spw restore {result.spec}` brings files back." if result.spec else ""
        raise SpwError(f"{result.path or result.title} is no file on disk; it is kept in the database", hint)
    command = edit_command(editor(), path, result.line)
    try:
        return subprocess.run(command, check=False).returncode
    except OSError as error:
        raise SpwError(f"cannot run the editor {command[0]!r}: {error}", HINT) from error

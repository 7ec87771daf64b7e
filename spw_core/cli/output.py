"""What commands print: JSON for programs, Rich on a terminal, plain text in a pipe."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from spw_core.cli.numbers import whole_number
from spw_core.errors import SpwError
from spw_core.text import clean, clean_line, escape_controls

if TYPE_CHECKING:
    import argparse

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.text import Text

NO_SPECS = "No specs yet. A spec is a folder in .spec-workflow/specs/ with a requirements.md."

_MARKDOWN_WIDTH = 120
# Rich lays out every column of every line: beyond any screen that is only a way to use up the memory.
_NARROWEST, _WIDEST = 20, 1000


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """The options that every human command has."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--width",
        type=whole_number(_NARROWEST, _WIDEST),
        metavar="N",
        help="columns to render for (default: the terminal's)",
    )


def is_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def console(width: int | None = None, *, stderr: bool = False) -> Console:
    """A Rich console that interprets nothing in what it is given. NO_COLOR is honoured by Rich itself."""
    from rich.console import Console

    out = Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)
    if out.width > _WIDEST:  # COLUMNS may say anything
        out.width = _WIDEST
    return out


def rich_line(text: str, style: str = "") -> Text:
    """Content for Rich, safe and on one line. Rich itself passes escape sequences on to the terminal."""
    from rich.text import Text

    return Text(clean_line(text), style=style)


def json_text(value: Mapping[str, object], *, sort_keys: bool = False) -> str:
    """Indented JSON without raw control characters; letters outside ASCII only where stdout can show them."""
    encoding = (sys.stdout.encoding or "utf-8").lower().replace("-", "")
    as_ascii = not encoding.startswith("utf")
    return escape_controls(json.dumps(value, indent=2, sort_keys=sort_keys, ensure_ascii=as_ascii))


def print_json(value: Mapping[str, object]) -> None:
    """One JSON object on stdout."""
    print(json_text(value))


def print_json_error(message: str, hint: str = "", reasons: Sequence[str] = ()) -> None:
    """The error object of machine commands, on stderr."""
    value: dict[str, object] = {"ok": False, "error": message}
    value |= ({"reasons": list(reasons)} if reasons else {}) | ({"hint": hint} if hint else {})
    print(json.dumps(value), file=sys.stderr)


def print_warning(text: str) -> None:
    """One line on stderr about an answer that was given all the same."""
    with suppress(OSError):  # as for errors
        print(f"spw: warning: {clean_line(text)}", file=sys.stderr, flush=True)


def print_error(message: str, hint: str = "", reasons: Sequence[str] = ()) -> None:
    """`spw: error: …` on stderr, then reasons and a hint, indented."""
    lines = [f"spw: error: {clean_line(message)}", *(f"  - {clean_line(reason)}" for reason in reasons)]
    if hint:
        lines.append(f"  {clean_line(hint)}")
    with suppress(OSError):  # a full stderr: nowhere is left to tell it
        print("\n".join(lines), file=sys.stderr, flush=True)


def print_text(text: str) -> None:
    """Plain text on stdout, without control characters."""
    print(clean(text))


def print_line(text: str, lead: str = "") -> None:
    """Content on one line, after our own `lead`: a file name with a newline must not forge a second one."""
    print(lead + clean_line(text))


def print_markdown(text: str, width: int | None = None) -> None:
    """Rendered on a terminal, as it is in a pipe."""
    if not is_terminal():
        print_text(text)
        return
    from rich.markdown import Markdown

    out = console(width)
    out.print(_Clean(Markdown(clean(text), hyperlinks=False)), width=width or min(out.width, _MARKDOWN_WIDTH))


@contextmanager
def progress_bar(what: str, *, quiet: bool) -> Iterator[Callable[[int, int, str], None] | None]:
    """A progress bar on stderr when it is a terminal; what it yields takes (done, total, name)."""
    out = console(stderr=True)
    if quiet or not out.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    with Progress(
        TextColumn(what, markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[name]}", markup=False),
        console=out,
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=None, name="")
        yield lambda done, total, name: bar.update(task, completed=done, total=total, name=clean_line(name))


def require_vscode() -> str:
    """The path of VS Code's command. Raises SpwError when there is none."""
    import shutil

    program = shutil.which("code")
    if program is None:
        raise SpwError("VS Code's `code` command is not on the path", "Use --raw to print the Markdown.")
    return program


def open_in_vscode(markdown: str) -> None:
    """Show a text in a new editor of VS Code. Raises SpwError without its command."""
    import subprocess

    subprocess.run([require_vscode(), "-"], input=markdown.encode(), check=False)


class _Clean:
    """Something rendered, cleaned once more: Markdown makes control characters of `&#x202e;`."""

    def __init__(self, content: RenderableType) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        for text, style, control in console.render(self._content, options):
            yield Segment(clean(text), style, control)

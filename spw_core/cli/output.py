"""What commands print: JSON for programs, Rich on a terminal, plain text in a pipe."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spw_core.errors import SpwError
from spw_core.text import clean

if TYPE_CHECKING:
    from rich.console import Console

_MARKDOWN_WIDTH = 120


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """The options that every human command has."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--width", type=int, metavar="N", help="columns to render for (default: the terminal's)"
    )


def is_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def console(width: int | None = None, *, stderr: bool = False) -> Console:
    """A Rich console that interprets nothing in what it is given. NO_COLOR is honoured by Rich itself."""
    from rich.console import Console

    return Console(
        stderr=stderr,
        width=width if width and width > 0 else None,
        markup=False,
        emoji=False,
        highlight=False,
    )


def print_json(value: Mapping[str, object]) -> None:
    """One JSON object on stdout; characters outside ASCII only where stdout can show them."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    print(json.dumps(value, indent=2, ensure_ascii=not encoding.startswith("utf")))


def print_json_error(message: str, hint: str = "", reasons: Sequence[str] = ()) -> None:
    """The error object of machine commands, on stderr."""
    value: dict[str, object] = {"ok": False, "error": message}
    value |= ({"reasons": list(reasons)} if reasons else {}) | ({"hint": hint} if hint else {})
    print(json.dumps(value), file=sys.stderr)


def print_error(message: str, hint: str = "", reasons: Sequence[str] = ()) -> None:
    """`spw: error: …` on stderr, then reasons and a hint, indented."""
    lines = [f"spw: error: {clean(message)}", *(f"  - {clean(reason)}" for reason in reasons)]
    _write(sys.stderr, "\n".join([*lines, *([f"  {clean(hint)}"] if hint else [])]) + "\n")


def print_text(text: str) -> None:
    """Plain text on stdout, without control characters, in whatever encoding stdout has."""
    _write(sys.stdout, clean(text) + "\n")


def print_markdown(text: str, width: int | None = None) -> None:
    """Rendered on a terminal, as it is in a pipe."""
    if not is_terminal():
        print_text(text)
        return
    from rich.markdown import Markdown

    out = console(width)
    columns = width if width and width > 0 else min(out.width, _MARKDOWN_WIDTH)
    out.print(Markdown(clean(text), hyperlinks=False), width=columns)


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
        yield lambda done, total, name: bar.update(task, completed=done, total=total, name=name)


def require_vscode() -> str:
    """The path of VS Code's command. Raises SpwError when there is none."""
    program = shutil.which("code")
    if program is None:
        raise SpwError("VS Code's `code` command is not on the path", "Use --raw to print the Markdown.")
    return program


def open_in_vscode(markdown: str) -> None:
    """Show a text in a new editor of VS Code. Raises SpwError without its command."""
    subprocess.run([require_vscode(), "-"], input=markdown.encode(), check=False)


def _write(stream: object, text: str) -> None:
    # Not `print`: a stdout in a legacy encoding must not raise on the first accented letter.
    target = stream if hasattr(stream, "write") else sys.stdout
    encoding = getattr(target, "encoding", None) or "utf-8"
    target.write(text.encode(encoding, "replace").decode(encoding))

"""The argument parsers that all commands share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NoReturn, TypeAlias

from spw_core.cli.words import first_word, with_spec_in_place
from spw_core.errors import UsageError

# Where a command adds its parser; subscripted as a text, because the class is none at run time.
Subparsers: TypeAlias = "argparse._SubParsersAction[Parser]"

_WORKSPACE_HELP = "folder with .spec-workflow (default: search upward from here)"

Fill = Callable[["Parser", str], None]


class Parser(argparse.ArgumentParser):
    """Usage errors are raised, as UsageError, and point at the help instead of repeating it.

    `words` names an argument for free text: it gets every word that is no option, wherever it stands among
    the options, also `-without` and whatever follows `--`. At least one, unless they are `optional`.
    `fill` is called with this parser and the first word when the arguments are known, to add subcommands.
    """

    def __init__(
        self, *args: Any, words: str = "", optional: bool = False, fill: Fill | None = None, **options: Any
    ) -> None:
        options.setdefault("formatter_class", _HelpFormatter)
        super().__init__(*args, **options)
        self._fill = fill
        self._words = words
        self._optional = optional

    def parse_known_args(
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        given = sys.argv[1:] if args is None else list(args)
        if self._fill:
            fill, self._fill = self._fill, None
            fill(self, first_word(given))
        if not self._words:
            return super().parse_known_args(given, namespace)
        end = given.index("--") if "--" in given else len(given)
        # Argparse fills an argument once and leaves over, in order, the words that stand behind an option.
        known, left = super().parse_known_args(given[:end], namespace)
        words = [*getattr(known, self._words), *(word for word in left if not word.startswith("--"))]
        words += given[end + 1 :]
        if not words and not self._optional:
            self.error("the following arguments are required: WORD")
        setattr(known, self._words, words)
        return known, [word for word in left if word.startswith("--")]

    def add_workspace(self, default: object = argparse.SUPPRESS) -> None:
        """Add `--workspace`; the default of a subcommand is none, or it would undo one before the command."""
        self.add_argument("--workspace", metavar="DIR", default=default, help=_WORKSPACE_HELP)

    def _parse_optional(self, arg_string: str) -> Any:
        # Argparse would read `-harvest` as `-h` with something behind it. None makes it a plain word.
        if self._words and not arg_string.startswith("--") and arg_string not in self._option_string_actions:
            return None
        return super()._parse_optional(arg_string)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"See `{self.prog} --help`.")


class _HelpFormatter(argparse.HelpFormatter):
    """As argparse's own, which is made for every option and imports shutil to ask for the width."""

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        width = int(columns) if columns.isascii() and columns.isdigit() and len(columns) < 6 else 0
        with suppress(OSError):  # no terminal
            width = width or os.get_terminal_size().columns
        super().__init__(prog, width=max(width or 80, 40) - 2)


class SpecParser(Parser):
    """A command whose first argument is the spec, given there or anywhere as `--spec NAME`.

    The Go tool knew only the first form, instructions to agents use both. With `spec_last` the spec is the
    last argument and not the first; a `group` leaves all words to its subcommands.
    """

    def __init__(self, *args: Any, spec_last: bool = False, group: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self._spec_last = spec_last
        self._group = group

    def parse_known_args(
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        if args is not None and not self._group:
            args = with_spec_in_place(list(args), self._spec_last)
        return super().parse_known_args(args, namespace)


def add_subcommands(group: Parser) -> Subparsers:
    """Room for the subcommands of a command group; the group alone is a usage error."""
    commands: Subparsers = group.add_subparsers(
        dest="subcommand", metavar="SUBCOMMAND", required=True, parser_class=SpecParser, prog=group.prog
    )
    return commands

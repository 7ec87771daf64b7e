"""The argument parsers that all commands share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NoReturn, TypeAlias

from spw_core.errors import UsageError


def first_word(argv: Sequence[str]) -> str:
    """The first argument that is neither an option nor the folder of `--workspace`; empty without one."""
    words = iter(argv)
    for word in words:
        if len(word) > 2 and "--workspace".startswith(word):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


# Where a command adds its parser; subscripted as a text, because the class is none at run time.
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def asks_for_json(argv: Sequence[str]) -> bool:
    """True when `--json`, or an abbreviation of it, is among the options, whether or not they make sense."""
    options = argv[: argv.index("--")] if "--" in argv else argv
    return any(len(word) > 2 and "--json".startswith(word) for word in options)


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

    def _parse_optional(self, arg_string: str) -> Any:
        # Argparse would read `-harvest` as `-h` with something behind it. None makes it a plain word.
        if self._words and not arg_string.startswith("--") and arg_string not in self._option_string_actions:
            return None
        return super()._parse_optional(arg_string)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"See `{self.prog} --help`.")


def load(module: str) -> Any:
    """A module of this package by its name. `importlib`, which does the same, takes longer to import."""
    return __import__(f"spw_core.cli.{module}", fromlist=[module])


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
            args = _rearranged(list(args), self._spec_last)
        return super().parse_known_args(args, namespace)


def _rearranged(words: list[str], spec_last: bool) -> list[str]:
    """`--spec NAME` as the first or the last argument, and `--raw` before all arguments.

    At an option in the midst of the arguments argparse would give up on those that may be missing.
    """
    end = words.index("--") if "--" in words else len(words)
    spec: list[str] = []
    others: list[str] = []
    left = iter(words[:end])
    for word in left:
        if word == "--spec":
            spec += [value] if (value := next(left, None)) is not None else [word]
        elif word.startswith("--spec="):
            spec.append(word.removeprefix("--spec="))
        else:
            others.append(word)
    others.sort(key=lambda word: word != "--raw")
    raw = others.count("--raw")
    first, last = ([], spec) if spec_last else (spec, [])
    return [*others[:raw], *first, *others[raw:], *last, *words[end:]]


def add_subcommands(group: argparse.ArgumentParser) -> Subparsers:
    """Room for the subcommands of a command group; the group alone is a usage error."""
    commands: Subparsers = group.add_subparsers(
        dest="subcommand", metavar="SUBCOMMAND", required=True, parser_class=SpecParser, prog=group.prog
    )
    return commands

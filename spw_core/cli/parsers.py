"""The argument parsers that all commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from spw_core.cli.output import print_error


class Parser(argparse.ArgumentParser):
    """Usage errors exit with 1, as the Go tool's did, and point at the help instead of repeating it.

    `words` names an argument for free text: it gets every word that is no option, wherever it stands among
    the options, also `-without` and whatever follows `--`. At least one, unless they are `optional`.
    """

    def __init__(self, *args: Any, words: str = "", optional: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self._words = words
        self._optional = optional

    def parse_known_args(
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        given = sys.argv[1:] if args is None else list(args)
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
        print_error(message, f"See `{self.prog} --help`.")
        raise SystemExit(1)


class SpecParser(Parser):
    """A command whose first argument is the spec, given there or anywhere as `--spec NAME`.

    The Go tool knew only the first form, instructions to agents use both.
    """

    def parse_known_args(
        self, args: Iterable[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        return super().parse_known_args(None if args is None else _rearranged(list(args)), namespace)


def _rearranged(words: list[str]) -> list[str]:
    """`--spec NAME` as the first argument, and `--raw` before all arguments.

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
    return [*others[:raw], *spec, *others[raw:], *words[end:]]


def add_subcommands(
    group: argparse.ArgumentParser,
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """Room for the subcommands of a command group; the group alone is a usage error."""
    commands: argparse._SubParsersAction[argparse.ArgumentParser] = group.add_subparsers(
        dest="subcommand", metavar="SUBCOMMAND", required=True, parser_class=SpecParser
    )
    return commands

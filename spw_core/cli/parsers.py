"""The argument parsers that all commands share."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any, NoReturn

from spw_core.cli.output import print_error


class Parser(argparse.ArgumentParser):
    """Usage errors exit with 1, as the Go tool's did, and point at the help instead of repeating it."""

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
        return super().parse_known_args(None if args is None else _spec_first(list(args)), namespace)


def _spec_first(words: list[str]) -> list[str]:
    for index, word in enumerate(words):
        if word == "--":
            break
        if word.startswith("--spec="):
            return [word.removeprefix("--spec="), *words[:index], *words[index + 1 :]]
        if word == "--spec" and index + 1 < len(words):
            return [words[index + 1], *words[:index], *words[index + 2 :]]
    return words


def add_subcommands(
    group: argparse.ArgumentParser,
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """Room for the subcommands of a command group; the group alone is a usage error."""
    commands: argparse._SubParsersAction[argparse.ArgumentParser] = group.add_subparsers(
        dest="subcommand", metavar="SUBCOMMAND", required=True, parser_class=SpecParser
    )
    return commands

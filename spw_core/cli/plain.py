"""Reading plain command lines without argparse, which takes longer to import than a small tool takes.

What a command accepts is said once, in its `add_commands`: to argparse, or to the recorders here, which
understand as much of argparse's words as they need. They read nothing but whole options and words in their
places. Help, mistakes, abbreviations, `--option=value`: for all else `read` says None, and argparse is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from spw_core.cli.words import with_spec_in_place

_SETTINGS = frozenset(("action", "choices", "default", "dest", "help", "metavar", "required", "type"))


class _Argument(NamedTuple):
    dest: str
    is_flag: bool
    read: Callable[[str], Any]
    choices: Sequence[str] | None


class PlainParser:
    """What one command accepts; stands in for an ArgumentParser while that is being said."""

    def __init__(self, *, spec_last: bool = False) -> None:
        self._spec_last = spec_last
        self._values: dict[str, Any] = {"workspace": None}
        self._options: dict[str, _Argument] = {}
        self._places: list[_Argument] = []
        self._required: set[str] = set()
        self._is_plain = True

    def add_argument(self, flag: str, **settings: Any) -> None:
        """As argparse's method, of which more than one flag and lists of words are left out."""
        action = settings.get("action", "store")
        self._is_plain &= settings.keys() <= _SETTINGS and action in ("store", "store_true")
        dest = settings.get("dest") or flag.lstrip("-").replace("-", "_")
        argument = _Argument(dest, action != "store", settings.get("type", str), settings.get("choices"))
        if not flag.startswith("-"):
            self._places.append(argument)
            return
        self._options[flag] = argument
        self._values[dest] = settings.get("default", False if argument.is_flag else None)
        if settings.get("required"):
            self._required.add(dest)

    def add_workspace(self) -> None:
        self.add_argument("--workspace")

    def set_defaults(self, **values: Any) -> None:
        self._values |= values

    def read(self, words: Sequence[str]) -> SimpleNamespace | None:
        """What argparse would make of these words; None when there is more to say about them."""
        given: dict[str, Any] = {}
        places = iter(self._places)
        left = iter(with_spec_in_place(words, self._spec_last))
        for word in left:
            is_option = word.startswith("-")
            argument = self._options.get(word) if is_option else next(places, None)
            if argument is None:
                return None
            if argument.is_flag:
                given[argument.dest] = True
                continue
            text = next(left, "-") if is_option else word
            if text.startswith("-"):
                return None
            try:
                value = argument.read(text)
            except Exception:  # whatever a reader has to complain of, argparse passes it on
                return None
            if argument.choices is not None and value not in argument.choices:
                return None
            given[argument.dest] = value
        if not self._is_plain or next(places, None) or not self._required <= given.keys():
            return None
        return SimpleNamespace(**self._values | given)


class PlainCommands:
    """Records what the command `name` accepts; stands in for the subparsers of a group."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parser: PlainParser | None = None

    def add_parser(self, name: str, *, help: str, **settings: Any) -> PlainParser:
        """As argparse's method. A command with settings beyond `spec_last`, such as a group, is not plain."""
        parser = PlainParser(spec_last=settings.pop("spec_last", False))
        if name == self._name and not settings:
            self._parser = parser
        return parser

    def read(self, words: Sequence[str]) -> SimpleNamespace | None:
        """As `PlainParser.read`, of the command; None when there is no such one."""
        return self._parser.read(words) if self._parser else None

"""Decoding of the small JSON files of a workspace: an object or a problem, never an exception."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

from spw_core.formats.problem import Problem

# A file with more mistakes than this is broken as a whole; each line number costs a walk over the text.
_MOST_PROBLEMS = 20
_SPACE = re.compile(r"[ \t\r\n]*")


def load_json_object(data: bytes) -> tuple[dict[str, object] | None, list[Problem]]:
    """Decode a JSON object from UTF-8 bytes (byte-order mark tolerated); None and a problem otherwise."""
    found, problems = read_json_object(data)
    return (found.values if found else None), problems


def read_json_object(data: bytes) -> tuple[JsonObject | None, list[Problem]]:
    """As `load_json_object`, for readers that say what they did not understand; they add to the list."""
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        value = json.loads(text)
    except UnicodeDecodeError as error:
        return None, [Problem(0, f"not valid UTF-8 at byte {error.start}")]
    except json.JSONDecodeError as error:
        return None, [Problem(error.lineno, f"invalid JSON: {error.msg} (column {error.colno})")]
    except (RecursionError, ValueError) as error:
        return None, [Problem(0, f"invalid JSON: {error}")]
    if not isinstance(value, dict):
        return None, [Problem(0, f"expected a JSON object, found {type(value).__name__}")]
    problems: list[Problem] = []
    return JsonObject(value, text, (), problems), problems


class JsonObject:
    """An object of a file. What it is asked for and has in another type is reported with its line; a key
    that is missing or null is simply empty."""

    def __init__(
        self, values: dict[str, object], text: str, path: tuple[str | int, ...], problems: list[Problem]
    ) -> None:
        self.values = values
        self._text = text
        self._path = path
        self._problems = problems

    def text(self, key: str) -> str:
        """The text under `key`."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            self.report(f"{key!r} is not a text", key)
        return text_of(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts in the list under `key`; what else is in it is left out."""
        for place, item in enumerate(self.items(key)):
            if not isinstance(item, str):
                self.report(f"entry {place + 1} of {key!r} is not a text", key, place)
        return texts_of(self.values.get(key))

    def items(self, key: str) -> list[object]:
        """The list under `key`."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, list):
            self.report(f"{key!r} is not a list", key)
        return value if isinstance(value, list) else []

    def objects(self, key: str) -> Iterator[tuple[int, JsonObject]]:
        """(index, object) for the objects in the list under `key`."""
        for place, item in enumerate(self.items(key)):
            if isinstance(item, dict):
                yield place, JsonObject(item, self._text, (*self._path, key, place), self._problems)
            else:
                self.report(f"entry {place + 1} of {key!r} is not an object", key, place)

    def report(self, message: str, *where: str | int) -> None:
        """Add a problem, at the line of the value that the keys and indexes `where` lead to."""
        if len(self._problems) < _MOST_PROBLEMS:
            line = _line_of(self._text, (*self._path, *where)) if self._path or where else 0
            self._problems.append(Problem(line, message))


def _line_of(text: str, path: tuple[str | int, ...]) -> int:
    """The 1-based line on which the value at `path` begins; 0 when it cannot be told."""
    try:
        at = _SPACE.match(text).end()  # type: ignore[union-attr]
        for step in path:
            at = _child(text, at, step)
    except (ValueError, IndexError, RecursionError):
        return 0
    return text.count("\n", 0, at) + 1


def _child(text: str, at: int, step: str | int) -> int:
    """Where the member or item `step` of the object or list at `at` begins; the last of equal keys counts."""

    def skip(position: int) -> int:
        return _SPACE.match(text, position).end()  # type: ignore[union-attr]

    decoder = json.JSONDecoder()
    found = at
    position, index = skip(at + 1), 0
    while text[position] not in "}]":
        name: object = index
        if text[at] == "{":
            name, position = decoder.raw_decode(text, position)
            position = skip(skip(position) + 1)
        if name == step:
            found = position
        _, position = decoder.raw_decode(text, position)
        position, index = skip(position), index + 1
        if text[position] == ",":
            position = skip(position + 1)
    return found


def text_of(value: object) -> str:
    """The value when it is a text, else an empty one; lone surrogates, which no store takes, become `?`."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def texts_of(value: object) -> tuple[str, ...]:
    """The texts in a list, other members left out; empty when the value is not a list."""
    return tuple(text_of(item) for item in value if isinstance(item, str)) if isinstance(value, list) else ()

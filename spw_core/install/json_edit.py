"""Small edits of a JSON text that leave every byte of what they are not about as it is.

The text is read into nodes that know where they stand; an edit makes a new text by replacing one piece.
What is put in is written as the text around it is: its indentation, its line ends, on one line where that is
how the text was written. Taking out what was put in gives back the text from before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_DEEPEST = 200


class JsonError(ValueError):
    """The text is no JSON as it may be edited; the message says where and why."""


@dataclass(slots=True)
class Node:
    """A value and where it stands: `text[start:end]`.

    `items` are the members of an object, each with the start of its key and its key, or of an array, where
    the start is the value's and the key is empty.
    """

    kind: str  # object, array, string, scalar
    start: int
    end: int = 0
    items: list[Item] = field(default_factory=list)

    def get(self, key: str) -> Node | None:
        """The value of a key; None when there is none."""
        return next((item.value for item in self.items if item.key == key), None)


@dataclass(slots=True)
class Item:
    start: int
    key: str
    value: Node


def parse(text: str) -> Node:
    """The nodes of a JSON text, strictly as the standard has it. Raises JsonError, also for doubled keys."""
    node, end = _value(text, _skip(text, 0), 0)
    end = _skip(text, end)
    if end != len(text):
        raise _error(text, end, "there is something behind the value")
    return node


def value_of(text: str, node: Node) -> object:
    """The Python value of a node."""
    return json.loads(text[node.start : node.end])


def with_member(text: str, parent: Node, key: str, value: object) -> str:
    """The text with a member added at the end of an object."""
    return _inserted(text, parent, lambda style: f"{json.dumps(key)}: {style.dump(value)}")


def with_item(text: str, parent: Node, value: object) -> str:
    """The text with an item added at the end of an array."""
    return _inserted(text, parent, lambda style: style.dump(value))


def with_value(text: str, node: Node, value: object) -> str:
    """The text with another value in the place of a node."""
    return (
        text[: node.start] + _style(text, None, _line_indent(text, node.start)).dump(value) + text[node.end :]
    )


def without(text: str, parent: Node, position: int) -> str:
    """The text without one member or item of a node, and without the comma that it needed."""
    items = parent.items
    if len(items) == 1:
        return text[: parent.start + 1] + text[parent.end - 1 :]
    if position:  # with the comma before it, and what is between
        return text[: items[position - 1].value.end] + text[items[position].value.end :]
    return text[: items[0].start] + text[items[1].start :]


@dataclass(frozen=True, slots=True)
class _Style:
    """How to write: one level of indentation ("" for all on one line), the line end, the indent so far."""

    unit: str
    newline: str
    indent: str

    def dump(self, value: object) -> str:
        if not self.unit:
            return json.dumps(value, ensure_ascii=False)
        text = json.dumps(value, ensure_ascii=False, indent=self.unit)
        return text.replace("\n", self.newline + self.indent)


def _inserted(text: str, parent: Node, piece: Callable[[_Style], str]) -> str:
    base = _line_indent(text, parent.start)
    style = _style(text, parent, base)
    written = piece(style)
    lead = f"{style.newline}{style.indent}" if style.unit else (" " if parent.items else "")
    if parent.items:
        end = parent.items[-1].value.end
        return f"{text[:end]},{lead}{written}{text[end:]}"
    tail = f"{style.newline}{base}" if style.unit else ""
    return f"{text[: parent.start + 1]}{lead}{written}{tail}{text[parent.end - 1 :]}"


def _style(text: str, parent: Node | None, base: str) -> _Style:
    newline = "\r\n" if "\r\n" in text else "\n"
    unit = _unit(text)
    if parent is None:
        return _Style(unit, newline, base)
    if parent.items:
        between = text[parent.start + 1 : parent.items[0].start]
        if "\n" not in between:  # the items stand on one line
            return _Style("", newline, "")
        return _Style(unit or "  ", newline, between.rpartition("\n")[2])
    return _Style(unit, newline, base + unit)


def _unit(text: str) -> str:
    """One level of indentation: that of the first member of the outermost object. "" for a single line."""
    body = text.strip()
    if "\n" not in body:
        return "" if len(body) > 2 else "  "
    match = re.search(r"\n([ \t]+)\S", body)
    return match[1] if match else "  "


def _line_indent(text: str, position: int) -> str:
    """The white space that the line of a position begins with."""
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _value(text: str, start: int, depth: int) -> tuple[Node, int]:
    if depth > _DEEPEST:
        raise _error(text, start, "it is nested too deeply")
    opening = text[start : start + 1]
    if opening in ("{", "["):
        return _container(text, start, depth, "}" if opening == "{" else "]")
    for kind, pattern in (("string", _STRING), ("scalar", _SCALAR)):
        if match := pattern.match(text, start):
            return Node(kind, start, match.end()), match.end()
    raise _error(text, start, "a value is expected")


def _container(text: str, start: int, depth: int, closing: str) -> tuple[Node, int]:
    node = Node("object" if closing == "}" else "array", start)
    position = _skip(text, start + 1)
    keys: set[str] = set()
    while text[position : position + 1] != closing or node.items:
        item_start, key = position, ""
        if closing == "}":
            match = _STRING.match(text, position)
            if match is None:
                raise _error(text, position, "a key in double quotes is expected")
            key = json.loads(match[0])
            if key in keys:
                raise _error(text, position, f"the key {match[0]} is there twice")
            keys.add(key)
            position = _skip(text, match.end())
            if text[position : position + 1] != ":":
                raise _error(text, position, "':' is expected")
            position = _skip(text, position + 1)
        value, position = _value(text, position, depth + 1)
        node.items.append(Item(item_start, key, value))
        position = _skip(text, position)
        sign = text[position : position + 1]
        if sign == closing:
            break
        if sign != ",":
            raise _error(text, position, f"',' or '{closing}' is expected")
        position = _skip(text, position + 1)
    node.end = position + 1
    return node, node.end


def _error(text: str, position: int, problem: str) -> JsonError:
    line = text.count("\n", 0, position) + 1
    return JsonError(f"line {line}: {problem}")

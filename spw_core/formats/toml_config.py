"""The workspace's TOML file as a plain mapping, with as much of a broken file as can be saved."""

from __future__ import annotations

import datetime
import math
import re
from itertools import pairwise

from .problem import Problem
from .text_decode import decode_text, split_lines

_HEADER = re.compile(r"[ \t]*\[[ \t]*[A-Za-z0-9_-]+(?:[ \t]*\.[ \t]*[A-Za-z0-9_-]+)*[ \t]*\][ \t]*(?:#.*)?")
_PLACE = re.compile(r"(?P<what>.*?) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)
_DEEPEST = 50


def parse_toml(data: bytes) -> tuple[dict[str, object], list[Problem]]:
    """Read TOML into dicts, lists, texts, numbers and booleans; dates become ISO text.

    A byte-order mark, CRLF and bytes that are no UTF-8 are tolerated. In a file that is not valid TOML
    every section that is valid by itself counts, and of the others every line that is; each broken
    section is one problem at its first bad line. Never raises.
    """
    text, problems = decode_text(data)
    lines = [line + "\n" for line in split_lines(text)[::2]]
    document, failure = _load(lines)
    if failure is None:
        return document, problems
    document = {}
    failures: list[Problem] = []
    for start, section in _sections(lines):
        loaded, broken = _load(section)
        if broken is not None:
            failures.append(Problem(broken.line and broken.line + start, broken.message))
            loaded = _readable_lines(section)
        _merge(document, loaded)
    return document, [*problems, *(failures or [failure])]


def _load(lines: list[str]) -> tuple[dict[str, object], Problem | None]:
    import tomllib

    try:
        loaded = {key: _plain(value) for key, value in tomllib.loads("".join(lines)).items()}
    except (ValueError, RecursionError) as error:  # ValueError also for numbers of thousands of digits
        place = _PLACE.fullmatch(str(error))
        what, line = (place["what"], int(place["line"] or len(lines))) if place else (str(error)[:80], 0)
        return {}, Problem(line, f"invalid TOML: {what}")
    return loaded, None


def _sections(lines: list[str]) -> list[tuple[int, list[str]]]:
    """(index of its first line, lines) of what stands before the first header, and of every section."""
    starts = [index for index, line in enumerate(lines) if _HEADER.fullmatch(line.rstrip("\n"))]
    bounds = [0, *starts, len(lines)]
    return [(start, lines[start:end]) for start, end in pairwise(bounds)]


def _readable_lines(section: list[str]) -> dict[str, object]:
    """What the lines of a section say, each read by itself, the first of equal keys winning."""
    header = section[0] if _HEADER.fullmatch(section[0].rstrip("\n")) else ""
    document: dict[str, object] = {}
    for line in section:
        if "=" in line:
            _merge(document, _load([header, line])[0])
    return document


def _merge(document: dict[str, object], more: dict[str, object]) -> None:
    """Add `more` to `document`, table by table; what is there already stays."""
    for key, value in more.items():
        there = document.setdefault(key, value)
        if there is not value and isinstance(there, dict) and isinstance(value, dict):
            _merge(there, value)


def _plain(value: object, depth: int = 1) -> object:
    """Reduce TOML's types to JSON's. Raises ValueError for what is nested too deeply to be meant."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value

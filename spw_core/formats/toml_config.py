"""The workspace's TOML file as a plain mapping, with as much of a broken file as can be saved."""

from __future__ import annotations

import datetime
import math
import re
from itertools import pairwise

from spw_core.formats.problem import Problem
from spw_core.formats.text_decode import decode_text, split_lines

_HEADER = re.compile(r"[ \t]*\[[ \t]*[A-Za-z0-9_-]+(?:[ \t]*\.[ \t]*[A-Za-z0-9_-]+)*[ \t]*\][ \t]*(?:#.*)?")
_PLACE = re.compile(r"(?P<what>.*?) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)
_DEEPEST = 50
# What tomllib spends on a dotted key grows with the square of its parts (50 KB of dots take minutes).
_MOST_DOTS = 50
_MOST_DOTTED_WORK = 200_000
# Strings, also one without an end, and comments; what stands in them are no keys.
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*+(?:"|\\?$)|'[^']*+(?:'|$))|#.*""")
_KEY_DOT = re.compile(r"\.[ \t]*[\w-]")
_LARGEST_INTEGER = 2**63
# How many characters of broken sections are read again line by line, each line counting some more.
_MOST_RESCUED = 500_000
_COST_OF_LINE = 100


def parse_toml(data: bytes) -> tuple[dict[str, object], list[Problem]]:
    """Read TOML into dicts, lists, texts, numbers and booleans; dates become ISO text.

    A byte-order mark, CRLF and bytes that are no UTF-8 are tolerated. In a file that is not valid TOML
    every section that is valid by itself counts, and of the others every line that is; each broken
    section is one problem at its first bad line. Lines with absurdly dotted keys are left out, and of a
    file that is broken all over only the beginning is rescued, so that it takes no time. Never raises.
    """
    text, problems = decode_text(data)
    lines = [line + "\n" for line in split_lines(text)[::2]]
    lines, dotted = _without_dotted(lines)
    problems = [*problems, *dotted]
    document, failure = _load(lines)
    if failure is None:
        return document, problems
    document = {}
    failures: list[Problem] = []
    budget = _MOST_RESCUED
    for start, section in _sections(lines):
        budget -= sum(map(len, section)) + _COST_OF_LINE
        if budget < 0:
            failures.append(Problem(start + 1, "too much of the file is broken; the rest is left out"))
            break
        loaded, broken = _load(section)
        if broken is not None:
            failures.append(Problem(broken.line and broken.line + start, broken.message))
            loaded, budget = _readable_lines(section, budget)
        _merge(document, loaded)
    return document, [*problems, *(failures or [failure])]


def _without_dotted(lines: list[str]) -> tuple[list[str], list[Problem]]:
    """The lines with those left empty whose keys have too many dots, roughly: a multi-line string may
    lose a line. What follows such a header is left out too; it is not the previous section's."""
    kept: list[str] = []
    problems: list[Problem] = []
    work, below_bad_header = 0, False
    for number, line in enumerate(lines, 1):
        is_header = line.lstrip(" \t").startswith("[")
        dots = _dots_of_keys(line)
        work += dots * dots
        if dots > _MOST_DOTS or (dots > 2 and work > _MOST_DOTTED_WORK):
            if not problems:
                problems.append(
                    Problem(number, f"invalid TOML: too many dots in keys (at most {_MOST_DOTS})")
                )
            below_bad_header = below_bad_header or is_header
            kept.append("\n")
            continue
        below_bad_header = below_bad_header and not is_header
        kept.append("\n" if below_bad_header else line)
    return kept, problems


def _dots_of_keys(line: str) -> int:
    if line.count(".") <= 2:
        return 0
    plain = _QUOTED.sub(lambda match: "s" if match[1] else "", line.rstrip("\n"))
    return sum(1 for _ in _KEY_DOT.finditer(plain))


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


def _readable_lines(section: list[str], budget: int) -> tuple[dict[str, object], int]:
    """What the lines of a section say, each read by itself, the first of equal keys winning; and what is
    left of the budget, at whose end the others are passed over."""
    header = section[0] if _HEADER.fullmatch(section[0].rstrip("\n")) else ""
    document: dict[str, object] = {}
    for line in section:
        if "=" in line:
            budget -= len(header) + len(line) + _COST_OF_LINE
            if budget < 0:
                break
            _merge(document, _load([header, line])[0])
    return document, budget


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
    # tomllib reads hexadecimal numbers of any length, which nothing after it can print.
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        raise ValueError("a number is too large")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value

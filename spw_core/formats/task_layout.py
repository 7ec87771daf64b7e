"""What of a `tasks.md` or `requirements.md` is to be read: no frontmatter, code fences, HTML comments.

Found on the same walk: which lines stand under a list item that ends in a colon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spw_core.formats.problem import Problem
from spw_core.formats.task_comments import Comments

HEADING = re.compile(r"\s{0,3}(#{1,6})\s+")


def indent_of(line: str) -> int:
    """The width of the white space before the text; a tab reaches to the next multiple of four."""
    width = len(line) - len(line.lstrip())
    return len(line[:width].expandtabs(4)) if "\t" in line else width


_LIST_ITEM = re.compile(r"[-*+•]\s|[0-9]{1,9}[.)]\s")
_CHECKBOX = re.compile(r"[-*+•]\s{0,8}\[")
_FENCE = re.compile(r"(?:(?:[-*+•]|[0-9]{1,9}[.)])\s{1,8})?(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_LONGEST_FENCE = 64


@dataclass(frozen=True, slots=True)
class _Fence:
    line: int
    char: str
    length: int
    container: int  # the indentation of the list item it stands in, -1 outside of lists


@dataclass(frozen=True, slots=True)
class Layout:
    """`lines` are those of the text with comments as spaces. `hidden` holds the 1-based numbers of those that
    are not to be read, `section_items` of those that stand under a list item ending in a colon."""

    lines: list[str]
    hidden: frozenset[int]
    section_items: frozenset[int]
    problems: list[Problem]


def read_layout(lines: list[str], start: int) -> Layout:
    """Walk the lines from index `start` on, where the frontmatter ends.

    A fence in a list item ends with the item. What no later line closes is neither fence nor comment: an
    unclosed one must not hide tasks.
    """
    lines = lines.copy()
    hidden = set(range(1, start + 1))
    problems: list[Problem] = []
    section_items: set[int] = set()
    last_closing = _last_closing_fences(lines, start)
    comments = Comments(lines.copy()) if any("<!--" in line for line in lines) else None
    comment_end = -1
    parents: list[tuple[int, bool]] = []
    fence: _Fence | None = None
    for index in range(start, len(lines)):
        if index <= comment_end:
            if "<!--" in lines[index]:
                problems.append(Problem(index + 1, "a comment begins inside another one, which hides it"))
            lines[index] = ""
            hidden.add(index + 1)
            continue
        line = lines[index]
        stripped = line.strip()
        if not stripped:
            continue
        indent = indent_of(line)
        if fence and indent > fence.container:
            hidden.add(index + 1)
            if _closing_fence(stripped, fence.char) >= fence.length:
                fence = None
            continue
        if fence:
            problems.append(Problem(fence.line, "the code fence is not closed inside its list item"))
            fence = None
        if comments and "<!--" in line:
            line, comment_end = comments.blank(index)
            lines[index] = line
            stripped = line.strip()
            if comment_end == len(lines):
                problems.append(Problem(index + 1, "the comment is not closed; read as text"))
                comment_end = index
            if not stripped.strip("-*+•>"):  # nothing but the comment, or the list item that holds it
                hidden.add(index + 1)
                continue
        while parents and parents[-1][0] >= indent:
            parents.pop()
        if parents and parents[-1][1]:
            section_items.add(index + 1)
        opened = _opening_fence(stripped)
        if opened:
            char, length = opened
            if last_closing[char][length] > index:
                is_item = stripped[0] != char
                container = indent if is_item else parents[-1][0] if parents else -1
                fence = _Fence(index + 1, char, length, container)
                hidden.add(index + 1)
                continue
            problems.append(Problem(index + 1, "the code fence is never closed; read as text"))
        if _LIST_ITEM.match(stripped):
            is_section = stripped.rstrip("*_").endswith((":", "：")) and not _CHECKBOX.match(stripped)
            parents.append((indent, is_section))
    return Layout(lines, frozenset(hidden), frozenset(section_items), problems)


def _opening_fence(stripped: str) -> tuple[str, int] | None:
    if "```" not in stripped and "~~~" not in stripped:
        return None
    match = _FENCE.match(stripped)
    if match is None or (match["fence"][0] == "`" and "`" in match["info"]):
        return None
    return match["fence"][0], min(len(match["fence"]), _LONGEST_FENCE)


def _closing_fence(stripped: str, char: str) -> int:
    """The length of the closing fence that the line is, 0 when it is none."""
    length = len(stripped) if stripped.startswith(char) and not stripped.strip(char) else 0
    return min(length, _LONGEST_FENCE)


def _last_closing_fences(lines: list[str], start: int) -> dict[str, list[int]]:
    """For each fence character and length, the index of the last line that closes such a fence."""
    last = {char: [-1] * (_LONGEST_FENCE + 1) for char in "`~"}
    found = False
    for index in range(start, len(lines)):
        line = lines[index]
        if "```" in line or "~~~" in line:
            found = True
            stripped = line.strip()
            for char, table in last.items():
                table[_closing_fence(stripped, char)] = index
    for table in last.values() if found else ():
        # A longer fence also closes a shorter one.
        for length in range(_LONGEST_FENCE - 1, -1, -1):
            table[length] = max(table[length], table[length + 1])
    return last

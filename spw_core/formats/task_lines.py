"""Which lines of a `tasks.md` are tasks: the one recogniser that the reader and the marker share."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Literal

from .frontmatter import split_frontmatter
from .problem import Problem
from .task_values import DASHES, ID, narrow, normalise_id
from .task_words import (
    SIGNS,
    TASK_WORDS,
    TaskStatus,
    is_deferred_text,
    is_tasks_heading,
    is_wave_plan_heading,
    wave_in_text,
)
from .text_decode import BOM, split_lines


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A line that begins a task, or a checkbox without an id (`id` is "" then).

    `box` is the span of the status character in the line, empty for `[]`, None without any box.
    `firm` tells `1.`, `1.2`, `**1**` or `Task 1` from a number that may be part of a sentence.
    `level` is the heading level, 0 in lists.
    """

    number: int
    kind: Literal["box", "heading", "numbered"]
    indent: int
    level: int
    id: str
    firm: bool
    title: str
    status: TaskStatus
    mark: str
    box: tuple[int, int] | None
    optional: bool

    @property
    def mark_is_known(self) -> bool:
        return self.mark in _MARKS or self.mark in SIGNS


@dataclass(frozen=True, slots=True)
class Scan:
    """A text cut into lines, with its frontmatter, its tasks and its other checkboxes by line number.

    `hidden` holds the 1-based numbers of the lines inside frontmatter and code fences.
    """

    fields: dict[str, object]
    lines: list[str]
    hidden: frozenset[int]
    tasks: dict[int, TaskLine]
    checkboxes: dict[int, TaskLine]
    problems: list[Problem]


def scan_tasks(text: str) -> Scan:
    """Find the task lines of `text`. Never raises; linear in the length of the text.

    Checkboxes with an id are tasks. Without any of them in a list, headings (`### Task 3: title`) are;
    without those and without other checkboxes at the margin, the items of a numbered list at the margin
    are, if the heading above them announces tasks or is the title of the document.
    """
    text = text.lstrip(BOM)
    fields, _, body_line, problems = split_frontmatter(text)
    lines = split_lines(text)[::2]
    hidden, fence_problems, section_items = _walk_blocks(lines, body_line - 1)
    problems.extend(fence_problems)

    found: list[TaskLine] = []
    for number in range(body_line, len(lines) + 1):
        if number in hidden:
            continue
        task = read_task_line(lines[number - 1], number)
        if task is None:
            continue
        if number in section_items and not task.firm:
            # "- [ ] 3 unit tests pass" under "Definition of Done:" counts tests, it numbers no task.
            task = replace(task, id="")
        found.append(task)

    tasks = {task.number: task for task in _choose(found, lines, hidden)}
    checkboxes = {task.number: task for task in found if task.box and not task.id}
    return Scan(fields, lines, frozenset(hidden), tasks, checkboxes, problems)


def _choose(found: list[TaskLine], lines: list[str], hidden: Set[int]) -> list[TaskLine]:
    boxed = [task for task in found if task.box and task.id]
    if any(task.kind == "box" for task in boxed):
        return boxed
    headings = [task for task in found if task.kind == "heading" and task.id]
    if headings or any(task.box and not task.indent for task in found):
        return headings
    numbered = {task.number: task for task in found if task.kind == "numbered"}
    return _below_task_headings(numbered, lines, hidden) if numbered else []


def _below_task_headings(numbered: dict[int, TaskLine], lines: list[str], hidden: Set[int]) -> list[TaskLine]:
    """The numbered items below a heading that announces tasks, or below none but the title."""
    kept: list[TaskLine] = []
    sections: list[tuple[int, bool]] = []
    for number, line in enumerate(lines, start=1):
        task = numbered.get(number)
        if task:
            if not sections or any(announces for _, announces in sections):
                kept.append(task)
            continue
        heading = HEADING.match(line)
        if heading and number not in hidden:
            level, text = len(heading[1]), line[heading.end() :]
            while sections and sections[-1][0] >= level:
                sections.pop()
            if level > 1:
                announces = is_tasks_heading(text) or is_deferred_text(text) or wave_in_text(text) is not None
                sections.append((level, announces and not is_wave_plan_heading(text)))
    return kept


def indent_of(line: str) -> int:
    """The width of the white space before the text; a tab reaches to the next multiple of four."""
    lead = line[: len(line) - len(line.lstrip())]
    return len(lead.expandtabs(4)) if "\t" in lead else len(lead)


HEADING = re.compile(r"\s{0,3}(#{1,6})\s+")


# --- one line ---------------------------------------------------------------------------------------

_MARKS: dict[str, TaskStatus] = {
    "": TaskStatus.PENDING,
    "-": TaskStatus.IN_PROGRESS,
    "~": TaskStatus.BLOCKED,
    "!": TaskStatus.BLOCKED,
    **dict.fromkeys("xX√", TaskStatus.DONE),
}

# Most lines hold neither a bracket nor a digit and are dismissed at the speed of C.
_HINT = re.compile(r"[\[［0-9０-９]")
_SIGN = "".join(SIGNS)
_LEAD = re.compile(r"\s*(?:(?P<hashes>#{1,6})\s+|(?P<bullet>[-*+•])(?:\s+|(?=\[)))?")
_BOX = re.compile(
    # "3. [x] title": the number may stand before the box.
    rf"(?:(?P<id>{ID})\\?[.)]\s{{1,8}})?"
    rf"\[(?P<inside>\s{{0,2}}(?P<mark>[^\s\[\]0-9]?)\ufe0f?\s{{0,2}})\](?P<optional>\*(?!\*))?"
    rf"(?=\s|$|[0-9*_{_SIGN}])\s*"
)
_GLYPH = re.compile(rf"(?P<sign>[{_SIGN}])\ufe0f?\s*")
_LAST_GLYPH = re.compile(rf"([{_SIGN}])\ufe0f?$")
_TASK_ID = re.compile(
    rf"""
    (?P<open>\*{{1,3}}|_{{1,3}})?
    (?P<word>(?:{TASK_WORDS})\s{{0,3}}[#:-]?\s{{0,3}})?
    (?P<id>{ID})
    (?P<stop>\\?[.)、:](?![0-9]))?
    (?P<close>\*{{1,3}}|_{{1,3}})?
    (?P<late_stop>[.):])?
    (?P<dash>\s{{1,3}}[{DASHES}]{{1,2}}(?=\s))?
    """,
    re.VERBOSE | re.IGNORECASE,
)


def read_task_line(line: str, number: int) -> TaskLine | None:
    """Read one line outside of code and frontmatter as a task or checkbox; None when it is neither."""
    if _HINT.search(line) is None:
        return None
    plain = narrow(line)
    lead = _LEAD.match(plain)
    assert lead is not None  # every part of the pattern is optional
    position = lead.end()
    level = len(lead["hashes"] or "")

    box = _BOX.match(plain, position)
    mark, span, status = "", None, TaskStatus.PENDING
    if box:
        mark = box["mark"]
        start = box.start("mark") if mark else box.start("inside")
        span = (start, start + (1 if box["inside"] else 0))
        status = _MARKS.get(mark) or SIGNS.get(mark, TaskStatus.PENDING)
        position = box.end()
    sign = _GLYPH.match(plain, position)
    if sign:
        position = sign.end()
        if not mark:
            status = SIGNS[sign["sign"]]
        if box is None and lead["bullet"]:
            mark, span = sign["sign"], sign.span("sign")

    if box is None and sign is None and lead["bullet"]:
        return None
    if box and box["id"]:
        name = _Name(normalise_id(box["id"]), line[position:], stop=True)
    else:
        name = _read_name(line, plain, position)
    task = TaskLine(
        number=number,
        kind="heading" if level else "box",
        indent=indent_of(line),
        level=level,
        id=name.id,
        firm=name.firm,
        title=_clean_title(name.title),
        status=status,
        mark=mark,
        box=span,
        optional=bool(box and box["optional"]),
    )
    if box:
        return task if task.id or level or lead["bullet"] else None
    if span:
        # A sign is no checkbox by itself: "- ✅ 3 tests pass" is prose, "- ✅ 3. Title" is a task.
        return task if task.id and task.firm else None
    if not task.id:
        return None
    if level > 1 and (name.word or (sign and name.firm)):
        return _with_last_sign(task)
    if not level and task.indent <= 1 and name.stop and not name.word:
        return _with_last_sign(replace(task, kind="numbered"))
    return None


def _with_last_sign(task: TaskLine) -> TaskLine:
    """A task without a box may carry its status as a sign at either end of its title."""
    first, last = _GLYPH.match(task.title), _LAST_GLYPH.search(task.title[-2:])
    if first:
        return replace(task, status=SIGNS[first["sign"]], title=task.title[first.end() :])
    if last:
        return replace(task, status=SIGNS[last[1]], title=task.title.rstrip(_SIGN + "\ufe0f "))
    return task


@dataclass(frozen=True, slots=True)
class _Name:
    """An id with its title, and what marks it as an id: a full stop, a word for task, a dash or bold type."""

    id: str
    title: str
    stop: bool = False
    word: bool = False
    set_off: bool = False

    @property
    def firm(self) -> bool:
        return self.stop or self.word or self.set_off or "." in self.id


def _read_name(line: str, plain: str, position: int) -> _Name:
    """The id and title at `position`; the id is empty when the text does not begin with one."""
    match = _TASK_ID.match(plain, position)
    if match is None:
        return _Name("", line[position:])
    following = plain[match.end() : match.end() + 1]
    stop = bool(match["stop"] or match["late_stop"])
    if following and not following.isspace() and not match["close"] and (following.isascii() or not stop):
        # "1.x" and "3rd" are no ids; CJK text needs no space behind the stop.
        return _Name("", line[position:])
    title = line[match.end() :]
    if match["open"] and not match["close"]:
        title = title.replace(match["open"], "", 1)
    set_off = bool(match["open"] or match["close"] or match["dash"])
    return _Name(normalise_id(match["id"]), title, stop, bool(match["word"]), set_off)


def _clean_title(title: str) -> str:
    title = title.strip()
    if title.startswith("**") and title.endswith("**") and title.count("**") == 2 and len(title) > 4:
        return title[2:-2].strip()
    return title


# --- blocks -----------------------------------------------------------------------------------------

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


def _walk_blocks(lines: list[str], start: int) -> tuple[set[int], list[Problem], set[int]]:
    """Walk the lines from index `start` on and return `(hidden, problems, section_items)`.

    `hidden`: numbers of the lines before `start` and of those inside fences. A fence in a list item ends
    with the item, and one that no later line closes is no fence: an unclosed fence must not hide tasks.
    `section_items`: numbers of the lines that stand under a list item ending in a colon.
    """
    hidden = set(range(1, start + 1))
    problems: list[Problem] = []
    section_items: set[int] = set()
    last_closing = _last_closing_fences(lines, start)
    parents: list[tuple[int, bool]] = []
    fence: _Fence | None = None
    for index in range(start, len(lines)):
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
    return hidden, problems, section_items


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
    for index in range(start, len(lines)):
        line = lines[index]
        if "```" in line or "~~~" in line:
            stripped = line.strip()
            for char, table in last.items():
                table[_closing_fence(stripped, char)] = index
    for table in last.values():
        # A longer fence also closes a shorter one.
        for length in range(_LONGEST_FENCE - 1, -1, -1):
            table[length] = max(table[length], table[length + 1])
    return last

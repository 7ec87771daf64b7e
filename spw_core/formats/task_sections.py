"""The headings above each line of a `tasks.md`, lists of criteria, and what only looks like tasks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Set
from dataclasses import dataclass

from spw_core.formats.problem import Problem
from spw_core.formats.task_layout import HEADING, indent_of
from spw_core.formats.task_values import ID, narrow
from spw_core.formats.task_words import (
    TASK_WORDS,
    is_constraints_heading,
    is_criteria_label,
    is_deferred_text,
    is_tasks_heading,
    is_wave_plan_heading,
    wave_in_text,
)


@dataclass(frozen=True, slots=True)
class Heading:
    number: int
    level: int
    announces: bool  # tasks
    criteria: bool
    excludes: bool  # tasks: a list of constraints, waves or criteria


@dataclass(frozen=True, slots=True)
class Sections:
    """`criteria` holds the numbers of the lines that stand under acceptance criteria."""

    criteria: frozenset[int]
    starts: list[int]
    paths: list[tuple[Heading, ...]]

    def above(self, number: int) -> tuple[Heading, ...]:
        """The headings that line `number` stands under, from the outermost on; itself, if it is one."""
        at = bisect_right(self.starts, number) - 1
        return self.paths[at] if at >= 0 else ()

    def announces_tasks(self, number: int) -> bool:
        """Whether numbered items there are tasks: below a heading that says so, or below the title only."""
        below = [heading for heading in self.above(number) if heading.level > 1]
        return not below or any(heading.announces for heading in below)

    def excludes_tasks(self, number: int) -> bool:
        return number in self.criteria or any(heading.excludes for heading in self.above(number))


def read_sections(lines: list[str], hidden: Set[int], task_headings: Set[int]) -> Sections:
    criteria: set[int] = set()
    starts: list[int] = []
    paths: list[tuple[Heading, ...]] = []
    path: tuple[Heading, ...] = ()
    # The indentation from which on lines belong to a label "Acceptance criteria:" in a list.
    inner: int | None = None
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped or number in hidden:
            continue
        indent = indent_of(line)
        heading = HEADING.match(line)
        if heading:
            inner = None
            path = tuple(outer for outer in path if outer.level < len(heading[1]))
            path = (*path, _read_heading(number, len(heading[1]), line[heading.end() :]))
            starts.append(number)
            paths.append(path)
            continue
        if inner is not None and indent < inner:
            inner = None
        if inner is not None or any(outer.criteria for outer in path):
            criteria.add(number)
        elif is_criteria_label(stripped):
            if stripped[0] in "-*+•" and not stripped.startswith("**"):
                inner = indent + 1
            elif indent or (path and path[-1].number in task_headings):
                # At the margin of a list a label does not tell its items from the tasks that follow.
                inner = indent
    return Sections(frozenset(criteria), starts, paths)


def _read_heading(number: int, level: int, text: str) -> Heading:
    is_plan = is_wave_plan_heading(text)
    announces = is_tasks_heading(text) or is_deferred_text(text) or wave_in_text(text) is not None
    criteria = is_criteria_label(text)
    excludes = criteria or is_plan or is_constraints_heading(text)
    return Heading(number, level, level > 1 and announces and not is_plan, criteria, excludes)


_NUMBERED = re.compile(rf"(?:{ID})\\?[.)、]\s{{0,8}}\S")
_NUMBERED_HEADING = re.compile(rf"\s{{0,3}}#{{2,6}}\s+\W{{0,4}}(?:{ID})(?:\\?[.):、-]|\s|$)")
_SUSPICIOUS = re.compile(r"[>\[(【［（]")  # what a quoted or a broken box has
_QUOTED_BOX = re.compile(
    rf"\s{{0,16}}(?:>\s{{0,8}}){{1,8}}(?:[-*+•]\s{{0,8}})?\[[^\[\]]{{0,12}}\]\s{{0,8}}[*_]{{0,3}}"
    rf"(?:(?:{TASK_WORDS})\s{{0,3}})?[0-9]",
    re.IGNORECASE,
)
# "- [x 3. Title", "- ( ) 3. Title", "- \\[ \\] 3. Title", "\\- [ ] 3. Title"
_BROKEN_BOX = re.compile(
    rf"\s{{0,16}}(?:[-*+•]\s{{1,8}}(?:\[\s?[xX~!-]?\s{{1,3}}|[(【]\s{{0,2}}[xX~!-]?\s{{0,2}}[)】]\s{{1,8}}"
    rf"|\\\[[^\[\]]{{0,4}}\]\s{{1,8}})|\\[-*+]\s{{1,8}}\[[^\[\]]{{0,3}}\]\s{{1,8}})"
    rf"[*_]{{0,3}}(?:(?:{TASK_WORDS})\s{{0,3}})?{ID}[.):、][*_]{{0,3}}\s",
    re.IGNORECASE,
)
_TABLE_ROW = re.compile(
    rf"[\s>]{{0,16}}\|(?:[^|]{{0,80}}\|)?\s{{0,16}}[*_`]{{0,3}}"
    rf"(?:\[[^\[\]|]{{0,12}}\]|(?:(?:{TASK_WORDS})\s{{0,3}}#?)?(?:{ID})(?:[.):]\s[^|]{{0,200}})?)[\s.*_`]{{0,16}}\|",
    re.IGNORECASE,
)


def find_lookalikes(
    lines: list[str], hidden: Set[int], sections: Sections, *, no_tasks: bool
) -> Iterator[Problem]:
    """Lines that somebody may have meant as tasks.

    In a file with tasks only quoted and broken checkboxes are suspicious. A file without any must not pass
    for finished, so there numbered items, numbered headings and table rows are named as well.
    """
    headings: list[int] = []
    for number, line in enumerate(lines, start=1):
        if not (no_tasks or _SUSPICIOUS.search(line)) or number in hidden or not line or line.isspace():
            continue
        if sections.excludes_tasks(number):
            continue
        plain = narrow(line)
        if ">" in plain and _QUOTED_BOX.match(plain):
            yield Problem(number, "a checkbox in a quotation is not read as a task")
        elif any(mark in plain for mark in "[(【") and _BROKEN_BOX.match(plain):
            yield Problem(number, "a broken checkbox is not read as a task; write `- [ ]` before its id")
        elif not no_tasks:
            continue
        elif "|" in plain and _TABLE_ROW.match(plain):
            yield Problem(number, "a row of a table is not read as a task")
        elif _NUMBERED_HEADING.match(plain):
            headings.append(number)
        elif indent_of(line) <= 1 and _NUMBERED.match(plain.lstrip()):
            yield Problem(number, "a numbered item is not read as a task")
    # One "## 3. Overview" is a section; several, or deeper ones, may well be the tasks.
    if len(headings) > 1 or any(len(sections.above(number)) > 1 for number in headings):
        for number in headings:
            yield Problem(number, "a numbered heading is not read as a task; write `Task N` or a checkbox")

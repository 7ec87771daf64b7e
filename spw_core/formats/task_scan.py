"""Which lines of a `tasks.md` are its tasks: checkboxes, else headings, else the items of a numbered list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from spw_core.formats.frontmatter import split_frontmatter
from spw_core.formats.problem import Problem
from spw_core.formats.task_layout import Layout, indent_of, read_layout
from spw_core.formats.task_line import TaskLine, read_task_line
from spw_core.formats.task_sections import Heading, Sections, find_lookalikes, read_sections
from spw_core.formats.task_values import ID, narrow, normalise_id
from spw_core.formats.text_decode import BOM, split_lines

_ITEM = re.compile(rf"\s{{0,16}}(?P<bullet>[-*+•]\s{{1,8}})?[*_]{{0,3}}(?P<id>{ID})\\?[.)、]\s{{0,3}}\S")
_GAP_OF_COMMENT = re.compile(rf" {{{len('<!---->')},}}")


@dataclass(frozen=True, slots=True)
class Scan:
    """A text cut into lines, with its frontmatter, its tasks and its other checkboxes by line number.

    `lines` and `hidden` are those of `Layout`. `has_lookalikes` tells that some lines look like tasks and
    are read as none; `problems` names them.
    """

    fields: dict[str, object]
    lines: list[str]
    hidden: frozenset[int]
    tasks: dict[int, TaskLine]
    checkboxes: dict[int, TaskLine]
    problems: list[Problem]
    has_lookalikes: bool


def scan_tasks(text: str) -> Scan:
    """Find the task lines of `text`. Never raises; linear in the length of the text.

    Checkboxes with an id are tasks. Without any of them in a list, headings (`### Task 3: title`) are;
    without those and without other checkboxes at the margin, the items of a numbered list at the margin
    are, if the heading above them announces tasks or is the title of the document. Numbered checkboxes below
    acceptance criteria are no tasks, nor are bare numbers nested in a task whose id has a full stop.
    """
    text = text.lstrip(BOM)
    fields, _, body_line, problems = split_frontmatter(text)
    raw_lines = split_lines(text)[::2]
    layout = read_layout(raw_lines, body_line - 1)
    lines, hidden = layout.lines, layout.hidden
    found = list(_candidates(layout, raw_lines))
    task_headings = {task.number: task for task in found if task.kind == "heading" and task.id and task.firm}
    sections = read_sections(lines, hidden, task_headings.keys())
    problems += layout.problems
    counts = _counting_boxes(found, sections)
    for at, task in enumerate(found):
        if _is_criterion(task, sections, task_headings):
            found[at] = replace(task, id="")
            # In a list of criteria nobody expects tasks; anywhere else the reader should know.
            if task.number not in sections.criteria:
                remark = f"checkbox {task.id} is read as a note of the task in the heading"
                problems.append(Problem(task.number, remark))
        elif task.number in counts:
            found[at] = replace(task, id="")
            remark = f"checkbox {task.id} is read as a note of task {counts[task.number]}"
            problems.append(Problem(task.number, f"{remark}; write `{task.id}.` for a task"))
    tasks = {task.number: task for task in _choose(found, sections)}
    checkboxes = {task.number: task for task in found if task.box and not task.id}
    problems += _lost_headings(tasks, task_headings, sections)
    problems += _lost_items(tasks, layout, sections)
    lookalikes = list(find_lookalikes(lines, hidden, sections, no_tasks=not tasks))
    problems += lookalikes
    return Scan(fields, lines, hidden, tasks, checkboxes, problems, has_lookalikes=bool(lookalikes))


def _candidates(layout: Layout, raw_lines: list[str]) -> Iterator[TaskLine]:
    """Every line that may be read that is a task or a checkbox by itself."""
    for number, (line, raw_line) in enumerate(zip(layout.lines, raw_lines, strict=True), start=1):
        task = None if number in layout.hidden else read_task_line(line, number)
        if task is None:
            continue
        if number in layout.section_items and not task.firm:
            # "- [ ] 3 unit tests pass" under "Definition of Done:" counts tests, it numbers no task.
            task = replace(task, id="")
        if line != raw_line:
            task = replace(task, title=_GAP_OF_COMMENT.sub(" ", task.title))
        yield task


def _choose(found: list[TaskLine], sections: Sections) -> list[TaskLine]:
    boxed = [task for task in found if task.box and task.id]
    if any(task.kind == "box" for task in boxed):
        return boxed
    headings = [task for task in found if task.kind == "heading" and task.id]
    if headings or any(task.box and not task.indent for task in found):
        return headings
    return [task for task in found if task.kind == "numbered" and sections.announces_tasks(task.number)]


def _counting_boxes(found: list[TaskLine], sections: Sections) -> dict[int, str]:
    """The lines like `- [ ] 3 unit tests pass` nested in a task `1. …`, with the id of that task: where ids
    have a full stop, a bare number counts something. As tasks they would take marks meant for task 3."""
    counting: dict[int, str] = {}
    outer: list[TaskLine] = []
    for task in found:
        if task.level or not task.box or not task.id:
            continue
        while outer and (
            outer[-1].indent >= task.indent or sections.above(outer[-1].number) != sections.above(task.number)
        ):
            outer.pop()
        if outer and outer[-1].firm and not task.firm:
            counting[task.number] = outer[-1].id
        else:
            outer.append(task)
    return counting


def _is_criterion(task: TaskLine, sections: Sections, task_headings: Mapping[int, TaskLine]) -> bool:
    """Whether a numbered checkbox counts criteria of a task instead of being one."""
    if task.level or not task.box or not task.id:
        return False
    if task.number in sections.criteria:
        return True
    above = sections.above(task.number)
    if not above or above[-1].number in task_headings or above[-1].announces:
        return False
    # Below "### Task 1" and a deeper heading stand the criteria of task 1, unless the id says "1.2".
    owners = [task_headings[heading.number] for heading in above if heading.number in task_headings]
    return bool(owners) and not any(task.id.startswith(f"{owner.id}.") for owner in owners)


def _lost_headings(
    tasks: Mapping[int, TaskLine], task_headings: Mapping[int, TaskLine], sections: Sections
) -> Iterator[Problem]:
    """The `Task N` headings that are no tasks, because checkboxes are, and have no checkbox below them."""
    ids = {task.id for task in tasks.values()}
    with_tasks = {heading.number for number in tasks for heading in sections.above(number)}
    for number, heading in task_headings.items():
        if number not in tasks and number not in with_tasks and heading.id not in ids:
            yield Problem(
                number, f"the heading of task {heading.id} is not read; checkboxes are the tasks of this file"
            )


def _lost_items(tasks: Mapping[int, TaskLine], layout: Layout, sections: Sections) -> Iterator[Problem]:
    """The numbered items without a checkbox that stand where tasks have one.

    These are bullets (`- 5. title`) in a list of tasks, and the items of a numbered list at the margin, in
    which others hold tasks (`1.` with `1.1` and `1.2` below it), that hold none.
    """
    boxed = [task for task in tasks.values() if task.kind == "box"]
    if not boxed:
        return
    ids = {task.id for task in boxed}
    outer = {task_id[:at] for task_id in ids for at, character in enumerate(task_id) if character == "."}
    lists = {(task.indent, sections.above(task.number)) for task in boxed}
    numbered: dict[tuple[Heading, ...], list[tuple[int, str]]] = {}
    for number, line in enumerate(layout.lines, start=1):
        if number in tasks or number in layout.hidden:
            continue
        item = _ITEM.match(narrow(line))
        if item is None or sections.excludes_tasks(number):
            continue
        task_id, above = normalise_id(item["id"]), sections.above(number)
        if not item["bullet"]:
            numbered.setdefault(above, []).append((number, task_id))
        elif task_id not in ids and task_id not in outer and (indent_of(line), above) in lists:
            yield Problem(number, f"item {task_id} has no checkbox and is not read as a task")
    for items in numbered.values():
        if any(task_id in outer for _, task_id in items):
            for number, task_id in items:
                if task_id not in ids and task_id not in outer and not indent_of(layout.lines[number - 1]):
                    yield Problem(number, f"item {task_id} has no checkbox and is not read as a task")

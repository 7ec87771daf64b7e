"""Marking a task without a checkbox: by the sign or the `Status:` line that it has, or that its like have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from spw_core.errors import SpwError
from spw_core.formats.task_blocks import BlockReader
from spw_core.formats.task_line import TaskLine
from spw_core.formats.task_scan import Scan
from spw_core.formats.task_words import SIGNS, Key, TaskStatus, status_of_word, word_of_status


class TaskMarkError(SpwError):
    """The task is not in the file, or nothing on its lines could take the status."""


class Edit(NamedTuple):
    """`text` instead of the columns from `start` to `end` of line `number`."""

    number: int
    start: int
    end: int
    text: str


_SIGNS = {
    TaskStatus.PENDING: "☐",
    TaskStatus.IN_PROGRESS: "🔄",
    TaskStatus.DONE: "✅",
    TaskStatus.BLOCKED: "⛔",
}
_ANY_SIGN = re.compile(f"[{''.join(SIGNS)}]")


def sign_for(scan: Scan, status: TaskStatus) -> str:
    """The sign for a status: one that the file uses for it, else the usual one."""
    return next((sign for sign in _signs_of(scan) if SIGNS[sign] is status), _SIGNS[status])


def edits_without_box(scan: Scan, task: TaskLine, status: TaskStatus) -> list[Edit]:
    """What gives a task without a box the status.

    Where a `Status:` line stands its word changes, where a sign stands the sign does. A task with neither
    gets a sign where the others of its kind have theirs. Raises `TaskMarkError` when they have none: what
    stands for done in such a file is not known.
    """
    reader = BlockReader(scan)
    reader.run()
    said = {block.head.number: lines[-1] for block in reader.blocks if (lines := block.said(Key.STATUS))}
    if task.number not in said:
        return [_sign_edit(scan, task, status)]
    number, value = said[task.number]
    if status_of_word(value) is None:
        raise TaskMarkError(
            f"the status of task {task.id} on line {task.number} is not understood: {value[:40]!r}",
            f"write it as {', '.join(TaskStatus)}, or use a checkbox",
        )
    model = next(
        (text for _, text in said.values() if status_of_word(text) is status), sign_for(scan, status)
    )
    at = scan.lines[number - 1].rfind(value)
    edits = [Edit(number, at + start, at + end, text) for start, end, text in _restated(value, status, model)]
    return [*edits, _sign_edit(scan, task, status)] if task.sign else edits


def _signs_of(scan: Scan) -> Iterator[str]:
    """The signs by which tasks of the file tell their status."""
    for task in scan.tasks.values():
        if task.sign:
            yield scan.lines[task.number - 1][task.sign[0]]
        elif task.mark in SIGNS:
            yield task.mark


def _sign_edit(scan: Scan, task: TaskLine, status: TaskStatus) -> Edit:
    if task.sign is None:
        return _added_sign(scan, task, sign_for(scan, status))
    start, end = task.sign
    others = [other for other in scan.tasks.values() if other.sign and other.kind == task.kind]
    has_pending_signs = any(other.status is TaskStatus.PENDING for other in others)
    if status is not TaskStatus.PENDING or has_pending_signs or len(others) == 1:
        return Edit(task.number, start, end, sign_for(scan, status))
    # In such a file a task that is to be done has no sign. Its last sign stays: it shows where they stand.
    line = scan.lines[task.number - 1]
    if line[end:].strip():
        end += len(line[end:]) - len(line[end:].lstrip())
    else:
        start = len(line[:start].rstrip())
    return Edit(task.number, start, end, "")


def _added_sign(scan: Scan, task: TaskLine, sign: str) -> Edit:
    """The sign at the place where another task of the kind has one: before id, before or behind the title."""
    model = next((other for other in scan.tasks.values() if other.sign and other.kind == task.kind), None)
    if model is None or model.sign is None:
        lead = scan.lines[task.number - 1][: task.name_at].strip() or "-"
        raise TaskMarkError(
            f"task {task.id} on line {task.number} has no checkbox",
            f"write it with one: {lead} [ ] {task.id}. {task.title}; or put `Status: pending` below it",
        )
    text = scan.lines[task.number - 1].rstrip()
    if model.sign[0] == model.name_at:
        return Edit(task.number, task.name_at, task.name_at, f"{sign} ")
    if not scan.lines[model.number - 1][model.sign[1] :].strip():
        return Edit(task.number, len(text), len(text), f" {sign}")
    title_at = text.rfind(task.title)
    return Edit(task.number, title_at, title_at, f"{sign} ")


def _restated(value: str, status: TaskStatus, model: str) -> Iterator[tuple[int, int, str]]:
    """What changes in the value of a `Status:` line, as columns and their new text: its word and its sign
    become those of `model`, which says `status`. What else it says stays, byte for byte."""
    word, sign = word_of_status(value), _ANY_SIGN.search(value)
    if word:
        at = value.find(word)
        yield at, at + len(word), word_of_status(model) or _in_style_of(word, status)
    if sign:
        other = _ANY_SIGN.search(model)
        yield sign.start(), sign.end(), other[0] if other else _SIGNS[status]


def _in_style_of(word: str, status: TaskStatus) -> str:
    """`status` written with the case and the separator of `word`."""
    text = status.replace("_", next((mark for mark in "_-" if mark in word), " "))
    if word.isupper() and len(word) > 1:
        return text.upper()
    if " " in word and word.istitle():
        return text.title()
    return text.capitalize() if word[:1].isupper() else text

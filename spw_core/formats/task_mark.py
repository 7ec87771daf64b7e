"""Tick, start, block or reopen one task of a `tasks.md` by changing one character."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from ..errors import SpwError
from .task_lines import Scan, TaskLine, read_task_line, scan_tasks
from .task_values import normalise_id
from .task_words import SIGNS, TaskStatus
from .text_decode import BOM, split_lines


class TaskMarkError(SpwError):
    """The task is not in the file, or its line has no box that could take the status."""


@dataclass(frozen=True, slots=True)
class MarkResult:
    """The new bytes, and what was there before; `note` warns about an id that is used more than once."""

    data: bytes
    previous: TaskStatus
    line: int
    changed: bool
    note: str = ""


_MARKS = {TaskStatus.PENDING: " ", TaskStatus.IN_PROGRESS: "-", TaskStatus.DONE: "x"}
_SIGN_MARKS = {
    TaskStatus.PENDING: "☐",
    TaskStatus.IN_PROGRESS: "🔄",
    TaskStatus.DONE: "✅",
    TaskStatus.BLOCKED: "⛔",
}
_SHOWN_IDS = 12
_UNDERSCORED_KEY = re.compile(r"\s*(?:[-*+]\s+)?_[^\W\d_][^_:]{0,30}:(?!_)")
_ESCAPED_BYTES = re.compile("[\udc80-\udcff]")


def mark_task(data: bytes, task_id: str, status: TaskStatus) -> MarkResult:
    """Give the first task with `task_id` that lacks it the `status` and return the new bytes of the file.

    One character inside one box changes and every other byte stays, undecodable ones too; a task that
    has the status already is left as it is. Blocked is written `!`, or `~` where the file uses that or the
    underscored keys of the MCP server. A box with a word in it gets one character instead of the word.
    Raises `TaskMarkError` when there is no such task or its line has no box.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TaskMarkError("the file is UTF-16, which cannot be marked", "save it as UTF-8")
    # Bytes that are not UTF-8 become one escape each here and come back unchanged on encoding.
    text = data.decode("utf-8", "surrogateescape")
    bom = text[: len(text) - len(text.lstrip(BOM))]
    text = text[len(bom) :]
    scan = scan_tasks(_ESCAPED_BYTES.sub("\ufffd", text))
    task, note = _find(scan, normalise_id(task_id), status)
    if task.box is None:
        raise TaskMarkError(
            f"task {task.id} on line {task.number} has no checkbox",
            f"write it as a list item with a box: - [ ] {task.id}. {task.title}",
        )
    if task.status is status:
        return MarkResult(data, task.status, task.number, changed=False, note=note)

    pieces = split_lines(text)
    index = 2 * (task.number - 1)
    pieces[index] = _marked_line(pieces[index], task, task.box, _character(scan, task, status), status)
    marked = (bom + "".join(pieces)).encode("utf-8", "surrogateescape")
    return MarkResult(marked, task.status, task.number, changed=True, note=note)


def _find(scan: Scan, task_id: str, status: TaskStatus) -> tuple[TaskLine, str]:
    matches = [task for task in scan.tasks.values() if task.id == task_id]
    if not matches:
        ids = list(dict.fromkeys(task.id for task in scan.tasks.values()))
        shown = ", ".join(ids[:_SHOWN_IDS]) + (", …" if len(ids) > _SHOWN_IDS else "")
        raise TaskMarkError(
            f"task {task_id} not found", f"the file has the tasks {shown}" if ids else "the file has no tasks"
        )
    if len(matches) == 1:
        return matches[0], ""
    # A run that starts and finishes task after task must reach each bearer, and reopen none on its way.
    is_start = status in (TaskStatus.IN_PROGRESS, TaskStatus.BLOCKED)
    unfinished = [task for task in matches if task.status is not TaskStatus.DONE] if is_start else []
    candidates = unfinished or matches
    chosen = next((task for task in candidates if task.status is not status), candidates[0])
    others = ", ".join(str(task.number) for task in matches if task is not chosen)
    this = "" if chosen is matches[0] else f"this is line {chosen.number}, "
    return chosen, f"task id {task_id} is used {len(matches)} times; {this}also on line {others}"


def _character(scan: Scan, task: TaskLine, status: TaskStatus) -> str:
    if task.mark in SIGNS:
        return _SIGN_MARKS[status]
    if status is TaskStatus.BLOCKED:
        # MCP dashboards know only "~" and lose sight of a task marked "!".
        return "~" if _is_for_dashboard(scan) else "!"
    return _MARKS[status]


def _is_for_dashboard(scan: Scan) -> bool:
    if any(other.mark == "~" for other in (*scan.tasks.values(), *scan.checkboxes.values())):
        return True
    return any(
        "_" in line and _UNDERSCORED_KEY.match(line) and number not in scan.hidden
        for number, line in enumerate(scan.lines, start=1)
    )


def _marked_line(line: str, task: TaskLine, box: tuple[int, int], character: str, status: TaskStatus) -> str:
    start, end = box
    marked = line[:start] + character + line[end:]
    again = read_task_line(marked, task.number)
    if again is None or again.id != task.id or again.status is not status:
        # As of "- [ ] ✅ 1. Title": the sign beside the box would contradict the new mark.
        raise TaskMarkError(
            f"task {task.id} on line {task.number} cannot be marked {status}",
            "its line has a second sign beside the box; remove that by hand",
        )
    return marked

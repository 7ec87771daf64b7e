"""Tick, start, block or reopen one task of a `tasks.md` by changing one sign of it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spw_core.formats.task_line import TaskLine
from spw_core.formats.task_scan import Scan, scan_tasks
from spw_core.formats.task_signs import Edit, TaskMarkError, edits_without_box, sign_for
from spw_core.formats.task_values import normalise_id
from spw_core.formats.task_words import SIGNS, TaskStatus
from spw_core.formats.tasks import Task, parse_tasks
from spw_core.formats.text_decode import BOM, split_lines

__all__ = ["MarkResult", "TaskMarkError", "mark_task"]


@dataclass(frozen=True, slots=True)
class MarkResult:
    """The new bytes, and what was there before; `note` warns about an id that is used more than once."""

    data: bytes
    previous: TaskStatus
    line: int
    changed: bool
    note: str = ""


_MARKS = {TaskStatus.PENDING: " ", TaskStatus.IN_PROGRESS: "-", TaskStatus.DONE: "x"}
_SHOWN_IDS = 12
_UNDERSCORED_KEY = re.compile(r"\s*(?:[-*+]\s+)?_[^\W\d_][^_:]{0,30}:(?!_)")
_ESCAPED_BYTES = re.compile("[\udc80-\udcff]")


def mark_task(data: bytes, task_id: str, status: TaskStatus) -> MarkResult:
    """Give the first task with `task_id` that lacks it the `status` and return the new bytes of the file.

    One character inside one box changes and every other byte stays, undecodable ones too; a task that
    has the status already is left as it is. Blocked is written `!`, or `~` where the file uses that or the
    underscored keys of the MCP server. A box with a word in it gets one character instead of the word.
    A heading or numbered item without a box is marked as `edits_without_box` says.
    Raises `TaskMarkError` when there is no such task or nothing on its lines can take the status.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TaskMarkError("the file is UTF-16, which cannot be marked", "save it as UTF-8")
    # Bytes that are not UTF-8 become one escape each here and come back unchanged on encoding.
    text = data.decode("utf-8", "surrogateescape")
    bom = text[: len(text) - len(text.lstrip(BOM))]
    text = text[len(bom) :]
    readable = _ESCAPED_BYTES.sub("\ufffd", text)
    tasks = parse_tasks(readable).tasks
    task, note = _find(tasks, normalise_id(task_id), status)
    if task.status is status:
        return MarkResult(data, task.status, task.line, changed=False, note=note)

    scan = scan_tasks(readable)
    line = scan.tasks[task.line]
    if line.box is not None:
        edits = [Edit(line.number, *line.box, _character(scan, line, status))]
    else:
        edits = edits_without_box(scan, line, status)
    marked = _edited(text, edits)
    _check(tasks, parse_tasks(_ESCAPED_BYTES.sub("\ufffd", marked)).tasks, task, status)
    result = (bom + marked).encode("utf-8", "surrogateescape")
    return MarkResult(result, task.status, task.line, changed=True, note=note)


def _find(tasks: Sequence[Task], task_id: str, status: TaskStatus) -> tuple[Task, str]:
    matches = [task for task in tasks if task.id == task_id]
    if not matches:
        ids = list(dict.fromkeys(task.id for task in tasks))
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
    others = ", ".join(str(task.line) for task in matches if task is not chosen)
    this = "" if chosen is matches[0] else f"this is line {chosen.line}, "
    return chosen, f"task id {task_id} is used {len(matches)} times; {this}also on line {others}"


def _character(scan: Scan, task: TaskLine, status: TaskStatus) -> str:
    if task.mark in SIGNS:
        return sign_for(scan, status)
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


def _edited(text: str, edits: Iterable[Edit]) -> str:
    pieces = split_lines(text)
    for number, start, end, new in sorted(edits, reverse=True):  # from the right, so that columns stay
        line = pieces[2 * (number - 1)]
        pieces[2 * (number - 1)] = line[:start] + new + line[end:]
    return "".join(pieces)


def _check(before: Sequence[Task], after: Sequence[Task], task: Task, status: TaskStatus) -> None:
    """Raise unless exactly the one task is read with another status now."""
    wanted = [(other.line, other.id, status if other is task else other.status) for other in before]
    if wanted != [(other.line, other.id, other.status) for other in after]:
        # As of "- [ ] ✅ 1. Title": the sign beside the box would contradict the new mark.
        raise TaskMarkError(
            f"task {task.id} on line {task.line} cannot be marked {status}",
            "its line has a second sign that says something else; remove that by hand",
        )

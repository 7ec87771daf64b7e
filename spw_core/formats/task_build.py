"""From the lines that belong to a task to what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from spw_core.formats.problem import Problem
from spw_core.formats.task_blocks import Block
from spw_core.formats.task_model import Task, WavePlanEntry
from spw_core.formats.task_values import (
    DASHES,
    drop_parentheses,
    expand_range,
    narrow,
    read_dependencies,
    read_files,
    read_ids,
    read_items,
    read_planned_ids,
)
from spw_core.formats.task_words import (
    Key,
    TaskStatus,
    denies_deferral,
    ends_with_deferral,
    is_deferred_text,
    is_none,
    status_of_word,
    wave_in_text,
)


def build_task(block: Block, body_ids: Set[str], unlisted: Set[str], problems: list[Problem]) -> Task:
    head = block.head
    if not block.title:
        problems.append(Problem(head.number, f"task {head.id} has no title"))
    wave, wave_defers = _read_wave(block, problems)
    own_words = wave_defers or _defers_itself(block)
    reasons = (("heading", block.deferred), ("wave", own_words), ("task_ids", head.id in unlisted))
    deferred_reason = next((reason for reason, applies in reasons if applies), "")
    files = block.texts(Key.FILES)
    return Task(
        id=head.id,
        title=block.title,
        status=_read_status(block, problems),
        line=head.number,
        wave=wave,
        depends_on=_read_depends(block, body_ids, problems),
        files=_unique(path for text in files for path in read_files(text)),
        tdd=(block.texts(Key.TDD) or [""])[-1],
        requirements=_unique(item for text in block.texts(Key.REQUIREMENTS) for item in read_items(text)),
        leverage=_unique(path for text in block.texts(Key.LEVERAGE) for path in read_files(text)),
        parallel_with=_spread(_ids_of(block.texts(Key.PARALLEL)), body_ids),
        deferred=bool(deferred_reason),
        deferred_reason=deferred_reason,
        blocked_reason="\n".join(block.texts(Key.BLOCKED)),
        prompt="\n\n".join(block.texts(Key.PROMPT)),
        notes=tuple(block.notes),
        raw_files="\n".join(files),
        raw_depends="\n".join(block.texts(Key.DEPENDS)),
    )


def _defers_itself(block: Block) -> bool:
    said = block.texts(Key.DEFERRED)
    return (
        bool(said and not denies_deferral(said[-1]))
        or any(is_deferred_text(text) for text in block.texts(Key.STATUS)[-1:])
        or ends_with_deferral(block.title)
    )


def _read_depends(block: Block, body_ids: Set[str], problems: list[Problem]) -> tuple[str, ...]:
    found: list[str] = []
    unread: list[str] = []
    for line, text in block.said(Key.DEPENDS):
        ids, left = read_dependencies(text)
        found += ids
        if wave_in_text(drop_parentheses(text)) is not None:
            remark = f"task {block.head.id} depends on a wave; only task ids are read"
            problems.append(Problem(line, remark))
        if left:
            unread.append(text.strip()[:80])
            remark = f"task {block.head.id} depends on something that is no task id: {text[:80]!r}"
            problems.append(Problem(line, remark))
    # A dependency that nothing meets keeps the task from being offered too early.
    return _spread(found, body_ids) or tuple(unread[:1])


def _read_status(block: Block, problems: list[Problem]) -> TaskStatus:
    """The box decides; without one a `Status:` line may."""
    head, said = block.head, block.said(Key.STATUS)
    if not said:
        return head.status
    line, text = said[-1]
    status = status_of_word(text)
    if head.box:
        if status and status is not head.status:
            remark = f"the box of task {head.id} says {head.status}, its status line {status}; the box counts"
            problems.append(Problem(line, remark.replace("_", " ")))
        return head.status
    if status is None and not is_deferred_text(text):
        remark = f"the status of task {head.id} is not understood: {text[:80]!r}; read as {head.status}"
        problems.append(Problem(line, remark))
    return status or head.status


def _read_wave(block: Block, problems: list[Problem]) -> tuple[int | None, bool]:
    """The wave, and whether its line defers the task (`4 (deferred)`)."""
    said = block.said(Key.WAVE)
    if not said:
        return block.wave, False
    task_id = block.head.id
    line, text = said[-1]
    number = _leading_number(text)
    if any(_leading_number(earlier) != number for _, earlier in said):
        problems.append(Problem(line, f"task {task_id} names several waves; the last counts"))
    deferred = is_deferred_text(text)
    if number is None:
        if not deferred and not is_none(text):
            problems.append(Problem(line, f"the wave of task {task_id} is no number: {text[:80]!r}"))
        return block.wave, deferred
    if _MORE_THAN_A_NUMBER.match(narrow(text[:40])):
        remark = f"the wave of task {task_id} is more than a number: {text[:80]!r}; read as {number}"
        problems.append(Problem(line, remark))
    return number, deferred


_MORE_THAN_A_NUMBER = re.compile(
    rf"[^0-9\-]{{0,20}}[0-9]{{1,6}}(?:[A-Za-z]|\s{{0,3}}(?:[.,;、，/&+{DASHES}]|\.\.|(?:and|or|to|e|und|y|et|bis)\s)"
    r"\s{0,3}[0-9])"
)


def _leading_number(text: str) -> int | None:
    match = re.match(r"[^0-9\-]{0,20}([0-9]{1,6})(?![0-9])", narrow(text[:40]))
    return int(match[1]) if match else None


def _ids_of(texts: list[str]) -> Iterable[str]:
    return (task_id for text in texts for task_id in read_ids(text))


def _spread(ids: Iterable[str], body_ids: Set[str]) -> tuple[str, ...]:
    """Each range in `ids` as its single ids, unless a task of the file bears the range as its id."""
    return _unique(
        single for task_id in ids for single in ((task_id,) if task_id in body_ids else expand_range(task_id))
    )


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


# --- wave plan --------------------------------------------------------------------------------------


_PLAN_SEPARATOR = re.compile(r":|\s[-–—]{1,2}\s")
_PLAN_STATE = re.compile(r"[(（]([^()（）]{0,200})[)）]")


def read_plan_line(line: str, body_ids: Set[str]) -> WavePlanEntry | None:
    separator = _PLAN_SEPARATOR.search(narrow(line))
    label = line[: separator.start()] if separator else line
    wave = wave_in_text(label[:80])
    if wave is None:
        return None
    text = line[separator.end() :].strip().lstrip("*_ ") if separator else ""
    remark = _PLAN_STATE.search(label)
    state = remark[1].strip() if remark else ""
    # "Wave 1 (tasks 1, 2): …" has its tasks where others have the state.
    ids_in_state = read_planned_ids(state)
    ids = _spread(ids_in_state or read_planned_ids(text), body_ids)
    return WavePlanEntry(wave, "" if ids_in_state else state, ids, text)

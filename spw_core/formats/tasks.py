"""`tasks.md`: one lenient reader for every dialect that agents, people and older tools write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from .problem import Problem
from .task_blocks import Block, BlockReader
from .task_lines import TaskLine, scan_tasks
from .task_values import (
    DASHES,
    drop_parentheses,
    expand_range,
    narrow,
    normalise_id,
    read_dependencies,
    read_files,
    read_ids,
    read_items,
    read_planned_ids,
)
from .task_words import (
    Key,
    TaskStatus,
    denies_deferral,
    ends_with_deferral,
    is_deferred_text,
    is_none,
    status_of_word,
    wave_in_text,
)

__all__ = [
    "Task",
    "TaskCounts",
    "TaskStatus",
    "TasksDocument",
    "TasksHeader",
    "WavePlanEntry",
    "parse_tasks",
]


@dataclass(frozen=True, slots=True)
class Task:
    """One task as the file has it.

    `wave` is None when neither the task nor a heading above it names one. `deferred_reason` is
    "heading" or "wave" (for whatever the task itself says) for an explicit deferral, "task_ids" when
    only the frontmatter list lacks the id, "" when not deferred. `notes` holds every other line of the
    task, without bullets; `raw_files` and `raw_depends` the text as written, lines joined by a line break.
    """

    id: str
    title: str
    status: TaskStatus
    line: int
    wave: int | None
    depends_on: tuple[str, ...]
    files: tuple[str, ...]
    tdd: str
    requirements: tuple[str, ...]
    leverage: tuple[str, ...]
    parallel_with: tuple[str, ...]
    deferred: bool
    deferred_reason: str
    blocked_reason: str
    prompt: str
    notes: tuple[str, ...]
    raw_files: str
    raw_depends: str


@dataclass(frozen=True, slots=True)
class TasksHeader:
    """The frontmatter. Texts are "" and `task_ids` is None when absent; `fields` has all keys as read."""

    spec: str = ""
    task_ids: tuple[str, ...] | None = None
    approval_id: str = ""
    generation_strategy: str = ""
    fields: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class WavePlanEntry:
    """A line of the wave plan, as in `- Wave 2 (current): tasks 3, 4`."""

    wave: int
    state: str
    task_ids: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """How many tasks have which status; deferred ones are counted in their status as well."""

    total: int
    pending: int
    in_progress: int
    done: int
    blocked: int
    deferred: int


@dataclass(frozen=True, slots=True)
class TasksDocument:
    """A whole `tasks.md`. The body is the authority; where the frontmatter differs, `warnings` says so."""

    header: TasksHeader
    tasks: tuple[Task, ...]
    wave_plan: tuple[WavePlanEntry, ...]
    constraints: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    problems: tuple[Problem, ...]
    has_tasklike_lines: bool

    @property
    def has_deferred(self) -> bool:
        return any(task.deferred for task in self.tasks)

    def task(self, task_id: str) -> Task | None:
        """The first task with this id, compared literally after normalisation (`1.` is 1, never 10)."""
        wanted = normalise_id(task_id)
        return next((task for task in self.tasks if task.id == wanted), None)

    def counts(self) -> TaskCounts:
        tally = dict.fromkeys(TaskStatus, 0)
        for task in self.tasks:
            tally[task.status] += 1
        return TaskCounts(
            total=len(self.tasks),
            pending=tally[TaskStatus.PENDING],
            in_progress=tally[TaskStatus.IN_PROGRESS],
            done=tally[TaskStatus.DONE],
            blocked=tally[TaskStatus.BLOCKED],
            deferred=sum(task.deferred for task in self.tasks),
        )


def parse_tasks(text: str) -> TasksDocument:
    """Read `text` as a `tasks.md`. Never raises; what is not understood is in `problems`.

    Linear in the length of the text.
    """
    scan = scan_tasks(text)
    reader = BlockReader(scan)
    reader.run()
    problems = [*scan.problems, *reader.problems, *_line_problems(scan.tasks.values())]
    header = _read_header(scan.fields, problems)
    body_ids = dict.fromkeys(block.head.id for block in reader.blocks).keys()
    # Without a list, or with an empty one as in the template, there is nothing to compare.
    unlisted, missing = _compare_ids(header.task_ids, body_ids) if header.task_ids else ([], [])
    only_in_body = frozenset(unlisted)
    tasks = tuple(_build(block, body_ids, only_in_body, problems) for block in reader.blocks)
    return TasksDocument(
        header=header,
        tasks=tasks,
        wave_plan=tuple(entry for line in reader.plan_lines if (entry := _plan_entry(line, body_ids))),
        constraints=tuple(reader.constraints),
        warnings=(
            *(f"task_ids_mismatch: task {name} is not in the frontmatter's task_ids" for name in unlisted),
            *(f"task_ids_mismatch: task {name} of the frontmatter is not in the body" for name in missing),
        ),
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
        has_tasklike_lines=bool(scan.checkboxes)
        or scan.has_lookalikes
        or any(task.box for task in scan.tasks.values()),
    )


# --- frontmatter ------------------------------------------------------------------------------------


def _read_header(fields: Mapping[str, object], problems: list[Problem]) -> TasksHeader:
    by_name = {re.sub(r"[_\- ]", "", key).casefold(): value for key, value in fields.items()}

    def text(name: str) -> str:
        value = by_name.get(name)
        return str(value).strip() if isinstance(value, (str, int)) else ""

    return TasksHeader(
        spec=text("spec"),
        task_ids=_listed_ids(by_name.get("taskids"), problems),
        approval_id=text("approvalid"),
        generation_strategy=text("generationstrategy"),
        fields=fields,
    )


def _listed_ids(value: object, problems: list[Problem]) -> tuple[str, ...] | None:
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    found: dict[str, None] = {}
    for item in items:
        ids = read_ids(str(item)) if isinstance(item, (str, int)) and not isinstance(item, bool) else ()
        if not ids and not is_none(str(item)):
            problems.append(
                Problem(0, f"not a task id in the task_ids of the frontmatter: {str(item)[:80]!r}")
            )
        found.update(dict.fromkeys(ids))
    return tuple(found)


def _compare_ids(listed: Iterable[str], body: Iterable[str]) -> tuple[list[str], list[str]]:
    """The body ids that the list lacks and the listed ids that the body lacks, in their own order.

    A range stands for all its ids on either side.
    """
    spread_list = {single for task_id in listed for single in (task_id, *expand_range(task_id))}
    spread_body = {single for task_id in body for single in (task_id, *expand_range(task_id))}
    unlisted = [task_id for task_id in body if not _covers(spread_list, task_id)]
    missing = [task_id for task_id in listed if not _covers(spread_body, task_id)]
    return unlisted, missing


def _covers(ids: Set[str], task_id: str) -> bool:
    return task_id in ids or all(single in ids for single in expand_range(task_id))


# --- tasks ------------------------------------------------------------------------------------------


def _build(block: Block, body_ids: Set[str], unlisted: Set[str], problems: list[Problem]) -> Task:
    head = block.head
    if not block.title:
        problems.append(Problem(head.number, f"task {head.id} has no title"))
    wave, wave_defers = _read_wave(block, problems)
    own_words = wave_defers or _defers_itself(block)
    reasons = (("heading", block.deferred), ("wave", own_words), ("task_ids", head.id in unlisted))
    deferred_reason = next((reason for reason, applies in reasons if applies), "")
    depends = block.texts(Key.DEPENDS)
    if any(wave_in_text(drop_parentheses(text)) is not None for text in depends):
        problems.append(Problem(head.number, f"task {head.id} depends on a wave; only task ids are read"))
    files = block.texts(Key.FILES)
    return Task(
        id=head.id,
        title=block.title,
        status=_read_status(block),
        line=head.number,
        wave=wave,
        depends_on=_read_depends(block, depends, body_ids, problems),
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
        raw_depends="\n".join(depends),
    )


def _defers_itself(block: Block) -> bool:
    said = block.texts(Key.DEFERRED)
    return (
        bool(said and not denies_deferral(said[-1]))
        or any(is_deferred_text(text) for text in block.texts(Key.STATUS)[-1:])
        or ends_with_deferral(block.title)
    )


def _read_depends(
    block: Block, texts: list[str], body_ids: Set[str], problems: list[Problem]
) -> tuple[str, ...]:
    read = [read_dependencies(text) for text in texts]
    unread = [text for text, (_, left) in zip(texts, read, strict=True) if left]
    for text in unread:
        remark = f"task {block.head.id} depends on something that is no task id: {text[:80]!r}"
        problems.append(Problem(block.head.number, remark))
    ids = _spread((task_id for found, _ in read for task_id in found), body_ids)
    # A dependency that nothing meets keeps the task from being offered too early.
    return ids or tuple(text.strip()[:80] for text in unread[:1])


def _read_status(block: Block) -> TaskStatus:
    """The box decides; without one a `Status:` line may."""
    texts = [] if block.head.box else block.texts(Key.STATUS)
    return (status_of_word(texts[-1]) if texts else None) or block.head.status


def _read_wave(block: Block, problems: list[Problem]) -> tuple[int | None, bool]:
    """The wave, and whether its line defers the task (`4 (deferred)`)."""
    texts = block.texts(Key.WAVE)
    if not texts:
        return block.wave, False
    numbers = [_leading_number(text) for text in texts]
    if numbers[-1] is not None and _MORE_THAN_A_NUMBER.match(narrow(texts[-1][:40])):
        said = texts[-1][:80]
        remark = f"the wave of task {block.head.id} is more than a number: {said!r}; read as {numbers[-1]}"
        problems.append(Problem(block.head.number, remark))
    if len(set(numbers)) > 1:
        problems.append(
            Problem(block.head.number, f"task {block.head.id} names several waves; the last counts")
        )
    deferred = is_deferred_text(texts[-1])
    if numbers[-1] is None:
        if not deferred and not is_none(texts[-1]):
            remark = f"the wave of task {block.head.id} is no number: {texts[-1][:80]!r}"
            problems.append(Problem(block.head.number, remark))
        return block.wave, deferred
    return numbers[-1], deferred


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


def _line_problems(tasks: Iterable[TaskLine]) -> Iterable[Problem]:
    first: dict[str, int] = {}
    for task in tasks:
        if task.id in first:
            yield Problem(
                task.number, f"task id {task.id} is used again; it is first on line {first[task.id]}"
            )
        first.setdefault(task.id, task.number)
        if "-" in task.id:
            yield Problem(task.number, f"task id {task.id} is a range; it is read as one task")
        if task.box and not task.mark_is_known:
            status = task.status.replace("_", " ")
            yield Problem(
                task.number,
                f"unknown status sign {task.mark!r}; task {task.id} is read as {status}",
            )
        if task.box and task.box[0] == task.box[1]:
            yield Problem(task.number, f"the box of task {task.id} is empty; it is read as pending")


# --- wave plan --------------------------------------------------------------------------------------


_PLAN_SEPARATOR = re.compile(r":|\s[-–—]{1,2}\s")
_PLAN_STATE = re.compile(r"[(（]([^()（）]{0,200})[)）]")


def _plan_entry(line: str, body_ids: Set[str]) -> WavePlanEntry | None:
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

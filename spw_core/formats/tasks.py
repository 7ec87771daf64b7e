"""`tasks.md`: one lenient reader for every dialect that agents, people and older tools write.

The text passes through these modules, each of which knows only those before it:

    task_layout   which lines are to be read: no frontmatter, code or comments
    task_line     one line as a task, a checkbox or neither
    task_sections which headings and lists of criteria a line stands under
    task_scan     which lines are the tasks of the file
    task_key_line one line as metadata, `label: value`
    task_blocks   which other lines belong to which task, and which metadata keys they bear
    task_build    what these say: a `Task`

`task_words` has the words of all languages, `task_values` reads ids, file lists and the like, and `task_mark`
writes one status back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from spw_core.formats.problem import Problem
from spw_core.formats.task_blocks import BlockReader
from spw_core.formats.task_build import build_task, read_plan_line
from spw_core.formats.task_line import TaskLine
from spw_core.formats.task_model import Task, TaskCounts, TasksDocument, TasksHeader, WavePlanEntry
from spw_core.formats.task_scan import Scan, scan_tasks
from spw_core.formats.task_values import expand_range, read_ids
from spw_core.formats.task_words import TaskStatus, is_none

__all__ = [
    "Task",
    "TaskCounts",
    "TaskStatus",
    "TasksDocument",
    "TasksHeader",
    "WavePlanEntry",
    "parse_tasks",
]


def parse_tasks(text: str) -> TasksDocument:
    """Read `text` as a `tasks.md`. Never raises; what is not understood is in `problems`.

    Linear in the length of the text.
    """
    scan = scan_tasks(text)
    reader = BlockReader(scan)
    reader.run()
    problems = [*scan.problems, *reader.problems, *_line_problems(scan.tasks.values())]
    header = _read_header(scan, problems)
    body_ids = dict.fromkeys(block.head.id for block in reader.blocks).keys()
    # Without a list, or with an empty one as in the template, there is nothing to compare.
    unlisted, missing = _compare_ids(header.task_ids, body_ids) if header.task_ids else ([], [])
    only_in_body = frozenset(unlisted)
    tasks = tuple(build_task(block, body_ids, only_in_body, problems) for block in reader.blocks)
    return TasksDocument(
        header=header,
        tasks=tasks,
        wave_plan=tuple(entry for line in reader.plan_lines if (entry := read_plan_line(line, body_ids))),
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


_TASK_IDS = re.compile(r"\s{0,16}['\"]?task[_\- ]?ids['\"]?\s{0,16}:", re.IGNORECASE)


def _read_header(scan: Scan, problems: list[Problem]) -> TasksHeader:
    by_name = {re.sub(r"[_\- ]", "", key).casefold(): value for key, value in scan.fields.items()}
    ids_line = next((number for number, line in enumerate(scan.lines, start=1) if _TASK_IDS.match(line)), 0)

    def text(name: str) -> str:
        value = by_name.get(name)
        return str(value).strip() if isinstance(value, (str, int)) else ""

    return TasksHeader(
        spec=text("spec"),
        task_ids=_listed_ids(by_name.get("taskids"), ids_line, problems),
        approval_id=text("approvalid"),
        generation_strategy=text("generationstrategy"),
        fields=scan.fields,
    )


def _listed_ids(value: object, line: int, problems: list[Problem]) -> tuple[str, ...] | None:
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    found: dict[str, None] = {}
    for item in items:
        ids = read_ids(str(item)) if isinstance(item, (str, int)) and not isinstance(item, bool) else ()
        if not ids and not is_none(str(item)):
            problems.append(
                Problem(line, f"not a task id in the task_ids of the frontmatter: {str(item)[:80]!r}")
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

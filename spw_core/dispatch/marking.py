"""`task-mark`: set the checkbox of one task."""

from __future__ import annotations

from spw_core.atomic import update_file
from spw_core.errors import DocumentNotFound
from spw_core.formats.task_mark import MarkResult, mark_task
from spw_core.formats.task_words import TaskStatus
from spw_core.names import DASHBOARDS
from spw_core.workspace import WorkspacePaths

_TASKS = DASHBOARDS[2]


def mark_in_file(paths: WorkspacePaths, spec: str, task_id: str, status: TaskStatus) -> MarkResult:
    """Set the box of a task in tasks.md; every other byte stays.

    Raises SpecNotFound, DocumentNotFound without a tasks.md, TaskMarkError, and WriteError.
    """
    paths.existing_spec(spec)
    path = paths.spec_file(spec, _TASKS)
    if not path.is_file():
        raise DocumentNotFound(f"cannot read {_TASKS}: {spec} has none", "`tasks-plan` writes it.")

    def change(data: bytes) -> tuple[bytes, MarkResult]:
        result = mark_task(data, task_id, status)
        return result.data, result

    return update_file(path, change)

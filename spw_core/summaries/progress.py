"""The progress summary: how far a spec has come, at any stage, with or without tasks and waves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from spw_core.domain.model import SpecRecord
from spw_core.domain.places import Kind
from spw_core.domain.stage import stage_of
from spw_core.domain.summary import summarise
from spw_core.domain.task_plan import is_put_off
from spw_core.domain.waves import wave_states
from spw_core.formats.frontmatter import render_frontmatter
from spw_core.formats.status import BLOCKED, PASS
from spw_core.formats.tasks import TaskStatus
from spw_core.moments import utc_text
from spw_core.summaries.inference import files_changed, technologies_of
from spw_core.summaries.tables import cell, table

PROGRESS_FILE = "PROGRESS-SUMMARY.md"

_VERDICTS = {PASS: "passed", BLOCKED: "failed"}


@dataclass(frozen=True, slots=True)
class Progress:
    """The frontmatter of a progress summary, in its order.

    `as_of` is a fixed-width UTC text. `tasks_deferred` counts tasks that are put off explicitly and not
    done; they are counted in their status as well. `current_wave` is the first wave that is not complete,
    else the last; 0 without waves.
    """

    spec: str
    status: str
    stage: str
    as_of: str
    tasks_done: int
    tasks_total: int
    tasks_pending: int
    tasks_in_progress: int
    tasks_blocked: int
    tasks_deferred: int
    current_wave: int
    waves_total: int
    files_changed: tuple[str, ...]
    technologies: tuple[str, ...]


# Left out of the frontmatter when there is nothing to say.
_OPTIONAL = frozenset(
    (
        "tasks_pending",
        "tasks_in_progress",
        "tasks_blocked",
        "tasks_deferred",
        "files_changed",
        "technologies",
    )
)


def progress_of(record: SpecRecord, now_ns: int) -> Progress:
    """The numbers of a spec as they are at `now_ns`, nanoseconds since the epoch."""
    statuses = [task.status for task in record.tasks]
    files = files_changed(record.tasks)
    summary = summarise(record)  # the same waves as in every list: planned ones count too
    return Progress(
        spec=record.name,
        status="in_progress",
        stage=stage_of(record),
        as_of=utc_text(now_ns),
        tasks_done=statuses.count(TaskStatus.DONE),
        tasks_total=len(statuses),
        tasks_pending=statuses.count(TaskStatus.PENDING),
        tasks_in_progress=statuses.count(TaskStatus.IN_PROGRESS),
        tasks_blocked=statuses.count(TaskStatus.BLOCKED),
        tasks_deferred=sum(is_put_off(task) for task in record.tasks),
        current_wave=summary.wave_current,
        waves_total=summary.waves_total,
        files_changed=files,
        technologies=technologies_of(files),
    )


def render_progress(record: SpecRecord, now_ns: int) -> str:
    """The whole document: frontmatter, blank line, Markdown."""
    progress = progress_of(record, now_ns)
    fields = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(progress).items()
        if value or key not in _OPTIONAL
    }
    return f"{render_frontmatter(fields)}\n" + "\n".join(_body(record, progress)) + "\n"


def _body(record: SpecRecord, progress: Progress) -> Iterator[str]:
    yield f"# Progress Summary: {progress.spec}"
    yield from ("", f"Stage: {progress.stage}", "", "## Task Status", "")
    if progress.tasks_total:
        percent = 100 * progress.tasks_done / progress.tasks_total
        yield f"- **Done:** {progress.tasks_done}/{progress.tasks_total} ({percent:.1f} %)"
    else:
        has_file = any(document.kind is Kind.TASKS for document in record.documents)
        yield "No task in tasks.md can be read." if has_file else "No tasks yet: there is no tasks.md."
    for label, count in (
        ("In progress", progress.tasks_in_progress),
        ("Pending", progress.tasks_pending),
        ("Blocked", progress.tasks_blocked),
        ("Deferred", progress.tasks_deferred),
    ):
        if count:
            yield f"- **{label}:** {count}"
    if record.tasks:
        yield ""
        yield from table(
            ("#", "Task", "Status", "Wave"),
            (
                (
                    task.id,
                    task.title,
                    f"{task.status} (deferred)" if is_put_off(task) else task.status,
                    "" if task.wave is None else task.wave,
                )
                for task in record.tasks
            ),
        )
    if states := wave_states(record):
        yield from ("", "## Wave Status", "")
        yield from table(
            ("Wave", "Status", "Execution Runs", "Checkpoint"),
            (
                (state.number, state.status, state.exec_runs, _VERDICTS.get(state.checkpoint.status, ""))
                for state in states
            ),
        )
    if attention := summarise(record).attention:
        yield from ("", "## Needs Attention", "")
        yield from (f"- {cell(item.text)} — `{cell(item.path)}`" for item in attention)

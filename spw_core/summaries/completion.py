"""The completion summary: what was built, how long it took, and how its checkpoints went.

All numbers follow from the facts of the spec and two moments, so that the same spec finished at the same
time gives the same text, however often it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from spw_core.domain.model import SpecRecord
from spw_core.domain.task_plan import is_put_off
from spw_core.domain.wave_summary import WaveDigest, wave_digest
from spw_core.domain.waves import WAVE_COMPLETE, WaveState, verdict_of, wave_states
from spw_core.formats.frontmatter import render_frontmatter
from spw_core.formats.status import BLOCKED, MISSING, PASS
from spw_core.formats.tasks import Task, TaskStatus
from spw_core.moments import utc_text
from spw_core.summaries.inference import files_changed, tags_of, technologies_of
from spw_core.summaries.tables import table
from spw_core.text import clean_line

COMPLETION_FILE = "COMPLETION-SUMMARY.md"

_Wave = tuple[WaveState, WaveDigest]

_DAY_NS = 24 * 60 * 60 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Completion:
    """The frontmatter of a completion summary, in its order.

    `completed_at` and `started_at` are fixed-width UTC texts, `duration_days` the whole days between them.
    `tasks_count` counts all tasks. `checkpoint_passes` and `checkpoint_failures` count attempts: of each
    wave its checkpoint runs with a verdict or, where no run is known, what its pointer files claim.
    `files_changed` holds the files of done tasks only, `summary` the words of the waves that passed.
    """

    spec: str
    status: str
    completed_at: str
    started_at: str
    duration_days: int
    tasks_count: int
    tasks_done: int
    waves_count: int
    checkpoint_passes: int
    checkpoint_failures: int
    files_changed: tuple[str, ...]
    technologies: tuple[str, ...]
    tags: tuple[str, ...]
    summary: str


def completion_of(record: SpecRecord, completed_ns: int, created_ns: int = 0) -> Completion:
    """The numbers of a spec that was finished at `completed_ns`, nanoseconds since the epoch.

    It began with its oldest file, or at `created_ns`, when the database was made, if that is earlier.
    """
    evidence = [created_ns, *(document.mtime_ns for document in record.documents)]
    # A time of 0 means that it is not known.
    started_ns = min([completed_ns, *(moment for moment in evidence if moment > 0)])
    waves = _waves(record)
    passes, failures = _checkpoint_attempts(record, waves)
    files = files_changed(record.tasks)
    return Completion(
        spec=record.name,
        status="completed",
        completed_at=utc_text(completed_ns),
        started_at=utc_text(started_ns),
        duration_days=(completed_ns - started_ns) // _DAY_NS,
        tasks_count=len(record.tasks),
        tasks_done=sum(task.status is TaskStatus.DONE for task in record.tasks),
        waves_count=len(waves),
        checkpoint_passes=passes,
        checkpoint_failures=failures,
        files_changed=files,
        technologies=technologies_of(files),
        tags=tags_of(task.title for task in record.tasks),
        summary=_wave_words(waves),
    )


def render_completion(record: SpecRecord, completion: Completion) -> str:
    """The whole document: frontmatter, blank line, Markdown."""
    fields = {
        key: list(value) if isinstance(value, tuple) else value for key, value in asdict(completion).items()
    }
    return f"{render_frontmatter(fields)}\n" + "\n".join(_body(record, completion)) + "\n"


def _waves(record: SpecRecord) -> list[_Wave]:
    return [(state, wave_digest(record, state.number)) for state in wave_states(record)]


def _checkpoint_attempts(record: SpecRecord, waves: list[_Wave]) -> tuple[int, int]:
    """(passes, failures); a run without a verdict is neither."""
    runs = [run for run in record.runs if (run.phase, run.command) == ("execution", "checkpoint")]
    known = {run.wave for run in runs}
    verdicts = [verdict_of(run) for run in runs]
    verdicts += [digest.status for state, digest in waves if state.number not in known]
    return verdicts.count(PASS), verdicts.count(BLOCKED)


def _wave_words(waves: list[_Wave]) -> str:
    """What the waves that passed say of themselves, as sentences."""
    texts = [clean_line(digest.summary) for _, digest in waves if digest.status == PASS]
    return " ".join(text if text.endswith((".", "!", "?", "…")) else f"{text}." for text in texts if text)


def _body(record: SpecRecord, completion: Completion) -> Iterator[str]:
    done = [task for task in record.tasks if task.status is TaskStatus.DONE]
    left = [task for task in record.tasks if task.status is not TaskStatus.DONE]
    put_off = [task for task in left if is_put_off(task)]
    left = [task for task in left if not is_put_off(task)]
    yield f"# Completion Summary: {completion.spec}"
    if completion.summary:
        yield from ("", completion.summary)
    yield from ("", "## Tasks Completed", "")
    yield from table(
        ("#", "Task", "Wave", "Files"),
        ((task.id, task.title, _wave(task), ", ".join(f"`{path}`" for path in task.files)) for task in done),
    )
    for title, tasks in (("Tasks Deferred", put_off), ("Tasks Not Done", left)):
        if tasks:
            yield from ("", f"## {title}", "")
            rows = ((task.id, task.title, _wave(task), task.status) for task in tasks)
            yield from table(("#", "Task", "Wave", "Status"), rows)
    yield from _wave_history(_waves(record))
    if record.impl_logs:
        yield from ("", "## Implementation Logs", "")
        yield from table(("Task", "Log"), ((log.task_id, f"`{log.path}`") for log in record.impl_logs))
    yield from ("", "## Metrics", "")
    yield from table(("Metric", "Value"), _metrics(completion, len(put_off), len(left)))


def _wave_history(waves: list[_Wave]) -> Iterator[str]:
    if not waves:
        return
    yield from ("", "## Wave History", "")
    yield from table(
        ("Wave", "Status", "Tasks", "Execution Runs", "Checkpoint Runs", "Checkpoint"),
        (
            (
                state.number,
                WAVE_COMPLETE if digest.status == PASS else state.status,
                ", ".join(state.task_ids),
                state.exec_runs,
                state.check_runs,
                "" if state.checkpoint.status == MISSING else state.checkpoint.status,
            )
            for state, digest in waves
        ),
    )


def _metrics(completion: Completion, put_off: int, left: int) -> Iterator[tuple[str, object]]:
    yield "Tasks", f"{completion.tasks_done} of {completion.tasks_count} done"
    if put_off:
        yield "Tasks Deferred", put_off
    if left:
        yield "Tasks Not Done", left
    yield "Waves", completion.waves_count
    yield "Files Changed", len(completion.files_changed)
    yield "Checkpoints Passed", completion.checkpoint_passes
    yield "Checkpoints Failed", completion.checkpoint_failures
    yield "Days", completion.duration_days


def _wave(task: Task) -> str:
    return "" if task.wave is None else str(task.wave)

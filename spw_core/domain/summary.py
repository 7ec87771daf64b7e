"""The one-line answer about a spec, and what in it needs somebody now, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from spw_core.domain import stage as stages
from spw_core.domain.approval_lookup import waiting_approvals
from spw_core.domain.model import IN_PROGRESS, SpecRecord
from spw_core.domain.runs import newest_runs
from spw_core.domain.task_plan import TaskPlan, wave_at_work
from spw_core.domain.waves import GATE_DECIDER, WAVE_COMPLETE, WaveState, wave_states
from spw_core.formats.approvals import PENDING
from spw_core.formats.status import BLOCKED, PASS
from spw_core.formats.tasks import TaskStatus
from spw_core.moments import utc_text
from spw_core.names import DASHBOARDS
from spw_core.text import clean_line, plural


class SpecStatus(StrEnum):
    """How a spec is doing, the most urgent first."""

    BLOCKED = "blocked"
    WAITING = "waiting"
    ACTIVE = "active"
    EMPTY = "empty"
    DONE = "complete"


class AttentionKind(StrEnum):
    """Why somebody should look."""

    CHECKPOINT_BLOCKED = "checkpoint-blocked"
    APPROVAL = "approval"
    INCOMPLETE_RUN = "incomplete-run"
    STALE_SUMMARY = "stale-summary"
    MISSING_LOG = "missing-log"
    TASKS_UNREADABLE = "tasks-unreadable"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Attention:
    """Something a person should look at. `kind` is one of AttentionKind, `path` its evidence, relative to
    `.spec-workflow/`."""

    kind: str
    text: str
    path: str


@dataclass(frozen=True, slots=True)
class SpecSummary:
    """One row of a spec list. `updated_at` is fixed-width UTC text, empty for an empty spec.

    `wave_current` is the wave that `wave-status` names, 0 before the first one was begun.
    """

    name: str
    stage: str
    status: str
    tasks_done: int
    tasks_total: int
    wave_current: int
    waves_total: int
    attention: tuple[Attention, ...]
    updated_at: str

    @property
    def is_in_waves(self) -> bool:
        """True while the work goes on wave by wave."""
        return self.stage == stages.EXECUTION and bool(self.waves_total)

    @property
    def urgency(self) -> int:
        """The smaller, the sooner somebody is needed: blocked, waiting, runs without an end, the others."""
        if self.status in (SpecStatus.BLOCKED, SpecStatus.WAITING):
            return 1 if self.status == SpecStatus.BLOCKED else 2
        return 3 if any(item.kind == AttentionKind.INCOMPLETE_RUN for item in self.attention) else 4


def summarise(record: SpecRecord) -> SpecSummary:
    """Everything a spec list shows, computed from the facts."""
    waves = wave_states(record)
    attention = tuple(_attention(record, waves))
    stage = stages.stage_of(record)
    kinds = {item.kind for item in attention}
    if stage == stages.COMPLETE:
        status = SpecStatus.DONE
    elif AttentionKind.CHECKPOINT_BLOCKED in kinds:
        status = SpecStatus.BLOCKED
    elif AttentionKind.APPROVAL in kinds:
        status = SpecStatus.WAITING
    else:
        status = SpecStatus.EMPTY if stage == stages.UNKNOWN else SpecStatus.ACTIVE
    planned = [task.wave for task in record.tasks if task.wave]
    last_wave = waves[-1].number if waves else 0
    at_work = wave_at_work(TaskPlan(record.tasks, waves), waves) if waves else 0
    return SpecSummary(
        name=record.name,
        stage=stage,
        status=status,
        tasks_done=sum(task.status is TaskStatus.DONE for task in record.tasks),
        tasks_total=len(record.tasks),
        wave_current=at_work or last_wave,
        waves_total=max([last_wave, at_work, *planned]),
        attention=attention,
        updated_at=utc_text(record.updated_ns) if record.documents or record.runs else "",
    )


def _attention(record: SpecRecord, waves: tuple[WaveState, ...]) -> Iterator[Attention]:
    spec = f"specs/{record.name}"
    for wave in waves:
        if wave.status == BLOCKED:
            yield Attention(
                AttentionKind.CHECKPOINT_BLOCKED,
                f"wave {wave.number}: checkpoint blocked ({plural(wave.checkpoint.attempts, 'attempt')})",
                f"{spec}/{_evidence(record, wave.checkpoint.run_path)}",
            )
    for approval in waiting_approvals(record):
        document = f"{approval.doc_type}.md"
        what = "waits for approval" if approval.status == PENDING else "needs revision"
        # The path inside the request is a text that anybody may have written; only a plain one is used.
        is_known = document in DASHBOARDS
        path = f"{spec}/{document}" if is_known else f"approvals/{record.name}/{approval.path}"
        yield Attention(AttentionKind.APPROVAL, f"{clean_line(approval.doc_type)} {what}", path)
    for error in record.errors:
        if error.path == ".":
            yield Attention(AttentionKind.UNREADABLE, clean_line(f"the spec's folder {error.error}"), spec)
    if record.has_tasklike_lines and not record.tasks:
        yield Attention(
            AttentionKind.TASKS_UNREADABLE, "tasks.md has checkboxes but no readable task", f"{spec}/tasks.md"
        )
    if stages.stage_of(record) == stages.COMPLETE:
        return
    complete = {wave.number for wave in waves if wave.status == WAVE_COMPLETE}
    for run in newest_runs(record.runs):
        if run.status == IN_PROGRESS and run.wave not in complete:
            yield Attention(AttentionKind.INCOMPLETE_RUN, f"{run.title}: no handoff", f"{spec}/{run.path}")
    for wave in waves:
        for text in wave.checkpoint.stale:
            pointer = f"{spec}/{wave.folder}/{text.partition(' ')[0]}"
            yield Attention(AttentionKind.STALE_SUMMARY, f"wave {wave.number}: {clean_line(text)}", pointer)
    if record.impl_logs or record.waves:
        logged = {log.task_id for log in record.impl_logs if log.size}
        missing = [t.id for t in record.tasks if t.status is TaskStatus.DONE and t.id not in logged]
        if missing:
            yield Attention(
                AttentionKind.MISSING_LOG,
                f"done without implementation log: {_tasks(missing)}",
                f"{spec}/tasks.md",
            )


def _tasks(ids: list[str]) -> str:
    """`task 2`, `tasks 2, 4`; of many the first eight and how many more."""
    more = f" and {len(ids) - 8} more" if len(ids) > 8 else ""
    return f"{'task' if len(ids) == 1 else 'tasks'} {', '.join(ids[:8])}{more}"


def _evidence(record: SpecRecord, run_path: str) -> str:
    """The blocking subagent's report: the gate decider's, else the first that does not pass."""
    run = next((run for run in record.runs if run.path == run_path), None)
    if run is None:
        return run_path
    blocking = [agent for agent in run.subagents if agent.status != PASS]
    blocking.sort(key=lambda agent: agent.name != GATE_DECIDER)
    return f"{blocking[0].path}/report.md" if blocking and blocking[0].has_report else run_path

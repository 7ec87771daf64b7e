"""The overview of a spec and the state of one wave, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from spw_core.domain.model import SpecRecord
from spw_core.domain.summary import SpecSummary, summarise
from spw_core.domain.waves import WaveState, wave_states
from spw_core.errors import DocumentNotFound
from spw_core.formats.tasks import Task
from spw_core.summaries.tables import cell, table
from spw_core.text import clean_line, plural


def overview(record: SpecRecord) -> str:
    """Stage, progress, waves, runs and what needs attention."""
    return "\n".join(_overview_lines(record, summarise(record))) + "\n"


def wave_report(record: SpecRecord, number: int | None = None) -> str:
    """State of one wave (default: the current one) with its attempts and their verdicts.

    Raises DocumentNotFound when there is no such wave.
    """
    states = wave_states(record)
    if number is None:
        # The wave to come has nothing to report yet; the one before it has.
        current = summarise(record).wave_current
        number = max((state.number for state in states if state.number <= current), default=current)
    state = next((state for state in states if state.number == number), None)
    if state is None:
        known = ", ".join(str(state.number) for state in states)
        hint = f"It has waves {known}." if known else "Nothing was executed yet."
        raise DocumentNotFound(f"{record.name} has no wave {number}", hint)
    return "\n".join(_wave_lines(record, state)) + "\n"


def _overview_lines(record: SpecRecord, summary: SpecSummary) -> Iterator[str]:
    yield f"# {record.name}"
    yield ""
    yield f"- **Stage:** {summary.stage} ({summary.status})"
    if summary.tasks_total:
        percent = 100 * summary.tasks_done // summary.tasks_total
        yield f"- **Tasks:** {summary.tasks_done} of {summary.tasks_total} done ({percent} %)"
    if summary.wave_current:
        yield f"- **Wave:** {summary.wave_current} of {summary.waves_total}"
    agents = sum(len(run.subagents) for run in record.runs)
    yield f"- **Runs:** {len(record.runs)} with {plural(agents, 'subagent')}"
    if summary.updated_at:
        yield f"- **Last change:** {summary.updated_at[:16].replace('T', ' ')} UTC"
    if summary.attention:
        yield from ("", "## Needs attention", "")
        yield from (f"- {cell(item.text)} — `{clean_line(item.path)}`" for item in summary.attention)
    states = wave_states(record)
    if states:
        yield from ("", "## Waves", "")
        yield from table(
            ("Wave", "Status", "Tasks", "Runs", "Checkpoints", "Verdict"),
            (
                (
                    *(state.number, state.status, ", ".join(state.task_ids)),
                    *(state.exec_runs, state.check_runs, state.checkpoint.status),
                )
                for state in states
            ),
        )
    if record.tasks:
        yield from ("", "## Tasks", "")
        yield from table(
            ("Task", "Title", "Status", "Wave"),
            ((task.id, task.title, task.status, _wave_of(task)) for task in record.tasks),
        )


def _wave_of(task: Task) -> str:
    if task.wave is None:
        return ""
    return f"{task.wave} (deferred)" if task.deferred else str(task.wave)


def _wave_lines(record: SpecRecord, state: WaveState) -> Iterator[str]:
    yield f"# {record.name}: wave {state.number}"
    yield ""
    yield f"- **Status:** {state.status}"
    yield f"- **Checkpoint:** {state.checkpoint.status} after {plural(state.check_runs, 'attempt')}"
    if state.task_ids:
        yield f"- **Tasks:** {cell(', '.join(state.task_ids))}"
    yield from (f"- **Stale:** {cell(text)}" for text in state.checkpoint.stale)
    if state.summary:
        yield from ("", clean_line(state.summary))
    for run in record.runs:
        if run.phase != "execution" or run.wave != state.number:
            continue
        yield from ("", f"## {run.command} {run.run_id}: {run.status.replace('_', ' ')}", "")
        yield from table(
            ("Subagent", "Status", "Summary"),
            ((agent.name, agent.status, agent.summary) for agent in run.subagents),
        )

"""Which run, and which subagent's file in it, a person means; DocumentNotFound says what there is."""

from __future__ import annotations

from collections.abc import Sequence

from spw_core.domain.model import ImplLog, Run, SpecRecord, Subagent
from spw_core.domain.places import run_number
from spw_core.domain.waves import GATE_DECIDER, resolve_checkpoint
from spw_core.errors import DocumentNotFound
from spw_core.formats.status import PASS


def find_run(record: SpecRecord, *, command: str = "", wave: int | None = None, run: str = "") -> Run:
    """The run that is meant; where several fit, the newest, for checkpoints the deciding one.

    `run` is a number, a name like `run-002`, or the run's path relative to the spec. Without a command a
    wave means its execution.
    """
    if "/" in run:
        chosen = [candidate for candidate in record.runs if candidate.path == run.strip("/")]
    else:
        if wave is not None and not command:
            command = "exec"
        chosen = [
            candidate
            for candidate in record.runs
            if (not command or candidate.command == command)
            and (wave is None or candidate.wave == wave)
            and (not run or _is_named(candidate, run))
        ]
    if not chosen:
        parts = (command, f"wave {wave}" if wave is not None else "", run and f"run {run[:80]}")
        wanted = " ".join(filter(None, parts))
        raise DocumentNotFound(f"{record.name} has no run {wanted}".rstrip(), _known_runs(record.runs))
    if command == "checkpoint" and not run:
        newest_wave = max(candidate.wave for candidate in chosen)
        attempts = [candidate for candidate in chosen if candidate.wave == newest_wave]
        files = next((files for files in record.waves if files.number == newest_wave), None)
        decided = resolve_checkpoint(attempts, files).run_path
        chosen = [candidate for candidate in attempts if candidate.path == decided] or attempts
    return max(chosen, key=lambda candidate: (candidate.wave, candidate.number, candidate.updated_ns))


def find_subagent(run: Run, name: str = "", *, with_file: str = "report.md") -> Subagent:
    """The named subagent; without a name the one that tells most: the gate decider, else the last that
    does not pass, else the last, of those that have the file."""
    if name:
        for agent in run.subagents:
            if agent.name == name:
                return agent
        raise DocumentNotFound(f"{run.path} has no subagent {name}", _known_agents(run))
    having = [agent for agent in run.subagents if with_file not in agent.missing_files]
    if not having:
        raise DocumentNotFound(f"no subagent of {run.path} has a {with_file}", _known_agents(run))
    for agent in having:
        if agent.name == GATE_DECIDER:
            return agent
    blocking = [agent for agent in having if agent.status != PASS]
    return (blocking or having)[-1]


def find_log(record: SpecRecord, task_id: str) -> ImplLog:
    """The implementation log of a task, the longest when there are several."""
    logs = [log for log in record.impl_logs if log.task_id == task_id]
    if not logs:
        known = ", ".join(dict.fromkeys(log.task_id for log in record.impl_logs))
        raise DocumentNotFound(
            f"{record.name} has no implementation log for task {task_id}",
            f"There are logs for tasks {known}." if known else "It has no implementation logs yet.",
        )
    return max(logs, key=lambda log: log.size)


def _is_named(run: Run, name: str) -> bool:
    number = run_number(name if name.startswith("run-") else f"run-{name}")
    return run.run_id == name or (number is not None and run.number == number)


def _known_runs(runs: Sequence[Run]) -> str:
    if not runs:
        return "It has no runs yet."
    names = [run.title for run in runs]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"There are: {', '.join(names[:12])}{more}."


def _known_agents(run: Run) -> str:
    names = ", ".join(agent.name for agent in run.subagents)
    return f"Its subagents are: {names}." if names else "It has no subagents."

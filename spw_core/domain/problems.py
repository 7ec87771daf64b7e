"""What went wrong in a spec: verdicts that were not a pass, and the run that put each of them right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spw_core.domain.model import Run, SpecRecord
from spw_core.domain.places import HANDOFF_FILE, REPORT_FILE
from spw_core.domain.waves import CHECKPOINT, GATE_DECIDER, outcome_of
from spw_core.formats.status import MISSING, PASS


@dataclass(frozen=True, slots=True)
class Problem:
    """One verdict that was not a pass. `run` and `agent_path` are relative to the spec; `at_ns` is when.

    `cleared_by` is the run that passed afterwards, empty while there is none, and `fixed_in` the executions
    of the wave between the two, where a checkpoint was cleared.
    """

    spec: str
    run: str
    command: str
    wave: int
    agent: str
    agent_path: str
    status: str
    text: str
    at_ns: int
    cleared_by: str = ""
    fixed_in: tuple[str, ...] = ()

    @property
    def report(self) -> str:
        """Path of the report that tells of it."""
        return f"{self.agent_path}/{REPORT_FILE}"

    @property
    def cleared_handoff(self) -> str:
        """Path of the handoff of the run that cleared it, empty while there is none."""
        return f"{self.cleared_by}/{HANDOFF_FILE}" if self.cleared_by else ""


def problems_of(record: SpecRecord) -> Iterator[Problem]:
    """The problems of a spec, the oldest first. `text` is what the subagent's status file says.

    A gate decider repeats what others found: it counts only where nobody else objects.
    """
    for run in sorted(record.runs, key=lambda one: (one.updated_ns, one.path)):
        failed = [agent for agent in run.subagents if agent.status not in (PASS, MISSING)]
        others = [agent for agent in failed if agent.name != GATE_DECIDER]
        clearing = _cleared_by(record, run) if failed else None
        for agent in others or failed:
            yield Problem(
                spec=record.name,
                run=run.path,
                command=run.command,
                wave=run.wave,
                agent=agent.name,
                agent_path=agent.path,
                status=agent.status,
                text=agent.summary,
                at_ns=run.updated_ns,
                cleared_by=clearing.path if clearing else "",
                fixed_in=_between(record, run, clearing) if clearing else (),
            )


def _cleared_by(record: SpecRecord, run: Run) -> Run | None:
    """The first later run of the same stage that passed."""
    stage = run.path.rpartition("/")[0]
    later = [
        one
        for one in record.runs
        if one.path.rpartition("/")[0] == stage and one.number > run.number and outcome_of(one) == PASS
    ]
    return min(later, key=lambda one: one.number, default=None)


def _between(record: SpecRecord, run: Run, clearing: Run) -> tuple[str, ...]:
    if run.command != CHECKPOINT:
        return ()
    return tuple(
        one.path
        for one in record.runs
        if (one.phase, one.wave) == (run.phase, run.wave)
        and one.command != CHECKPOINT
        and run.started_ns < one.updated_ns <= clearing.updated_ns
    )

"""Wave states and the one checkpoint resolver.

The gate decider's verdict counts. A pointer file (`_latest.json`) is believed only when the run it names
exists and no newer run has decided; where a pointer or a wave summary says something else than the
runs, it is reported as stale, and the runs win. While no checkpoint was run, a `_latest.json` that names
no run is the only word there is and counts; a wave summary alone never does, executions write it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spw_core.domain.model import IN_PROGRESS, UNKNOWN, Run, SpecRecord, WaveFiles
from spw_core.formats.status import BLOCKED, MISSING, PASS
from spw_core.formats.waves import WaveLatest, WaveSummary

GATE_DECIDER = "release-gate-decider"
CHECKPOINT = "checkpoint"

WAVE_PENDING = "pending"
WAVE_COMPLETE = "complete"

FROM_LATEST = "latest_json"
FROM_RUNS = "dir_scan"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The resolved checkpoint of a wave.

    `status` is `pass`, `blocked`, `unknown` (run without a verdict) or `missing` (no run). `attempts`
    counts its runs, `run_path` names the deciding one and is empty where only a pointer file speaks;
    `stale` lists what contradicts it, each text beginning with the name of the pointer file.
    """

    status: str
    run_path: str = ""
    source: str = FROM_RUNS
    attempts: int = 0
    stale: tuple[str, ...] = ()

    @property
    def evidence(self) -> str:
        """What the status rests on, for people: the deciding run, else the pointer file."""
        return self.run_path or "_latest.json"


@dataclass(frozen=True, slots=True)
class WaveState:
    """State of one wave: `pending`, `in_progress`, `blocked` or `complete`.

    `folder` is its path relative to the spec, as it is on disk.
    """

    number: int
    folder: str
    status: str
    exec_runs: int
    check_runs: int
    checkpoint: Checkpoint
    task_ids: tuple[str, ...]
    summary: str = ""


def verdict_of(run: Run) -> str:
    """The gate decider's verdict. Without one: blocked if anybody blocks, pass if the run is complete and
    all pass, else unknown."""
    statuses = {agent.name: agent.status for agent in run.subagents}
    decided = statuses.get(GATE_DECIDER, "")
    if decided in (PASS, BLOCKED):
        return decided
    if BLOCKED in statuses.values():
        return BLOCKED
    return PASS if run.has_handoff and run.all_pass else UNKNOWN


def outcome_of(run: Run) -> str:
    """How a run ended: a checkpoint as the resolver judges it, also while only its handoff is missing; any
    other run, and a checkpoint that goes on undecided, by its own status."""
    verdict = verdict_of(run) if run.command == CHECKPOINT else UNKNOWN
    is_judged = verdict != UNKNOWN or (run.command == CHECKPOINT and run.has_handoff)
    return verdict if is_judged else run.status


def resolve_checkpoint(runs: Iterable[Run], files: WaveFiles | None) -> Checkpoint:
    """Resolve one wave's checkpoint from its checkpoint runs and its pointer files (may be None)."""
    ordered = sorted(runs, key=lambda run: (run.number, run.run_id))
    latest = files.latest if files else None
    summary = files.summary if files else None
    if not ordered:
        return _without_runs(latest, summary)
    decided = [run for run in ordered if verdict_of(run) != UNKNOWN]
    chosen = decided[-1] if decided else ordered[-1]
    source = FROM_RUNS
    pointed = next((run for run in ordered if latest and run.run_id == latest.checkpoint_run), None)
    if pointed is not None and pointed.number >= chosen.number:
        chosen, source = pointed, FROM_LATEST
    status = verdict_of(chosen)
    stale = []
    if latest and latest.checkpoint_run and latest.checkpoint_run != chosen.run_id:
        stale.append(f"_latest.json points at {latest.checkpoint_run}, the deciding run is {chosen.run_id}")
    elif latest and latest.status in (PASS, BLOCKED) and status != UNKNOWN and latest.status != status:
        stale.append(f"_latest.json says {latest.status}, {chosen.run_id} says {status}")
    if summary and summary.status in (PASS, BLOCKED) and status != UNKNOWN and summary.status != status:
        stale.append(f"_wave-summary.json says {summary.status}, {chosen.run_id} says {status}")
    return Checkpoint(status, chosen.path, source, len(ordered), tuple(stale))


def _without_runs(latest: WaveLatest | None, summary: WaveSummary | None) -> Checkpoint:
    if latest is None:
        return Checkpoint(MISSING)
    if latest.checkpoint_run:
        return Checkpoint(
            MISSING, stale=(f"_latest.json points at {latest.checkpoint_run}, which does not exist",)
        )
    if latest.status not in (PASS, BLOCKED):
        return Checkpoint(MISSING)
    stale: tuple[str, ...] = ()
    if summary and summary.status in (PASS, BLOCKED) and summary.status != latest.status:
        stale = (f"_wave-summary.json says {summary.status}, _latest.json says {latest.status}",)
    return Checkpoint(latest.status, source=FROM_LATEST, stale=stale)


def wave_states(record: SpecRecord) -> tuple[WaveState, ...]:
    """State of every wave that has a folder, in ascending order."""
    files = {wave.number: wave for wave in record.waves}
    exec_runs: dict[int, list[Run]] = {}
    check_runs: dict[int, list[Run]] = {}
    for run in record.runs:
        if run.phase == "execution" and run.wave:
            if run.command == CHECKPOINT:
                check_runs.setdefault(run.wave, []).append(run)
            elif run.command == "exec":
                exec_runs.setdefault(run.wave, []).append(run)
    planned: dict[int, list[str]] = {}
    for task in record.tasks:
        if task.wave is not None:
            planned.setdefault(task.wave, []).append(task.id)
    states = []
    for number in sorted(files.keys() | exec_runs.keys() | check_runs.keys()):
        checkpoint = resolve_checkpoint(check_runs.get(number, ()), files.get(number))
        wave = files.get(number)
        summary = wave.summary if wave else None
        runs = exec_runs.get(number, []) + check_runs.get(number, [])
        states.append(
            WaveState(
                number=number,
                folder=wave.folder if wave else "/".join(runs[0].path.split("/")[:-2]),
                status=_wave_status(checkpoint, bool(exec_runs.get(number))),
                exec_runs=len(exec_runs.get(number, ())),
                check_runs=len(check_runs.get(number, ())),
                checkpoint=checkpoint,
                task_ids=tuple(planned.get(number, ())) or (summary.task_ids if summary else ()),
                summary=summary.summary if summary else "",
            )
        )
    return tuple(states)


def _wave_status(checkpoint: Checkpoint, has_exec_run: bool) -> str:
    if checkpoint.status == PASS:
        return WAVE_COMPLETE
    if checkpoint.status == BLOCKED:
        return BLOCKED
    return IN_PROGRESS if has_exec_run or checkpoint.attempts else WAVE_PENDING

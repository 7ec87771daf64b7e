"""What can be said about one wave in a word and a sentence, and which file says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from spw_core.domain.model import IN_PROGRESS, Run, SpecRecord, WaveFiles
from spw_core.domain.waves import FROM_LATEST, GATE_DECIDER, wave_states
from spw_core.formats.status import BLOCKED, MISSING, PASS

FROM_SUMMARY = "wave_summary"
FROM_CHECKPOINT = "checkpoint_scan"
FROM_EXECUTION = "execution_scan"
NO_SOURCE = "none"

_VERDICTS = (PASS, BLOCKED)


@dataclass(frozen=True, slots=True)
class WaveDigest:
    """`status` is `pass`, `blocked`, `in_progress`, `pending` or `missing`; `source` says where `summary`
    comes from, `stale` what contradicts the status."""

    number: int
    status: str
    summary: str
    source: str
    stale: tuple[str, ...] = ()


def wave_digest(record: SpecRecord, number: int) -> WaveDigest:
    """The digest of a wave; `missing` when there is no such wave.

    The verdict of the resolved checkpoint is the status, whatever the pointer files say; they give the
    words where they agree with it.
    """
    state = next((state for state in wave_states(record) if state.number == number), None)
    if state is None:
        return WaveDigest(number, MISSING, f"there is no wave {number}", NO_SOURCE)
    files = next((files for files in record.waves if files.number == number), None)
    claims = _claims(files)
    checkpoint = state.checkpoint
    run = next((run for run in record.runs if run.path == checkpoint.run_path), None)
    if checkpoint.status in _VERDICTS:
        for claim in claims if run is not None else reversed(claims):
            if claim.status == checkpoint.status and claim.text:
                return WaveDigest(number, claim.status, claim.text, claim.source, checkpoint.stale)
        if run is None:
            text = f"{checkpoint.evidence} says {checkpoint.status}, no checkpoint was run"
            return WaveDigest(number, checkpoint.status, text, FROM_LATEST, checkpoint.stale)
        return WaveDigest(number, checkpoint.status, _verdict_text(run), FROM_CHECKPOINT, checkpoint.stale)
    if run is not None:
        return WaveDigest(number, IN_PROGRESS, _progress_text(run), FROM_CHECKPOINT, checkpoint.stale)

    # Nothing has decided: what a wave summary claims by itself is said, but is no verdict.
    stale = checkpoint.stale
    if claims and claims[0].source == FROM_SUMMARY:
        stale = (*stale, f"_wave-summary.json says {claims[0].status}, no checkpoint was run")
    executions = [run for run in record.runs if (run.command, run.wave) == ("exec", number)]
    if executions:
        newest = max(executions, key=lambda run: (run.number, run.run_id))
        return WaveDigest(number, IN_PROGRESS, _progress_text(newest), FROM_EXECUTION, stale)
    return WaveDigest(number, state.status, "no run of this wave is there yet", NO_SOURCE, stale)


class _Claim(NamedTuple):
    source: str
    status: str
    text: str


def _claims(files: WaveFiles | None) -> list[_Claim]:
    """What the pointer files say, of those that give a verdict."""
    if files is None:
        return []
    found = []
    if files.summary:
        found.append(_Claim(FROM_SUMMARY, files.summary.status, files.summary.summary))
    if files.latest:
        found.append(_Claim(FROM_LATEST, files.latest.status, files.latest.summary))
    return [claim for claim in found if claim.status in _VERDICTS]


def _verdict_text(run: Run) -> str:
    decider = next((agent for agent in run.subagents if agent.name == GATE_DECIDER), None)
    return decider.summary if decider and decider.summary else _progress_text(run)


def _progress_text(run: Run) -> str:
    """`run-001: 5 of 6 subagents pass; code-quality-reviewer blocked: tests are missing`."""
    passed = sum(agent.status == PASS for agent in run.subagents)
    others = [
        f"{agent.name} {agent.status}{f': {agent.summary}' if agent.summary else ''}"
        for agent in run.subagents
        if agent.status != PASS
    ]
    return "; ".join((f"{run.run_id}: {passed} of {len(run.subagents)} subagents pass", *others))

"""Is a run complete, and which one is not? What `guard-stop` and resuming agents ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spw_core.domain.model import Run, Subagent
from spw_core.domain.places import Area, place_of
from spw_core.formats.status import BLOCKED, MISSING, PASS


@dataclass(frozen=True, slots=True)
class RunCheck:
    """What a run lacks, as issue texts that agents know:

    `missing:_handoff.md`, `missing:<subagent>:<file,file>`, `blocked:<subagent>`, and `invalid:<subagent>`
    for a status file that says neither pass nor blocked.
    """

    run: Run
    issues: tuple[str, ...]

    @property
    def is_finished(self) -> bool:
        return not self.issues


def check_run(run: Run) -> RunCheck:
    """Inspect one run. Only a parsed status makes a subagent blocked, never the word in its summary."""
    issues = [] if run.has_handoff else ["missing:_handoff.md"]
    for agent in run.subagents:
        if agent.missing_files:
            issues.append(f"missing:{agent.name}:{','.join(agent.missing_files)}")
        if agent.status == BLOCKED:
            issues.append(f"blocked:{agent.name}")
        elif agent.status not in (PASS, MISSING):
            issues.append(f"invalid:{agent.name}")
    return RunCheck(run, tuple(issues))


def newest_runs(runs: Iterable[Run]) -> list[Run]:
    """The last run of each folder of runs, which supersedes those before it."""
    newest: dict[str, Run] = {}
    for run in runs:
        folder = run.path.rpartition("/")[0]
        if folder not in newest or _age(run) > _age(newest[folder]):
            newest[folder] = run
    return list(newest.values())


def latest_unfinished(runs: Iterable[Run]) -> RunCheck | None:
    """The unfinished run that was written to last; None when every stage ended well.

    In each folder of runs only the highest number counts: what was tried again is settled.
    """
    checks = [check for run in newest_runs(runs) if not (check := check_run(run)).is_finished]
    return max(checks, key=lambda check: (check.run.updated_ns, check.run.path), default=None)


def run_of_folder(
    path: str, subagents: Iterable[Subagent] = (), *, has_handoff: bool = False, made_ns: int = 0
) -> Run:
    """The run at a folder (relative to the spec) that is empty as yet, or that no layout knows."""
    place = place_of(Area.SPEC, f"{path}/_handoff.md")
    return Run(
        path=path,
        command=place.command,
        number=place.run_number,
        phase=place.phase,
        wave=place.wave,
        has_handoff=has_handoff,
        subagents=tuple(subagents),
        started_ns=made_ns,
        updated_ns=made_ns,
    )


def is_run_folder(path: str) -> bool:
    """True when files right inside this folder (relative to the spec) belong to a run of their own."""
    return place_of(Area.SPEC, f"{path}/_handoff.md").run == path


def is_wave_folder(path: str) -> bool:
    """True for the folder of an execution wave, in today's layout and in older ones."""
    place = place_of(Area.SPEC, f"{path}/_latest.json")
    return place.wave > 0 and place.phase == "execution" and not place.run


def _age(run: Run) -> tuple[int, int]:
    return (run.number, run.updated_ns)

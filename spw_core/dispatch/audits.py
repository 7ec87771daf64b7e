"""Audits inside a run: the count of how often one was tried."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from spw_core.atomic import update_file
from spw_core.dispatch import notes
from spw_core.dispatch.audit_folders import audit_folder, check_tries
from spw_core.dispatch.files import content_of, create_file, json_bytes
from spw_core.errors import DocumentNotFound, SpwError
from spw_core.formats.iteration import IterationState, parse_iteration_state
from spw_core.harvest.spec_folder import SpecFolder
from spw_core.workspace import WorkspacePaths

_STATE = "_iteration-state.json"


@dataclass(frozen=True, slots=True)
class Tries:
    """How far an audit is. `path` is that of its state file, relative to the spec."""

    current: int
    maximum: int
    path: str
    warnings: tuple[str, ...] = ()

    @property
    def remaining(self) -> int:
        return max(0, self.maximum - self.current)

    @property
    def may_go_on(self) -> bool:
        return self.current < self.maximum


def start(paths: WorkspacePaths, run: SpecFolder, kind: str, maximum: int) -> Tries:
    """Begin to count. An audit that was begun already goes on where it is: its limit holds.

    Raises SpwError for a `maximum` beyond reason, WriteError when the state cannot be written.
    """
    path = f"{audit_folder(run, kind)}/{_STATE}"
    check_tries(maximum, "max")
    state = {
        "type": kind,
        "current_iteration": 1,
        "max_iterations": maximum,
        "history": [{"iteration": 1, "started_at": _now()}],
    }
    if create_file(paths.spec_dir(run.spec), path, json_bytes(state)):
        return Tries(1, maximum, path, tuple(notes.harvest_now(paths, run.spec)))
    tries = check(paths, run, kind)
    warning = f"this audit was started before and is at try {tries.current} of {tries.maximum}"
    return Tries(tries.current, tries.maximum, path, (warning,))


def check(paths: WorkspacePaths, run: SpecFolder, kind: str) -> Tries:
    """Where an audit stands. Raises DocumentNotFound when it was not started."""
    path = f"{audit_folder(run, kind)}/{_STATE}"
    data = content_of(paths.spec_dir(run.spec), path)
    if data is None:
        raise _not_started(kind)
    state = _parse(data, path)
    return Tries(state.current, state.maximum, path)


def advance(paths: WorkspacePaths, run: SpecFolder, kind: str, result: str) -> Tries:
    """Record how the current try ended and begin the next one.

    Raises SpwError after the last one, whose result is recorded all the same.
    """
    top, path = paths.spec_dir(run.spec), f"{audit_folder(run, kind)}/{_STATE}"
    if content_of(top, path) is None:  # which also refuses a link on the way
        raise _not_started(kind)

    def change(data: bytes) -> tuple[bytes, tuple[Tries, bool]]:
        state = _parse(data, path)
        document = json.loads(data.decode("utf-8-sig"))
        told = document.get("history")
        entries = told if isinstance(told, list) else []
        history = [dict(entry) for entry in entries if isinstance(entry, dict)]
        history = history or [{"iteration": state.current}]
        history[-1].setdefault("result", result)
        tries = Tries(state.current, state.maximum, path)
        if has_next := tries.may_go_on:
            tries = Tries(state.current + 1, state.maximum, path)
            history.append({"iteration": tries.current, "started_at": _now()})
        document |= {"current_iteration": tries.current, "history": history}
        return json_bytes(document), (tries, has_next)

    tries, has_next = update_file(top / path, change)
    warnings = notes.harvest_now(paths, run.spec)
    if not has_next:
        raise SpwError(
            f"cannot advance: {tries.current} of {tries.maximum} tries are used",
            "The result is recorded; let the main agent know.",
        )
    return Tries(tries.current, tries.maximum, path, tuple(warnings))


def _parse(data: bytes, path: str) -> IterationState:
    state, problems = parse_iteration_state(data)
    if state is None:
        raise SpwError(f"cannot read {path}: {'; '.join(map(str, problems))}", "Repair it or remove it.")
    return state


def _not_started(kind: str) -> DocumentNotFound:
    return DocumentNotFound(f"{kind} has no state: run audit-iteration start first")


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"

"""`dispatch-init`: open a run of a command, a folder that nobody else gets."""

from __future__ import annotations

import os
from typing import NamedTuple

from spw_core.atomic import WriteError
from spw_core.dispatch import notes
from spw_core.dispatch.files import explaining, is_run_name, make_folder, wave_folder
from spw_core.domain.registry import COMMANDS, LOGS, Command
from spw_core.errors import SpecNotFound, SpwError
from spw_core.harvest.inside import entry_inside
from spw_core.names import SPECS_DIR, WORKFLOW_DIR
from spw_core.store.rows import Row
from spw_core.workspace import WorkspacePaths, check_name

# Beyond any real wave, and two runs a minute for a year.
HIGHEST_WAVE = 9999
_HIGHEST_RUN = 999_999


class OpenedRun(NamedTuple):
    """A run that was just made. `path` is relative to the spec; `warnings` are about the database."""

    spec: str
    path: str
    command: Command
    wave: int
    warnings: tuple[str, ...]

    @property
    def run_id(self) -> str:
        return self.path.rpartition("/")[2]


def open_run(paths: WorkspacePaths, command_name: str, spec: str, wave: int | None) -> OpenedRun:
    """Make the next run folder of a command, and the spec's folder where the command begins a spec.

    The number follows the highest on disk and in the database, so that a run that was cleaned away is not
    written over. Raises SpwError before anything is made, WriteError when a folder cannot be made.
    """
    command = _command(command_name)
    wave = _wave(command, wave)
    top = paths.spec_dir(check_name(spec))
    if not top.is_dir():
        _begin_spec(paths, command, spec)
    folder = command.comms
    if wave:
        parent, _, stage = folder.partition("/wave-{wave}")
        folder = wave_folder(paths, spec, parent, wave) + stage
    make_folder(top, folder)
    number = max(_highest_on_disk(paths, spec, folder), notes.last_run_number(paths, spec, folder)) + 1
    path, made_ns = _make_run(paths, spec, folder, number)
    if command.name == "exec":
        make_folder(top, LOGS)
    row = _row(command, path, wave, made_ns)
    return OpenedRun(spec, path, command, wave, tuple(notes.note_run(paths, spec, row)))


def _command(name: str) -> Command:
    command = COMMANDS.get(name)
    if command is None:
        raise SpwError(f"unknown command: {name[:80]}", f"Commands with runs are: {', '.join(COMMANDS)}.")
    return command


def _wave(command: Command, wave: int | None) -> int:
    if not command.wave_aware:
        if wave is not None:
            raise SpwError(f"{command.name} does not work in waves", "Leave --wave away.")
        return 0
    if wave is None:
        raise SpwError(f"{command.name} works in waves", "Say which one with --wave N.")
    if not 1 <= wave <= HIGHEST_WAVE:
        raise SpwError(f"wave must be a whole number from 1 to {HIGHEST_WAVE}, not {wave}")
    return wave


def _begin_spec(paths: WorkspacePaths, command: Command, spec: str) -> None:
    """The research of requirements is how a spec begins; for all other commands its name must be a typo."""
    if command.phase != "prd":
        known = ", ".join(paths.spec_names()[:12])
        raise SpecNotFound(
            f"spec directory not found: {WORKFLOW_DIR}/{SPECS_DIR}/{spec}",
            f"This workspace has: {known}." if known else "A spec begins with `dispatch-init prd`.",
        )
    make_folder(paths.workflow, f"{SPECS_DIR}/{spec}")


def _highest_on_disk(paths: WorkspacePaths, spec: str, folder: str) -> int:
    try:
        names = os.listdir(paths.spec_dir(spec) / folder)
    except OSError:  # the exclusive making of the folder finds a free number all the same
        return 0
    numbers = (int(name[4:]) for name in names if is_run_name(name) and len(name) < 16)
    return max(numbers, default=0)


def _make_run(paths: WorkspacePaths, spec: str, folder: str, number: int) -> tuple[str, int]:
    """Make the first folder from `number` on that nobody has made; its path and when it was made (ns)."""
    top = paths.spec_dir(spec)
    for candidate in range(number, _HIGHEST_RUN):
        path = f"{folder}/run-{candidate:03d}"
        with explaining(top, path), entry_inside(top, path) as entry:
            try:
                entry.mkdir()
            except FileExistsError:  # another process was faster
                continue
            info = entry.lstat()
        if info is not None:
            return path, info.st_mtime_ns
    raise WriteError(f"no free run number in {top / folder}", "Remove the folders that are no runs.")


def _row(command: Command, path: str, wave: int, made_ns: int) -> Row:
    return {
        "comms_path": path,
        "command": command.name,
        "run_number": int(path.rpartition("-")[2]),
        "phase": command.phase,
        "wave_number": wave,
        "status": "in_progress",
        "all_pass": 0,
        "sealed": 0,
        "started_ns": made_ns,
        "updated_ns": made_ns,
    }

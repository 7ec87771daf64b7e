"""The runs in a folder of a spec, and folders that hold no file yet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from spw_core.domain.model import Run, SpecRecord, Subagent, WaveFiles
from spw_core.domain.places import Area, wave_number
from spw_core.domain.runs import is_run_folder, is_wave_folder, run_of_folder
from spw_core.errors import DocumentNotFound
from spw_core.formats.problem import Problem
from spw_core.formats.status import MISSING_STATUS, StatusReport, parse_status
from spw_core.harvest.reading import load_record, read_document, read_live
from spw_core.harvest.spec_folder import SpecFolder, is_folder
from spw_core.workspace import WorkspacePaths

_WAVES = ("execution/waves", "_agent-comms/waves", "agent-comms/waves")


def read_status(
    paths: WorkspacePaths, record: SpecRecord, agent_folder: str
) -> tuple[StatusReport, list[Problem]]:
    """The status.json in a subagent's folder, `missing` without one.

    The file on disk is looked at first, of a sealed run too: an agent may just have written it. Stored ones
    count, where it is gone, as in `record`.
    """
    path = f"{agent_folder}/status.json"
    if (live := read_live(paths, record.name, Area.SPEC, path)) is not None:
        return parse_status(live)
    if not any(document.path == path and document.area == Area.SPEC for document in record.documents):
        return MISSING_STATUS, []
    return parse_status(read_document(paths, record.name, Area.SPEC, path))


def run_at(paths: WorkspacePaths, folder: SpecFolder) -> Run:
    """The run in a folder: of any known layout, of an audit inside a run, or still empty.

    Raises SpecNotFound, and DocumentNotFound when there is no such folder or it holds runs itself.
    """
    record = load_record(paths, folder.spec)
    for run in record.runs:
        if run.path == folder.path:
            return run
    inside = f"{folder.path}/"
    if runs := [run.run_id for run in record.runs if run.path.startswith(inside)]:
        raise DocumentNotFound(f"{folder.path} is not a run, it holds {', '.join(runs[:8])}")
    files = {document.path for document in record.documents if document.path.startswith(inside)}
    if not files and not is_folder(paths, folder):
        raise DocumentNotFound(f"run directory not found: {folder.path}", f"It would be in {folder.spec}.")
    names = {rest[0] for path in files if len(rest := path.removeprefix(inside).split("/")) > 1}
    return run_of_folder(
        folder.path,
        (_subagent(paths, record, inside + name, files) for name in sorted(names) if name[0] not in "_."),
        has_handoff=f"{inside}_handoff.md" in files,
    )


def runs_below(paths: WorkspacePaths, folder: SpecFolder) -> list[Run]:
    """Every run in a folder and below it, those included that were only just made and are empty.

    Raises SpecNotFound.
    """
    record = load_record(paths, folder.spec)
    runs = {run.path: run for run in record.runs if run.path.startswith(f"{folder.path}/")}
    if is_folder(paths, folder):
        top = paths.spec_dir(folder.spec)
        for path in _folders_below(top, folder.path):
            if path not in runs and is_run_folder(path):
                with suppress(FileNotFoundError):  # removed since it was listed
                    runs[path] = run_of_folder(path, made_ns=(top / path).lstat().st_mtime_ns)
    return list(runs.values())


def with_empty_waves(paths: WorkspacePaths, record: SpecRecord) -> SpecRecord:
    """`record` with the wave folders on disk that hold no file yet, which its files cannot tell of."""
    waves = {wave.number: wave for wave in record.waves}
    for parent in _WAVES:
        if is_folder(paths, SpecFolder(record.name, parent)):
            for path in _subfolders(paths.spec_dir(record.name), parent):
                number = wave_number(path.rpartition("/")[2])
                if number and is_wave_folder(path):
                    waves.setdefault(number, WaveFiles(number, path))
    return replace(record, waves=tuple(wave for _, wave in sorted(waves.items())))


def _subagent(paths: WorkspacePaths, record: SpecRecord, folder: str, files: set[str]) -> Subagent:
    report, _ = read_status(paths, record, folder)
    return Subagent(
        name=folder.rpartition("/")[2],
        path=folder,
        status=report.status,
        summary=report.summary,
        has_brief=f"{folder}/brief.md" in files,
        has_report=f"{folder}/report.md" in files,
        has_status=f"{folder}/status.json" in files,
        skills_used=report.skills_used,
        skills_missing=report.skills_missing,
    )


def _folders_below(top: Path, rel_path: str) -> Iterator[str]:
    """Paths of all folders below, relative to `top`; what is inside a run is not looked at."""
    for path in _subfolders(top, rel_path):
        yield path
        if not is_run_folder(path):
            yield from _folders_below(top, path)


def _subfolders(top: Path, rel_path: str) -> list[str]:
    try:
        with os.scandir(top / rel_path) as entries:
            return sorted(
                f"{rel_path}/{entry.name}" for entry in entries if entry.is_dir(follow_symlinks=False)
            )
    except OSError:  # a folder that may not be listed has nothing to say; the harvest reports it
        return []

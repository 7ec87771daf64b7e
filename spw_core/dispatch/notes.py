"""The database half of a step: never in the way of the file half, which is done before.

Every function returns what went wrong as texts for the user; none of them raises. A lock that somebody
holds for long is given up on, because the next harvest finds everything on disk.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from spw_core.digest import sha256_hex
from spw_core.domain.registry import PHASE_ALIASES, PHASES
from spw_core.errors import SpwError
from spw_core.moments import utc_text
from spw_core.store.patience import waiting_at_most
from spw_core.store.rows import Row
from spw_core.store.spec import EMPTY_RUNS, NewContent, SpecStore
from spw_core.workspace import WorkspacePaths

# For a note about one run, and for a whole harvest.
_NOTE_PATIENCE_S = 2.0
_HARVEST_PATIENCE_S = 5.0


def last_run_number(paths: WorkspacePaths, spec: str, folder: str) -> int:
    """The highest number in a folder of runs that the database remembers; 0 if it has none to tell."""
    try:
        with waiting_at_most(_NOTE_PATIENCE_S), SpecStore.reading(paths.spec_db(spec)) as store:
            return store.last_run_number(folder) if store else 0
    except (SpwError, OSError):  # the note that follows has the same trouble and says so
        return 0


def note_run(paths: WorkspacePaths, spec: str, row: Row) -> list[str]:
    """Tell the database of a run whose folder was just made. `row` is its row in `runs`."""

    def note(store: SpecStore) -> None:
        try:
            empty = dict(json.loads(store.meta().get(EMPTY_RUNS, "{}")))
        except (ValueError, TypeError):
            empty = {}
        empty[row["comms_path"]] = row["started_ns"]
        store.note_run(row, json.dumps(empty, sort_keys=True))

    return _noted(paths, spec, note)


def note_brief(paths: WorkspacePaths, spec: str, rel_path: str) -> list[str]:
    """Store a brief that was just written."""

    def note(store: SpecStore) -> None:
        if store.content("spec", rel_path) is not None:
            return  # of a former life of the run; the next harvest compares them
        from spw_core.harvest.read_file import read_file

        found = read_file(paths.spec_dir(spec), rel_path)
        head = rel_path.partition("/")[0]
        phase = PHASE_ALIASES.get(head, head)
        now_ns = time.time_ns()
        new = NewContent(
            area="spec",
            rel_path=rel_path,
            phase=phase if phase in PHASES else "",
            artifact_type="brief",
            content=found.content,
            content_hash=found.content_hash,
            size=found.size,
            mtime_ns=found.mtime_ns,
            inode=found.inode,
            mode=found.mode,
            checked_ns=now_ns,
            problem=None,
        )
        store.add([(new, utc_text(now_ns))])
        store.note_change()

    return _noted(paths, spec, note)


def store_handed_off(paths: WorkspacePaths, spec: str, run: str, *, all_pass: bool) -> tuple[list[str], bool]:
    """Store a run that was just handed off; returns warnings, and whether a harvest of the spec is to follow.

    Its files are in the database then. Where that alone will not do, the harvest is done at once.
    """
    from spw_core.harvest.behind import note_behind
    from spw_core.harvest.one_run import read_run, store_run

    path = paths.spec_db(spec)
    files = read_run(paths.spec_dir(spec), run) if os.path.lexists(path) else None
    if files is not None:
        try:
            with waiting_at_most(_NOTE_PATIENCE_S), SpecStore.writing(path) as store, store.transaction():
                stored = store_run(store, run, files, all_pass=all_pass)
                if stored:  # before the commit, so that a process that is killed does not owe the note
                    note_behind(paths, spec)
        except (SpwError, OSError):  # the harvest repairs it, or says what is wrong
            stored = False
        if stored:
            return [], True
    return harvest_now(paths, spec), False


def is_stored(paths: WorkspacePaths, spec: str, rel_path: str, content: bytes) -> bool:
    """True when the database has these bytes as a version of a file."""
    digest = sha256_hex(content)
    try:
        with waiting_at_most(_NOTE_PATIENCE_S), SpecStore.reading(paths.spec_db(spec)) as store:
            return store is not None and any(
                (version.area, version.rel_path, version.content_hash) == ("spec", rel_path, digest)
                and version.has_bytes
                for version in store.versions()
            )
    except (SpwError, OSError):
        return False


def harvest_now(paths: WorkspacePaths, spec: str) -> list[str]:
    """Bring the spec's database and the index up to date with the files."""
    with _telling() as warnings:
        from spw_core.harvest.harvest import harvest
        from spw_core.names import SPEC_DB

        with waiting_at_most(_HARVEST_PATIENCE_S):
            report = harvest(paths, [spec])
        [result] = report.specs
        if result.failed:
            warnings.append(f"{_BEHIND}: {result.failed}")
        warnings += [f"{SPEC_DB}: {error.error}" for error in result.errors if error.path == SPEC_DB]
        if report.index_failed:
            warnings.append(f"the index was not brought up to date: {report.index_failed}")
        warnings += report.remarks
    return warnings


_BEHIND = "the database was not brought up to date, the next harvest will do it"


def _noted(paths: WorkspacePaths, spec: str, note: Callable[[SpecStore], None]) -> list[str]:
    with _telling() as warnings, waiting_at_most(_NOTE_PATIENCE_S):
        path = paths.spec_db(spec)
        is_new = not os.path.lexists(path)
        with SpecStore.writing(path) as store, store.transaction():
            note(store)
        if is_new:
            from spw_core.harvest.harvest import ensure_gitignore

            warnings += ensure_gitignore(paths)
    return warnings


@contextmanager
def _telling() -> Iterator[list[str]]:
    """A list of warnings that whatever goes wrong is added to."""
    warnings: list[str] = []
    try:
        yield warnings
    except SpwError as error:
        warnings.append(f"{_BEHIND}: {error.message}")
    except OSError as error:
        warnings.append(f"{_BEHIND}: {error.strerror or error}")
    except Exception as error:  # a bug of ours must not undo a step that is done
        from spw_core.crash import where, write_report

        details = where(write_report(error))
        warnings.append(f"{_BEHIND}: internal error: {type(error).__name__}: {error}. {details}")

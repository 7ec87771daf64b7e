"""`spw memory import`: which transcripts were asked for, and what becomes of the notes that hooks left."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from spw_core.memory.finding import (
    Queued,
    all_transcripts,
    incomplete_transcripts,
    is_there,
    queued,
    transcripts_of,
)
from spw_core.memory.importing import ImportReport, Progress, import_transcripts
from spw_core.memory.place import reading_memory
from spw_core.workspace import WorkspacePaths


def collect(
    paths: WorkspacePaths,
    files: Sequence[Path] = (),
    *,
    everything: bool = False,
    session: str = "",
    from_queue: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Import the given transcripts and those of the workspace, of a session, or in the queue.

    With those of the workspace go all that were read and not to their end, or by an earlier version.

    A queued transcript that is no longer there is normal: agents clean up. Its note goes, as does that of
    one that was imported, unless a hook wrote it anew meanwhile. Raises NotFound for an unknown session.
    """
    wanted = list(files)
    if everything:
        wanted += all_transcripts(paths)
        with reading_memory(paths) as memory:
            wanted += incomplete_transcripts(memory) if memory else []
    wanted += transcripts_of(paths, session) if session else []
    notes = [(item, _identity(item.note)) for item in (queued(paths) if from_queue else ())]
    wanted += [item.transcript for item, _ in notes if is_there(item.transcript)]
    report = import_transcripts(paths, list(dict.fromkeys(wanted)), progress)
    failed = {path for path, _ in report.problems}
    for item, identity in notes:
        if str(item.transcript) not in failed:
            _remove(item, identity)
    return report


def _identity(note: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        status = note.stat()
        return status.st_ino, status.st_mtime_ns
    return None


def _remove(item: Queued, identity: tuple[int, int] | None) -> None:
    if identity is not None and _identity(item.note) == identity:
        with suppress(OSError):  # it is read again next time, which costs a stat
            item.note.unlink()

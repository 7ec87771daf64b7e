"""Notes of specs whose database has something that the index does not have yet.

A step that only stores leaves one, and the next harvest of the spec, or whoever is about to search, makes up
for it. Each note is a file of its own, so that a harvest that began before takes none away unseen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import suppress

from spw_core.harvest.inside import entry_inside
from spw_core.names import CACHE_DIR
from spw_core.workspace import WorkspacePaths

_FOLDER = f"{CACHE_DIR}/behind"
_SEPARATOR = "~"  # in no name of a spec


def note_behind(paths: WorkspacePaths, spec: str) -> None:
    """Leave a note. Where that is not possible the next harvest finds out all the same."""
    name = f"{spec}{_SEPARATOR}{time.time_ns()}-{os.getpid()}"
    with (
        suppress(OSError),
        entry_inside(paths.workflow, f"{_FOLDER}/{name}", create=True) as entry,
    ):
        os.close(entry.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL))


def notes_of_behind(paths: WorkspacePaths) -> dict[str, str]:
    """The notes that there are, each with its spec."""
    try:
        names = os.listdir(paths.workflow / _FOLDER)
    except OSError:  # there never was one
        return {}
    return {name: name.rpartition(_SEPARATOR)[0] for name in names if _SEPARATOR in name}


def forget_behind(paths: WorkspacePaths, notes: Collection[str]) -> None:
    """Take notes away once what they say is done."""
    for name in notes:
        with suppress(OSError, ValueError), entry_inside(paths.workflow, f"{_FOLDER}/{name}") as entry:
            entry.unlink()


def catch_up(paths: WorkspacePaths) -> tuple[str, ...]:
    """Harvest the specs that there are notes of; returns those that are behind all the same, sorted.

    What went wrong with them is left to an ordinary harvest to report, and one that somebody else is busy
    with is not waited for longer than the question may take that comes next.
    """
    notes = notes_of_behind(paths)
    if not notes:
        return ()
    from spw_core.errors import SpwError
    from spw_core.harvest.harvest import harvest
    from spw_core.store.patience import waiting_as_readers

    with suppress(SpwError, OSError), waiting_as_readers():
        present = set(paths.spec_names())
        forget_behind(paths, [name for name, spec in notes.items() if spec not in present])
        harvest(paths, sorted(present.intersection(notes.values())))
    return tuple(sorted(set(notes_of_behind(paths).values())))

"""The first harvest of a spec: all is new, so nothing is compared, and the database appears at once, whole.

What is stored is what `intake` would store in an empty database, row by row.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from spw_core.atomic import locked
from spw_core.domain.model import FileError
from spw_core.harvest.inside import entry_inside, write_whole
from spw_core.harvest.intake import (
    CREATED_AT,
    SCAN_ERRORS,
    UNREADABLE,
    errors_text,
    new_content,
    read_all,
)
from spw_core.harvest.project import READ_KINDS, Source, project
from spw_core.harvest.rows import to_meta, to_rows
from spw_core.harvest.scan import Scan
from spw_core.harvest.stamps import stamps_of
from spw_core.harvest.stored import empty_runs_now
from spw_core.moments import utc_text
from spw_core.store.at_rest import RACY_NS, has_log
from spw_core.store.spec import EMPTY_RUNS, UNPROJECTED, NewContent, SpecStore


def fill(store: SpecStore, name: str, scan: Scan, limit: int) -> int:
    """Store what a scan found in an empty database, with the facts it amounts to; returns how many files.

    Of files above `limit` bytes only the hash is stored. Call it inside a transaction.
    """
    now = utc_text(time.time_ns())
    unreadable: list[FileError] = []
    problems: list[FileError] = []
    sources: list[Source] = []
    as_seen = 0

    def additions() -> Iterator[tuple[NewContent, str]]:
        nonlocal as_seen
        files = sorted(scan.files, key=lambda found: (found.area, found.rel_path))
        for found, content in read_all(scan, files, limit, unreadable):
            new = new_content(found.area, found.rel_path, content, time.time_ns())
            spoken = new.content if new.artifact_type in READ_KINDS else None
            sources.append(Source(found.area, found.rel_path, new.size, new.mtime_ns, spoken))
            if new.problem:
                problems.append(FileError(new.rel_path, new.problem))
            as_seen += (
                new.size == found.size
                and new.mtime_ns == found.mtime_ns
                and new.inode == found.inode
                and new.mode == found.mode
                and new.mtime_ns < new.checked_ns - RACY_NS
            )
            yield new, utc_text(new.checked_ns)

    store.add(additions())
    scan_errors = [FileError(*error) for error in sorted((error.path, error.error) for error in scan.errors)]
    unreadable.sort(key=lambda error: (error.path, error.error))
    empty_runs = empty_runs_now(scan, {})
    record = project(name, sources, [*scan_errors, *unreadable, *problems], empty_runs)
    store.fill_projections(to_rows(record))
    store.set_meta(
        {
            "name": name,
            SCAN_ERRORS: errors_text(scan_errors),
            UNREADABLE: errors_text(unreadable) if unreadable else "",
            EMPTY_RUNS: json.dumps(empty_runs, sort_keys=True),
            UNPROJECTED: "",
            **to_meta(record),
            "revision": str(store.next_revision()),
            "harvested_at": now,
            CREATED_AT: now,
        }
    )
    if as_seen == len(scan.files):
        store.put_stamps(stamps_of(scan, {run.path for run in record.runs if run.has_handoff}))
    return len(sources)


def appears(path: Path, content: bytearray) -> bool:
    """Write a new database; False when that is not possible, or there is one by now.

    A log of one that was deleted would be replayed into it: then SQLite makes the new one, and drops the log.
    """
    try:
        with locked(path.parent), entry_inside(path.parent, path.name) as entry:
            if has_log(path):
                return False
            write_whole(entry, content, replace=False, mode=0o600)
    except OSError:  # the ordinary way tells whether this is a matter of this way only
        return False
    return True

"""Harvesting one run when it is handed off: its files into spec.db, and nothing else, at once.

A step of a workflow is called all the time and must not cost a harvest. So this module imports next to
nothing, takes only what needs no explanation, and marks the projections as behind for the harvest that
follows. Whatever is out of the ordinary is left to a harvest altogether.
"""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from typing import NamedTuple

from spw_core.domain.registry import PHASE_ALIASES, PHASES
from spw_core.harvest.inside import Descent
from spw_core.harvest.read_file import FileContent, read_entry
from spw_core.moments import utc_text
from spw_core.names import TEMPORARY_SUFFIX
from spw_core.store.spec import NewContent, SpecStore

# Below every limit that the configuration may set, which is not read here.
_SURELY_STORED_BYTES = 1024 * 1024
_KINDS = {"brief.md": "brief", "report.md": "report", "status.json": "status"}
_EXTENSIONS = {"md": "document", "markdown": "document", "json": "data", "jsonl": "data"}


class RunFiles(NamedTuple):
    """The files of a run by their paths in the spec, none of which was read before `since_ns`."""

    since_ns: int
    files: list[tuple[str, FileContent]]


def read_run(top: Path, run: str) -> RunFiles | None:
    """Every file of a run below the spec's folder `top`, by its path in the spec.

    None when there is no handoff, or anything that a harvest would have something to say about: a link, a
    name or text that is not UTF-8, broken JSON, a large file, or one that cannot be read.
    """
    names = _files_below(top / run, f"{run}/")
    if names is None or f"{run}/_handoff.md" not in names:
        return None
    way = Descent(top)
    since_ns = time.time_ns()
    try:
        files = [(name, read_entry(way.entry(name), limit=_SURELY_STORED_BYTES)) for name in sorted(names)]
    except (OSError, ValueError):
        return None
    finally:
        way.close()
    return RunFiles(since_ns, files) if all(_is_plain(name, file.content) for name, file in files) else None


def store_run(store: SpecStore, run: str, found: RunFiles, *, all_pass: bool) -> bool:
    """Store the files of a run and seal it; False, and nothing is stored, for one that the database does not
    know. Call it inside a transaction.

    However long that had to be waited for, the files count as looked at when they were read: what was
    written into one since then must not pass for old.
    """
    checked_ns, files = found
    updated_ns = max((file.mtime_ns for _, file in files), default=0)
    if not store.seal_run(run, "pass" if all_pass else "blocked", all_pass=all_pass, updated_ns=updated_ns):
        return False
    known = store.artifacts_below(run)
    added = []
    for rel_path, file in files:
        artifact = known.pop(rel_path, None)
        if artifact is None:
            added.append((new_content(run, rel_path, file, checked_ns), utc_text(time.time_ns())))
        elif artifact.content_hash == file.content_hash:
            store.touch(artifact.id, file.mtime_ns, file.inode, file.mode, checked_ns)
        else:
            new = new_content(run, rel_path, file, checked_ns)
            store.replace(artifact.id, new, utc_text(time.time_ns()))
    store.add(added)
    for artifact in known.values():
        if artifact.removed_at is None:
            store.mark_removed(artifact.id, utc_text(time.time_ns()))
    store.note_change()
    return True


def new_content(run: str, rel_path: str, file: FileContent, checked_ns: int) -> NewContent:
    """The row of a file of a run that was just read. What it is, is told from its name alone; where its place
    says otherwise, the next harvest notes that."""
    head = rel_path.partition("/")[0]
    phase = PHASE_ALIASES.get(head, head)
    inside = rel_path[len(run) + 1 :]
    name = inside.rpartition("/")[2]
    kind = _EXTENSIONS.get(name.rpartition(".")[2].lower(), "other")
    if name == "_handoff.md":
        kind = "handoff"
    elif "/" in inside:
        kind = _KINDS.get(name, kind)
    return NewContent(
        area="spec",
        rel_path=rel_path,
        phase=phase if phase in PHASES else "",
        artifact_type=kind,
        content=file.content,
        content_hash=file.content_hash,
        size=file.size,
        mtime_ns=file.mtime_ns,
        inode=file.inode,
        mode=file.mode,
        checked_ns=checked_ns,
        problem=None,
    )


def _files_below(folder: Path, prefix: str) -> list[str] | None:
    """Paths of all files below a folder; None when there is anything but files and folders."""
    found: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    below = _files_below(folder / entry.name, f"{prefix}{entry.name}/")
                    if below is None:
                        return None
                    found += below
                elif not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                    return None
                elif not (entry.name.startswith(".") and entry.name.endswith(TEMPORARY_SUFFIX)):
                    found.append(prefix + entry.name)
    except OSError:
        return None
    return found


def _is_plain(rel_path: str, content: bytes | None) -> bool:
    if content is None:
        return False
    try:
        rel_path.encode("utf-8")
        text = content.decode("utf-8")
        return not rel_path.endswith(".json") or isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):  # no UTF-8, no JSON
        return False

"""Is the memory sound? What can be computed from the rest is repaired; `spw doctor` asks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from spw_core.errors import SpwError
from spw_core.harvest.doctor import ERROR, OK, REPAIRED, WARNING, Finding, why_not_writable
from spw_core.harvest.knowledge import derive_anew, follow_sessions
from spw_core.memory.finding import incomplete_transcripts
from spw_core.memory.place import HERE, reading_memory, writing_memory
from spw_core.store.memory.soundness import damage, replace_damaged
from spw_core.store.memory.stores import Memory
from spw_core.text import plural
from spw_core.workspace import WorkspacePaths

SUBJECT = "memory"
_PRIVATE = 0o600
_REBUILD = "spw doctor --rebuild saves what is readable"
_READ_REST = "spw memory import --all reads what is missing: messages, or the tokens that answers took."
_IMPORT = "spw memory import --all reads again the transcripts that are still there."


def examine_memory(paths: WorkspacePaths, *, rebuild: bool = False) -> list[Finding]:
    """Check the databases of the memory; nothing to say where nothing was ever stored.

    Words of messages are indexed anew where they are not those of the messages, and what is known of the
    specs is derived anew from their databases. With `rebuild`, a damaged database is replaced by a new one
    with the rows that can be read. A folder that cannot be written is only checked.
    """
    try:
        return list(_findings(paths, rebuild))
    except SpwError as error:
        return [Finding(ERROR, SUBJECT, error.message, error.hint)]


def _findings(paths: WorkspacePaths, rebuild: bool) -> Iterator[Finding]:
    folder = paths.memory_dir
    damaged = damage(folder)
    if not damaged:
        return
    writable = not why_not_writable(folder)
    if writable and os.name != "nt":
        for name in damaged:
            mode = stat.S_IMODE((folder / name).lstat().st_mode)
            if mode & ~_PRIVATE:
                (folder / name).chmod(_PRIVATE)
                yield Finding(REPAIRED, SUBJECT, f"{name} was open to others ({mode:o}), is private now")
    left = False
    for name, problems in damaged.items():
        if problems and rebuild and writable:
            if done := replace_damaged(folder, name):
                moved, saved = done
                text = f"{name}: {problems[0]}; moved to {moved.name}, {saved} rows saved"
                yield Finding(REPAIRED, SUBJECT, text, _IMPORT)
        elif problems:
            left = True
            yield Finding(ERROR, SUBJECT, f"{name}: {problems[0]}", _REBUILD)
    if left:
        return
    if writable:
        with writing_memory(paths) as memory:
            for what in memory.messages.inconsistencies():
                memory.messages.rebuild_words()
                yield Finding(REPAIRED, SUBJECT, f"{what}: the words were indexed anew")
        for remark in derive_anew(paths, paths.spec_names()):
            yield Finding(WARNING, SUBJECT, remark)
        with writing_memory(paths) as memory:
            follow_sessions(memory, everything=True)
            yield from _to_read(memory)
            yield Finding(OK, SUBJECT, _contents(memory))
        return
    with reading_memory(paths) as opened:
        if opened is not None:
            for what in opened.messages.inconsistencies():
                yield Finding(WARNING, SUBJECT, what, "spw doctor repairs it where it may write")
            yield from _to_read(opened)
            yield Finding(OK, SUBJECT, _contents(opened))


def _to_read(memory: Memory) -> Iterator[Finding]:
    """Transcripts of which something is missing, as long as they are there."""
    if paths := incomplete_transcripts(memory):
        were = "was" if len(paths) == 1 else "were"
        text = f"{plural(len(paths), 'transcript')} {were} read in part, or by an earlier version: {paths[0]}"
        yield Finding(WARNING, SUBJECT, text + (", …" if len(paths) > 1 else ""), _READ_REST)


def _contents(memory: Memory) -> str:
    sessions = len(memory.sessions.newest(HERE, None))
    summaries = len(memory.summaries.latest(HERE, None))
    return ", ".join(
        (
            plural(sessions, "session"),
            plural(memory.messages.count(HERE), "message"),
            plural(summaries, "summary", "summaries"),
        )
    )

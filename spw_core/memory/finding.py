"""Which transcripts belong to a workspace: what hooks queued, and what is in Claude Code's folders."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from spw_core.errors import NotFound
from spw_core.formats.json_object import load_json_object, text_of
from spw_core.memory.reading import is_complete
from spw_core.store.memory.stores import Memory
from spw_core.workspace import WorkspacePaths

_LONGEST_FOLDER = 200  # longer names are cut there and end in a hash
_PEEK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Queued:
    """A note that a hook left: the transcript of a session is to be imported."""

    note: Path
    transcript: Path


def queued(paths: WorkspacePaths) -> list[Queued]:
    """The notes in the queue, by name; one that cannot be understood names no file and is left out."""
    found = []
    for note in sorted(paths.memory_queue.glob("*.json")):
        with suppress(OSError):
            if note.is_symlink() or not note.is_file():  # to read a pipe is to wait for its writer
                continue
            value, _ = load_json_object(note.read_bytes())
            transcript = text_of((value or {}).get("transcript"))
            if transcript and Path(transcript).is_absolute():
                found.append(Queued(note, Path(transcript)))
    return found


def is_there(path: Path) -> bool:
    """Whether there is a file by a name that may be anything, also one that is too long to ask for."""
    return os.path.isfile(path)  # noqa: PTH113 - the method of Path raises for such a name


def all_transcripts(paths: WorkspacePaths) -> list[Path]:
    """The transcripts of Claude Code that were written in this workspace or below it, sub-agents' too.

    One that may not be read, so that nobody can tell where it was written, is left out.
    """
    root = str(paths.root.resolve())
    wanted = _folder_name(root)
    found: list[Path] = []
    for base in _project_folders():
        with suppress(OSError):
            for folder in sorted(base.iterdir()):
                if folder.name == wanted:
                    found += _transcripts_in(folder)
                elif folder.name.startswith(wanted[:_LONGEST_FOLDER]):
                    found += [path for path in _transcripts_in(folder) if _happened_in(path, root)]
    return found


def incomplete_transcripts(memory: Memory) -> list[Path]:
    """Transcripts that are still there and of which more is to be read, though they did not change: an import
    was interrupted, or an earlier version took less of them."""
    states = memory.messages.transcripts().values()
    paths = [Path(state.path) for state in states if not is_complete(state)]
    return [path for path in paths if is_there(path)]


def transcripts_of(paths: WorkspacePaths, session: str) -> list[Path]:
    """The transcripts of one session. Raises NotFound."""
    noted = [item.transcript for item in queued(paths) if item.note.stem == session]
    found = [
        path
        for path in all_transcripts(paths)
        if session in (path.stem, *(part.name for part in path.parents))
    ]
    if not (unique := list(dict.fromkeys([*noted, *found]))):
        raise NotFound(
            f"no transcript of session {session[:80]}",
            "Claude Code deletes them after 30 days; `spw memory list` shows what was imported.",
        )
    return unique


def _transcripts_in(folder: Path) -> list[Path]:
    """The transcripts in a folder, sessions before their sub-agents, who lie deeper, the oldest first: a
    session that was resumed before the one that begins with a copy of it."""
    return sorted(folder.rglob("*.jsonl"), key=lambda path: (len(path.parts), _last_written(path), path))


def _last_written(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return 0


def _project_folders() -> list[Path]:
    configured = os.environ.get("CLAUDE_CONFIG_DIR", "")
    with suppress(RuntimeError):  # no home
        return [Path(configured or Path.home() / ".claude") / "projects"]
    return []


def _folder_name(root: str) -> str:
    """The name of the folder in which Claude Code keeps the transcripts of a working folder."""
    return re.sub(r"[^A-Za-z0-9]", "-", root)


def _happened_in(path: Path, root: str) -> bool:
    """True when the first record that names a working folder names one inside the workspace."""
    with suppress(OSError):  # a link to nothing, say
        if not is_there(path):  # to read a pipe is to wait for its writer
            return False
        for line in _beginning(path).splitlines():
            with suppress(ValueError, RecursionError):
                value = json.loads(line)
                if isinstance(value, dict) and isinstance(cwd := value.get("cwd"), str) and cwd:
                    return cwd == root or cwd.startswith(root + os.sep)
    return False


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_PEEK_BYTES)

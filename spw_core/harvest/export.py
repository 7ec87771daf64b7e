"""Writing a summary into its spec's folder: whole or not at all, and never over somebody's own text."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from spw_core.atomic import FileChanged
from spw_core.domain.places import Area
from spw_core.errors import SpwError
from spw_core.formats.frontmatter import split_frontmatter
from spw_core.formats.text_decode import decode_text
from spw_core.harvest.harvest import harvest_spec
from spw_core.harvest.inside import Entry, entry_inside, write_whole
from spw_core.harvest.read_file import read_once
from spw_core.harvest.reading import load_record, read_document
from spw_core.summaries.completion import COMPLETION_FILE
from spw_core.summaries.progress import PROGRESS_FILE, render_progress
from spw_core.workspace import WorkspacePaths

_ATTEMPTS = 20


def current_summary(paths: WorkspacePaths, name: str) -> tuple[str, str]:
    """(file name, Markdown): the completion summary of a completed spec, else how far it has come.

    Raises SpecNotFound.
    """
    record = load_record(paths, name)
    if record.completed_at:
        return COMPLETION_FILE, decode_text(read_document(paths, name, Area.SPEC, COMPLETION_FILE))[0]
    return PROGRESS_FILE, render_progress(record, time.time_ns())


def export_summary(paths: WorkspacePaths, name: str) -> tuple[Path, str]:
    """Write the current summary into the spec's folder; returns its path and its Markdown.

    An earlier progress summary is replaced, after it was stored. Raises SpecNotFound, and SpwError when
    something else has its name or it cannot be written.
    """
    file, markdown = current_summary(paths, name)
    if file == PROGRESS_FILE and paths.spec_file(name, file).exists():
        harvest_spec(paths, name)
    path = export_file(paths, name, file, markdown.encode(), may_replace=_is_progress_summary)
    return path, markdown


def export_file(
    paths: WorkspacePaths, name: str, file: str, content: bytes, *, may_replace: Callable[[bytes], bool]
) -> Path:
    """Write a file right into a spec's folder; returns its absolute path.

    One that is there stays untouched when it has this content; otherwise `may_replace` is asked with its
    bytes. Raises SpwError when the answer is no or the file cannot be written.
    """
    path = paths.spec_file(name, file).absolute()
    for _ in range(_ATTEMPTS):
        try:
            with entry_inside(paths.spec_dir(name), file) as entry, suppress(FileChanged):
                _export(entry, content, may_replace)
                return path
        except _Stays as error:
            raise SpwError(
                f"{file} of {name} is not what would be written, and stays",
                "Rename it. `spw finalize --export --force` stores and replaces a completion summary.",
            ) from error
        except OSError as error:
            raise SpwError(
                f"cannot write {path}: {error.strerror or error}", "Check permissions and space on the disk."
            ) from error
    raise SpwError(f"{path} keeps changing", "Try again when nobody else writes it.")


class _Stays(Exception):
    """What is there may not be replaced."""


def _export(entry: Entry, content: bytes, may_replace: Callable[[bytes], bool]) -> None:
    """Write a file. Raises _Stays, OSError, and FileChanged when somebody writes it at this moment."""
    info = entry.lstat()
    if info is None:
        write_whole(entry, content, replace=False)
        return
    present = _bytes_of(entry) if stat.S_ISREG(info.st_mode) else None
    if present == content:
        return
    if present is None or not may_replace(present):
        raise _Stays
    mode = stat.S_IMODE(info.st_mode)

    def last_look(temporary: Entry) -> None:
        temporary.chmod(mode)
        if _bytes_of(entry) != present:
            raise FileChanged(f"{entry.name} was changed by somebody else")

    write_whole(entry, content, replace=True, finish=last_look)


def _bytes_of(entry: Entry) -> bytes | None:
    content = read_once(entry)
    return content.content if content else None


def _is_progress_summary(content: bytes) -> bool:
    fields = split_frontmatter(decode_text(content)[0])[0]
    return fields.get("status") == "in_progress" and "as_of" in fields

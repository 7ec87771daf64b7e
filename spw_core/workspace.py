"""Where things are. Every path inside a workspace is built here and nowhere else.

A workspace is a folder that holds `.spec-workflow/`. Names that come from outside (spec, task,
subagent) pass `check_name` before they become part of a path, and no folder on the way may be a
symbolic link.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from spw_core.errors import InvalidName, SpecNotFound, SpwError, WorkspaceNotFound
from spw_core.names import (
    APPROVALS_DIR,
    CACHE_DIR,
    INDEX_DB,
    MEMORY_DIR,
    MEMORY_QUEUE,
    SPEC_DB,
    SPECS_DIR,
    VECTORS_DIR,
    WORKFLOW_DIR,
    is_valid_name,
)

# Kept out of git: everything that can be rebuilt, and the databases themselves.
GITIGNORE_LINES = (
    *(f"{database}{rest}" for database in (SPEC_DB, INDEX_DB) for rest in ("", "-*", ".*")),
    *(f"{folder}/" for folder in (VECTORS_DIR, MEMORY_DIR, CACHE_DIR)),
)


# What to say, and what to do, when somebody has deleted the folder that this process is in.
NOWHERE = ("the current folder is gone", "Change to another one.")


def check_name(name: str, what: str = "spec") -> str:
    """Return `name` unchanged, or raise InvalidName saying which characters are allowed."""
    if not is_valid_name(name):
        raise InvalidName(
            f"invalid {what} name: {name[:80]!r}",
            "Use letters, digits, '.', '_' and '-', not starting with a dot.",
        )
    return name


class WorkspacePaths(NamedTuple):  # not a dataclass: importing those takes as long as starting Python
    """All paths of one workspace. `root` is the folder that contains `.spec-workflow`."""

    root: Path

    @property
    def workflow(self) -> Path:
        return self.root / WORKFLOW_DIR

    @property
    def specs(self) -> Path:
        return self.workflow / SPECS_DIR

    @property
    def index_db(self) -> Path:
        return self.workflow / INDEX_DB

    @property
    def vectors(self) -> Path:
        """Folder of the snapshots that vector search makes; all of it may be deleted at any time."""
        return self.workflow / VECTORS_DIR

    @property
    def embedder_state(self) -> Path:
        """What is remembered of an embeddings server that failed."""
        return self.workflow / CACHE_DIR / "embedder.json"

    @property
    def memory_dir(self) -> Path:
        """Folder of the agents' memory, which need not exist. Raises InvalidName for a symbolic link."""
        return self._no_link(self.workflow / MEMORY_DIR)

    @property
    def memory_queue(self) -> Path:
        """Folder in which hooks leave notes of transcripts to be imported; need not exist."""
        return self._no_link(self.workflow.joinpath(*MEMORY_QUEUE))

    @property
    def gitignore(self) -> Path:
        return self.workflow / ".gitignore"

    def spec_dir(self, name: str) -> Path:
        """Folder of a spec, which need not exist. Raises InvalidName, also for a symbolic link."""
        return self._no_link(self.specs / check_name(name))

    def spec_db(self, name: str) -> Path:
        return self.spec_dir(name) / SPEC_DB

    def approvals_dir(self, name: str) -> Path:
        """Folder of a spec's approvals, which need not exist. Raises InvalidName as `spec_dir` does."""
        return self._no_link(self.workflow / APPROVALS_DIR / check_name(name))

    def spec_file(self, name: str, rel_path: str) -> Path:
        """A file inside a spec's folder. Raises InvalidName for a path that would lead out of it."""
        return _join(self.spec_dir(name), rel_path)

    def workflow_file(self, path: str) -> Path:
        """A file by its path below `.spec-workflow/`, as search results name it. Raises InvalidName."""
        return _join(self.workflow, path)

    def existing_spec(self, name: str) -> Path:
        """Folder of a spec that exists, or SpecNotFound with the names that do."""
        path = self.spec_dir(name)
        if not path.is_dir():
            known = ", ".join(self.spec_names()[:12])
            raise SpecNotFound(
                f"spec not found: {name}",
                f"This workspace has: {known}." if known else "This workspace has no specs yet.",
            )
        return path

    def spec_names(self) -> list[str]:
        """Names of all spec folders, byte-wise sorted; folders whose name is not valid are left out."""
        return sorted(name for name in self._spec_folders() if is_valid_name(name))

    def odd_spec_folders(self) -> list[tuple[str, str]]:
        """(name, reason) of what stands under `specs/` and cannot be a spec, hidden entries aside."""
        odd = []
        for entry in self._spec_entries():
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                odd.append((entry.name, "is a symbolic link and is not followed; use the folder itself"))
            elif entry.is_dir(follow_symlinks=False) and not is_valid_name(entry.name):
                odd.append((entry.name, "is not a valid spec name; rename the folder to harvest it"))
        return sorted(odd)

    def _spec_folders(self) -> Iterator[str]:
        return (entry.name for entry in self._spec_entries() if entry.is_dir(follow_symlinks=False))

    def _spec_entries(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._no_link(self.specs)) as entries:
                return list(entries)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            message = f"cannot list {self.specs}: {error.strerror or error}"
            raise SpwError(message, "Check its permissions.") from error

    def _no_link(self, path: Path) -> Path:
        """The path, unless it or the folder above it is a symbolic link: those are never followed."""
        for part in (path, path.parent):
            if part != self.workflow and part.is_symlink():
                raise InvalidName(
                    f"{part} is a symbolic link and is not followed", "Replace the link by the folder itself."
                )
        return path


def _join(folder: Path, rel_path: str) -> Path:
    parts = rel_path.split("/")
    if any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in parts):
        raise InvalidName(f"not a path below {folder.name}: {rel_path[:80]!r}")
    return folder.joinpath(*parts)


def _is_folder(path: Path) -> bool:
    """As `Path.is_dir`, which raises for a path that is too long or leads through a closed folder."""
    return os.path.isdir(path)  # noqa: PTH112


def find_workspace(start: Path | str | None = None) -> WorkspacePaths:
    """The nearest folder at or above `start` (default: current folder) that contains `.spec-workflow`.

    Raises WorkspaceNotFound with instructions when there is none.
    """
    try:
        origin = Path(os.path.abspath(start or ""))  # noqa: PTH100 - resolve() would follow links
    except FileNotFoundError as error:
        raise WorkspaceNotFound(*NOWHERE) from error
    for folder in (origin, *origin.parents):
        workflow = folder / WORKFLOW_DIR
        if _is_folder(workflow) and folder.name != WORKFLOW_DIR:
            if not workflow.is_symlink():
                return WorkspacePaths(folder)
            # A link somebody made on purpose, to share a workspace between checkouts: it is the other one.
            real = workflow.resolve()
            if real.name == WORKFLOW_DIR:
                return WorkspacePaths(real.parent)
    if not os.path.exists(origin):  # noqa: PTH110 - as `_is_folder`
        raise WorkspaceNotFound(f"no such folder: {origin}", "Check the path.")
    raise WorkspaceNotFound(
        f"no {WORKFLOW_DIR} folder in {origin} or above",
        f"Make one with `mkdir -p {WORKFLOW_DIR}/{SPECS_DIR}`, or try `spw demo DIR` for an example.",
    )

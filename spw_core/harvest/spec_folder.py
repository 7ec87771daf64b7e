"""A folder of a spec, named by a path that an agent typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from spw_core.errors import InvalidName
from spw_core.names import is_valid_name
from spw_core.workspace import WorkspacePaths


class SpecFolder(NamedTuple):
    """A folder inside a spec, which need not exist. `path` is relative to the spec, with `/`."""

    spec: str
    path: str


def locate(paths: WorkspacePaths, folder: str) -> SpecFolder:
    """The folder of a spec that a path means, relative to the current folder or to the workspace.

    Raises InvalidName when it is outside every spec of the workspace.
    """
    found: list[SpecFolder] = []
    # No path at all with a NUL, which `realpath` would raise ValueError for.
    for base in () if "\0" in folder else dict.fromkeys((Path.cwd(), paths.root)):
        # The second way matters where the workspace itself is reached through a symbolic link.
        for normal in (os.path.abspath, os.path.realpath):
            full, specs = Path(normal(base / folder)), Path(normal(paths.specs))
            parts = full.relative_to(specs).parts if full.is_relative_to(specs) else ()
            if len(parts) > 1 and is_valid_name(parts[0]):
                found.append(SpecFolder(parts[0], "/".join(parts[1:])))
    if not found:
        raise InvalidName(
            f"not a folder of a spec in this workspace: {folder[:200]!r}",
            "Give a path like .spec-workflow/specs/<spec>/qa/_comms/qa/run-001.",
        )
    return next((here for here in found if is_folder(paths, here)), found[0])


def is_folder(paths: WorkspacePaths, folder: SpecFolder) -> bool:
    """True when the folder is on disk and no symbolic link is on the way to it."""
    path = paths.spec_dir(folder.spec)
    for part in folder.path.split("/"):
        path = path / part
        # Not the methods of Path: they raise for a name that is too long.
        if os.path.islink(path) or not os.path.isdir(path):  # noqa: PTH112, PTH114
            return False
    return True

"""The few files that hooks write: whole or not at all, and never through a link."""

import os

from spw_core.names import TEMPORARY_SUFFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spw_core.hook.project import Project


def replace(project: "Project", path: str, data: bytes) -> bool:
    """Make `data` the content of a file in a folder of `.spec-workflow/`; False when that cannot be.

    The folder is made when it is missing, and then kept out of git.
    """
    folder = os.path.dirname(path)
    try:
        if not os.path.isdir(folder):
            os.makedirs(folder)
            _ignore(project)
        if _leads_elsewhere(project.workflow, folder) or os.path.islink(path) or os.path.isdir(path):
            return False
        temporary = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}{TEMPORARY_SUFFIX}")
        if os.path.lexists(temporary):  # left by a process of this number that was killed
            os.unlink(temporary)
        try:
            _write(temporary, data)
            os.replace(temporary, path)
        except OSError:
            if os.path.lexists(temporary):
                os.unlink(temporary)
            raise
    except OSError as error:
        from spw_core.hook.log import record

        record("write", error)
        return False
    return True


def _write(path: str, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o644)
    try:
        rest = memoryview(data)
        while rest:  # a disk that fills up takes a part, and only then is it an error
            rest = rest[os.write(fd, rest) :]
    finally:
        os.close(fd)


def _leads_elsewhere(workflow: str, folder: str) -> bool:
    """Whether a folder between the workspace's and `folder`, that one included, is a link."""
    while len(folder) > len(workflow):
        if os.path.islink(folder):
            return True
        folder = os.path.dirname(folder)
    return False


def _ignore(project: "Project") -> None:
    """What only caches have made of the folder must not show up in git; slow, and needed once."""
    from pathlib import Path

    from spw_core.harvest.harvest import ensure_gitignore
    from spw_core.workspace import WorkspacePaths

    ensure_gitignore(WorkspacePaths(Path(project.root)))

"""Where the hook looks in a workspace, and how it reads a small file there."""

import os

from spw_core.names import CACHE_DIR, is_valid_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CACHE_FILES = (f"{CACHE_DIR}/statusline.json", ".oraculo-cache/statusline.json")

_SMALL_FILE_BYTES = 1 << 16


def session_dir(*candidates: str) -> str:
    """The first of `candidates` that is a folder, else the current folder; "" when that was deleted."""
    for candidate in candidates:
        if candidate and os.path.isdir(candidate):
            return os.path.abspath(candidate)
    return process_dir()


def process_dir() -> str:
    """The current folder, or "" when it was deleted under the process."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def base_name(path: str) -> str:
    """The last part of a path of this system, or of a Windows path seen from elsewhere."""
    if os.name == "nt" or path[1:3] == ":\\":
        path = path.replace("\\", "/")
    return path.rstrip("/").rpartition("/")[2] or path


def upward(start: str, name: str, is_there: "Callable[[str], bool]" = os.path.exists) -> str:
    """The nearest entry called `name` in `start` or a folder above it, else ""."""
    folder = start
    while folder:
        found = os.path.join(folder, name)
        if is_there(found):
            return found
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    return ""


def is_spec(specs: str, name: str) -> bool:
    """Whether `name` is a valid spec name and its folder exists."""
    return is_valid_name(name) and os.path.isdir(os.path.join(specs, name))


def read_small(path: str) -> bytes:
    """The first 64 KB of a file; empty when it is missing or unreadable, which is normal for all of ours."""
    # A pipe or a device in a hostile repository could hold the session up, or do something on being opened.
    if not os.path.isfile(path):
        return b""
    try:
        # O_NONBLOCK: should a pipe have taken the file's place since.
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError:
        return b""
    try:
        return os.read(fd, _SMALL_FILE_BYTES)
    except OSError:  # a folder, or a file that vanished from a network disk
        return b""
    finally:
        os.close(fd)

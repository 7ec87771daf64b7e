"""The user's own folders for spw: what is global to all workspaces, and logs.

Computed by hand what `platformdirs` returns for `("spw", appauthor=False)`, which costs the hook too much
to import; a test compares the two. No imports beyond `os` and `sys`, for the same reason.
"""

import os
import sys


def data_dir() -> str:
    """Folder of gateway.db. May not exist; relative (`~/…`) when the process has no home."""
    return _folder("XDG_DATA_HOME", "~/.local/share")


def state_dir() -> str:
    """Folder of the logs. As `data_dir`, which it equals where the system does not tell them apart."""
    return _folder("XDG_STATE_HOME", "~/.local/state")


def hook_log() -> str:
    """File that the hooks write their own errors to. May not exist."""
    return os.path.join(state_dir(), "log", "hook.log")


def _folder(variable: str, default: str) -> str:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser(r"~\AppData\Local")
    elif os.path.isabs(os.environ.get(variable, "")):
        base = os.environ[variable]
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.path.expanduser(default)
    return os.path.join(base, "spw")

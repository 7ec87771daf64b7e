"""By what to tell that a configuration is still the one that something was made from.

Imports next to nothing: hooks and dispatchers ask, and have the parsed configuration from the index.
"""

import os

from spw_core.names import CONFIG_PATHS

# Keys of the compiled configuration beside its values: the identity of the file that it was made from, and
# one that is there when something in that file could not be used.
IDENTITY = ""
WARNED = "warned"


def config_identity(root: str) -> str:
    """What changes when the configuration of a workspace does: which file it is, and the file's own signs
    of change. Empty without a configuration."""
    for path in CONFIG_PATHS:
        try:
            info = os.stat(os.path.join(root, path))  # noqa: PTH116, PTH118 - the hook may not import pathlib
        except (OSError, ValueError):
            continue
        if info.st_mode & 0o170000 == 0o100000:
            return f"{path} {info.st_ino} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"
    return ""

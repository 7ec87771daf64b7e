"""The parts of the configuration that hooks obey, as plain texts: reading TOML would cost a hook several
times its own time.

They stand in the index with the identity of the file they were made from. A hook that finds the file to
be another one compiles it anew, once for each change.
"""

from __future__ import annotations

from collections.abc import Mapping

from spw_core.config import load_config
from spw_core.workspace import WorkspacePaths

_SECTIONS = ("hooks", "statusline", "templates", "safety", "execution")


def compile_config(paths: WorkspacePaths) -> dict[str, str]:
    """Dotted key to text (`true`, `30`, `block`) for every simple value of these sections. Never raises."""
    document = load_config(paths).document
    values: dict[str, str] = {}
    for section in _SECTIONS:
        table = document.get(section)
        for key, value in table.items() if isinstance(table, Mapping) else ():
            if isinstance(value, bool):
                values[f"{section}.{key}"] = "true" if value else "false"
            elif isinstance(value, int | str):
                values[f"{section}.{key}"] = str(value)
    return values

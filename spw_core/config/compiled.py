"""The parts of the configuration that hooks and dispatchers obey, as plain texts: reading TOML would cost
either several times its own time.

They stand in the index with the identity of the file they were made from. Whoever finds the file to be
another one compiles it anew, once for each change.
"""

from __future__ import annotations

from collections.abc import Mapping

from spw_core.config import LoadedConfig
from spw_core.config_identity import IDENTITY, WARNED

_SECTIONS = ("hooks", "statusline", "templates", "safety", "execution", "models", "planning")


def compiled(loaded: LoadedConfig, identity: str) -> dict[str, str]:
    """Dotted key to text (`true`, `30`, `block`) for every simple value of these sections.

    `identity` is that of the file as it was before it was loaded.
    """
    values = {IDENTITY: identity, **({WARNED: "true"} if loaded.warnings else {})}
    for section in _SECTIONS:
        table = loaded.document.get(section)
        for key, value in table.items() if isinstance(table, Mapping) else ():
            if isinstance(value, bool):
                values[f"{section}.{key}"] = "true" if value else "false"
            elif isinstance(value, int | str):
                values[f"{section}.{key}"] = str(value)
    return values

"""What the configuration says to those who dispatch.

As for hooks it stands in the index, compiled, because to read TOML takes longer than to open a run.
"""

from __future__ import annotations

from typing import NamedTuple

from spw_core.config_identity import config_identity
from spw_core.errors import SpwError
from spw_core.names import CONFIG_PATHS
from spw_core.workspace import WorkspacePaths

Section = dict[str, bool | int | str]

# What is told, with the defaults of the workflow; a test compares them with those of the configuration.
DEFAULTS: dict[str, Section] = {
    "models": {"web_research": "haiku", "complex_reasoning": "opus", "implementation": "sonnet"},
    "execution": {
        "tdd_default": False,
        "require_user_approval_between_waves": True,
        "commit_per_task": "auto",
        "require_clean_worktree_for_wave_pass": True,
    },
    "planning": {"tasks_generation_strategy": "rolling-wave", "max_wave_size": 3},
}

_IDENTITY = ""  # the key under which the index has the identity of the configuration


class DispatchSettings(NamedTuple):
    """Three sections of the configuration at `path`, and what in it could not be used."""

    models: Section
    execution: Section
    planning: Section
    path: str
    warnings: tuple[str, ...]


def dispatch_settings(paths: WorkspacePaths) -> DispatchSettings:
    """What a dispatcher is told. Never raises."""
    identity = config_identity(str(paths.root))
    if not identity:
        return _settings(DEFAULTS, CONFIG_PATHS[0])
    values = _compiled(paths)
    if values.get(_IDENTITY) == identity and "warned" not in values:
        path = identity.rsplit(" ", 4)[0]
        return _settings({name: _section(name, values) for name in DEFAULTS}, path)
    return _read(paths, identity)


def _compiled(paths: WorkspacePaths) -> dict[str, str]:
    from spw_core.store.index_schema import read_compiled_config

    try:
        return read_compiled_config(paths.index_db)
    except (SpwError, OSError):  # then the file itself is read
        return {}


def _section(name: str, values: dict[str, str]) -> Section:
    return {key: _value(values.get(f"{name}.{key}"), default) for key, default in DEFAULTS[name].items()}


def _value(text: str | None, default: bool | int | str) -> bool | int | str:
    """A value as the index has it, which was decoded before it was stored."""
    if text is None:
        return default
    if isinstance(default, bool):
        return text == "true"
    if isinstance(default, int):
        return int(text) if text.isdecimal() else default
    return text


def _read(paths: WorkspacePaths, identity: str) -> DispatchSettings:
    """The settings as the file has them; the index learns them for the next time."""
    from spw_core.config import load_config
    from spw_core.config.compiled import compile_config
    from spw_core.store.index import IndexStore

    try:
        if paths.index_db.exists():
            with IndexStore.writing(paths.index_db) as index, index.transaction():
                index.put_compiled_config({**compile_config(paths), _IDENTITY: identity})
    except (SpwError, OSError):  # read-only or damaged: the file is read again next time
        pass
    loaded = load_config(paths)
    sections: dict[str, Section] = {
        name: {key: getattr(getattr(loaded.config, name), key) for key in keys}
        for name, keys in DEFAULTS.items()
    }
    return _settings(sections, loaded.path, loaded.warnings)


def _settings(sections: dict[str, Section], path: str, warnings: tuple[str, ...] = ()) -> DispatchSettings:
    return DispatchSettings(sections["models"], sections["execution"], sections["planning"], path, warnings)

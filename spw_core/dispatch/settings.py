"""What the configuration says to those who dispatch.

As for hooks it stands in the index, compiled, because to read TOML takes longer than to open a run.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from spw_core.config_identity import IDENTITY, WARNED, config_identity
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
    values = _stored(paths)
    is_known = values.get(IDENTITY) == identity
    if is_known and WARNED not in values:
        path = identity.rsplit(" ", 4)[0]
        return _settings({name: _section(name, values) for name in DEFAULTS}, path)
    return _read(paths, "" if is_known else identity)


def _stored(paths: WorkspacePaths) -> dict[str, str]:
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


def _read(paths: WorkspacePaths, new_identity: str) -> DispatchSettings:
    """The settings as the file has them; with the identity of a new file, the index learns them, too."""
    from spw_core.config import load_config

    loaded = load_config(paths)
    if new_identity:
        from spw_core.config.compiled import compiled
        from spw_core.store.index import IndexStore

        # A read-only or damaged index learns nothing: the file is read again next time.
        with suppress(SpwError, OSError):
            if paths.index_db.exists():
                with IndexStore.writing(paths.index_db) as index, index.transaction():
                    index.put_compiled_config(compiled(loaded, new_identity))
    sections: dict[str, Section] = {
        name: {key: getattr(getattr(loaded.config, name), key) for key in keys}
        for name, keys in DEFAULTS.items()
    }
    return _settings(sections, loaded.path, loaded.warnings)


def _settings(sections: dict[str, Section], path: str, warnings: tuple[str, ...] = ()) -> DispatchSettings:
    return DispatchSettings(sections["models"], sections["execution"], sections["planning"], path, warnings)

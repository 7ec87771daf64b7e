"""What the configuration says to those who dispatch."""

from __future__ import annotations

from typing import NamedTuple

from spw_core.workspace import WorkspacePaths

Section = dict[str, object]

_MODELS = ("web_research", "complex_reasoning", "implementation")
_EXECUTION = (
    "tdd_default",
    "require_user_approval_between_waves",
    "commit_per_task",
    "require_clean_worktree_for_wave_pass",
)
_PLANNING = ("tasks_generation_strategy", "max_wave_size")


class DispatchSettings(NamedTuple):
    """Three sections of the configuration at `path`, and what in it could not be used."""

    models: Section
    execution: Section
    planning: Section
    path: str
    warnings: tuple[str, ...]


def dispatch_settings(paths: WorkspacePaths) -> DispatchSettings:
    """What a dispatcher is told. Never raises."""
    from spw_core.config import load_config

    loaded = load_config(paths)
    config = loaded.config
    return DispatchSettings(
        {key: getattr(config.models, key) for key in _MODELS},
        {key: getattr(config.execution, key) for key in _EXECUTION},
        {key: getattr(config.planning, key) for key in _PLANNING},
        loaded.path,
        loaded.warnings,
    )

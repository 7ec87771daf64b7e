"""A166-A173 and A175: the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.config import CANONICAL, FALLBACK, MISSING, load_config

from ..conftest import REAL_WORKSPACE
from .line import Line, each


@each(
    *(
        Line("A166", key, f"tools config-get {key}", {"value": value, "found": True}, raw=value)
        for key, value in {
            "models.web_research": "haiku",
            "models.complex_reasoning": "opus",
            "models.implementation": "sonnet",
            "execution.tdd_default": "false",
            "execution.require_user_approval_between_waves": "true",
            "execution.commit_per_task": "auto",
            "planning.tasks_generation_strategy": "rolling-wave",
            "planning.max_wave_size": "3",
            "hooks.enabled": "true",
            "hooks.enforcement_mode": "warn",
            "hooks.recent_run_window_minutes": "30",
            "statusline.cache_ttl_seconds": "10",
            "statusline.sticky_spec": "true",
            "agent_teams.enabled": "false",
            "agent_teams.max_teammates": "4",
        }.items()
    ),
    Line(
        "A168", "no-file", "tools config-get models.web_research", {"config_source": MISSING, "warnings": []}
    ),
    Line(
        "A171",
        "unknown-section",
        "tools config-get no.such --default 7",
        {"value": "7", "found": False},
        raw="7",
    ),
)
def test_defaults(workspace: Workspace, line: Line) -> None:
    line.holds(workspace)


PARTIAL = "/spw-config.toml"


def in_a_list(item: str) -> str:
    return f'  "{item}", # {item}'


@each(
    Line(
        "A170",
        "the-one-it-sets",
        "tools config-get planning.max_wave_size",
        {"value": "5"},
        files={PARTIAL: "[planning]\nmax_wave_size = 5\n"},
    ),
    Line(
        "A170",
        "other-sections",
        "tools config-get hooks.recent_run_window_minutes",
        {"value": "30"},
        files={PARTIAL: "[planning]\nmax_wave_size = 5\n"},
    ),
    Line(
        "A171",
        "text",
        "tools resolve-model implementation",
        {"model": "sonnet-4"},
        raw="sonnet-4",
        files={PARTIAL: "[models]\nimplementation = 'sonnet-4'\n"},
    ),
    *(
        Line(
            "A172",
            f"{text}-is-{value}",
            "tools config-get hooks.enabled",
            {"value": value},
            files={PARTIAL: f"[hooks]\nenabled = '{text}'\n"},
        )
        for value, texts in {"true": "true True TRUE 1 yes on", "false": "false 0 no off"}.items()
        for text in texts.split()
    ),
    *(
        Line(
            "A172",
            f"{text or 'nothing'}-is-the-default",
            "tools config-get agent_teams.enabled",
            {"value": "false"},
            files={PARTIAL: f"[agent_teams]\nenabled = '{text}'\n"},
        )
        for text in ("", "maybe")
    ),
    *(
        Line(
            "A173",
            f"{text or 'nothing'}-is-{value}",
            "tools config-get statusline.cache_ttl_seconds",
            {"value": value},
            files={PARTIAL: f"[statusline]\ncache_ttl_seconds = '{text}'\n"},
        )
        for text, value in {"42": "42", "0": "0", "": "10", "abc": "10", "3.14": "10"}.items()
    ),
    *(
        Line(
            "A175",
            f"{len(items)}-lines",
            "tools config-get statusline.base_branches",
            {"value": list(items)},
            files={PARTIAL: "\n".join(["[statusline]", "base_branches = [", *map(in_a_list, items), "]"])},
        )
        for items in ("abcd", "abc", "ab")
    ),
)
def test_values(workspace: Workspace, line: Line) -> None:
    line.holds(workspace)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        pytest.param(".spec-workflow/spw-config.toml", CANONICAL, id="A169-canonical"),
        pytest.param(".spec-workflow/oraculo.toml", CANONICAL, id="A169-later-name"),
        pytest.param(".spw/spw-config.toml", FALLBACK, id="A169-legacy"),
        pytest.param(".oraculo/oraculo.toml", FALLBACK, id="A169-legacy-of-the-later-name"),
    ],
)
def test_places(workspace: Workspace, path: str, source: str) -> None:
    file = workspace.paths.root / path
    file.parent.mkdir(exist_ok=True)
    file.write_text("[planning]\nmax_wave_size = 5\n")
    loaded = load_config(workspace.paths)
    assert (loaded.path, loaded.source, loaded.config.planning.max_wave_size) == (path, source, 5)


@pytest.mark.skipif(not Path(REAL_WORKSPACE).is_dir(), reason="the real workspace is not here")
def test_the_shipped_file_A167() -> None:
    loaded = load_config(Workspace.open(REAL_WORKSPACE).paths)
    assert loaded.warnings == ()
    assert len(loaded.config.statusline.base_branches) == 4
    assert "mermaid-architecture" in loaded.config.skills.design.optional
    assert "conventional-commits" in loaded.config.skills.implementation.required

"""The main screens as pictures, on the demo workspace at the moment it tells about.

After a change that is meant: `pytest tests/test_tui_pictures.py --snapshot-update`, and look at the diff.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from spw_core.api import Workspace
from spw_tui.themes import CONTRAST, DARK, LIGHT

from .tui_support import make_app, press, settle

SCENES = {
    "overview-medium": ((120, 36), DARK, []),
    "overview-narrow": ((80, 24), DARK, []),
    "runs-wide": ((200, 50), DARK, ["2", "tab"]),
    "waves-light": ((120, 36), LIGHT, ["3", "tab", "l"]),
    "tasks-narrow": ((80, 24), DARK, ["4", "tab"]),
    "run-medium": ((120, 36), DARK, ["2", "tab", "j", "enter", "j", "j"]),
    "search-medium": ((120, 36), DARK, ["slash", *"flaky", "space", *"login"]),
    "overview-contrast": ((120, 36), CONTRAST, []),
    "overview-wide-light": ((200, 50), LIGHT, ["j", "tab"]),
    "waves-narrow": ((80, 24), DARK, ["3", "tab", "j", "j"]),
    "waves-wide": ((200, 50), DARK, ["3", "tab"]),
    "tree-medium": ((120, 36), DARK, ["v", "tab"]),
    "documents-light": ((120, 36), LIGHT, ["5", "tab", "j"]),
    "versions-medium": ((120, 36), DARK, ["5", "tab", "j", "j", "d"]),
    "trace-wide": ((200, 50), DARK, ["6", "tab", "j"]),
    "log-medium": ((120, 36), DARK, ["7"]),
    "insights-light": ((120, 36), LIGHT, ["i", "j"]),
    "filter-narrow": ((80, 24), LIGHT, ["f", *"wait"]),
    "search-empty-medium": ((120, 36), DARK, ["slash"]),
    "help-narrow": ((80, 24), LIGHT, ["question_mark"]),
}


@pytest.fixture(scope="module")
def pictured(demo_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A demo workspace that nobody else searches: a search by meaning would leave vectors behind."""
    folder = tmp_path_factory.mktemp("pictured") / "acme-shop"
    shutil.copytree(demo_files, folder)
    workspace = Workspace.open(folder)
    workspace.harvest()
    return workspace


@pytest.mark.parametrize("scene", SCENES)
def test_scene(
    scene: str,
    pictured: Workspace,
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)  # a blinking cursor is two pictures
    size, theme, keys = SCENES[scene]

    async def play(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *keys)

    assert snap_compare(make_app(pictured, theme), terminal_size=size, run_before=play)

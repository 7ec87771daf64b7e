"""Every pane in every size and theme, on the demo workspace at the moment it tells about.

After a change that is meant: `pytest tests/test_tui_matrix.py --snapshot-update`, and look at the diff.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.widgets import Input

from spw_core.api import Workspace
from spw_core.demo.conversations import write_conversations
from spw_tui.themes import CONTRAST, DARK, LIGHT, MONO

from .pictures import Picture, compare, picture_of, written
from .tui_support import make_app, press, settle

FOLDER = Path(__file__).parent / "__pictures__"
SIZES = ((80, 24), (120, 36), (200, 50))
# Keys that lead to each pane, and what is typed there.
PANES = {
    "overview": ("tab j", ""),
    "runs": ("2 tab", ""),
    "waves": ("3 tab", ""),
    "tasks": ("4 tab", ""),
    "tree": ("v tab", ""),
    "documents": ("5 tab j", ""),
    "trace": ("6 tab", ""),
    "log": ("7 tab", ""),
    "preview": ("tab z z tab z", ""),
    "filter": ("f", "wait"),
    "run": ("2 tab j enter j", ""),
    "versions": ("5 tab j j d", ""),
    "reader": ("5 tab j enter", ""),
    "contents": ("c", ""),
    "search": ("slash", "flaky log"),
    "search-start": ("slash", ""),
    "search-nothing": ("slash", "zzzqqq"),
    "insights": ("i j", ""),
    "sessions": ("s j", ""),
    "help": ("question_mark", ""),
}


@pytest.fixture(scope="module")
def pictured(demo_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A demo workspace with its conversations."""
    folder = tmp_path_factory.mktemp("matrix") / "acme-shop"
    shutil.copytree(demo_files, folder)
    workspace = Workspace.open(folder)
    workspace.import_transcripts(write_conversations(folder))
    workspace.harvest()
    return workspace


async def pictures(
    workspace: Workspace, size: tuple[int, int], pane: str, themes: Sequence[str]
) -> dict[str, Picture]:
    """A pane when nothing is read or drawn any more, in one theme after the other."""
    keys, typed = PANES[pane]
    app = make_app(workspace, themes[0])
    seen = {}
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, *keys.split())
        await pilot.press(*("space" if char == " " else char for char in typed))
        await settle(pilot)
        for theme in themes:
            app.theme = theme
            await settle(pilot)
            seen[theme] = picture_of(app)
    return seen


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("pane", PANES)
async def test_pane(
    pane: str,
    size: tuple[int, int],
    pictured: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)  # a blinking cursor is two pictures
    seen = await pictures(pictured, size, pane, (DARK, LIGHT, CONTRAST))
    monkeypatch.setenv("NO_COLOR", "1")
    seen |= await pictures(pictured, size, pane, (MONO,))
    name = f"{pane}-{size[0]}x{size[1]}.txt"
    compare(FOLDER / name, written(seen), update=request.config.option.update_snapshots)

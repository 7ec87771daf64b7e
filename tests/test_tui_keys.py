"""Own keys: every action can be given another one, which then works and is shown; the usual one does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.binding import Binding
from textual.command import CommandPalette
from textual.widgets import OptionList

from spw_core.api import Workspace
from spw_tui.actions import ACTIONS, PLACES, Action, Keys, Scope, footer_actions
from spw_tui.app import SpwApp
from spw_tui.commands import available
from spw_tui.data import DataService
from spw_tui.screens.browse import TABS
from spw_tui.screens.help import HelpScreen
from spw_tui.screens.search import SearchScreen
from spw_tui.state import load_keys
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.row_list import RowList

from .tui_support import browse, frozen_clock, press, screen_text, settle

_MODIFIERS = ("", "ctrl+", "shift+", "alt+", "ctrl+shift+", "ctrl+alt+")
FRESH = [f"{modifier}f{number}" for modifier in _MODIFIERS for number in range(2, 25)]
REMAPPED = {action.id: key for action, key in zip(ACTIONS, FRESH, strict=False)}
# The keys that lead to each place, by the ids of the actions; `type` is typed.
WAYS: dict[str, list[str]] = {
    "specs": [],
    "rows": ["browse.runs", "browse.pane"],
    "board": ["browse.waves", "browse.pane"],
    "preview": ["browse.pane", "browse.pane"],
    "run": ["browse.runs", "browse.pane", "list.open"],
    "reader": ["browse.documents", "browse.pane", "list.open"],
    "versions": ["browse.documents", "browse.pane", "file.versions"],
    "insights": ["browse.insights"],
    "sessions": ["browse.sessions"],
    "search": ["app.search"],
    "hits": ["app.search", "search.to-the-list"],
}
# Fields for text have keys of their own that no table can take from them.
_OF_FIELDS = {"search.open", "search.to-the-list", "search.mode"}


def app_with_keys(workspace: Workspace, path: Path, keys: dict[str, str]) -> SpwApp:
    path.write_text("[keys]\n" + "".join(f'"{name}" = "{key}"\n' for name, key in keys.items()))
    return SpwApp(DataService(workspace.paths.root), frozen_clock, keys_file=path)


def bound(app: SpwApp) -> dict[str, str]:
    """The action that each key runs now."""
    return {key: active.binding.action for key, active in app.screen.active_bindings.items()}


def usual_keys(action: Action) -> list[str]:
    made = Binding.make_bindings([Binding(action.keys, action.name)])
    return [binding.key for binding in made]


def test_there_is_a_fresh_key_for_every_action() -> None:
    assert len(REMAPPED) == len(ACTIONS)
    assert Keys(REMAPPED).complaints() == []
    assert Keys({action.id: action.keys for action in ACTIONS}).complaints() == []


@pytest.mark.parametrize("place", WAYS)
async def test_every_action_follows_its_own_key(
    demo_harvested: Workspace, tmp_path: Path, place: str
) -> None:
    app = app_with_keys(demo_harvested, tmp_path / "tui.toml", REMAPPED)
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        await settle(pilot)
        assert not app._notifications, [note.message for note in app._notifications]
        await press(pilot, *[REMAPPED[name] for name in WAYS[place]])
        keys = bound(app)
        focused = app.focused
        reached = 0
        for action in available(app.screen):
            key = REMAPPED[action.id]
            if key not in keys:  # of a list, a board or a page that has not the focus now
                assert action.scope in (Scope.LIST, Scope.BOARD, Scope.PAGE, Scope.HITS), action.id
                continue
            reached += 1
            assert keys[key] == action.name, action.id
            for old in usual_keys(action):
                assert old not in keys or action.id in _OF_FIELDS or keys[old] != action.name, (
                    action.id,
                    old,
                )
        assert reached > 10 and focused is not None


async def test_help_palette_and_footer_show_own_keys(demo_harvested: Workspace, tmp_path: Path) -> None:
    app = app_with_keys(demo_harvested, tmp_path / "tui.toml", REMAPPED)
    shown = Keys(REMAPPED)
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        tabs = browse(app).query_one("#tabs", LineBar).text
        for name, label in list(TABS.items())[1:]:
            assert f" {shown.first_of(f'browse.{name}')} {label}" in tabs
        footer = browse(app).query_one("#keys", LineBar).text
        for action in footer_actions(PLACES["browse"])[:5]:
            assert f"{shown.first(action)} {action.label}" in footer
        await press(pilot, REMAPPED["app.help"])
        assert isinstance(app.screen, HelpScreen)
        for row in app.screen.query_one(RowList).rows:
            if row.id in REMAPPED:
                text = " ".join(span.text for cell in row.lines[0] for span in cell.spans)
                action = next(action for action in ACTIONS if action.id == row.id)
                assert shown.of(action) in text, row.id
        await press(pilot, "escape", REMAPPED["app.palette"])
        assert isinstance(app.screen, CommandPalette)
        await pilot.press(*"insights")
        await settle(pilot)
        listed = app.screen.query_one(OptionList)
        texts = [str(listed.get_option_at_index(place).prompt) for place in range(listed.option_count)]
        assert any(shown.of(next(a for a in ACTIONS if a.id == "browse.insights")) in text for text in texts)


async def test_own_keys_run_their_actions(demo_harvested: Workspace, tmp_path: Path) -> None:
    keys = {
        "browse.runs": "?",
        "app.help": "R",
        "app.search": "ctrl+f",
        "list.down": "é",
        "browse.zoom": "alt+z",
    }
    app = app_with_keys(demo_harvested, tmp_path / "tui.toml", keys)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await settle(pilot)
        assert not app._notifications
        first = browse(app).spec
        await press(pilot, "question_mark")
        assert browse(app).tab == "runs" and app.screen is browse(app)
        await press(pilot, "j", "é")
        assert browse(app).spec not in ("", first)
        await press(pilot, "slash", "z")
        assert app.screen is browse(app) and not browse(app).zoomed
        await press(pilot, "alt+z")
        assert browse(app).zoomed
        await press(pilot, "R")
        assert isinstance(app.screen, HelpScreen)
        await press(pilot, "escape", "ctrl+f")
        assert isinstance(app.screen, SearchScreen)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"no.such": "x"}, ["keys for unknown actions: no.such"]),
        ({"list.down": "PgUp"}, ["keys that no terminal sends: PgUp"]),
        ({"list.down": "j,hyper+"}, ["keys that no terminal sends: hyper+"]),
        ({"browse.runs": "q"}, ["keys that two actions have: q (browse.runs, app.quit)"]),
        ({"file.edit": "slash"}, ["/ (file.edit, app.search)"]),
        ({"browse.runs": "R", "file.copy": "R"}, ["R (browse.runs, file.copy)"]),
        ({"browse.runs": "3", "browse.waves": "2"}, []),  # two that change places
        ({"run.brief": "s"}, []),  # sessions are opened elsewhere
        ({"list.down": "q"}, []),  # what has the focus comes first
    ],
)
def test_wrong_keys_are_told(changes: dict[str, str], told: list[str]) -> None:
    complaints = Keys(changes).complaints()
    assert len(complaints) == len(told)
    for text, complaint in zip(told, complaints, strict=True):
        assert text in complaint


def test_what_does_not_exist_is_left_out() -> None:
    keys = Keys({"no.such": "x", "list.down": "nope", "list.up": "nope,K"})
    assert keys.complaints()
    assert keys.changes == {"list.up": "K"}


def test_keys_may_be_written_as_they_are_printed(tmp_path: Path) -> None:
    path = tmp_path / "tui.toml"
    path.write_text('[keys]\n"app.help" = "?, f1"\n"app.search" = "/"\n"browse.wider" = ">"\n')
    assert load_keys(path)[0] == {
        "app.help": "question_mark,f1",
        "app.search": "slash",
        "browse.wider": "greater_than_sign",
    }


async def test_wrong_keys_are_told_in_the_app(demo_harvested: Workspace, tmp_path: Path) -> None:
    app = app_with_keys(demo_harvested, tmp_path / "tui.toml", {"no.such": "x", "browse.runs": "q"})
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await settle(pilot)
        told = " ".join(note.message for note in app._notifications)
        assert "no.such" in told and "q (browse.runs, app.quit)" in told
        assert "spw" in screen_text(app)

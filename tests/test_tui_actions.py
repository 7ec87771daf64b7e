"""One table of actions: keys, help and palette all come from it, and everything in it can be carried out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.command import CommandPalette
from textual.screen import Screen
from textual.widgets import OptionList

from spw_core.api import Workspace
from spw_tui.actions import ACTIONS, Scope, actions_in
from spw_tui.app import SpwApp
from spw_tui.commands import available, target_of
from spw_tui.screens.browse import BrowseScreen
from spw_tui.screens.help import HelpScreen
from spw_tui.screens.reader import ReaderScreen
from spw_tui.screens.run import RunScreen
from spw_tui.screens.search import SearchScreen
from spw_tui.screens.versions import VersionsScreen
from spw_tui.screens.wide import InsightsScreen, SessionsScreen
from spw_tui.widgets.board import Board
from spw_tui.widgets.hit_list import HitList
from spw_tui.widgets.row_list import RowList

from .make_key_table import README, key_table, with_key_table
from .tui_support import SIZE, browse, ids, make_app, press, screen_text, settle


@pytest.mark.parametrize(
    "screen", [BrowseScreen, RunScreen, ReaderScreen, VersionsScreen, InsightsScreen, SearchScreen]
)
def test_no_key_means_two_things(screen: type[BrowseScreen | SearchScreen]) -> None:
    """The focused widget's keys may shadow nothing of its screen; a list and a preview are never one."""
    for widget in (Scope.LIST, Scope.BOARD, Scope.PAGE):
        scopes = {*screen.SCOPES} - {Scope.LIST, Scope.BOARD, Scope.PAGE} | {widget}
        if screen is SearchScreen:
            continue  # its keys are for the input; the list has its own when it has the focus
        keys = Counter(key for action in actions_in(*scopes) for key in action.keys.split(","))
        allowed = {"h", "left"} if widget is Scope.BOARD else set()  # left on the board, back elsewhere
        assert {key for key, count in keys.items() if count > 1} == allowed


def test_every_action_is_bound() -> None:
    from spw_tui.widgets.document_view import DocumentView

    owners = (SpwApp, BrowseScreen, RunScreen, ReaderScreen, VersionsScreen, SessionsScreen, SearchScreen)
    widgets = (RowList, HitList, Board, DocumentView)
    bound = {b.action for owner in (*owners, *widgets) for b in owner.BINDINGS if isinstance(b, Binding)}
    assert {action.name for action in ACTIONS} <= bound


async def test_every_action_can_be_carried_out_where_it_is_offered(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    reached: set[tuple[Scope, str]] = set()

    def collect(screen: Screen[Any]) -> None:
        reached.update((action.scope, action.name) for action in available(screen))

    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        collect(app.screen)
        await press(pilot, "tab", "tab")
        collect(app.screen)
        await press(pilot, "shift+tab", "2", "enter")
        assert isinstance(app.screen, RunScreen)
        collect(app.screen)
        await press(pilot, "escape", "3")
        assert browse(app).board is not None
        collect(app.screen)
        await press(pilot, "5", "enter")
        assert isinstance(app.screen, ReaderScreen)
        collect(app.screen)
        await press(pilot, "d")
        assert isinstance(app.screen, VersionsScreen)
        collect(app.screen)
        await press(pilot, "escape", "escape", "i")
        assert isinstance(app.screen, InsightsScreen)
        collect(app.screen)
        await press(pilot, "escape", "s")
        assert isinstance(app.screen, SessionsScreen)
        collect(app.screen)
        await press(pilot, "escape", "slash", "shift+tab")
        collect(app.screen)
    assert {(action.scope, action.name) for action in ACTIONS} == reached


async def test_help_lists_all_actions_and_runs_them(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        listed = ids(app.screen.query_one(RowList))
        assert sorted(listed) == sorted(action.id for action in ACTIONS)
        assert "Search every document of the workspace" in screen_text(app)
        app.screen.query_one(RowList).select("browse.waves")
        await press(pilot, "enter")
        assert app.screen is browse(app)
        assert browse(app).tab == "waves"
        await press(pilot, "f1")
        app.screen.query_one(RowList).select("reading.raw")
        await press(pilot, "enter")
        assert browse(app).preview.view.raw
        await press(pilot, "f1")
        app.screen.query_one(RowList).select("run.brief")
        await press(pilot, "enter")
        assert isinstance(app.screen, HelpScreen), "it cannot be done here, so the list stays"


async def test_help_begins_with_the_pane_that_has_the_focus(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for keys, scope in (("", Scope.LIST), ("tab tab", Scope.PAGE), ("slash shift+tab", Scope.HITS)):
            await press(pilot, *keys.split(), "question_mark")
            assert isinstance(app.screen, HelpScreen)
            assert app.screen.query_one(RowList).rows[1].id == f"scope-{scope}"
            await press(pilot, "escape")


async def test_the_search_has_help_and_palette(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"login", "f1")
        assert isinstance(app.screen, HelpScreen)
        app.screen.query_one(RowList).select("search.keep")
        await press(pilot, "enter")
        assert isinstance(app.screen, SearchScreen)
        assert app.memory.saved == ["login"]
        await press(pilot, "ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        await press(pilot, *"five down", "enter")
        assert isinstance(app.screen, SearchScreen)
        assert app.screen.hits.row is app.screen.hits.rows[5]


async def test_palette_lists_all_actions_of_the_screen(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        expected = sorted(action.help for action in available(app.screen))
        await press(pilot, "ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        options = app.screen.query_one(OptionList).options
        prompts = [str(option.prompt) for option in options]
        assert len(prompts) == len(expected)
        for text in expected:
            assert any(text in prompt for prompt in prompts)


async def test_palette_runs_an_action_and_goes_to_a_spec(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+p", *"documents, ha")
        await pilot.pause(0.2)
        await press(pilot, "enter")
        assert browse(app).tab == "documents"
        await press(pilot, "ctrl+p", *"gift-ca")
        await pilot.pause(0.2)
        await press(pilot, "enter")
        assert browse(app).spec == "gift-cards"


async def test_actions_have_one_target(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert target_of("move(1)", app.screen) is browse(app).specs_list
        assert target_of("next_theme", app.screen) is app
        assert target_of("no_such_thing", app.screen) is None


async def test_quit(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("q")
    assert app.return_code == 0


async def test_a_crash_leaves_a_report(
    demo_harvested: Workspace, private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: SpwApp) -> None:
        raise LookupError("no such [/] thing")

    monkeypatch.setattr(SpwApp, "action_next_theme", fail)
    app = make_app(demo_harvested)
    with pytest.raises(LookupError):
        async with app.run_test(size=SIZE) as pilot:
            await settle(pilot)
            await pilot.press("t")
            await pilot.pause()
    reports = list(private_home.rglob("crash-*.txt"))
    assert len(reports) == 1 and "no such [/] thing" in reports[0].read_text()
    assert app.return_code == 1


def test_the_readme_has_the_keys_as_they_are() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_key_table(text) == text, "python -m tests.make_key_table writes them anew"
    assert "`/` search" in key_table() and "`tab` mode" in key_table()

"""The list widget by itself: the cursor follows its row, and size does not matter."""

from __future__ import annotations

import time
from collections.abc import Iterable

from textual.app import App, ComposeResult

from spw_core.api import Workspace
from spw_tui.rows import Row, Tone, cell, heading
from spw_tui.themes import DARK, themes
from spw_tui.widgets.row_list import RowList

from .tui_support import SIZE, browse, drawn, make_app, press, settle


class ListApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        for theme in themes():
            self.register_theme(theme)
        self.theme = DARK

    def compose(self) -> ComposeResult:
        yield RowList(id="list")


def rows(names: Iterable[str]) -> list[Row]:
    return [Row(name, ((cell(name, grow=True),), (cell("  second line"),))) for name in names]


async def test_the_cursor_stays_on_its_row_and_in_its_place() -> None:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(RowList)
        view.show(rows(f"row-{n:03}" for n in range(100)))
        view.focus()
        await pilot.press(*["j"] * 20)
        assert view.row is not None and view.row.id == "row-020"
        before = drawn(view)
        view.show(rows(["new-1", "new-2", *(f"row-{n:03}" for n in range(100))]))
        await pilot.pause()
        assert view.row is not None and view.row.id == "row-020"
        assert drawn(view) == before
        view.show(rows(f"row-{n:03}" for n in range(10)))
        await pilot.pause()
        assert view.row is not None and view.row.id == "row-009"


async def test_until_it_is_moved_the_cursor_is_on_the_first_row() -> None:
    app = ListApp()
    async with app.run_test(size=(40, 10)):
        view = app.query_one(RowList)
        view.show(rows(["b", "c"]))
        view.show(rows(["a", "b", "c"]))
        assert view.row is not None and view.row.id == "a"


async def test_titles_do_not_take_the_cursor() -> None:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(RowList)
        view.show([*heading("t1", "One"), *rows("ab"), *heading("t2", "Two"), *rows("c")])
        view.focus()
        seen = []
        for key in ("j", "j", "j", "k", "g", "G", "pageup", "pagedown"):
            await pilot.press(key)
            seen.append(view.row.id if view.row else "")
        assert seen == ["b", "c", "c", "b", "a", "c", "a", "c"]


async def test_messages_stand_in_place_of_rows() -> None:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.query_one(RowList)
        view.say("[/] went \x1b[31mwrong\nr tries again", Tone.BAD)
        await pilot.press("j", "k", "g", "G", "enter", "pageup")
        assert drawn(view).strip().split("\n") == ["[/] went wrong", "  r tries again"]
        view.show([], empty="nothing yet")
        assert view.message == "nothing yet"


async def test_a_hundred_thousand_rows() -> None:
    app = ListApp()
    many = rows(f"row-{n}" for n in range(100_000))
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.query_one(RowList)
        view.focus()
        started = time.process_time()
        view.show(many)
        await pilot.press("G", "k", "pageup", "g", "j")
        await pilot.pause()
        assert time.process_time() - started < 10  # of processor time; it is 0.2 s
        assert view.row is many[1]


async def test_text_of_a_list_is_selected_with_the_mouse(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        specs = browse(app).specs_list
        await pilot.mouse_down(specs, offset=(4, 0))
        await pilot.hover(specs, offset=(11, 1))
        await pilot.mouse_up(specs, offset=(11, 1))
        await settle(pilot)
        assert app.screen.get_selected_text() is not None
        first, second = str(app.screen.get_selected_text()).splitlines()
        assert first.startswith("billing-export") and second.strip() == "blocked"
        await press(pilot, "ctrl+c")
        assert app.clipboard.startswith("billing-export")
        await pilot.click(specs, offset=(5, 3), times=2)
        await settle(pilot)
        assert not app.screen.get_selected_text(), "a double click opens and selects nothing"


async def test_text_of_a_card_is_selected_without_the_column_beside_it(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        board = browse(app).board
        assert board is not None
        await pilot.mouse_down(board, offset=(1, 0))
        await pilot.hover(board, offset=(20, 1))
        await pilot.mouse_up(board, offset=(20, 1))
        await settle(pilot)
        text = str(app.screen.get_selected_text())
        assert "Wave 1" in text and "2/2" in text and "Wave 2" not in text

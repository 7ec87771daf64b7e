"""What the lines around the panes promise: keys that work where they are shown; and that words stay whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets._toast import Toast

from spw_core.api import Workspace
from spw_core.demo.conversations import write_conversations
from spw_tui.actions import ACTIONS, Keys
from spw_tui.rows import Tone, beside, cell, lay_out
from spw_tui.screens.help import HelpScreen
from spw_tui.screens.pick import PickScreen
from spw_tui.screens.run import RunScreen
from spw_tui.screens.search import SearchScreen
from spw_tui.screens.versions import VersionsScreen
from spw_tui.screens.wide import SessionsScreen
from spw_tui.themes import OWN
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.row_list import RowList

from .tui_support import SIZE, browse, drawn, ids, make_app, press, screen_text, settle

NARROW = (80, 24)


def footer(text: str) -> str:
    """The last line of the screen."""
    return text.rstrip().splitlines()[-1]


async def test_the_footer_of_the_filter_names_only_keys_that_are_no_letters(
    demo_harvested: Workspace,
) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        usual = footer(screen_text(app))
        await press(pilot, "f", *"wait")
        assert footer(screen_text(app)).split() == "enter to the specs esc all specs again".split()
        assert "▌ SPECS" in screen_text(app)  # the keys go there
        await press(pilot, "enter")
        assert footer(screen_text(app)) == usual
        await press(pilot, "f", "escape")
        assert footer(screen_text(app)) == usual
        assert len(ids(browse(app).specs_list)) == 8


@pytest.mark.parametrize("keys", [[], ["2", "tab", "enter"], ["5", "tab", "enter"], ["i"]], ids=" ".join)
async def test_a_narrow_footer_has_what_a_newcomer_needs(demo_harvested: Workspace, keys: list[str]) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        shown = footer(screen_text(app))
        assert all(f" {word} " in f"{shown} " for word in ("search", "copy", "edit", "quit", "help"))


async def test_a_narrow_search_promises_no_preview(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"login")
        assert isinstance(app.screen, SearchScreen) and not app.screen.preview.is_on_screen
        assert "preview" not in footer(screen_text(app))


def test_a_remark_gives_way_to_what_it_is_about() -> None:
    line = beside(
        (cell("✖ blocked", width=12), cell("a long sentence", grow=True)), cell("→ file.md", Tone.DIM)
    )
    wide, narrow = ("".join(span.text for span in lay_out(line, width)) for width in (38, 37))
    assert wide == "✖ blocked    a long sentence → file.md"
    assert narrow.rstrip() == "✖ blocked    a long sentence"


async def test_at_eighty_columns_names_and_times_are_whole(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        assert "checkout-flaky-tests" in drawn(browse(app).specs_list)
        await press(pilot, "5")
        handoff = next(line for line in drawn(browse(app).rows_list).splitlines() if "run-002" in line)
        assert handoff.split()[-1] == "21h"


async def test_problems_are_told_without_the_marks_of_their_markdown(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        shown = screen_text(app)
        assert "Report: task-implementer-4 Status: PASS" in shown


async def test_our_own_themes_come_first(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "T")
        assert isinstance(app.screen, PickScreen)
        names = ids(app.screen.choices_list)
        assert tuple(names[: len(OWN)]) == OWN and names[len(OWN) :] == sorted(names[len(OWN) :])


async def test_versions_say_how_many_they_are_and_which_is_shown(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "tab", "j", "j", "d")
        screen = app.screen
        assert isinstance(screen, VersionsScreen)
        assert drawn(screen.query_one("#versions-title", LineBar)).split() == ["▌", "VERSIONS", "3"]
        assert "1 line added, 1 removed" in drawn(screen.preview.view)
        await press(pilot, "d", "j")
        assert "snapshot 2, revision requested · the whole text" in screen_text(app)


async def test_without_problems_nothing_is_similar(tmp_path: Path) -> None:
    (tmp_path / ".spec-workflow" / "specs").mkdir(parents=True)
    app = make_app(Workspace.open(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        assert "nothing was ever blocked here" in screen_text(app)
        assert "SIMILAR" not in screen_text(app)


async def test_the_other_look_of_the_tasks_keeps_the_cursor(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "4", "tab", "j", "j", "j")
        rows = browse(app).rows_list
        task = rows.row
        assert task is not None and rows.rows[0] != task
        for _ in range(2):
            await press(pilot, "v")
            assert rows.row is not None and rows.row.id == task.id


@pytest.mark.parametrize(("key", "part"), [("1", "brief.md"), ("2", "report.md"), ("3", "status.json")])
async def test_the_keys_of_the_parts_work_from_the_handoff(
    demo_harvested: Workspace, key: str, part: str
) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "tab", "j", "enter")
        screen = app.screen
        assert isinstance(screen, RunScreen)
        assert screen.parts_list.row is not None and screen.parts_list.row.id == "handoff"
        await press(pilot, key)
        ref, agent = screen.preview.ref, screen.parts_list.row
        assert ref is not None and ref.path == f"{agent.id}/{part}"


async def test_what_an_overlay_says_of_its_keys_can_be_clicked(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for key, overlay in (("question_mark", HelpScreen), ("w", PickScreen), ("c", PickScreen)):
            await press(pilot, key)
            assert isinstance(app.screen, overlay)
            await click(pilot, "esc closes")
            assert browse(app) is app.screen
        await press(pilot, "c")
        await click(pilot, "enter takes")
        assert browse(app) is app.screen
        await press(pilot, "f", *"wait")
        await click(pilot, "to the specs")
        assert browse(app).pane == "specs" and len(ids(browse(app).specs_list)) == 3
        await press(pilot, "f")
        await click(pilot, "all specs again")
        assert browse(app).pane == "specs" and len(ids(browse(app).specs_list)) == 8


async def test_a_click_on_the_title_of_the_preview_goes_there(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.click("#preview-title")
        assert browse(app).pane == "preview"


@pytest.mark.parametrize("size", [(60, 24), NARROW, SIZE, (200, 50)], ids=str)
async def test_a_toast_shows_all_that_was_copied(demo_harvested: Workspace, size: tuple[int, int]) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "y")
        await pilot.pause()
        ref, area = browse(app).preview.ref, app.screen.query_one(Toast).region
        lines = screen_text(app).splitlines()[area.y : area.bottom]
        told = [line.ljust(size[0])[area.x + 1 : area.right].strip() for line in lines]
        assert ref is not None and "".join(told) == f"Copied{ref.shown_path}"
        assert told[0] == told[-1] == ""  # its margin


async def click(pilot: Pilot[Any], text: str) -> None:
    """Click where a text stands on the screen."""
    lines = screen_text(pilot.app).splitlines()
    row = next(number for number, line in enumerate(lines) if text in line)
    await pilot.click(offset=(cell_len(lines[row].split(text)[0]) + 1, row))
    await settle(pilot)


@pytest.mark.parametrize("width", [50, 80, 120])
async def test_no_word_of_the_help_is_cut(demo_harvested: Workspace, width: int) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=(width, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "question_mark")
        back = next(action for action in ACTIONS if action.id == "browse.back")
        rows = app.screen.query_one(RowList)
        rows.select(back.id)
        await settle(pilot)
        assert f" {Keys().of(back)} " in screen_text(app)
        assert not any("…" in rows.line_text(line) for line in range(rows.line_count()))


async def test_on_a_narrow_screen_a_session_can_be_read(demo: Workspace) -> None:
    demo.import_transcripts(write_conversations(demo.paths.root))
    app = make_app(demo)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "s")
        screen = app.screen
        assert isinstance(screen, SessionsScreen)
        for key in ("enter", "tab"):
            await press(pilot, key)
            assert (
                screen.pane == "preview" and screen.preview.is_on_screen and "assistant" in screen_text(app)
            )
            await press(pilot, "escape")
            assert screen.pane == "rows" and screen.rows_list.is_on_screen and app.screen is screen


async def test_the_keys_never_go_to_a_pane_that_is_hidden(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "tab", "z", "tab")
        assert browse(app).pane == "preview"
        await press(pilot, "escape")
        assert browse(app).pane == "rows"

"""Search in the app: while typing, in order, and back to the same results."""

from __future__ import annotations

import threading
from pathlib import Path

from spw_core.api import Workspace
from spw_core.search.find import SearchAnswer
from spw_core.search.results import SearchResult
from spw_tui.app import SpwApp
from spw_tui.data import DataService
from spw_tui.rows import Tone
from spw_tui.screens.reader import ReaderScreen
from spw_tui.screens.search import SearchScreen
from spw_tui.viewmodels.hits import snippet_spans

from .tui_support import SIZE, browse, drawn, frozen_clock, make_app, press, screen_text, settle


async def test_the_flaky_login_handoff_is_found_while_typing(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash")
        search = app.screen
        assert isinstance(search, SearchScreen)
        assert "every brief, report, handoff" in drawn(search.hits)
        await press(pilot, *"login inst")
        assert "lexical search" in screen_text(app)
        handoff = next(row for row in search.hits.rows if row.document and row.document.name == "_handoff.md")
        search.hits.select(handoff.id)
        await settle(pilot)
        assert "instável" in search.preview.view.text
        await press(pilot, "enter")
        assert isinstance(app.screen, ReaderScreen)
        assert "correção do teste de login instável" in screen_text(app)
        await press(pilot, "b")
        assert app.screen is search
        assert search.hits.row == handoff
        await press(pilot, "escape")
        assert app.screen is browse(app)


async def test_arrows_move_the_list_while_the_input_keeps_the_focus(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"login")
        search = app.screen
        assert isinstance(search, SearchScreen)
        first = search.hits.row
        await press(pilot, "down", "down")
        assert search.hits.row is search.hits.rows[2]
        await press(pilot, "up", "up")
        assert search.hits.row == first
        await press(pilot, "q")
        assert app.screen is search and search.focused is not None and search.focused.id == "query"


async def test_the_preview_is_at_the_line_of_the_hit(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"ledger", "space", *"totals")
        search = app.screen
        assert isinstance(search, SearchScreen)
        tasks = next(r for r in search.hits.rows if r.document and r.document.path == "tasks.md")
        search.hits.select(tasks.id)
        await settle(pilot)
        assert "totals" in drawn(search.preview.view)
        assert search.preview.view.scroll_offset.y > 0


async def test_nothing_found_says_what_to_do(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"zzzqqq")
        assert "Nothing matches zzzqqq" in screen_text(app)
        assert "Fewer words find more" in screen_text(app)


async def test_search_from_a_document_goes_back_to_the_results(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"login", "enter")
        assert isinstance(app.screen, ReaderScreen)
        await press(pilot, "slash")
        assert isinstance(app.screen, SearchScreen)
        assert len(app.screen_stack) == 2


async def test_before_the_first_harvest(demo: Workspace) -> None:
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash")
        assert "Nothing is harvested yet" in screen_text(app)


class SlowData(DataService):
    """Answers each search when it is told to, in any order."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.gates: dict[str, threading.Event] = {}

    def search(self, query: str) -> SearchAnswer:
        gate = self.gates.setdefault(query, threading.Event())
        gate.wait(10)
        if query == "bad":
            raise RuntimeError("no such [/] thing")
        return SearchAnswer(query, "auto", "lexical", "", (_result(query),))


def _result(query: str) -> SearchResult:
    return SearchResult(
        id=1,
        spec="user-auth",
        type="report",
        phase="",
        command="",
        run="",
        wave=0,
        agent="",
        status="",
        title=f"answer to {query}",
        heading="",
        path="specs/user-auth/tasks.md",
        line=1,
        snippet="",
        score=1.0,
        matched=(),
        updated_at="",
    )


async def test_an_older_answer_never_replaces_a_newer_one(demo_harvested: Workspace) -> None:
    data = SlowData(demo_harvested.paths.root)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("slash", "a", "b")
        search = app.screen
        assert isinstance(search, SearchScreen)
        while set(data.gates) != {"a", "ab"}:
            await pilot.pause(0.01)
        data.gates["ab"].set()
        while not search.hits.rows:
            await pilot.pause(0.01)
        assert "answer to ab" in drawn(search.hits)
        data.gates["a"].set()
        await settle(pilot)
        assert "answer to ab" in drawn(search.hits)
        assert "answer to a " not in drawn(search.hits)


async def test_a_search_that_fails_is_told_and_the_next_one_works(demo_harvested: Workspace) -> None:
    data = SlowData(demo_harvested.paths.root)
    for query in ("b", "ba", "bad", "bade"):
        data.gates[query] = threading.Event()
        data.gates[query].set()
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", "b", "a", "d")
        assert "no such [/] thing" in screen_text(app)
        await press(pilot, "e")
        assert "answer to bade" in screen_text(app)


def test_marks_become_tones() -> None:
    spans = snippet_spans("a «b» c » d « e «f»")
    assert [(span.text, span.tone is Tone.MARK) for span in spans] == [
        ("a ", False),
        ("b", True),
        (" c » d ", False),
        (" e ", False),
        ("f", True),
    ]

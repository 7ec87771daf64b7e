"""Two answers to what is typed: one at once, the final one when typing pauses."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot

from spw_core.api import Workspace
from spw_core.errors import Stopped
from spw_core.refs import DocumentRef
from spw_core.search.find import SearchAnswer
from spw_tui.app import SpwApp
from spw_tui.screens.reader import ReaderScreen
from spw_tui.screens.search import SearchScreen

from .test_tui_search import SlowData, a_result, bar
from .tui_support import SIZE, browse, drawn, frozen_clock, ids, press, settle


class HastyData(SlowData):
    """Answers soon, and when it is told to, finally; unless the question is taken back."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.final_asked: list[str] = []
        self.stopped: list[str] = []

    def search(
        self,
        query: str,
        mode: str = "auto",
        *,
        quick: bool = False,
        stopped: Callable[[], bool] | None = None,
    ) -> SearchAnswer:
        results = tuple(
            replace(a_result(query), id=number, title=f"{query} {number}") for number in (1, 2, 3)
        )
        if quick:
            return SearchAnswer(
                query, mode, "lexical", "", results if "n" not in query else (), is_final=False
            )
        self.final_asked.append(query)
        gate = self.gates.setdefault(query, threading.Event())
        while not gate.wait(0.01):
            if stopped and stopped():
                self.stopped.append(query)
                raise Stopped("the question was taken back")
        last = replace(a_result(query), id=4, title=f"{query} 4")
        return SearchAnswer(query, mode, "hybrid", "", (last, *reversed(results)))


async def wait_until(pilot: Pilot[None], is_so: Callable[[], bool]) -> None:
    for _ in range(1000):
        if is_so():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came to that")


@asynccontextmanager
async def searching(
    workspace: Workspace, *keys: str, asked: Sequence[str] = ()
) -> AsyncIterator[tuple[Pilot[None], HastyData, SearchScreen]]:
    """The search, after some keys, when these final answers are asked for."""
    data = HastyData(workspace.paths.root)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("slash", *keys)
        search = app.screen
        assert isinstance(search, SearchScreen)
        await wait_until(pilot, lambda: data.final_asked == list(asked))
        yield pilot, data, search


async def test_a_quick_answer_becomes_the_final_one_without_jumping(demo_harvested: Workspace) -> None:
    async with searching(demo_harvested, "q", asked=["q"]) as (pilot, data, search):
        assert ids(search.hits) == ["1", "2", "3"]
        assert "lexical so far" in bar(search, "search-title")
        await pilot.press("down")
        assert search.hits.row and search.hits.row.id == "2"
        data.gates["q"].set()
        await settle(pilot)
        assert ids(search.hits) == ["4", "3", "2", "1"]
        assert search.hits.row.id == "2"
        assert "hybrid" in bar(search, "search-title") and "so far" not in bar(search, "search-title")


async def test_a_cursor_that_nobody_moved_is_on_the_best_result(demo_harvested: Workspace) -> None:
    data = HastyData(demo_harvested.paths.root)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        data.gates["q"] = threading.Event()
        data.gates["q"].set()
        await press(pilot, "slash", "q")
        search = app.screen
        assert isinstance(search, SearchScreen)
        assert search.hits.row and search.hits.row.id == "4"


async def test_typing_on_ends_the_search_for_the_rest(demo_harvested: Workspace) -> None:
    async with searching(demo_harvested, "q", asked=["q"]) as (pilot, data, search):
        await pilot.press("r")
        await wait_until(pilot, lambda: data.final_asked == ["q", "qr"])
        assert data.stopped == ["q"]
        assert "qr 1" in drawn(search.hits)
        data.gates["qr"].set()
        await settle(pilot)
        assert "qr 4" in drawn(search.hits)
        await pilot.press("s")
        await wait_until(pilot, lambda: data.final_asked[-1] == "qrs")
        await pilot.press("escape")
        await wait_until(pilot, lambda: data.stopped == ["q", "qrs"])
        assert pilot.app.screen is browse(pilot.app)


async def test_an_older_final_answer_never_replaces_a_newer_quick_one(demo_harvested: Workspace) -> None:
    async with searching(demo_harvested, "q", asked=["q"]) as (pilot, data, search):
        data.gates["q"].set()  # the answer is on its way when the next key comes
        search.query_input.set("qr")
        await wait_until(pilot, lambda: "qr" in data.final_asked)
        assert ids(search.hits) == ["1", "2", "3"]
        assert "qr 1" in drawn(search.hits)
        data.gates["qr"].set()
        await settle(pilot)


async def test_enter_without_a_look_opens_the_best_of_the_final_answer(demo_harvested: Workspace) -> None:
    async with searching(demo_harvested, "q", "enter", asked=["q"]) as (pilot, data, search):
        assert pilot.app.screen is search
        data.gates["q"].set()
        await settle(pilot)
        assert isinstance(pilot.app.screen, ReaderScreen)
        assert search.hits.row and search.hits.row.id == "4"


async def test_enter_on_a_chosen_result_waits_for_nothing(demo_harvested: Workspace) -> None:
    async with searching(demo_harvested, "q", asked=["q"]) as (pilot, data, search):
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, ReaderScreen))
        assert search.hits.row and search.hits.row.id == "2"
        data.gates["q"].set()
        await settle(pilot)
        assert search.hits.row.id == "2"


async def test_nothing_found_soon_is_not_said_before_the_end(demo_harvested: Workspace) -> None:
    async with searching(demo_harvested, "q", asked=["q"]) as (pilot, data, search):
        await pilot.press("n")
        await wait_until(pilot, lambda: data.final_asked == ["q", "qn"])
        assert "q 1" in drawn(search.hits)
        data.gates["qn"].set()
        await settle(pilot)
        assert "qn 4" in drawn(search.hits)


async def test_what_is_typed_comes_before_the_document_that_was_about_to_be_read(
    demo_harvested: Workspace,
) -> None:
    async with searching(demo_harvested) as (pilot, data, search):
        await settle(pilot)
        waiting = DocumentRef("user-auth", "tasks.md")
        search.preview.open(waiting, pause=0.2)
        search.query_input.set("n")  # nothing is found soon, so that no row asks for a document
        await wait_until(pilot, lambda: data.final_asked == ["n"])
        await pilot.pause(0.3)
        assert search.preview.view.ref != waiting
        assert search.preview.ref == search.preview.view.ref
        assert "tasks.md" not in bar(search, "preview-title")
        data.gates["n"].set()
        await wait_until(pilot, lambda: bool(search.preview.view.ref))
        assert search.hits.row and search.preview.view.ref == search.hits.row.document

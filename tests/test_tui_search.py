"""Search in the app: while typing, in order, and back to the same results."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.demo.conversations import write_conversations
from spw_core.errors import StoreError
from spw_core.search.find import SearchAnswer
from spw_core.search.results import SearchResult
from spw_tui.app import SpwApp
from spw_tui.data import DataService
from spw_tui.rows import Tone
from spw_tui.screens import search as search_screen
from spw_tui.screens.reader import ReaderScreen
from spw_tui.screens.search import SearchScreen
from spw_tui.screens.wide import SessionsScreen
from spw_tui.viewmodels import filters
from spw_tui.viewmodels.hits import hit_rows, snippet_spans
from spw_tui.viewmodels.sessions import session_text
from spw_tui.widgets.document_view import marks_of
from spw_tui.widgets.line_bar import LineBar

from .tui_support import SIZE, browse, drawn, frozen_clock, make_app, press, screen_text, settle


async def test_the_flaky_login_handoff_is_found_while_typing(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash")
        search = app.screen
        assert isinstance(search, SearchScreen)
        assert "everything that was written is searched." in drawn(search.hits)
        await press(pilot, *"login inst")
        assert screen_text(app).splitlines()[0].endswith("lexical")
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
        assert "Another word for it may." in screen_text(app)
        await press(pilot, "space", *"yyyqqq")
        assert "Fewer words find more." in screen_text(app)


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

    def search(
        self,
        query: str,
        mode: str = "auto",
        *,
        quick: bool = False,
        stopped: Callable[[], bool] | None = None,
    ) -> SearchAnswer:
        gate = self.gates.setdefault(query, threading.Event())
        gate.wait(10)
        if query == "bad":
            raise RuntimeError("no such [/] thing")
        return SearchAnswer(query, "auto", "lexical", "", (a_result(query),))


def a_result(query: str) -> SearchResult:
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
        while "answer to ab" not in drawn(search.hits):
            await pilot.pause(0.01)
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


async def test_a_slow_index_is_not_flooded(demo_harvested: Workspace) -> None:
    data = SlowData(demo_harvested.paths.root)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"abcdefgh")
        search = app.screen
        assert isinstance(search, SearchScreen)
        assert search.text == "abcdefgh"
        assert set(data.gates) == {"a", "ab"}
        data.gates["a"].set()
        while "abcdefgh" not in data.gates:
            await pilot.pause(0.01)
        data.gates["ab"].set()
        data.gates["abcdefgh"].set()
        await settle(pilot)
        assert set(data.gates) == {"a", "ab", "abcdefgh"}
        assert "answer to abcdefgh" in drawn(search.hits)


def bar(search: SearchScreen, name: str) -> str:
    return search.query_one(f"#{name}", LineBar).text


async def test_filters_are_completed_and_become_chips(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"totals sp")
        search = app.screen
        assert isinstance(search, SearchScreen)
        assert "tab spec:" in bar(search, "chips")
        await press(pilot, "tab")
        assert search.text == "totals spec:"
        assert "billing-export" in bar(search, "chips")
        await press(pilot, *"bill", "tab")
        assert search.text == "totals spec:billing-export"
        assert " spec:billing-export × " in bar(search, "chips")
        specs = {row.document.spec for row in search.hits.rows if row.document}
        assert specs == {"billing-export"}
        await pilot.click("#chips", offset=(5, 0))
        await settle(pilot)
        assert search.text == "totals"
        assert len({row.document.spec for row in search.hits.rows if row.document}) > 1


async def test_tab_goes_through_the_modes_and_the_used_one_is_told(demo: Workspace) -> None:
    demo.harvest()
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"login ")
        search = app.screen
        assert isinstance(search, SearchScreen)
        assert "lexical" in bar(search, "search-title")
        assert "words only" in bar(search, "chips")
        modes = [search.mode]
        for _ in range(3):
            await press(pilot, "tab")
            modes.append(search.mode)
            assert search.mode in bar(search, "search-title")
        assert modes == ["auto", "lexical", "semantic", "hybrid"]
        await press(pilot, "tab")
        assert search.mode == "auto"


async def test_results_by_spec(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"login", "down")
        search = app.screen
        assert isinstance(search, SearchScreen)
        row = search.hits.row
        count = len([each for each in search.hits.rows if each.selectable])
        await press(pilot, "ctrl+g")
        titles = [
            each.id for each in search.hits.rows if each.id.startswith("group-") and "gap" not in each.id
        ]
        assert len(titles) > 1
        assert len([each for each in search.hits.rows if each.selectable]) == count
        assert row is not None and search.hits.row is not None and search.hits.row.id == row.id
        await press(pilot, "shift+tab", "g")
        assert not app.memory.group
        assert all(each.selectable for each in search.hits.rows)


async def test_nothing_found_says_which_filter_is_to_blame(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"login spec:nope ")
        search = app.screen
        assert isinstance(search, SearchScreen)
        assert "without spec:nope " in drawn(search.hits)  # as it was typed
        await press(pilot, "enter")
        assert search.text == "login"
        assert "login" in drawn(search.hits)


async def test_a_misspelt_word_is_corrected_and_told(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"lgoin ")
        search = app.screen
        assert isinstance(search, SearchScreen)
        assert "login for lgoin" in bar(search, "search-title")


async def test_searches_are_remembered_and_kept(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"ledger", "enter", "escape", "ctrl+s", "escape")
        await press(pilot, "slash", *"cookie", "enter", "escape", "escape", "slash")
        search = app.screen
        assert isinstance(search, SearchScreen)
        shown = drawn(search.hits)
        assert "KEPT SEARCHES" in shown and "RECENT SEARCHES" in shown and "NEWEST DOCUMENTS" in shown
        assert app.memory.saved == ["ledger"] and app.memory.searches == ["cookie", "ledger"]
        await press(pilot, "enter")
        assert search.text == "ledger" and search.hits.rows
        await press(pilot, "ctrl+s")
        assert app.memory.saved == []


async def test_every_key_works_while_a_search_runs(demo_harvested: Workspace) -> None:
    data = SlowData(demo_harvested.paths.root)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("slash", "a", "down", "up", "tab", "ctrl+g", "shift+tab", "escape")
        assert app.screen is browse(app)
        for gate in data.gates.values():
            gate.set()
        await asyncio.sleep(0)
        await settle(pilot)
        assert app.is_running


def test_chips_are_found_and_taken_off() -> None:
    query = 'a spec:x -type:"b c" http://x.org since:2w'
    assert [chip.text for chip in filters.chips(query)] == ["spec:x", '-type:"b c"', "since:2w"]
    assert filters.without(query, 0) == 'a -type:"b c" http://x.org since:2w'
    assert filters.without(query, 7) == query
    assert filters.without_filter("a spec:x wave:2 spec:y", "spec:x*") == "a wave:2"
    assert filters.without_filter("a -spec:x spec:y", "spec:y*") == "a -spec:x"
    assert filters.as_typed("a -spec:x spec:y", "spec:y*") == "spec:y"
    assert filters.without_filter("-spec:x -spec:y b", "-spec:y") == "-spec:x b"
    assert filters.without_filter("-type:log spec:x b", "-type:implementation-log") == "spec:x b"
    assert filters.without_filter("-spec:x spec:x b", "spec:x -spec:x") == "b"


def test_completions() -> None:
    values = filters.values_of(["alpha", "beta"])
    assert filters.complete("x sp", values).texts == ("x spec:",)
    assert filters.complete("x -spec:", values).labels == ("alpha", "beta")
    assert filters.complete("x spec:a", values).texts == ("x spec:alpha",)
    for query in ("", "x ", "s", "spec:alpha", "spec:alpha ", '"sp', "nothing:a"):
        assert filters.complete(query, values).texts == (), query


@pytest.mark.parametrize(
    ("word", "text", "marked"),
    [
        ("pas", "It passed, no bypass", ["passed"]),
        ("認証機能", "この認証機能は認証機能", ["認証機能", "認証機能"]),
        ("テスト", "ログインのテストabc", ["テスト"]),
        ("login機", "the login機能 relogin機", ["login機"]),
        (".env", "in .env and .envrc", [".env", ".envrc"]),
        ("c++", "C++ is c++17", ["C++", "c++17"]),
        ("instável", "INSTÁVEL e instáveis", ["INSTÁVEL"]),
    ],
)
def test_the_document_marks_words_that_begin_so_and_signs_anywhere(
    word: str, text: str, marked: list[str]
) -> None:
    assert marks_of(("", word)).findall(text) == marked


def test_marks_become_tones() -> None:
    spans = snippet_spans("a «b» c » d « e «f»")
    assert [(span.text, span.tone is Tone.MARK) for span in spans] == [
        ("a ", False),
        ("b", True),
        (" c » d ", False),
        (" e ", False),
        ("f", True),
    ]


@pytest.mark.parametrize("size", [SIZE, (80, 24)])
async def test_a_message_opens_in_its_session_at_the_message(demo: Workspace, size: tuple[int, int]) -> None:
    demo.harvest()
    demo.import_transcripts(write_conversations(demo.paths.root))
    app = make_app(demo)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"flaky")
        search = app.screen
        assert isinstance(search, SearchScreen)
        hit = next(row for row in search.hits.rows if row.document and row.document.message_key)
        assert hit.document is not None
        said = demo.said(hit.document.message_key)
        first_words = " ".join(said.content.split()[:3])
        search.hits.select(hit.id)
        await settle(pilot)
        assert first_words in search.preview.view.text or size != SIZE
        await press(pilot, "enter")
        sessions = app.screen
        assert isinstance(sessions, SessionsScreen)
        assert sessions.rows_list.row is not None and sessions.rows_list.row.id == said.session_id
        assert first_words in drawn(sessions.preview.view)
        assert sessions.pane == "preview"
        await press(pilot, "slash")
        assert app.screen is search
        assert search.hits.row == hit


async def test_a_message_that_is_gone_meanwhile_says_so(demo: Workspace) -> None:
    demo.harvest()
    demo.import_transcripts(write_conversations(demo.paths.root))
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"type:message flaky")
        search = app.screen
        assert isinstance(search, SearchScreen)
        demo.forget([session.id for session in demo.sessions()])
        await press(pilot, "down", "enter")
        assert isinstance(app.screen, SessionsScreen)
        assert "no message" in app.screen.rows_list.message


def test_the_line_of_a_message_in_the_text_of_its_session(demo: Workspace) -> None:
    demo.import_transcripts(write_conversations(demo.paths.root))
    for session in demo.sessions():
        view = demo.session(session.id)
        assert session_text(view)[1] == 0
        for content in {message.content for message in view.messages if message.content}:
            text, line = session_text(view, content)
            assert text.split("\n")[line - 1].startswith("#")
            assert "\n".join(text.split("\n")[line + 1 :]).startswith(content)


@pytest.mark.parametrize(
    ("snippet", "shown"),
    [
        (
            "a cookie is set after the login, so we remove the «race» here",
            "…login, so we remove the race here",
        ),
        ("…* BLOCKED ## Summary **Status:** `«race»` | x |", "…Summary Status: race x"),
        ("| a | b | |---|:---:| | «race» | -- |", "a b race --"),
        ("長" * 30 + "「«race»」", "…" + "長" * 24 + "「race」"),
        ("## Race **«condition»**. f(**kwargs)", "Race condition. f(kwargs)"),
    ],
)
def test_snippets_are_prose_from_a_whole_word_on(snippet: str, shown: str) -> None:
    result = replace(a_result("race"), snippet=snippet)
    (row,) = hit_rows(SearchAnswer("race", "auto", "lexical", "", (result,)), 0)
    assert "".join(span.text for span in row.lines[2][0].spans) == shown


async def test_a_slow_answer_is_announced_and_lexical_is_a_wish(demo_harvested: Workspace) -> None:
    data = SlowData(demo_harvested.paths.root)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("slash", "x")
        while "searching…" not in screen_text(app):
            await pilot.pause(0.05)
        data.gates["x"].set()
        await settle(pilot)
        assert "searching…" not in screen_text(app)
    assert demo_harvested.search("login", mode="lexical").reason == "words only, as asked"


async def test_a_workspace_that_is_taken_away_is_told_and_comes_back(demo: Workspace) -> None:
    root = demo.paths.root
    app = make_app(demo)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "j", "j")
        chosen = browse(app).spec
        assert re.search(r"SPECS .* \d+$", browse(app).query_one("#specs-title", LineBar).text.rstrip())
        root.rename(root.with_name("elsewhere"))
        browse(app).poll()
        await settle(pilot)
        assert "is no workspace any more" in " ".join(drawn(browse(app).specs_list).split())
        browse(app).action_sort_specs()
        assert "is no workspace any more" in " ".join(drawn(browse(app).specs_list).split())
        assert browse(app).query_one("#specs-title", LineBar).text.split() == ["▌", "SPECS"], (
            "none is counted or in an order"
        )
        assert browse(app).facts is None and not browse(app).preview.view.text
        assert drawn(browse(app).query_one("#specs-title", LineBar)).split() == ["▌", "SPECS"]
        assert "2 Runs " in screen_text(app) and "2 Runs 1" not in screen_text(app)
        await press(pilot, "H")
        told = " ".join(toast.message.replace("\n", " | ") for toast in app._notifications)
        assert told.endswith("still there? | H tries again")
        await press(pilot, "r")
        assert "is no workspace any more" in " ".join(drawn(browse(app).specs_list).split())
        root.with_name("elsewhere").rename(root)
        browse(app).poll()
        await settle(pilot)
        row = browse(app).specs_list.row
        assert re.search(r"SPECS .* \d+$", browse(app).query_one("#specs-title", LineBar).text.rstrip())
        assert row is not None and row.id == browse(app).spec == chosen and browse(app).facts is not None


async def test_a_difference_says_between_what(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "tab", "d", "j")
        assert "→" in drawn(app.screen.query_one("#preview-title", LineBar))


class BusyData(DataService):
    """Another program holds the index for the first searches."""

    def __init__(self, root: Path, busy: int) -> None:
        super().__init__(root)
        self.busy = busy
        self.asked = 0

    def search(
        self,
        query: str,
        mode: str = "auto",
        *,
        quick: bool = False,
        stopped: Callable[[], bool] | None = None,
    ) -> SearchAnswer:
        self.asked += 1
        if self.asked <= self.busy:
            raise StoreError("the index is locked", "Another program is using it.")
        return SearchAnswer(query, "auto", "lexical", "", (a_result(query),))


async def test_a_search_that_failed_is_asked_again_by_itself(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_screen, "_RETRY_SECONDS", 0.01)
    data = BusyData(demo_harvested.paths.root, busy=3)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("slash", "a")
        search = app.screen
        assert isinstance(search, SearchScreen)
        while "answer to a" not in drawn(search.hits):
            await pilot.pause(0.01)
        assert data.asked == 4
        assert "asked again" not in bar(search, "search-title")


async def test_grouping_puts_no_older_answer_in_the_place_of_a_failure(demo_harvested: Workspace) -> None:
    data = BusyData(demo_harvested.paths.root, busy=0)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", "a")
        search = app.screen
        assert isinstance(search, SearchScreen)
        assert "answer to a" in drawn(search.hits)
        data.busy = 1000
        await press(pilot, "b", "ctrl+g")
        assert "answer to a" not in drawn(search.hits) and "locked" in search.hits.message
        assert "asked again" in bar(search, "search-title")


async def test_a_search_that_waits_for_a_lock_says_so(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_screen, "_STUCK_SECONDS", 0.01)
    data = SlowData(demo_harvested.paths.root)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"abc")  # more than are asked at once
        search = app.screen
        assert isinstance(search, SearchScreen)
        while "maybe with another program" not in bar(search, "search-title"):
            await pilot.pause(0.01)
        for query in ("a", "ab", "abc"):
            data.gates.setdefault(query, threading.Event()).set()
        while "answer to abc" not in drawn(search.hits):
            await pilot.pause(0.01)
        assert "busy" not in bar(search, "search-title")

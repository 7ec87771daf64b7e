"""Keys that come all at once, pastes, and Enter before the answer: nothing goes astray."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
from textual.events import Key, Paste

from spw_core.api import Workspace
from spw_tui.app import SpwApp
from spw_tui.screens.reader import ReaderScreen
from spw_tui.screens.search import SearchScreen

from .test_tui_search import SlowData
from .tui_support import SIZE, browse, frozen_clock, make_app, press, screen_text, settle

_USUAL_SCREEN = b"\x1b[?1049l"
_NAMES = {"/": "slash", "-": "minus", " ": "space", "\r": "enter"}


def type_at_once(app: SpwApp, text: str) -> None:
    """Keys as a terminal hands them over after a stall: all before the first of them is looked at."""
    for char in text:
        app.post_message(Key(_NAMES.get(char, char), char if char.isprintable() else None))


async def test_a_search_typed_at_once_is_all_in_the_field(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        type_at_once(app, "/race qet 2")
        await settle(pilot)
        assert isinstance(app.screen, SearchScreen)
        assert app.screen.text == "race qet 2"


async def test_a_filter_typed_at_once_is_all_in_the_field(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        type_at_once(app, "fuser-auth\r2")
        await settle(pilot)
        assert browse(app).spec == "user-auth"
        assert app.screen is browse(app) and browse(app).tab == "runs"


async def test_a_page_that_is_pasted_becomes_one_query(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"a")
        search = app.screen
        assert isinstance(search, SearchScreen)
        app.post_message(Paste("\nlogin\n\tinstável\x1b[31m " + "more of it\n" * 100_000))
        await settle(pilot)
        assert search.text.startswith("alogin instável more of it more")
        assert len(search.text) <= 500
        type_at_once(app, "x" * 2000)
        await settle(pilot)
        assert len(search.text) == 500


async def test_enter_before_the_answer_opens_the_answer(demo_harvested: Workspace) -> None:
    data = SlowData(demo_harvested.paths.root)
    app = SpwApp(data, frozen_clock)
    app.memory.note_search("something older")
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("slash")
        await settle(pilot)
        type_at_once(app, "x\r")
        while "x" not in data.gates:
            await pilot.pause(0.01)
        search = app.screen
        assert isinstance(search, SearchScreen) and search.text == "x"
        data.gates["x"].set()
        await settle(pilot)
        assert isinstance(app.screen, ReaderScreen)


async def test_enter_asks_again_after_a_failure(demo_harvested: Workspace) -> None:
    data = SlowData(demo_harvested.paths.root)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for query in ("b", "ba", "bad"):
            data.gates[query] = threading.Event()
            data.gates[query].set()
        await press(pilot, "slash", *"bad")
        assert "enter tries again" in screen_text(app)
        asked: list[str] = []
        data.search = lambda query, *_, **__: asked.append(query) or SlowData.search(data, query)  # type: ignore[method-assign, func-returns-value]
        await press(pilot, "enter")
        assert asked == ["bad"]


@pytest.mark.skipif(os.name == "nt", reason="signals and terminals of Unix")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_leave_the_terminal_as_it_was(demo_harvested: Workspace, number: signal.Signals) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "import sys, spw_tui; sys.exit(spw_tui.main())"]
    process = subprocess.Popen(
        [*command, str(demo_harvested.paths.root)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(theirs)

    def read_until(wanted: bytes) -> None:
        seen = b""
        while wanted not in seen:
            seen += os.read(ours, 65536)

    try:
        read_until(b"SPECS")
        os.write(ours, b"\x1a")  # into the background, and back
        read_until(_USUAL_SCREEN)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        process.send_signal(signal.SIGCONT)
        read_until(b"SPECS")
        process.send_signal(number)
        read_until(_USUAL_SCREEN)
        assert process.wait(30) == 128 + number
    finally:
        process.kill()
        os.close(ours)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LC_ALL": "C"}, True),
        ({"LANG": "POSIX"}, True),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
        ({"LC_ALL": "", "LANG": "en_US.UTF-8"}, False),
        ({}, False),
        ({"LC_ALL": "C", "SPW_ASCII": "0"}, False),
    ],
)
def test_the_locale_decides_about_glyphs(
    variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spw_tui.terminal import wants_ascii

    class Utf8:
        encoding = "utf-8"

    monkeypatch.setattr(sys, "stdout", Utf8())
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "SPW_ASCII"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_ascii() is expected

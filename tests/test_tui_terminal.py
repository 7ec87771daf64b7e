"""Terminals that cannot do everything: no UTF-8, no colours, no screen; and contrast for all others."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.color import Color
from textual.command import CommandList
from textual.theme import BUILTIN_THEMES
from textual.widgets import Input

from spw_core.api import Workspace
from spw_core.text import clean
from spw_tui.actions import Keys
from spw_tui.palettes import READABLE, contrast
from spw_tui.rows import bar
from spw_tui.terminal import to_ascii
from spw_tui.themes import DARK, MONO, PALETTES, palette_of

from .tui_support import SIZE, make_app, press, screen_text, settle


@pytest.mark.parametrize("theme", [*PALETTES, *BUILTIN_THEMES])
def test_every_text_can_be_read_in_every_theme(theme: str) -> None:
    palette = palette_of(theme)
    back = Color.parse(palette.background)
    for name in ("text", "strong", "dim", "accent", "good", "bad", "warn", "busy"):
        assert contrast(back, Color.parse(getattr(palette, name))) >= READABLE - 0.05, name


@pytest.mark.parametrize("theme", ["nord", "solarized-light"])
async def test_the_app_starts_in_a_theme_that_is_not_ours(demo_harvested: Workspace, theme: str) -> None:
    app = make_app(demo_harvested, theme)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert app.theme == theme and "blocked · wave 2/2" in screen_text(app)
        await press(pilot, "2", "tab", "enter", "escape", "slash", "escape", "ctrl+p", "escape", "T", "up")
        assert app.theme != theme
        await press(pilot, "escape")
        assert app.theme == theme


def test_an_unknown_theme_is_drawn_in_the_dark_one() -> None:
    assert palette_of("no such theme") == PALETTES[DARK]


@given(st.text(max_size=60).map(clean).map(lambda text: text.replace("\n", "").replace("\t", "")))
def test_ascii_is_as_wide_as_what_it_stands_for(text: str) -> None:
    plain = to_ascii(text)
    assert plain.isascii()
    assert len(plain) == sum(cell_len(char) for char in text)


def test_letters_keep_their_shape() -> None:
    assert to_ascii("✖ correção ━━ │ 日本 …") == "x correcao == | ???? ~"


async def test_ascii_reaches_the_whole_screen(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPW_ASCII", "1")
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        written = app.export_screenshot()
    assert "blocked" in written
    assert not set(written) & set("✔✖◆●○▲━│▌…")


async def test_ascii_names_arrows_that_would_look_like_other_keys(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPW_ASCII", "1")
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash")
        assert " down next " in screen_text(app) and " shift+tab to the list " in screen_text(app)
        await press(pilot, "f1")
        assert " shift+up " in screen_text(app)
    assert Keys().first_of("search.next") == "↓"


async def test_no_color_draws_without_colours(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        assert app.theme == MONO
        await press(pilot, "t")
        assert app.theme == MONO
        assert "blocked · wave 2/2" in screen_text(app)
        filters = app.get_line_filters()
        for strip in app.screen._compositor.render_strips():
            segments = list(strip)
            for each in filters:
                segments = each.apply(segments, Color(0, 0, 0))
            styles = [segment.style for segment in segments if segment.style]
            assert all(style.color is None or style.color.is_default for style in styles)


def test_a_bar_tells_without_colours_what_is_left() -> None:
    assert "".join(span.text for span in bar(1, 4, 8)) == "━━──────"
    assert to_ascii(
        "".join(span.text for span in bar(4, 4, 4)) + "".join(span.text for span in bar(0, 4, 4))
    ) == ("====----")


async def test_without_colours_the_palette_shows_where_it_is(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+p", "down", "down")
        commands = app.screen.query_one(CommandList)
        option = commands.highlighted
        assert option

        def is_marked(line: int) -> bool:
            return any(style and style.underline for _, style, _ in commands.render_line(line))

        assert [line for line in range(2 * option + 4) if is_marked(line)] == [2 * option, 2 * option + 1]
        cursor = app.screen.query_one(Input).get_component_rich_style("input--cursor")
        assert cursor.reverse


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_no_terminal_is_one_line(demo_harvested: Workspace, term: str) -> None:
    command = [sys.executable, "-c", "import sys, spw_tui; sys.exit(spw_tui.main())"]
    done = subprocess.run(
        [*command, str(demo_harvested.paths.root)],
        env={**os.environ, "TERM": term},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 2
    assert "spw list" in done.stderr


def test_options(capsys: pytest.CaptureFixture[str]) -> None:
    from spw_tui import main

    for wrong in (["--bogus"], ["--port", "x"], ["one", "two"], ["--\x1b[31m"]):
        assert main(wrong) == 1
        told = capsys.readouterr().err
        assert told.startswith("spw-tui: error: ") and told.endswith("\n  See `spw-tui --help`.\n")
        assert "\x1b" not in told
    assert main(["/no/such/folder"]) == 1
    assert "--workspace" not in capsys.readouterr().err
    assert main(["--demo", "somewhere"]) == 1
    assert "brings its own folder" in capsys.readouterr().err
    assert main(["--keys"]) == 0
    assert '"browse.zoom" = "z"' in capsys.readouterr().out

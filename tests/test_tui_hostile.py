"""Nothing in a file can break the screen: markup, escapes, direction marks, wide text, sheer size."""

from __future__ import annotations

import json
import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from spw_core.api import Workspace
from spw_core.refs import DocumentRef
from spw_core.text import clean
from spw_tui.rendering.document import DocumentRenderer, Slice
from spw_tui.rendering.plain import wrap_line
from spw_tui.rows import Cell, Span, cell, lay_out
from spw_tui.screens.run import RunScreen
from spw_tui.themes import DARK

from .tui_support import SIZE, browse, make_app, press, screen_text, settle

NASTY = (
    "[/red] [b]bold \x1b[31mred\x1b]0;title\x07 \u202eedoc\u202c \x00\x9b2J {x} \\[ 日本語テキスト 👩‍👩‍👧‍👦 é"
)


def render(text: str, name: str = "a.md", width: int = 60, *, raw: bool = False) -> Slice:
    """A whole document."""
    renderer = DocumentRenderer(text, name, width, DARK, raw=raw)
    whole = Slice()
    while part := renderer.next_slice():
        whole.lines += part.lines
        whole.sources += part.sources
        whole.headings += part.headings
    return whole


def text_of(part: Slice) -> str:
    return "\n".join(line[0].rstrip() for line in part.lines)


async def test_a_hostile_spec_is_shown_as_it_is(workspace: Workspace) -> None:
    spec = workspace.spec("alpha")
    run = spec.file("execution/waves/wave-01/execution/run-001")
    agent = run / "task-implementer-1"
    agent.mkdir(parents=True)
    (agent / "brief.md").write_text(f"# {NASTY}\n\n{NASTY}\n")
    (agent / "report.md").write_text("x" * 1_000_000)
    (agent / "status.json").write_text(json.dumps({"status": NASTY, "summary": NASTY}))
    (run / "_handoff.md").write_text("| " + NASTY + " |\n|---|\n| " + "y" * 200_000 + " |\n")
    spec.file("tasks.md").write_text(f"# Tasks\n\n- [ ] 1. {NASTY}\n  - Wave: 1\n  - Files: {NASTY}\n")
    workspace.harvest()
    app = make_app(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for key in ("1", "2", "3", "4", "v", "5"):
            await press(pilot, key, "tab", "j", "j", "G", "tab", "G", "m", "m", "tab")
            assert _is_clean(screen_text(app))
        await press(pilot, "3")
        assert "[/red] [b]bold red" in screen_text(app)
        await press(pilot, "2", "tab", "enter")
        assert isinstance(app.screen, RunScreen)
        await press(pilot, "j", "1", "2", "3", "tab", "G", "m")
        assert _is_clean(screen_text(app))
        await press(pilot, "slash", *"[/bold")
        assert _is_clean(screen_text(app))
        await press(pilot, "down", "escape", "y", "t")
        assert _is_clean(screen_text(app))


def _is_clean(text: str) -> bool:
    return text == clean(text)


async def test_a_megabyte_does_not_stop_the_keyboard(workspace: Workspace) -> None:
    section = "## Heading\n\nSome *text* with `code`.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    spec = workspace.spec("alpha")
    spec.file("design.md").write_text(section * (1_000_000 // len(section) + 1))
    spec.file("requirements.md").write_text("日本" * 500_000)
    app = make_app(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        view = browse(app).preview.view
        started = time.process_time()
        browse(app).preview.open(DocumentRef("alpha", "design.md"), pause=0)
        while "Heading" not in view.text:
            await pilot.pause(0.01)
        assert time.process_time() - started < 10  # of processor time; it is 0.1 s
        await pilot.press("tab", "tab", "pagedown")
        browse(app).preview.open(DocumentRef("alpha", "requirements.md"), pause=0)
        await settle(pilot)
        assert "日本" in view.text
        assert "shown as text" in screen_text(app)
        assert all(cell_len(line[0]) <= view.size.width for line in view._lines)


def test_markdown_is_drawn_and_every_line_knows_its_source() -> None:
    text = "# One\n\nA **b**\n**Key:** v\n\n- x\n- y\n\n```py\nx = 1\n```\n\n| a |\n|---|\n| c |\n\n> q\n"
    whole = render(text)
    lines = text_of(whole).split("\n")
    assert lines[0] == "One"
    assert lines.index("Key: v") == lines.index("A b") + 1
    assert whole.headings == [(0, 1)]
    assert whole.sources == sorted(whole.sources)
    assert whole.sources[lines.index(" • y")] == 7
    assert render(text, raw=True).sources == list(range(1, 19))


def test_html_and_references_are_kept() -> None:
    drawn = text_of(render("Promise<User> <b>x</b> [a][r] ![i](p.png) tail\n\n[r]: http://e.org\n", width=80))
    for piece in ("Promise<User>", "<b>x</b>", "a (http://e.org)", "p.png", "tail"):
        assert piece in drawn


def test_front_matter_is_not_drawn_as_headings() -> None:
    whole = render("---\nspec: x\nlist:\n  - a\n---\n# T\n")
    assert text_of(whole).split("\n")[:3] == ["  spec: x", "  list:", "    - a"]
    assert len(whole.headings) == 1
    assert whole.sources[whole.headings[0][0]] == 6


def test_entities_cannot_bring_controls_back() -> None:
    assert _is_clean(text_of(render("a &#8238;b &#27;[31m &#x9b; c")))


def test_long_sections_are_cut_where_nothing_is_open() -> None:
    fence = "```\n" + "# not a heading\n" * 3000 + "```\n"
    whole = render("# A\n\n" + "words " * 3000 + "\n\n" + fence + "\n# B\n")
    assert len(whole.headings) == 2


def test_status_files_are_drawn_as_code() -> None:
    assert '"status": "pass"' in text_of(render('{"status": "pass"}', "status.json"))


def test_rows_are_exactly_as_wide_as_asked() -> None:
    line = (
        cell(NASTY, width=12),
        cell(NASTY, grow=True),
        cell("", width=3),
        cell("日本語", right=True, width=5),
    )
    for width in range(80):
        assert sum(cell_len(span.text) for span in lay_out(line, width)) == width


@settings(max_examples=60)
@given(st.lists(st.text(max_size=30), max_size=5), st.integers(0, 60))
def test_any_text_fits_its_cells(texts: list[str], width: int) -> None:
    line = tuple(Cell((Span(text), Span(text)), grow=index % 2 == 0) for index, text in enumerate(texts))
    drawn = "".join(span.text for span in lay_out(line, width))
    assert cell_len(drawn) == width
    assert "\n" not in drawn and _is_clean(drawn)


@settings(max_examples=60)
@given(st.text(max_size=400), st.integers(20, 60))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    line = clean(text).replace("\n", " ").replace("\t", " ")
    pieces = list(wrap_line(line, width))
    assert all(cell_len(piece) <= width for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(line.split())


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.sampled_from("#*_`[]()!<>|-+ \n\tab1.~&;\\:x\"'"), max_size=300))
def test_any_markdown_is_drawn(text: str) -> None:
    whole = render(text, width=30)
    assert len(whole.lines) == len(whole.sources)
    assert whole.sources == sorted(whole.sources)
    assert all(cell_len(line[0]) <= 30 for line in whole.lines)

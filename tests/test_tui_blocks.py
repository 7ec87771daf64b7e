"""Markdown is read in pieces: what is drawn of a document does not depend on where it was cut."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it.token import Token
from rich.cells import cell_len

from spw_core.api import Workspace
from spw_core.refs import DocumentRef
from spw_tui.rendering import blocks as blocks_module
from spw_tui.rendering.blocks import CONTINUED, LONGEST_LINE, PIECE, ROWS, Block, read_blocks
from spw_tui.rendering.document import DocumentRenderer
from spw_tui.rendering.markdown import fitted
from spw_tui.rows import Tone
from spw_tui.themes import DARK, tones
from spw_tui.widgets.document_view import DocumentView

from .tui_support import browse, make_app, settle

# (the quotes, lists and items around a line, what it is, the line)
Outline = list[tuple[str, ...]]


def read(text: str, most: int) -> list[Block]:
    shared: dict[str, Any] = {}
    return list(read_blocks(text.split("\n"), shared, most=most))


def outline(blocks: list[Block]) -> Outline:
    """Every line of every leaf, with what it stands in; an item counts once, however often it was cut."""
    found: Outline = []
    for block in blocks:
        found += _outline(block.tokens)
    return found


def _outline(tokens: list[Token]) -> Outline:
    found: Outline = []
    around: list[str] = []
    numbers: list[int] = []
    is_head = False
    kind = "text"
    for token in tokens:
        if token.type == "ordered_list_open":
            numbers.append(int(token.attrs.get("start", 1)) - 1)
            around.append("ordered")
        elif token.type in ("bullet_list_open", "blockquote_open"):
            numbers.append(-1)
            around.append(token.type)
        elif token.type == "list_item_open":
            numbers[-1] += 1
            around.append(str(numbers[-1]) if around[-1] == "ordered" else "item")
            if not token.meta.get(CONTINUED):
                found.append((*around, "begins"))
        elif token.type in ("list_item_close", "bullet_list_close", "ordered_list_close", "blockquote_close"):
            around.pop()
            if token.type != "list_item_close":
                numbers.pop()
        elif token.type == "table_open":
            is_head = bool(token.meta.get(CONTINUED))
            kind = "cell"
        elif token.type == "thead_close":
            is_head = False
        elif token.type == "table_close":
            kind = "text"
        elif token.type == "inline" and not is_head:
            lines = (line.strip() for line in token.content.split("\n"))
            found += [(*around, kind, line) for line in lines if line or kind == "cell"]
        elif token.type in ("fence", "code_block"):
            found += [(*around, token.type, line) for line in token.content.split("\n") if line.strip()]
        elif token.type == "hr":
            found.append((*around, "hr"))
    return found


# Lines that open, continue and end blocks of all kinds. Not among them: link definitions, which leave no
# trace, and underlines of headings, because a cut heading begins as text.
INDENTS = st.sampled_from(["", "", "", " ", "  ", "   ", "    ", "      ", "> ", ">", ">> "])
MARKS = st.sampled_from(["", "", "- ", "* ", "1. ", "7. ", "1) ", "-", "> ", "- - ", "- > ", "2. 1. "])
TEXT = st.sampled_from(["", "", "word", "two words", "**bold", "<div>", "a | b", "&amp; \\| x"])
OTHERS = st.sampled_from(["# head", "```", "```py", "~~~~", "***", "    code", "\tcode"])
ROW = st.sampled_from(["| a | b |", "|---|:-:|", "| c |"])
LINES = st.tuples(INDENTS, MARKS, TEXT | OTHERS | ROW).map("".join)
# A head of a table that looks like the line under a head may be cut off from it.
DOUBLE = re.compile(r"---.*\n.*---")
TEXTS = st.lists(LINES, max_size=40).map("\n".join).filter(lambda text: not DOUBLE.search(text))


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(TEXTS, st.integers(1, 120))
@example("1. a\n1. b\n1. c\n   1. d\n   1. e\n\n   f\n1. g\n", 8)
@example("- a\n\n      code\n\n      more\n", 6)
@example("> - a\n> - b\nlazy\n> c\n", 5)
@example("- > quoted\n\n  text\n\n  > quoted\n", 8)
@example("| a | b |\n|---|---|\n| c | d |\n| e |\n\n| f |\n", 9)
@example("```\na\n\n\nb\n```\nc\n", 4)
def test_a_cut_changes_nothing_but_where_blocks_end(text: str, most: int) -> None:
    assert outline(read(text, most)) == outline(read(text, 10**9))


SIZE = 120_000
SHAPES = {
    "table": "| a | b |\n|---|--:|\n" + "| word `code` | **12** |\n" * (SIZE // 25),
    "list": "- item with *text*\n  - nested\n" * (SIZE // 31),
    "numbered": "1. item\n" * (SIZE // 8),
    "one item": "- top\n" + "  - nested item\n" * (SIZE // 16),
    "paragraph": "some *words* of a text\n" * (SIZE // 23),
    "fence": "```py\n" + "def f(): return 1\n" * (SIZE // 18) + "```\n",
    "quote": "> some words\n> | a |\n" * (SIZE // 21),
    "indented": "    code\n" * (SIZE // 9),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_block_is_long_and_none_is_left_out(shape: str) -> None:
    text = f"# Before\n\n{SHAPES[shape]}\n# After\n"
    lines = text.split("\n")
    blocks = read(text, PIECE)
    for block in blocks:
        source = sum(len(line) + 1 for line in lines[block.start : block.end])
        assert source <= (ROWS + 100 if block.tokens[0].type == "table_open" else PIECE)
    covered = [number for block in blocks for number in range(block.start, block.end)]
    assert [number for number in covered if lines[number]] == [n for n, line in enumerate(lines) if line]
    assert outline(blocks) == outline(read(text, 10**9))


def test_a_long_line_is_read_in_part_only() -> None:
    text = "| a | b |\n|---|---|\n| c | d |\n" + "| c " * 100_000 + "|\n"
    blocks = read(text, PIECE)
    assert blocks[-1].end == 4
    assert max(len(token.content) for block in blocks for token in block.tokens) < LONGEST_LINE


# How it looks


def drawn(text: str, width: int = 60) -> list[str]:
    renderer = DocumentRenderer(text, "a.md", width, DARK)
    lines: list[str] = []
    while part := renderer.next_slice():
        lines += [line[0].rstrip() for line in part.lines]
    return lines


def table(rows: int) -> str:
    row = "| {0} | **{0}** of {1} | {2} |\n"
    words = ("a", "some", "word", "日本語", "a longer text which `needs` its room")
    body = (row.format(number, words[number % 5], number * number) for number in range(rows))
    return "| Number | Text | Square |\n|:-:|---|--:|\n" + "".join(body)


def test_a_table_in_parts_looks_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = table(400) + "\nafter\n"
    assert len([block for block in read(text, PIECE) if block.tokens[0].type == "table_open"]) > 2
    in_parts = drawn(text, 90)
    monkeypatch.setattr(blocks_module, "ROWS", 10**9)
    assert drawn(text, 90) == in_parts


@pytest.mark.parametrize("width", [40, 90])
def test_columns_of_a_cut_table_stay_below_each_other(width: int) -> None:
    text = table(3000)
    assert len(text) > 2 * PIECE
    lines = [line for line in drawn(text, width) if line.endswith("1")]
    assert len(lines) > 500
    assert len({cell_len(line) for line in lines}) == 1  # numbers on the right end in one column


@pytest.mark.parametrize(
    ("widths", "room", "fits"),
    [
        ((3, 5), 20, [3, 5]),
        ((3, 50), 20, [3, 17]),
        ((50, 50), 21, [10, 10]),
        ((2, 9, 30), 20, [2, 9, 9]),
        ((0, 4), 20, [1, 4]),
        ((9, 9, 9), 1, [1, 1, 1]),
        ((), 5, []),
    ],
)
def test_the_widest_columns_give_way(widths: tuple[int, ...], room: int, fits: list[int]) -> None:
    assert fitted(widths, room) == fits


def test_what_goes_on_after_a_cut_has_no_second_mark() -> None:
    nested = "".join(f"  1. nested {number}\n" for number in range(1, 4001))
    lines = drawn(f"- top\n{nested}\n")
    assert sum(" • " in line for line in lines) == 1
    assert [line.split()[-1] for line in lines if "nested" in line] == [str(n) for n in range(1, 4001)]
    assert [line.split()[-3].rstrip(".") for line in lines if "nested" in line] == [
        str(n) for n in range(1, 4001)
    ]
    assert lines.index(next(line for line in lines if "nested 4000" in line)) == 4000  # no blank lines


def test_numbers_of_a_long_list_count_on() -> None:
    lines = drawn("1. item\n" * 5000)
    assert [line.split()[0] for line in lines if line] == [str(number) for number in range(1, 5001)]
    assert lines.index("") == 5000


def test_long_code_is_all_drawn_without_colours() -> None:
    code = [f"x{number} = [1, 2]" for number in range(4000)]
    renderer = DocumentRenderer("```py\n" + "\n".join(code) + "\n```\n", "a.md", 60, DARK)
    found = []
    styles = set()
    while part := renderer.next_slice():
        for line in part.lines:
            if text := line[0].strip():
                found.append(text)
                styles |= {
                    str(segment.style) for segment in renderer.inks.unpack(line) if segment.text.strip()
                }
    assert found == code
    assert len(styles) == 1


@pytest.mark.parametrize("shape", ["row", "item", "line"])
async def test_hits_in_a_huge_block_are_jumped_to_and_lit(workspace: Workspace, shape: str) -> None:
    head = {"row": "| a | b |\n|---|---|\n", "item": "- top\n", "line": "```\n"}[shape]
    line = {"row": "| some | words |\n", "item": "  - words\n", "line": "words\n"}[shape]
    before, after = line * 3000, line * 1000
    hit, again = line.replace("words", "needle"), line.replace("words", "needles")
    text = head + before + hit + after + again + after
    place = text[: text.index("needle")].count("\n") + 1
    workspace.spec("alpha").file("design.md").write_text(text)
    app = make_app(workspace)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        view = browse(app).preview.view
        browse(app).preview.open(DocumentRef("alpha", "design.md", line=place, words=("needle",)), pause=0)
        await settle(pilot)
        assert view.text.count("words") == 5000
        assert "needle" in lit_line(view)
        view.action_next_mark(1)
        assert "needles" in lit_line(view)
        view.action_next_mark(1)  # and around the end
        assert "needles" not in lit_line(view)
        view.action_next_mark(-1)
        assert "needles" in lit_line(view)


def lit_line(view: DocumentView) -> str:
    """The only line on the screen with marks."""
    background = tones(view.app.theme)[Tone.MARK].bgcolor
    (found,) = [
        strip.text
        for strip in (view.render_line(y) for y in range(view.size.height))
        if any(segment.style and segment.style.bgcolor == background for segment in strip)
    ]
    return found


def test_what_is_nested_too_deeply_is_shown_as_text() -> None:
    lines = drawn("> " * 40 + "deep\n")
    assert "deep" in "".join(lines)

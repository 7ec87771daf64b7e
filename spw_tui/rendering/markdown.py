"""Markdown to blocks of lines: Rich draws, markdown-it reads, one block at a time.

Reading the blocks of a document is quick; reading and drawing what is inside them is not. So that the
first screen does not wait for the last, and so that every drawn line knows its source line, the two steps
are taken apart: `parse_blocks` finds the blocks, `block_markdown` draws one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore, inline, text_join
from markdown_it.token import Token
from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, HorizontalRule, ImageItem, Markdown, TableElement
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from rich.theme import Theme as RichTheme

from spw_tui.themes import Palette, palette_of

# What HTML there is in a report is shown, never swallowed as a tag.
_READER = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"]).disable("inline")
# A fence longer than this is shown without colours.
_COLOURED = 20_000
# A section is at least this many characters.
_SECTION = 8_000
_HEADING = re.compile(r"#{1,6}\s")
_PARAGRAPH = re.compile(r"[^\W\d_]")
_LISTS = ("bullet_list_open", "ordered_list_open")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block, or an item of a top-level list: its tokens, and its source lines.

    Lines are 0-based, `end` is excluded. `gap` says that an empty line follows.
    """

    start: int
    end: int
    tokens: list[Token]
    gap: bool = True

    @property
    def heading_level(self) -> int:
        """1 to 6 for a heading, else 0."""
        first = self.tokens[0]
        return int(first.tag[1]) if first.type == "heading_open" else 0


def sections(text: str) -> Iterator[tuple[int, str]]:
    """A document in parts that can be read one after the other: (first line, 0-based, text).

    A part ends where no block can be open: before a heading, or, when no heading comes for long, before a
    paragraph; never inside a fence.
    """
    part: list[str] = []
    start, size, fence = 0, 0, ""
    for number, line in enumerate(text.split("\n")):
        if size > _SECTION and not fence:
            after_blank = size > 4 * _SECTION and not part[-1].strip()
            if _HEADING.match(line) or (after_blank and _PARAGRAPH.match(line)):
                yield start, "\n".join(part)
                part, start, size = [], number, 0
        if found := _FENCE.match(line):
            mark = found[1]
            if not fence:
                fence = mark
            elif mark.startswith(fence) and line.strip() == mark:
                fence = ""
        part.append(line)
        size += len(line) + 1
    yield start, "\n".join(part)


def parse_blocks(text: str) -> tuple[list[Block], dict[str, Any]]:
    """The blocks of a section, and the link definitions that all of them share."""
    shared: dict[str, Any] = {}
    blocks: list[Block] = []
    start = 0
    tokens = _READER.parse(text, shared)
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            group = tokens[start : index + 1]
            blocks += _items(group) if group[0].type in _LISTS else [_block(group)]
            start = index + 1
    return blocks, shared


def _block(tokens: list[Token], *, gap: bool = True) -> Block:
    first, last = tokens[0].map or (0, 0)
    return Block(first, last, tokens, gap)


def _items(tokens: list[Token]) -> Iterator[Block]:
    """Each item of a list as a list of its own, so that long lists come in pieces and know their lines."""
    opening, closing = tokens[0], tokens[-1]
    number = int(opening.attrs.get("start", 1))
    start = 1
    for index, token in enumerate(tokens):
        if token.level == 1 and token.type == "list_item_close":
            head = opening.copy(map=tokens[start].map, attrs={"start": number})
            yield _block([head, *tokens[start : index + 1], closing], gap=index == len(tokens) - 2)
            start, number = index + 1, number + 1


class LeftHeading(Heading):
    """Headings on the left, without the panel and the centring of Rich."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = self.text.copy()
        text.justify = "left"
        yield text
        if self.tag == "h1":
            yield Rule(style="markdown.hr", characters="─")


class PlainRule(HorizontalRule):
    """A thin line."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Rule(style="markdown.hr", characters="─")


class FlatCode(CodeBlock):
    """Code on the theme's own background, indented by one cell."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = str(self.text).rstrip("\n")
        palette = palette_of(self.theme)
        yield Syntax(
            text,
            self.lexer_name if len(text) <= _COLOURED else "text",
            theme=palette.code_theme,
            word_wrap=True,
            padding=(0, 1),
            background_color=palette.code,
        )


class FlatTable(TableElement):
    """A table with a line under its head and nothing else drawn."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, style="markdown.table.border")
        if self.header is not None and self.header.row is not None:
            for column in self.header.row.cells:
                title = column.content.copy()
                title.stylize("markdown.table.header")
                table.add_column(title, justify=column.justify, overflow="fold")
        if self.body is not None:
            for row in self.body.rows:
                table.add_row(*(cell.content for cell in row.cells))
        yield table


class NamedImage(ImageItem):
    """A terminal shows where the image is, on a line of its own: Rich would cut off what follows it."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text.assemble("[image: ", self.text or "", " ", self.destination, "]")


class BlockMarkdown(Markdown):
    """Rich's Markdown for the tokens of one block."""

    elements = {
        **Markdown.elements,
        "heading_open": LeftHeading,
        "hr": PlainRule,
        "fence": FlatCode,
        "code_block": FlatCode,
        "table_open": FlatTable,
        "image": NamedImage,
    }


def block_markdown(block: Block, shared: dict[str, Any], palette: Palette) -> BlockMarkdown:
    """One block, ready to be drawn.

    It is a copy: each new `Markdown` of Rich makes a reader of its own, which takes longer than drawing a
    small block and leaves some forty objects behind that only the garbage collector finds.
    """
    drawn = copy(_blank_markdown(palette.name))
    state = StateCore("", _READER, shared, block.tokens)
    inline(state)
    text_join(state)
    drawn.parsed = state.tokens
    for token in drawn.parsed:
        _keep_field_lines(token.children or [])
    return drawn


@cache
def _blank_markdown(code_theme: str) -> BlockMarkdown:
    return BlockMarkdown("", code_theme=code_theme, hyperlinks=False)


def _keep_field_lines(tokens: list[Token]) -> None:
    """Lines that begin with a bold word are fields (`**Status:** done`), and stay lines of their own."""
    for token, following in pairwise(tokens):
        if token.type == "softbreak" and following.type in ("strong_open", "text") and not following.content:
            token.type = "hardbreak"


def front_matter(text: str) -> tuple[str, int]:
    """The YAML between `---` at the very beginning, and the number of lines it takes with its fences."""
    if not text.startswith("---\n"):
        return "", 0
    end = text.find("\n---", 3)
    after = text[end + 4 : end + 5]
    if end < 0 or after not in ("", "\n"):
        return "", 0
    yaml = text[4 : end + 1]
    return yaml, yaml.count("\n") + 2


def rich_theme(p: Palette) -> RichTheme:
    """The Markdown styles of one palette."""
    return RichTheme(
        {
            "markdown.h1": f"bold {p.strong}",
            "markdown.h2": f"bold {p.accent}",
            "markdown.h3": f"bold {p.busy}",
            "markdown.h4": f"bold {p.text}",
            "markdown.h5": f"bold {p.dim}",
            "markdown.h6": p.dim,
            "markdown.hr": p.line,
            "markdown.code": f"{p.warn} on {p.code}",
            "markdown.strong": f"bold {p.strong}",
            "markdown.em": "italic",
            "markdown.s": f"strike {p.dim}",
            "markdown.block_quote": p.dim,
            "markdown.item.bullet": p.accent,
            "markdown.item.number": p.accent,
            "markdown.link": f"underline {p.accent}",
            "markdown.link_url": p.dim,
            "markdown.table.border": p.faint,
            "markdown.table.header": f"bold {p.dim}",
        }
    )


def code(text: str, language: str, palette: Palette) -> Syntax:
    """A whole text as code of one language."""
    return Syntax(
        text,
        language if len(text) <= _COLOURED else "text",
        theme=palette.code_theme,
        word_wrap=True,
        background_color=palette.background,
    )

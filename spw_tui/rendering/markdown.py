"""Blocks of Markdown to lines: Rich draws one block at a time.

Reading the blocks of a document is quick; reading and drawing what is inside them is not. So that the
first screen does not wait for the last, and so that every drawn line knows its source line, the two steps
are taken apart: `blocks.read_blocks` finds the blocks, `block_markdown` draws one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cache
from itertools import pairwise, zip_longest
from typing import Any

from markdown_it.rules_core import StateCore, inline, text_join
from markdown_it.token import Token
from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, HorizontalRule, ImageItem, ListItem, Markdown, TableElement
from rich.rule import Rule
from rich.segment import Segment
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from rich.theme import Theme as RichTheme

from spw_tui.rendering.blocks import CONTINUED, READER, WIDTHS, Block
from spw_tui.themes import Palette, palette_of

# Longer code is shown without colours: it may come in pieces, and none of them tells what began before it.
_COLOURED = 20_000


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

    goes_on = False

    @classmethod
    def create(cls, markdown: Markdown, token: Token) -> FlatCode:
        code = cls(token.info.partition(" ")[0] or "text", markdown.code_theme)
        code.goes_on = token.meta.get(CONTINUED, False)
        return code

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = str(self.text).rstrip("\n")
        palette = palette_of(self.theme)
        yield Syntax(
            text,
            self.lexer_name if len(text) <= _COLOURED and not self.goes_on else "text",
            theme=palette.code_theme,
            word_wrap=True,
            padding=(0, 1),
            background_color=palette.code,
        )


class OwnListItem(ListItem):
    """An item of a list; what goes on from before a cut has no bullet or number again."""

    goes_on = False

    @classmethod
    def create(cls, markdown: Markdown, token: Token) -> OwnListItem:
        item = cls()
        item.goes_on = token.meta.get(CONTINUED, False)
        return item

    def render_bullet(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._without_mark(super().render_bullet(console, options))

    def render_number(
        self, console: Console, options: ConsoleOptions, number: int, last_number: int
    ) -> RenderResult:
        return self._without_mark(super().render_number(console, options, number, last_number))

    def _without_mark(self, drawn: RenderResult) -> RenderResult:
        """Blanks in place of the mark, which is the first that Rich draws."""
        for place, piece in enumerate(drawn):
            if self.goes_on and place == 0 and isinstance(piece, Segment):
                yield Segment(" " * len(piece.text), piece.style)
            else:
                yield piece


class FlatTable(TableElement):
    """A table with a line under its head and nothing else drawn; or a part of one, in given columns."""

    goes_on = False
    widths: Sequence[int] = ()

    @classmethod
    def create(cls, markdown: Markdown, token: Token) -> FlatTable:
        table = cls()
        table.goes_on = token.meta.get(CONTINUED, False)
        table.widths = token.meta.get(WIDTHS, ())
        return table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            style="markdown.table.border",
            show_header=not self.goes_on,
        )
        if self.header is not None and self.header.row is not None:
            columns = self.header.row.cells
            # Rich gives each column a blank on both sides, and one cell between two of them.
            widths = fitted(self.widths, options.max_width - 3 * len(columns) + 1)
            for column, width in zip_longest(columns, widths):
                title = column.content.copy()
                title.stylize("markdown.table.header")
                table.add_column(title, justify=column.justify, overflow="fold", width=width)
        if self.body is not None:
            for row in self.body.rows:
                table.add_row(*(cell.content for cell in row.cells))
        yield table


def fitted(widths: Sequence[int], room: int) -> list[int]:
    """Widths of columns that fit into a room, if each has at least one cell: the widest give way."""
    left = room
    for place, width in enumerate(sorted(widths)):
        share = max(1, left // (len(widths) - place))
        if width > share:
            return [max(1, min(each, share)) for each in widths]
        left -= width
    return [max(1, each) for each in widths]


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
        "list_item_open": OwnListItem,
    }


def block_markdown(block: Block, shared: dict[str, Any], palette: Palette) -> BlockMarkdown:
    """One block, ready to be drawn.

    It is a copy: each new `Markdown` of Rich makes a reader of its own, which takes longer than drawing a
    small block and leaves some forty objects behind that only the garbage collector finds.
    """
    drawn = copy(_blank_markdown(palette.name))
    state = StateCore("", READER, shared, block.tokens)
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


def front_matter(lines: Sequence[str]) -> Sequence[str]:
    """The lines between `---` at the very beginning of a document and the next `---`; none without."""
    if lines[0] != "---" or "---" not in lines[1:]:
        return ()
    return lines[1 : lines.index("---", 1)]


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

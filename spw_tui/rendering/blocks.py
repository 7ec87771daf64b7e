"""Markdown to blocks, a bounded piece at a time: no table, list or paragraph is ever read as a whole.

A piece of text ends wherever it is long enough. Its last block may go on behind it, so that one is read again
with what follows. A block that is longer than a piece is cut: in front of the next piece stand the lines once
more that opened what is open at the cut, and what they brought is taken out of the tokens again. So a cut
fence stays a fence, a cut table keeps its columns and a list its numbers, however deep they are nested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len

# What HTML there is in a report is shown, never swallowed as a tag.
_DEEPEST = 60
READER = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST})
READER.enable(["strikethrough", "table"]).disable("inline")
# Characters that are read at once, and of the rows of a table that are drawn at once. A piece has more only
# by the opening lines before it, or when it is one line.
PIECE = 30_000
# The first piece is a screen or two, so that something stands soon; unless that is no whole block.
_FIRST_PIECE = 4_000
ROWS = 4_000
# Of a longer line the reader sees the beginning. Its block is not drawn from tokens, but as text.
LONGEST_LINE = 8_000
# Keys of `Token.meta`: what goes on from before a cut, and the widths of a whole table's columns in cells.
CONTINUED, WIDTHS = "continued", "widths"

_LISTS = ("bullet_list_open", "ordered_list_open")
_CONTAINERS = (*_LISTS, "list_item_open", "blockquote_open")
# A line that says what the one above it is: the head of a table, or a heading.
_UNDERLINE = re.compile(r"[\s>|:=-]+$")
# What opens a quote or an item.
_MARK = re.compile(r"[ \t]*(?:>|[-+*](?=\s|$)|\d{1,9}[.)](?=\s|$))")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_MARKUP = re.compile(r"[*`\\]|~~")


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block, an item of a top-level list, or a part of one that was cut.

    Lines are 0-based, `end` is excluded. `gap` says that an empty line stands before it.
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


@dataclass(frozen=True, slots=True)
class _Opening:
    """What is open where a piece begins: lines that open it again, the numbers of the open items (outermost
    first), the columns of a table; without `gap` the first block belongs to the list above it."""

    lines: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    widths: tuple[int, ...] = ()
    gap: bool = True


def read_blocks(
    lines: Sequence[str], shared: dict[str, Any], first: int = 0, most: int = PIECE
) -> Iterator[Block]:
    """The blocks of a document from the line `first` on, in order; none has many more characters than `most`.

    Link definitions are kept in `shared`, those of a piece before the first of its blocks comes.
    """
    start, opening, limit = first, _Opening(), min(most, _FIRST_PIECE)
    while start < len(lines):
        end = _end_of_piece(lines, start, limit)
        texts = [*opening.lines, *(line[:LONGEST_LINE] for line in lines[start:end])]
        shift = start - len(opening.lines)  # from lines of the piece to lines of the document
        groups = _groups(texts, opening, shared)
        blocks = list(_blocks(groups, opening))
        if limit < most:
            limit = most
            if len(blocks) < 2:
                continue
        following = _Opening()
        if end < len(lines) and len(blocks) > 1:
            again = blocks.pop()
            end = shift + again.start
            following = _Opening(numbers=tuple(_numbers(again.tokens[:1])), gap=again.gap)
        elif end < len(lines) and groups:
            following = _open_at_end(groups[-1], texts)
        for block in blocks:
            if block.tokens[0].type != "table_open":
                yield replace(block, start=block.start + shift, end=block.end + shift)
                continue
            is_cut = end < len(lines) and block is blocks[-1] and bool(following.lines)
            goes_on = block.tokens[0].meta.get(CONTINUED, False)
            widths = opening.widths if goes_on else ()
            rows = texts[block.start : block.end]
            if not widths and (is_cut or sum(map(len, rows)) > ROWS):
                widths = _natural_widths(lines, shift + block.start)
            if is_cut:
                following = replace(following, widths=widths)
            for part in _table_parts(block, texts, widths) if widths else [block]:
                yield replace(part, start=part.start + shift, end=part.end + shift)
        start, opening = end, following


def indentation(tokens: Iterable[Token]) -> int:
    """The cells that the quotes and items around the deepest token take at most; very many where the reader
    has given up."""
    cells = deepest = 0
    for token in tokens:
        if token.tag in ("blockquote", "li"):
            cells += 4 * token.nesting
            deepest = max(deepest, cells if token.level < _DEEPEST - 1 else PIECE)
    return deepest


def _end_of_piece(lines: Sequence[str], start: int, most: int) -> int:
    """Where a piece ends that begins at a line: never before a line that its last one depends on."""
    size = 0
    for end in range(start, len(lines)):
        size += min(len(lines[end]), LONGEST_LINE) + 1
        if size > most and end > start:
            return end + 1 if _UNDERLINE.match(lines[end]) else end
    return len(lines)


def _groups(texts: Sequence[str], opening: _Opening, shared: dict[str, Any]) -> list[list[Token]]:
    """The tokens of a piece, one list for each top-level block."""
    tokens = READER.parse("\n".join(texts) + "\n", shared)
    ordered = (token for token in tokens if token.type == "ordered_list_open")
    for token, number in zip(ordered, opening.numbers, strict=False):
        token.attrs["start"] = number
    ends = [place + 1 for place, token in enumerate(tokens) if token.level == 0 and token.nesting <= 0]
    return [tokens[start:end] for start, end in pairwise([0, *ends])]


def _blocks(groups: Iterable[list[Token]], opening: _Opening) -> Iterator[Block]:
    """The blocks of a piece, without what is only in the opening lines before it."""
    height = len(opening.lines)
    for number, group in enumerate(groups):
        first, _ = group[0].map or (0, 0)
        kept = _without_opening(group, height) if first < height else group
        gap = first >= height and (number > 0 or opening.gap)
        pieces = _items(kept) if kept and kept[0].type in _LISTS else [kept]
        for piece in filter(None, pieces):
            start, end = piece[0].map or (0, 0)
            yield Block(max(start, height), end, piece, gap)
            gap = False


def _items(tokens: list[Token]) -> Iterator[list[Token]]:
    """Each item of a list as a list of its own, so that long lists come in pieces and know their lines."""
    opening, closing = tokens[0], tokens[-1]
    number = int(opening.attrs.get("start", 1))
    start = 1
    for index, token in enumerate(tokens):
        if token.level == 1 and token.type == "list_item_close":
            attrs = opening.attrs | {"start": number}
            yield [opening.copy(map=tokens[start].map, attrs=attrs), *tokens[start : index + 1], closing]
            start, number = index + 1, number + 1


# What is open at a cut


def _open_at_end(tokens: Sequence[Token], texts: Sequence[str]) -> _Opening:
    """What the last block of a piece leaves open at its end."""
    height = len(texts)
    opened: list[Token] = []
    marks: dict[int, int] = {}  # how many marks to keep of the lines that open a quote or an item
    quotes = 0
    last = len(tokens) - 1
    while tokens[last].nesting < 0 and tokens[_opening_of(tokens, last)].type in _CONTAINERS:
        place = _opening_of(tokens, last)
        token = tokens[place]
        first, end = token.map or (0, 0)
        if token.type == "blockquote_open" and end < height:  # an empty line ends a quote, and no list
            break
        if token.type in _LISTS:
            opened.append(_with_number_at_end(tokens, place, last))
        else:
            marks[first] = marks.get(first, quotes) + 1
            quotes += token.type == "blockquote_open"
        last -= 1
    # A heading, for nothing that follows can belong to it by mistake.
    kept = {line: _filled(texts[line], count, "#") for line, count in marks.items()}
    leaf = tokens[_opening_of(tokens, last)] if tokens[last].nesting < 0 else tokens[last]
    first, end = leaf.map or (0, 0)
    if end == height:
        if leaf.type == "paragraph_open":
            kept[first] = _filled(texts[first], marks.get(first, quotes), "x")
        elif leaf.type == "table_open":
            kept[first], kept[first + 1] = texts[first], texts[first + 1]
        elif leaf.type == "code_block" or (leaf.type == "fence" and not _is_closed(leaf)):
            kept[first] = texts[first]
    if leaf.type == "list_item_open":  # an empty item, which a second empty line ends
        kept |= {line: texts[line] for line in range(first, min(first + 2, height))}
    return _Opening(tuple(kept.values()), tuple(_numbers(opened)))


def _opening_of(tokens: Sequence[Token], closing: int) -> int:
    """The place of the token that opens what the one at `closing` closes."""
    level = tokens[closing].level
    return next(place for place in range(closing - 1, -1, -1) if tokens[place].level == level)


def _filled(line: str, marks: int, filler: str) -> str:
    """A line that opens the first quotes and items of a line, with something else in them."""
    end = 0
    for _ in range(marks):
        if mark := _MARK.match(line, end):
            end = mark.end()
    inside = line[end:].lstrip(" \t")
    return f"{line[: len(line) - len(inside)] if inside else line[:end] + ' '}{filler}"


def _is_closed(fence: Token) -> bool:
    first, end = fence.map or (0, 0)
    return end - first == fence.content.count("\n") + 2


def _with_number_at_end(tokens: Sequence[Token], opening: int, closing: int) -> Token:
    """A list that begins with the number of its last item."""
    head = tokens[opening]
    items = [
        token
        for token in tokens[opening:closing]
        if token.type == "list_item_open" and token.level == head.level + 1
    ]
    return head.copy(attrs={"start": int(head.attrs.get("start", 1)) + len(items) - 1})


def _numbers(lists: Iterable[Token]) -> Iterator[int]:
    """What the ordered ones of some lists begin with."""
    for token in lists:
        if token.type == "ordered_list_open":
            yield int(token.attrs.get("start", 1))


# What the opening lines brought


def _without_opening(tokens: list[Token], height: int) -> list[Token]:
    """The tokens of a block that goes on, without those of the first `height` lines."""
    kept: list[Token] = []
    opened: list[int] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        after = place + 1
        first = token.map[0] if token.map else height
        if token.type in _CONTAINERS:
            if first < height:
                token.meta = {CONTINUED: True}
            opened.append(len(kept))
            kept.append(token)
        elif token.nesting < 0:
            begin = opened.pop()
            if begin < len(kept) - 1:
                kept.append(token)
            elif kept[begin].meta.get(CONTINUED):  # nothing in it comes after the opening lines
                kept.pop()
                if token.type == "list_item_close":  # the items after it do not have its number
                    kept[opened[-1]] = _from_next_number(kept[opened[-1]])
            else:
                kept.append(token)
        else:
            if token.nesting > 0:
                after = next(
                    end + 1 for end in range(place + 1, len(tokens)) if tokens[end].level == token.level
                )
            leaf = tokens[place:after]
            if first >= height or _trim(leaf, height):
                kept += leaf
        place = after
    return kept


def _from_next_number(opening: Token) -> Token:
    return opening.copy(attrs=opening.attrs | {"start": int(opening.attrs.get("start", 1)) + 1})


def _trim(leaf: list[Token], height: int) -> bool:
    """Take the lines before `height` out of a leaf. False when nothing is left."""
    head = leaf[0]
    first, end = head.map or (0, 0)
    if end <= height:
        return False
    head.meta = {CONTINUED: True}
    if head.type == "table_open":
        return True
    if head.type == "fence":  # only its first line is an opening one, and that is no contents
        return bool(head.content)
    text = head if head.type == "code_block" else leaf[1]
    text.content = "\n".join(text.content.split("\n")[height - first :])
    return bool(text.content)


# Tables


def _table_parts(block: Block, texts: Sequence[str], widths: tuple[int, ...]) -> Iterator[Block]:
    """A table in parts of few rows, which are drawn one below the other in the same columns."""
    table, closing = block.tokens[0], block.tokens[-1]
    body = next((at for at, token in enumerate(block.tokens) if token.type == "tbody_open"), 0)
    head = block.tokens[1:body] if body else block.tokens[1:-1]
    goes_on = table.meta.get(CONTINUED, False)
    start, rows, size = block.start, list[Token](), 0

    def part(end: int, *, is_first: bool) -> Block:
        top = table.copy(meta={CONTINUED: goes_on or not is_first, WIDTHS: widths})
        inside = [block.tokens[body], *rows, block.tokens[-2]] if rows else []
        return Block(start, end, [top, *deepcopy(head), *inside, closing], block.gap and is_first)

    for token in block.tokens[body + 1 : -2] if body else []:
        if token.type == "tr_open" and token.map:
            row = len(texts[token.map[0]]) + 1
            size += row
            if size > ROWS and rows:
                yield part(token.map[0], is_first=start == block.start)
                start, rows, size = token.map[0], [], row
        rows.append(token)
    yield part(block.end, is_first=start == block.start)


def _natural_widths(lines: Sequence[str], header: int) -> tuple[int, ...]:
    """The cells that each column of a whole table takes, by its source: the marks are left out, what they
    mark is not read."""
    widths = [0] * len(_cells(lines[header]))
    for number in range(header, len(lines)):
        line = lines[number]
        if "|" not in line:
            break
        if number == header + 1:
            continue
        for place, cell in enumerate(_cells(line)[: len(widths)]):
            if len(cell) > widths[place] or not cell.isascii():
                widths[place] = max(widths[place], cell_len(_MARKUP.sub("", cell).strip()))
    return tuple(widths)


def _cells(line: str) -> list[str]:
    return _CELL_BORDER.split(line[:LONGEST_LINE].strip().removeprefix("|").removesuffix("|"))

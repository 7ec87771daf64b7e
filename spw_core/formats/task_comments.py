"""HTML comments in a `tasks.md`: what stands in them is for nobody, least of all a task."""

from __future__ import annotations

import re
from collections.abc import Sequence

_OPENING, _CLOSING = "<!--", "-->"
# The first alternative is a comment, `<!-->` included; the other, code, is matched only to be passed over.
_COMMENT_OR_CODE = re.compile(r"<!--(?:-?>|.*?-->)|(?<!`)(`++)[^`]++\1(?!`)")
_CODE = re.compile(r"(?<!`)(`++)[^`]++\1(?!`)")
_LINE_START = re.compile(r"(?:\s|[-*+•>]\s)*+<!--")
# What ends a paragraph, and with it a comment that began in its midst.
_NEW_BLOCK = re.compile(r"\s*+(?:$|[-*+•>]\s|[0-9]{1,9}[.)]\s|#{1,6}\s|`{3}|~{3})")


class Comments:
    """The comments of a text, found line by line from the top; linear in the length of the text.

    As in Markdown, a comment that begins a line runs to its end whatever stands in it; one that begins in
    the midst of a line ends within its paragraph or is none.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        last = len(lines)
        # For each line, the first at or after it that closes a comment, and that begins a block.
        self._closing = [last] * (last + 1)
        self._block = [last] * (last + 1)
        for index in range(last - 1, -1, -1):
            self._closing[index] = index if _CLOSING in lines[index] else self._closing[index + 1]
            self._block[index] = index if _NEW_BLOCK.match(lines[index]) else self._block[index + 1]

    def blank(self, index: int) -> tuple[str, int]:
        """Line `index` with its comments as spaces, so that columns stay, and where the comment ends that is
        still open behind it: `index` for none, the number of lines for one that is not closed and that
        therefore stays as it is."""
        line = _blank_closed(self._lines[index])
        if _OPENING not in line:
            return line, index
        starts_line = _LINE_START.match(line)
        opening = starts_line.end() - len(_OPENING) if starts_line else _open_end(line)
        if opening < 0:
            return line, index
        end = self._closing[index + 1]
        if end == len(self._lines) or (not starts_line and self._block[index + 1] <= end):
            return line, len(self._lines)
        return line[:opening] + " " * (len(line) - opening), end


def _blank_closed(line: str) -> str:
    last = line.rfind(_CLOSING)
    if last < 0 or _OPENING not in line:
        return line
    end = last + len(_CLOSING)
    return _COMMENT_OR_CODE.sub(_blanks, line[:end]) + line[end:]


def _blanks(match: re.Match[str]) -> str:
    return match[0] if match[1] else " " * len(match[0])


def _open_end(line: str) -> int:
    """Where an unclosed comment begins in a line, -1 when that stands in code."""
    return _CODE.sub(lambda match: "x" * len(match[0]), line).find(_OPENING)

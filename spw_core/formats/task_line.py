"""One line of a `tasks.md` as a task or a checkbox: the recogniser that the reader and the marker share."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from spw_core.formats.task_layout import indent_of
from spw_core.formats.task_values import DASHES, ID, narrow, normalise_id
from spw_core.formats.task_words import SIGNS, TASK_WORDS, TaskStatus, status_of_word


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A line that begins a task, or a checkbox without an id (`id` is "" then).

    `box` is the span of the status character in the line, empty for `[]`, None without any box. `sign` is
    that of a sign like ✅ which tells the status of a task without a box; `name_at` is where its text begins.
    `firm` tells `1.`, `1.2`, `**1**` or `Task 1` from a number that may be part of a sentence.
    `level` is the heading level, 0 in lists.
    """

    number: int
    kind: Literal["box", "heading", "numbered"]
    indent: int
    level: int
    id: str
    firm: bool
    title: str
    status: TaskStatus
    mark: str
    box: tuple[int, int] | None
    optional: bool
    sign: tuple[int, int] | None = None
    name_at: int = 0

    @property
    def mark_is_known(self) -> bool:
        return self.mark in _MARKS or self.mark in SIGNS


_MARKS: dict[str, TaskStatus] = {
    "": TaskStatus.PENDING,
    "-": TaskStatus.IN_PROGRESS,
    "~": TaskStatus.BLOCKED,
    "!": TaskStatus.BLOCKED,
    **dict.fromkeys("xX√", TaskStatus.DONE),
}

# Most lines hold neither a bracket nor a digit and are dismissed at the speed of C.
_HINT = re.compile(r"[\[［0-9０-９]")
_ITEM = re.compile(r"\s*[-*+]\s")
_SIGN = "".join(SIGNS)
_LEAD = re.compile(r"\s*(?:(?P<hashes>#{1,6})\s+|(?P<bullet>[-*+•])(?:\s+|(?=\[)))?")
_BOX = re.compile(
    # "3. [x] title": the number may stand before the box.
    rf"(?:(?P<id>{ID})\\?[.)]\s{{1,8}})?"
    rf"\[(?P<inside>\s{{0,2}}(?P<mark>[^\s\[\]0-9]?)\ufe0f?\s{{0,2}})\](?P<optional>\*(?!\*))?"
    rf"(?=\s|$|[0-9*_{_SIGN}])\s*"
)
# "- [done] 2. B": a word where the sign should be. Numbers in brackets and footnotes are references.
_WORD_BOX = re.compile(r"\[(?P<inside>(?![\d\s,.;-]+\]|\^)[^\[\]]{2,12})\](?=\s|[0-9*_])\s*")
_GLYPH = re.compile(rf"(?P<all>(?P<sign>[{_SIGN}])\ufe0f?)\s*")
_LAST_GLYPH = re.compile(rf"(?P<all>(?P<sign>[{_SIGN}])\ufe0f?)$")
_CLOSING_HASHES = re.compile(r"(?<=\s)#{1,6}\s*$")
_TASK_ID = re.compile(
    rf"""
    (?P<open>\*{{1,3}}|_{{1,3}})?
    (?P<word>(?:{TASK_WORDS})\s{{0,3}}[#:-]?\s{{0,3}})?
    (?P<id>{ID})
    (?P<stop>\\?[.)、:](?![0-9]))?
    (?P<close>\*{{1,3}}|_{{1,3}})?
    (?P<late_stop>[.):])?
    (?P<dash>\s{{1,3}}[{DASHES}]{{1,2}}(?=\s))?
    """,
    re.VERBOSE | re.IGNORECASE,
)


def read_task_line(line: str, number: int) -> TaskLine | None:
    """Read one line outside of code and frontmatter as a task or checkbox; None when it is neither."""
    if _HINT.search(line) is None:
        return None
    if "[" not in line and line.isascii() and _ITEM.match(line):
        return None  # an item that has neither a box nor a sign
    plain = narrow(line)
    lead = _LEAD.match(plain)
    assert lead is not None  # every part of the pattern is optional
    position = lead.end()
    level = len(lead["hashes"] or "")

    box = _BOX.match(plain, position)
    mark, span, status = "", None, TaskStatus.PENDING
    if box:
        mark = box["mark"]
        start = box.start("mark") if mark else box.start("inside")
        span = (start, start + (1 if box["inside"] else 0))
        status = _MARKS.get(mark) or SIGNS.get(mark, TaskStatus.PENDING)
        position = box.end()
    word = _WORD_BOX.match(plain, position) if not box and (level or lead["bullet"]) else None
    if word:
        return _read_word_box(line, plain, number, level, word)
    sign = _GLYPH.match(plain, position)
    if sign:
        position = sign.end()
        if not mark:
            status = SIGNS[sign["sign"]]
        if box is None and lead["bullet"]:
            mark, span = sign["sign"], sign.span("sign")

    if box is None and sign is None and lead["bullet"]:
        return None
    if box and box["id"]:
        name = _Name(normalise_id(box["id"]), line[position:], stop=True)
    else:
        name = _read_name(line, plain, position)
    task = TaskLine(
        number=number,
        kind="heading" if level else "box",
        indent=indent_of(line),
        level=level,
        id=name.id,
        firm=name.firm,
        title=clean_title(_CLOSING_HASHES.sub("", name.title) if level else name.title),
        status=status,
        mark=mark,
        box=span,
        optional=bool(box and box["optional"]),
        sign=sign.span("all") if sign and not box else None,
        name_at=lead.end(),
    )
    if box:
        return task if task.id or level or lead["bullet"] else None
    if span:
        # A sign is no checkbox by itself: "- ✅ 3 tests pass" is prose, "- ✅ 3. Title" is a task.
        return task if task.id and task.firm else None
    if not task.id:
        return None
    if level > 1 and (name.word or (sign and name.firm)):
        return _with_sign_of_title(task, line)
    if not level and task.indent <= 1 and name.stop and not name.word:
        return _with_sign_of_title(replace(task, kind="numbered"), line)
    return None


def _read_word_box(line: str, plain: str, number: int, level: int, box: re.Match[str]) -> TaskLine | None:
    mark = box["inside"].strip()
    status = status_of_word(mark)
    name = _read_name(line, plain, box.end())
    # "- [RFC] 2 pages" is prose; only a known status makes up for an id that may be a mere number.
    if not name.id or not (name.firm or status):
        return None
    return TaskLine(
        number=number,
        kind="heading" if level else "box",
        indent=indent_of(line),
        level=level,
        id=name.id,
        firm=name.firm,
        title=clean_title(name.title),
        status=status or TaskStatus.PENDING,
        mark=mark,
        box=box.span("inside"),
        optional=False,
    )


def _with_sign_of_title(task: TaskLine, line: str) -> TaskLine:
    """A task without a box may carry its status as a sign at either end of its title."""
    if sign := _GLYPH.match(task.title):
        at = line.find(sign["all"], task.name_at)
        title = task.title[sign.end() :]
    elif sign := _LAST_GLYPH.search(task.title[-2:]):
        at = line.rfind(sign["all"])
        title = task.title.rstrip(_SIGN + "\ufe0f ")
    else:
        return task
    return replace(task, title=title, status=SIGNS[sign["sign"]], sign=(at, at + len(sign["all"])))


@dataclass(frozen=True, slots=True)
class _Name:
    """An id with its title, and what marks it as an id: a full stop, a word for task, a dash or bold type."""

    id: str
    title: str
    stop: bool = False
    word: bool = False
    set_off: bool = False

    @property
    def firm(self) -> bool:
        return self.stop or self.word or self.set_off or "." in self.id


def _read_name(line: str, plain: str, position: int) -> _Name:
    """The id and title at `position`; the id is empty when the text does not begin with one."""
    match = _TASK_ID.match(plain, position)
    if match is None:
        return _Name("", line[position:])
    following = plain[match.end() : match.end() + 1]
    stop = bool(match["stop"] or match["late_stop"])
    if following and not following.isspace() and not match["close"] and (following.isascii() or not stop):
        # "1.x" and "3rd" are no ids; CJK text needs no space behind the stop.
        return _Name("", line[position:])
    title = line[match.end() :]
    if match["open"] and not match["close"]:
        title = title.replace(match["open"], "", 1)
    set_off = bool(match["open"] or match["close"] or match["dash"])
    return _Name(normalise_id(match["id"]), title, stop, bool(match["word"]), set_off)


def clean_title(title: str) -> str:
    """A title without the emphasis that stands around all of it."""
    title = title.strip()
    if title.startswith("**") and title.endswith("**") and title.count("**") == 2 and len(title) > 4:
        return title[2:-2].strip()
    return title

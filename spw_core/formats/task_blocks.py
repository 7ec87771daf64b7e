"""What belongs to which task: headings, sections and the metadata lines below each task line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from spw_core.formats.problem import Problem
from spw_core.formats.task_key_line import KeyLine, colon_of, key_of_label, read_key_line
from spw_core.formats.task_layout import HEADING, indent_of
from spw_core.formats.task_line import TaskLine, clean_title
from spw_core.formats.task_scan import Scan
from spw_core.formats.task_words import (
    Key,
    is_constraints_heading,
    is_deferred_text,
    is_wave_plan_heading,
    wave_in_text,
)


class Said(NamedTuple):
    """What stands behind a key, or in the list below it, and the number of the line it stands on."""

    line: int
    text: str


@dataclass(slots=True)
class Block:
    """A task line with everything collected below it.

    `values` has what each key says at the task's own level, one item per line; `nested` that of keys
    inside another list (`Details:` with a `Wave:` below it), which count only when the own level is silent.
    """

    head: TaskLine
    wave: int | None  # as the headings above say
    deferred: bool  # likewise
    title: str
    values: dict[Key, list[Said]] = field(default_factory=dict)
    nested: dict[Key, list[Said]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def said(self, key: Key) -> list[Said]:
        return self.values.get(key) or self.nested.get(key, [])

    def texts(self, key: Key) -> list[str]:
        return [said.text for said in self.said(key)]


_BULLET = re.compile(r"(?:[-*+•]|[0-9]{1,9}[.)])(?:\s+|$)")
_UNREADABLE_ID = re.compile(r"\W{0,3}[A-Za-z]{0,4}-?[0-9]")


class _TextLine(NamedTuple):
    """A line that is neither blank, a heading nor a task: its number and indentation, whether it begins with
    a bullet, whether a checkbox follows that, and its text without the bullet."""

    number: int
    indent: int
    bulleted: bool
    checkbox: bool
    text: str


@dataclass(slots=True)
class _OpenKey:
    """A key without a value on its line: what is indented below belongs to it."""

    key: Key | None
    indent: int
    bulleted: bool
    nested: bool
    child_indent: int | None = None


@dataclass(slots=True)
class _OpenPrompt:
    line: int
    indent: int
    bulleted: bool
    underscored: bool
    parts: list[str]


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    wave: int | None
    deferred: bool


@dataclass(slots=True)
class BlockReader:
    """One walk over the lines of a scan; afterwards the lists hold what was found, in file order."""

    scan: Scan
    blocks: list[Block] = field(default_factory=list)
    constraints: list[tuple[str, str]] = field(default_factory=list)
    plan_lines: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    _block: Block | None = None
    # The tasks of the list that the current one is nested in, from the outermost on.
    _outer: list[Block] = field(default_factory=list)
    _open: _OpenKey | None = None
    _prompt: _OpenPrompt | None = None
    _headings: list[_Heading] = field(default_factory=list)
    _section: str = ""
    # Right below its line a task may have unindented metadata; a blank line or other text ends that.
    _adjacent: bool = False

    def run(self) -> None:
        for number, line in enumerate(self.scan.lines, start=1):
            if number in self.scan.hidden:
                if self._prompt:
                    self._prompt.parts.append(line.strip())
                continue
            task = self.scan.tasks.get(number)
            if task:
                self._begin(task)
            elif not line or line.isspace():
                self._blank()
            else:
                self._text(number, line)
        self._end_prompt()

    def _begin(self, task: TaskLine) -> None:
        self._end_prompt()
        if task.level:
            self._leave_headings(task.level)
        wave = next((heading.wave for heading in reversed(self._headings) if heading.wave is not None), None)
        deferred = any(heading.deferred for heading in self._headings)
        self._leave_task(task)
        self._block = Block(task, wave, deferred, task.title, notes=["optional"] if task.optional else [])
        self.blocks.append(self._block)
        self._open = None
        self._section = ""
        self._adjacent = True

    def _leave_task(self, following: TaskLine) -> None:
        if self._block and not self._block.head.level:
            self._outer.append(self._block)
        elif self._block is None:
            self._outer.clear()
        while self._outer and (following.level or self._outer[-1].head.indent >= following.indent):
            self._outer.pop()

    def _blank(self) -> None:
        self._adjacent = False
        if self._prompt and not self._prompt.underscored:
            self._end_prompt()

    def _text(self, number: int, line: str) -> None:
        stripped = line.strip()
        indent = indent_of(line)
        heading = HEADING.match(line)
        if heading and not self._is_inside(indent, len(heading[1])):
            self._report_checkbox(number)
            self._heading(len(heading[1]), line[heading.end() :].strip())
            return
        if _is_rule(stripped) and indent <= 3:
            self._section = ""
            self._adjacent = False
            return
        bullet = _BULLET.match(stripped)
        text = stripped[bullet.end() :] if bullet else stripped
        self._below_a_heading(_TextLine(number, indent, bool(bullet), number in self.scan.checkboxes, text))

    def _below_a_heading(self, line: _TextLine) -> None:
        self._return_to_outer(line)
        if self._block and self._belongs(self._block, line):
            self._task_text(self._block, line)
        elif line.checkbox:
            self._report_checkbox(line.number)
        elif self._section == "constraints":
            self.constraints.append(_constraint(line.text))
        elif self._section == "plan":
            self.plan_lines.append(line.text)

    def _report_checkbox(self, number: int) -> None:
        checkbox = self.scan.checkboxes.get(number)
        if checkbox is None:
            return
        remark = "a checkbox without a task id"
        if _UNREADABLE_ID.match(checkbox.title):
            remark = f"the task id is not readable: {checkbox.title[:40]!r}"
        self.problems.append(Problem(number, remark))

    # --- headings and sections

    def _is_inside(self, indent: int, level: int) -> bool:
        """Whether a heading is part of a list item (`  # a shell comment`) instead of the document."""
        head = self._block.head if self._block else None
        return head is not None and head.level == 0 and indent > head.indent and level != 2

    def _heading(self, level: int, text: str) -> None:
        self._end_prompt()
        self._open = None
        self._adjacent = False
        deferred = [heading for heading in self._headings if heading.deferred and heading.level == level]
        self._leave_headings(level)
        head = self._block.head if self._block else None
        if head and head.level and level > head.level:
            key = key_of_label(text)
            self._open = _OpenKey(key, indent=-1, bulleted=False, nested=False) if key else None
            return
        if level <= 2 or (head and head.level):
            self._block = None
        wave = wave_in_text(text)
        is_constraints = is_constraints_heading(text)
        if is_constraints or (wave is None and is_wave_plan_heading(text)):
            self._section = "constraints" if is_constraints else "plan"
            # They stand between the tasks, also of a deferred section, and do not end it.
            self._headings += deferred
        else:
            self._section = ""
            # Level 1 is the title of the document: "Tasks: deferred payments" defers nothing.
            self._headings.append(_Heading(level, wave, level > 1 and is_deferred_text(text)))

    def _leave_headings(self, level: int) -> None:
        while self._headings and self._headings[-1].level >= level:
            self._headings.pop()

    # --- the lines of one task

    def _belongs(self, block: Block, line: _TextLine) -> bool:
        if block.head.level or line.indent > block.head.indent:
            return True
        return self._is_right_below(block, line)

    def _return_to_outer(self, line: _TextLine) -> None:
        """Below a nested task, a line that is indented less or is its sibling belongs to the task around."""
        block, indent = self._block, line.indent
        if block is None or block.head.level or indent > block.head.indent or not self._outer:
            return
        if indent == block.head.indent and not line.bulleted:
            return
        if indent <= self._outer[0].head.indent:
            return
        self._end_prompt()
        self._open = None
        self._adjacent = False
        while indent <= self._outer[-1].head.indent:
            self._outer.pop()
        self._block = self._outer.pop()

    def _is_right_below(self, block: Block, line: _TextLine) -> bool:
        """Whether a line that is not indented is metadata or the title of the task right above it."""
        key_line = read_key_line(line.text) if self._adjacent and not line.checkbox else None
        if key_line and key_line.key:
            return True
        if line.bulleted:
            # A sibling in the same list; what is indented below it is its own.
            self._end_prompt()
            self._block = None
            return False
        is_title = self._adjacent and not block.title
        self._adjacent = False
        return is_title

    def _task_text(self, block: Block, line: _TextLine) -> None:
        key_line = None if line.checkbox else read_key_line(line.text)
        key = key_line.key if key_line else None
        if self._continue_prompt(line, key):
            return
        self._close_key(line, key)
        if key_line and key:
            self._metadata(block, line, key_line, key)
        elif not (block.title or line.bulleted or block.values or block.notes or block.head.level):
            block.title = clean_title(line.text)
        elif self._open and self._open.key and not line.checkbox and self._is_child(self._open, line.indent):
            store = block.nested if self._open.nested else block.values
            store.setdefault(self._open.key, []).append(Said(line.number, line.text))
        elif line.text:
            block.notes.append(line.text)
            if key_line and not key_line.value:
                self._open = _OpenKey(None, line.indent, line.bulleted, nested=True)

    def _metadata(self, block: Block, line: _TextLine, key_line: KeyLine, key: Key) -> None:
        nested = self._open is not None
        if nested or key is Key.DEFERRED or (key is Key.STATUS and block.head.box):
            block.notes.append(line.text)
        if key is Key.PROMPT:
            self._prompt = _OpenPrompt(
                line.number, line.indent, line.bulleted, key_line.open_end, [key_line.value]
            )
            if line.text.startswith("_") and not key_line.open_end:
                self._end_prompt()
            return
        store = block.nested if nested else block.values
        said = store.setdefault(key, [])
        if key_line.value:
            said.append(Said(line.number, key_line.value))
        if not key_line.value or key_line.value.endswith((",", "，", "、")):
            self._open = _OpenKey(key, line.indent, line.bulleted, nested)

    def _close_key(self, line: _TextLine, key: Key | None) -> None:
        opened = self._open
        if opened is None:
            return
        # "Files:" without a bullet may have its bullets at its own indentation.
        is_child = line.indent == opened.indent and line.bulleted and not opened.bulleted and not key
        if line.indent <= opened.indent and not is_child:
            self._open = None

    @staticmethod
    def _is_child(opened: _OpenKey, indent: int) -> bool:
        """Whether a line is a direct child; deeper lines remark on the child above them."""
        if opened.child_indent is None:
            opened.child_indent = indent
        return indent <= opened.child_indent

    # --- prompts of several lines

    def _continue_prompt(self, line: _TextLine, key: Key | None) -> bool:
        """Take a line into the open prompt, if there is one that it does not end."""
        prompt = self._prompt
        if prompt is None:
            return False
        is_sibling = key is not None or (line.bulleted and prompt.bulleted)
        if is_sibling and line.indent <= prompt.indent:
            self._end_prompt()
            return False
        closes = prompt.underscored and line.text.endswith("_")
        prompt.parts.append(line.text.removesuffix("_").rstrip() if closes else line.text)
        if closes:
            prompt.underscored = False
            self._end_prompt()
        return True

    def _end_prompt(self) -> None:
        prompt, self._prompt = self._prompt, None
        if prompt is None or self._block is None:
            return
        if prompt.underscored:
            self.problems.append(Problem(prompt.line, "the prompt is not closed by an underscore"))
        said = Said(prompt.line, "\n".join(prompt.parts).strip())
        self._block.values.setdefault(Key.PROMPT, []).append(said)


def _is_rule(stripped: str) -> bool:
    if stripped[0] not in "-*_" or stripped[-1] != stripped[0]:
        return False
    marks = stripped.replace(" ", "").replace("\t", "")
    return len(marks) >= 3 and not marks.strip(marks[0])


def _constraint(text: str) -> tuple[str, str]:
    colon = colon_of(text)
    if colon < 1:
        return "", text
    return text[:colon].strip("*_` "), text[colon + 1 :].strip().strip("*` ")

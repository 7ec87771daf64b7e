"""A batch of messages in short, by choosing from it: what was asked, decided, changed, and what failed.

Pure. Nothing is made up: every line was said, or counts what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spw_core.store.memory.types import Message, Origin, Role
from spw_core.text import plural

_LONGEST_LINE = 240
_MOST_PROMPTS, _MOST_DECISIONS, _MOST_FILES, _MOST_ERRORS = 12, 10, 40, 10
_LONGEST_TEXT = 20_000

_DECISION = re.compile(
    r"(?i)\b(?:decid\w*|decis\w*|instead of|rather than|because|chose|choose|trade-?off|root cause|the fix"
    r"|turns out|em vez de|porque|optei|escolh\w*|causa raiz|a correção)\b"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_WRITING = ("Write: ", "Edit: ", "MultiEdit: ", "NotebookEdit: ")


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed, and what was said or done next, empty when the batch ends there."""

    what: str
    then: str


@dataclass(frozen=True, slots=True)
class Extract:
    """What is worth keeping of a batch, each text on one line."""

    prompts: tuple[str, ...]
    decisions: tuple[str, ...]
    files: tuple[str, ...]
    failures: tuple[Failure, ...]
    last: str
    messages: int


def extract(messages: Sequence[Message]) -> Extract:
    """Choose from messages in the order in which they were said."""
    prompts = [_line(one.content) for one in messages if one.origin == Origin.USER_INPUT]
    spoken = [one for one in messages if one.role == Role.ASSISTANT and not one.tool_name]
    decisions = [
        _line(sentence)
        for one in spoken
        for sentence in _SENTENCE.split(one.content[:_LONGEST_TEXT])
        if _DECISION.search(sentence) and len(sentence) > 20
    ]
    files = [
        one.content.partition(": ")[2].strip()
        for one in messages
        if one.role == Role.ASSISTANT and one.content.startswith(_WRITING)
    ]
    return Extract(
        prompts=_unique(prompts, _MOST_PROMPTS),
        decisions=_unique(decisions, _MOST_DECISIONS),
        files=_unique(files, _MOST_FILES),
        failures=tuple(_failures(messages))[:_MOST_ERRORS],
        last=_line(spoken[-1].content) if spoken else "",
        messages=len(messages),
    )


def as_markdown(found: Extract) -> str:
    """The extract as a short text."""
    parts: list[str] = []
    failures = [f"{one.what}" + (f" → {one.then}" if one.then else "") for one in found.failures]
    for title, lines in (
        ("Asked", found.prompts),
        ("Decided", found.decisions),
        ("Files changed", found.files),
        ("Failed, and what followed", failures),
        ("At the end", [found.last] if found.last else []),
    ):
        if lines:
            parts.append(f"**{title}**\n\n" + "\n".join(f"- {line}" for line in lines))
    return "\n\n".join(parts) or f"{plural(found.messages, 'message')} without anything to keep."


def _failures(messages: Sequence[Message]) -> Iterable[Failure]:
    for place, one in enumerate(messages):
        if one.role == Role.TOOL and one.metadata.get("error") == "true":
            following = messages[place + 1 : place + 12]
            then = next(
                (other for other in following if other.role == Role.ASSISTANT and not other.tool_name), None
            ) or next((other for other in following if other.role == Role.ASSISTANT), None)
            yield Failure(f"{one.tool_name}: {_line(one.content)}", _line(then.content) if then else "")


def _line(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text[: 4 * _LONGEST_LINE].split())
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1].rstrip() + "…"


def _unique(lines: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, lines)))[:most]

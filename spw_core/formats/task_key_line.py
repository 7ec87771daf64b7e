"""One line of metadata: `label: value`, in every way to write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spw_core.formats.task_values import narrow
from spw_core.formats.task_words import Key, known_key

_LABEL_FRINGE = re.compile(r"^[\W_]+|[\W_]+$")
_MAX_LABEL = 60


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A line `label: value`; `open_end` when it began with an underscore that the line does not close."""

    key: Key | None
    value: str
    open_end: bool


def read_key_line(text: str) -> KeyLine | None:
    """Read `label: value`, `**label:** value`, `**label**: value` or `_label: value_` without its bullet."""
    colon = colon_of(text)
    if colon < 1:
        return None
    label = text[:colon]
    if not _without_fringe(label):
        return None
    value = text[colon + 1 :].strip()
    opening = label[: len(label) - len(label.lstrip("*_`"))]
    closing = opening[::-1]
    open_end = False
    if opening and not label.rstrip().endswith(closing):
        # Both `**Files:** a` and `_Files: a_` leave one end of the emphasis in the value.
        at_start, at_end = value.startswith(closing), value.endswith(closing)
        if at_end and (opening[0] == "_" or not at_start):
            value = value[: -len(closing)].rstrip()
        elif at_start:
            value = value[len(closing) :].lstrip()
        else:
            open_end = opening[0] == "_"
    return KeyLine(key_of_label(label), value, open_end)


def colon_of(text: str) -> int:
    """Where the label of a line ends, as an index; below 1 where there is none."""
    return narrow(text[:_MAX_LABEL]).find(":")


def key_of_label(text: str) -> Key | None:
    """The key that a label or heading names, whatever marks stand around it; None for no known one."""
    return known_key(_without_fringe(text[:_MAX_LABEL]))


def _without_fringe(text: str) -> str:
    return _LABEL_FRINGE.sub("", text)

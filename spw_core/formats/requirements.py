"""`requirements.md`: which requirements there are, by id.

Ids are written in many ways: as headings (`### REQ-001 - Title`, `### Requirement 3: Title`), and in lists
(`- **FR-2**: …`). A number alone is an id when the heading says that it is a requirement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spw_core.formats.frontmatter import split_frontmatter
from spw_core.formats.task_layout import read_layout
from spw_core.formats.text_decode import BOM, split_lines

_ID = r"[A-Z]{1,6}(?:-[A-Z]{1,6})?-?\d{1,4}(?:\.\d{1,3})*"
_HEADING = re.compile(
    rf"#{{1,6}}\s+(?:\*\*)?(?:(?P<id>{_ID})|(?:requirement|requisito|anforderung|exigence)\s+(?P<number>[\d.]{{1,12}}))"
    r"(?:\*\*)?(?=[\s:.–—-]|$)\s*[:.–—-]*\s*(?P<title>.*)",
    re.IGNORECASE,
)
_ITEM = re.compile(rf"\s{{0,8}}[-*]\s+(?:\*\*|`)(?P<id>{_ID})(?:\*\*|`)?\s*[:.–—-]*\s*(?P<title>.*)")
_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement as the file has it. `line` is 1-based."""

    id: str
    title: str
    line: int


def parse_requirements(text: str) -> tuple[Requirement, ...]:
    """The requirements of a document in the order of the file, each id once. Nothing raises."""
    text = text.lstrip(BOM)
    _, _, body_line, _ = split_frontmatter(text)
    layout = read_layout(split_lines(text)[::2], body_line - 1)
    found: dict[str, Requirement] = {}
    for number, line in enumerate(layout.lines, 1):
        if number in layout.hidden:
            continue
        stripped = line.strip()
        match = _HEADING.match(stripped) if stripped.startswith("#") else _ITEM.match(line[:400])
        if match:
            values = match.groupdict()
            requirement_id = values.get("id") or (values.get("number") or "").strip(".")
            title = match["title"].strip(" *`")[:_LONGEST_TITLE]
            if requirement_id:
                found.setdefault(same_id(requirement_id), Requirement(requirement_id, title, number))
    return tuple(found.values())


def same_id(text: str) -> str:
    """How ids are compared: `REQ-001`, `req 1` and `Req-1` are the same."""
    letters, digits = re.match(r"\s*([A-Za-z -]*)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    numbers = ".".join(part.lstrip("0") or "0" for part in digits.strip().split("."))
    prefix = re.sub(r"[^a-z]+", "-", letters.lower()).strip("-")
    prefix = "" if prefix in ("requirement", "requisito", "anforderung", "exigence", "req") else prefix
    return f"{prefix}-{numbers}" if prefix else numbers

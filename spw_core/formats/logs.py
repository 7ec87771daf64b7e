"""Implementation logs: one Markdown file per finished task, in three writers' shapes.

Only the task id and the title are read; the text itself is kept as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spw_core.formats.problem import Problem
from spw_core.formats.text_decode import split_lines

# task-3.md · task_1.2.md · task4.md · task-1-2_20260214T101500_ab12cd34.md (MCP server: dots become dashes)
_FILE_NAME = re.compile(r"task[_-]?(?P<id>\d+(?:[.-]\d+)*)(?P<stamp>_\d{8}.*)?\.md", re.IGNORECASE)
# "# Task 3: Title" · "# Implementation Log: Task 3 - Title"
_TITLE = re.compile(
    r"#\s+(?:Implementation Log:\s*)?Task\s+(?P<id>[\d.]*\d)\s*(?:[:–—-]\s*(?P<title>.*))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class LogHeader:
    task_id: str
    title: str


def is_log_name(file_name: str) -> bool:
    """True for names under which an implementation log is found."""
    return _FILE_NAME.fullmatch(file_name) is not None


def parse_log_header(text: str, file_name: str) -> tuple[LogHeader, list[Problem]]:
    """Task id and title of a log. The heading decides; without one the file name gives the id.

    The MCP server writes `1-2` in file names for task `1.2`, which only the heading can tell from a range.
    """
    named = _FILE_NAME.fullmatch(file_name)
    named_id = named["id"].replace("-", ".") if named else ""
    for number, line in enumerate(split_lines(text[:4096])[:40:2], start=1):
        if match := _TITLE.match(line.strip()):
            problems = []
            if named_id and match["id"] != named_id:
                remark = (
                    f"the heading says task {match['id']}, the file name task {named_id}; the heading counts"
                )
                problems.append(Problem(number, remark))
            return LogHeader(match["id"], (match["title"] or "").strip()), problems
    return LogHeader(named_id, ""), []

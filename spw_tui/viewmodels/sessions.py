"""Sessions with agents: as a list, and each as a text to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spw_tui.clock import age, nanoseconds
from spw_tui.rows import Row, Tone, cell, plural

if TYPE_CHECKING:
    from spw_core.answers import Message, SessionRow, SessionView

# What a tool answered can be as long as a file; its beginning says what it was.
_LONGEST_ANSWER = 2000


def session_rows(sessions: Sequence[SessionRow], now_ns: int) -> list[Row]:
    """Two lines per session, the newest first."""
    return [_row(session, now_ns) for session in sessions]


def _row(session: SessionRow, now_ns: int) -> Row:
    used = session.tokens.brief
    about = [plural(session.messages, "message"), used and f"{used} tokens", *session.specs[:3]]
    about += [session.branch, session.model]
    lines = (
        (
            cell("●" if session.is_open else "○", Tone.BUSY if session.is_open else Tone.DIM),
            cell(session.title or session.id, Tone.STRONG, grow=True),
            cell(age(nanoseconds(session.started_at), now_ns), Tone.DIM),
        ),
        (cell(" "), cell(" · ".join(filter(None, about)), Tone.DIM, grow=True)),
    )
    return Row(session.id, lines)


def session_title(view: SessionView) -> str:
    """What the preview of a session is of: its day first, for the title stands below once more."""
    return f"{view.row.started_at[:10]}  {view.row.title or view.row.id}"


def session_text(view: SessionView, content: str = "") -> tuple[str, int]:
    """(summaries, then everything that was said, as Markdown; the 1-based line where `content` begins).

    The line is 0 without `content`, and when nobody said it.
    """
    parts = [f"# {view.row.title or view.row.id}"]
    line = 0

    def add(title: str, text: str, shown: str) -> None:
        nonlocal line
        if content and text == content and not line:
            line = sum(part.count("\n") + 2 for part in parts) + 1
        parts.append(f"{title}\n\n{shown}")

    for summary in view.summaries:
        add("## Summary", summary.content, summary.content)
    for message in view.messages:
        who = str(message.role.value) + (f" ({message.tool_name})" if message.tool_name else "")
        add(f"### {who} · {message.created_at[11:16]}", message.content, _shown(message, content))
    return "\n\n".join(parts), line


def _shown(message: Message, wanted: str) -> str:
    """What was said; of the long answer of a tool only the beginning, unless it is what is looked for."""
    text = message.content
    if not message.tool_name or len(text) <= _LONGEST_ANSWER or text == wanted:
        return text
    return f"{text[:_LONGEST_ANSWER]}\n\n… {len(text) - _LONGEST_ANSWER} more characters"

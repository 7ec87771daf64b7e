"""Sessions with agents: as a list, and each as a text to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spw_tui.clock import age, nanoseconds
from spw_tui.rows import Row, Tone, cell, plural

if TYPE_CHECKING:
    from spw_core.memory.sessions import SessionRow, SessionView

# What a tool answered can be as long as a file; its beginning says what it was.
_LONGEST_ANSWER = 2000


def session_rows(sessions: Sequence[SessionRow], now_ns: int) -> list[Row]:
    """Two lines per session, the newest first."""
    return [_row(session, now_ns) for session in sessions]


def _row(session: SessionRow, now_ns: int) -> Row:
    about = [plural(session.messages, "message"), *session.specs[:3], session.branch, session.model]
    lines = (
        (
            cell("●" if not session.ended_at else "○", Tone.BUSY if not session.ended_at else Tone.DIM),
            cell(session.title or session.id, Tone.STRONG, grow=True),
            cell(age(nanoseconds(session.started_at), now_ns), Tone.DIM, width=7, right=True),
        ),
        (cell(" "), cell(" · ".join(filter(None, about)), Tone.DIM, grow=True)),
    )
    return Row(session.id, lines)


def session_text(view: SessionView) -> str:
    """Summaries, then everything that was said, as Markdown."""
    parts = [f"# {view.row.title or view.row.id}"]
    parts += [f"## Summary\n\n{summary.content}" for summary in view.summaries]
    for message in view.messages:
        who = str(message.role.value) + (f" ({message.tool_name})" if message.tool_name else "")
        text = message.content
        if message.tool_name and len(text) > _LONGEST_ANSWER:
            text = f"{text[:_LONGEST_ANSWER]}\n\n… {len(text) - _LONGEST_ANSWER} more characters"
        parts.append(f"### {who} · {message.created_at[11:16]}\n\n{text}")
    return "\n\n".join(parts)

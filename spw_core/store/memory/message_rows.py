"""Messages as rows: plain values, which other processes can hand over and both message tables hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from spw_core.errors import Conflict

from .checks import dump, load_texts
from .types import Message, Threat


class MessageRow(NamedTuple):
    """A message as it is stored: `threat` and `metadata` are JSON, the rest is as in `Message`."""

    session_id: str
    id: str
    role: str
    content: str
    tool_call_id: str
    tool_name: str
    origin: str
    threat: str | None
    created_at: str
    metadata: str


COLUMNS = ", ".join(MessageRow._fields)
MARKS = ", ".join("?" * len(MessageRow._fields))


def row_of(message: Message) -> MessageRow:
    """The message as a row; `read_message` makes a message of it again."""
    return MessageRow(
        message.session_id,
        message.id,
        message.role.value,
        message.content,
        message.tool_call_id,
        message.tool_name,
        message.origin.value,
        dump("threat", asdict(message.threat)) if message.threat else None,
        message.created_at,
        metadata_text(message.metadata),
    )


def metadata_text(metadata: Mapping[str, str]) -> str:
    """How metadata are stored."""
    return dump("metadata", dict(metadata)) if metadata else "{}"


def read_message(row: tuple[Any, ...]) -> Message:
    """The message whose COLUMNS these are."""
    session_id, message_id, role, content, call_id, tool, origin, threat, created_at, metadata = row
    scan = json.loads(threat) if threat else None
    return Message(
        id=message_id,
        session_id=session_id,
        role=role,
        content=content,
        created_at=created_at,
        tool_call_id=call_id,
        tool_name=tool,
        origin=origin,
        threat=Threat(**scan) if scan else None,
        metadata=load_texts(metadata),
    )


def refuse_other(message: Message, present: tuple[Any, ...]) -> None:
    """Raise Conflict unless the row is that of this very message."""
    if row_of(message) != tuple(present):
        raise Conflict(f"another message is stored as {message.id}")

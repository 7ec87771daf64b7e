"""Transcripts of Claude Code: one JSON record per line, in a format that is internal to it and changes.

Read leniently: what is known is taken, everything else is passed over. What a person or an agent said is
kept whole; what tools were given and answered only as an excerpt, for the bytes are in files elsewhere.
Private reasoning is left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

USER, ASSISTANT, SYSTEM, TOOL = "user", "assistant", "system", "tool"

# Characters that are kept of a text.
LONGEST_TEXT = 20_000
_LONGEST_CALL = 400
_LONGEST_TASK = 4_000
_LONGEST_RESULT = 600
_LONGEST_ERROR = 2_000
# A list of blocks or a nesting beyond this is not what an agent writes.
_MOST_BLOCKS = 10_000

# Records that say nothing about the conversation. Told before parsing, where only plain values stand before
# the type, so that it is surely the record's.
_SILENT = frozenset(
    b"file-history-snapshot file-history-delta queue-operation last-prompt mode permission-mode cost-state"
    b" pr-link agent-name progress".split()
)
_TYPE_FIRST = re.compile(
    rb'\{(?:(?!"type")"[A-Za-z]{1,40}":(?:"[^"\\]{0,4096}"|null|true|false|[0-9]{1,20}),){0,20}+"type":"([a-z-]{1,40})"'
)
_WRITING_TOOLS = frozenset(("Write", "Edit", "MultiEdit", "NotebookEdit"))
_PATH_KEYS = ("file_path", "notebook_path", "path")
# What says most about a call, in this order.
_CALL_KEYS = ("command", "file_path", "notebook_path", "path", "pattern", "query", "url", "subject", "skill")
_TITLES = {"ai-title": "aiTitle", "custom-title": "customTitle", "summary": "summary"}
_TELLING_SUBTYPES = frozenset(("away_summary", "api_error"))


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said. `limit` is how much of `text` is to be kept, once it is redacted.

    `tool_id` and `tool` are empty unless it is a call of a tool or its answer; `files` are paths that a call
    names, as they are written, `writes` says that it changes them. `is_typed` is true for a person's words.
    """

    id: str
    role: str
    text: str
    limit: int = LONGEST_TEXT
    tool_id: str = ""
    tool: str = ""
    files: tuple[str, ...] = ()
    writes: bool = False
    is_typed: bool = False
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it belongs, and what was said in it. Texts are empty where it does not tell."""

    session: str
    timestamp: str
    cwd: str
    branch: str
    model: str
    title: str
    agent: str
    said: tuple[Said, ...]


def read_line(line: bytes) -> tuple[list[Record], bool]:
    """(records, whole) of one line; not whole when some of it is no JSON object.

    Several records may have run together on a line. A line of a kind that says nothing is not parsed.
    """
    kind = _TYPE_FIRST.match(line)
    if kind and kind[1] in _SILENT and _is_single(line, kind.end()):
        return [], True
    if not line.strip():
        return [], True
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return _read_joined(line.decode("utf-8", "replace"))
    if not isinstance(value, dict):
        return [], False
    record = read_record(value)
    return ([record] if record else []), True


def _is_single(line: bytes, start: int) -> bool:
    """True when no second record follows on the line. Inside of a text its quote would be escaped."""
    return line.find(b'}{"', start) < 0 and line.find(b'} {"', start) < 0


def _read_joined(text: str) -> tuple[list[Record], bool]:
    """The records of a line that is not one JSON value."""
    decoder = json.JSONDecoder()
    records: list[Record] = []
    at = 0
    text = text.strip().removeprefix("\ufeff")
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return records, False
        if isinstance(value, dict) and (record := read_record(value)):
            records.append(record)
        while at < len(text) and text[at].isspace():
            at += 1
    return records, True


def read_record(value: Mapping[str, object]) -> Record | None:
    """The record of a JSON object, None for one that says nothing."""
    kind = value.get("type")
    if not isinstance(kind, str):
        return None
    title = ""
    said: tuple[Said, ...] = ()
    if kind in _TITLES:
        title = _text(value.get(_TITLES[kind]))
        if not title:
            return None
    elif kind in (USER, ASSISTANT, SYSTEM, "attachment"):
        said = tuple(_said(kind, value))
    else:
        return None
    message = value.get("message")
    get = value.get
    return Record(
        session=_text(get("sessionId")),
        timestamp=_text(get("timestamp")),
        cwd=_text(get("cwd")),
        branch=_text(get("gitBranch")),
        model=_text(message.get("model")) if isinstance(message, dict) else "",
        title=title,
        agent=_text(get("agentId")) if get("isSidechain") is True else "",
        said=said,
    )


def _said(kind: str, value: Mapping[str, object]) -> Iterator[Said]:
    identity = _text(value.get("uuid")) or _digest(value)
    if kind == SYSTEM:
        content = _text(value.get("content"))
        if value.get("subtype") in _TELLING_SUBTYPES and content:
            yield Said(identity, SYSTEM, content, is_error=value.get("subtype") == "api_error")
        return
    if kind == "attachment":
        attachment = value.get("attachment")
        if isinstance(attachment, dict) and attachment.get("type") == "queued_command":
            queued = _text(attachment.get("prompt"))
            if queued.strip():
                yield Said(identity, USER, queued, is_typed=True)
        return
    message = value.get("message")
    blocks = message.get("content") if isinstance(message, dict) else None
    if isinstance(blocks, str):
        blocks = [{"type": "text", "text": blocks}]
    if not isinstance(blocks, list):
        return
    from_system = value.get("isMeta") is True or value.get("isCompactSummary") is True
    for place, block in enumerate(blocks[:_MOST_BLOCKS]):
        if isinstance(block, dict):
            block_id = f"{identity}.{place}" if place else identity
            if found := _block(block_id, kind, block, from_system):
                yield found


def _block(block_id: str, kind: str, block: Mapping[str, object], from_system: bool) -> Said | None:
    what = block.get("type")
    if what == "text":
        text = _text(block.get("text"))
        if not text.strip():
            return None
        role = SYSTEM if kind == USER and from_system else kind
        return Said(block_id, role, text, is_typed=role == USER and not text.startswith("<"))
    if what == "tool_use" and kind == ASSISTANT:
        return _call(block_id, block)
    if what == "tool_result" and kind == USER:
        failed = block.get("is_error") is True
        text = _result_text(block.get("content"))
        limit = _LONGEST_ERROR if failed else _LONGEST_RESULT
        return Said(block_id, TOOL, text, limit, _text(block.get("tool_use_id")), is_error=failed)
    return None


def _call(block_id: str, block: Mapping[str, object]) -> Said:
    tool = _text(block.get("name")) or "tool"
    given = block.get("input")
    given = given if isinstance(given, dict) else {}
    files = tuple(dict.fromkeys(path for key in _PATH_KEYS if (path := _text(given.get(key)))))
    limit = _LONGEST_CALL
    prompt = _text(given.get("prompt"))
    if prompt:  # what a subagent was told
        about = f"{_text(given.get('subagent_type'))} {_text(given.get('description'))}".strip()
        told, limit = f"{about}\n{prompt}".strip(), _LONGEST_TASK
    else:
        told = next((text for key in _CALL_KEYS if (text := _text(given.get(key)))), "")
    text = f"{tool}: {told}" if told else tool
    return Said(
        *(block_id, ASSISTANT, text, limit, _text(block.get("id")), tool, files, tool in _WRITING_TOOLS)
    )


def _result_text(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(
            _text(block.get("text")) for block in content[:_MOST_BLOCKS] if isinstance(block, dict)
        ).strip()
    return _text(content)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _digest(value: Mapping[str, object]) -> str:
    """A stable id for a record that has none."""
    data = json.dumps(value, sort_keys=True).encode("utf-8", "replace")
    return "h-" + hashlib.blake2b(data, digest_size=16).hexdigest()

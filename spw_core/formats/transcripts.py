"""Transcripts of Claude Code: one JSON record per line, in a format that is internal to it and changes.

Read leniently: what is known is taken, everything else is passed over. What a person or an agent said is
kept whole; what tools were given and answered only as an excerpt, for the bytes are in files elsewhere.
Private reasoning is left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

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
_TYPE, _OF_USER = b'"type":"', b'user"'
_decode = json.JSONDecoder().raw_decode

# Of a record with the answer of a tool: where the tool's own data begin, what must stand before them for
# these to be passed over, and what must not stand behind: more about the record, or one that joined it.
_DATA = b',"toolUseResult":'
_BEFORE_DATA = frozenset("sessionId timestamp cwd gitBranch isSidechain type message uuid".split())
_MORE = re.compile(rb'"(?:sessionId|message|uuid|leafUuid|isMeta|isCompactSummary)" ?:')

_WRITING_TOOLS = frozenset(("Write", "Edit", "MultiEdit", "NotebookEdit"))
_PATH_KEYS = ("file_path", "notebook_path", "path")
# What says most about a call, in this order.
_CALL_KEYS = ("command", "file_path", "notebook_path", "path", "pattern", "query", "url", "subject", "skill")
_TITLES = {"ai-title": "aiTitle", "custom-title": "customTitle", "summary": "summary"}
_TELLING_SUBTYPES = frozenset(("away_summary", "api_error"))


class Said(NamedTuple):
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


class Tokens(NamedTuple):
    """What an answer of a model took, as the API counts it."""

    input: int
    output: int
    cache_write: int
    cache_read: int


class Record(NamedTuple):
    """One record: where it belongs, and what was said in it. Texts are empty where it does not tell.

    `tokens` is what the answer with the id `answer` took as a whole; all records with parts of it repeat it.
    """

    session: str
    timestamp: str
    cwd: str
    branch: str
    model: str
    title: str
    agent: str
    said: list[Said]
    answer: str = ""
    tokens: Tokens | None = None


def read_line(line: bytes) -> tuple[list[Record], bool]:
    """(records, whole) of one line; not whole when some of it is no JSON object.

    Several records may have run together on a line. A line of a kind that says nothing is not parsed, nor is
    what a tool answered in its own form, which stands behind its answer as the agent was told it.
    """
    start = line.find(_TYPE) + len(_TYPE)
    if line.startswith(_OF_USER, start):
        if answer := _without_data(line):
            return [answer], True
    elif line[start : line.find(b'"', start)] in _SILENT and line.endswith(b"\n"):
        kind = _TYPE_FIRST.match(line)
        if kind and kind[1] in _SILENT and _is_single(line, kind.end()):
            return [], True
    elif line.isspace():
        return [], True
    try:
        text = line.decode()
        value, end = _decode(text)
        if not (end == len(text) or text[end:].isspace()):
            return _read_joined(text)
        if not isinstance(value, dict):
            return [], False
        record = read_record(value)
    except (ValueError, RecursionError):
        return _read_joined(line.decode("utf-8", "replace"))
    return ([record] if record else []), True


def _without_data(line: bytes) -> Record | None:
    """The record of a line without the data that a tool answered, most of such a line; None when it cannot
    be told before parsing where they stand.

    The quotes of a text are escaped, so this key is one wherever it stands; and what stands before it is
    an object when closed only where the key is one of the record itself.
    """
    end = line.find(_DATA)
    if end < 0 or not line.endswith(b"}\n") or _MORE.search(line, end):
        return None
    try:
        start = f"{line[:end].decode()}}}"
        value, length = _decode(start)
    except (ValueError, RecursionError):
        return None
    if length != len(start):
        return None  # the data are those of a second record, and this is all of the first
    told = value.keys() >= _BEFORE_DATA and ("agentId" in value or value["isSidechain"] is not True)
    return read_record(value) if told and _text(value["uuid"]) else None


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
            if isinstance(value, dict) and (record := read_record(value)):
                records.append(record)
        except (ValueError, RecursionError):
            return records, False
        while at < len(text) and text[at].isspace():
            at += 1
    return records, True


def read_record(value: Mapping[str, object]) -> Record | None:
    """The record of a JSON object, None for one that says nothing."""
    get = value.get
    kind = get("type")
    if not isinstance(kind, str):
        return None
    title = model = answer = ""
    tokens = None
    said: list[Said] = []
    if kind in (USER, ASSISTANT):
        message = get("message")
        if isinstance(message, dict):
            model = _text(message.get("model"))
            if (usage := message.get("usage")) and isinstance(usage, dict):
                answer, tokens = _text(message.get("id")) or _id(value), _tokens(usage)
            said = _blocks(kind, value, message.get("content"))
    elif kind in _TITLES:
        title = _text(get(_TITLES[kind]))
        if not title:
            return None
    elif kind == SYSTEM:
        said = _notice(value)
    elif kind == "attachment":
        said = _attached(value)
    else:
        return None
    return Record(
        _text(get("sessionId")),
        _text(get("timestamp")),
        _text(get("cwd")),
        _text(get("gitBranch")),
        model,
        title,
        _text(get("agentId")) if get("isSidechain") is True else "",
        said,
        answer,
        tokens,
    )


_COUNTED = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
_MOST_TOKENS = 10**12


def _tokens(usage: Mapping[str, object]) -> Tokens:
    """What is no sensible number counts as nothing."""
    counts = (usage.get(name) for name in _COUNTED)
    return Tokens(*(n if type(n) is int and 0 <= n <= _MOST_TOKENS else 0 for n in counts))


def _id(value: Mapping[str, object]) -> str:
    return _text(value.get("uuid")) or _digest(value)


def _notice(value: Mapping[str, object]) -> list[Said]:
    kind, content = value.get("subtype"), _text(value.get("content"))
    if content and kind in _TELLING_SUBTYPES:
        return [Said(_id(value), SYSTEM, content, is_error=kind == "api_error")]
    return []


def _attached(value: Mapping[str, object]) -> list[Said]:
    attachment = value.get("attachment")
    if isinstance(attachment, dict) and attachment.get("type") == "queued_command":
        queued = _text(attachment.get("prompt"))
        if queued.strip():
            return [Said(_id(value), USER, queued, is_typed=True)]
    return []


def _blocks(kind: str, value: Mapping[str, object], blocks: object) -> list[Said]:
    if isinstance(blocks, str):
        blocks = [{"type": "text", "text": blocks}]
    if not isinstance(blocks, list):
        return []
    identity = _id(value)
    from_system = value.get("isMeta") is True or value.get("isCompactSummary") is True
    said = []
    for place, block in enumerate(blocks[:_MOST_BLOCKS]):
        if isinstance(block, dict):
            block_id = f"{identity}.{place}" if place else identity
            if found := _block(block_id, kind, block, from_system):
                said.append(found)
    return said


def _block(block_id: str, kind: str, block: Mapping[str, object], from_system: bool) -> Said | None:
    what = block.get("type")
    if what == "text":
        text = _text(block.get("text"))
        if not text or text.isspace():
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

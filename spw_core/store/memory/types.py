"""What goes into the session and memory stores and comes out. Everything is checked when it is made.

Times are fixed-width UTC text as `checks.utc` makes it; "" stands for never where that is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Self, TypeVar

from spw_core.errors import InvalidInput
from spw_core.text import short_count

from .checks import check_text_map, check_texts, check_time, require

_E = TypeVar("_E", bound=StrEnum)


class SessionStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"
    TOOL = "tool"


class Origin(StrEnum):
    UNKNOWN = ""
    USER_INPUT = "user_input"
    SYSTEM = "system"
    TOOL_OUTPUT = "tool_output"


class Stage(StrEnum):
    INPUT = "input"
    TOOL = "tool"
    OUTPUT = "output"


class SummaryStatus(StrEnum):
    PENDING = "pending"
    COMMITTED = "committed"


class LinkKind(StrEnum):
    SPEC = "spec"
    RUN = "run"
    FILE = "file"


def as_enum(kind: type[_E], value: str, what: str) -> _E:
    """The member for a text. Raises InvalidInput naming those there are."""
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(repr(str(member)) for member in kind)
        raise InvalidInput(f"unknown {what}: {value[:40]!r}", f"It is one of {known}.") from None


@dataclass(frozen=True, slots=True)
class ToolBudget:
    """Calls of tools. 0 as a maximum means that there is none."""

    per_turn: int = 0
    per_session: int = 0
    used: int = 0

    def __post_init__(self) -> None:
        _check_numbers(self)
        _check_used("tool calls", self.used, self.per_session)


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """Tokens, per session, hour and day. 0 as a maximum means that there is none."""

    per_session: int = 0
    per_hour: int = 0
    per_day: int = 0
    used_session: int = 0
    used_hour: int = 0
    used_day: int = 0

    def __post_init__(self) -> None:
        _check_numbers(self)
        _check_used("tokens of the session", self.used_session, self.per_session)
        _check_used("tokens of the hour", self.used_hour, self.per_hour)
        _check_used("tokens of the day", self.used_day, self.per_day)


def _check_numbers(budget: ToolBudget | TokenBudget | Tokens) -> None:
    for column in fields(budget):
        require(getattr(budget, column.name) >= 0, f"{column.name} must not be negative")


def _check_used(what: str, used: int, maximum: int) -> None:
    require(maximum == 0 or used <= maximum, f"{what}: {used} used of {maximum}")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What models read and wrote. `cache_write` is input that was put into a cache, `cache_read` such as was
    taken from one."""

    input: int = 0
    output: int = 0
    cache_write: int = 0
    cache_read: int = 0

    def __post_init__(self) -> None:
        _check_numbers(self)

    @property
    def all_input(self) -> int:
        """Whatever was read, from a cache or not."""
        return self.input + self.cache_write + self.cache_read

    @property
    def brief(self) -> str:
        """How many all in all, as `35k`; empty for none."""
        return short_count(self.all_input + self.output)


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation with an agent. `version` is the store's: an update must be based on the newest."""

    id: str
    workspace_id: str
    user_id: str
    created_at: str
    title: str = ""
    summary: str = ""
    model: str = ""
    status: SessionStatus = SessionStatus.ACTIVE
    source: str = ""
    cwd: str = ""
    branch: str = ""
    tools: ToolBudget = ToolBudget()
    tokens: TokenBudget = TokenBudget()
    updated_at: str = ""
    compacted_at: str = ""
    version: int = 0

    def __post_init__(self) -> None:
        check_texts(id=self.id, workspace_id=self.workspace_id, user_id=self.user_id)
        object.__setattr__(self, "status", as_enum(SessionStatus, self.status, "session status"))
        check_time("created_at", self.created_at)
        for name in ("updated_at", "compacted_at"):
            if getattr(self, name):
                check_time(name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class Threat:
    """What a scan for prompt injections found in a message. A message without one was not scanned."""

    scanned: bool
    detected: bool = False
    rules: tuple[str, ...] = ()
    stage: Stage = Stage.INPUT
    bypassed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(self.rules))
        object.__setattr__(self, "stage", as_enum(Stage, self.stage, "stage"))
        require(not self.bypassed or not (self.scanned or self.detected), "a bypassed scan finds nothing")
        require(not self.detected or (self.scanned and bool(self.rules)), "what was found has a rule")
        require(self.detected or not self.rules, "rules without anything found")

    @classmethod
    def clean(cls, stage: Stage) -> Self:
        return cls(scanned=True, stage=stage)

    @classmethod
    def found(cls, stage: Stage, *rules: str) -> Self:
        return cls(scanned=True, detected=True, rules=rules, stage=stage)

    @classmethod
    def skipped(cls, stage: Stage) -> Self:
        return cls(scanned=False, bypassed=True, stage=stage)


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was said, or what a tool answered."""

    id: str
    session_id: str
    role: Role
    content: str
    created_at: str
    tool_call_id: str = ""
    tool_name: str = ""
    origin: Origin = Origin.UNKNOWN
    threat: Threat | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_texts(id=self.id, session_id=self.session_id)
        if type(self.role) is not Role:
            object.__setattr__(self, "role", as_enum(Role, self.role, "role"))
        if type(self.origin) is not Origin:
            object.__setattr__(self, "origin", as_enum(Origin, self.origin, "origin"))
        require(bool(self.content) or self.role == Role.TOOL, "a message needs content, unless a tool's")
        require(bool(self.tool_call_id) == bool(self.tool_name), "tool call and tool name go together")
        check_time("created_at", self.created_at)
        if self.metadata:
            check_text_map("metadata", self.metadata)


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a batch of messages. Only a committed one is shown."""

    id: str
    from_time: str
    to_time: str
    content: str
    message_ids: tuple[str, ...]
    created_at: str
    status: SummaryStatus
    session_id: str = ""
    method: str = ""

    def __post_init__(self) -> None:
        check_texts(id=self.id)
        object.__setattr__(self, "status", as_enum(SummaryStatus, self.status, "summary status"))
        object.__setattr__(self, "message_ids", tuple(self.message_ids))
        for name in ("from_time", "to_time", "created_at"):
            check_time(name, getattr(self, name))
        require(self.from_time <= self.to_time, "a summary ends before it begins")


@dataclass(frozen=True, slots=True)
class Link:
    """What a session was about. `target` is a spec, `SPEC/run path`, or a file relative to the workspace.

    `how` tells the strongest sign (`cwd`, `prompt`, `path`), `count` how often it was seen.
    """

    kind: LinkKind
    target: str
    how: str
    count: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", as_enum(LinkKind, self.kind, "kind of link"))
        check_texts(target=self.target, how=self.how)


@dataclass(frozen=True, slots=True)
class TranscriptState:
    """How far a transcript was read. `head` is a hash of the first and last `head_size` bytes of that.

    `moment` is the time of its last record. `reader` says how much is taken of a transcript, and grows when
    it becomes more. `open_calls` names the tools that have not answered yet, the oldest first, by the id of
    the call.
    """

    path: str
    session_id: str
    inode: int
    size: int
    mtime_ns: int
    offset: int
    head: str
    head_size: int
    skipped: int = 0
    moment: str = ""
    reader: int = 0
    open_calls: Mapping[str, str] = field(default_factory=dict)

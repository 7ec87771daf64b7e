"""What may be stored at all: validation of every type, the error classes, times. A table per type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.errors import Conflict, InvalidInput, NotFound, SpwError, StoreError
from spw_core.store.memory.checks import check_limit, dump, utc
from spw_core.store.memory.knowledge_types import LONGEST_TEXT, Entity, Fact, Relationship, Walk
from spw_core.store.memory.types import (
    Link,
    Message,
    Role,
    Session,
    SessionStatus,
    Stage,
    Summary,
    Threat,
    TokenBudget,
    ToolBudget,
)

T = "2026-02-14T10:00:00.000000Z"
LATER = "2026-02-14T11:00:00.000000Z"


def test_every_class_of_error_is_its_own() -> None:
    classes = [NotFound, Conflict, InvalidInput, StoreError]
    for one in classes:
        error = one("session s-1", "a hint")
        assert isinstance(error, SpwError)
        assert [kind for kind in classes if isinstance(error, kind)] == [one]
        assert (error.message, error.hint) == ("session s-1", "a hint")


def test_the_words_of_states() -> None:
    assert [str(status) for status in SessionStatus] == ["active", "paused", "archived"]
    assert [str(role) for role in Role] == ["user", "assistant", "system", "tool"]


def session(**changes: Any) -> Session:
    return Session(**{"id": "s", "workspace_id": "w", "user_id": "u", "created_at": T} | changes)


def message(**changes: Any) -> Message:
    return Message(
        **{"id": "m", "session_id": "s", "role": "user", "content": "hi", "created_at": T} | changes
    )


def summary(**changes: Any) -> Summary:
    fields = {"id": "x", "from_time": T, "to_time": LATER, "content": "c", "message_ids": ("m",)}
    return Summary(**fields | {"created_at": T, "status": "pending"} | changes)  # type: ignore[arg-type]


def fact(**changes: Any) -> Fact:
    return Fact(**{"id": "f", "entity_id": "e", "predicate": "p", "value": "v", "created_at": T} | changes)


MADE = [
    (session, {}),
    (session, {"status": "paused"}),
    (session, {"status": "archived", "updated_at": LATER}),
    (message, {}),
    (message, {"role": "assistant"}),
    (message, {"role": "system", "origin": "system"}),
    (message, {"role": "tool", "content": "", "tool_call_id": "c", "tool_name": "t"}),
    (summary, {}),
    (summary, {"status": "committed", "to_time": T}),
    (fact, {"confidence": 0.0}),
    (fact, {"value": "v" * LONGEST_TEXT}),
    (ToolBudget, {}),
    (ToolBudget, {"per_turn": 5, "per_session": 100}),
    (ToolBudget, {"per_turn": 5, "per_session": 100, "used": 50}),
    (ToolBudget, {"per_session": 10, "used": 10}),
    (ToolBudget, {"per_session": 0, "used": 999}),
    (TokenBudget, {}),
    (TokenBudget, {"per_session": 1000, "per_hour": 500, "per_day": 2000}),
    (
        TokenBudget,
        {"per_session": 1000, "per_hour": 500, "per_day": 2000, "used_session": 100, "used_hour": 50},
    ),
    (TokenBudget, {"per_session": 0, "used_session": 999}),
    (Threat, {"scanned": True}),
    (Threat, {"scanned": True, "detected": True, "rules": ("r",), "stage": "tool"}),
    (Threat, {"scanned": False, "bypassed": True, "stage": "tool"}),
    (Threat, {"scanned": False, "rules": []}),
    (Entity, {"id": "e", "type": "person", "name": "n"}),
    (Relationship, {"from_id": "a", "type": "knows", "to_id": "b"}),
    (Link, {"kind": "spec", "target": "t", "how": "cwd"}),
    (Walk, {"depth": 0}),
]

REFUSED = [
    *((session, {name: ""}) for name in ("id", "workspace_id", "user_id", "created_at", "status")),
    *((session, {"status": status}) for status in ("unknown", "completed", "bogus", "ACTIVE")),
    (session, {"updated_at": "yesterday"}),
    *((message, {name: ""}) for name in ("id", "session_id", "content", "role", "created_at")),
    (message, {"role": "unknown"}),
    (message, {"origin": "elsewhere"}),
    (message, {"tool_call_id": "c"}),
    (message, {"tool_name": "t"}),
    (message, {"created_at": "2026-02-14T10:00:00Z"}),
    (message, {"metadata": {"a": 1}}),
    *((summary, {"status": status}) for status in ("", "weird")),
    (summary, {"id": ""}),
    (summary, {"from_time": LATER, "to_time": T}),
    *((fact, {name: ""}) for name in ("id", "entity_id", "predicate")),
    *((fact, {"confidence": value}) for value in (-0.5, 1.5, 7.0, float("nan"), float("inf"))),
    (fact, {"value": "v" * (LONGEST_TEXT + 1)}),
    (fact, {"value": "é" * LONGEST_TEXT}),
    *((ToolBudget, {name: -1}) for name in ("per_turn", "per_session", "used")),
    (ToolBudget, {"per_session": 10, "used": 11}),
    *(
        (TokenBudget, {name: -1})
        for name in ("per_session", "per_hour", "per_day", "used_session", "used_hour", "used_day")
    ),
    *((TokenBudget, {f"per_{name}": 100, f"used_{name}": 101}) for name in ("session", "hour", "day")),
    (Threat, {"scanned": True, "detected": True}),
    (Threat, {"scanned": False, "detected": True, "rules": ("r",)}),
    (Threat, {"scanned": True, "rules": ("r",)}),
    (Threat, {"scanned": True, "detected": True, "rules": ("r",), "bypassed": True}),
    (Threat, {"scanned": True, "bypassed": True}),
    (Threat, {"scanned": True, "stage": "elsewhere"}),
    *((Entity, {"id": "e", "type": "t", "name": "n"} | {name: ""}) for name in ("id", "type", "name")),
    *(
        (Relationship, {"from_id": "a", "type": "t", "to_id": "b"} | {name: ""})
        for name in ("from_id", "type", "to_id")
    ),
    (Link, {"kind": "colour", "target": "t", "how": "cwd"}),
    (Link, {"kind": "spec", "target": "", "how": "cwd"}),
    (Walk, {"depth": -1}),
    (Walk, {"limit": 0}),
    (Walk, {"direction": "sideways"}),
]


@pytest.mark.parametrize(("make", "values"), MADE)
def test_valid(make: Any, values: dict[str, Any]) -> None:
    made = make(**values)
    for name, value in values.items():
        assert getattr(made, name) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(("make", "values"), REFUSED)
def test_invalid(make: Any, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        make(**values)
    assert caught.value.message


@pytest.mark.parametrize("stage", [Stage.INPUT, Stage.TOOL])
def test_threats_by_name(stage: Stage) -> None:
    assert Threat.clean(stage) == Threat(scanned=True, stage=stage)
    assert Threat.found(stage, "a", "b") == Threat(True, True, ("a", "b"), stage)
    assert Threat.skipped(stage) == Threat(scanned=False, bypassed=True, stage=stage)


TIMES = [
    ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00.000000Z"),
    ("2024-01-15T10:30:00.5Z", "2024-01-15T10:30:00.500000Z"),
    ("2024-01-15T10:30:00.123456789Z", "2024-01-15T10:30:00.123456Z"),
    ("2024-01-15T10:30:00+02:00", "2024-01-15T08:30:00.000000Z"),
    ("2024-01-15T10:30:00,25-03:30", "2024-01-15T14:00:00.250000Z"),
]


@pytest.mark.parametrize(("text", "stored"), TIMES)
def test_times_have_one_width(text: str, stored: str) -> None:
    assert utc(text) == stored
    assert utc(stored) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not-a-timestamp",
        "2024/01/01",
        "2024-13-01T00:00:00Z",
        "2024-01-15T10:30:00",
        "0001-01-01T00:00:00+14:00",
        "2024-01-15T10:30:00.\u0661Z",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(InvalidInput, match="cannot parse the timestamp"):
        utc(text)


@given(st.lists(st.datetimes(timezones=st.timezones()), min_size=2, max_size=6))
def test_the_order_of_texts_is_that_of_times(moments: list[Any]) -> None:
    usable = [moment for moment in moments if 2 < moment.year < 9998]
    assert [utc(moment) for moment in sorted(usable)] == sorted(utc(moment) for moment in usable)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1: object()}])
def test_what_is_no_json(value: object) -> None:
    with pytest.raises(InvalidInput):
        dump("properties", {"x": value})


def test_limits() -> None:
    assert [check_limit(limit) for limit in (None, 0, 5)] == [-1, 0, 5]
    for limit, offset in ((-1, 0), (5, -1)):
        with pytest.raises(InvalidInput):
            check_limit(limit, offset)

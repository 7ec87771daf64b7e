"""Sessions, messages and summaries: what is put comes back, in order, and nothing leaks."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.errors import Conflict, CorruptStore, InvalidInput, NewerStore, NotFound, SpwError, StoreError
from spw_core.store.memory.checks import utc
from spw_core.store.memory.stores import (
    Memory,
    open_memory,
    opened,
    read_memory,
    reading,
    register_backend,
)
from spw_core.store.memory.types import (
    Link,
    Message,
    Session,
    Summary,
    Threat,
    TokenBudget,
    ToolBudget,
    TranscriptState,
)

from .stand_ins.backend import Dicts, memory_in_dicts

W, OTHER = "ws-1", "ws-2"


def at(seconds: float) -> str:
    return utc(datetime(2026, 2, 14, 10, tzinfo=UTC) + timedelta(seconds=seconds))


def session(session_id: str = "s", seconds: float = 0, **changes: Any) -> Session:
    return Session(
        **{"id": session_id, "workspace_id": W, "user_id": "u", "created_at": at(seconds)} | changes
    )


def message(message_id: str, seconds: float = 0, content: str = "", **changes: Any) -> Message:
    fields = {"id": message_id, "session_id": "s", "role": "user", "content": content or message_id}
    return Message(**fields | {"created_at": at(seconds)} | changes)


def summary(summary_id: str, hours: float = 0, **changes: Any) -> Summary:
    fields = {"id": summary_id, "from_time": at(hours * 3600), "to_time": at(hours * 3600 + 3600)}
    fields |= {
        "content": summary_id,
        "message_ids": (),
        "created_at": at(hours * 3600),
        "status": "committed",
    }
    return Summary(**fields | changes)  # type: ignore[arg-type]


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Memory]:
    with opened(tmp_path / "memory") as stores:
        yield stores


@pytest.fixture(params=["sqlite", "dicts"])
def memory(request: pytest.FixtureRequest) -> Memory:
    """What holds for the databases holds for what stands in."""
    if request.param == "dicts":
        return memory_in_dicts()
    stores: Memory = request.getfixturevalue("stored")
    return stores


def ids(found: list[Any]) -> list[str]:
    return [item.id for item in found]


# -- opening -------------------------------------------------------------------------------------


def test_the_folder_is_made_for_the_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "memory"
    assert read_memory(folder) is None
    with opened(folder):
        pass
    assert sorted(path.name for path in folder.iterdir()) == ["knowledge.db", "memory.db", "sessions.db"]
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    with reading(folder) as stores:
        assert stores is not None
        with pytest.raises(StoreError):
            stores.messages.append(W, message("m"))


@pytest.mark.parametrize(
    ("name", "what"),
    [("sessions.db", "session store"), ("memory.db", "message store"), ("knowledge.db", "knowledge store")],
)
def test_a_store_that_cannot_be_opened_is_named_and_the_others_closed(
    tmp_path: Path, name: str, what: str
) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(StoreError, match=f"opening the {what}"):
        open_memory(tmp_path)
    descriptors = Path("/proc/self/fd")
    if descriptors.is_dir():
        targets = [str(entry.readlink()) for entry in descriptors.iterdir() if entry.exists()]
        assert not [path for path in targets if path.startswith(str(tmp_path))]


def test_a_damaged_or_newer_database_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    connection = apsw.Connection(str(tmp_path / "memory.db"))
    connection.pragma("user_version", 99)
    connection.close()
    with pytest.raises(NewerStore):
        open_memory(tmp_path)
    (tmp_path / "memory.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(CorruptStore):
        open_memory(tmp_path)


@pytest.mark.parametrize("odd", ["a?x", "a#b", "a%20b", "ü ?mode=memory"])
def test_odd_folders_are_folders_of_their_own(tmp_path: Path, odd: str) -> None:
    with opened(tmp_path / odd) as one, opened(tmp_path / "a") as other:
        one.messages.append(W, message("m", content="only here"))
        assert other.messages.search(W, "here") == []
    with reading(tmp_path / odd) as again:
        assert again is not None
        assert ids(again.messages.search(W, "here")) == ["m"]


def test_closing_twice_is_harmless_and_later_calls_fail(tmp_path: Path) -> None:
    stores = open_memory(tmp_path)
    stores.close()
    stores.close()
    for call in (
        lambda: stores.sessions.get(W, "s"),
        lambda: stores.messages.append(W, message("m")),
        lambda: stores.summaries.latest(W),
        lambda: stores.knowledge.find_facts(W),
    ):
        with pytest.raises(StoreError):
            call()


class Failing:
    """A store that cannot be closed."""

    def __init__(self, text: str) -> None:
        self.text = text

    def close(self) -> None:
        if self.text:
            raise StoreError(self.text)


@pytest.mark.parametrize("failing", [(), (0,), (1,), (2,), (0, 1, 2), (0, 2)])
def test_closing_tries_all_and_tells_all(failing: tuple[int, ...]) -> None:
    parts: list[Any] = [Failing(f"failure {number}" if number in failing else "") for number in range(4)]
    stores = Memory(parts[3], parts[0], parts[1], parts[2])
    if not failing:
        stores.close()
        return
    with pytest.raises(StoreError) as caught:
        stores.close()
    for number in range(4):
        assert (f"failure {number}" in caught.value.message) == (number in failing)


def test_backends_stand_in(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no-such-thing"):
        open_memory(tmp_path, backend="no-such-thing")
    made: list[tuple[Path, bool]] = []

    class Nothing(Dicts):
        def memory(self, folder: Path, writing: bool) -> Memory | None:
            made.append((folder, writing))
            return None

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda n: register_backend(f"other-{n}", Nothing()), range(100)))
    assert read_memory(tmp_path, backend="other-42") is None
    with pytest.raises(StoreError):
        open_memory(tmp_path, backend="other-7")
    assert made == [(tmp_path, False), (tmp_path, True)]
    with opened(tmp_path, backend="") as stores:
        assert stores.messages.count(W) == 0


# -- sessions ------------------------------------------------------------------------------------


def test_a_session_comes_back_and_changes(memory: Memory) -> None:
    tools, tokens = ToolBudget(5, 100, 7), TokenBudget(1000, 500, 2000, 10, 20, 30)
    stored = memory.sessions.create(session(tools=tools, tokens=tokens, title="T", cwd="/x", branch="main"))
    assert memory.sessions.get(W, "s") == stored
    assert (stored.tools, stored.tokens, stored.version) == (tools, tokens, 1)
    changed = memory.sessions.update(dataclasses.replace(stored, status="paused", summary="so far"))
    again = memory.sessions.get(W, "s")
    assert again == changed
    assert (again.status, again.summary, again.version) == ("paused", "so far", 2)
    assert again.updated_at > stored.updated_at and again.created_at == stored.created_at


def test_sessions_that_are_not_there(memory: Memory) -> None:
    for call in (
        lambda: memory.sessions.get(W, "nobody"),
        lambda: memory.sessions.update(session("nobody")),
        lambda: memory.sessions.delete(W, "nobody"),
        lambda: memory.sessions.append_message(W, "nobody", message("m")),
    ):
        with pytest.raises(NotFound):
            call()
    assert memory.sessions.active_window(W, "nobody") == []
    memory.sessions.create(session())
    with pytest.raises(Conflict):
        memory.sessions.create(session())
    with pytest.raises(NotFound):
        memory.sessions.get(OTHER, "s")


def test_two_who_read_the_same_cannot_both_write(memory: Memory) -> None:
    first = second = memory.sessions.create(session())
    memory.sessions.update(dataclasses.replace(first, tools=ToolBudget(used=1)))
    with pytest.raises(Conflict):
        memory.sessions.update(dataclasses.replace(second, tools=ToolBudget(used=1)))
    fresh = memory.sessions.get(W, "s")
    memory.sessions.update(dataclasses.replace(fresh, tools=ToolBudget(used=fresh.tools.used + 1)))
    assert memory.sessions.get(W, "s").tools.used == 2


def test_sessions_newest_first_and_pages_without_holes(memory: Memory) -> None:
    for number in range(10):
        memory.sessions.create(session(f"same-{number}", 5))
    memory.sessions.create(session("newest", 9))
    memory.sessions.create(session("oldest", 1))
    paged = [name for offset in (0, 5, 10) for name in ids(memory.sessions.newest(W, 5, offset))]
    assert paged == ["newest", *(f"same-{number}" for number in range(9, -1, -1)), "oldest"]
    assert memory.sessions.newest(OTHER) == []


def test_the_active_window(memory: Memory) -> None:
    memory.sessions.create(session())
    for number in range(5):
        assert memory.sessions.append_message(W, "s", message(f"m{number}", number))
    assert ids(memory.sessions.active_window(W, "s", 3)) == ["m2", "m3", "m4"]
    assert ids(memory.sessions.active_window(W, "s", None)) == ["m0", "m1", "m2", "m3", "m4"]
    assert memory.sessions.active_window(W, "s", 0) == []


def test_messages_of_one_moment_keep_their_order(memory: Memory) -> None:
    memory.sessions.create(session())
    for number in range(5):
        memory.sessions.append_message(W, "s", message(f"m{number}", 1))
        memory.messages.append(W, message(f"m{number}", 1))
    assert ids(memory.sessions.active_window(W, "s", 5)) == ["m0", "m1", "m2", "m3", "m4"]
    assert ids(memory.sessions.active_window(W, "s", 2)) == ["m3", "m4"]
    assert ids(memory.messages.oldest(W, 2)) == ["m0", "m1"]
    assert ids(memory.messages.range(W, None, None)) == ["m0", "m1", "m2", "m3", "m4"]
    assert memory.messages.trim(W, 2) == ["m0", "m1", "m2"]


def test_all_of_a_message_comes_back(memory: Memory) -> None:
    memory.sessions.create(session())
    said = message(
        "m", role="tool", tool_call_id="c", tool_name="Bash", origin="tool_output",
        threat=Threat.found("output", "b", "a"), metadata={"redacted": "github", "ü": "1"},
    )  # fmt: skip
    plain = message("n", 1, threat=Threat(scanned=False))
    for one in (said, plain, message("o", 2)):
        memory.sessions.append_message(W, "s", one)
        memory.messages.append(W, one)
    assert memory.sessions.active_window(W, "s") == [said, plain, message("o", 2)]
    assert memory.messages.of_session(W, "s") == [said, plain, message("o", 2)]


def test_appending_again_is_the_same_or_a_conflict(memory: Memory) -> None:
    memory.sessions.create(session())
    appends = (
        lambda one: memory.sessions.append_message(W, "s", one),
        lambda one: memory.messages.append(W, one),
    )
    for append in appends:
        assert append(message("m", content="x"))
        assert not append(message("m", content="x"))
        with pytest.raises(Conflict):
            append(message("m", content="y"))
    assert memory.messages.append(OTHER, message("m", content="y"))


def test_deleting_a_session_takes_its_messages_and_can_be_for_ever(memory: Memory) -> None:
    memory.sessions.create(session())
    memory.sessions.append_message(W, "s", message("m"))
    memory.sessions.add_links(W, "s", [Link("spec", "alpha", "cwd")])
    memory.sessions.delete(W, "s", forever=True)
    assert memory.sessions.active_window(W, "s") == []
    assert memory.sessions.links(W, "s") == []
    memory.sessions.delete(W, "never-seen", forever=True)
    assert memory.sessions.forgotten(W) == {"s", "never-seen"}
    assert memory.sessions.forgotten(OTHER) == frozenset()


def test_links(memory: Memory) -> None:
    for number, name in enumerate(("a", "b")):
        memory.sessions.create(session(name, number))
    memory.sessions.add_links(W, "a", [Link("file", "src/x.py", "path", 2), Link("spec", "alpha", "cwd", 1)])
    memory.sessions.add_links(W, "a", [Link("spec", "alpha", "path", 5), Link("file", "src/x.py", "path", 1)])
    memory.sessions.add_links(W, "b", [Link("spec", "alpha", "prompt", 1)])
    assert memory.sessions.links(W, "a") == [
        Link("file", "src/x.py", "path", 2),
        Link("spec", "alpha", "cwd", 5),
    ]
    assert ids(memory.sessions.linked(W, "spec", "alpha")) == ["a", "b"]
    assert memory.sessions.linked(OTHER, "spec", "alpha") == []
    assert set(memory.sessions.all_links(W, "file")) == {"a"}


# -- messages ------------------------------------------------------------------------------------

TEXTS = {
    "k8s": "Deployment notes for the Kubernetes cluster:main, now in Portuguese: implantação",
    "not": "Update NOT required, said the monitor",
    "near": "It is running smoothly (carefully watched)",
    "star": 'The asterisk and the "quoted" word',
    "cafe": "Café com açúcar",
    "ja": "配達の設定を更新しました",
    "terraform": "Terraform plan failed",
}
QUERIES = [
    ("Kubernetes", ["k8s"]),
    ("kubernetes", ["k8s"]),
    ("Python", []),
    ("notes deployment", ["k8s"]),
    ("deployment kubernetes", ["k8s"]),
    ('"notes deployment"', []),
    ('"deployment notes"', ["k8s"]),
    ("Update NOT required", ["not"]),
    ("running NEAR/5 smoothly", ["near"]),
    ("cluster:main", ["k8s"]),
    ("content:cluster", []),
    ("asterisk*", ["star"]),
    ("(carefully)", ["near"]),
    ('"quoted"', ["star"]),
    ('a "quoted', ["star"]),
    ("cafe", ["cafe"]),
    ("ACUCAR", ["cafe"]),
    ("kube", ["k8s"]),
    ("deployments", ["k8s"]),
    ("設定", ["ja"]),
    ("更新", ["ja"]),
    ("定設", []),
    ("a\0b kubernetes", ["k8s"]),
    ("\ud800", []),
    ("", []),
    ("   ", []),
    ("!!! ?? --", []),
    ("' OR 1=1 --", ["star", "not"]),
    ("nothing of this", []),
]


def fill(memory: Memory) -> None:
    for number, (message_id, content) in enumerate(TEXTS.items()):
        memory.messages.append(W, message(message_id, number, content))


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_words_are_found(memory: Memory, query: str, expected: list[str]) -> None:
    fill(memory)
    found = ids(memory.messages.search(W, query))
    if query == "' OR 1=1 --":
        assert memory.messages.count(W) == len(TEXTS)  # and nothing but words was read out of it
    else:
        assert found == expected
    assert memory.messages.search(OTHER, query) == []
    assert memory.messages.search(W, query, limit=0) == []


@given(st.text(max_size=40))
def test_no_query_is_an_error(tmp_path_factory: pytest.TempPathFactory, query: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "queries"
    with opened(folder) as stores:
        if not stores.messages.count(W):
            fill(stores)
        stores.messages.search(W, query)
        stores.messages.search(W, query, exact=True)


def test_the_best_comes_first_then_the_newest(memory: Memory) -> None:
    long = "retry " + "and many other words that say little " * 20
    for number, content in enumerate([long, "retry retry", "retry retry"]):
        memory.messages.append(W, message(f"m{number}", number, content))
    assert ids(memory.messages.search(W, "retry")) == ["m2", "m1", "m0"]
    assert ids(memory.messages.search(W, "retry", limit=1, offset=1)) == ["m1"]


def test_an_exact_phrase(memory: Memory) -> None:
    fill(memory)
    assert ids(memory.messages.search(W, "Kubernetes cluster", exact=True)) == ["k8s"]
    assert memory.messages.search(W, "cluster Kubernetes", exact=True) == []


def test_words_of_one_session(memory: Memory) -> None:
    memory.messages.append(W, message("a", content="shared word", session_id="one"))
    memory.messages.append(W, message("b", content="shared word", session_id="two"))
    assert ids(memory.messages.search(W, "word", session_id="two")) == ["b"]


def test_ranges_are_true_at_fractions_of_a_second(memory: Memory) -> None:
    for seconds in (0, 0.1, 0.15, 0.5, 1, 1.5):
        memory.messages.append(W, message(f"m{seconds}", seconds))
    assert ids(memory.messages.range(W, at(0), at(1))) == ["m0", "m0.1", "m0.15", "m0.5"]
    assert ids(memory.messages.oldest(W, 9)) == ["m0", "m0.1", "m0.15", "m0.5", "m1", "m1.5"]
    assert ids(memory.messages.range(W, at(0.5), None, 2)) == ["m0.5", "m1"]
    assert ids(memory.messages.range(W, None, at(0.1))) == ["m0"]
    assert len(memory.messages.range(W, None, None)) == 6
    assert memory.messages.trim(W, 2) == ["m0", "m0.1", "m0.15", "m0.5"]
    with pytest.raises(InvalidInput):
        memory.messages.range(W, "2026-02-14", None)


def test_hours(memory: Memory) -> None:
    for number in range(5):
        memory.messages.append(W, message(f"msg-{number}", number * 3600))
    assert len(memory.messages.range(W, at(0), at(3 * 3600))) == 3
    assert ids(memory.messages.range(W, at(0), at(5 * 3600), 2)) == ["msg-0", "msg-1"]
    assert len(memory.messages.range(W, at(0), at(5 * 3600), None)) == 5
    assert ids(memory.messages.oldest(W, 3)) == ["msg-0", "msg-1", "msg-2"]
    assert len(memory.messages.oldest(W, 100)) == 5
    assert memory.messages.oldest(OTHER, 10) == []


def test_deleting_by_id(memory: Memory) -> None:
    for number in range(5):
        memory.messages.append(W, message(f"msg-{number}", number, f"word{number}"))
    memory.messages.append(OTHER, message("msg-9", 9))
    assert memory.messages.delete(W, ["msg-0", "msg-2", "unknown", "msg-0", "msg-9"]) == 2
    assert (memory.messages.count(W), memory.messages.count(OTHER)) == (3, 1)
    assert memory.messages.search(W, "word0") == []
    assert memory.messages.delete(W, []) == 0
    assert memory.messages.inconsistencies() == []


def test_deleting_thousands(memory: Memory) -> None:
    names = [f"m{number}" for number in range(1001)]
    memory.messages.take_in(W, [message(name, 1) for name in names])
    assert memory.messages.delete(W, names) == 1001
    assert memory.messages.count(W) == 0


def test_trim(memory: Memory) -> None:
    for number in range(10):
        memory.messages.append(W, message(f"m{number}", number))
    assert len(memory.messages.trim(W, 3)) == 7
    assert memory.messages.count(W) == 3
    assert memory.messages.trim(W, 3) == []
    assert len(memory.messages.trim(W, 0)) == 3


def test_what_is_deleted_is_not_left_in_the_files(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        stores.messages.append(W, message("m", content="zanzibar confidential"))
        stores.messages.append(W, message("n", content="stays here"))
        stores.messages.delete(W, ["m"])
    for path in tmp_path.iterdir():
        assert b"zanzibar" not in path.read_bytes(), path.name


def test_words_can_be_checked_and_rebuilt(stored: Memory, tmp_path: Path) -> None:
    memory = stored
    fill(memory)
    connection = apsw.Connection(str(tmp_path / "memory" / "memory.db"))
    connection.execute("INSERT INTO memory_words (memory_words) VALUES ('delete-all')")
    connection.close()
    assert memory.messages.inconsistencies() == [f"{len(TEXTS)} messages without words"]
    assert memory.messages.search(W, "kubernetes") == []
    memory.messages.rebuild_words()
    assert memory.messages.inconsistencies() == []
    assert ids(memory.messages.search(W, "設定")) == ["ja"]


def test_texts_that_are_no_unicode_are_refused(memory: Memory) -> None:
    with pytest.raises(InvalidInput):
        memory.messages.append(W, message("m", content="\ud800"))
    assert memory.messages.count(W) == 0


LIMITED: list[Any] = [
    lambda memory, limit: memory.sessions.newest(W, limit),
    lambda memory, limit: memory.sessions.active_window(W, "s", limit),
    lambda memory, limit: memory.messages.search(W, "word", limit=limit),
    lambda memory, limit: memory.messages.range(W, None, None, limit),
    lambda memory, limit: memory.messages.of_session(W, "s", limit),
    lambda memory, limit: memory.summaries.latest(W, limit),
    lambda memory, limit: memory.knowledge.find_entities(W, limit=limit),
    lambda memory, limit: memory.knowledge.find_facts(W, limit=limit),
]


@pytest.mark.parametrize("call", LIMITED)
def test_limits_mean_the_same_everywhere(memory: Memory, call: Any) -> None:
    memory.sessions.create(session())
    for number in range(3):
        memory.sessions.append_message(W, "s", message(f"m{number}", number, "word"))
        memory.messages.append(W, message(f"m{number}", number, "word"))
    assert call(memory, 0) == []
    call(memory, None)
    with pytest.raises(InvalidInput):
        call(memory, -1)


def test_limits_where_zero_makes_no_sense(memory: Memory) -> None:
    for call in (lambda: memory.messages.oldest(W, 0), lambda: memory.messages.trim(W, -1)):
        with pytest.raises(InvalidInput):
            call()


# -- summaries -----------------------------------------------------------------------------------


def test_ranges_of_summaries(memory: Memory) -> None:
    for hours, name in enumerate(("first", "second", "third")):
        memory.summaries.put(W, summary(name, hours, message_ids=(f"b{hours}", f"a{hours}")))
    assert ids(memory.summaries.range(W, at(0), at(7200), contained=True)) == ["first", "second"]
    assert ids(memory.summaries.range(W, at(600), at(1800))) == ["first"]
    assert ids(memory.summaries.range(W, None, None)) == ["first", "second", "third"]
    assert ids(memory.summaries.latest(W, 2)) == ["third", "second"]
    assert memory.summaries.latest(W, 1)[0].message_ids == ("b2", "a2")
    assert memory.summaries.latest(OTHER) == []
    with pytest.raises(InvalidInput):
        memory.summaries.range(W, at(7200), at(0))


def test_a_summary_in_two_steps(memory: Memory) -> None:
    fill(memory)
    pending = summary("x", status="pending", message_ids=("k8s", "not", "gone-already"))
    assert memory.summaries.put(W, pending)
    assert not memory.summaries.put(W, pending)
    with pytest.raises(Conflict):
        memory.summaries.put(W, summary("x", 1, status="pending"))
    assert memory.summaries.latest(W) == []
    assert ids(memory.summaries.pending(W)) == ["x"]
    for workspace, name in ((W, "unknown"), (OTHER, "x")):
        with pytest.raises(NotFound):
            memory.summaries.confirm(workspace, name)
    assert memory.summaries.confirm(W, "x") == 2
    assert ids(memory.summaries.latest(W)) == ["x"]
    assert memory.summaries.get(W, "x").status == "committed"
    assert memory.messages.count(W) == len(TEXTS) - 2
    with pytest.raises(Conflict, match=r"not pending but committed"):
        memory.summaries.confirm(W, "x")
    # What went into it comes back neither by reading a transcript again nor in a second summary.
    assert memory.messages.take_in(W, [message("k8s"), message("new")]) == ["new"]
    with pytest.raises(Conflict):
        memory.summaries.put(W, summary("y", 1, status="pending", message_ids=("not",)))


def test_of_two_summaries_of_one_message_one_is_confirmed(memory: Memory) -> None:
    fill(memory)
    for name in ("x", "y"):
        memory.summaries.put(W, summary(name, status="pending", message_ids=("k8s",)))
    memory.summaries.confirm(W, "x")
    with pytest.raises(Conflict):
        memory.summaries.confirm(W, "y")
    assert ids(memory.summaries.latest(W)) == ["x"]
    assert ids(memory.summaries.pending(W)) == ["y"]


def test_deleting_summaries(memory: Memory) -> None:
    memory.summaries.put(W, summary("x"))
    memory.summaries.put(OTHER, summary("x"))
    memory.summaries.put(W, summary("p", status="pending"))
    assert memory.summaries.delete(W, "x")
    assert not memory.summaries.delete(W, "x")
    assert (memory.summaries.latest(W), ids(memory.summaries.latest(OTHER))) == ([], ["x"])
    memory.summaries.delete(W, "p")
    with pytest.raises(NotFound):
        memory.summaries.confirm(W, "p")


def test_forgetting_a_session(memory: Memory) -> None:
    fill(memory)
    memory.messages.append(W, message("other", session_id="t"))
    memory.summaries.put(W, summary("x", status="pending", message_ids=("k8s",), session_id="s"))
    memory.summaries.confirm(W, "x")
    memory.messages.take_in(W, [], TranscriptState("/t", "s", 1, 2, 3, 4, "h", 5))
    assert memory.messages.forget_session(W, "s") == len(TEXTS) - 1
    assert memory.summaries.latest(W) == []
    assert memory.messages.transcripts().get("/t") is None
    assert memory.messages.per_session(W) == {"t": (1, at(0), at(0))}


def test_reading_states_go_with_their_messages(memory: Memory) -> None:
    state = TranscriptState("/a/b.jsonl", "s", 7, 100, 5, 90, "hash", 64, 2)
    before = memory.messages.revision()
    assert memory.messages.take_in(W, [message("m"), message("m")], state) == ["m"]
    assert memory.messages.transcripts().get("/a/b.jsonl") == state
    assert memory.messages.transcripts() == {state.path: state}
    assert memory.messages.revision() > before
    # A message that cannot be stored: the state is not stored either.
    with pytest.raises(SpwError):
        memory.messages.take_in(
            W, [message("n", content="\ud800")], TranscriptState("/n", "s", 1, 1, 1, 1, "", 0)
        )
    assert memory.messages.transcripts().get("/n") is None
    assert memory.messages.count(W) == 1


def test_many_threads(memory: Memory) -> None:
    memory.sessions.create(session())

    def work(thread: int) -> None:
        for number in range(5):
            memory.messages.append(W, message(f"{thread}-{number}", number))
            memory.sessions.append_message(W, "s", message(f"{thread}-{number}", number))

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(work, range(10)))
    assert memory.messages.count(W) == 50
    assert len(memory.sessions.active_window(W, "s", None)) == 50

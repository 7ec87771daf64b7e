"""How long a connection waits for a lock: told by what is being done, and by nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.errors import SpwError
from spw_core.harvest.behind import note_behind, notes_of_behind
from spw_core.refs import DocumentRef
from spw_core.store.patience import (
    BUSY_LIMIT_S,
    BusyWait,
    Patience,
    readers_patience,
    reading_at_most,
    waiting_as_readers,
    waiting_at_most,
)
from spw_core.store.side_files import _OPEN_LIMIT_S
from spw_core.store.spec import SpecStore
from spw_tui import data
from spw_tui.data import DataService


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The limits of all busy handlers that are made, in their order; none of them waits."""
    limits: list[float] = []

    def note(wait: BusyWait, limit: float | Patience | None = None) -> None:
        original(wait, limit)
        limits.append(wait._limit_s)

    original = BusyWait.__init__
    monkeypatch.setattr(BusyWait, "__init__", note)
    monkeypatch.setattr(BusyWait, "__call__", lambda wait, attempts: False)
    return limits


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """A database that another program holds for itself."""
    holder = apsw.Connection(str(path))
    holder.pragma("locking_mode", "exclusive")
    holder.execute("BEGIN IMMEDIATE; UPDATE spec_meta SET value = value")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def test_readers_may_be_impatient_without_the_writers(workspace: Workspace, patience: list[float]) -> None:
    path = workspace.paths.spec_db("alpha")
    with reading_at_most(0.5):
        with SpecStore.writing(path):
            pass
        assert BUSY_LIMIT_S in patience and 0.5 not in patience
        patience.clear()
        with SpecStore.reading(path):
            pass
        assert set(patience) == {0.5, _OPEN_LIMIT_S}
    patience.clear()
    with waiting_at_most(0.3), SpecStore.writing(path), SpecStore.reading(path):
        pass
    assert BUSY_LIMIT_S not in patience and 0.3 in patience


def test_patience_is_a_matter_of_each_thread() -> None:
    seen: list[float] = []
    with waiting_at_most(0.1), waiting_at_most(5.0):
        assert BusyWait()._limit_s == 0.1, "an inner one takes none back"
        thread = threading.Thread(target=lambda: seen.append(BusyWait()._limit_s))
        thread.start()
        thread.join()
    assert seen == [BUSY_LIMIT_S]
    assert BusyWait()._limit_s == BUSY_LIMIT_S


def test_the_waits_of_one_question_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr("time.sleep", lambda seconds: clock.__setitem__(0, clock[0] + 0.1))

    def attempts(wait: BusyWait) -> int:
        return next(attempt for attempt in count() if not wait(attempt))

    with reading_at_most(2.0):
        first, second = BusyWait(readers_patience()), BusyWait(readers_patience())
        assert attempts(first) in (20, 21)
        clock[0] += 100  # spent on the answer, not on locks
        assert attempts(second) <= 1
        assert attempts(BusyWait()) >= 299, "who writes has a patience of its own"
        with waiting_as_readers():
            assert attempts(BusyWait()) <= 1
    with waiting_at_most(1.0):  # for each lock
        assert attempts(BusyWait()) == attempts(BusyWait()) >= 10
    assert attempts(BusyWait()) >= 299


def test_a_search_that_cannot_catch_up_waits_no_longer_for_it(
    workspace: Workspace, patience: list[float]
) -> None:
    workspace.harvest()
    note_behind(workspace.paths, "alpha")
    (workspace.paths.specs / "alpha" / "tasks.md").write_text("- [ ] 1 x\n")
    patience.clear()
    holder = apsw.Connection(str(workspace.paths.index_db))
    holder.execute("BEGIN IMMEDIATE")  # somebody else writes; who reads is not held up
    service = DataService(workspace.paths.root)
    assert service.search("x").query == "x"
    holder.close()
    assert patience and max(patience) <= data._PATIENCE_S
    assert notes_of_behind(workspace.paths)


QUESTIONS: dict[str, Callable[[DataService], object]] = {
    "indexed_specs": lambda service: service.indexed_specs(),
    "summaries": lambda service: service.summaries(["alpha"]),
    "glance": lambda service: service.glance("alpha"),
    "facts": lambda service: service.facts("alpha"),
    "history": lambda service: service.history(DocumentRef("alpha", "tasks.md")),
    "text": lambda service: service.text(DocumentRef("alpha", "gone.md")),
    "trace": lambda service: service.trace("alpha"),
    "log": lambda service: service.log("alpha"),
    "insights": lambda service: service.insights(),
    "sessions": lambda service: service.sessions(),
    "search": lambda service: service.search("x"),
    "newest_documents": lambda service: service.newest_documents(),
    "search_mode": lambda service: service.search_mode(),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_of_the_app_waits_long(
    workspace: Workspace, patience: list[float], question: str
) -> None:
    (workspace.paths.specs / "alpha" / "tasks.md").write_text("- [ ] 1 x\n")
    workspace.harvest()
    service = DataService(workspace.paths.root)
    service.prepare()
    patience.clear()
    with locked(workspace.paths.spec_db("alpha")), suppress(SpwError):  # soon, which is what is wanted
        QUESTIONS[question](service)
    assert all(limit <= data._PATIENCE_S for limit in patience), patience


def test_a_harvest_of_the_app_waits_as_long_as_any(workspace: Workspace, patience: list[float]) -> None:
    service = DataService(workspace.paths.root)
    service.harvest(lambda *_: None)
    assert BUSY_LIMIT_S in patience

"""How long a connection waits for a lock that somebody else has, and how."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

BUSY_LIMIT_S = 30.0
_LONGEST_NAP_S = 0.004


class Patience:
    """How long to wait for locks: for each of them, or, when it `is_shared`, for all of them together."""

    __slots__ = ("is_shared", "limit_s", "waited_s")

    def __init__(self, limit_s: float = BUSY_LIMIT_S, *, is_shared: bool = False) -> None:
        self.limit_s = limit_s
        self.is_shared = is_shared
        self.waited_s = 0.0

    @property
    def left_s(self) -> float:
        """What one more wait may take."""
        return self.limit_s - self.waited_s if self.is_shared else self.limit_s


_USUAL = Patience()
# Per thread and task: one that can do without an answer takes no patience from those that cannot.
_patience = ContextVar("patience", default=_USUAL)
_readers_patience = ContextVar("readers' patience", default=_USUAL)


@contextmanager
def waiting_at_most(limit_s: float) -> Iterator[None]:
    """Of connections that this thread or task opens meanwhile, wait no longer for locks: for work that
    others make up for."""
    with _lowered(_patience, limit_s), _lowered(_readers_patience, limit_s):
        yield


@contextmanager
def reading_at_most(limit_s: float) -> Iterator[None]:
    """Of connections that only read, wait no longer, for all locks together: for a question that can be
    asked again."""
    with _lowered(_readers_patience, limit_s, is_shared=True):
        yield


@contextmanager
def waiting_as_readers() -> Iterator[None]:
    """Of connections that write, wait no longer than those that read: for what a question can do without."""
    token = _patience.set(_readers_patience.get())
    try:
        yield
    finally:
        _patience.reset(token)


@contextmanager
def _lowered(patience: ContextVar[Patience], limit_s: float, *, is_shared: bool = False) -> Iterator[None]:
    token = patience.set(Patience(min(limit_s, patience.get().left_s), is_shared=is_shared))
    try:
        yield
    finally:
        patience.reset(token)


def readers_patience() -> Patience:
    """That of connections that only read."""
    return _readers_patience.get()


class BusyWait:
    """Busy handler: short random naps until the limit has gone by since the lock was first met."""

    def __init__(self, patience: float | Patience | None = None) -> None:
        """A number is a limit in seconds; without anything, the patience of those who write."""
        if patience is None:
            patience = _patience.get()
        self._patience = patience if isinstance(patience, Patience) else Patience(patience)
        self._limit_s = self._patience.left_s
        self._since = 0.0

    def __call__(self, attempts: int) -> bool:
        now = time.monotonic()
        if attempts == 0:
            self._since, self._limit_s = now, self._patience.left_s
        if now - self._since > self._limit_s:
            return False
        import random  # only who must wait pays for it

        time.sleep(random.uniform(0.0002, _LONGEST_NAP_S))
        self._patience.waited_s += time.monotonic() - now
        return True

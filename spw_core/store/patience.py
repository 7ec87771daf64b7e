"""How long a connection waits for a lock that somebody else has, and how."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

BUSY_LIMIT_S = 30.0
_LONGEST_NAP_S = 0.004

# Per thread and task: one that can do without an answer takes no patience from those that cannot.
_patience_s = ContextVar("patience", default=BUSY_LIMIT_S)
_readers_patience_s = ContextVar("readers' patience", default=BUSY_LIMIT_S)


@contextmanager
def waiting_at_most(limit_s: float) -> Iterator[None]:
    """Of connections that this thread or task opens meanwhile, wait no longer for locks: for work that
    others make up for."""
    with _lowered(_patience_s, limit_s), _lowered(_readers_patience_s, limit_s):
        yield


@contextmanager
def reading_at_most(limit_s: float) -> Iterator[None]:
    """As `waiting_at_most`, of connections that only read: for questions that can be asked again."""
    with _lowered(_readers_patience_s, limit_s):
        yield


@contextmanager
def _lowered(patience_s: ContextVar[float], limit_s: float) -> Iterator[None]:
    token = patience_s.set(min(limit_s, patience_s.get()))
    try:
        yield
    finally:
        patience_s.reset(token)


def readers_patience_s() -> float:
    """What connections that only read wait at most."""
    return _readers_patience_s.get()


class BusyWait:
    """Busy handler: short random naps until the limit has gone by since the lock was first met."""

    def __init__(self, limit_s: float | None = None) -> None:
        self._limit_s = _patience_s.get() if limit_s is None else limit_s
        self._since = 0.0

    def __call__(self, attempts: int) -> bool:
        now = time.monotonic()
        if attempts == 0:
            self._since = now
        if now - self._since > self._limit_s:
            return False
        import random  # only who must wait pays for it

        time.sleep(random.uniform(0.0002, _LONGEST_NAP_S))
        return True

"""Giving up on a query whose answer nobody waits for any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apsw

from spw_core.errors import Stopped

# Steps of SQLite's machine between two looks, a millisecond or two: each one takes the interpreter's lock.
_STEPS = 50_000


@contextmanager
def stopping(connection: apsw.Connection, stopped: Callable[[], bool] | None) -> Iterator[None]:
    """Inside, the statement that runs ends soon after `stopped` says so. Raises Stopped then."""
    if stopped is None:
        yield
        return
    connection.set_progress_handler(stopped, _STEPS)
    try:
        yield
    except apsw.InterruptError as error:
        raise Stopped("the question was taken back") from error
    finally:
        connection.set_progress_handler(None)

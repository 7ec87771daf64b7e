"""Pauses of the garbage collector, kept away from work that leaves no garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """No search for garbage meanwhile, in any thread: it would look through all that is being made, and find
    nothing. Who disabled it enables it again, so that threads may overlap."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

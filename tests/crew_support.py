"""Harvests and imports with two helpers, however little there is to do, and what became of the helpers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest

from spw_core.harvest import crew

from .support import interruptible_children

Helpers = list[subprocess.Popen[bytes]]

# What a process runs before its own program: two helpers, and the number of each that is started on stdout.
_TWO_TOLD = """
from spw_core.harvest import crew
crew._processors = lambda: 2
start = crew._start
def started(*given):
    helper = start(*given)
    print(helper.pid, flush=True)
    return helper
crew._start = started
"""


def remember_two_helpers(monkeypatch: pytest.MonkeyPatch) -> Helpers:
    """From now on there are two processors; the list fills with the helpers that are started."""
    started: Helpers = []
    monkeypatch.setattr(crew, "_processors", lambda: 2)
    start = crew._start

    def remember(*given: object) -> subprocess.Popen[bytes]:
        started.append(start(*given))  # type: ignore[arg-type]
        return started[-1]

    monkeypatch.setattr(crew, "_start", remember)
    return started


def stop_once_helped(program: str, words: Sequence[str], number: signal.Signals, seen: int) -> None:
    """Run a program with two helpers, send it a signal once it has started so many, and wait until it and
    they have ended. On a busy machine it may be through before."""
    command = [sys.executable, "-c", _TWO_TOLD + program, *words]
    with interruptible_children():
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    helpers = [int(process.stdout.readline()) for _ in range(seen)]
    process.send_signal(number)
    process.communicate()
    deadline = time.monotonic() + 60
    while any(_runs(pid) for pid in helpers):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """True for a process that has not ended; whether somebody took note of its end does not count."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")

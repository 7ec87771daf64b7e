"""Killing a process between two steps of its work, aimed by progress and not by the clock.

The process tells each step before and after it takes it, and waits; the test lets it go on or kills it there.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

# What comes before the code of such a process: `told(owner, name)` makes a step of a function.
TOLD = """
import sys

def told(owner, name):
    whole = getattr(owner, name)
    def step(*args, **more):
        print(name, flush=True)
        sys.stdin.readline()
        result = whole(*args, **more)
        print(name + " done", flush=True)
        sys.stdin.readline()
        return result
    setattr(owner, name, step)
"""
_FINISHED = "finished"


def run_until(code: str, arguments: Iterable[str | Path], steps: int) -> bool:
    """Run code in a process of its own that is killed after so many steps; True when it finished before."""
    script = f"{TOLD}\n{code}\nprint({_FINISHED!r}, flush=True)\n"
    command: Sequence[str] = [sys.executable, "-c", script, *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    finished = False
    for _ in range(steps):
        line = process.stdout.readline()
        assert line, "it failed"
        finished = line.strip() == _FINISHED
        if finished:
            break
        process.stdin.write("\n")
        process.stdin.flush()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return finished

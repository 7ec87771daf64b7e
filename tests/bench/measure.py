"""Measuring two things in turn, so that a machine whose speed drifts does not favour one of them."""

from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple


def report(name: str, value: float, unit: str) -> None:
    """One line of a benchmark's output."""
    print(f"{name} {value:.3g} {unit}", flush=True)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class Cost(NamedTuple):
    """Wall time, and the time of processors in this process and in children that ended meanwhile."""

    elapsed_s: float
    cpu_s: float


def cost(work: Callable[[], object]) -> Cost:
    """What one call costs."""
    started, used = time.perf_counter(), _cpu_seconds()
    work()
    return Cost(time.perf_counter() - started, _cpu_seconds() - used)


def _cpu_seconds() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


@contextmanager
def without_collector() -> Iterator[None]:
    """No pauses of the garbage collector meanwhile, as in timeit: they fall on either side by chance."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def cpu_of_process(command: Sequence[str], stdin: bytes, cwd: str) -> float:
    """User and system seconds of one finished child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, input=stdin, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median_ratio(first: Callable[[], float], second: Callable[[], float], runs: int) -> float:
    """Median of first / second over pairs measured one right after the other."""
    return statistics.median(first() / second() for _ in range(runs))

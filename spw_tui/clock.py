"""Time as the app shows it. The clock is a parameter, so that tests and pictures stand still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]
"""Returns now, in nanoseconds since the epoch."""

system_clock: Clock = time.time_ns

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def age(then_ns: int, now_ns: int) -> str:
    """`now`, `5m`, `3h`, `12d`, then the date: at most seven cells."""
    seconds = (now_ns - then_ns) // 1_000_000_000
    if then_ns <= 0:
        return ""
    if seconds < _MINUTE:
        return "now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    if seconds < 30 * _DAY:
        return f"{seconds // _DAY}d"
    then, now = _moment(then_ns), _moment(now_ns)
    return f"{then.day} {then:%b}" if then.year == now.year else f"{then:%b} '{then:%y}"


def duration(start_ns: int, end_ns: int) -> str:
    """`45s`, `12m`, `1h05`, `3d`; empty when nothing can be said."""
    seconds = (end_ns - start_ns) // 1_000_000_000
    if start_ns <= 0 or seconds <= 0:
        return ""
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h{seconds % _HOUR // _MINUTE:02d}"
    return f"{seconds // _DAY}d"


def nanoseconds(utc_text: str) -> int:
    """Nanoseconds since the epoch for the core's UTC text, 0 for an empty or unreadable one."""
    try:
        return int(datetime.fromisoformat(utc_text).timestamp()) * 1_000_000_000
    except (ValueError, OverflowError, OSError):
        return 0


def wall_time(now_ns: int) -> str:
    """`14:02`, in UTC as all times of the workspace are."""
    return f"{_moment(now_ns):%H:%M}"


def _moment(time_ns: int) -> datetime:
    try:
        return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    except (OverflowError, ValueError, OSError):  # a file system can hold times no calendar has
        return datetime.max.replace(tzinfo=UTC)

"""Moments as texts of fixed width in UTC, so that the order of texts is the order of time.

`2026-02-14T10:00:00.123456Z` is how every database and every answer has them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def utc_text(nanoseconds: int) -> str:
    """The text for nanoseconds since the epoch; the first or the last moment for what no calendar has."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    try:
        year, month, day, hour, minute, second, *_ = time.gmtime(seconds)
    except (OverflowError, OSError):  # a file system can hold times no calendar has
        year = 0
    if not 1 <= year <= 9999:
        return "9999-12-31T23:59:59.999999Z" if seconds > 0 else "0001-01-01T00:00:00.000000Z"
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest // 1000:06}Z"


def text_of(moment: datetime) -> str:
    """The text for a datetime, which is taken for UTC where it names no zone."""
    from datetime import UTC

    plain = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return f"{plain.isoformat(timespec='microseconds')}Z"


def nanoseconds(text: str) -> int | None:
    """Nanoseconds since the epoch for an ISO 8601 text, UTC where it names no zone; None for others."""
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000

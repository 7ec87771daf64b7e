"""Moments as people type them: a date, `2d`, `3w`, `today`. All times are UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from spw_core.moments import text_of

_AGE = re.compile(r"(\d{1,5})\s*(min|h|d|w|m|y)[a-z]*")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}
_DAYS = {"today": 0, "hoje": 0, "yesterday": 1, "ontem": 1}
SINCE_HINT = "Use a date (2026-02-01), an age (30min, 12h, 2d, 3w, 6m, 1y), today or yesterday."


def parse_since(text: str, now: datetime | None = None) -> str | None:
    """The moment as fixed-width UTC text, which sorts as time does; None for what is no moment.

    `2026`, `2026-02` and `2026-02-01` are their first moment, `2d` is two days before `now`.
    """
    now = now or datetime.now(UTC)
    text = text.strip().lower()
    try:
        if text in _DAYS:
            day = now.replace(hour=0, minute=0, second=0, microsecond=0)
            return text_of(day - timedelta(days=_DAYS[text]))
        if age := _AGE.fullmatch(text):
            return text_of(now - int(age[1]) * _UNITS[age[2]])
        if date := _DATE.fullmatch(text):
            return text_of(datetime(int(date[1]), int(date[2] or 1), int(date[3] or 1), tzinfo=UTC))
        return text_of(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError):
        return None

"""Values that may be stored: texts, times, limits, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache

from spw_core.errors import InvalidInput

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_FRACTION = 6
# As agents write it, for every record.
_MILLISECONDS = re.compile(r"(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z", re.ASCII)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":"))


def require(condition: bool, message: str) -> None:
    """Raise InvalidInput with the message unless the condition holds."""
    if not condition:
        raise InvalidInput(message)


def check_texts(**texts: str) -> None:
    """Every named text must hold something."""
    for name, text in texts.items():
        require(bool(text), f"{name} must not be empty")


def check_time(name: str, text: str) -> None:
    """A time is fixed-width UTC text, so that the order of texts is that of times. See `utc`."""
    require(_UTC.fullmatch(text) is not None, f"{name} is no UTC time with six digits: {text[:40]!r}")


def check_optional_time(name: str, text: str | None) -> None:
    if text is not None:
        check_time(name, text)


def check_limit(limit: int | None, offset: int = 0) -> int:
    """The limit for SQL: -1 for None, which means all. Raises InvalidInput for anything below 0."""
    if limit is None:
        limit_value = -1
    else:
        require(limit >= 0, f"the limit must not be negative: {limit}")
        limit_value = limit
    require(offset >= 0, f"the offset must not be negative: {offset}")
    return limit_value


def utc(value: str | datetime) -> str:
    """A time as it is stored: `2026-02-14T10:00:00.123456Z`. Digits after the sixth are cut.

    Takes a datetime with a zone, or RFC 3339 text with any fraction. Raises InvalidInput.
    """
    if isinstance(value, datetime):
        require(value.tzinfo is not None, "a time without a zone")
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    if (match := _MILLISECONDS.fullmatch(value)) and _is_day(match[1]):
        return f"{value[:-1]}000Z"
    if match := _ISO.fullmatch(value):
        seconds, fraction, zone = match.groups()
        if moment := _moment(seconds + ("+00:00" if zone == "Z" else zone)):
            return f"{moment.replace(tzinfo=None).isoformat()}.{(fraction or '')[:_FRACTION]:0<6}Z"
    raise InvalidInput(f"cannot parse the timestamp {value[:40]!r}", "Times look like 2026-02-14T10:00:00Z.")


@lru_cache(maxsize=64)
def _is_day(text: str) -> bool:
    """True for a date that there is, as `2026-02-14`."""
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _moment(text: str) -> datetime | None:
    """A time with a zone, in UTC; None for the 30th of February and the like."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def now() -> str:
    """The present as it is stored."""
    return utc(datetime.now(UTC))


def dump(name: str, value: object) -> str:
    """JSON of a value, keys sorted. Raises InvalidInput for what JSON cannot say, NaN among it."""
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} cannot be stored as JSON: {error}") from error


def load_mapping(text: str) -> dict[str, object]:
    """The JSON object that `dump` wrote."""
    value = json.loads(text)
    return value if isinstance(value, dict) else {}


def load_texts(text: str) -> dict[str, str]:
    """As `load_mapping`, of texts only."""
    return {key: str(value) for key, value in load_mapping(text).items()}


def check_text_map(name: str, value: Mapping[str, str]) -> None:
    for key, text in value.items():
        require(isinstance(key, str) and isinstance(text, str), f"{name} must be text to text: {key!r}")

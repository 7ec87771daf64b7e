"""Decoding of the small JSON files of a workspace: an object or a problem, never an exception."""

from __future__ import annotations

import json

from spw_core.formats.problem import Problem


def load_json_object(data: bytes) -> tuple[dict[str, object] | None, list[Problem]]:
    """Decode a JSON object from UTF-8 bytes (byte-order mark tolerated); None and a problem otherwise."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return None, [Problem(0, f"not valid UTF-8 at byte {error.start}")]
    except json.JSONDecodeError as error:
        return None, [Problem(error.lineno, f"invalid JSON: {error.msg} (column {error.colno})")]
    except (RecursionError, ValueError) as error:
        return None, [Problem(0, f"invalid JSON: {error}")]
    if not isinstance(value, dict):
        return None, [Problem(0, f"expected a JSON object, found {type(value).__name__}")]
    return value, []


def text_of(value: object) -> str:
    """The value when it is a text, else an empty one; lone surrogates, which no store takes, become `?`."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def texts_of(value: object) -> tuple[str, ...]:
    """The texts in a list, other members left out; empty when the value is not a list."""
    return tuple(text_of(item) for item in value if isinstance(item, str)) if isinstance(value, list) else ()

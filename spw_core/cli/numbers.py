"""Numbers on the command line that have limits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A `type` for argparse: a whole number from `low` to `high`, with an error that says so."""

    def parse(text: str) -> int:
        with suppress(ValueError):  # no number, or one of thousands of digits
            if low <= (number := int(text)) <= high:
                return number
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(f"must be a whole number from {low} to {high}, not {text[:40]!r}")

    return parse

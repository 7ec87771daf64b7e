"""What a reader did not understand, with the place where it stands."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One remark of a reader. `line` is 1-based; 0 means the file as a whole."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message

"""The field for a query: completes filters, and leaves the keys of the screen to the screen."""

from __future__ import annotations

from collections.abc import Callable

from textual.suggester import Suggester
from textual.widgets import Input


class _Suggest(Suggester):
    """Shows the first completion behind the cursor; the right arrow takes it, as tab does."""

    def __init__(self, complete: Callable[[str], tuple[str, ...]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        return next(iter(self._complete(value)), None)


class QueryInput(Input):
    """`complete` gives whole queries for what was typed so far, the best first."""

    def __init__(self, complete: Callable[[str], tuple[str, ...]], *, id: str) -> None:
        super().__init__(
            placeholder="search all documents", id=id, compact=True, suggester=_Suggest(complete)
        )

    def set(self, text: str) -> None:
        """Replace what was typed; the cursor goes behind it."""
        self.value = text
        self.cursor_position = len(text)

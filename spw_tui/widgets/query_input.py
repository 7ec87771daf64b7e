"""The field for a query: completes filters, and leaves the keys of the screen to the screen."""

from __future__ import annotations

from collections.abc import Callable

from textual.events import Paste
from textual.suggester import Suggester
from textual.widgets import Input

from spw_core.text import clean_line

# A query is a few words; a page that is pasted by mistake would be looked for word by word.
_LONGEST = 500


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
            placeholder="search all documents",
            id=id,
            compact=True,
            suggester=_Suggest(complete),
            max_length=_LONGEST,
        )

    def restricted(self) -> None:
        """Nothing: a bell for each letter of a page would be noise."""

    def _on_paste(self, event: Paste) -> None:
        """All lines as one, as much as there is room for; a field would take the first line or nothing."""
        room = _LONGEST - len(self.value) + len(self.selected_text)
        text = clean_line(event.text[: 4 * _LONGEST])[:room]
        self.replace(text, *sorted(self.selection))
        event.stop()
        event.prevent_default()

    def set(self, text: str) -> None:
        """Replace what was typed; the cursor goes behind it."""
        self.value = text
        self.cursor_position = len(text)

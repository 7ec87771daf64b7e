"""Where the list of specs gets its contents from: first what the last harvest knew, then how things are."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from spw_core.errors import WorkspaceNotFound
from spw_tui.data import Failure
from spw_tui.trouble import explain

if TYPE_CHECKING:
    from spw_core.answers import Glance, IndexGlance, SpecSummary
    from spw_tui.screens.browse import BrowseScreen

# Specs that are read per turn of a worker, how long it rests between two turns, and how often the list is
# drawn meanwhile.
_CHUNK = 6
_REST_SECONDS = 0.02
_REDRAW_SECONDS = 0.25
# So long the list waits for the index before it is made from the files alone.
_INDEX_SECONDS = 3.0
# An index that others write all the time is not asked after every write.
_INDEX_REST_SECONDS = 5.0


class SpecLoader:
    """Keeps `specs` true for the screen it belongs to, and tells it when they changed."""

    def __init__(self, screen: BrowseScreen) -> None:
        self._screen = screen
        self._data = screen.data
        self._next = 0
        self._seen: dict[str, Glance] = {}
        self._index: IndexGlance | None = None  # as it was when it was read
        self._index_read = 0.0
        self.specs: dict[str, SpecSummary | Failure] = {}

    async def load(self) -> None:
        """The list as of the last harvest at once, then every spec as it is now."""
        screen = self._screen
        try:
            await asyncio.to_thread(self._data.prepare)
            names = await asyncio.to_thread(self._data.spec_names)
            self.specs = {name: spec for name, spec in self.specs.items() if name in names}
            await self._load_index(names)
            if self.specs or not names:
                screen.specs_changed()
            shown = time.monotonic()
            for start in range(0, len(names), _CHUNK):
                for found in await asyncio.to_thread(self._data.summaries, names[start : start + _CHUNK]):
                    self.specs[found.name] = found
                if time.monotonic() - shown > _REDRAW_SECONDS:
                    screen.specs_changed()
                    shown = time.monotonic()
                await asyncio.sleep(_REST_SECONDS if start else 0)
            screen.specs_changed()
        except Exception as error:
            screen.specs_failed(explain(screen, error))

    async def _load_index(self, names: list[str]) -> None:
        """What the last harvest knew. An index that cannot be read costs the search, not the list."""
        app = self._screen.spw
        try:
            async with asyncio.timeout(_INDEX_SECONDS):
                glance = await asyncio.to_thread(self._data.index_glance)
                self._index_read = time.monotonic()
                indexed = await asyncio.to_thread(self._data.indexed_specs)
                mode = await asyncio.to_thread(self._data.search_mode)
                self._index = glance  # only now: who is cancelled has not read it
        except TimeoutError:
            self._index = None  # asked again soon
            app.search_state = "search waits for the index, which is busy"
            return
        except Exception as error:
            self._screen.log.error(error)
            self._index = None
            app.search_state = "no search: the index cannot be read"  # the search itself tells why
            return
        known = set(names)
        for spec in indexed:
            if spec.name in known:
                self.specs.setdefault(spec.name, spec)
        app.searchable = bool(indexed)
        key = app.keys.first_of("app.harvest")
        app.search_state = f"{mode} search" if indexed else f"not harvested yet: press {key}"
        if not indexed and names and self._data.harvest_when_empty:
            app.action_harvest()

    async def _refresh_index(self, names: list[str]) -> None:
        """Read it again when somebody wrote it: a harvest or vectors change how search works."""
        if time.monotonic() - self._index_read < _INDEX_REST_SECONDS:
            return
        if await asyncio.to_thread(self._data.index_glance) != self._index:
            await self._load_index(names)

    async def refresh(self, visible: list[str]) -> None:
        """Look again at a few of the visible specs, each in its turn, and for specs that came or went."""
        try:
            names = await asyncio.to_thread(self._data.spec_names)
            turn = [name for name in names if name not in self.specs][:_CHUNK]
            for step in range(min(_CHUNK - len(turn), len(visible))):
                turn.append(visible[(self._next + step) % len(visible)])
            self._next += _CHUNK
            changed = await asyncio.to_thread(self._data.changed, turn, self._seen)
            found = await asyncio.to_thread(self._data.summaries, changed)
            await self._refresh_index(names)
        except WorkspaceNotFound as error:
            self.specs = {}
            self._seen.clear()
            self._screen.specs_failed(explain(self._screen, error))
            return
        except Exception as error:
            self._screen.log.error(error)  # what is shown stays; `r` tells what is wrong
            return
        known = set(names)
        after = {name: spec for name, spec in self.specs.items() if name in known}
        after |= {spec.name: spec for spec in found if spec.name in known}
        if after != self.specs:
            self.specs = after
            self._screen.specs_changed()

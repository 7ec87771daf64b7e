"""A screen about one spec that stays true: what changes on disk appears within two seconds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import work

from spw_tui.clock import Clock
from spw_tui.data import DataService
from spw_tui.screens.base import SpwScreen
from spw_tui.trouble import explain

if TYPE_CHECKING:
    from spw_core.answers import Glance, SpecFacts

_POLL_SECONDS = 2.0


class LiveScreen(SpwScreen):
    """Loads the facts of `spec`, then looks every two seconds whether they are still the same."""

    def __init__(self, data: DataService, clock: Clock) -> None:
        super().__init__(data, clock)
        self.spec = ""
        self.facts: SpecFacts | None = None
        self._glance: Glance | None = None  # how the spec looked before the facts were read
        self._polled = True  # the last poll is through; a slow disk is not asked twice at once

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(_POLL_SECONDS, self._poll_if_seen)

    def facts_changed(self, facts: SpecFacts) -> None:
        """Called with the first facts of a spec, and whenever they change."""

    def facts_failed(self, message: str) -> None:
        """Called when a spec cannot be read."""

    def load_facts(self, spec: str, pause: float = 0.0) -> None:
        """Read a spec, after a pause in which another one may be asked for instead."""
        self.spec = spec
        self._load_facts(spec, pause)

    @work(exclusive=True, group="facts", exit_on_error=False)
    async def _load_facts(self, spec: str, pause: float) -> None:
        if pause:
            await asyncio.sleep(pause)
        try:
            glance, facts = await asyncio.to_thread(self._read, spec)
        except Exception as error:
            self.facts = None
            self.facts_failed(explain(self, error))
        else:
            self.facts, self._glance = facts, glance
            self.facts_changed(facts)

    def _poll_if_seen(self) -> None:
        if self.is_current and self.app.app_focus and self._polled:
            self.poll()

    def poll(self) -> None:
        """Look whether anything changed; what changed is drawn."""
        if self.facts is not None:
            self._polled = False
            self._refresh_facts(self.facts)

    @work(exclusive=True, group="poll", exit_on_error=False)
    async def _refresh_facts(self, known: SpecFacts) -> None:
        try:
            glance = await asyncio.to_thread(self.data.glance, known.name, self._glance)
            if glance == self._glance:
                return
            facts = await asyncio.to_thread(self.data.facts, known.name)
        except Exception as error:
            # What is shown stays; `r` tells what is wrong.
            self.log.error(error)
            return
        finally:
            self._polled = True
        if self.facts is known:
            self.facts, self._glance = facts, glance
            if facts.record != known.record:
                self.facts_changed(facts)
            self.preview.reload()

    def _read(self, spec: str) -> tuple[Glance, SpecFacts]:
        """How a spec looks, and only then the facts: a change between the two is seen. Runs in a worker."""
        return self.data.glance(spec), self.data.facts(spec)

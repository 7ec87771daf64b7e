"""Keys one after the other: each is given to the widget that has the focus when it is its turn.

Textual hands a key to the focused widget, and what it means is only found out when the key has gone through
all widgets above. Of a word that comes at once (a slow line, a paste without brackets), every letter would
have gone to the widget that had the focus before the first one moved it: `/race` would search nothing, and
open an editor.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeGuard

from textual.events import Event, Key, Paste
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from textual.app import App

# A widget that takes longer than this for a key does not hold up the ones after it.
_PATIENCE_SECONDS = 1.0


class InOrder:
    """What was typed and not yet given to a widget. One key is under way at a time."""

    def __init__(self, app: App[None], deliver: Callable[[Key | Paste], Awaitable[None]]) -> None:
        self._app = app
        self._deliver = deliver
        self._waiting: deque[Key | Paste] = deque()
        self._since = 0.0  # when the key under way was delivered; 0 while there is none

    async def take(self, event: Key | Paste) -> None:
        """Deliver a key now, or when those before it are through."""
        self._waiting.append(event)
        if not self._since or time.monotonic() - self._since > _PATIENCE_SECONDS:
            await self._next()

    async def _next(self) -> None:
        if not self._waiting:
            self._since = 0.0
            return
        self._since = time.monotonic()
        target: MessagePump = self._app.focused or self._app.screen
        await self._deliver(self._waiting.popleft())
        self._follow(target, target)

    def _follow(self, node: MessagePump, again: MessagePump | None) -> None:
        """Go the way of the key, behind it, up to the app, and once more, behind what the key caused there;
        then to a screen that it may have opened, whose first widget has the focus by then."""
        parent = node._parent
        if parent is not None:
            if not node.call_later(self._follow, parent, again):
                self._follow(parent, again)
        elif again is not None:
            self._app.call_later(self._follow, again, None)
        elif not self._app.screen.call_later(self._app.call_later, self._next):
            self._app.call_later(self._next)


def is_typed(event: Event) -> TypeGuard[Key | Paste]:
    """True for keys and pastes that come from the terminal, not from a widget below."""
    return isinstance(event, Key | Paste) and not event.is_forwarded

"""Running an action by name, and the command palette, which lists every action and every spec."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from rich.text import Text
from textual.actions import parse
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen
from textual.types import IgnoreReturnCallbackType

from spw_tui.actions import ACTIONS, Action, Keys

if TYPE_CHECKING:
    from textual.dom import DOMNode


@runtime_checkable
class HasSpecs(Protocol):
    """A screen with specs to go to."""

    def spec_names(self) -> list[str]: ...

    def go_to_spec(self, name: str) -> None: ...


@runtime_checkable
class HasKeys(Protocol):
    """The app, as far as its keys are concerned."""

    keys: Keys


def target_of(action: str, screen: Screen[Any]) -> DOMNode | None:
    """Who carries out an action now: the focused widget, what it is in, the screen, or the app."""
    namespace, name, _ = parse(action)
    if namespace in ("app", "screen"):
        owner: DOMNode = screen.app if namespace == "app" else screen
        return owner if hasattr(owner, f"action_{name}") else None
    start: DOMNode = screen.focused or screen
    return next((node for node in start.ancestors_with_self if hasattr(node, f"action_{name}")), None)


async def run_action(action: str, screen: Screen[Any]) -> None:
    """Carry out an action on the given screen, if anything there can."""
    if target := target_of(action, screen):
        await screen.app.run_action(action, target)


def available(screen: Screen[Any]) -> Iterator[Action]:
    """The actions that somebody on this screen can carry out, each once."""
    scopes = getattr(screen, "SCOPES", ())
    for action in ACTIONS:
        if action.scope in scopes and target_of(action.name, screen):
            yield action


class ActionProvider(Provider):
    """Actions of the screen below the palette."""

    async def discover(self) -> Hits:
        for action in available(self.screen):
            yield DiscoveryHit(self._title(action), self._runner(action), text=action.label, help=action.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in available(self.screen):
            score = max(matcher.match(f"{action.label} {action.help}"), matcher.match(action.label))
            if score > 0:
                title, run = self._title(action), self._runner(action)
                yield Hit(score, title, run, text=action.label, help=action.help)

    def _runner(self, action: Action) -> IgnoreReturnCallbackType:
        return partial(run_action, action.name, self.screen)

    def _title(self, action: Action) -> Text:
        keys = self.app.keys if isinstance(self.app, HasKeys) else Keys()
        return Text.assemble(action.label, ("  " + keys.of(action), "dim"))


class SpecProvider(Provider):
    """Specs by name, on screens that can go to one."""

    async def search(self, query: str) -> Hits:
        screen = self.screen
        if isinstance(screen, HasSpecs):
            matcher = self.matcher(query)
            for name in screen.spec_names():
                if (score := matcher.match(name)) > 0:
                    yield Hit(score, Text(f"spec  {name}"), partial(screen.go_to_spec, name), text=name)

"""Running an action by name, and the command palette, which lists every action and every spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.actions import parse
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen

from spw_tui.actions import ACTIONS, Action

if TYPE_CHECKING:
    from textual.dom import DOMNode


def target_of(action: str, screen: Screen[Any]) -> DOMNode | None:
    """Who carries out an action now: the focused widget, what it is in, the screen, or the app."""
    namespace, name, _ = parse(action)
    if namespace == "app":
        return screen.app
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
            yield DiscoveryHit(_title(action), self._runner(action), text=action.label, help=action.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in available(self.screen):
            score = max(matcher.match(f"{action.label} {action.help}"), matcher.match(action.label))
            if score > 0:
                yield Hit(score, _title(action), self._runner(action), text=action.label, help=action.help)

    def _runner(self, action: Action) -> Any:
        screen = self.screen

        async def run() -> None:
            await run_action(action.name, screen)

        return run


class SpecProvider(Provider):
    """Specs by name, on screens that can go to one."""

    async def search(self, query: str) -> Hits:
        names = getattr(self.screen, "spec_names", list)()
        matcher = self.matcher(query)
        for name in names:
            if (score := matcher.match(name)) > 0:
                goto = getattr(self.screen, "go_to_spec")  # noqa: B009 - duck typed, as `spec_names` above
                yield Hit(score, Text(f"spec  {name}"), lambda name=name: goto(name), text=name)


def _title(action: Action) -> Text:
    return Text.assemble(action.label, ("  " + action.shown_keys, "dim"))

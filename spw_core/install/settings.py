"""The settings text of Claude Code with our hooks in it, and without them. Pure.

Everybody else's entries keep their bytes. Ours are found handler by handler, so that a group which holds
ours and another's loses ours alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from spw_core.errors import SpwError
from spw_core.install.commands import (
    REGISTRATIONS,
    Registration,
    command_of,
    is_go,
    is_ours,
    status_line,
)
from spw_core.install.json_edit import (
    JsonError,
    Node,
    parse,
    value_of,
    with_item,
    with_member,
    with_value,
    without,
)

EMPTY = "{}\n"


class SettingsError(SpwError):
    """The settings are not as they must be to be edited; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a settings text has: (Claude Code's event, matcher, command) of our handlers and of the Go tool's,
    the commands of the status line, and whether hooks are switched off."""

    ours: tuple[tuple[str, str, str], ...] = ()
    go: tuple[tuple[str, str, str], ...] = ()
    status_line: str = ""
    disabled: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """Our events that are not registered."""
        present = {command.rpartition(" ")[2] for _, _, command in self.ours}
        return tuple(entry.event for entry in REGISTRATIONS if entry.event not in present)

    @property
    def doubled(self) -> tuple[str, ...]:
        """Our events that are registered more than once."""
        events = [command.rpartition(" ")[2] for _, _, command in self.ours]
        return tuple(sorted({event for event in events if events.count(event) > 1}))


@dataclass(slots=True)
class _Handler:
    """A handler and where it stands."""

    event: str
    matcher: str
    command: object
    path: tuple[tuple[Node, int], ...] = field(default=())  # outermost first: (parent, position in it)


def contents(text: str) -> Contents:
    """What of ours, and of the Go tool's, a settings text has. Raises SettingsError."""
    root = _root(text)
    found = list(_handlers(text, root))
    line = root.get("statusLine")
    disabled = root.get("disableAllHooks")
    return Contents(
        ours=tuple((h.event, h.matcher, str(h.command)) for h in found if is_ours(h.command)),
        go=tuple((h.event, h.matcher, str(h.command)) for h in found if is_go(h.command)),
        status_line=str(command_of(value_of(text, line)) or "") if line else "",
        disabled=bool(disabled and value_of(text, disabled) is True),
    )


def installed(text: str, program: str, *, replace_go: bool = False) -> str:
    """The text with every registration once, as it is today; the same text when nothing is to be done.

    Ours of another place or version are replaced. With `replace_go` the Go tool's are taken out too. A
    status line that is somebody else's stays. Raises SettingsError.
    """
    text = text if text.strip() else EMPTY
    wanted = {
        (entry.claude_event, entry.matcher, str(entry.handler(program)["command"])) for entry in REGISTRATIONS
    }
    seen: set[tuple[str, str, object]] = set()

    def is_outdated(handler: _Handler) -> bool:
        if replace_go and is_go(handler.command):
            return True
        key = (handler.event, handler.matcher, handler.command)
        if not is_ours(handler.command):
            return False
        if key in wanted and key not in seen:
            seen.add(key)
            return False
        return True

    text = _without_handlers(text, is_outdated, seen.clear)
    for entry in REGISTRATIONS:
        if (entry.claude_event, entry.matcher, entry.handler(program)["command"]) not in seen:
            text = _with_registration(text, entry, program)
    return _with_status_line(text, program, replace_go)


def uninstalled(text: str) -> str:
    """The text without anything of ours, and without what only ours had filled. Raises SettingsError."""
    text = _without_handlers(text, lambda handler: is_ours(handler.command), lambda: None)
    root = _root(text)
    for position, item in enumerate(root.items):
        if item.key == "statusLine" and is_ours(command_of(value_of(text, item.value))):
            return without(text, root, position)
    return text


def _with_registration(text: str, entry: Registration, program: str) -> str:
    root = _root(text)
    hooks = root.get("hooks")
    if hooks is None:
        return with_member(text, root, "hooks", {entry.claude_event: [entry.group(program)]})
    groups = hooks.get(entry.claude_event)
    if groups is None:
        return with_member(text, hooks, entry.claude_event, [entry.group(program)])
    return with_item(text, groups, entry.group(program))


def _with_status_line(text: str, program: str, replace_go: bool) -> str:
    root = _root(text)
    line = root.get("statusLine")
    if line is None:
        return with_member(text, root, "statusLine", status_line(program))
    command = command_of(value_of(text, line))
    if is_ours(command) and command != status_line(program)["command"]:
        return with_value(text, line, status_line(program))
    if replace_go and is_go(command):
        return with_value(text, line, status_line(program))
    return text


def _without_handlers(text: str, unwanted: Callable[[_Handler], bool], begin: Callable[[], None]) -> str:
    """The text without some handlers, one after the other; each time round starts with `begin`."""
    while True:
        begin()
        found = next((handler for handler in _handlers(text, _root(text)) if unwanted(handler)), None)
        if found is None:
            return text
        # What is empty without it goes with it: its group, its event, all of `hooks`.
        path = list(found.path)
        while len(path) > 1 and len(path[-1][0].items) == 1:
            path.pop()
        parent, position = path[-1]
        text = without(text, parent, position)


def _handlers(text: str, root: Node) -> Iterator[_Handler]:
    """Every handler of every event, in order. Raises SettingsError where the form is not the known one."""
    for place, item in enumerate(root.items):
        if item.key != "hooks":
            continue
        _expect(text, item.value, "object", "hooks")
        for event_place, event in enumerate(item.value.items):
            _expect(text, event.value, "array", f"hooks.{event.key}")
            for group_place, group in enumerate(event.value.items):
                where = f"hooks.{event.key}[{group_place}]"
                _expect(text, group.value, "object", where)
                handlers = group.value.get("hooks")
                if handlers is None:
                    continue
                _expect(text, handlers, "array", f"{where}.hooks")
                matcher = group.value.get("matcher")
                named = value_of(text, matcher) if matcher else ""
                for handler_place, handler in enumerate(handlers.items):
                    _expect(text, handler.value, "object", f"{where}.hooks[{handler_place}]")
                    yield _Handler(
                        event.key,
                        named if isinstance(named, str) else "",
                        command_of(value_of(text, handler.value)),
                        (
                            (root, place),
                            (item.value, event_place),
                            (event.value, group_place),
                            (handlers, handler_place),
                        ),
                    )


def _expect(text: str, node: Node, kind: str, where: str) -> None:
    if node.kind != kind:
        line = text.count("\n", 0, node.start) + 1
        raise SettingsError(f"line {line}: {where} should be an {kind}", "Correct it; nothing was changed.")


def _root(text: str) -> Node:
    try:
        root = parse(text)
    except JsonError as error:
        hint = "Correct it (comments are not allowed); nothing was changed."
        raise SettingsError(f"not valid JSON: {error}", hint) from error
    _expect(text, root, "object", "the file")
    return root

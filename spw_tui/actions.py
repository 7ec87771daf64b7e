"""Everything that can be done, once: bindings, footer, palette, help and the key table of the README come
from this table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from textual.binding import Binding, BindingType


class Scope(StrEnum):
    """Where an action is available; the text is its title on the help screen."""

    APP = "Everywhere"
    BROWSE = "Specs"
    RUN = "A run"
    VERSIONS = "Versions of a document"
    READING = "Document under the cursor"
    FILE = "File under the cursor"
    SESSION = "Session under the cursor"
    READER = "A document on its own"
    WIDE = "The whole workspace"
    SEARCH = "Search"
    HITS = "Search results"
    LIST = "Lists"
    BOARD = "Board of waves"
    PAGE = "Preview"


# What each screen answers to.
_DOCUMENT = (Scope.READING, Scope.FILE)
PLACES = {
    "browse": (Scope.APP, Scope.BROWSE, *_DOCUMENT, Scope.LIST, Scope.BOARD, Scope.PAGE),
    "run": (Scope.APP, Scope.RUN, *_DOCUMENT, Scope.LIST, Scope.PAGE),
    "versions": (Scope.APP, Scope.VERSIONS, Scope.LIST, Scope.PAGE),
    "reader": (Scope.APP, Scope.READER, *_DOCUMENT, Scope.PAGE),
    "insights": (Scope.APP, Scope.WIDE, *_DOCUMENT, Scope.LIST, Scope.PAGE),
    "sessions": (Scope.APP, Scope.WIDE, Scope.READING, Scope.SESSION, Scope.LIST, Scope.PAGE),
    "search": (Scope.SEARCH, Scope.HITS, Scope.PAGE),
}
_FOCUSED = {Scope.LIST, Scope.BOARD, Scope.PAGE, Scope.HITS}


@dataclass(frozen=True, slots=True)
class Action:
    """One action: the Textual action it runs, its default keys (comma separated), and how to tell people.

    `label` is two words for the footer, `help` a sentence. `footer` orders the footer; 0 keeps it out.
    """

    scope: Scope
    name: str
    keys: str
    label: str
    help: str
    footer: int = 0

    @property
    def id(self) -> str:
        """How the configuration names the action: `browse.zoom`, `list.page-down`."""
        return f"{self.scope.name.lower()}.{self.label.replace(' ', '-')}"


class Keys:
    """The keys of every action: those of the table, and what the configuration says instead."""

    def __init__(self, changes: Mapping[str, str] | None = None, *, plain: bool = False) -> None:
        """`changes` maps ids of actions to keys (comma separated); see `complaints` for misspelt ones.
        `plain` names arrows in letters, for terminals that would show `v` and `^` in place of them."""
        self.changes = dict(changes or {})
        self._plain = plain

    def of(self, action: Action) -> str:
        """Keys as printed on a keyboard, with blanks between them."""
        keys = self.changes.get(action.id, action.keys)
        return " ".join(map(self._shown, keys.split(",")))

    def _shown(self, key: str) -> str:
        sign = _SHOWN.get(key, key.replace("ctrl+", "^"))
        return key if self._plain and not sign.isascii() else sign

    def first(self, action: Action) -> str:
        """The one key that the footer shows."""
        return self.of(action).split(" ")[0]

    def first_of(self, action_id: str) -> str:
        """The first key of the action with an id, for messages that name it."""
        return self.first(action_of(action_id))

    def complaints(self) -> list[str]:
        """What is wrong with the changes, a line for each kind: ids that nobody has, keys that do not exist
        (both are left out), and keys that two actions of one place have now."""
        known = {action.id for action in ACTIONS}
        unknown = [name for name in self.changes if name not in known]
        for name in unknown:
            del self.changes[name]
        odd = [key for keys in self.changes.values() for key in keys.split(",") if not _is_key(key)]
        for name, keys in list(self.changes.items()):
            if left := ",".join(key for key in keys.split(",") if _is_key(key)):
                self.changes[name] = left
            else:
                del self.changes[name]
        twice = list(self._used_twice())
        told = [
            (unknown, "keys for unknown actions: {}; `spw-tui --keys` lists all"),
            (odd, "keys that no terminal sends: {}"),
            (twice, "keys that two actions have: {}"),
        ]
        return [text.format(", ".join(dict.fromkeys(listed))) for listed, text in told if listed]

    def _used_twice(self) -> Iterator[str]:
        """`R (browse.runs, file.edit)` for each key that a change gave to one more action of a place."""
        changed = [action for action in ACTIONS if action.id in self.changes]
        for action in changed:
            for other in ACTIONS:
                is_later = other not in changed or ACTIONS.index(other) > ACTIONS.index(action)
                if other is action or not is_later or not _meet(action.scope, other.scope):
                    continue
                theirs = self.changes.get(other.id, other.keys).split(",")
                for key in self.changes[action.id].split(","):
                    if key in theirs:
                        yield f"{_SHOWN.get(key, key)} ({action.id}, {other.id})"


def _meet(one: Scope, other: Scope) -> bool:
    """True when a screen answers to both. Lists, boards and pages have their keys for themselves: what has
    the focus comes first, and that is meant."""
    if one is other:
        return True
    return not {one, other} & _FOCUSED and any({one, other} <= set(scopes) for scopes in PLACES.values())


def _is_key(key: str) -> bool:
    """True for what Textual calls a key: `j`, `ctrl+g`, `question_mark`, `f12`."""
    name = key
    while (parts := name.partition("+"))[0] in _MODIFIERS and parts[2]:
        name = parts[2]
    return name in _key_names() or (len(name) == 1 and name.isprintable() and name != " ")


@cache
def _key_names() -> frozenset[str]:
    """Names of the keys that are no letters, and of the signs of Latin keyboards."""
    from textual.keys import Keys as Named
    from textual.keys import _character_to_key

    signs = (_character_to_key(chr(code)) for code in range(ord(" "), _LATIN_END))
    return frozenset([*(each.value for each in Named), *signs])


_LATIN_END = 0x250
_MODIFIERS = {"ctrl", "shift", "alt", "super", "meta", "hyper"}
_SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "escape": "esc",
    "backspace": "bksp",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "shift+up": "⇧↑",
    "shift+down": "⇧↓",
    "shift+tab": "⇧tab",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "f1": "F1",
    "comma": ",",
    "less_than_sign": "<",
    "greater_than_sign": ">",
}

ACTIONS: tuple[Action, ...] = (
    Action(Scope.APP, "search", "slash", "search", "Search every document of the workspace", 10),
    Action(Scope.APP, "help", "question_mark,f1", "help", "Show the keys of this screen", 80),
    Action(Scope.APP, "command_palette", "ctrl+p", "palette", "Find and run any action by name", 81),
    Action(Scope.APP, "harvest", "H", "harvest", "Read all files into memory and index", 70),
    Action(Scope.APP, "cancel_harvest", "ctrl+x", "stop harvest", "Stop the harvest after the current spec"),
    Action(Scope.APP, "switch_workspace", "w", "workspace", "Open another workspace", 75),
    Action(Scope.APP, "pick_theme", "T", "themes", "Choose one of all themes"),
    Action(Scope.APP, "next_theme", "t", "theme", "Go from dark to light to high contrast"),
    Action(Scope.APP, "copy_selection", "ctrl+c", "copy text", "Copy what is selected with the mouse"),
    Action(Scope.APP, "suspend_process", "ctrl+z", "suspend", "To the shell; `fg` comes back"),
    Action(Scope.APP, "quit", "q", "quit", "Leave spw", 34),
    Action(Scope.BROWSE, "show_tab('overview')", "1", "overview", "What needs somebody, what comes next"),
    Action(Scope.BROWSE, "show_tab('runs')", "2", "runs", "All runs of the spec, the newest first"),
    Action(Scope.BROWSE, "show_tab('waves')", "3", "waves", "A column of tasks for each wave"),
    Action(Scope.BROWSE, "show_tab('tasks')", "4", "tasks", "Tasks: dependencies, files, evidence"),
    Action(Scope.BROWSE, "show_tab('documents')", "5", "documents", "Documents, handoffs, logs, approvals"),
    Action(Scope.BROWSE, "show_tab('trace')", "6", "trace", "From requirements to evidence, and gaps"),
    Action(Scope.BROWSE, "show_tab('log')", "7", "log", "What hooks decided, harvests, errors"),
    Action(Scope.BROWSE, "show_insights", "i", "insights", "What went wrong again and again", 72),
    Action(Scope.BROWSE, "show_sessions", "s", "sessions", "Sessions with agents, and what was said", 73),
    Action(Scope.BROWSE, "next_pane", "tab", "pane", "Go to the next pane", 30),
    Action(Scope.BROWSE, "previous_pane", "shift+tab", "pane back", "Go to the previous pane"),
    Action(Scope.BROWSE, "zoom", "z", "zoom", "The whole screen for this pane, and back", 36),
    Action(Scope.BROWSE, "filter_specs", "f", "filter", "Type to narrow the specs", 40),
    Action(Scope.BROWSE, "sort_specs", "S", "sort", "Specs by urgency, by time, by name", 41),
    Action(Scope.BROWSE, "toggle_tree", "v", "tree", "Tasks as a table, or as a tree"),
    Action(Scope.BROWSE, "resize_panes(-2)", "less_than_sign", "narrower", "Less room for the specs"),
    Action(Scope.BROWSE, "resize_panes(2)", "greater_than_sign", "wider", "More room for the specs"),
    Action(Scope.BROWSE, "leave", "escape,b,backspace,left,h", "back", "One step back, at last to the specs"),
    Action(Scope.RUN, "show_part('brief')", "1", "brief", "The brief of the subagent", 37),
    Action(Scope.RUN, "show_part('report')", "2", "report", "The report of the subagent", 38),
    Action(Scope.RUN, "show_part('status')", "3", "status", "The verdict of the subagent", 39),
    Action(Scope.RUN, "next_pane", "tab", "pane", "Go to the other pane", 30),
    Action(Scope.RUN, "zoom", "z", "zoom", "The whole screen for this pane, and back", 36),
    Action(Scope.RUN, "leave", "escape,b,left,h", "back", "Back to the list of runs", 5),
    Action(Scope.VERSIONS, "next_pane", "tab", "pane", "Go to the other pane", 30),
    Action(Scope.VERSIONS, "mark_base", "f", "compare from", "Compare the others with this version", 20),
    Action(Scope.VERSIONS, "toggle_diff", "d", "whole text", "The difference, or the whole version", 21),
    Action(Scope.VERSIONS, "reload", "r", "refresh", "Read the versions again"),
    Action(Scope.VERSIONS, "copy_path", "y", "copy", "Copy the path of the document", 31),
    Action(Scope.VERSIONS, "leave", "escape,b,left,h", "back", "Back to the documents", 5),
    Action(Scope.WIDE, "next_pane", "tab", "pane", "Go to the other pane", 30),
    Action(Scope.WIDE, "zoom", "z", "zoom", "The whole screen for this pane, and back", 36),
    Action(Scope.WIDE, "leave", "escape,b,left,h", "back", "Back to the specs", 5),
    Action(Scope.SESSION, "copy_id", "y", "copy", "Copy the id of the session", 31),
    Action(Scope.SESSION, "copy_all", "Y", "copy all", "Copy everything that was said in it"),
    Action(Scope.READER, "leave", "escape,b,left,h", "back", "Back to where the document was opened", 5),
    Action(Scope.READING, "contents", "c", "contents", "Go to a heading of the document", 58),
    Action(Scope.READING, "toggle_raw", "m", "raw", "Show the Markdown source, and back", 60),
    Action(Scope.FILE, "follow", "F", "follow", "Stay at the end while the file grows"),
    Action(Scope.FILE, "versions", "d", "versions", "Compare stored versions of the document", 59),
    Action(Scope.FILE, "copy_path", "y", "copy", "Copy the path of the document", 31),
    Action(Scope.FILE, "edit", "e", "edit", "Open the file in $VISUAL or $EDITOR", 32),
    Action(Scope.FILE, "open_outside", "o", "open in VS Code", "Open the file at this line in VS Code"),
    Action(Scope.READING, "reload", "r", "refresh", "Read again what is shown", 71),
    Action(Scope.SEARCH, "leave", "escape", "close", "Close the search", 5),
    Action(Scope.SEARCH, "move(-1)", "up", "previous", "The result above, while typing"),
    Action(Scope.SEARCH, "move(1)", "down", "next", "The result below, while typing", 12),
    Action(Scope.SEARCH, "move(-5)", "pageup", "five up", "Five results up, while typing"),
    Action(Scope.SEARCH, "move(5)", "pagedown", "five down", "Five results down, while typing"),
    Action(Scope.SEARCH, "scroll_preview(-8)", "shift+up", "preview up", "Scroll the preview, while typing"),
    Action(Scope.SEARCH, "scroll_preview(8)", "shift+down", "preview down", "Scroll it on, while typing", 31),
    Action(Scope.SEARCH, "open_hit", "enter", "open", "Open the document at the match", 10),
    Action(Scope.SEARCH, "complete_or_mode", "tab", "mode", "Complete a filter; else words or meaning", 20),
    Action(Scope.SEARCH, "group", "ctrl+g", "group", "Results by spec, and back", 21),
    Action(Scope.SEARCH, "save", "ctrl+s", "keep", "Keep this search, or drop it again", 22),
    Action(Scope.SEARCH, "next_pane", "shift+tab", "to the list", "Go to the list, to the preview, back", 30),
    Action(Scope.SEARCH, "app.help", "f1", "help", "Show the keys of this screen", 80),
    Action(Scope.SEARCH, "app.command_palette", "ctrl+p", "palette", "Find and run any action by name"),
    Action(Scope.HITS, "app.help", "question_mark", "help", "Show the keys of this screen"),
    Action(Scope.HITS, "screen.group", "g", "group", "Results by spec, and back"),
    Action(Scope.HITS, "open", "enter,right,l", "open", "Open the document at the match"),
    Action(Scope.HITS, "move(1)", "j,down", "down", "One down"),
    Action(Scope.HITS, "move(-1)", "k,up", "up", "One up"),
    Action(Scope.HITS, "page(1)", "pagedown,ctrl+d", "page down", "One page down"),
    Action(Scope.HITS, "page(-1)", "pageup,ctrl+u", "page up", "One page up"),
    Action(Scope.HITS, "first", "home", "first", "To the first result"),
    Action(Scope.HITS, "last", "G,end", "last", "To the last result"),
    Action(Scope.LIST, "open", "enter,right,l", "open", "Open what is under the cursor", 20),
    Action(Scope.LIST, "move(1)", "j,down", "down", "One down"),
    Action(Scope.LIST, "move(-1)", "k,up", "up", "One up"),
    Action(Scope.LIST, "page(1)", "pagedown,ctrl+d", "page down", "One page down"),
    Action(Scope.LIST, "page(-1)", "pageup,ctrl+u", "page up", "One page up"),
    Action(Scope.LIST, "first", "g,home", "first", "To the first entry"),
    Action(Scope.LIST, "last", "G,end", "last", "To the last entry"),
    Action(Scope.BOARD, "step(1, 0)", "j,down", "down", "The card below"),
    Action(Scope.BOARD, "step(-1, 0)", "k,up", "up", "The card above"),
    Action(Scope.BOARD, "step(0, -1)", "h,left", "left", "The wave to the left"),
    Action(Scope.BOARD, "step(0, 1)", "l,right", "right", "The wave to the right"),
    Action(Scope.BOARD, "first", "g,home", "first", "The first card of the wave"),
    Action(Scope.BOARD, "last", "G,end", "last", "The last card of the wave"),
    Action(Scope.BOARD, "open", "enter", "open", "Open what the card stands for"),
    Action(Scope.PAGE, "scroll_by(1)", "j,down", "down", "One line down"),
    Action(Scope.PAGE, "scroll_by(-1)", "k,up", "up", "One line up"),
    Action(Scope.PAGE, "scroll_page(1)", "pagedown,ctrl+d,space", "page down", "One page down"),
    Action(Scope.PAGE, "scroll_page(-1)", "pageup,ctrl+u", "page up", "One page up"),
    Action(Scope.PAGE, "top", "g,home", "top", "To the first line"),
    Action(Scope.PAGE, "bottom", "G,end", "bottom", "To the last line"),
    Action(Scope.PAGE, "heading(1)", "right_square_bracket", "next heading", "To the next heading"),
    Action(Scope.PAGE, "heading(-1)", "left_square_bracket", "prev heading", "To the heading before"),
    Action(Scope.PAGE, "next_mark(1)", "n", "next match", "To the next match of the search"),
    Action(Scope.PAGE, "next_mark(-1)", "N", "prev match", "To the match before"),
)


def action_of(action_id: str) -> Action:
    """The action with an id. Raises StopIteration when nobody has it."""
    return next(action for action in ACTIONS if action.id == action_id)


def actions_in(*scopes: Scope) -> list[Action]:
    """All actions of the scopes, in the order of the table."""
    return [action for action in ACTIONS if action.scope in scopes]


def footer_actions(scopes: Iterable[Scope]) -> list[Action]:
    """The actions that a screen with these scopes advertises, the most wanted first."""
    return sorted(
        (action for action in actions_in(*scopes) if action.footer), key=lambda action: action.footer
    )


def bindings(*scopes: Scope) -> list[BindingType]:
    """What a screen or widget declares as BINDINGS for the scopes it implements."""
    return [
        Binding(action.keys, action.name, action.label, tooltip=action.help, show=False, id=action.id)
        for action in actions_in(*scopes)
    ]

"""Everything that can be done, once: bindings, footer, palette and help are made from this table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding, BindingType


class Scope(StrEnum):
    """Where an action is available; the text is its title on the help screen."""

    APP = "Everywhere"
    BROWSE = "Specs"
    RUN = "A run"
    READING = "Document under the cursor"
    READER = "A document on its own"
    SEARCH = "Search"
    LIST = "Lists"
    PAGE = "Preview"


@dataclass(frozen=True, slots=True)
class Action:
    """One action: the Textual action it runs, its keys (comma separated), and how to tell people.

    `label` is two words for the footer, `help` a sentence. `footer` orders the footer; 0 keeps it out.
    """

    scope: Scope
    name: str
    keys: str
    label: str
    help: str
    footer: int = 0

    @property
    def shown_keys(self) -> str:
        """Keys as printed on a keyboard."""
        return " ".join(_SHOWN.get(key, key) for key in self.keys.split(","))

    @property
    def first_key(self) -> str:
        return self.shown_keys.split(" ")[0]


_SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "ctrl+p": "^p",
    "ctrl+d": "^d",
    "ctrl+u": "^u",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
}

ACTIONS: tuple[Action, ...] = (
    Action(Scope.APP, "search", "slash", "search", "Search every document of the workspace", 10),
    Action(Scope.APP, "help", "question_mark", "help", "Show the keys of this screen", 80),
    Action(Scope.APP, "command_palette", "ctrl+p", "palette", "Find and run any action by name", 81),
    Action(Scope.APP, "harvest", "h", "harvest", "Read all files into the memory and the index", 40),
    Action(Scope.APP, "toggle_theme", "t", "theme", "Switch between the dark and the light theme"),
    Action(Scope.APP, "quit", "q", "quit", "Leave spw", 90),
    Action(Scope.BROWSE, "show_tab('overview')", "1", "overview", "What needs attention, waves, tasks"),
    Action(Scope.BROWSE, "show_tab('runs')", "2", "runs", "All runs of the spec, the newest first"),
    Action(Scope.BROWSE, "show_tab('waves')", "3", "waves", "Waves with tasks, attempts and verdicts"),
    Action(Scope.BROWSE, "show_tab('handoffs')", "4", "handoffs", "All handoffs of the spec"),
    Action(Scope.BROWSE, "next_pane", "tab", "pane", "Go to the next pane", 30),
    Action(Scope.BROWSE, "previous_pane", "shift+tab", "pane back", "Go to the previous pane"),
    Action(Scope.BROWSE, "zoom", "z", "zoom", "Give the whole screen to this pane, and back", 50),
    Action(Scope.BROWSE, "leave", "escape,b", "back", "Leave the zoom, then go back to the specs"),
    Action(Scope.RUN, "show_part('brief.md')", "1", "brief", "The brief of the subagent", 31),
    Action(Scope.RUN, "show_part('report.md')", "2", "report", "The report of the subagent", 32),
    Action(Scope.RUN, "show_part('status.json')", "3", "status", "The verdict of the subagent", 33),
    Action(Scope.RUN, "next_pane", "tab", "pane", "Go to the other pane", 30),
    Action(Scope.RUN, "zoom", "z", "zoom", "Give the whole screen to this pane, and back", 50),
    Action(Scope.RUN, "leave", "escape,b", "back", "Back to the list of runs", 5),
    Action(Scope.READER, "leave", "escape,b", "back", "Back to where the document was opened", 5),
    Action(Scope.READING, "toggle_raw", "m", "raw", "Show the Markdown source, and back", 60),
    Action(Scope.READING, "copy_path", "y", "copy", "Copy the path of the document", 61),
    Action(Scope.READING, "edit", "e", "edit", "Open the file in $VISUAL or $EDITOR", 62),
    Action(Scope.READING, "reload", "r", "refresh", "Read again what is shown", 63),
    Action(Scope.SEARCH, "leave", "escape", "close", "Close the search", 5),
    Action(Scope.SEARCH, "move(-1)", "up", "previous", "The result above, while typing"),
    Action(Scope.SEARCH, "move(1)", "down", "next", "The result below, while typing", 12),
    Action(Scope.SEARCH, "move(-5)", "pageup", "five up", "Five results up, while typing"),
    Action(Scope.SEARCH, "move(5)", "pagedown", "five down", "Five results down, while typing"),
    Action(Scope.SEARCH, "open_hit", "enter", "open", "Open the document at the match", 10),
    Action(Scope.SEARCH, "app.focus_next", "tab", "read the preview", "Go to the list and the preview", 30),
    Action(Scope.LIST, "open", "enter", "open", "Open the run or document under the cursor", 20),
    Action(Scope.LIST, "move(1)", "j,down", "down", "One down"),
    Action(Scope.LIST, "move(-1)", "k,up", "up", "One up"),
    Action(Scope.LIST, "page(1)", "pagedown,ctrl+d", "page down", "One page down"),
    Action(Scope.LIST, "page(-1)", "pageup,ctrl+u", "page up", "One page up"),
    Action(Scope.LIST, "first", "g,home", "first", "To the first entry"),
    Action(Scope.LIST, "last", "G,end", "last", "To the last entry"),
    Action(Scope.PAGE, "scroll_by(1)", "j,down", "down", "One line down"),
    Action(Scope.PAGE, "scroll_by(-1)", "k,up", "up", "One line up"),
    Action(Scope.PAGE, "scroll_page(1)", "pagedown,ctrl+d,space", "page down", "One page down"),
    Action(Scope.PAGE, "scroll_page(-1)", "pageup,ctrl+u", "page up", "One page up"),
    Action(Scope.PAGE, "top", "g,home", "top", "To the first line"),
    Action(Scope.PAGE, "bottom", "G,end", "bottom", "To the last line"),
    Action(Scope.PAGE, "heading(1)", "right_square_bracket", "next heading", "To the next heading"),
    Action(Scope.PAGE, "heading(-1)", "left_square_bracket", "prev heading", "To the heading before"),
)


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
        Binding(action.keys, action.name, action.label, tooltip=action.help, show=False)
        for action in actions_in(*scopes)
    ]

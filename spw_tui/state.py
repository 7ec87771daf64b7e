"""What the app remembers from one start to the next, and the keys that a user chose.

The memory is a JSON file in the user's state folder, replaced as a whole; one that cannot be read is left
alone until something new is worth remembering, and the app starts with the defaults. The keys stand in
`tui.toml` in the user's configuration folder, because they belong to a person and not to a repository.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from spw_core.text import clean_line

_SEARCHES = 30
_WORKSPACES = 20

# The orders of the list of specs, and how each is called.
SORTS = {"urgent": "needs me first", "recent": "recent first", "name": "by name"}


@dataclass(slots=True)
class Memory:
    """Everything that outlives a start. `places` holds the spec and the tab of each workspace."""

    theme: str = ""
    sort: str = "urgent"
    specs_width: int = 0
    group: bool = False
    searches: list[str] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    workspaces: list[str] = field(default_factory=list)
    places: dict[str, list[str]] = field(default_factory=dict)

    def note_search(self, query: str) -> None:
        """Put a search in front of those that were made before."""
        if query := clean_line(query):
            self.searches = [query, *(known for known in self.searches if known != query)][:_SEARCHES]

    def toggle_saved(self, query: str) -> bool:
        """Keep a search, or drop it when it is kept already; True when it is kept now."""
        query = clean_line(query)
        if query in self.saved:
            self.saved.remove(query)
            return False
        if query:
            self.saved.insert(0, query)
        return bool(query)

    def note_workspace(self, root: Path) -> None:
        """Put a workspace in front of the others, and forget the places of those that fell off the end."""
        name = str(root)
        self.workspaces = [name, *(known for known in self.workspaces if known != name)][:_WORKSPACES]
        self.places = {known: place for known, place in self.places.items() if known in self.workspaces}

    def place(self, root: Path) -> tuple[str, str]:
        """(spec, tab) that were left in a workspace, empty texts for none."""
        spec, tab = self.places.get(str(root), ["", ""])
        return spec, tab

    def note_place(self, root: Path, spec: str, tab: str) -> None:
        self.places[str(root)] = [spec, tab]


def load_memory(path: Path) -> tuple[Memory, str]:
    """The memory, and what was wrong with its file in one line (empty for a good or missing one).

    Values of a wrong type, as another version may have written them, are left out one by one.
    """
    try:
        memory = _memory_of(path.read_bytes())
    except FileNotFoundError:
        return Memory(), ""
    except (OSError, ValueError, RecursionError) as error:
        return Memory(), f"{path} cannot be read ({type(error).__name__}); starting afresh"
    if memory is None:
        return Memory(), f"{path} does not hold what it should; starting afresh"
    return memory, ""


def _memory_of(data: bytes) -> Memory | None:
    """The memory that is written in a file; None for anything else. Raises ValueError, RecursionError."""
    read = json.loads(data)
    if not isinstance(read, dict):
        return None
    memory, default = Memory(), Memory()
    for each in fields(Memory):
        setattr(memory, each.name, _fitting(read, each.name, default))
    return memory


def _fitting(read: dict[str, object], name: str, default: Memory) -> object:
    """The remembered value if it has the type of the default one."""
    value, usual = read.get(name), getattr(default, name)
    if type(value) is not type(usual):
        return usual
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str)]
    if isinstance(value, dict):
        return {key: pair for key, pair in value.items() if _is_pair_of_texts(pair)}
    return value if name != "sort" or value in SORTS else usual


def _is_pair_of_texts(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value)


def save_memory(path: Path, memory: Memory, known: Memory) -> None:
    """Write the memory, for its owner only, whole or not at all. Raises OSError and WriteError.

    `known` is what this app last read or wrote. What another app wrote since stays beside what is new here.
    """
    from spw_core.atomic import update_file

    def change(before: bytes) -> tuple[bytes, None]:
        theirs = None
        with suppress(ValueError, RecursionError):  # none yet, or a broken one, which is replaced
            theirs = _memory_of(before)
        merged = joined(memory, known, theirs) if theirs else memory
        return json.dumps(asdict(merged), ensure_ascii=False, indent=1).encode() + b"\n", None

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    update_file(path, change)


def joined(mine: Memory, known: Memory, theirs: Memory) -> Memory:
    """What two apps made of what both knew. Of one value that both changed, mine counts."""
    memory = Memory()
    for each in fields(Memory):
        versions = tuple(getattr(one, each.name) for one in (mine, known, theirs))
        setattr(memory, each.name, _joined(*versions))
    del memory.searches[_SEARCHES:], memory.workspaces[_WORKSPACES:]
    return memory


def _joined(mine: Any, known: Any, theirs: Any) -> Any:
    if isinstance(mine, list):
        new = [item for item in mine if item not in known]
        came = [item for item in theirs if item not in known and item not in mine]
        return new + came + [item for item in mine if item in known and item in theirs]
    if isinstance(mine, dict):
        changed = {key: value for key, value in mine.items() if known.get(key) != value}
        return {key: value for key, value in theirs.items() if key in mine or key not in known} | changed
    return theirs if mine == known else mine


def load_keys(path: Path) -> tuple[dict[str, str], str]:
    """The `[keys]` table of the user's `tui.toml`, and what was wrong with it in one line."""
    if not path.is_file():
        return {}, ""
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("keys", {})
    except (OSError, ValueError) as error:
        return {}, clean_line(f"{path}: {error}; the usual keys are used")
    if not isinstance(table, dict):
        return {}, f"{path}: keys must be a table"
    # A dotted id without quotes makes a table of its own: `list.down = "j"`.
    changes = {
        f"{name}.{label}": keys
        for name, part in table.items()
        if isinstance(part, dict)
        for label, keys in part.items()
    }
    changes |= {name: keys for name, keys in table.items() if not isinstance(keys, dict)}
    wrong = [name for name, keys in changes.items() if not isinstance(keys, str) or not keys.strip()]
    problem = f"{path}: keys must be texts: {', '.join(wrong)}" if wrong else ""
    return {
        name: _named(keys) for name, keys in changes.items() if name not in wrong and isinstance(keys, str)
    }, problem


def _named(keys: str) -> str:
    """Keys as Textual calls them: `?` is `question_mark`."""
    from textual.keys import _character_to_key

    given = (key.strip() for key in keys.split(","))
    return ",".join(_character_to_key(key) if len(key) == 1 else key for key in given if key)


def memory_path() -> Path:
    """Where the memory is kept."""
    from platformdirs import user_state_path

    return user_state_path("spw", appauthor=False) / "tui.json"


def keys_path() -> Path:
    """Where a user writes own keys."""
    from platformdirs import user_config_path

    return user_config_path("spw", appauthor=False) / "tui.toml"

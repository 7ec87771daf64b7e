"""The house rules that a program can check: who imports whom, and how long a module may get."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import spw_core
import spw_tui

ROOT = Path(spw_core.__file__).parent
MODULES = sorted([*ROOT.rglob("*.py"), *Path(spw_tui.__file__).parent.rglob("*.py")])

# Rooms from the ground up. A module may import from its own room and from those below its floor.
FLOORS = [
    {
        "names",
        "errors",
        "text",
        "config_identity",
        "digest",
        "editor",
        "moments",
        "redact",
        "redact_named",
        "redact_rules",
        "redact_words",
        "user_dirs",
    },
    {"store", "formats", "workspace", "crash", "atomic"},
    {"domain", "config", "install"},
    {"search"},
    {"harvest", "summaries", "demo"},
    {"dispatch"},
    {"memory"},
    {"api"},
    {"cli", "hook", "spw_tui"},
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

# A face that is reached through another one: `spw hook` is `spw-hook`.
FACES_OF_ANOTHER = [
    ("spw_core.cli.hook", "spw_core.hook.main"),
    ("spw_core.cli.tools_dispatch", "spw_core.hook.detach"),  # work that nobody waits for
]

# Side by side on one floor, and still strangers.
FORBIDDEN = [("store", "formats"), ("formats", "store"), ("formats", "workspace"), ("store", "workspace")]


def room(module: str) -> str:
    parts = module.split(".")
    return "spw_tui" if parts[0] == "spw_tui" else parts[1] if len(parts) > 1 else ""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports_of(path: Path) -> set[str]:
    """Modules of ours that a module imports, also inside functions and for type checking."""
    found = set()
    package = name_of(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            found.add(".".join(part for part in (base, node.module or "") if part))
    return {name for name in found if name.split(".")[0] in ("spw_core", "spw_tui")}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down(path: Path) -> None:
    mine = room(name_of(path))
    if not mine:
        return  # spw_core itself only names the public API
    for imported in imports_of(path):
        other = room(imported)
        if other in ("", mine):
            continue
        assert FLOOR_OF[other] <= FLOOR_OF[mine], f"{name_of(path)} imports {imported}"
        if (name_of(path), imported) not in FACES_OF_ANOTHER:
            assert other not in ("cli", "hook", "spw_tui"), f"{name_of(path)} imports {imported}"
        assert (mine, other) not in FORBIDDEN, f"{name_of(path)} imports {imported}"


def test_every_room_has_a_floor() -> None:
    assert {room(name_of(path)) for path in MODULES} - {""} == set(FLOOR_OF)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_are_short_enough_to_hold_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_only_the_store_speaks_sql() -> None:
    """Databases are opened through the store; SQL stands there and in the search that is made of it."""
    for path in MODULES:
        if "apsw" in _all_imports(path):
            assert room(name_of(path)) in ("store", "search", "hook"), name_of(path)


def _all_imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names} | {
        node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }


# What the panes of the app are made from; the disk, the databases and the screen are somebody else's.
_PURE_ROOMS = {"names", "text", "formats", "domain", "search", "spw_tui"}
_WORDS_FOR_VERSIONS = "spw_core.harvest.history"  # what kinds of versions there are
_VIEW_MODELS = [path for path in MODULES if path.parent.name == "viewmodels"]


@pytest.mark.parametrize("path", _VIEW_MODELS, ids=name_of)
def test_view_models_know_neither_screen_nor_disk(path: Path) -> None:
    """What is imported for types only may come from anywhere in the core."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in for_types:
            module = node.module or ""
            assert module.split(".")[0] not in ("textual", "pathlib", "os"), module
            if module.split(".")[0] in ("spw_core", "spw_tui"):
                assert room(module) in _PURE_ROOMS or module == _WORDS_FOR_VERSIONS, module
                assert not module.startswith(("spw_tui.screens", "spw_tui.widgets")), module

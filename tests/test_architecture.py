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
        "collector",
        "config_identity",
        "digest",
        "editor",
        "moments",
        "redact",
        "redact_hidden",
        "redact_named",
        "redact_rules",
        "redact_words",
        "refs",
        "user_dirs",
    },
    {"store", "formats", "workspace", "crash", "atomic"},
    {"domain", "config", "install"},
    {"search"},
    {"harvest", "summaries", "demo"},
    {"dispatch"},
    {"memory"},
    {"api", "answers"},
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


# What the app may know of the core. Shapes and words come from `answers`, everything else is asked of `api`;
# the others say no more than their names.
_PUBLIC = {
    "spw_core",
    "spw_core.answers",
    "spw_core.api",
    "spw_core.errors",
    "spw_core.refs",
    "spw_core.text",
}
_FOR_ONE_MODULE = {
    ("spw_tui", "spw_core.workspace"),
    ("spw_tui.options", "spw_core.workspace"),
    ("spw_tui.app", "spw_core.crash"),
    ("spw_tui.editor", "spw_core.editor"),
    ("spw_tui.rendering.document", "spw_core.collector"),
    ("spw_tui.state", "spw_core.atomic"),
    *(("spw_tui.demo", f"spw_core.demo.{name}") for name in ("model", "conversations", "generate")),
}
_APP = [path for path in MODULES if room(name_of(path)) == "spw_tui"]
_VIEW_MODELS = [path for path in _APP if path.parent.name == "viewmodels"]
_OUTSIDE = {"textual", "pathlib", "os", "asyncio", "threading", "apsw", "sqlite3"}


@pytest.mark.parametrize("path", _APP, ids=name_of)
def test_the_app_knows_the_public_face_of_the_core(path: Path) -> None:
    for imported in imports_of(path):
        if imported.startswith("spw_core") and imported not in _PUBLIC:
            assert (name_of(path), imported) in _FOR_ONE_MODULE, imported


@pytest.mark.parametrize("path", _VIEW_MODELS, ids=name_of)
def test_view_models_know_neither_screen_nor_disk(path: Path) -> None:
    """They are functions from answers to rows."""
    assert not {name.partition(".")[0] for name in _all_imports(path)} & _OUTSIDE
    for imported in imports_of(path):
        assert imported == "spw_core.answers" or room(imported) == "spw_tui", imported
        assert not imported.startswith(("spw_tui.screens", "spw_tui.widgets", "spw_tui.app")), imported


def test_widgets_know_no_screens() -> None:
    for path in _APP:
        if path.parent.name == "widgets":
            assert not any(imported.startswith("spw_tui.screens") for imported in imports_of(path)), path


def _words_of_the_core() -> set[str]:
    """Names of files and folders, and statuses: what a rule about paths or statuses is written with."""
    from spw_core.domain import places, stage
    from spw_core.domain.model import IN_PROGRESS
    from spw_core.domain.next_wave import NextAction
    from spw_core.domain.summary import AttentionKind, SpecStatus
    from spw_core.formats import status, tasks

    files = {*places._RUN_FILES, *places._NAMED_FILES, *places.WAVE_FILES, *places.DASHBOARDS}
    statuses = {status.PASS, status.BLOCKED, status.MISSING, status.INVALID, IN_PROGRESS}
    enums = (AttentionKind, NextAction, SpecStatus, tasks.TaskStatus)
    return files | statuses | {stage.EXECUTION, "release-gate-decider"} | {w.value for e in enums for w in e}


@pytest.mark.parametrize("path", _APP, ids=name_of)
def test_the_app_has_no_rule_about_paths_or_statuses(path: Path) -> None:
    """Nothing is compared with a word that the core has a name for, and nothing is looked up by one."""
    words = _words_of_the_core()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        parts: list[ast.expr | None] = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.Dict):
            parts = list(node.keys)
        elif isinstance(node, ast.match_case) and isinstance(node.pattern, ast.MatchValue):
            parts = [node.pattern.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            parts = list(node.args) if node.func.attr in ("endswith", "startswith", "get") else []
        for part in parts:
            for leaf in ast.walk(part) if part else ():
                assert not (isinstance(leaf, ast.Constant) and leaf.value in words), ast.unparse(node)


def test_answers_are_where_they_are_said_to_be() -> None:
    """The names for type checkers and those for Python are the same."""
    from spw_core import answers

    source = (ROOT / "answers.py").read_text(encoding="utf-8")
    block = next(node for node in ast.parse(source).body if isinstance(node, ast.If))
    named = {
        alias.asname: node.module
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert named == answers._PLACES
    assert all(getattr(answers, name) is not None for name in dir(answers))
    with pytest.raises(AttributeError):
        answers.nothing_like_that  # type: ignore[attr-defined]  # noqa: B018

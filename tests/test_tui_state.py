"""What the app remembers, the keys that a user chose, and what it does with broken files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_tui.actions import ACTIONS, Keys
from spw_tui.app import SpwApp
from spw_tui.data import DataService
from spw_tui.screens.pick import PickScreen
from spw_tui.state import Memory, load_keys, load_memory, save_memory
from spw_tui.themes import CONTRAST

from .tui_support import SIZE, browse, frozen_clock, ids, press, screen_text, settle


def app_with(workspace: Workspace, memory: Path | None = None, keys: Path | None = None) -> SpwApp:
    return SpwApp(DataService(workspace.paths.root), frozen_clock, memory_file=memory, keys_file=keys)


def test_memory_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "state" / "tui.json"
    memory = Memory(theme="nord", sort="name", specs_width=4, searches=["a", "ü"], saved=["b"])
    memory.note_workspace(tmp_path)
    memory.note_place(tmp_path, "user-auth", "runs")
    save_memory(path, memory, Memory())
    assert load_memory(path) == (memory, "")
    assert memory.place(tmp_path) == ("user-auth", "runs")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["tui.json"]


def test_two_apps_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "tui.json"
    both = Memory(theme="nord", saved=["old", "gone"], searches=["one"], places={"/a": ["s", "t"]})
    save_memory(path, both, Memory())
    (mine, _), (theirs, _) = load_memory(path), load_memory(path)
    theirs.toggle_saved("theirs")
    theirs.toggle_saved("gone")
    theirs.note_search("three")
    theirs.sort = "name"
    theirs.places["/b"] = ["b", "runs"]
    save_memory(path, theirs, both)
    mine.toggle_saved("mine")
    mine.note_search("two")
    mine.places["/a"] = ["s", "tasks"]
    save_memory(path, mine, both)
    assert load_memory(path)[0] == Memory(
        theme="nord",
        sort="name",
        searches=["two", "three", "one"],
        saved=["mine", "theirs", "old"],
        places={"/a": ["s", "tasks"], "/b": ["b", "runs"]},
    )
    # What it wrote last is what it knows: nothing of the other app is taken for something it has deleted.
    mine.note_search("four")
    save_memory(path, mine, Memory(searches=["two", "one"], saved=["mine", "old", "gone"]))
    assert load_memory(path)[0].searches == ["four", "three", "two", "one"]
    assert load_memory(path)[0].saved == ["theirs", "mine", "old"]


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"[" * 100_000, b"[1]"])
def test_a_broken_memory_is_told_and_replaced(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "tui.json"
    path.write_bytes(data)
    memory, trouble = load_memory(path)
    assert memory == Memory()
    assert "starting afresh" in trouble


def test_values_of_a_wrong_type_are_left_out_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "tui.json"
    wrong = {
        "theme": 3,
        "sort": "sideways",
        "searches": ["a", 4],
        "places": {"x": 1, "y": ["s", "t"]},
        "new": 1,
    }
    path.write_text(json.dumps(wrong))
    assert load_memory(path) == (Memory(searches=["a"], places={"y": ["s", "t"]}), "")


def test_searches_are_kept_once_and_the_newest_first() -> None:
    memory = Memory()
    for query in ("a", "b", " a ", ""):
        memory.note_search(query)
    assert memory.searches == ["a", "b"]
    assert memory.toggle_saved("x") and memory.saved == ["x"]
    assert not memory.toggle_saved("x") and memory.saved == []


async def test_a_start_goes_on_where_the_last_one_ended(demo_harvested: Workspace, tmp_path: Path) -> None:
    memory = tmp_path / "tui.json"
    app = app_with(demo_harvested, memory)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "S", "j", "j", "2", "t", "t", "greater_than_sign")
        left = browse(app).spec
        width = browse(app).specs_pane.size.width
    app = app_with(demo_harvested, memory)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        assert (screen.spec, screen.tab, app.theme) == (left, "runs", CONTRAST)
        assert screen.specs_pane.sort == "recent"
        assert screen.specs_pane.size.width == width
        assert screen.specs_list.row is not None and screen.specs_list.row.id == left


async def test_a_broken_memory_is_a_warning_and_no_more(demo_harvested: Workspace, tmp_path: Path) -> None:
    memory = tmp_path / "tui.json"
    memory.write_text("{")
    app = app_with(demo_harvested, memory)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        assert any("starting afresh" in note.message for note in app._notifications)
        assert len(ids(browse(app).specs_list)) == 8
    assert load_memory(memory)[1] == ""


async def test_a_memory_that_cannot_be_written_stops_nothing(
    demo_harvested: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    app = app_with(demo_harvested, tmp_path / "state" / "tui.json")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        app.remember()
        await settle(pilot)
        assert any("nothing will be remembered" in note.message for note in app._notifications)


async def test_keys_of_the_user_replace_the_usual_ones(demo_harvested: Workspace, tmp_path: Path) -> None:
    keys = tmp_path / "tui.toml"
    keys.write_text('[keys]\n"browse.runs" = "R, f2"\nlist.down = "J"\n"no.such" = "x"\n')
    app = app_with(demo_harvested, keys=keys)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        assert any("no.such" in note.message for note in app._notifications)
        await press(pilot, "2")
        assert browse(app).tab == "overview"
        await press(pilot, "R")
        assert browse(app).tab == "runs"
        await press(pilot, "j")
        assert browse(app).spec == "billing-export"
        await press(pilot, "J")
        assert browse(app).spec != "billing-export"
        await press(pilot, "question_mark", *["j"] * 4)
        assert "R f2" in screen_text(app)


@pytest.mark.parametrize(
    ("text", "changes", "complaint"),
    [
        ("", {}, ""),
        ("[keys", {}, "the usual keys are used"),
        ("keys = 3", {}, "must be a table"),
        ('[keys]\n"app.quit" = 3\n"app.help" = "f1"', {"app.help": "f1"}, "app.quit"),
    ],
)
def test_key_files_of_every_kind(tmp_path: Path, text: str, changes: dict[str, str], complaint: str) -> None:
    path = tmp_path / "tui.toml"
    path.write_text(text)
    found, trouble = load_keys(path)
    assert found == changes
    assert (complaint in trouble) and bool(trouble) == bool(complaint)


def test_every_action_has_an_id_of_its_own() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert Keys().first_of("app.search") == "/"


async def test_another_workspace_is_a_key_away(
    demo: Workspace, demo_harvested: Workspace, tmp_path: Path
) -> None:
    memory = tmp_path / "tui.json"
    other = tmp_path / "elsewhere"
    (other / ".spec-workflow" / "specs" / "lonely").mkdir(parents=True)
    known = Memory()
    known.note_workspace(other)
    known.note_workspace(tmp_path / "gone")
    save_memory(memory, known, Memory())
    app = app_with(demo_harvested, memory)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "w")
        assert isinstance(app.screen, PickScreen)
        await press(pilot, *"gone", "enter")
        assert any("gone" in note.message for note in app._notifications)
        assert len(ids(browse(app).specs_list)) == 8
        await press(pilot, "w", *"elsewhere", "enter")
        assert ids(browse(app).specs_list) == ["lonely"]
        assert app.memory.workspaces[0] == str(other)

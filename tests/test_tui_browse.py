"""The first screen on the demo workspace: specs, tabs, runs, handoffs, focus, zoom."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from spw_core.answers import SpecSummary
from spw_core.api import Workspace
from spw_core.domain.places import Area
from spw_core.harvest.report import HarvestReport
from spw_core.refs import DocumentRef
from spw_tui import main
from spw_tui.app import SpwApp
from spw_tui.data import DataService
from spw_tui.rows import Tone
from spw_tui.screens.reader import ReaderScreen
from spw_tui.screens.run import RunScreen
from spw_tui.widgets.line_bar import LineBar

from .tui_support import (
    SIZE,
    board_text,
    browse,
    drawn,
    frozen_clock,
    ids,
    make_app,
    press,
    screen_text,
    settle,
)


async def test_opens_with_the_most_urgent_spec_first(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        names = ids(screen.specs_list)
        assert len(names) == 8
        assert names[0] == "billing-export"
        waiting = names[1:4]
        assert sorted(waiting) == ["gift-cards", "search-index", "wishlist-sharing"]
        assert names[4] == "user-auth"
        assert "blocked · wave 2/2" in drawn(screen.specs_list)
        assert screen.specs_list.row is not None and screen.specs_list.row.id == "billing-export"
        assert "NEEDS ME NOW  6" in drawn(screen.rows_list)
        assert "lexical search" in screen_text(app)
        assert len(list(screen.walk_children())) < 150


async def test_moving_selects_another_spec(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "j", "j")
        screen = browse(app)
        assert screen.spec == "search-index"
        assert screen.facts is not None and screen.facts.name == "search-index"
        assert "design waits for approval" in drawn(screen.rows_list)
        await press(pilot, "G")
        assert screen.spec == "notification-center"
        await press(pilot, "g")
        assert screen.spec == "billing-export"


async def test_evidence_of_what_needs_attention_is_shown(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        assert screen.preview.ref is not None
        assert screen.preview.ref.path.endswith("checkpoint/run-002/release-gate-decider/report.md")
        assert "BLOCKED again" in screen.preview.view.text


async def test_tabs(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        await press(pilot, "2")
        assert len(ids(screen.rows_list)) == 10
        assert ids(screen.rows_list)[0].endswith("wave-02/execution/run-003")
        await press(pilot, "3")
        assert "Wave 2  ✖ blocked" in board_text(app)
        assert "exec×3 check×2  blocked in run-002" in board_text(app)
        assert "stale: _latest.json" in board_text(app)
        await press(pilot, "4")
        assert "Compare totals with the ledger" in drawn(screen.rows_list)
        await press(pilot, "5")
        assert "HANDOFFS  9" in drawn(screen.rows_list)
        await press(pilot, "1")
        assert "NEEDS ME NOW" in drawn(screen.rows_list)


async def test_a_task_is_previewed_at_its_line(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "4", "tab")
        screen = browse(app)
        await press(pilot, "j", "j", "j")
        assert screen.preview.ref is not None and screen.preview.ref.path == "tasks.md"
        assert "Compare totals with the ledger" in drawn(screen.preview.view)


async def test_a_tab_comes_back_at_the_row_that_was_left(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        rows = browse(app).rows_list
        await press(pilot, "2", "tab", "j", "j", "j")
        left = rows.row
        await press(pilot, "4")
        await press(pilot, "2")
        assert left is not None and rows.row is not None and rows.row.id == left.id


async def test_a_run_opens_and_shows_its_parts(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "tab", "j", "enter")
        screen = app.screen
        assert isinstance(screen, RunScreen)
        assert "checkpoint · wave 2 · run-002" in screen_text(app)
        assert ids(screen.parts_list)[0] == "handoff"
        await press(pilot, "j")
        assert screen.preview.ref is not None and screen.preview.ref.name == "report.md"
        await press(pilot, "1")
        assert screen.preview.ref.name == "brief.md"
        await press(pilot, "3")
        assert screen.preview.ref.name == "status.json"
        assert '"status"' in screen.preview.view.text
        await press(pilot, "escape")
        assert app.screen is browse(app)


async def test_a_handoff_opens_on_its_own(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "tab", "j", "j", "j", "enter")
        screen = app.screen
        assert isinstance(screen, ReaderScreen)
        assert "Handoff" in screen.preview.view.text
        await press(pilot, "m")
        assert screen.preview.view.text.startswith("#")
        await press(pilot, "b")
        assert app.screen is browse(app)


async def test_focus_zoom_and_back(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        assert screen.pane == "specs"
        await press(pilot, "tab", "tab")
        assert screen.pane == "preview"
        await press(pilot, "z")
        assert screen.preview.view.size.width > 100
        assert not screen.specs_list.is_on_screen
        await press(pilot, "tab")
        assert screen.pane == "specs" and screen.specs_list.size.width > 100
        await press(pilot, "escape")
        assert screen.rows_list.is_on_screen
        await press(pilot, "shift+tab")
        assert screen.pane == "preview"


async def test_narrow_terminals_read_on_a_screen_of_their_own(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        screen = browse(app)
        assert not screen.preview.is_on_screen
        await press(pilot, "tab")
        assert screen.pane == "rows"
        await press(pilot, "tab")
        assert screen.pane == "specs"
        await press(pilot, "enter", "enter")
        assert isinstance(app.screen, ReaderScreen)
        assert "BLOCKED again" in screen_text(app)
        for width, height in ((40, 12), (20, 5), (200, 50), (80, 24)):
            await pilot.resize_terminal(width, height)
            await settle(pilot)
        assert "BLOCKED again" in screen_text(app)


async def test_mouse(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        await pilot.click("#specs", offset=(5, 3))
        await settle(pilot)
        assert screen.spec == "wishlist-sharing"
        await pilot.click("#tabs", offset=(17, 0))
        await settle(pilot)
        assert screen.tab == "runs"
        await pilot.click("#rows", offset=(5, 0), times=2)
        await settle(pilot)
        assert isinstance(app.screen, RunScreen)


async def test_copy_path(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "y")
        assert app.clipboard.startswith(".spec-workflow/specs/billing-export/execution/")


async def test_edit_runs_the_editor_on_the_file(
    demo_harvested: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr("spw_tui.editor.edit_file", lambda app, path, line: opened.append(path))
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "e")
    assert [path.name for path in opened] == ["report.md"]
    assert opened[0].is_file()


async def test_theme(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "t")
        assert app.theme == "spw-light"
        await press(pilot, "t", "t")
        assert app.theme == "spw-dark"


async def test_changes_on_disk_appear(demo: Workspace) -> None:
    demo.harvest()
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        await press(pilot, "2", "tab", "j", "j")
        row = screen.rows_list.row
        spec = demo.spec("billing-export")
        run = spec.file("execution/waves/wave-02/execution/run-004/agent")
        run.mkdir(parents=True)
        (run / "brief.md").write_text("# New\n")
        screen.poll()
        await settle(pilot)
        assert ids(screen.rows_list)[0].endswith("run-004")
        said = [span.text for cell in screen.rows_list.rows[0].lines[0] for span in cell.spans]
        assert "  2 files missing" in said
        assert screen.rows_list.row == row
        assert screen.pane == "rows"


async def test_harvest_tells_what_it_did(demo: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(demo)
    messages: list[str] = []
    monkeypatch.setattr(app, "notify", lambda message, **_: messages.append(message))  # toasts fade away
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        assert "not harvested yet: press H" in screen_text(app)
        assert len(ids(browse(app).specs_list)) == 8
        await press(pilot, "H")
        assert any("files of 8 specs" in message for message in messages)
        assert "hybrid search" in screen_text(app)


async def test_a_harvest_without_an_index_is_told_and_makes_no_vectors(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(demo_harvested)
    told: list[tuple[str, str]] = []
    embedded: list[str] = []

    def note(message: str, *, severity: str = "", **_: object) -> None:
        told.append((severity, message))

    monkeypatch.setattr(app, "notify", note)
    monkeypatch.setattr(app.data, "harvest", lambda _: HarvestReport(index_failed="the disk is full"))
    monkeypatch.setattr(app.data, "embed", lambda *_: embedded.append("made"))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "H")
        assert [(severity, "no search: the disk is full" in text) for severity, text in told] == [
            ("warning", True)
        ]
        assert embedded == []


async def test_a_damaged_index_costs_the_search_and_nothing_else(demo: Workspace) -> None:
    demo.harvest()
    demo.paths.index_db.write_bytes(b"this is not a database, whatever its name says" * 100)
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert "no search: " in screen_text(app)
        assert len(ids(browse(app).specs_list)) == 8
        await press(pilot, "slash", "a")
        assert "enter tries again" in screen_text(app)


class UnreadableSpecs(DataService):
    """A disk that fails until it is repaired."""

    broken = True

    def spec_names(self) -> list[str]:
        if self.broken:
            raise PermissionError(13, "Permission denied", "/x/[/]")
        return super().spec_names()


async def test_a_failure_is_shown_with_the_key_that_tries_again(demo_harvested: Workspace) -> None:
    data = UnreadableSpecs(demo_harvested.paths.root)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert "Permission denied: /x/[/]" in screen_text(app)
        assert "r tries again" in screen_text(app)
        data.broken = False
        await press(pilot, "r")
        assert len(ids(browse(app).specs_list)) == 8


class CrashingReader(DataService):
    """A defect of ours, met by a worker."""

    broken = True

    def text(self, ref: DocumentRef) -> str:
        if self.broken:
            raise ZeroDivisionError("[/]")
        return super().text(ref)


async def test_a_crash_in_a_worker_is_a_toast_and_the_app_lives_on(demo_harvested: Workspace) -> None:
    data = CrashingReader(demo_harvested.paths.root)
    app = SpwApp(data, frozen_clock)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "2", "tab")
        assert "ZeroDivisionError: [/]" in screen_text(app)
        assert "r tries again" in screen_text(app)
        await press(pilot, "r", "r")
        assert [(toast.title, toast.message) for toast in app._notifications] == [
            ("Something broke; the app goes on", "ZeroDivisionError: [/]")
        ]
        data.broken = False
        app.clear_notifications()
        await press(pilot, "r")
        assert "ZeroDivisionError" not in screen_text(app)
        await press(pilot, "slash")
        assert app.screen.__class__.__name__ == "SearchScreen"


async def test_a_workspace_without_specs_says_so(tmp_path: Path) -> None:
    (tmp_path / ".spec-workflow" / "specs").mkdir(parents=True)
    app = make_app(Workspace.open(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert "no specs yet" in screen_text(app)
        await press(pilot, "j", "enter", "2", "tab", "enter", "m", "y", "e", "r", "z")
        assert "no specs yet" in screen_text(app)


async def test_an_empty_spec_says_what_will_come(tmp_path: Path) -> None:
    (tmp_path / ".spec-workflow" / "specs" / "new").mkdir(parents=True)
    app = make_app(Workspace.open(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "no runs yet" in screen_text(app)
        await press(pilot, "3")
        assert "no waves and no tasks yet" in screen_text(app)
        await press(pilot, "4")
        assert "no tasks yet" in screen_text(app)
        await press(pilot, "5")
        assert "no documents yet" in screen_text(app)


def test_no_workspace_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("spw-tui: error: no .spec-workflow folder")
    assert "mkdir" in error and error.count("\n") == 2


async def test_the_title_tells_how_search_works_after_others_changed_it(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spw_tui.screens.spec_loader._INDEX_REST_SECONDS", 0)
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        title = browse(app).query_one("#title", LineBar)
        assert "not harvested yet" in title.text and not app.searchable
        demo.harvest()
        browse(app).poll()
        await settle(pilot)
        assert "lexical search" in title.text and app.searchable
        with monkeypatch.context() as patch:
            patch.setattr(app.data, "indexed_specs", lambda: 1 / 0)
            demo.paths.index_db.touch()
            browse(app).poll()
            await settle(pilot)
            assert "no search: the index cannot be read" in title.text and "acme-shop" in title.text
        browse(app).poll()
        await settle(pilot)
        assert "lexical search" in title.text, "a lock leaves no trace, so it is asked again"
        demo.embed()
        browse(app).poll()
        await settle(pilot)
        assert "hybrid search" in title.text


async def test_an_index_whose_reading_was_cancelled_is_read_again(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        demo.harvest()
        loader = browse(app).loader
        begun, gate, read = threading.Event(), threading.Event(), app.data.indexed_specs

        def slow() -> list[SpecSummary]:
            begun.set()
            gate.wait(10)
            return read()

        with monkeypatch.context() as patch:
            patch.setattr(app.data, "indexed_specs", slow)
            reading = asyncio.create_task(loader._load_index([]))
            while not begun.is_set():
                await pilot.pause(0.01)
            reading.cancel()
            gate.set()
            await asyncio.gather(reading, return_exceptions=True)
        monkeypatch.setattr("spw_tui.screens.spec_loader._INDEX_REST_SECONDS", 0)
        await loader.refresh([])
        assert "lexical search" in browse(app).query_one("#title", LineBar).text


async def test_the_block_of_the_active_tab_stands_apart(demo_harvested: Workspace) -> None:
    for width in (70, 76, 80, 84, 90, 100, 120):
        app = make_app(demo_harvested)
        async with app.run_test(size=(width, 24)) as pilot:
            await settle(pilot)
            for key in "1234567":
                await press(pilot, key)
                spans = [span for span in browse(app).query_one("#tabs", LineBar).spans() if span.text]
                block = next(place for place, span in enumerate(spans) if span.tone is Tone.TAB)
                after = "".join(span.text for span in spans[block + 1 :])
                assert not after or after[0] == " ", (width, key)


async def test_a_tiny_screen_gives_each_pane_all_its_room(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        screen = browse(app)
        panes = {name: screen.pane_widget(name) for name in ("specs", "rows", "preview")}

        def seen() -> list[str]:
            return [name for name, widget in panes.items() if widget.is_on_screen]

        assert seen() == ["specs"] and screen.specs_list.size.width == 40
        await press(pilot, "enter")
        assert seen() == ["rows"] and screen.pane == "rows"
        await press(pilot, "z")
        assert seen() == ["rows"]
        await press(pilot, "tab")
        assert seen() == ["preview"] and screen.pane == "preview"
        await press(pilot, "escape")
        assert seen() == ["specs"] and screen.pane == "specs"
        await press(pilot, "tab", "f")
        assert seen() == ["specs"]
        await press(pilot, "escape", "enter")
        await pilot.resize_terminal(120, 36)
        await settle(pilot)
        assert seen() == ["specs", "rows", "preview"] and screen.pane == "rows"
        await pilot.resize_terminal(40, 12)
        await settle(pilot)
        assert seen() == ["rows"]


async def test_the_overview_cuts_no_words_of_its_summary(demo_harvested: Workspace) -> None:
    for width in (74, 80, 90, 104, 120):
        app = make_app(demo_harvested)
        async with app.run_test(size=(width, 36)) as pilot:
            await settle(pilot)
            screen = browse(app)
            for name in screen.spec_names():
                screen.go_to_spec(name)
                await settle(pilot)
                summary = drawn(screen.rows_list).split("\n")[:4]
                assert not any("…" in line for line in summary if "NEEDS" not in line), (width, summary)


def test_areas_have_the_words_of_the_core() -> None:
    from spw_core import refs

    assert (refs.SPEC_AREA, refs.APPROVALS_AREA) == (Area.SPEC, Area.APPROVALS)

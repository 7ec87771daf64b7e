"""Panes of the first screen and what they lead to: filter, order, board, tasks, documents, versions."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.demo.conversations import write_conversations
from spw_core.domain.facts import SpecFacts
from spw_core.domain.model import SpecRecord
from spw_core.domain.summary import SpecSummary
from spw_core.errors import StoreError
from spw_tui.commands import available, run_action
from spw_tui.data import DataService, Failure
from spw_tui.screens.pick import PickScreen
from spw_tui.screens.reader import ReaderScreen
from spw_tui.screens.run import RunScreen
from spw_tui.screens.versions import VersionsScreen
from spw_tui.screens.wide import InsightsScreen, SessionsScreen
from spw_tui.widgets.line_bar import LineBar
from spw_tui.widgets.row_list import RowList

from .tui_support import SIZE, board_text, browse, drawn, ids, make_app, press, screen_text, settle


async def test_typing_narrows_the_specs(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        await press(pilot, "f", *"waiting")
        assert sorted(ids(screen.specs_list)) == ["gift-cards", "search-index", "wishlist-sharing"]
        assert "3 of 8" in screen_text(app)
        await press(pilot, *" gift")
        assert ids(screen.specs_list) == ["gift-cards"]
        await press(pilot, "enter")
        assert screen.pane == "specs" and screen.spec == "gift-cards"
        await press(pilot, "f", *"zzz")
        assert "no spec has" in drawn(screen.specs_list)
        await press(pilot, "escape")
        assert len(ids(screen.specs_list)) == 8


async def test_specs_in_three_orders(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        assert ids(screen.specs_list)[0] == "billing-export"
        await press(pilot, "S")
        assert "recent first" in screen_text(app)
        assert ids(screen.specs_list)[:2] == ["user-auth", "wishlist-sharing"]
        await press(pilot, "S")
        assert ids(screen.specs_list) == sorted(ids(screen.specs_list))
        assert screen.specs_list.row is not None and screen.specs_list.row.id == "billing-export"


async def test_the_overview_says_what_comes_next_and_leads_there(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        screen.go_to_spec("gift-cards")
        await settle(pilot)
        assert "four weeks to now" in drawn(screen.rows_list)
        rows = [row for row in screen.rows_list.rows if row.id.startswith("next-") and row.selectable]
        assert rows
        screen.rows_list.select(rows[0].id)
        await settle(pilot)
        assert screen.preview.ref is not None and screen.preview.ref.path == "tasks.md"


async def test_every_line_that_needs_somebody_opens_its_evidence(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        rows = [row for row in screen.rows_list.rows if row.id.startswith("attention-") and row.selectable]
        assert len(rows) == 6
        await press(pilot, "tab")
        for row in rows:
            screen.rows_list.select(row.id)
            await press(pilot, "enter")
            assert isinstance(app.screen, RunScreen if row.run else ReaderScreen), row.id
            await press(pilot, "escape")


async def test_the_board_is_walked_in_both_directions(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "tab")
        board = browse(app).board
        assert board is not None and board.has_focus
        assert board.row is not None and board.row.id.startswith("stale-2")  # in the wave that is worked on
        await press(pilot, "h", "g", "j", "j")
        assert board.row is not None and board.row.id.startswith("run-")
        await press(pilot, "l", "G")
        assert board.row.id.endswith("wave-02/execution/run-003")
        await press(pilot, "enter")
        assert isinstance(app.screen, RunScreen)
        await press(pilot, "escape", "g", "h")
        assert board.row is not None and board.row.id.startswith(("task-", "run-"))
        await press(pilot, "escape")
        assert browse(app).pane == "specs"


async def test_the_board_scrolls_sideways_where_it_does_not_fit(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        browse(app).go_to_spec("user-auth")
        await settle(pilot)
        await press(pilot, "3", "tab")
        assert "Wave 2" in board_text(app)
        assert "← 1" in board_text(app) and "1 →" in board_text(app)
        await press(pilot, "l")
        assert "Wave 3" in board_text(app) and "← 2" in board_text(app)
        for size in ((20, 6), (200, 50), (80, 24)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
        assert "Wave 3" in board_text(app)
        await pilot.click("#board", offset=(5, 5))
        await settle(pilot)
        assert browse(app).board.row is not None


async def test_the_next_tasks_are_marked(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        browse(app).go_to_spec("gift-cards")
        await settle(pilot)
        await press(pilot, "3")
        assert "▸ next" in board_text(app) and "▸ 1" in board_text(app)


async def test_tasks_as_a_table_and_as_a_tree(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        rows = browse(app).rows_list
        await press(pilot, "4")
        assert "status" in screen_text(app) and "after" in screen_text(app)
        table = ids(rows)
        assert browse(app).spec == "billing-export" and "evidence" in screen_text(app)
        checked = [line for line in drawn(rows).splitlines() if "run-002" in line]
        assert len(checked) == 3 and all("✖ run-002" in line for line in checked)  # the tasks of wave 2
        await press(pilot, "v")
        assert sorted(ids(rows)) == sorted(table)
        assert "└─ " in drawn(rows)
        await press(pilot, "v", "tab", "g", "enter")
        screen = app.screen
        assert isinstance(screen, ReaderScreen)
        assert "_implementation-logs" in screen.ref.path


async def test_tasks_that_wait_for_each_other_are_told(workspace: Workspace) -> None:
    text = "# Tasks\n\n- [ ] 1. One\n  - Depends On: 2\n- [ ] 2. Two\n  - Depends On: 1\n- [ ] 3. Three\n"
    workspace.spec("alpha").file("tasks.md").write_text(text)
    app = make_app(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "v")
        assert "WAITING FOR EACH OTHER  2" in screen_text(app)
        assert len(ids(browse(app).rows_list)) == 3


async def test_two_versions_are_compared(demo: Workspace) -> None:
    design = demo.spec("user-auth").file("design.md")
    demo.harvest()
    design.write_text(design.read_text() + "\nA new last line.\n")
    demo.harvest()
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        browse(app).go_to_spec("user-auth")
        await settle(pilot)
        await press(pilot, "5")
        assert "versions" in drawn(browse(app).rows_list)
        browse(app).rows_list.select("spec-design.md")
        await press(pilot, "tab", "d")
        screen = app.screen
        assert isinstance(screen, VersionsScreen)
        assert ids(screen.versions_list) == ["0", "1", "2", "3"]
        assert "+A new last line." in screen.preview.view.text
        await press(pilot, "j")
        assert "+A new last line." not in screen.preview.view.text
        await press(pilot, "G", "f", "g")
        assert "compare from" in drawn(screen.versions_list)
        assert "+A new last line." in screen.preview.view.text
        await press(pilot, "d")
        assert "A new last line." in screen.preview.view.text and "@@" not in screen.preview.view.text
        await press(pilot, "y", "escape")
        assert app.clipboard.endswith("specs/user-auth/design.md")


async def test_going_to_a_heading(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        assert isinstance(app.screen, PickScreen)
        choices = ids(app.screen.query_one(RowList))
        assert len(choices) >= 5
        await press(pilot, *"next st", "enter")
        view = browse(app).preview.view
        assert "Next step" in drawn(view) and view.scroll_offset.y > 0
        await press(pilot, "c", "escape")
        assert app.screen is browse(app)


async def test_a_growing_file_is_followed(workspace: Workspace) -> None:
    notes = workspace.spec("alpha").file("notes.md")
    notes.write_text("".join(f"line {number}\n\n" for number in range(100)))
    app = make_app(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "tab", "enter", "F")
        screen = app.screen
        assert isinstance(screen, ReaderScreen)
        assert "line 99" in drawn(screen.preview.view) and "following" in screen_text(app)
        with notes.open("a") as stream:
            stream.write("the end\n")
        screen._follow()
        await settle(pilot)
        assert "the end" in drawn(screen.preview.view)
        await press(pilot, "F", "g")
        with notes.open("a") as stream:
            stream.write("more\n")
        await press(pilot, "r")
        assert screen.preview.view.scroll_offset.y == 0


async def test_a_new_spec_and_a_change_in_another_one_appear(demo: Workspace) -> None:
    demo.harvest()
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        row, pane = screen.specs_list.row, screen.pane
        (demo.paths.specs / "brand-new").mkdir()
        demo.spec("notification-center").file("tasks.md").write_text("- [ ] 1. Only one\n")
        for _ in range(3):
            screen.poll()
            await settle(pilot)
        assert "brand-new" in ids(screen.specs_list)
        changed = next(row for row in screen.specs_list.rows if row.id == "notification-center")
        assert "0/1" in str(changed)
        assert screen.specs_list.row is not None and row is not None
        assert (screen.specs_list.row.id, screen.pane) == (row.id, pane)


async def test_text_is_selected_with_the_mouse_and_copied(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.mouse_down("#document", offset=(1, 0))
        await pilot.hover("#document", offset=(8, 0))
        await pilot.mouse_up("#document", offset=(8, 0))
        await settle(pilot)
        selected = app.screen.get_selected_text()
        assert selected and selected.strip() in "Report: release-gate-decider"
        await press(pilot, "ctrl+c")
        assert app.clipboard == selected
        app.copy_to_clipboard("")
        await run_action("copy_selection", app.screen)
        assert app.clipboard == selected
        app.screen.clear_selection()
        app.copy_to_clipboard("")
        await press(pilot, "ctrl+c")
        assert app.clipboard == "" and app.is_running
        assert [notice.message for notice in app._notifications] == ["select text with the mouse first"]


async def test_opening_in_code_says_when_it_is_not_there(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(pilot)
        import shutil

        find = shutil.which
        try:
            shutil.which = lambda *args, **kwargs: None  # type: ignore[assignment]
            await press(pilot, "o")
        finally:
            shutil.which = find
        assert any("VS Code is not installed" in note.message for note in app._notifications)


async def test_a_removed_workspace_is_told_and_the_app_lives_on(demo: Workspace, tmp_path: Path) -> None:
    demo.harvest()
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        demo.paths.workflow.rename(tmp_path / "moved")
        await press(pilot, "r", "2", "j", "3", "5", "slash", "a", "escape")
        assert app.is_running
        (tmp_path / "moved").rename(demo.paths.workflow)
        await press(pilot, "1", "r")
        assert len(ids(browse(app).specs_list)) == 8
        assert "NEEDS ME NOW" in screen_text(app)


async def test_requirements_lead_to_their_evidence_and_gaps_stand_first(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        rows = browse(app).rows_list
        assert "GAPS" in drawn(rows)
        assert "checkpoint wave 2 run-001" in drawn(rows)  # the kind once, not again in the title
        found = ids(rows)
        assert any(row.startswith("requirement:") for row in found)
        rows.select(next(row for row in found if row.startswith("requirement:")))
        await settle(pilot)
        shown = browse(app).preview.ref
        assert shown is not None and shown.path == "requirements.md" and shown.line > 0


async def test_the_trace_is_walked_from_node_to_node_and_back(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "tab")
        screen = browse(app)
        rows = screen.rows_list
        whole = ids(rows)
        file = next(row for row in rows.rows if row.walks.startswith("file:"))
        rows.select(file.id)
        await press(pilot, "enter")
        assert ids(rows)[0] == file.walks
        shown = drawn(rows)
        assert shown.index("WHAT LED TO IT") < shown.index("task") < shown.index("WHAT FOLLOWED")
        run = next(row for row in rows.rows if row.walks.startswith("run:"))
        rows.select(run.id)
        await press(pilot, "enter")
        assert (ids(rows)[0], app.screen) == (run.walks, screen)
        assert rows.row is not None and rows.row.id == run.walks and not rows.row.walks
        await press(pilot, "enter")
        assert isinstance(app.screen, RunScreen)
        await press(pilot, "escape", "backspace")
        assert rows.row is not None and rows.row.id == run.id
        assert ids(rows)[0] == file.walks
        await press(pilot, "b")
        assert ids(rows) == whole and rows.row.id == file.id
        assert screen.pane == "rows"
        await press(pilot, "b")
        assert screen.pane == "specs"


async def test_the_log_shows_decisions_harvests_errors_and_files(
    demo: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spw_core.hook import log

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        shown = drawn(browse(app).rows_list)
        assert "nothing yet; `spw hooks status`" in shown and "nothing yet; a harvest keeps" in shown
        assert "WENT WRONG" not in shown
        assert "FILES THAT COULD NOT BE READ AS MEANT  1" in shown
        demo.harvest()
        log.record("guard-stop", ValueError("no such thing"))
        await press(pilot, "r")
        shown = drawn(browse(app).rows_list)
        assert "WHAT HARVESTS STORED  1" in shown and "✔ stored" in shown and " new " in shown
        assert "WHAT WENT WRONG IN HOOKS  1 line" in shown
        assert "guard-stop" in shown and "ValueError: 'no such thing'" in shown


async def test_a_database_that_cannot_be_read_costs_the_log_its_own_part(demo: Workspace) -> None:
    demo.harvest()
    demo.paths.spec_db("billing-export").write_bytes(b"no database" * 1000)
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        shown = drawn(browse(app).rows_list)
        assert "harvests-failed" in [row.id for row in browse(app).rows_list.rows]
        assert "FILES THAT COULD NOT BE READ AS MEANT" in shown


def test_decisions_are_rows_with_the_newest_first() -> None:
    from typing import Any, cast

    from spw_core.domain.facts import facts_of
    from spw_core.domain.next_wave import NextWave
    from spw_core.store.gateway import AuditEntry
    from spw_tui.data import Log
    from spw_tui.viewmodels.log import log_rows

    facts = facts_of(SpecRecord("alpha"), NextWave("done", ""), {})
    entries = [
        AuditEntry(
            f"2026-03-02T1{n}:00:00.000000Z", "", "", "", "guard-paths", decision, "Write", "x", "y", "", 2
        )
        for n, decision in enumerate(("allow", "block", "sideways"))
    ]
    rows = [row for row in log_rows(facts, Log(entries[::-1]), 0) if row.selectable]
    words = [cast(Any, row.lines[0][0]).spans[0].text for row in rows]
    assert words == ["? sideways", "✖ block", "· allow"]


async def test_insights_lead_to_the_reports(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        screen = app.screen
        assert isinstance(screen, InsightsScreen)
        assert len(ids(screen.rows_list)) >= 3
        assert screen.preview.ref is not None and screen.preview.ref.name == "report.md"
        await press(pilot, "enter")
        run = app.screen
        assert isinstance(run, RunScreen)
        assert run.preview.ref is not None and run.preview.ref.name == "report.md"
        assert run.parts_list.row is not None and run.parts_list.row.document == run.preview.ref
        await press(pilot, "escape", "escape")
        assert app.screen is browse(app)


async def test_insights_tell_what_was_like_the_block_under_the_cursor(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        screen = app.screen
        assert isinstance(screen, InsightsScreen)
        first = ids(screen.similar_list)
        assert first and "14 entities still differ" in drawn(screen.similar_list)
        await press(pilot, "j", "j", "j", "j")
        assert "gift-cards" in str(screen.rows_list.row and screen.rows_list.row.document)
        await press(pilot, "G")
        assert "nothing like it" in drawn(screen.similar_list) or ids(screen.similar_list) != first
        await press(pilot, "g", "tab")
        assert screen.pane == "similar"
        row = screen.similar_list.row
        assert row is not None and screen.preview.ref == row.document
        await press(pilot, "enter")
        run = app.screen
        assert isinstance(run, RunScreen) and run.run_path == row.run


async def test_a_blocked_run_leads_to_similar_ones_and_to_what_cleared_them(
    demo_harvested: Workspace,
) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "tab", "j", "enter")
        blocked = app.screen
        assert isinstance(blocked, RunScreen)
        assert "SIMILAR PAST BLOCKS" in drawn(blocked.parts_list)
        cleared = next(name for name in ids(blocked.parts_list) if name.endswith("-cleared"))
        blocked.parts_list.select(cleared)
        await settle(pilot)
        assert blocked.preview.ref is not None and blocked.preview.ref.name == "_handoff.md"
        await press(pilot, "enter")
        clearing = app.screen
        assert isinstance(clearing, RunScreen) and clearing is not blocked
        assert clearing.spec == "gift-cards" and clearing.run_path.endswith("run-002")
        assert "✔ pass" in screen_text(app)
        assert "SIMILAR PAST BLOCKS" not in drawn(clearing.parts_list), "nothing is wrong with this run"
        await press(pilot, "escape")
        assert app.screen is blocked and blocked.parts_list.row.id == cleared  # type: ignore[union-attr]


async def test_similar_blocks_that_cannot_be_found_cost_nothing_else(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(spec: str, run: str) -> None:
        raise StoreError("the index is gone")

    app = make_app(demo_harvested)
    monkeypatch.setattr(app.data, "similar_problems", fail)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "2", "tab", "j", "enter")
        assert [note.message for note in app._notifications] == ["the index is gone"]
        assert "evidence-collector" in screen_text(app)
        await press(pilot, "escape", "i")
        assert "the index is gone" in screen_text(app)
        assert "billing-export" in screen_text(app)


async def test_sessions_of_a_workspace_without_any_say_how_to_get_them(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "s")
        assert isinstance(app.screen, SessionsScreen)
        assert "no sessions yet" in screen_text(app)


async def test_databases_that_are_locked_deleted_or_damaged_while_the_app_is_open(demo: Workspace) -> None:
    demo.harvest()
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        lock = apsw.Connection(str(demo.paths.spec_db("billing-export")))
        lock.execute("BEGIN IMMEDIATE")
        await press(pilot, "r", "2", "5")
        assert "requirements.md" in drawn(browse(app).rows_list)
        lock.execute("ROLLBACK")
        lock.close()
        for path in (demo.paths.index_db, demo.paths.spec_db("billing-export")):
            path.unlink()
        await press(pilot, "r", "2")
        assert len(ids(browse(app).rows_list)) == 10
        demo.paths.spec_db("billing-export").write_bytes(b"no database at all, whatever its name is" * 99)
        await press(pilot, "r", "3", "4", "5", "6", "slash", "a", "escape")
        assert app.is_running and len(ids(browse(app).specs_list)) == 8


async def test_a_storm_of_sizes_breaks_nothing(demo_harvested: Workspace) -> None:
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for key in ("1", "3", "slash"):
            await press(pilot, key)
            for width, height in ((1, 1), (300, 80), (7, 3), (80, 24), (100, 2), (33, 60), (120, 36)):
                await pilot.resize_terminal(width, height)
            await settle(pilot)
        await press(pilot, "escape", "1")
        assert "NEEDS ME NOW" in screen_text(app)


async def test_a_poll_reads_only_what_was_touched(demo: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    demo.harvest()
    app = make_app(demo)
    read: list[str] = []

    def facts(name: str) -> SpecFacts:
        read.append(name)
        return DataService.facts(app.data, name)

    def summaries(names: list[str]) -> list[SpecSummary | Failure]:
        read.extend(names)
        return DataService.summaries(app.data, names)

    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen = browse(app)
        for _ in range(2):  # until every spec has been looked at once
            screen.poll()
            await settle(pilot)
        monkeypatch.setattr(app.data, "facts", facts)
        monkeypatch.setattr(app.data, "summaries", summaries)
        screen.poll()
        await settle(pilot)
        assert read == []
        (demo.spec("billing-export").file("tasks.md")).write_text("# Tasks\n\n- [ ] 1. Only this\n")
        screen.poll()
        await settle(pilot)
        assert set(read) == {"billing-export"}
        assert screen.facts is not None and len(screen.facts.record.tasks) == 1


async def test_a_session_names_itself_and_offers_no_key_for_files(demo: Workspace) -> None:
    demo.import_transcripts(write_conversations(demo.paths.root))
    app = make_app(demo)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "s")
        screen = app.screen
        assert isinstance(screen, SessionsScreen)
        session = screen.rows_list.row
        assert session is not None
        title = drawn(screen.query_one("#preview-title", LineBar))
        view = demo.session(session.id).row
        assert view.started_at[:10] in title and view.title[:20] in title
        offered = {action.id for action in available(screen)}
        assert {"reading.contents", "reading.raw"} <= offered
        assert not offered & {"file.copy", "file.edit", "file.versions", "file.open-in-VS-Code"}
        await press(pilot, "y")
        assert app.clipboard == session.id
        await press(pilot, "Y")
        assert app.clipboard.startswith("# ") and "### user" in app.clipboard
        await press(pilot, "escape", "i")
        assert {"file.copy", "file.edit"} <= {action.id for action in available(app.screen)}

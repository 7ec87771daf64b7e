"""What keys need first is imported before they come, and after the first picture."""

from __future__ import annotations

import subprocess
import sys

import pytest

from spw_core.api import Workspace
from spw_tui.soon import NEXT, import_soon

from .tui_support import SIZE, make_app, settle


def in_a_fresh_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return done.stdout.strip()


def test_nothing_of_it_is_imported_before_the_first_picture() -> None:
    code = f"import sys, spw_tui.app; print([name for name in {NEXT!r} if name in sys.modules])"
    assert in_a_fresh_process(code) == "[]"


def test_nothing_is_left_for_the_key_that_opens_the_search() -> None:
    code = (
        "import sys, spw_tui.app, spw_core.answers\n"
        "from spw_tui.soon import import_soon\n"
        "import_soon().join()\n"
        "before = set(sys.modules)\n"
        "from spw_tui.screens.search import SearchScreen\n"
        "from spw_tui.screens.help import HelpScreen\n"
        "from spw_tui.screens.reader import ReaderScreen\n"
        "print(sorted(set(sys.modules) - before), import_soon())"
    )
    assert in_a_fresh_process(code) == "[] None"


def test_suggesting_filters_needs_none_of_the_rules_for_secrets() -> None:
    code = "import sys, spw_tui.viewmodels.filters; print([n for n in sys.modules if '.redact' in n])"
    assert in_a_fresh_process(code) == "[]"


async def test_it_begins_when_the_specs_are_there(
    demo_harvested: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[bool] = []
    monkeypatch.setattr("spw_tui.soon.import_soon", lambda: begun.append(True))
    app = make_app(demo_harvested)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert begun == [True]


def test_what_cannot_be_imported_ends_it_in_silence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("spw_tui.soon.NEXT", ("spw_tui.there_is_no_such_module", "spw_tui.nor_this"))
    thread = import_soon()
    assert thread is not None
    thread.join()
    assert capsys.readouterr().err == ""

"""spw_tui: the app in front of a workspace. `spw-tui [DIR]` starts it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spw_tui.app import SpwApp


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `spw-tui`; returns the exit code."""
    # Nothing made before the first picture is garbage; looking for it costs a fifth of the start.
    gc.disable()
    try:
        return _main(list(sys.argv[1:] if argv is None else argv))
    finally:
        gc.enable()


def _main(argv: list[str]) -> int:
    from spw_core.errors import SpwError

    try:
        # The usual way to start needs no parser, which costs as much as the half of our own modules.
        if argv in ([], ["--demo"]) or (len(argv) == 1 and not argv[0].startswith("-")):
            is_demo = argv == ["--demo"]
            return _run(make_app(argv[0] if argv and not is_demo else None, demo=is_demo))
        from spw_tui.options import run_with_options

        return run_with_options(argv)
    except SpwError as error:
        from spw_core.text import clean

        hint = f"\n  {error.hint}" if error.hint else ""
        print(clean(f"spw-tui: error: {error.message}{hint}"), file=sys.stderr)
        return 1


def make_app(folder: str | None, *, demo: bool = False) -> SpwApp:
    """The app on the workspace at or above a folder (None for the current one). Raises SpwError."""
    from spw_core.workspace import find_workspace
    from spw_tui.clock import system_clock
    from spw_tui.data import DataService
    from spw_tui.state import keys_path, memory_path

    if demo:
        from spw_tui.demo import demo_clock, demo_service

        data, clock = demo_service(), demo_clock()
    else:
        data, clock = DataService(find_workspace(folder).root), system_clock

    from spw_tui.app import SpwApp

    return SpwApp(data, clock, memory_file=_home(memory_path), keys_file=_home(keys_path))


def _run(app: SpwApp) -> int:
    from spw_core.errors import SpwError
    from spw_tui.terminal import reason_against_screens

    if reason := reason_against_screens():
        raise SpwError(reason, "`spw list`, `spw view` and `spw search` answer on plain lines.")
    app.run()
    return app.return_code or 0


def _home(find: Callable[[], Path]) -> Path | None:
    """A path in the user's home; None when there is no home, and then nothing is remembered."""
    try:
        path = find()
    except RuntimeError:
        return None
    return path if path.is_absolute() else None

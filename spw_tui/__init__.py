"""spw_tui: the app in front of a workspace. `spw-tui [DIR]` starts it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `spw-tui`; returns the exit code."""
    from spw_core import __version__

    parser = argparse.ArgumentParser(
        prog="spw-tui", description="Browse specs, runs, waves and handoffs, and search all of them."
    )
    parser.add_argument("dir", nargs="?", help="a folder in the workspace (default: the current one)")
    parser.add_argument("--demo", action="store_true", help="open a generated example workspace")
    parser.add_argument("--version", action="version", version=f"spw-tui {__version__}")
    options = parser.parse_args(argv)
    if options.demo and options.dir:
        parser.error("--demo brings its own folder; leave DIR away")

    from spw_core.errors import SpwError
    from spw_core.workspace import find_workspace
    from spw_tui.clock import system_clock
    from spw_tui.data import DataService
    from spw_tui.demo import demo_clock, demo_service

    if options.demo:
        data, clock = demo_service(), demo_clock()
    else:
        try:
            data, clock = DataService(find_workspace(options.dir).root), system_clock
        except SpwError as error:
            print(f"spw-tui: {error.message}. {error.hint}", file=sys.stderr)
            return 1

    from spw_tui.app import SpwApp

    app = SpwApp(data, clock)
    app.run()
    return app.return_code or 0

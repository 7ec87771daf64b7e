"""The command line of `spw-tui`, for everything but the plain start."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from typing import NoReturn

from spw_core import __version__
from spw_core.errors import SpwError, UsageError

_LOOPBACK = "127.0.0.1"
_PORT = 8766


class _Parser(argparse.ArgumentParser):
    """Usage errors are raised, as those of `spw`, and end with its exit code."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, "See `spw-tui --help`.")


def run_with_options(argv: Sequence[str]) -> int:
    """Parse, then run the app, or serve it, or print what was asked for. Raises SpwError, also for wrong
    usage."""
    options = _parser().parse_args(argv)
    if options.demo and options.dir:
        raise SpwError("--demo brings its own folder", "Leave DIR away.")
    if options.keys:
        _print_keys()
        return 0
    if options.serve:
        return _serve(options)
    from spw_tui import _run, make_app

    return _run(make_app(options.dir, demo=options.demo))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="spw-tui", description="Browse specs, runs, waves and handoffs, and search all of them."
    )
    parser.add_argument("dir", nargs="?", help="a folder in the workspace (default: the current one)")
    parser.add_argument("--demo", action="store_true", help="open a generated example workspace")
    parser.add_argument("--keys", action="store_true", help="print every action, its id and its keys")
    parser.add_argument("--serve", action="store_true", help="run in a browser (needs the extra `serve`)")
    parser.add_argument("--host", default=_LOOPBACK, help=f"address to serve on (default: {_LOOPBACK})")
    parser.add_argument("--port", type=int, default=_PORT, help=f"port to serve on (default: {_PORT})")
    parser.add_argument("--version", action="version", version=f"spw-tui {__version__}")
    return parser


def _print_keys() -> None:
    """A table that `tui.toml` can be written from."""
    from spw_tui.actions import ACTIONS
    from spw_tui.state import keys_path

    print(f"# Own keys go into {keys_path()}, under [keys]:")
    for action in ACTIONS:
        print(f'"{action.id}" = "{action.keys}"  # {action.help}')


def _serve(options: argparse.Namespace) -> int:
    """Serve the app to the browsers of whoever has the printed address."""
    try:
        from spw_tui.serving import serve
    except ImportError as error:
        raise SpwError(
            "serving needs the package textual-serve", "Install it: pip install 'spw[serve]'."
        ) from error
    from spw_core.workspace import find_workspace

    command = [sys.executable, "-c", "import sys, spw_tui; sys.exit(spw_tui.main())"]
    command.append("--demo" if options.demo else str(find_workspace(options.dir).root))
    serve(shlex.join(command), options.host, options.port)
    return 0

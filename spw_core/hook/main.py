"""`spw-hook EVENT`: find the handler of an event, run it, and never hurt the session.

An event that spw does not know ends with exit 1, never 2: exit 2 would block the user. A handler that
fails is logged and ends with exit 0.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn, TextIO

HELP = """\
usage: spw-hook EVENT < payload.json

Run by Claude Code, which writes one JSON object to standard input.

events:
  statusline   print the status line

options:
  --help       show this text
  --version    show the version
"""


def _statusline() -> int:
    from spw_core.hook import statusline

    return statusline.run()


# One entry per event. A handler imports what it needs when it is called and returns the exit code.
HANDLERS: "dict[str, Callable[[], int]]" = {
    "statusline": _statusline,
}


def start() -> "NoReturn":
    """The whole process: run the event, then leave without taking the interpreter down.

    Collecting garbage and tidying up cost a fifth of the time of a hook, and the system does it anyway.
    """
    import gc
    import os

    gc.disable()
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # the reader is gone, or the stream was closed: nobody to tell
            continue
    os._exit(code)


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run the event named by the first argument and return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    event = arguments[0] if arguments else ""
    handler = HANDLERS.get(event)
    if handler is None:
        return _without_handler(event)
    try:
        return handler()
    except Exception as error:
        from spw_core.hook.log import record

        record(event, error)
        return 0


def _without_handler(event: str) -> int:
    if event in ("-h", "--help", "help"):
        _say(HELP, sys.stdout)
        return 0
    if event in ("-V", "--version"):
        from spw_core import __version__

        _say(f"spw-hook {__version__}\n", sys.stdout)
        return 0
    if not event:
        _say(HELP, sys.stderr)
        return 1
    from spw_core.hook.text import clean

    _say(f"Error: unknown hook event: {clean(event)} (see spw-hook --help)\n", sys.stderr)
    return 1


def _say(text: str, stream: "TextIO | None") -> None:
    if stream is not None:  # None: the descriptor was closed before Python started
        stream.write(text)

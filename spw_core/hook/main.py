"""`spw-hook EVENT`: find the handler of an event, run it, and never hurt the session.

An event that spw does not know ends with exit 1, never 2: exit 2 would block the user. A handler that
fails is logged and ends with exit 0.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn, TextIO

HELP = """\
usage: spw-hook EVENT < payload.json

Run by Claude Code, which writes one JSON object to standard input. `spw hooks install` registers it.

events:
  statusline      print the status line
  session-start   sync the tasks template; tell the agent where the active spec stands
  guard-prompt    a workflow command must name its spec
  guard-paths     the workflow's files are written where they belong
  guard-stop      runs that were worked on have been handed off
  post-tool, subagent-stop, pre-compact, session-end
                  keep the databases up to date, in the background

Without EVENT, or with another one, the event that the payload names is run.

options:
  --help       show this text
  --version    show the version
"""


# Our events, and what handles each: a module of this package, imported when it is needed, and its function,
# which takes the event and the project and returns the exit code.
HANDLERS = {
    "session-start": ("session_start", "run"),
    "guard-prompt": ("guard_prompt", "run"),
    "guard-paths": ("guard_paths", "run"),
    "guard-stop": ("guard_stop", "run"),
    "subagent-stop": ("background", "subagent_stop"),
    "post-tool": ("background", "post_tool"),
    "pre-compact": ("background", "queue_transcript"),
    "session-end": ("background", "queue_transcript"),
}
_STATUSLINE = "statusline"

# Names of the events in payloads and on command lines, in lower case and without separators: ours, Claude
# Code's, and those of the programs that imitate it.
_NAMES = {
    _STATUSLINE: "statusline status",
    "session-start": "sessionstart",
    "guard-prompt": "guardprompt userpromptsubmit userpromptexpansion"
    " userpromptsubmitted beforesubmitprompt beforeagent",
    "guard-paths": "guardpaths pretooluse beforetool",
    "guard-stop": "guardstop stop afteragent agentstop",
    "subagent-stop": "subagentstop",
    "post-tool": "posttool posttooluse aftertool afterfileedit",
    "pre-compact": "precompact precompress",
    "session-end": "sessionend",
}
_EVENT_OF = {name: event for event, names in _NAMES.items() for name in names.split()}


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
    """Run the event that the payload names, else the one that the first argument names; the exit code.

    The status line alone is what the argument says: whoever asks for it wants a line, whatever the payload.
    """
    arguments = sys.argv[1:] if argv is None else argv
    asked = arguments[0] if arguments else ""
    if asked in ("-h", "--help", "help", "-V", "--version"):
        return _about(asked)
    try:
        if asked == _STATUSLINE:
            from spw_core.hook import statusline

            return statusline.run()
        if asked and not event_of(asked):
            return _unknown(asked)
        return _run(asked)
    except Exception as error:
        from spw_core.hook.log import record

        record(asked, error)
        return 0


def event_of(name: str) -> str:
    """Our name of an event that a payload or a command line names, "" for one that is none of ours."""
    return _EVENT_OF.get(name.lower().replace("-", "").replace("_", ""), "")


def _run(asked: str) -> int:
    from spw_core.hook import payload, stdin
    from spw_core.hook.event import Event

    event = Event(stdin.read(payload.is_complete))
    name = event_of(event.name or asked)
    if not name and not event.name and event.is_statusline:
        name = _STATUSLINE
    if name == _STATUSLINE:
        from spw_core.hook import statusline

        return statusline.run(event.data)
    if not name:
        return 0 if event.name else _unknown("")
    from spw_core.hook.project import find_project

    project = find_project(event)
    if project is None:
        return 0
    module, function = HANDLERS[name]
    # `importlib`, which does the same, would have to be imported.
    handle = getattr(__import__(f"spw_core.hook.{module}", fromlist=[module]), function)
    code: int = handle(event, project)
    return code


def _about(asked: str) -> int:
    if asked in ("-V", "--version"):
        from spw_core import __version__

        _say(f"spw-hook {__version__}\n", sys.stdout)
    else:
        _say(HELP, sys.stdout)
    return 0


def _unknown(asked: str) -> int:
    """Exit code 1: exit code 2 would block the user."""
    if not asked:
        _say(HELP, sys.stderr)
        return 1
    from spw_core.hook.text import clean

    _say(f"Error: unknown hook event: {clean(asked)} (see spw-hook --help)\n", sys.stderr)
    return 1


def _say(text: str, stream: "TextIO | None") -> None:
    if stream is not None:  # None: the descriptor was closed before Python started
        stream.write(text)

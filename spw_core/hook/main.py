"""`spw-hook EVENT`: find the handler of an event, run it, and never hurt the session.

An event that spw does not know ends with exit 1, never 2: exit 2 would block the user. A handler that
fails is logged and ends with exit 0.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn, TextIO

    from spw_core.hook.event import Event
    from spw_core.hook.project import Project

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


def _session_start(event: "Event", project: "Project") -> int:
    from spw_core.hook import session_start

    return session_start.run(event, project)


def _guard_prompt(event: "Event", project: "Project") -> int:
    from spw_core.hook import guard_prompt

    return guard_prompt.run(event, project)


def _guard_paths(event: "Event", project: "Project") -> int:
    from spw_core.hook import guard_paths

    return guard_paths.run(event, project)


def _guard_stop(event: "Event", project: "Project") -> int:
    from spw_core.hook import guard_stop

    return guard_stop.run(event, project)


def _subagent_stop(event: "Event", project: "Project") -> int:
    from spw_core.hook import background

    return background.subagent_stop(event, project)


def _post_tool(event: "Event", project: "Project") -> int:
    from spw_core.hook import background

    return background.post_tool(event, project)


def _queue_transcript(event: "Event", project: "Project") -> int:
    from spw_core.hook import background

    return background.queue_transcript(event, project)


# One entry per event. A handler imports what it needs when it is called and returns the exit code.
HANDLERS: "dict[str, Callable[[Event, Project], int]]" = {
    "session-start": _session_start,
    "guard-prompt": _guard_prompt,
    "guard-paths": _guard_paths,
    "guard-stop": _guard_stop,
    "subagent-stop": _subagent_stop,
    "post-tool": _post_tool,
    "pre-compact": _queue_transcript,
    "session-end": _queue_transcript,
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
    return HANDLERS[name](event, project) if project else 0


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

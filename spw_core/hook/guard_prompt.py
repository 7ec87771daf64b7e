"""guard-prompt: a workflow command in a prompt must name its spec, which then is the active one."""

import os
import time

from spw_core.hook.answer import Guard
from spw_core.hook.places import CACHE_FILES, is_spec
from spw_core.names import is_valid_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spw_core.hook.event import Event
    from spw_core.hook.project import Project

# The prefixes of the workflow's slash commands, and what the cache calls their doing.
_SOURCES = {"/spw:": "spw-command", "/oraculo:": "oraculo-command"}
# Commands that a spec may begin with, so that it need not exist yet.
_BEGINNING = frozenset(("prd", "discover", "plan"))
_NEEDS_SPEC = _BEGINNING | {
    *("design-research", "design-draft", "tasks-plan", "tasks-check"),
    *("exec", "checkpoint", "qa", "qa-check", "qa-exec"),
}
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")
_MAX_LINES = 2_000
_SHOWN_SPECS = 5


class Command:
    """A slash command: its prefix, its name in lower case, and what stands behind it."""

    __slots__ = ("arguments", "name", "prefix")

    def __init__(self, prefix: str, name: str, arguments: str) -> None:
        self.prefix = prefix
        self.name = name
        self.arguments = arguments


def run(event: "Event", project: "Project") -> int:
    command = command_of(event)
    settings = project.settings
    if command is None or command.name not in _NEEDS_SPEC or not settings.guards:
        return 0
    guard = Guard("guard-prompt", event, project)
    called = command.prefix + command.name
    spec = spec_argument(command.arguments)
    if spec:
        if is_spec(project.specs, spec) or (command.name in _BEGINNING and is_valid_name(spec)):
            _remember(project, spec, _SOURCES[command.prefix])
        return guard.allow(called, spec)
    if not settings.is_on("hooks.guard_prompt_require_spec"):
        return guard.allow(called)
    details = [
        f"usage: {called} <spec-name>",
        f"tip: {command.prefix}status shows where things stand",
    ]
    known = [name for name in project.index.latest() if is_spec(project.specs, name)][:_SHOWN_SPECS]
    if known:
        details.append(f"specs here: {', '.join(known)}")
    return guard.violation(f"missing spec-name for {called}", details, target=called)


def command_of(event: "Event") -> "Command | None":
    """The workflow command that is being run: the one that was expanded, else the first in the prompt."""
    if event.command_name:
        return first_command(f"/{event.command_name.removeprefix('/')} {event.command_args}")
    return first_command(event.prompt)


def first_command(prompt: str) -> "Command | None":
    """The first line of a prompt that is a workflow command, in any case; None without one."""
    lowered = prompt.lower()
    if not any(prefix in lowered for prefix in _SOURCES):
        return None
    for line in prompt.split("\n", _MAX_LINES)[:_MAX_LINES]:
        line = line.strip()
        for prefix in _SOURCES:
            if line[: len(prefix)].lower() == prefix:
                name, _, arguments = line[len(prefix) :].replace("\t", " ").partition(" ")
                if name and _LETTERS.issuperset(name):
                    return Command(prefix, name.lower(), arguments.strip())
    return None


def spec_argument(arguments: str) -> str:
    """The spec among a command's arguments: the first word, unless that is another option than `--spec`."""
    words = split_words(arguments)
    if words and words[0].startswith("--spec="):
        words = [words[0].removeprefix("--spec=")]
    elif words and words[0] == "--spec":
        words = words[1:]
    return words[0] if words and not words[0].startswith("-") else ""


def split_words(text: str) -> list[str]:
    """Words between white space; what stands in single or double quotes is one, without them."""
    words: list[str] = []
    word: str | None = None
    quote = ""
    for character in text:
        if quote:
            if character == quote:
                quote = ""
            else:
                word = (word or "") + character
        elif character in "\"'":
            quote, word = character, word or ""
        elif not character.isspace():
            word = (word or "") + character
        elif word is not None:
            words.append(word)
            word = None
    return words if word is None else [*words, word]


def _remember(project: "Project", spec: str, source: str) -> None:
    """Make `spec` the active one, for the status line and for the tools that share this file."""
    path = os.path.join(project.workflow, CACHE_FILES[0])
    # A valid name needs no escaping in JSON.
    text = f'{{"source": "{source}", "spec": "{spec}", "sticky": "true", "ts": {int(time.time() * 1000)}}}'
    from spw_core.hook.files import replace

    replace(project, path, text.encode())

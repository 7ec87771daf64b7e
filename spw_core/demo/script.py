"""The compact text the hand-written stories are told in.

A script (`scripts/*.txt`) is a remark, then blocks, each opened by `>>> kind words key=value @ 9d09:40`:

    >>> spec SLUG LANGUAGE FRONTMATTER-KEY      the body is the title
    >>> doc PATH @ WHEN                         the body is the file
    >>> tasks DIALECT @ WHEN                    `wave N [deferred] TITLE` opens a wave; a task is
                                                `STATE ID LOG | TITLE | REQS | DEPENDS | FILES | COMMAND`,
                                                then `- note` lines; STATE is x, !, o(pen) or p(rogress)
    >>> run COMMAND [WAVE] [open] @ WHEN        `open` leaves the handoff out
    >>> wave N SHAPE STATUS [execution=] [checkpoint=] @ WHEN
    >>> review DOC OUTCOME [answered=] [gone] @ WHEN

In a run, `>> NAME | STATUS FLAGS | SUMMARY` opens a subagent and `>> PATH` a file of the run directory.
In a review, the body is the title, then `response: …`, `comment: …` and `NOW => BEFORE` lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from spw_core.demo.model import (
    DEMO_NOW,
    Agent,
    Document,
    Review,
    Run,
    Story,
    Task,
    WaveNote,
    WavePlan,
    moment,
)

_STATES = {"o": " ", "p": "-"}


def tell(script: str) -> Story:
    """The story that the script tells."""
    story = Story(slug="", title="", language="en", frontmatter="spw")
    numbers: Counter[tuple[str, int]] = Counter()
    for header, body in _blocks(script, ">>> "):
        head = _Header(header)
        match head.kind:
            case "spec":
                slug, language, frontmatter = head.words
                story = replace(
                    story, slug=slug, language=language, frontmatter=frontmatter, title=body.strip()
                )
            case "doc":
                document = Document(head.words[0], head.at, body)
                story = replace(story, documents=(*story.documents, document))
            case "tasks":
                waves, tasks = _tasks(body)
                story = replace(story, dialect=head.words[0], tasks_at=head.at, waves=waves, tasks=tasks)
            case "run":
                wave = next((int(word) for word in head.words if word.isdigit()), 0)
                numbers[head.words[0], wave] += 1
                story = replace(
                    story, runs=(*story.runs, _run(head, body, wave, numbers[head.words[0], wave]))
                )
            case "wave":
                number, shape, status = head.words
                note = WaveNote(
                    int(number), shape, status, head.at, head.get("execution"), head.get("checkpoint")
                )
                story = replace(story, wave_notes=(*story.wave_notes, note))
            case "review":
                story = replace(story, reviews=(*story.reviews, _review(head, body)))
            case _:
                raise ValueError(f"unknown block in a story: {header!r}")
    return story


class _Header:
    def __init__(self, text: str) -> None:
        line, _, when = text.partition(" @ ")
        self.kind, *words = line.split()
        self.words = [word for word in words if "=" not in word]
        self.at: datetime = moment(when) if when else DEMO_NOW
        self._values = dict(word.split("=", 1) for word in words if "=" in word)

    def get(self, key: str) -> str:
        return self._values.get(key, "")


def _blocks(text: str, marker: str) -> Iterator[tuple[str, str]]:
    """The (header, body) pairs of a text; what stands before the first marker is ignored."""
    for block in f"\n{text}".split(f"\n{marker}")[1:]:
        header, _, body = block.partition("\n")
        yield header.strip(), body.strip("\n") + "\n" if body.strip() else ""


def _tasks(body: str) -> tuple[tuple[WavePlan, ...], tuple[Task, ...]]:
    waves: list[WavePlan] = []
    tasks: list[Task] = []
    for line in filter(None, body.splitlines()):
        if line.startswith("wave "):
            _, number, title = line.split(" ", 2)
            deferred = title.startswith("deferred ")
            waves.append(WavePlan(int(number), title.removeprefix("deferred "), deferred))
        elif line.startswith("- "):
            tasks[-1] = replace(tasks[-1], notes=(*tasks[-1].notes, line[2:]))
        else:
            head, title, requirements, depends, files, check = (part.strip() for part in line.split("|"))
            state, task_id, log = head.split()
            tasks.append(
                Task(
                    id=task_id,
                    title=title,
                    wave=waves[-1].number,
                    state=_STATES.get(state, state),
                    log=log.replace("none", ""),
                    requirements=_names(requirements),
                    depends=_names(depends),
                    files=_names(files),
                    check=check,
                    notes=(),
                )
            )
    return tuple(waves), tuple(tasks)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip() not in ("", "none"))


def _run(head: _Header, body: str, wave: int, number: int) -> Run:
    agents: list[Agent] = []
    files: list[tuple[str, str]] = []
    for header, text in _blocks(body, ">> "):
        if "|" not in header:
            files.append((header, text))
            continue
        name, state, summary = (part.strip() for part in header.split("|", 2))
        status, *words = state.split()
        artifact = next(
            (word.removeprefix("artifact=") for word in words if word.startswith("artifact=")), ""
        )
        flags = frozenset(word for word in words if "=" not in word)
        agents.append(Agent(name, status, summary, text, flags, artifact))
    handoff = "open" not in head.words
    return Run(head.words[0], wave, number, head.at, tuple(agents), tuple(files), handoff)


def _review(head: _Header, body: str) -> Review:
    title, *lines = body.splitlines()
    answered = head.get("answered")
    return Review(
        document=head.words[0],
        outcome=head.words[1],
        title=title,
        asked=head.at,
        answered=moment(answered) if answered else None,
        response=_prefixed(lines, "response: ")[0] if answered else "",
        kept="gone" not in head.words,
        undo=tuple(_undo(line) for line in lines if " => " in line),
        comments=tuple(_prefixed(lines, "comment: ")),
    )


def _undo(line: str) -> tuple[str, str]:
    now, _, before = line.partition(" => ")
    return now, before


def _prefixed(lines: list[str], prefix: str) -> list[str]:
    return [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]

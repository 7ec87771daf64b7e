"""One line of the checklist as data: which files there are, what is asked, and what must be in the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from spw_core.api import Workspace

from ..machine_support import Answer, ask
from ..support import write


@dataclass(frozen=True)
class Line:
    """`ask` is the command about the spec `alpha`; `answer` are keys of the JSON it prints. With `error` it
    fails, and says this among other things. `files` are relative to the spec; None makes an empty folder.
    """

    number: str
    about: str
    ask: str
    answer: Mapping[str, object] = field(default_factory=dict)
    error: str = ""
    raw: str | None = None
    files: Mapping[str, str | None] = field(default_factory=dict)

    def holds(self, workspace: Workspace) -> Answer:
        """Check the line in a workspace, and that `--raw` prints the bare value where the line has one."""
        put(workspace, self.files)
        answer = ask(workspace, *self.ask.split())
        if self.error:
            assert (answer.code, answer.out) == (1, "")
            assert self.error in answer.error
            return answer
        assert answer.code == 0, answer.err
        assert {key: answer.value[key] for key in self.answer} == dict(self.answer)
        assert answer.value["ok"] is True
        if self.raw is not None:
            assert ask(workspace, *self.ask.split(), "--raw").out == self.raw
        return answer


def put(workspace: Workspace, files: Mapping[str, str | None]) -> None:
    """Write the files of `alpha`; those whose path begins with a slash belong to `.spec-workflow/`."""
    for path, content in files.items():
        place = path[1:] if path.startswith("/") else f"specs/alpha/{path}"
        if content is None:
            (workspace.paths.workflow / place).mkdir(parents=True, exist_ok=True)
        else:
            write(workspace, place, content)


def each(*lines: Line) -> pytest.MarkDecorator:
    """Parametrize a test with lines, their numbers first in the ids."""
    return pytest.mark.parametrize(
        "line", [pytest.param(line, id=f"{line.number}-{line.about}") for line in lines]
    )


def verdict(status: str, summary: str = "") -> str:
    """A `status.json`."""
    return f'{{"status": "{status}", "summary": "{summary or status}"}}'


def gate(wave: int, status: str, run: str = "run-001") -> dict[str, str]:
    """The gate decider's verdict about a wave."""
    folder = f"execution/waves/wave-{wave:02d}/checkpoint/{run}/release-gate-decider"
    return {f"{folder}/status.json": verdict(status)}


def pointer(wave: int, name: str, content: str) -> dict[str, str]:
    """`_latest.json` or `_wave-summary.json` of a wave."""
    return {f"execution/waves/wave-{wave:02d}/{name}": content}

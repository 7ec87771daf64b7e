"""Every command with arguments that nobody types: an answer or one of our errors, and nothing elsewhere."""

from __future__ import annotations

import argparse
import io
import os
import random
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.cli.commands import build_parser

pytestmark = pytest.mark.prove

COMMANDS_A_SEED = 200
# These do not end by themselves, or make as much as they are told to.
NEVER = {"--watch", "--follow", "--self-test", "--specs", "--help", "--version"}
# Has its own fuzzing, and leaves work to processes of its own.
LEFT_OUT = {"hook"}
# Write where they are told to, wherever that is.
WRITERS_ELSEWHERE = {"backup", "demo", "restore"}

MEANT = [
    *(
        "user-auth",
        "billing-export",
        "1",
        "2",
        "3",
        "999",
        "pass",
        "blocked",
        "done",
        "exec",
        "qa",
        "REQ-001",
    ),
    *("inline-audit", "run-001", "requirements.md", "tasks", "2w", "execution.tdd_default", "start"),
    ".spec-workflow/specs/user-auth/qa/_comms/qa/run-001",
    ".spec-workflow/specs/user-auth/execution/waves/wave-01/execution/run-001",
]
HOSTILE = [
    *("", " ", "-", "--", "-1", "0", "9" * 25, "9" * 5000, "1e9", "NaN", "٣", "²", "é" * 200, "x" * 5000),
    *("a\0b", "\udcff", "\x1b[2J\x07", "\u202etxt", "a\nb", "'; DROP TABLE runs; --", '"', "NEAR(", "*", "("),
    *(".", "..", "/", "~", "/dev/null", ".spec-workflow", ".spec-workflow/specs/qa/../..", "a/b", "%s%n"),
    *("{}", "[]", "null", "wave:x", "since:never", "\\", "$HOME", "CON"),
    ".spec-workflow/specs/user-auth/spec.db",
]  # fmt: skip
ELSEWHERE = [
    "../elsewhere",
    "../elsewhere/precious.md",
    ".spec-workflow/specs/user-auth/../../../../elsewhere",
]

Leaf = tuple[tuple[str, ...], argparse.ArgumentParser]


def leaves(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every command, its words and its parser."""
    if fill_in := getattr(parser, "_fill", None):
        parser._fill = None  # type: ignore[attr-defined]
        fill_in(parser, "")
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield words, parser
    for group in groups:
        for name, command in group.choices.items():
            yield from leaves(command, (*words, name))


def some_line(leaf: Leaf, chance: random.Random) -> list[str]:
    """A command with most of its arguments, now and then one too many or with a value from nowhere."""
    words, parser = leaf
    pool = HOSTILE if words[0] in WRITERS_ELSEWHERE else HOSTILE + ELSEWHERE

    def value(action: argparse.Action) -> str:
        if action.choices and chance.random() < 0.7:
            return str(chance.choice(list(action.choices)))
        return chance.choice(MEANT if chance.random() < 0.6 else pool)

    parts = []
    for action in parser._actions:
        flags = [flag for flag in action.option_strings if flag not in NEVER]
        takes_value = action.nargs != 0
        if not action.option_strings:
            parts.append([value(action)] * chance.choice((1, 1, 1, 1, 0, 2)))
        elif flags and chance.random() < (0.9 if action.required else 0.25):
            parts.append([chance.choice(flags), *([value(action)] if takes_value else [])])
    if chance.random() < 0.1:
        parts.append([chance.choice(pool)])
    if chance.random() < 0.3:
        chance.shuffle(parts)
    return [*words, *(word for part in parts for word in part)]


def contents(top: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and mode of every file below a folder."""
    files = (Path(folder, name) for folder, _, names in os.walk(top) for name in names)
    return {str(file): (file.read_bytes(), file.stat().st_mode) for file in files}


@pytest.mark.parametrize("seed", range(6))
def test_no_arguments_break_a_command(seed: int, demo: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = demo.paths.root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious.md").write_text("# Mine\n")
    before = contents(elsewhere)
    demo.harvest()
    monkeypatch.chdir(demo.paths.root)
    monkeypatch.setenv("VISUAL", "true")
    chance = random.Random(seed)
    commands = [leaf for leaf in leaves(build_parser()) if leaf[0][0] not in LEFT_OUT]
    codes = set()
    for _ in range(COMMANDS_A_SEED):
        line = some_line(chance.choice(commands), chance)
        monkeypatch.setattr("sys.stdin", io.StringIO())
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = main(line)
            except SystemExit as error:  # --help, where argparse reads it from an abbreviation
                code = int(error.code or 0)
        told = err.getvalue()
        assert code in (0, 1), line
        assert "internal error" not in told and "Traceback" not in told, (line, told)
        assert code == 0 or told or out.getvalue(), line
        assert contents(elsewhere) == before, line
        codes.add(code)
    assert codes == {0, 1}, "the fuzzing does not reach what commands do"
    assert sorted(path.name for path in elsewhere.parent.iterdir()) == ["acme-shop", "elsewhere"]

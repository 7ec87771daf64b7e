"""The commands on a real terminal (a pty), where Rich draws: nothing from a file may command it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from spw_core.api import Workspace

from .support import write, write_run

pty = pytest.importorskip("pty", reason="no terminals here")

# A title, a cleared screen, a colour by a one-byte introducer, a link, reversed text and a line of its own.
HOSTILE = "evil\x1b]0;owned\x07\x1b[2J\x9b31m\x1b]8;;http://x\x1b\\\u202e\x85\r\nforged: line"
HOSTILE_NAME = HOSTILE.replace("/", "_")
RUN = "specs/alpha/execution/waves/wave-01/execution/run-001"
SGR = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(*args: object, both: bool = False, **environment: str) -> tuple[int, str]:
    """Exit code and what a terminal of 200 columns is sent to stdout, with `both` to stderr too."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "spw_core.cli", *map(str, args)],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave if both else subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "200", "PYTHONUTF8": "1", **environment},
    )
    os.close(slave)
    data = b"".join(_read(master))
    os.close(master)
    return process.wait(60), data.decode(environment.get("PYTHONIOENCODING", "utf-8"))


def _read(fd: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(fd, 1 << 16)
        except OSError:  # how Linux says that nobody has the other end open any more
            return
        if not data:
            return
        yield data


def controls_in(text: str) -> set[str]:
    """What is left to command a terminal when colours are taken away."""
    return {
        char
        for char in SGR.sub("", text)
        if unicodedata.category(char) in ("Cc", "Cf") and char not in "\n\r\t"
    }


@pytest.fixture
def hostile(workspace: Workspace) -> Workspace:
    """A harvested workspace whose names and contents all try to command the terminal."""
    write_run(workspace, RUN, {HOSTILE_NAME: HOSTILE}, handoff=False)
    write(workspace, f"{RUN}/{HOSTILE_NAME}/report.md", f"# walrus {HOSTILE}\n\n&#x202e;&#13;&#8238; x\n")
    write(workspace, f"specs/alpha/{HOSTILE_NAME}.md", f"# walrus {HOSTILE}\n")
    write(workspace, f"specs/alpha/{HOSTILE_NAME}.json", "{nonsense")
    write(workspace, "specs/alpha/tasks.md", f"---\nphase: {json.dumps(HOSTILE)}\n---\n- [!] 1. {HOSTILE}\n")
    request = {"id": HOSTILE, "filePath": f"{HOSTILE}.md", "status": HOSTILE, "title": HOSTILE}
    write(workspace, "approvals/alpha/approval_1_x.json", json.dumps(request))
    write(workspace, "approvals/alpha/approval_2_x.json", json.dumps({**request, "status": "pending"}))
    (workspace.paths.specs / HOSTILE_NAME).mkdir()
    workspace.harvest()
    return workspace


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (["list"], "alpha"),
        (["search", "walrus"], "walrus evil"),
        (["search", "walrus", "--limit", "1", "--width", "20"], "walrus"),
        (["search", HOSTILE + "xyzzyqwerty"], ""),
        (["view", "alpha"], "alpha"),
        (["view", "alpha", "wave-summary"], "wave 1"),
        (["view", "alpha", "report"], "walrus evil"),
        (["view", "alpha", "report", "--raw"], "walrus evil"),
        (["view", HOSTILE], ""),
        (["summary", "alpha"], "alpha"),
        (["harvest"], "alpha"),
        (["harvest", "--dry-run", "alpha"], "alpha"),
        (["doctor"], "sound"),
        (["cleanup", "alpha", "--dry-run"], "alpha: would remove"),
        (["cleanup", "alpha"], "alpha: removed"),
        (["restore", "alpha", "--to", "{tmp}/" + HOSTILE_NAME], "alpha: wrote"),
        (["backup", "{tmp}/" + HOSTILE_NAME], "databases"),
        (["demo", "{tmp}/" + HOSTILE_NAME, "--specs", "1"], "Wrote 1 specs"),
        (["list", "--json"], "alpha"),
        (["harvest", "--json"], "alpha"),
    ],
    ids=lambda value: " ".join(value[:2]).encode("ascii", "ignore").decode()[:16] if value else None,
)
def test_content_cannot_command_the_terminal(
    hostile: Workspace, tmp_path: Path, args: list[str], shown: str
) -> None:
    words = [word.replace("{tmp}", str(tmp_path)) for word in args]
    _, out = on_terminal("--workspace", hostile.paths.root, *words)
    assert shown in SGR.sub("", out)
    assert controls_in(out) == set()
    if "report" not in args:  # a document has the lines that it has
        assert not re.search(r"^forged", SGR.sub("", out), re.M)


def test_errors_cannot_command_the_terminal(hostile: Workspace) -> None:
    for args in (["view", HOSTILE], ["search", "x", "--type", HOSTILE], ["list", f"--{HOSTILE}"]):
        code, out = on_terminal("--workspace", hostile.paths.root, *args, both=True)
        assert code == 1
        assert "spw: error: " in out
        assert controls_in(out) == set()


def test_progress_shows_names_harmlessly(hostile: Workspace) -> None:
    """The bar itself moves the cursor and clears its line; the names in it do neither, nor set a title."""
    _, out = on_terminal("--workspace", hostile.paths.root, "harvest", both=True)
    assert "\x1b[?25l" in out
    assert controls_in(re.sub(r"\x1b\[(?:\?25[lh]|\d*[AK]|1[GK]|2K)", "", out)) == set()


def test_rich_in_a_terminal_of_few_letters(demo_harvested: Workspace) -> None:
    root = demo_harvested.paths.root
    for args in (["list"], ["search", "teste"], ["view", "relatorios-fiscais"], ["doctor"], ["--help"]):
        for encoding in ("ascii", "latin-1"):
            code, out = on_terminal(
                "--workspace", root, *args, both=True, PYTHONUTF8="0", PYTHONIOENCODING=encoding
            )
            assert code == 0, out
            assert "Traceback" not in out


def test_width_has_limits(demo_harvested: Workspace) -> None:
    code, out = on_terminal("--workspace", demo_harvested.paths.root, "list", COLUMNS="100000000")
    assert code == 0
    assert max(map(len, SGR.sub("", out).splitlines())) <= 1000

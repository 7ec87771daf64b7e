"""`spw embed` as a user runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.cli import main as spw
from tests.fake_embeddings import fake_server, unused_url
from tests.support import interruptible_children, write

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def notes(workspace: Workspace) -> Workspace:
    """A harvested workspace with two notes that uses the built-in embedder."""
    configure(workspace, provider="builtin")
    for name in ("one", "two"):
        write(workspace, f"specs/alpha/{name}.md", f"# Note {name}\n\nThis is note {name}.\n")
    workspace.harvest()
    return workspace


def configure(workspace: Workspace, **values: object) -> Path:
    path = workspace.paths.workflow / "spw-config.toml"
    path.write_text("[store]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items()))
    return path


def run(workspace: Workspace, *args: str) -> int:
    return spw(["--workspace", str(workspace.paths.root), "embed", *args])


def test_json(notes: Workspace, capsys: Capture) -> None:
    assert run(notes, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["complete"], told["embedded"], told["pending"]) == (True, True, 2, 0)
    assert set(told) == {
        *("ok", "model", "embedded", "skipped", "pending", "complete", "problem", "remark", "elapsed_s")
    }
    assert run(notes, "--json") == 0
    assert json.loads(capsys.readouterr().out)["embedded"] == 0


def test_plain(notes: Workspace, capsys: Capture) -> None:
    assert run(notes) == 0
    assert capsys.readouterr().out.startswith("2 new vectors · built-in vectors · ")


def test_why_it_is_not_a_better_model(notes: Workspace, capsys: Capture) -> None:
    configure(notes, embeddings_url=unused_url())
    assert run(notes) == 0
    assert "not answering" in capsys.readouterr().out


def test_a_failing_server_is_one_line_and_an_error(notes: Workspace, capsys: Capture) -> None:
    with fake_server() as server:
        configure(notes, provider="ollama", embeddings_url=server.url, embeddings_model="other")
        assert run(notes) == 1
    out = capsys.readouterr().out
    assert out == "Ollama has no model other. Get it with `ollama pull other`.\n"


def test_nothing_harvested(workspace: Workspace, capsys: Capture) -> None:
    assert run(workspace) == 1
    assert capsys.readouterr().out == "nothing is harvested yet.\n"


def test_watch_embeds_what_is_harvested_later(notes: Workspace) -> None:
    command = [sys.executable, "-m", "spw_core.cli", "embed", "--watch", "--json"]
    with interruptible_children():
        process = subprocess.Popen(command, cwd=notes.paths.root, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["embedded"] == 2
        write(notes, "specs/alpha/three.md", "# Note three\n\nThis is new.\n")
        notes.harvest()
        assert json.loads(process.stdout.readline())["embedded"] == 1
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130

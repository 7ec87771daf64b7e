"""`spw-hook statusline`: what it shows, and that nothing it is fed or finds can blank or break the line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import spw_core.hook
from spw_core.hook import active, branch, guard_stop, log, main, payload, places, statusline, stdin
from spw_core.hook.index import Index
from spw_core.hook.render import Facts, Look, Progress, format_tokens, render, usage, used_percent
from spw_core.hook.settings import Settings
from spw_core.hook.text import cells, clean, truncate
from spw_core.user_dirs import hook_log

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SAMPLES = sorted((SHARED_DATA / "hooks" / "payloads").glob("*"))
SCRIPT = Path(spw_core.hook.__file__).parent / "script" / "spw-hook"
SGR = re.compile(r"\x1b\[[0-9;]*m")
PLAIN = Look(color=False)


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    """An empty `.spec-workflow` in a project called `my-repo`."""
    folder = tmp_path / "my-repo" / ".spec-workflow"
    (folder / "specs").mkdir(parents=True)
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the real script in a process of its own, in `tmp_path`, with a log folder of its own."""

    def run(
        *arguments: str, data: bytes = b"", cwd: Path = tmp_path, **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        kept = {
            key: value
            for key, value in os.environ.items()
            if key not in ("COLUMNS", "NO_COLOR", "CLAUDE_PROJECT_DIR")
        }
        return subprocess.run(
            [sys.executable, str(SCRIPT), *arguments],
            input=data,
            capture_output=True,
            cwd=cwd,
            env={**kept, "XDG_STATE_HOME": str(tmp_path / "state"), **environment},
            timeout=20,
        )

    return run


def make_spec(workflow: Path, name: str, mtime: int = 1_000, document: str = "tasks.md") -> None:
    folder = workflow / "specs" / name
    folder.mkdir(exist_ok=True)
    (folder / document).write_text("x")
    os.utime(folder / document, (mtime, mtime))


def make_index(workflow: Path, *sql: str) -> apsw.Connection:
    connection = apsw.Connection(str(workflow / ".spw-index.db"))
    connection.pragma("journal_mode", "wal")
    connection.execute(
        "CREATE TABLE specs(name TEXT PRIMARY KEY, stage TEXT, status TEXT, tasks_done INTEGER,"
        " tasks_total INTEGER, wave_current INTEGER, waves_total INTEGER, blocked INTEGER, updated_at TEXT);"
        "CREATE TABLE compiled_config(key TEXT PRIMARY KEY, value TEXT)"
    )
    for statement in sql:
        connection.execute(statement)
    return connection


def find_spec(workflow: Path, settings: Settings | None = None) -> str:
    specs = str(workflow / "specs")
    return active.active_spec(
        str(workflow), specs, str(workflow.parent), Index(str(workflow)), settings or Settings()
    )


# --- rendering -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"),
        (847, "847"),
        (999, "999"),
        (1000, "1k"),
        (1500, "1.5k"),
        (25300, "25.3k"),
        (25000, "25k"),
        (999949, "999.9k"),
        (999950, "1M"),
        (1000000, "1M"),
        (1200000, "1.2M"),
    ],
    ids=lambda value: f"164-{value}",
)
def test_tokens(count: int, shown: str) -> None:
    assert format_tokens(count) == shown


@pytest.mark.parametrize(
    ("show", "tokens", "cost", "shown"),
    [
        ("never", 25300, 0.42, ""),
        ("auto", 25300, 0, ""),
        ("auto", 25300, 0.42, "25.3k $0.42"),
        ("auto", None, 0.42, "$0.42"),
        ("auto", 25300, None, ""),
        ("always", None, None, ""),
        ("always", 6000, None, "6k"),
        ("always", 6000, 0, "6k $0.00"),
    ],
    ids=lambda value: f"165-{value}",
)
def test_usage(show: str, tokens: float | None, cost: float | None, shown: str) -> None:
    assert usage(tokens, cost, show) == shown
    line = render(Facts(tokens=tokens, cost=cost, show_token_cost=show), Look())
    assert line == "\x1b[2mClaude\x1b[0m" + (f" │ \x1b[2m{shown}\x1b[0m" if shown else "")


@pytest.mark.parametrize(
    ("remaining", "used"),
    [
        *((100, 0), (52, 60), (49, 64), (36, 80), (35.4, 81), (24, 95), (20, 100)),
        *((50, 63), (62.5, 46), (54, 58), (0, 100), (-5, 100), (130, 0), (99.5, 0), (99.4, 1)),
    ],
    ids=lambda value: f"B7-{value}",
)
def test_used_percent(remaining: float, used: int) -> None:
    assert used_percent(remaining) == used


@pytest.mark.parametrize(
    ("remaining", "bar"),
    [
        (100, "\x1b[32m░░░░░░░░░░ 0%\x1b[0m"),
        (52, "\x1b[32m██████░░░░ 60%\x1b[0m"),
        (50, "\x1b[33m██████░░░░ 63%\x1b[0m"),
        (36, "\x1b[33m████████░░ 80%\x1b[0m"),
        (35.4, "\x1b[38;5;208m████████░░ 81%\x1b[0m"),
        (24, "\x1b[5;31m💀 █████████░ 95%\x1b[0m"),
        (0, "\x1b[5;31m💀 ██████████ 100%\x1b[0m"),
    ],
)
def test_bar(remaining: float, bar: str) -> None:
    assert render(Facts(remaining=remaining), Look()) == f"\x1b[2mClaude\x1b[0m {bar}"


def test_the_whole_line() -> None:
    progress = Progress("execution", 2, 3, 5, 11, blocked=1)
    facts = Facts("Opus", "my-repo", "demo", progress, tokens=25300, cost=0.42, remaining=50)
    parts = "Opus │ my-repo │ spec:demo │ wave 2/3 │ tasks 5/11 │ BLOCKED │ 25.3k $0.42 ██████░░░░ 63%"
    assert render(facts, PLAIN) == parts
    assert "\x1b[31mBLOCKED\x1b[0m" in render(facts, Look())
    ascii_line = render(facts, Look(color=False, unicode=False))
    assert ascii_line.isascii() and ascii_line.endswith("| 25.3k $0.42 ######---- 63%")
    assert render(Facts(remaining=0), Look(color=False, unicode=False)) == "Claude ! ########## 100%"


def test_stage_stands_in_for_unknown_waves() -> None:
    assert render(Facts(spec="demo", progress=Progress("design")), PLAIN) == "Claude │ spec:demo │ design"


# --- fitting and safe text -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (90, "Opus │ my-repo │ spec:user-auth │ wave 2/3 │ tasks 5/11 │ BLOCKED ██████░░░░ 63%"),
        (79, "Opus │ spec:user-auth │ wave 2/3 │ tasks 5/11 │ BLOCKED ██████░░░░ 63%"),
        (60, "spec:user-auth │ tasks 5/11 │ BLOCKED ██████░░░░ 63%"),
        (40, "spec:user-auth │ BLOCKED ██████░░░░ 63%"),
        (36, "spec:user-… │ BLOCKED ██████░░░░ 63%"),
        (30, "spec:user-auth │ BLOCKED"),
        (20, "spec:user… │ BLOCKED"),
        (10, "BLOCKED"),
        (4, "BLO…"),
        (1, "…"),
    ],
)
def test_narrow_terminals_lose_the_least_important_first(columns: int, line: str) -> None:
    progress = Progress("execution", 2, 3, 5, 11, blocked=1)
    facts = Facts("Opus", "my-repo", "user-auth", progress, tokens=25300, cost=0.42, remaining=50)
    assert render(facts, Look(color=False, columns=columns)) == line


TEXT = st.text(
    st.sampled_from("aZ -│…█漢字ｗ한💀😀é\u0301\u200d\ufe0f✓\x1b[31m]\x07\x9b\x00\n\ud800\u202e"), max_size=90
)
NUMBER = st.none() | st.floats(-10, 1e9)


@given(
    st.builds(
        Facts,
        TEXT,
        TEXT,
        TEXT,
        st.builds(Progress, TEXT, *[st.integers(0, 99_999)] * 5),
        NUMBER,
        NUMBER,
        NUMBER,
        st.sampled_from(["auto", "always", "never"]),
    ),
    st.integers(10, 200),
    st.booleans(),
    st.booleans(),
)
def test_line_always_fits(facts: Facts, columns: int, color: bool, unicode: bool) -> None:
    line = render(facts, Look(color, unicode, columns))
    visible = SGR.sub("", line)
    assert visible and visible.isprintable()
    assert max(cells(visible), cell_len(visible)) <= columns
    assert ("\x1b" in line) is color
    if color:
        assert line.endswith("\x1b[0m")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x9b31mred", "ared"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "alink"),
        ("a\x9dtitle\x07b", "ab"),
        ("a\x1bPdcs\x1b[31mstill\x1b\\b", "ab"),
        ("a\x1b]never ended", "a"),
        ("a\x1b(Bb\x1bcd\x1b", "abd"),
        ("a\x1b[12\x00b", "ab"),
        ("tab\there\nnow\r", "tab here now"),
        ("bidi\u202egnp.exe", "bidignp.exe"),
        ("nul\x00bell\x07del\x7f", "nulbelldel"),
        ("half\ud800", "half\ufffd"),
        (" \x1b[2J ", ""),
        ("x" * 5000, "x" * 200),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_cells_and_truncate() -> None:
    assert [cells(text) for text in ("abc", "漢字", "e\u0301", "💀", "│█…")] == [3, 4, 1, 2, 3]
    assert truncate("漢字漢字", 8, "…") == "漢字漢字"
    assert truncate("漢字漢字", 6, "…") == "漢字…"
    assert truncate("e\u0301tude", 3, "…") == "e\u0301t…"
    assert truncate("abc", 0, "…") == ""


# --- payload ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   \n",
        b"not json",
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b'{"model": {"display_name": "Opus"',
        b"\xff\xfe{\x00}\x00",
        b'{"model": null, "workspace": null, "cost": null, "context_window": null, "cwd": null}',
        b'{"model": 7, "workspace": "x", "cost": [], "context_window": "full", "cwd": {}}',
        b'{"model": {"display_name": 1}, "cost": {"total_cost_usd": "1"}, "cwd": true}',
        b'{"context_window": {"remaining_percentage": "50", "total_input_tokens": true}}',
        b'{"context_window": {"remaining_percentage": 1e999}, "cost": {"total_cost_usd": -1e999}}',
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"model": {"display_name": "a\x00b"}}',
    ],
)
def test_nothing_usable_in_the_payload(data: bytes) -> None:
    said = payload.parse(data)
    assert (said.model, said.current_dir, said.cwd) == ("", "", "")
    assert (said.tokens, said.cost, said.remaining) == (None, None, None)


@pytest.mark.parametrize(
    ("data", "model"),
    [
        (b'{"model": {"display_name": "Opus", "name": "o"}}', "Opus"),
        (b'{"model": {"display_name": "", "name": "o"}}', "o"),
        (b'{"model": {"display_name": null, "name": "o"}}', "o"),
        (b'{"model": "bare"}', "bare"),
        (b'\xef\xbb\xbf{"model": {"name": "bom"}}', "bom"),
        (b'{"model": {"name": "bad\xff"}}', "bad\ufffd"),
        (b'{"model": {"name": "one"}} {"model": {"name": "two"}}', "one"),
        (b'{"model": {"name": "a } \\" } \\\\"}}\nlog line', 'a } " } \\'),
        (b'{"model": {"name": "big"}, "x": "' + b"y" * (3 << 20) + b'"}', "big"),
    ],
)
def test_model(data: bytes, model: str) -> None:
    assert payload.parse(data).model == model


def test_lone_surrogate_does_not_raise() -> None:
    said = payload.parse(rb'{"model": {"name": "x\ud800y"}, "cwd": "/p"}')
    assert clean(said.model).startswith("x\ufffd") and said.cwd == "/p"


@pytest.mark.parametrize(
    ("window", "remaining", "tokens"),
    [
        (b'{"remaining_percentage": 35.4, "used_percentage": 1}', 35.4, None),
        (b'{"remaining_percentage": null, "used_percentage": 8}', 92, None),
        (b'{"used_percentage": null}', None, None),
        (b'{"total_input_tokens": 20000, "total_output_tokens": 5300}', None, 25300),
        (b'{"total_output_tokens": 5300}', None, 5300),
    ],
)
def test_context_window(window: bytes, remaining: float | None, tokens: int | None) -> None:
    said = payload.parse(b'{"context_window": ' + window + b"}")
    assert (said.remaining, said.tokens) == (remaining, tokens)


# --- standard input --------------------------------------------------------------------------------------


@pytest.fixture(params=["select", "thread"])
def pipe(request: pytest.FixtureRequest) -> Iterator[tuple[int, stdin.NextChunk]]:
    """The writing end of a pipe that nobody closes, and a reader of the other end."""
    if request.param == "select" and os.name == "nt":
        pytest.skip("select() takes only sockets on Windows")
    reader, writer = os.pipe()
    yield writer, stdin.by_select(reader) if request.param == "select" else stdin.by_thread(reader)
    os.close(writer)
    if request.param == "select":
        os.close(reader)  # the other way its thread still reads it


def test_reading_ends_with_a_complete_object(
    pipe: tuple[int, stdin.NextChunk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdin, "FIRST_BYTE_SECONDS", 60)
    monkeypatch.setattr(stdin, "TOTAL_SECONDS", 60)
    writer, next_chunk = pipe
    os.write(writer, b'\xef\xbb\xbf{"a": {"b": "}"}}\n')
    started = time.monotonic()
    assert stdin._collect(payload.is_complete, next_chunk).endswith(b'{"a": {"b": "}"}}\n')
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("written", "least"), [(b"", 0.3), (b'{"a": 1', 0.3), (b"not json", 0.05), (b'{"a": {}', 0.3)]
)
def test_reading_ends_with_a_silence(
    pipe: tuple[int, stdin.NextChunk], written: bytes, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdin, "FIRST_BYTE_SECONDS", 0.3)
    monkeypatch.setattr(stdin, "QUIET_SECONDS", 0.05)
    writer, next_chunk = pipe
    os.write(writer, written)
    started = time.monotonic()
    assert stdin._collect(payload.is_complete, next_chunk) == written
    assert time.monotonic() - started >= least * 0.9


def test_reading_ends_at_the_deadline_and_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdin, "MAX_BYTES", 10)
    assert stdin._collect(payload.is_complete, lambda seconds: b"yyyy") == b"yyyy" * 3
    monkeypatch.setattr(stdin, "TOTAL_SECONDS", 0)
    assert stdin._collect(payload.is_complete, lambda seconds: b"y" if seconds > 0 else None) == b""


def test_closed_descriptor_is_an_empty_payload() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    assert stdin.read(payload.is_complete, reader) == b""


# --- the process -----------------------------------------------------------------------------------------

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


def test_status_line_of_a_workspace(run: Run, workflow: Path) -> None:
    make_spec(workflow, "demo")
    make_index(workflow, "INSERT INTO specs VALUES('demo', 'execution', '', 5, 11, 2, 3, 0, '')").close()
    before = sorted(workflow.rglob("*"))
    inside = workflow / "specs" / "demo"
    data = f'{{"model": {{"name": "Opus"}}, "workspace": {{"current_dir": "{inside.as_posix()}"}}}}'
    done = run("statusline", data=data.encode(), NO_COLOR="1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == "Opus │ demo │ spec:demo │ wave 2/3 │ tasks 5/11"
    assert sorted(workflow.rglob("*")) == before, "the status line left something behind"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"cwd": "/no/such/folder"}',
        b'{"cwd": "a\\u0000b"}',
        b'{"x": "' + b"y" * (3 << 20) + b'"}',
    ],
    ids=["empty", "not-json", "array", "missing-folder", "nul", "3MB"],
)
def test_always_a_line_and_exit_0(run: Run, data: bytes) -> None:
    done = run("statusline", data=data)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"\x1b[2mClaude\x1b[0m \xe2\x94\x82 ")


@pytest.mark.skipif(not SAMPLES, reason="no recorded payloads here")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_recorded_payloads(run: Run, sample: Path) -> None:
    done = run("statusline", data=sample.read_bytes())
    line = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert line and SGR.sub("", line).isprintable()


def test_pipe_held_open(tmp_path: Path) -> None:
    def seconds_and_line(written: bytes) -> tuple[float, bytes]:
        started = time.monotonic()
        command = [sys.executable, str(SCRIPT), "statusline"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(written)
            process.stdin.flush()
            line = process.stdout.read()
            took = time.monotonic() - started
            assert process.wait(5) == 0
        return took, line

    with_object, opus = seconds_and_line(b'{"model": {"name": "Opus"}}')
    silent, claude = seconds_and_line(b"")
    assert b"Opus" in opus and b"Claude" in claude
    assert stdin.FIRST_BYTE_SECONDS <= silent < stdin.FIRST_BYTE_SECONDS + 1.5
    assert with_object < silent - 0.5


def test_reader_that_went_away(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "statusline"],
        input=b"{}",
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_environment(run: Run, tmp_path: Path) -> None:
    hostile = (
        b'{"model": {"name": "\\u001b]0;t\\u0007Op\\u001b[2Jus"}, "cwd": "/x/%s"}' % ("y" * 300).encode()
    )
    line = run("statusline", data=hostile, NO_COLOR="1", COLUMNS="30").stdout.decode()
    assert line == "Opus │ " + "y" * 22 + "…"
    latin = run("statusline", data=hostile, COLUMNS="30", PYTHONIOENCODING="latin-1").stdout
    assert latin == b"\x1b[2mOpus\x1b[0m | \x1b[2m" + b"y" * 22 + b"~\x1b[0m"
    assert run("statusline", data=b'{"cwd": "/p"}', COLUMNS="many", NO_COLOR="").stdout.startswith(b"\x1b[2m")
    (tmp_path / "elsewhere").mkdir()
    project = run("statusline", data=b"{}", NO_COLOR="1", CLAUDE_PROJECT_DIR=str(tmp_path / "elsewhere"))
    assert project.stdout.decode() == "Claude │ elsewhere"


@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        ([], 1, "", "usage: spw-hook"),
        (["no\x1b[31m-such\nevent"], 1, "", "Error: unknown hook event: no-such event ("),
        (["--help"], 0, "usage: spw-hook", ""),
        (["--version"], 0, "spw-hook ", ""),
    ],
)
def test_arguments(
    arguments: list[str], code: int, out: str, err: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(arguments) == code
    captured = capsys.readouterr()
    assert captured.out.startswith(out) and bool(captured.out) is bool(out)
    assert captured.err.startswith(err) and bool(captured.err) is bool(err)
    assert "\x1b" not in captured.err


def test_script_exits_1_for_unknown_events(run: Run) -> None:
    done = run("no-such-event", data=b"{}")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)


def test_a_broken_sqlite_still_gives_a_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "apsw.py").write_text("raise ImportError('no\\nSQLite here')")
    path = os.pathsep.join([str(tmp_path / "broken"), str(Path(spw_core.__file__).parents[1])])
    done = run("statusline", data=b"{}", NO_COLOR="1", PYTHONPATH=path)
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, f"Claude │ {tmp_path.name}", b"")
    (line,) = (tmp_path / "state" / "spw" / "log" / "hook.log").read_text().splitlines()
    assert "statusline: ImportError: 'no\\nSQLite here' (apsw.py:1)" in line


def test_a_failing_handler_is_logged_and_exits_0(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / ".spec-workflow").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(guard_stop, "run", lambda event, project: 1 // 0)
    assert main.main(["guard-stop"]) == 0
    assert "guard-stop: ZeroDivisionError" in Path(hook_log()).read_text()


def test_internal_error_gives_the_minimal_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    def broken(_: object) -> bytes:
        raise RuntimeError("boom")

    for name, value in {"XDG_STATE_HOME": str(tmp_path), "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stdin, "read", broken)
    assert statusline.run() == 0
    assert capsysbinary.readouterr().out.decode() == f"Claude │ {tmp_path.name}"
    assert "RuntimeError: 'boom'" in Path(hook_log()).read_text()


# --- log -------------------------------------------------------------------------------------------------


def test_log_is_private_bounded_and_where_platformdirs_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert hook_log().startswith(platformdirs.user_state_dir("spw", appauthor=False))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = Path(hook_log())
    assert str(path).startswith(platformdirs.user_state_dir("spw", appauthor=False))
    log.record("statusline", ValueError("x\x1b[31m\n" * 200))
    assert path.read_text().count("\n") == 1 and "\x1b" not in path.read_text()
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    with path.open("a") as file:
        file.write("y" * log.MAX_BYTES)
    log.record("statusline", ValueError("last before the turn"))
    log.record("statusline", ValueError("first after it"))
    assert path.stat().st_size < 500
    assert "last before the turn" in path.with_name("hook.log.1").read_text()


def test_log_never_raises(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "spw").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    log.record("statusline", ValueError("lost"))
    assert (tmp_path / "spw").read_text().startswith("a file")


# --- the active spec -------------------------------------------------------------------------------------


def write_cache(workflow: Path, folder: str, text: str) -> None:
    (workflow / folder).mkdir(exist_ok=True)
    (workflow / folder / "statusline.json").write_text(text)


def checkout(workflow: Path, name: str) -> None:
    git = workflow.parent / ".git"
    git.mkdir(exist_ok=True)
    (git / "HEAD").write_text(f"ref: refs/heads/{name}\n")


def test_active_spec_order(workflow: Path) -> None:
    assert find_spec(workflow) == ""
    make_spec(workflow, "old", 1_000, "requirements.md")
    make_spec(workflow, "new", 2_000)
    (workflow / "specs" / "without-documents").mkdir()
    assert find_spec(workflow) == "new"
    checkout(workflow, "feat/old")
    assert find_spec(workflow) == "old"
    write_cache(workflow, ".oraculo-cache", '{"ts": 10, "spec": "new"}')
    assert find_spec(workflow) == "new"
    write_cache(workflow, ".spw-cache", '{"ts": 11, "spec": "old", "sticky": "true"}')
    assert find_spec(workflow) == "old"
    write_cache(workflow, ".spw-cache", '{"ts": 12, "spec": "vanished"}')
    assert find_spec(workflow) == "new"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"spec": "b"}',
        '{"ts": 0, "spec": "b"}',
        '{"ts": "9", "spec": "b"}',
        '{"ts": 9, "spec": 1}',
        '{"ts": 9, "spec": ""}',
        '{"ts": 9, "spec": "."}',
        '{"ts": 9, "spec": "../specs/b"}',
    ],
)
def test_cache_that_says_nothing(workflow: Path, text: str) -> None:
    make_spec(workflow, "a", 2_000)
    make_spec(workflow, "b", 1_000)
    write_cache(workflow, ".spw-cache", text)
    assert find_spec(workflow) == "a"


def test_cache_age_counts_unless_sticky(workflow: Path) -> None:
    make_spec(workflow, "a", 2_000)
    make_spec(workflow, "b", 1_000)
    not_sticky = Settings({"statusline.sticky_spec": "false", "statusline.cache_ttl_seconds": "10"})
    write_cache(workflow, ".spw-cache", f'{{"ts": {int((time.time() - 5) * 1000)}, "spec": "b"}}')
    assert find_spec(workflow, not_sticky) == "b"
    write_cache(workflow, ".spw-cache", f'{{"ts": {int((time.time() - 15) * 1000)}, "spec": "b"}}')
    assert find_spec(workflow, not_sticky) == "a"
    assert find_spec(workflow) == "b"


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("feat/user-auth", "user-auth"),
        ("user-auth", "user-auth"),
        ("ana/user-auth-v2-fix", "user-auth-v2"),
        ("fix-user-auth-login", "user-auth"),
        ("spec/auth", "auth"),
        ("superuser-authority", ""),
        ("main", ""),
        ("..", ""),
    ],
)
def test_branch_names_a_spec(workflow: Path, name: str, spec: str) -> None:
    for existing in ("auth", "user-auth", "user-auth-v2"):
        make_spec(workflow, existing)
    assert branch.spec_of_branch(name, str(workflow / "specs")) == spec


def test_long_branch_names_stay_cheap() -> None:
    assert len(branch.candidates("-".join(map(str, range(500))))) < 100


def test_current_branch(workflow: Path, tmp_path: Path) -> None:
    project = workflow.parent
    assert branch.current_branch(str(workflow)) == ""
    checkout(workflow, "feat/x-1")
    assert branch.current_branch(str(workflow / "specs")) == "feat/x-1"
    (project / ".git" / "HEAD").write_text("0123456789abcdef0123456789abcdef01234567\n")
    assert branch.current_branch(str(project)) == ""
    real = project / ".git" / "worktrees" / "tree"
    real.mkdir(parents=True)
    (real / "HEAD").write_text("ref: refs/heads/in-tree\n")
    for pointer in (str(real), "../my-repo/.git/worktrees/tree"):
        tree = tmp_path / "tree"
        tree.mkdir(exist_ok=True)
        (tree / ".git").write_text(f"gitdir: {pointer}\n")
        assert branch.current_branch(str(tree)) == "in-tree"


def test_many_specs_are_answered_by_the_index(workflow: Path) -> None:
    for number in range(active.SCAN_LIMIT + 5):
        make_spec(workflow, f"spec-{number:03}", 1_000 + number)
    assert find_spec(workflow) == "", "without an index there is no bounded way to know"
    make_index(
        workflow,
        "INSERT INTO specs(name, updated_at) VALUES('spec-007', '2026-01-02'), ('spec-008', '2026-01-01'),"
        " ('vanished', '2026-01-03')",
    ).close()
    assert find_spec(workflow) == "spec-007"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize(
    "pipe",
    [
        *(".spec-workflow/.spw-index.db", ".spec-workflow/.spw-cache/statusline.json"),
        *(".git", ".git/HEAD", "state/spw/log/hook.log"),
    ],
)
def test_named_pipe_does_not_block(
    workflow: Path, run: Callable[..., subprocess.CompletedProcess[bytes]], pipe: str
) -> None:
    make_spec(workflow, "demo")
    path = workflow.parent / pipe
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    if "hook.log" in pipe:  # something to log
        (workflow / ".spw-index.db").write_bytes(b"SQLite format 3\x00" + b"garbage " * 900)
    done = run(
        "statusline",
        cwd=workflow.parent,
        NO_COLOR="1",
        PYTHONUTF8="1",
        XDG_STATE_HOME=str(workflow.parent / "state"),
    )
    assert done.returncode == 0
    assert done.stdout.decode() == "Claude │ my-repo │ spec:demo"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("companions", [("-wal",), ("-wal", "-shm"), ("-journal",)])
def test_named_pipe_beside_the_index_does_not_block(
    workflow: Path, run: Callable[..., subprocess.CompletedProcess[bytes]], companions: tuple[str, ...]
) -> None:
    make_spec(workflow, "demo")
    make_index(workflow, "INSERT INTO specs(name, stage) VALUES('demo', 'design')").close()
    for companion in companions:
        os.mkfifo(workflow / f".spw-index.db{companion}")
    done = run("statusline", cwd=workflow.parent, NO_COLOR="1", PYTHONUTF8="1")
    assert done.stdout.decode() == "Claude │ my-repo │ spec:demo │ design"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe_as_journal_of_an_index_in_use(workflow: Path) -> None:
    """In rollback mode SQLite looks for a hot journal, but not where it is told that nothing can change."""
    make_index(
        workflow, "INSERT INTO specs(name, stage) VALUES('demo', 'design')", "PRAGMA journal_mode=delete"
    ).close()
    for companion in ("-wal", "-shm"):
        (workflow / f".spw-index.db{companion}").touch()
    os.mkfifo(workflow / ".spw-index.db-journal")
    assert Index(str(workflow)).progress("demo").stage == "design"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_with_a_writer_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    os.write(writer, b"x")
    assert places.read_small(str(tmp_path / "pipe")) == b""
    os.close(writer)


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert places.session_dir("", "/no/such/folder", "a\x00b") == str(tmp_path)
    assert places.session_dir(str(tmp_path / ".." / tmp_path.name)) == str(tmp_path)
    assert [places.base_name(path) for path in ("/a/b", "/a/b/", "/", "C:\\x\\y", "b")] == [
        "b",
        "b",
        "/",
        "y",
        "b",
    ]
    monkeypatch.setattr(os, "getcwd", lambda: (_ for _ in ()).throw(FileNotFoundError()))
    assert places.session_dir() == "" and places.upward("", ".git") == ""


# --- the index -------------------------------------------------------------------------------------------


def test_index_in_use_is_read_live_and_left_alone(workflow: Path) -> None:
    writer = make_index(workflow, "INSERT INTO specs(name, tasks_done, tasks_total) VALUES('demo', 1, 2)")
    before = sorted(os.listdir(workflow))
    assert "-wal" in before[1] + before[2]
    with writer:
        writer.execute("UPDATE specs SET tasks_done = 99")
        assert Index(str(workflow)).progress("demo").tasks_done == 1
    assert Index(str(workflow)).progress("demo").tasks_done == 99
    assert sorted(os.listdir(workflow)) == before
    writer.close()


def test_odd_values_in_the_index(workflow: Path) -> None:
    make_index(workflow, "INSERT INTO specs VALUES('x', 7, NULL, 'many', -1, NULL, 2.5, x'ff', NULL)").close()
    progress = Index(str(workflow)).progress("x")
    assert progress.stage == "7"
    assert (progress.tasks_done, progress.tasks_total, progress.wave, progress.waves_total) == (0, 0, 0, 0)
    assert Index(str(workflow)).progress("unknown").stage == ""


@pytest.mark.parametrize(
    "kind", ["garbage", "folder", "link to nothing", "other-tables", "endless-view", "empty"]
)
def test_unusable_index_is_no_index(
    workflow: Path, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = workflow / ".spw-index.db"
    if kind == "folder":
        path.mkdir()
    elif kind == "link to nothing":
        path.symlink_to("nowhere")
    elif kind in ("garbage", "empty"):
        path.write_bytes(b"SQLite format 3\x00" + b"garbage " * 900 if kind == "garbage" else b"")
    else:
        with apsw.Connection(str(path)) as connection:
            connection.execute(
                "CREATE TABLE specs(name TEXT, db_path TEXT)"
                if kind == "other-tables"
                else "CREATE VIEW specs AS SELECT name, name AS updated_at FROM ("
                "WITH RECURSIVE n(name) AS (SELECT 1 UNION ALL SELECT name + 1 FROM n) SELECT name FROM n)"
            )
        connection.close()
    started = time.monotonic()
    index = Index(str(workflow))
    assert index.latest() == [] and index.progress("x").tasks_total == 0
    assert index.compiled_config() == {} and index.attention("x") == [] and index.next_step("x") == ""
    assert time.monotonic() - started < 20
    assert (tmp_path / "state" / "spw" / "log" / "hook.log").exists() is (kind in ("garbage", "endless-view"))


def test_index_path_with_uri_characters(tmp_path: Path) -> None:
    odd = tmp_path / "a?b#c%20d" / ".spec-workflow"
    odd.mkdir(parents=True)
    make_index(odd, "INSERT INTO specs(name, stage) VALUES('demo', 'design')").close()
    assert Index(str(odd)).progress("demo").stage == "design"

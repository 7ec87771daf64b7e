"""`spw hooks`: what it writes into Claude Code's settings, and that everybody else's bytes stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.cli import main as run
from spw_core.install import files
from spw_core.install.commands import (
    REGISTRATIONS,
    all_settings,
    hook_program,
    is_go,
    is_ours,
    missing_program,
)
from spw_core.install.files import install, installation_problems, settings_path, uninstall
from spw_core.install.json_edit import JsonError, parse, value_of
from spw_core.install.settings import SettingsError, contents, installed, uninstalled

PROGRAM = "/opt/spw/bin/spw-hook"

FOREIGN = """{
    "permissions": {"allow": ["Bash(git *)"],   "deny": []},
    "hooks": {
        "Stop": [ {"matcher": ".*", "hooks": [ {"type": "command", "command": "other", "async": true} ] } ],
        "PostToolUse": [
            {
                "hooks": [{"type": "prompt", "prompt": "é \\u00e9?"}],
                "unknown": 1.50e3
            }
        ]
    },
    "z": null
}
"""
GO = {
    "hooks": {
        "SessionStart": [
            {
                "matcher": "startup|resume",
                "hooks": [{"type": "command", "command": "oraculo hook session-start"}],
            }
        ],
        "Stop": [
            {
                "matcher": ".*",
                "hooks": [
                    {"type": "command", "command": "/usr/local/bin/spw hook guard-stop"},
                    {"type": "command", "command": "mine"},
                ],
            }
        ],
    },
    "statusLine": {"type": "command", "command": "spw hook statusline"},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The settings file of a project, which does not exist yet."""
    return tmp_path / "project" / ".claude" / "settings.json"


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return text


# --- recognising -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "ours", "go"),
    [
        ("spw-hook guard-stop", True, False),
        ("/a/b/spw-hook statusline", True, False),
        ("'/a b/spw-hook' statusline", True, False),
        ("C:\\tools\\spw-hook.exe statusline", True, False),
        ("C:/py/python.exe -P -m spw_core.hook post-tool", True, False),
        ("my-spw-hook guard-stop", False, False),
        ("spw-hook guard-stop; notify-send done", False, False),
        ("spw-hook guard-stop && mine.sh", False, False),
        ("spw-hook guard-stop\nmine.sh", False, False),
        ("spw-hook statusline | sed s/a/b/", False, False),
        ("spw-hook guard-stop\n", True, False),
        ("oraculo hook guard-stop || mine.sh", False, False),
        ("node ./.claude/hooks/spw-statusline.js | mine.sh", False, False),
        ("echo spw-hook", False, False),
        ("spw hook guard-stop", False, True),
        ("/x/oraculo hook statusline", False, True),
        ("spw harvest --all", False, False),
        ("node ./.claude/hooks/spw-statusline.js", False, True),
        ("node ./.claude/hooks/other.js", False, False),
        ("unbalanced ' quote", False, False),
        ("", False, False),
        (None, False, False),
        (["spw-hook"], False, False),
    ],
)
def test_commands_are_recognised_by_their_program(command: object, ours: bool, go: bool) -> None:
    assert (is_ours(command), is_go(command)) == (ours, go)


def test_the_program_is_absolute_and_runs() -> None:
    done = subprocess.run(
        f"{hook_program()} --version", shell=True, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("spw-hook ")
    assert is_ours(f"{hook_program()} statusline") and not missing_program(hook_program(), Path("/"))
    assert missing_program("/no/such/spw-hook statusline", Path("/")) == "/no/such/spw-hook"


# --- editing ---------------------------------------------------------------------------------------------


def test_everything_is_registered_once(path: Path) -> None:
    text = installed("", PROGRAM)
    assert json.loads(text) == all_settings(PROGRAM)
    assert installed(text, PROGRAM) == text
    assert contents(text).missing == () and contents(text).doubled == ()


def test_foreign_entries_keep_their_bytes_and_order() -> None:
    text = installed(FOREIGN, PROGRAM)
    before, after = json.loads(FOREIGN), json.loads(text)
    assert list(after) == [*before, "statusLine"]
    assert list(after["hooks"])[:2] == ["Stop", "PostToolUse"]
    assert after["hooks"]["Stop"][0] == before["hooks"]["Stop"][0]
    for line in (
        '"permissions": {"allow": ["Bash(git *)"],   "deny": []}',
        '"prompt": "é \\u00e9?"',
        "1.50e3",
    ):
        assert line in text
    assert uninstalled(text) == FOREIGN


def test_ours_of_another_place_are_replaced_and_doubles_removed() -> None:
    old = installed(FOREIGN, "/old/venv/bin/spw-hook")
    text = installed(old, PROGRAM)
    assert "/old/venv" not in text
    assert json.loads(text)["statusLine"]["command"] == f"{PROGRAM} statusline"
    twice = json.loads(text)
    for groups in twice["hooks"].values():
        groups.append(groups[-1])
    again = contents(installed(json.dumps(twice), PROGRAM))
    assert again.doubled == () and again.missing == ()


def test_a_group_that_is_shared_loses_ours_alone() -> None:
    shared = {"hooks": {"Stop": [{"hooks": [{"command": f"{PROGRAM} guard-stop"}, {"command": "mine"}]}]}}
    assert json.loads(uninstalled(json.dumps(shared))) == {
        "hooks": {"Stop": [{"hooks": [{"command": "mine"}]}]}
    }


def test_entries_of_the_go_tool_stay_until_asked() -> None:
    text = json.dumps(GO, indent=2)
    kept = contents(installed(text, PROGRAM))
    assert [command for _, _, command in kept.go] == [
        "oraculo hook session-start",
        "/usr/local/bin/spw hook guard-stop",
    ]
    assert kept.status_line == "spw hook statusline"
    replaced = installed(text, PROGRAM, replace_go=True)
    assert contents(replaced).go == () and contents(replaced).status_line == f"{PROGRAM} statusline"
    assert json.loads(replaced)["hooks"]["Stop"][0]["hooks"] == [{"type": "command", "command": "mine"}]


def test_a_foreign_status_line_stays() -> None:
    text = '{"statusLine": {"type": "command", "command": "ccstatusline"}}'
    after = installed(text, PROGRAM)
    assert contents(after).status_line == "ccstatusline"
    assert uninstalled(after) == text


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "not json",
        '{"a": 1} x',
        '{"a": 1,}',
        "// comment\n{}",
        '{"a": 01}',
        '{"a": NaN}',
        '{"a": "\t"}',
        "[]",
        "null",
        '{"hooks": []}',
        '{"hooks": {"Stop": {}}}',
        '{"hooks": {"Stop": ["spw-hook"]}}',
        '{"hooks": {"Stop": [{"hooks": {}}]}}',
        '{"hooks": {"Stop": [{"hooks": ["x"]}]}}',
        '{"hooks": {}, "hooks": {}}',
        "[" * 500,
    ],
)
def test_what_is_not_understood_is_refused(text: str, path: Path) -> None:
    write(path, text)
    for change in (install, uninstall):
        with pytest.raises(SettingsError):
            change(path)
        assert path.read_text() == text and list(path.parent.iterdir()) == [path]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
HANDLER = st.fixed_dictionaries(
    {
        "type": st.just("command"),
        "command": st.sampled_from(["other", "echo spw-hook", "spw hook guard-stop"]),
    }
)
GROUP = st.fixed_dictionaries(
    {"hooks": st.lists(HANDLER, min_size=1, max_size=2)}, optional={"matcher": st.text()}
)
HOOKS = st.dictionaries(
    st.sampled_from(["Stop", "PreToolUse", "Notification"]),
    st.lists(GROUP, min_size=1, max_size=2),
    min_size=1,
)
SETTINGS = st.fixed_dictionaries(
    {}, optional={"model": JSON, "hooks": HOOKS, "env": JSON, "statusLine": st.just({"command": "theirs"})}
)


@given(SETTINGS, st.sampled_from([None, 0, 1, 2, 4, "\t"]), st.booleans(), st.booleans())
def test_installing_and_uninstalling_gives_back_every_byte(
    settings: dict[str, object], indent: int | str | None, crlf: bool, final_newline: bool
) -> None:
    text = json.dumps(settings, indent=indent, ensure_ascii=False) + ("\n" if final_newline else "")
    text = text.replace("\n", "\r\n") if crlf else text
    after = installed(text, PROGRAM)
    assert installed(after, PROGRAM) == after
    merged = json.loads(after)
    for key, value in settings.items():
        if key != "hooks":
            assert merged[key] == value
    assert contents(after).missing == ()
    assert "\r\n" not in text or "\n" not in after.replace("\r\n", "")
    assert uninstalled(after) == text


@given(JSON, st.sampled_from([None, 2]))
def test_the_parser_agrees_with_the_library(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert value_of(text, parse(text)) == value


@given(st.text(alphabet='{}[]",:0e+-.\\u truefalsnul\n', max_size=30))
def test_the_parser_takes_nothing_that_the_library_refuses(text: str) -> None:
    try:
        node = parse(text)
    except JsonError:
        return
    assert value_of(text, node) == json.loads(text)


# --- files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before", ["{}", "{ }\n", '{"hooks": {}}', '{\n  "hooks": {"Stop": []}\n}\n', FOREIGN]
)
def test_uninstall_restores_the_file_byte_for_byte(path: Path, before: str) -> None:
    write(path, before)
    path.chmod(0o600)
    change = install(path)
    assert change.backup is not None and change.backup.read_text() == before
    assert change.backup.stat().st_mode & 0o777 == 0o600 or os.name == "nt"
    assert not install(path).is_change
    assert uninstall(path).is_change
    assert path.read_bytes().decode() == before and list(path.parent.iterdir()) == [path]
    assert not uninstall(path).is_change


def test_a_file_that_install_made_is_gone_afterwards(path: Path) -> None:
    assert install(path).before is None
    assert uninstall(path).after is None
    assert not path.exists()
    assert not uninstall(path).is_change


def test_what_was_changed_in_between_is_kept(path: Path) -> None:
    write(path, FOREIGN)
    install(path)
    changed = json.loads(path.read_text())
    changed["model"] = "opus"
    changed["hooks"]["Stop"].append({"hooks": [{"type": "command", "command": "new"}]})
    path.write_text(json.dumps(changed, indent=1))
    change = uninstall(path)
    after = json.loads(path.read_text())
    assert after["model"] == "opus" and "spw-hook" not in path.read_text()
    assert [group["hooks"][0]["command"] for group in after["hooks"]["Stop"]] == ["other", "new"]
    assert change.backup is not None and change.backup.read_text() == FOREIGN


def test_a_byte_order_mark_stays(path: Path) -> None:
    write(path, "\ufeff{}")
    install(path)
    assert path.read_text().startswith("\ufeff{")
    uninstall(path)
    assert path.read_text() == "\ufeff{}"


def test_a_link_is_followed_and_stays(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "claude.json"
    write(real, FOREIGN)
    path.parent.mkdir(parents=True)
    path.symlink_to(real)
    install(path)
    assert path.is_symlink() and "spw-hook" in real.read_text()
    uninstall(path)
    assert path.is_symlink() and real.read_text() == FOREIGN


def test_somebody_else_writes_at_the_same_moment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, "{}")
    replace_file = files.replace_file

    def late(target: Path, data: bytes, **options: bytes | None) -> None:
        if target == path and path.read_text() == "{}":
            path.write_text('{"model": "theirs"}')
        replace_file(target, data, **options)

    monkeypatch.setattr(files, "replace_file", late)
    install(path)
    after = json.loads(path.read_text())
    assert after["model"] == "theirs" and len(after["hooks"]) == len(REGISTRATIONS)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything")
def test_a_write_protected_file_is_left_alone(path: Path) -> None:
    write(path, "{}")
    path.chmod(0o400)
    with pytest.raises(files.SpwError):
        install(path)
    assert path.read_text() == "{}"


def test_a_write_protected_file_gets_no_backup(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, "{}")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(files.SpwError, match="write-protected"):
        install(path)
    assert list(path.parent.iterdir()) == [path] and path.read_text() == "{}"


def test_a_folder_that_cannot_be_made_is_said(path: Path) -> None:
    path.parents[1].mkdir()
    path.parent.write_text("no folder")
    with pytest.raises(files.SpwError, match="cannot write"):
        install(path)
    assert path.parent.read_text() == "no folder"


def test_what_somebody_writes_before_the_file_is_removed_stays(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(path)
    locked = files.locked

    def late(folder: Path) -> AbstractContextManager[None]:
        monkeypatch.setattr(files, "locked", locked)
        path.write_text('{"model": "theirs"}')
        return locked(folder)

    monkeypatch.setattr(files, "locked", late)
    uninstall(path)
    assert json.loads(path.read_text()) == {"model": "theirs"}


def test_problems_of_an_installation(path: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = path.parents[1]
    assert list(installation_problems(root)) == []
    install(path)
    assert list(installation_problems(root)) == []
    settings = json.loads(path.read_text())
    del settings["hooks"]["Stop"]
    settings["disableAllHooks"] = True
    write(path, json.dumps(settings).replace(hook_program(), "/gone/spw-hook"))
    write(settings_path("local", root), "{")
    write(settings_path("user", root), json.dumps(all_settings(hook_program()) | {"x": GO}))
    told = [text for text, _ in installation_problems(root)]
    for part in ("does not exist", "lacks guard-stop", "disableAllHooks", "not valid JSON", "several"):
        assert any(part in text for text in told), (part, told)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(private_home / "elsewhere"))
    assert settings_path("user", root) == private_home / "elsewhere" / "settings.json"


# --- the command -----------------------------------------------------------------------------------------


@pytest.fixture
def spw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run `spw hooks` in a project with a workspace."""
    (tmp_path / "project" / ".spec-workflow" / "specs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project" / ".spec-workflow")
    return lambda *arguments: run(["hooks", *arguments])


@pytest.mark.parametrize("scope", ["user", "project", "local"])
def test_scopes(
    spw: Callable[..., int],
    tmp_path: Path,
    private_home: Path,
    scope: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = private_home if scope == "user" else tmp_path / "project"
    file = folder / ".claude" / ("settings.local.json" if scope == "local" else "settings.json")
    assert spw("install", f"--{scope}", "--dry-run") == 0
    assert "+" in capsys.readouterr().out and not file.exists()
    assert spw("install", f"--{scope}") == 0
    assert str(file) in capsys.readouterr().out and len(contents(file.read_text()).ours) == len(REGISTRATIONS)
    assert spw("status", "--json") == 0
    status = json.loads(capsys.readouterr().out)
    assert status["ok"] and [f["status_line"] for f in status["files"] if f["scope"] == scope] == ["spw"]
    assert spw("uninstall", f"--{scope}", "--json") == 0
    assert json.loads(capsys.readouterr().out)["changed"] and not file.exists()


def test_print_is_what_install_writes(
    spw: Callable[..., int], private_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spw("print") == 0
    printed = json.loads(capsys.readouterr().out)
    assert spw("install") == 0
    assert json.loads((private_home / ".claude" / "settings.json").read_text()) == printed


def test_status_and_errors_in_plain_words(
    spw: Callable[..., int], private_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spw("status") == 0
    assert "not installed" in capsys.readouterr().out
    write(private_home / ".claude" / "settings.json", '{"hooks": {"Stop": \x1b}')
    assert spw("install") == 1
    error = capsys.readouterr().err
    assert "not valid JSON: line 1" in error and "\x1b" not in error
    assert spw("uninstall", "--project") == 0
    assert "there was no hook" in capsys.readouterr().out


def test_every_registered_command_is_an_event_that_the_hook_knows(private_home: Path) -> None:
    for entry in REGISTRATIONS:
        command = [sys.executable, "-m", "spw_core.hook", entry.event]
        done = subprocess.run(command, input=b"{}", capture_output=True, check=True)
        assert (done.stdout, done.stderr) == (b"", b""), entry

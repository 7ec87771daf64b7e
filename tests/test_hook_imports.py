"""The import budget of the hook: what each event loads beyond `python -c pass` is its list and no more."""

from __future__ import annotations

import json
import os
from pathlib import Path

import apsw
import pytest

import spw_core.hook
from spw_core.api import Workspace
from spw_core.store.gateway import writing_gateway

from .support import modules_after

SCRIPT = Path(spw_core.hook.__file__).parent / "script" / "spw-hook"

# What all events share, the status line's part, and the guards'.
COMMON = "main payload stdin places project settings index active branch".split()
STATUSLINE = [*COMMON, *"statusline facts render text".split()]
GUARD = [*COMMON, *"event answer audit text".split()]
TRANSCRIPT: dict[str, object] = {"session_id": "s", "transcript_path": "/t"}
PAYLOADS: dict[str, tuple[dict[str, object], list[str]]] = {
    "statusline": (
        {"model": {"display_name": "Opus"}, "context_window": {"remaining_percentage": 50}},
        STATUSLINE,
    ),
    "guard-prompt": ({"prompt": "/spw:exec alpha"}, [*GUARD, "guard_prompt", "files"]),
    "guard-paths": ({"tool_name": "Write", "tool_input": {"file_path": "x.md"}}, [*GUARD, "guard_paths"]),
    "guard-stop": ({"stop_hook_active": False}, [*GUARD, "guard_stop", "runs"]),
    "subagent-stop": ({"agent_id": "a"}, [*GUARD, "background", "guard_stop", "runs"]),
    "post-tool": (
        {"tool_name": "Write", "tool_input": {"file_path": "x.md"}},
        [*GUARD, "background", "guard_paths"],
    ),
    "pre-compact": (
        {"session_id": "s", "transcript_path": "/t"},
        [*GUARD, "background", "files", "detach", "log"],
    ),
    "session-end": (
        {"session_id": "s", "transcript_path": "/t"},
        [*GUARD, "background", "files", "detach", "log"],
    ),
    "session-start": ({"source": "startup"}, [*GUARD, "session_start", "files", "render"]),
}
OTHERS = {"apsw", "gc", "select", "spw_core", "spw_core.hook"} | {
    f"spw_core.{name}" for name in ("config_identity", "names", "user_dirs")
}
# Most of these would be caught by the list too; they are named because they are the tempting ones.
FORBIDDEN = {
    *("__future__", "argparse", "contextlib", "dataclasses", "datetime", "enum", "functools"),
    *("importlib.metadata", "inspect", "json", "logging", "numpy", "pathlib", "platformdirs", "re", "rich"),
    *("sqlite3", "subprocess", "threading", "tomllib", "traceback", "typing"),
}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment whose project has two specs, a run, a branch, a configuration and a harvested index."""
    specs = tmp_path / ".spec-workflow" / "specs"
    for name in ("alpha", "beta"):
        (specs / name).mkdir(parents=True)
        (specs / name / "tasks.md").write_text("- [ ] 1 x\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".spec-workflow" / "spw-config.toml").write_text("[statusline]\nsticky_spec = true\n")
    for folder in (".spw-cache", ".spw-memory/queue", "user-templates/variants"):
        (tmp_path / ".spec-workflow" / folder).mkdir(parents=True)
    (tmp_path / ".spec-workflow" / ".spw-cache" / "statusline.json").write_text('{"ts": 1, "spec": "gone"}')
    (tmp_path / ".spec-workflow" / "user-templates" / "variants" / "tasks-template.tdd-off.md").write_text(
        "x"
    )
    Workspace.open(tmp_path).harvest()
    with writing_gateway():
        pass
    return {**os.environ, "CLAUDE_PROJECT_DIR": str(tmp_path)}


@pytest.mark.parametrize("event", PAYLOADS)
def test_an_event_imports_only_what_is_listed(event: str, env: dict[str, str]) -> None:
    payload, ours = PAYLOADS[event]
    data = json.dumps({**payload, "cwd": env["CLAUDE_PROJECT_DIR"]}).encode()
    bare = modules_after("-c", "pass", env=env)
    brought_by_apsw = modules_after("-c", "import apsw", env=env) - bare
    modules_after(str(SCRIPT), event, env=env, data=data)  # compiles the configuration, once
    brought = modules_after(str(SCRIPT), event, env=env, data=data) - bare
    assert f"spw_core.hook.{ours[-1]}" in brought, "the test does not walk the whole path"
    assert brought - brought_by_apsw <= OTHERS | {f"spw_core.hook.{name}" for name in ours}
    assert not brought & FORBIDDEN


def test_the_configuration_is_read_once_for_each_change(env: dict[str, str]) -> None:
    root = Path(env["CLAUDE_PROJECT_DIR"])
    config = root / ".spec-workflow" / "spw-config.toml"

    def reads_toml() -> bool:
        return "tomllib" in modules_after(str(SCRIPT), "statusline", env=env)

    assert reads_toml()
    assert not reads_toml()
    config.write_text("[statusline]\nsticky_spec = false\n")
    assert reads_toml()
    assert not reads_toml()
    index = apsw.Connection(str(root / ".spec-workflow" / ".spw-index.db"))
    rows = dict(index.execute("SELECT key, value FROM compiled_config").fetchall())
    index.close()
    assert rows["statusline.sticky_spec"] == "false" and rows["hooks.enforcement_mode"] == "warn"


def test_unknown_event_does_not_load_sqlite(env: dict[str, str]) -> None:
    code = "from spw_core.hook.main import main; assert main(['no-such-event']) == 1"
    assert "apsw" not in modules_after("-c", code, env=env)

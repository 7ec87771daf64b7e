"""The import budget of the status line: what it loads beyond `python -c pass` is this list and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

import spw_core.hook

SCRIPT = Path(spw_core.hook.__file__).parent / "script" / "spw-hook"

OURS = {"spw_core", "spw_core.names", "spw_core.hook"} | {
    f"spw_core.hook.{path.stem}"
    for path in SCRIPT.parents[1].glob("*.py")
    if path.stem not in ("__init__", "__main__", "log")
}
OTHERS = {"apsw", "gc", "select"}
# Most of these would be caught by the list too; they are named because they are the tempting ones.
FORBIDDEN = {
    *("__future__", "argparse", "contextlib", "dataclasses", "datetime", "enum", "functools"),
    *("importlib.metadata", "inspect", "json", "logging", "numpy", "pathlib", "platformdirs", "re", "rich"),
    *("sqlite3", "subprocess", "threading", "tomllib", "traceback", "typing"),
}


def modules_after(*command: str, env: dict[str, str]) -> set[str]:
    """Names in `sys.modules` when a Python process with these arguments has done its work."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        input=b'{"model": {"display_name": "Opus"}, "context_window": {"remaining_percentage": 50}}',
        capture_output=True,
        env=env,
        check=True,
    )
    lines = done.stderr.decode().splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")} - {
        "imported package"
    }


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment whose project has two specs, a git branch, a cache file and an index."""
    specs = tmp_path / ".spec-workflow" / "specs"
    for name in ("alpha", "beta"):
        (specs / name).mkdir(parents=True)
        (specs / name / "tasks.md").write_text("- [ ] 1 x\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    cache = tmp_path / ".spec-workflow" / ".spw-cache"
    cache.mkdir()
    (cache / "statusline.json").write_text('{"ts": 1, "spec": "gone"}')
    index = apsw.Connection(str(tmp_path / ".spec-workflow" / ".spw-index.db"))
    index.execute("CREATE TABLE compiled_config(key TEXT PRIMARY KEY, value TEXT)")
    index.close()
    return {**os.environ, "CLAUDE_PROJECT_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}


def test_status_line_imports_only_what_is_listed(env: dict[str, str]) -> None:
    bare = modules_after("-c", "pass", env=env)
    brought_by_apsw = modules_after("-c", "import apsw", env=env) - bare
    brought = modules_after(str(SCRIPT), "statusline", env=env) - bare
    assert brought >= OURS, "the test does not walk the whole path"
    assert brought - brought_by_apsw <= OURS | OTHERS
    assert not brought & FORBIDDEN


def test_unknown_event_does_not_load_sqlite(env: dict[str, str]) -> None:
    code = "from spw_core.hook.main import main; assert main(['no-such-event']) == 1"
    assert "apsw" not in modules_after("-c", code, env=env)

"""Whatever a payload holds: a right exit code, valid output or none, and no error of the hook's own."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.hook import detach, main, stdin
from spw_core.hook.main import HANDLERS
from spw_core.user_dirs import hook_log
from tests.hook_support import configure, run_script
from tests.support import write_run

pytestmark = pytest.mark.prove

EVENTS = [*HANDLERS, "statusline", ""]
NAMES = ["Stop", "PreToolUse", "UserPromptSubmit", "SessionStart", "SessionEnd", "PreCompact", "Status", "x"]
KEYS = """
hook_event_name session_id cwd workspace current_dir workspace_roots prompt tool_name tool_input toolInput
toolArgs file_path path notebook_path command stop_hook_active agent_id background_tasks model context_window
transcript_path source reason trigger command_name command_args cursor_version turn_id timestamp sessionId
toolName message input
""".split()
TEXTS = st.text(max_size=30) | st.sampled_from(
    [
        *NAMES,
        *("", "Write", "apply_patch", "/spw:exec", "/spw:exec alpha", "/oraculo:prd ../x", "../../etc"),
        *("a\x00b", "\ud83d", "\x1b]0;x\x07", "/spw:" * 50, "docs/PRD.md", "é" * 300, "{"),
        *(".spec-workflow/specs/alpha/tasks.md", ".spec-workflow/specs/alpha/execution/waves/wave-1/x"),
        *("*** Add File: PRD.md", '{"path": "PRD.md"}'),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | TEXTS, inner, max_size=4)
    ),
    max_leaves=20,
)
PAYLOADS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in block mode with a run that is not handed off."""
    root = tmp_path_factory.mktemp("fuzz") / "ws"
    (root / ".spec-workflow" / "specs" / "alpha").mkdir(parents=True)
    workspace = Workspace.open(root)
    configure(workspace, '[hooks]\nenforcement_mode = "block"\n')
    write_run(workspace, "specs/alpha/prd/_comms/run-001", {"a": "pass"}, handoff=False)
    return workspace


def mutated(data: bytes, changes: random.Random) -> bytes:
    """The bytes with a few of them changed, lost, doubled or cut off."""
    result = bytearray(data)
    for _ in range(changes.randrange(6)):
        position = changes.randrange(len(result) + 1)
        match changes.randrange(4):
            case 0:
                result[position : position + 1] = bytes([changes.randrange(256)])
            case 1:
                del result[position : position + changes.randrange(1, 20)]
            case 2:
                result[position:position] = result[: changes.randrange(1, 40)]
            case _:
                del result[position:]
    return bytes(result)


def check(code: int, out: str, err: str, event: str) -> None:
    """As the caller of a hook may rely on."""
    assert code in (0, 1, 2) and "Traceback" not in out + err
    assert code != 1 or (event == "" and err.startswith("usage: "))
    assert code != 2 or (out == "" and err.startswith("[spw-hook] "))
    assert "\x1b" not in err and (event == "statusline" or "\x1b" not in out or "\x1b[2m" in out)
    if out.startswith("{"):
        assert json.loads(out).keys() <= {"systemMessage", "hookSpecificOutput"}
    assert not Path(hook_log()).exists(), Path(hook_log()).read_text()


@settings(max_examples=300)
@given(PAYLOADS, st.sampled_from(EVENTS), st.randoms(use_true_random=False), st.booleans())
def test_no_payload_breaks_a_hook(
    place: Workspace, payload: dict[str, object], event: str, changes: random.Random, mutate: bool
) -> None:
    if "cwd" not in payload:
        payload = {**payload, "cwd": str(place.paths.root)}
    data = json.dumps(payload).encode()
    data = mutated(data, changes) if mutate else data
    with pytest.MonkeyPatch.context() as patch:
        from io import BytesIO, TextIOWrapper

        out, err = TextIOWrapper(BytesIO(), "utf-8"), TextIOWrapper(BytesIO(), "utf-8")
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        patch.setattr(stdin, "read", lambda is_complete: data)
        patch.setattr(detach, "run_spw", lambda *arguments: None)
        patch.chdir(place.paths.root)
        code = main.main([event] if event else [])
        texts = []
        for stream in (out, err):
            stream.flush()
            stream.seek(0)
            texts.append(stream.read())
    check(code, texts[0], texts[1], event)


def test_real_processes_neither(place: Workspace) -> None:
    changes = random.Random(20260214)
    seeds = [
        {"hook_event_name": "PreToolUse", "tool_name": "Write", "tool_input": {"file_path": "docs/PRD.md"}},
        {"hook_event_name": "UserPromptSubmit", "prompt": "x\n/spw:exec --all"},
        {"hook_event_name": "Stop", "stop_hook_active": False, "background_tasks": []},
        {"hook_event_name": "SessionStart", "source": "compact"},
        {"model": {"display_name": "Opus"}, "context_window": {"remaining_percentage": 50}},
    ]
    for number in range(150):
        payload = {**seeds[number % len(seeds)], "cwd": str(place.paths.root)}
        event = changes.choice(EVENTS)
        done = run_script(event, mutated(json.dumps(payload).encode(), changes), cwd=place.paths.root)
        check(done.returncode, done.stdout.decode(), done.stderr.decode(), event)

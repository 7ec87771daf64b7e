"""The guards and the other events of the hook: what each answers, writes down and starts."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.hook import active, main
from spw_core.hook.guard_paths import is_managed_name, layout_problem, name_problem, spec_of
from spw_core.hook.guard_prompt import first_command, spec_argument, split_words
from spw_core.hook.places import CACHE_FILES, is_spec
from spw_core.hook.runs import look_into, recent_runs
from spw_core.hook.settings import Settings
from tests.hook_support import Fired, audit, configure, fire
from tests.support import write, write_run

__all__ = ["fire"]

Fire = Callable[..., Fired]
BLOCK = '[hooks]\nenforcement_mode = "block"\n'


# --- guard-prompt ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("/spw:exec my-spec", ("exec", "my-spec")),
        ("/spw:exec my-spec --batch-size 3", ("exec", "my-spec --batch-size 3")),
        ("/spw:status", ("status", "")),
        ("/spw:prd my-spec --source https://x", ("prd", "my-spec --source https://x")),
        ("please\n  /oraculo:Design-Draft  x  \nthanks", ("design-draft", "x")),
        ("/SPW:EXEC\tX", ("exec", "X")),
        ("/spw:exec\r\nmore", ("exec", "")),
        ("plain text", None),
        ("", None),
        ("say /spw:exec x", None),
        ("/spw: exec", None),
        ("/spw:exec: x", None),
        ("/spw:ex1", None),
    ],
    ids=lambda value: f"152-{value}"[:40] if isinstance(value, str) else "",
)
def test_first_slash_command(prompt: str, found: tuple[str, str] | None) -> None:
    command = first_command(prompt)
    assert (command and (command.name, command.arguments)) == found


@pytest.mark.parametrize(
    ("arguments", "spec"),
    [
        ("my-spec", "my-spec"),
        ("my-spec --batch-size 3", "my-spec"),
        ("--batch-size 3", ""),
        ("-h", ""),
        ("", ""),
        ('"my spec" x', "my spec"),
        ("'my-spec'", "my-spec"),
        ("--spec my-spec --x", "my-spec"),
        ("--spec=my-spec", "my-spec"),
        ("--spec", ""),
        ("--spec=", ""),
        ("--spec --x", ""),
        ("--specs my-spec", ""),
    ],
    ids=lambda value: f"153-154-{value}",
)
def test_spec_argument(arguments: str, spec: str) -> None:
    assert spec_argument(arguments) == spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  ", []),
        ("a b\tc", ["a", "b", "c"]),
        ('a "b c" d', ["a", "b c", "d"]),
        ("a 'b c'", ["a", "b c"]),
        ("--x=\"a b\" ''", ["--x=a b", ""]),
        ("don't stop", ["dont stop"]),
    ],
    ids=lambda value: f"155-{value}" if isinstance(value, str) else "",
)
def test_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize("prefix", ["spw", "oraculo"])
@pytest.mark.parametrize("command", "prd plan design-research tasks-check exec checkpoint qa qa-exec".split())
def test_a_command_must_name_its_spec(fire: Fire, prefix: str, command: str) -> None:
    fired = fire("guard-prompt", {"prompt": f"/{prefix}:{command}"})
    assert fired.code == 0
    lines = fired.err.splitlines()
    assert lines[0] == f"[spw-hook] missing spec-name for /{prefix}:{command}"
    assert f"[spw-hook] - usage: /{prefix}:{command} <spec-name>" in lines
    assert any(f"/{prefix}:status" in line for line in lines)
    assert all(line.startswith("[spw-hook] ") for line in lines)
    assert "missing spec-name" in str(fired.answer["systemMessage"])
    assert [(entry.event, entry.decision) for entry in audit()] == [("guard-prompt", "warn")]


@pytest.mark.parametrize("mode", ['"block"', '"BLOCK"', '" Block "'], ids=["block", "B8-upper", "B8-spaces"])
def test_block_mode_exits_with_2(fire: Fire, workspace: Workspace, mode: str) -> None:
    configure(workspace, f"[hooks]\nenforcement_mode = {mode}\n")
    fired = fire("guard-prompt", {"prompt": "/spw:exec"})
    assert (fired.code, fired.out) == (2, "")
    assert "missing spec-name" in fired.err
    assert [entry.decision for entry in audit()] == ["block"]


@pytest.mark.parametrize(
    "prompt", ["/spw:status", "/spw:post-mortem", "hello", "/other:exec", "/spw:exec alpha", "/spw:nonsense"]
)
def test_other_prompts_pass(fire: Fire, workspace: Workspace, prompt: str) -> None:
    configure(workspace, BLOCK)
    fired = fire("guard-prompt", {"prompt": prompt})
    assert (fired.code, fired.out, fired.err) == (0, "", "")


@pytest.mark.parametrize("key", ["enabled", "guard_prompt_require_spec"])
def test_the_prompt_guard_can_be_switched_off(fire: Fire, workspace: Workspace, key: str) -> None:
    configure(workspace, f"{BLOCK}{key} = false\n")
    assert fire("guard-prompt", {"prompt": "/spw:exec"}) == Fired(0, "", "", [])


def cached(workspace: Workspace) -> dict[str, object]:
    path = workspace.paths.workflow / CACHE_FILES[0]
    return dict(json.loads(path.read_text())) if path.exists() else {}


@pytest.mark.parametrize(
    ("prompt", "spec"),
    [
        ("/spw:exec alpha", "alpha"),
        ("/spw:prd not-made-yet", "not-made-yet"),
        ("/spw:exec not-there", ""),
        ("/spw:exec -h", ""),
        ("/spw:prd ../alpha", ""),
        ('/spw:prd "a b"', ""),
        ("/spw:status alpha", ""),
    ],
)
def test_the_named_spec_becomes_the_active_one(
    fire: Fire, workspace: Workspace, prompt: str, spec: str
) -> None:
    fire("guard-prompt", {"prompt": prompt})
    assert cached(workspace).get("spec", "") == spec
    if spec:
        assert cached(workspace) | {"ts": 0} == {
            "source": "spw-command",
            "spec": spec,
            "sticky": "true",
            "ts": 0,
        }
        assert ".spw-cache/" in workspace.paths.gitignore.read_text()


def test_160_the_cache_is_written_and_read(fire: Fire, workspace: Workspace) -> None:
    workflow, specs = str(workspace.paths.workflow), str(workspace.paths.specs)
    fire("guard-prompt", {"prompt": "/oraculo:exec alpha"})
    assert cached(workspace)["source"] == "oraculo-command"
    within = Settings({"statusline.sticky_spec": "false", "statusline.cache_ttl_seconds": "60"})
    expired = Settings({"statusline.sticky_spec": "false", "statusline.cache_ttl_seconds": "0"})
    assert active.cached_spec(workflow, specs, within) == "alpha"
    assert active.cached_spec(workflow, specs, Settings({"statusline.cache_ttl_seconds": "0"})) == "alpha"
    time.sleep(0.01)
    assert active.cached_spec(workflow, specs, expired) == ""
    (workspace.paths.workflow / CACHE_FILES[0]).unlink()
    assert active.cached_spec(workflow, specs, within) == ""


def test_a_session_in_a_folder_below_the_root_finds_the_workspace(fire: Fire, workspace: Workspace) -> None:
    inside = workspace.paths.root / "src" / "deep"
    inside.mkdir(parents=True)
    fire("guard-prompt", {"prompt": "/spw:exec alpha", "cwd": str(inside)})
    assert cached(workspace)["spec"] == "alpha" and not list(inside.iterdir())


def test_the_cache_is_never_written_through_a_link(fire: Fire, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (workspace.paths.workflow / ".spw-cache").symlink_to(tmp_path / "elsewhere")
    assert fire("guard-prompt", {"prompt": "/spw:exec alpha"}).code == 0
    assert not list((tmp_path / "elsewhere").iterdir())


# --- guard-paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "managed"),
    [
        *((f"{name}.md", True) for name in "DESIGN-RESEARCH TASKS-CHECK CHECKPOINT-REPORT".split()),
        *((f"{name}.md", True) for name in "STATUS-SUMMARY SKILLS-EXEC SKILLS-DESIGN PRD".split()),
        *((f"{name}.md", True) for name in "PRD-SOURCE-NOTES PRD-STRUCTURE PRD-REVISION-PLAN prd".split()),
        *((f"{name}.md", False) for name in "README tasks design random SKILLS- PRD-x.y PRODUCT".split()),
        ("config.toml", False),
        ("PRD.txt", False),
        ("", False),
    ],
    ids=lambda value: f"156-{value}",
)
def test_managed_names(name: str, managed: bool) -> None:
    assert is_managed_name(name) is managed


@pytest.mark.parametrize(
    ("path", "violation"),
    [
        ("docs/DESIGN-RESEARCH.md", True),
        ("PRD.md", True),
        ("x.spec-workflow/specs/a/PRD.md", True),
        (".spec-workflow/PRD.md", True),
        (".spec-workflow/specs/a/prd/PRD.md", False),
        ("packages/app/.spec-workflow/specs/a/prd/PRD.md", False),
        ("README.md", False),
    ],
)
def test_managed_files_belong_below_a_spec(path: str, violation: bool) -> None:
    assert bool(name_problem(path)) is violation


@pytest.mark.parametrize(
    ("inside", "part"),
    [
        ("execution/waves/wave-1/a", "invalid wave folder: wave-1 "),
        ("execution/waves/wave-001/execution/run-001/a/report.md", "invalid wave folder: wave-001 "),
        ("execution/waves/wave-0x/execution/x", "invalid wave folder"),
        ("execution/waves/notes.md", "invalid wave folder: notes.md"),
        ("execution/waves/wave-01/foo/a", "invalid stage folder: foo "),
        ("execution/waves/wave-01/report.md", "invalid stage folder: report.md"),
        ("qa/_comms/qa-exec/waves/wave-1/run-001/a", "invalid wave folder: wave-1 "),
        ("_agent-comms/exec/run-001/a.md", "_agent-comms/"),
        ("execution/waves/wave-01/execution/run-001/a/report.md", ""),
        ("execution/waves/wave-01/checkpoint/run-001/a/report.md", ""),
        ("execution/waves/wave-01/post-check/run-001/a/report.md", ""),
        ("execution/waves/wave-01/_wave-summary.json", ""),
        ("execution/waves/wave-01/_latest.json", ""),
        ("execution/waves/wave-100/execution/run-001/a/report.md", ""),
        ("execution/waves/wave-010/execution/run-001/a/report.md", "invalid wave folder: wave-010 "),
        ("execution/waves/wave-01/_wave-summary.md", ""),
        ("execution/waves/wave-01/_inline-checkpoint/a/report.md", ""),
        ("qa/_comms/qa-exec/waves/wave-01/run-001/a", ""),
        ("qa/_comms/qa-exec/run-001/a", ""),
    ],
)
def test_layout(inside: str, part: str) -> None:
    problem = layout_problem(f".spec-workflow/specs/x/{inside}")
    assert bool(problem) is bool(part) and part in "\n".join(problem)


@pytest.mark.parametrize("waves", ["execution/waves", "qa/_comms/qa-exec/waves"])
def test_runs_in_a_wave_folder_that_dispatch_takes_up_are_in_order(workspace: Workspace, waves: str) -> None:
    root = str(workspace.paths.root)
    folder = workspace.paths.specs / "alpha" / waves
    report = f".spec-workflow/specs/alpha/{waves}/wave-1/execution/run-001/a/report.md"
    assert layout_problem(report, root)
    (folder / "wave-1").mkdir(parents=True)
    assert not layout_problem(report, root) and not layout_problem(f"{root}/{report}", root)
    (folder / "wave-01").mkdir()  # then that is where its runs belong
    assert layout_problem(report, root)


def test_source_code_may_have_waves_of_its_own() -> None:
    assert layout_problem("src/execution/waves/sine.py") == ()


@pytest.mark.parametrize(
    ("path", "spec"),
    [
        (".spec-workflow/specs/a/tasks.md", "a"),
        ("/elsewhere/.spec-workflow/specs/a/tasks.md", "a"),
        (".spec-workflow/specs/a", ""),
        (".spec-workflow/specs/.x/tasks.md", ""),
        ("src/main.py", ""),
    ],
)
def test_spec_of_a_path(path: str, spec: str) -> None:
    assert spec_of(path) == spec


WRITE = {"hook_event_name": "PreToolUse", "tool_name": "Write"}


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("docs/DESIGN-RESEARCH.md", "docs/DESIGN-RESEARCH.md"),
        ("{root}/docs/DESIGN-RESEARCH.md", "docs/DESIGN-RESEARCH.md"),
        (".spec-workflow/specs/../../docs/PRD.md", "docs/PRD.md"),
        pytest.param("docs\\PRD.md", "docs/PRD.md", id="157-backslashes"),
        ("/outside/PRD.md", "/outside/PRD.md"),
        ("docs/PRD.md\x00\x1b[31m", "docs/PRD.md[31m"),
    ],
)
def test_artifact_paths(fire: Fire, workspace: Workspace, target: str, shown: str) -> None:
    configure(workspace, BLOCK)
    fired = fire(
        "guard-paths",
        WRITE,
        tool_input={"file_path": target.format(root=workspace.paths.root), "content": "x"},
    )
    if "\x1b" in target:  # then it is no managed name any more
        assert fired.code == 0
        return
    assert fired.code == 2
    assert fired.err.splitlines()[:2] == [
        "[spw-hook] SPW artifact path violation",
        f"[spw-hook] - file: {shown}",
    ]
    [entry] = audit()
    assert (entry.decision, entry.tool, entry.target) == ("block", "Write", shown)
    assert entry.duration_ms > 0 and ".spec-workflow/specs/" in entry.reason


@pytest.mark.parametrize("key", ["file_path", "path", "target_path", "filename", "notebook_path"])
@pytest.mark.parametrize("field", ["tool_input", "toolInput", "input"])
def test_where_a_payload_names_its_file(fire: Fire, key: str, field: str) -> None:
    fired = fire("guard-paths", {"tool_name": "NotebookEdit", field: {key: "docs/PRD.md"}})
    assert "docs/PRD.md" in fired.err


@pytest.mark.parametrize("tool", ["Read", "Bash", "Grep", "mcp__x__y"])
def test_tools_that_do_not_write_are_not_judged(fire: Fire, tool: str) -> None:
    fired = fire("guard-paths", {"tool_name": tool, "tool_input": {"file_path": "docs/PRD.md"}})
    assert fired == Fired(0, "", "", []) and audit() == []


def test_what_is_in_order_is_written_down_too(fire: Fire, workspace: Workspace) -> None:
    path = ".spec-workflow/specs/alpha/design/DESIGN-RESEARCH.md"
    fired = fire("guard-paths", WRITE, tool_input={"file_path": path}, session_id="s-1")
    assert fired == Fired(0, "", "", [])
    [entry] = audit()
    assert (entry.decision, entry.spec, entry.session, entry.workspace) == (
        "allow",
        "alpha",
        "s-1",
        str(workspace.paths.root),
    )


@pytest.mark.parametrize(
    ("off", "target"),
    [("guard_paths", "PRD.md"), ("guard_wave_layout", ".spec-workflow/specs/x/_agent-comms/a")],
)
def test_each_path_rule_can_be_switched_off(fire: Fire, workspace: Workspace, off: str, target: str) -> None:
    configure(workspace, BLOCK)
    assert fire("guard-paths", WRITE, tool_input={"file_path": target}).code == 2
    configure(workspace, f"{BLOCK}{off} = false\n")
    assert fire("guard-paths", WRITE, tool_input={"file_path": target}).code == 0


def test_outside_of_a_workspace_nothing_is_judged(fire: Fire, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for event in main.HANDLERS:
        payload = {"cwd": str(tmp_path / "other"), "prompt": "/spw:exec", "tool_input": {"path": "PRD.md"}}
        assert fire(event, payload) == Fired(0, "", "", [])
    assert audit() == [] and not list((tmp_path / "other").iterdir())


# --- guard-stop ------------------------------------------------------------------------------------------


def touch(folder: Path, seconds_ago: float = 1) -> None:
    """Give everything below a folder a time."""
    moment = time.time() - seconds_ago
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (moment, moment))


def recent(workspace: Workspace, path: str, *, handoff: bool = True, **agents: str) -> Path:
    run = write_run(workspace, f"specs/alpha/{path}", agents or {"writer": "pass"}, handoff=handoff)
    touch(run)
    return run


def test_158_what_a_run_lacks(workspace: Workspace) -> None:
    run = recent(workspace, "prd/_comms/run-001")
    assert look_into(str(run), deep=True, since=0)[0] == []
    (run / "_handoff.md").unlink()
    (run / "writer" / "report.md").unlink()
    (run / "writer" / "status.json").unlink()
    (run / "_inline-audit" / "iteration-1").mkdir(parents=True)
    issues, handed_off, _ = look_into(str(run), deep=True, since=0)
    assert issues == ["missing _handoff.md", "writer: missing report.md, status.json"] and handed_off == 0


def test_159_a_run_that_was_just_made_is_recent(workspace: Workspace) -> None:
    specs = str(workspace.paths.specs)
    (workspace.paths.specs / "alpha/prd/_comms/run-001").mkdir(parents=True)
    assert len(list(recent_runs(specs, "alpha", time.time() - 30 * 60))) == 1
    touch(workspace.paths.specs / "alpha", 31 * 60)
    assert list(recent_runs(specs, "alpha", time.time() - 30 * 60)) == []


PLACES_161 = (
    "prd/_comms/run-001",
    "design/_comms/design-research/run-001",
    "planning/_comms/tasks-plan/run-001",
    "execution/waves/wave-01/execution/run-001",
    "execution/waves/wave-01/checkpoint/run-001",
    "qa/_comms/qa/run-001",
    "qa/_comms/qa-exec/waves/wave-01/run-001",
    "post-mortem/_comms/run-001",
)


def test_161_runs_of_every_place_are_found(workspace: Workspace) -> None:
    for place in PLACES_161:
        recent(workspace, place)
    recent(workspace, "design/notes/run-001")
    found = {run.path for run in recent_runs(str(workspace.paths.specs), "alpha", time.time() - 60)}
    assert found == {f"alpha/{place}" for place in PLACES_161}


@pytest.mark.parametrize(
    "place",
    [
        "prd/_comms/prd-revision/run-001",
        "discover/_comms/run-002",
        "qa/_comms/qa-exec/run-001",
        "execution/waves/wave-03/post-check/run-1",
    ],
)
def test_other_places_of_runs(workspace: Workspace, place: str) -> None:
    recent(workspace, place)
    assert [run.path for run in recent_runs(str(workspace.paths.specs), "alpha", 1)] == [f"alpha/{place}"]


def test_a_write_into_a_subagents_folder_makes_its_run_recent(workspace: Workspace) -> None:
    run = recent(workspace, "prd/_comms/run-001", handoff=False)
    touch(run, 3600)
    assert list(recent_runs(str(workspace.paths.specs), "alpha", time.time() - 60)) == []
    (run / "writer" / "status.json").write_text("{}")
    assert len(list(recent_runs(str(workspace.paths.specs), "alpha", time.time() - 60))) == 1


def test_old_waves_are_looked_into_when_they_get_a_run(workspace: Workspace) -> None:
    for wave in range(1, 9):
        run = recent(workspace, f"execution/waves/wave-{wave:02}/execution/run-001")
    touch(workspace.paths.specs / "alpha" / "execution", 3600)
    recent(workspace, "execution/waves/wave-02/execution/run-002", handoff=False)
    os.utime(run.parents[2] / "wave-02" / "execution")
    [found] = recent_runs(str(workspace.paths.specs), "alpha", time.time() - 60)
    assert found.path.endswith("wave-02/execution/run-002")


def test_stop_tells_what_was_not_handed_off(fire: Fire, workspace: Workspace) -> None:
    recent(workspace, "prd/_comms/run-001", handoff=False)
    fired = fire("guard-stop", {"hook_event_name": "Stop"})
    assert fired.code == 0
    assert fired.err.splitlines() == [
        "[spw-hook] SPW handoff is incomplete",
        "[spw-hook] - runs changed in the last 30 minutes:",
        "[spw-hook] - alpha/prd/_comms/run-001 -> missing _handoff.md",
    ]
    assert "run-001" in str(fired.answer["systemMessage"])
    configure(workspace, BLOCK)
    assert fire("guard-stop").code == 2
    assert [entry.decision for entry in audit()] == ["warn", "block"]
    assert audit()[-1].spec == "alpha" and audit()[-1].reason == "missing _handoff.md"


@pytest.mark.parametrize(
    "payload",
    [
        {"stop_hook_active": True},
        {"agent_id": "a-1"},
        {"background_tasks": [{"id": 1}]},
    ],
    ids=str,
)
def test_stop_returns_at_once(fire: Fire, workspace: Workspace, payload: dict[str, object]) -> None:
    configure(workspace, BLOCK)
    recent(workspace, "prd/_comms/run-001", handoff=False)
    assert fire("guard-stop", payload) == Fired(0, "", "", []) and audit() == []


@pytest.mark.parametrize(
    "payload", [{"stop_hook_active": "true"}, {"background_tasks": []}, {"background_tasks": None}], ids=str
)
def test_stop_is_not_talked_out_of_it(fire: Fire, workspace: Workspace, payload: dict[str, object]) -> None:
    configure(workspace, BLOCK)
    recent(workspace, "prd/_comms/run-001", handoff=False)
    assert fire("guard-stop", payload).code == 2


def test_b9_at_most_20_runs_are_listed_after_the_window(fire: Fire, workspace: Workspace) -> None:
    for number in range(1, 26):
        recent(workspace, f"prd/_comms/run-{number:03}", handoff=False)
    lines = fire("guard-stop").err.splitlines()
    assert lines[1] == "[spw-hook] - runs changed in the last 30 minutes (20 of 25 shown):"
    assert len(lines) == 22


@pytest.mark.parametrize(
    ("config", "ago", "found"),
    [
        ("", 29, True),
        ("", 31, False),
        ("recent_run_window_minutes = 60", 31, True),
        ("recent_run_window_minutes = 0", 0.5, True),
        ("recent_run_window_minutes = 0", 2, False),
        ("guard_stop_handoff = false", 1, False),
        ("enabled = false", 1, False),
    ],
)
def test_the_window_and_the_switches(
    fire: Fire, workspace: Workspace, config: str, ago: float, found: bool
) -> None:
    configure(workspace, f"[hooks]\n{config}\n")
    touch(recent(workspace, "prd/_comms/run-001", handoff=False), ago * 60)
    assert ("run-001" in fire("guard-stop").err) is found


def test_stop_says_that_it_passed_unless_told_to_be_quiet(fire: Fire, workspace: Workspace) -> None:
    recent(workspace, "prd/_comms/run-001")
    assert fire("guard-stop").err == "[spw-hook] Stop guard passed.\n"
    configure(workspace, "[hooks]\nverbose = false\n")
    fired = fire("guard-stop")
    assert (fired.out, fired.err) == ("", "")


def test_among_many_specs_those_that_were_worked_on_are_found(fire: Fire, workspace: Workspace) -> None:
    for number in range(300):
        (workspace.paths.specs / f"spec-{number:03}").mkdir()
    write_run(workspace, "specs/spec-123/prd/_comms/run-001", {"a": "pass"}, handoff=False)
    touch(workspace.paths.specs / "spec-123")
    assert "spec-123" not in fire("guard-stop").err
    target = ".spec-workflow/specs/spec-123/prd/_comms/run-001/a/report.md"
    fire("guard-paths", WRITE, tool_input={"file_path": target})
    assert "spec-123/prd/_comms/run-001 -> missing _handoff.md" in fire("guard-stop").err


def test_162_and_163_the_spec_that_is_looked_at(fire: Fire, workspace: Workspace) -> None:
    write(workspace, "specs/alpha/requirements.md", "x")
    newer = write(workspace, "specs/beta/tasks.md", "x")
    os.utime(newer)
    specs = str(workspace.paths.specs)
    project = active.newest_spec(specs, active.Index(str(workspace.paths.workflow)))
    assert project == "beta"
    assert is_spec(specs, "alpha") and not is_spec(specs, "absent") and not is_spec(specs, "")


# --- session-start ---------------------------------------------------------------------------------------


def template(workspace: Workspace, name: str, text: str) -> Path:
    path = workspace.paths.workflow / "user-templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("config", "variant"),
    [
        ("", "off"),
        ("[execution]\ntdd_default = true", "on"),
        ('[templates]\ntasks_template_mode = "on"', "on"),
        ('[execution]\ntdd_default = true\n[templates]\ntasks_template_mode = "off"', "off"),
    ],
)
def test_b10_the_template_follows_the_configuration(
    fire: Fire, workspace: Workspace, config: str, variant: str
) -> None:
    configure(workspace, config)
    for name in ("on", "off"):
        template(workspace, f"variants/tasks-template.tdd-{name}.md", f"tdd {name}")
    current = template(workspace, "tasks-template.md", "old")
    fired = fire("session-start", {"source": "startup"})
    assert (fired.code, current.read_text()) == (0, f"tdd {variant}")
    assert current.with_name("tasks-template.md.bak").read_text() == "old"
    assert "now variants/tasks-template.tdd-" in fired.err
    assert f"already synchronised (tdd {variant})" in fire("session-start").err
    assert sorted(path.name for path in current.parent.iterdir()) == [
        *("tasks-template.md", "tasks-template.md.bak", "variants"),
    ]


def test_the_backup_of_a_template_that_somebody_wrote_is_not_lost(fire: Fire, workspace: Workspace) -> None:
    for name in ("on", "off"):
        template(workspace, f"variants/tasks-template.tdd-{name}.md", f"tdd {name}")
    current = template(workspace, "tasks-template.md", "by hand")
    for mode in ("on", "off", "on"):
        configure(workspace, f'[templates]\ntasks_template_mode = "{mode}"\n')
        fire("session-start")
        assert current.read_text() == f"tdd {mode}"
    assert current.with_name("tasks-template.md.bak").read_text() == "by hand"
    current.write_text("by hand again")
    fire("session-start")
    assert current.with_name("tasks-template.md.bak").read_text() == "by hand again"


def test_a_full_disk_or_a_killed_hook_leaves_templates_whole(
    fire: Fire, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(workspace, "")
    template(workspace, "variants/tasks-template.tdd-off.md", "tdd off")
    current = template(workspace, "tasks-template.md", "old")
    leftover = current.with_name(f".tasks-template.md.bak.{os.getpid()}.spw-tmp")
    leftover.write_text("of a killed process with the same number")
    system_write = os.write

    def write_little(fd: int, data: bytes) -> int:
        if len(data) <= 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return system_write(fd, data[: len(data) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_little)
        assert "nothing was changed" in fire("session-start").err
    assert current.read_text() == "old" and not list(current.parent.glob(".*"))
    fire("session-start")
    assert current.read_text() == "tdd off"


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ("[templates]\nsync_tasks_template_on_session_start = false", "off"),
        ('[templates]\ntasks_template_mode = "on"', "variant missing"),
    ],
)
def test_templates_that_stay_as_they_are(fire: Fire, workspace: Workspace, config: str, what: str) -> None:
    configure(workspace, config)
    template(workspace, "variants/tasks-template.tdd-off.md", "tdd off")
    current = template(workspace, "tasks-template.md", "old")
    assert ("missing" in fire("session-start").err) is (what == "variant missing")
    assert current.read_text() == "old" and not current.with_name("tasks-template.md.bak").exists()


def test_templates_without_backup_and_through_links(fire: Fire, workspace: Workspace, tmp_path: Path) -> None:
    configure(workspace, "[safety]\nbackup_before_overwrite = false\n")
    template(workspace, "variants/tasks-template.tdd-off.md", "tdd off")
    current = template(workspace, "tasks-template.md", "old")
    fire("session-start")
    assert current.read_text() == "tdd off" and not current.with_name("tasks-template.md.bak").exists()
    elsewhere = tmp_path / "elsewhere.md"
    elsewhere.write_text("theirs")
    current.unlink()
    current.symlink_to(elsewhere)
    assert "nothing was changed" in fire("session-start").err
    assert elsewhere.read_text() == "theirs" and current.is_symlink()


def test_the_agent_is_told_where_the_spec_stands(
    fire: Fire, demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo.harvest()
    root = str(demo.paths.root)
    fire("guard-prompt", {"cwd": root, "prompt": "/spw:exec billing-export"})
    fired = fire("session-start", {"cwd": root, "hook_event_name": "SessionStart", "source": "compact"})
    output = fired.answer["hookSpecificOutput"]
    assert isinstance(output, dict) and output["hookEventName"] == "SessionStart"
    text = output["additionalContext"]
    assert text.startswith(
        "The active spec of this workspace is billing-export (execution, wave 2/2, tasks 3/5)."
    )
    assert "wave 2: checkpoint blocked (2 attempts)" in text and "Next: blocked, " in text
    assert len(text) <= 600 and text.isprintable() and fired.out.isascii()
    cursor = {"cwd": root, "cursor_version": "1", "workspace_roots": [root]}
    assert fire("session-start", cursor).out == ""


def test_a_spec_that_was_never_harvested_is(fire: Fire, workspace: Workspace) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. x\n")
    fired = fire("session-start")
    assert "active spec of this workspace is alpha." in fired.out
    assert fired.spawned == [("harvest", "alpha", "--workspace", str(workspace.paths.root))]
    workspace.harvest()
    fired = fire("session-start")
    assert fired.spawned == [] and "Next: execute, wave 1 has 1 task ready (1)" in fired.out


def test_without_a_spec_nothing_is_said(fire: Fire) -> None:
    assert fire("session-start") == Fired(0, "", "", [])


# --- what happens in the background ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "spawns"),
    [
        (".spec-workflow/specs/alpha/prd/_comms/run-001/_handoff.md", True),
        ("{root}/.spec-workflow/specs/alpha/tasks.md", True),
        (".spec-workflow/specs/alpha/execution/waves/wave-01/_latest.json", True),
        (".spec-workflow/specs/alpha/prd/_comms/run-001/a/report.md", False),
        (".spec-workflow/specs/absent/tasks.md", False),
        (".spec-workflow/specs/../tasks.md", False),
        ("tasks.md", False),
        ("", False),
    ],
)
def test_what_has_a_spec_harvested(fire: Fire, workspace: Workspace, path: str, spawns: bool) -> None:
    root = str(workspace.paths.root)
    fired = fire("post-tool", {"tool_name": "Write", "tool_input": {"file_path": path.format(root=root)}})
    assert (fired.code, fired.out, fired.err) == (0, "", "")
    assert fired.spawned == ([("harvest", "alpha", "--workspace", root)] if spawns else [])


@pytest.mark.parametrize("event", ["guard-stop", "subagent-stop"])
def test_a_handoff_that_was_not_harvested_yet_is(fire: Fire, workspace: Workspace, event: str) -> None:
    write(workspace, "specs/alpha/tasks.md", "- [ ] 1. x\n")
    recent(workspace, "prd/_comms/run-001")
    wanted = [("harvest", "alpha", "--workspace", str(workspace.paths.root))]
    assert fire(event).spawned == wanted
    workspace.harvest()
    assert fire(event).spawned == []
    touch(recent(workspace, "prd/_comms/run-002"), -1)
    assert fire(event).spawned == wanted


@pytest.mark.parametrize("event", ["pre-compact", "session-end"])
def test_transcripts_are_put_in_line(fire: Fire, workspace: Workspace, event: str) -> None:
    payload = {
        "session_id": "0-a.b",
        "transcript_path": '/t/"é\ud83d.jsonl',
        "trigger": "auto",
        "hook_event_name": "PreCompact" if event == "pre-compact" else "SessionEnd",
    }
    for _ in range(2):
        fired = fire(event, payload)
        assert (fired.code, fired.out, fired.err) == (0, "", "")
        assert fired.spawned == [("memory", "import", "--queued", "--workspace", str(workspace.paths.root))]
    [note] = (workspace.paths.workflow / ".spw-memory" / "queue").iterdir()
    said = json.loads(note.read_text())
    assert (note.name, said["session"], said["agent"], said["reason"]) == (
        "0-a.b.json",
        "0-a.b",
        "claude",
        "auto",
    )
    assert said["transcript"].startswith('/t/"é') and said["queued_at"].endswith("Z")
    assert ".spw-memory/" in workspace.paths.gitignore.read_text()


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"session_id": "s"},
        {"session_id": "s", "transcript_path": None},
        {"session_id": "../s", "transcript_path": "/t"},
        {"session_id": 7, "transcript_path": "/t"},
    ],
    ids=str,
)
def test_transcripts_that_cannot_be_named(
    fire: Fire, workspace: Workspace, payload: dict[str, object]
) -> None:
    assert fire("session-end", payload).code == 0
    assert not (workspace.paths.workflow / ".spw-memory").exists()


# --- which event it is, and whose ------------------------------------------------------------------------

STOP = "SPW handoff is incomplete"


@pytest.mark.parametrize(
    ("argument", "payload", "part"),
    [
        ("", {"hook_event_name": "Stop"}, STOP),
        ("guard-paths", {"hook_event_name": "Stop"}, STOP),
        ("Stop", {}, STOP),
        ("guard_stop", {}, STOP),
        (
            "",
            {"hook_event_name": "stop", "cursor_version": "1.7", "workspace_roots": ["{root}"], "cwd": ""},
            STOP,
        ),
        ("", {"hook_event_name": "AfterAgent", "timestamp": "2026-01-01T00:00:00Z"}, STOP),
        ("", {"hook_event_name": "agentStop", "sessionId": "s"}, STOP),
        ("", {"hook_event_name": "Stop", "turn_id": "t", "transcript_path": None}, STOP),
        ("", {"hook_event_name": "UserPromptSubmit", "prompt": "/spw:exec"}, "missing spec-name"),
        (
            "",
            {"hook_event_name": "UserPromptExpansion", "command_name": "spw:exec", "command_args": "--x"},
            "missing spec-name",
        ),
        ("", {"hook_event_name": "BeforeAgent", "prompt": "/spw:exec"}, "missing spec-name"),
        ("", {"hook_event_name": "beforeSubmitPrompt", "prompt": "/spw:exec"}, "missing spec-name"),
        ("guard-prompt", {"userPrompt": "/spw:exec"}, "missing spec-name"),
        ("guard-prompt", {"input": {"message": "/spw:exec"}}, "missing spec-name"),
        (
            "",
            {
                "hook_event_name": "BeforeTool",
                "tool_name": "write_file",
                "tool_input": {"file_path": "PRD.md"},
            },
            "PRD.md belongs",
        ),
        ("guard-paths", {"toolName": "create", "toolArgs": '{"path": "PRD.md"}'}, "PRD.md belongs"),
        ("guard-paths", {"toolName": "edit", "toolArgs": {"path": "PRD.md"}}, "PRD.md belongs"),
        (
            "guard-paths",
            {"toolName": "create", "toolArgs": '{"path": "PRD.md", "file_text": "*** Add File: x"}'},
            "PRD.md belongs",
        ),
        (
            "guard-paths",
            {"toolName": "apply_patch", "toolArgs": '{"input": "*** Add File: PRD.md\\n+x"}'},
            "PRD.md belongs",
        ),
        (
            "guard-paths",
            {"tool_name": "apply_patch", "tool_input": {"command": ["apply_patch", "*** Add File: PRD.md"]}},
            "PRD.md belongs",
        ),
        (
            "preToolUse",
            {"cursor_version": "1", "tool_name": "edit_file", "tool_input": {"target_file": "PRD.md"}},
            "PRD.md belongs",
        ),
        (
            "",
            {
                "hook_event_name": "PreToolUse",
                "turn_id": "t",
                "tool_name": "apply_patch",
                "tool_input": {
                    "command": "*** Begin Patch\n*** Add File: ok.md\n+x\n*** Add File: PRD.md\n+x\n"
                },
            },
            "PRD.md belongs",
        ),
        ("guard-stop", {"hook_event_name": "FutureEvent"}, ""),
        ("", {"hook_event_name": "Notification", "message": "/spw:exec"}, ""),
        ("post-tool", {"hook_event_name": "afterFileEdit", "file_path": "x.md", "cursor_version": "1"}, ""),
    ],
    ids=lambda value: str(value)[:70],
)
def test_events_are_recognised_by_the_payload(
    fire: Fire, workspace: Workspace, argument: str, payload: dict[str, object], part: str
) -> None:
    recent(workspace, "prd/_comms/run-001", handoff=False)
    root = str(workspace.paths.root)
    fired = fire(argument, json.loads(json.dumps(payload).replace("{root}", root)))
    assert fired.code == 0
    assert part in fired.err and bool(fired.err) is bool(part)
    if fired.out:
        assert list(fired.answer) == ["systemMessage"]
    silent = "cursor_version" in payload or "sessionId" in payload or "toolName" in payload
    assert bool(fired.out) is bool(part and not silent)


def test_a_status_line_without_an_argument(fire: Fire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for payload in (
        {"model": {"display_name": "Opus"}},
        {"hook_event_name": "Status", "model": {"name": "Opus"}},
    ):
        assert fire("", payload).out.startswith("Opus │ ws")
    assert fire("", {"x": 1}).code == 1


def test_the_workspace_of_the_environment_counts_after_the_payloads(
    fire: Fire, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    recent(workspace, "prd/_comms/run-001", handoff=False)
    assert fire("guard-stop", {"cwd": str(tmp_path / "other")}).err == ""
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(workspace.paths.root))
    assert STOP in fire("guard-stop", {"cwd": str(tmp_path / "other")}).err


def test_a_file_of_that_name_is_no_workspace(fire: Fire, workspace: Workspace) -> None:
    inside = workspace.paths.root / "src"
    inside.mkdir()
    (inside / ".spec-workflow").write_text("not a folder")
    assert "missing spec-name" in fire("guard-prompt", {"cwd": str(inside), "prompt": "/spw:exec"}).err


def test_a_linked_workspace_is_the_one_it_leads_to(fire: Fire, workspace: Workspace, tmp_path: Path) -> None:
    other = tmp_path / "checkout"
    other.mkdir()
    (other / ".spec-workflow").symlink_to(workspace.paths.workflow)
    configure(workspace, BLOCK)
    assert fire("guard-prompt", {"cwd": str(other), "prompt": "/spw:exec"}).code == 2
    assert audit()[0].workspace == str(workspace.paths.root)
    path = str(other / ".spec-workflow/specs/alpha/prd/PRD.md")
    assert fire("guard-paths", WRITE, cwd=str(other), tool_input={"file_path": path}).code == 0


@pytest.mark.parametrize(
    "text",
    [
        "not [toml",
        "[hooks]\nenforcement_mode = 7\n",
        "hooks = 1\n",
        "[hooks]\nrecent_run_window_minutes = 'x'\n",
        "\xff",
    ],
)
def test_a_broken_configuration_is_the_default_one(fire: Fire, workspace: Workspace, text: str) -> None:
    (workspace.paths.workflow / "spw-config.toml").write_bytes(text.encode("latin-1"))
    fired = fire("guard-prompt", {"prompt": "/spw:exec"})
    assert fired.code == 0 and "missing spec-name" in fired.err

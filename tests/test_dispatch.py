"""The steps of a workflow: their answers and files, what they refuse, and what the database hears of them."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from spw_core.api import Workspace
from spw_core.atomic import WriteError
from spw_core.config import Config
from spw_core.dispatch.files import create_file, explaining, replace_stored, run_folder
from spw_core.dispatch.handoff import AgentVerdict, is_generated, render_handoff
from spw_core.dispatch.settings import DEFAULTS
from spw_core.domain.model import IN_PROGRESS
from spw_core.domain.registry import COMMANDS
from spw_core.errors import SpwError
from spw_core.harvest.inside import entry_inside, write_whole
from spw_core.harvest.spec_folder import is_folder
from spw_core.store.spec import SpecStore

from .support import write, write_run
from .test_cli import spw
from .test_cli_tools import Answer, Capture, failure, raw, tool

SPEC = "specs/alpha"
RUNS = f"{SPEC}/execution/waves/wave-01/execution"


@pytest.fixture(autouse=True)
def in_workspace(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in answers are relative to the current folder, as agents use them."""
    monkeypatch.chdir(workspace.paths.root)


def warned(capsys: Capture, workspace: Workspace, *words: object) -> Answer:
    """The answer of a tool that did its work and warns, on stderr too."""
    assert spw("tools", *words, workspace=workspace) == 0
    captured = capsys.readouterr()
    value: Answer = json.loads(captured.out)
    warnings = value["warnings"]
    assert isinstance(warnings, list) and warnings
    assert captured.err.splitlines() == [f"spw: warning: {warning}" for warning in warnings]
    return value


def init(capsys: Capture, workspace: Workspace, *words: object) -> str:
    return raw(capsys, workspace, "dispatch-init", *words)


def projections(workspace: Workspace) -> dict[str, list[dict[str, object]]]:
    with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
        assert store is not None
        return store.projections()  # type: ignore[return-value]


# -- dispatch-init -------------------------------------------------------------------------------


def test_init_answer(workspace: Workspace, capsys: Capture) -> None:
    run_dir = ".spec-workflow/specs/alpha/execution/waves/wave-03/execution/run-001"
    assert tool(capsys, workspace, "dispatch-init", "exec", "alpha", "--wave", "3") == {
        "run_dir": run_dir,
        "run_id": "run-001",
        "spec_dir": ".spec-workflow/specs/alpha",
        "phase": "execution",
        "command": "exec",
        "category": "wave-execution",
        "subcategory": "implementation",
        "dispatch_policy": "dispatch-wave",
        "models": {"web_research": "haiku", "complex_reasoning": "opus", "implementation": "sonnet"},
        "execution": {
            "tdd_default": False,
            "require_user_approval_between_waves": True,
            "commit_per_task": "auto",
            "require_clean_worktree_for_wave_pass": True,
        },
        "planning": {"tasks_generation_strategy": "rolling-wave", "max_wave_size": 3},
        "warnings": [],
    }
    assert Path(run_dir).is_dir()
    assert Path(".spec-workflow/specs/alpha/execution/_implementation-logs").is_dir()


@pytest.mark.parametrize("name", COMMANDS)
def test_init_of_every_command_78(workspace: Workspace, capsys: Capture, name: str) -> None:
    command = COMMANDS[name]
    wave = ("--wave", "12") if command.wave_aware else ()
    folder = f".spec-workflow/specs/alpha/{command.comms.format(wave='12')}"
    assert init(capsys, workspace, name, "--spec", "alpha", *wave) == f"{folder}/run-001"
    answer = tool(capsys, workspace, "dispatch-init", *wave, name, "alpha")
    assert answer["run_dir"] == f"{folder}/run-002"
    assert answer["phase"] == ("discover" if name == "discover" else command.phase)
    [first, second] = workspace.spec("alpha").record().runs
    assert (first.command, first.wave, first.number) == (name, 12 if wave else 0, 1)
    assert (second.status, second.number) == (IN_PROGRESS, 2)


def test_registry_76_77_88_90() -> None:
    assert {name for name, command in COMMANDS.items() if command.wave_aware} == {
        "exec",
        "checkpoint",
        "qa-exec",
    }
    rows = {
        (command.name, command.phase, command.category, command.subcategory, command.policy)
        for command in COMMANDS.values()
    }
    assert rows == {
        ("prd", "prd", "pipeline", "research", "dispatch-pipeline"),
        ("discover", "prd", "pipeline", "research", "dispatch-pipeline"),
        ("design-research", "design", "pipeline", "research", "dispatch-pipeline"),
        ("design-draft", "design", "pipeline", "synthesis", "dispatch-pipeline"),
        ("tasks-plan", "planning", "pipeline", "synthesis", "dispatch-pipeline"),
        ("tasks-check", "planning", "audit", "artifact", "dispatch-audit"),
        ("exec", "execution", "wave-execution", "implementation", "dispatch-wave"),
        ("checkpoint", "execution", "audit", "code", "dispatch-audit"),
        ("qa", "qa", "pipeline", "synthesis", "dispatch-pipeline"),
        ("qa-check", "qa", "audit", "code", "dispatch-audit"),
        ("qa-exec", "qa", "wave-execution", "validation", "dispatch-wave"),
        ("post-mortem", "post-mortem", "pipeline", "synthesis", "dispatch-pipeline"),
    }
    assert not {"plan", "status"} & set(COMMANDS)


def test_init_takes_the_next_number_79(workspace: Workspace, capsys: Capture) -> None:
    folder = workspace.paths.workflow / SPEC / "qa/_comms/qa"
    expected = {"run-001": "run-002", "run-005": "run-006", "run-0007": "run-008", "run-x": "run-009"}
    for there, following in expected.items():
        (folder / there).mkdir(parents=True, exist_ok=True)
        assert init(capsys, workspace, "qa", "alpha").endswith(f"/qa/_comms/qa/{following}")


def test_init_does_not_reuse_the_number_of_a_run_that_was_cleaned_away(
    workspace: Workspace, capsys: Capture
) -> None:
    write_run(workspace, f"{SPEC}/qa/_comms/qa/run-003", {"a": "pass"})
    workspace.harvest()
    assert workspace.spec("alpha").cleanup().removed
    assert not (workspace.paths.workflow / SPEC / "qa/_comms/qa").exists()
    assert init(capsys, workspace, "qa", "alpha").endswith("/run-004")


def test_init_uses_the_wave_folder_that_is_there(workspace: Workspace, capsys: Capture) -> None:
    (workspace.paths.workflow / SPEC / "execution/waves/wave-1").mkdir(parents=True)
    assert init(capsys, workspace, "checkpoint", "alpha", "--wave", "1").endswith(
        "/execution/waves/wave-1/checkpoint/run-001"
    )


@pytest.mark.parametrize("command", ["prd", "discover"])
def test_research_begins_a_spec(workspace: Workspace, capsys: Capture, command: str) -> None:
    assert init(capsys, workspace, command, "new-one") == (
        f".spec-workflow/specs/new-one/{command}/_comms/run-001"
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["plan", "alpha"], "unknown command: plan"),
        (["exec", "alhpa", "--wave", "1"], "spec directory not found: .spec-workflow/specs/alhpa"),
        (["exec", "alpha"], "exec works in waves"),
        (["qa", "alpha", "--wave", "1"], "qa does not work in waves"),
        (["exec", "alpha", "--wave", "0"], "wave must be a positive integer, not '0'"),
        (["exec", "alpha", "--wave", "-1"], "wave must be a positive integer, not '-1'"),
        (["exec", "alpha", "--wave", "1x"], "wave must be a positive integer, not '1x'"),
        (["exec", "alpha", "--wave", "10000"], "wave must be a whole number from 1 to 9999, not 10000"),
        (["prd", "../x"], "invalid spec name: '../x'"),
        (["prd", ".x"], "invalid spec name: '.x'"),
        (["typo", "never-made"], "unknown command: typo"),
    ],
)
def test_init_refuses_before_it_makes_anything(
    workspace: Workspace, capsys: Capture, words: list[str], error: str
) -> None:
    before = sorted(workspace.paths.root.rglob("*"))
    assert failure(capsys, workspace, "dispatch-init", *words) == error
    assert sorted(workspace.paths.root.rglob("*")) == before


def test_init_follows_no_link(workspace: Workspace, capsys: Capture, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (workspace.paths.workflow / SPEC / "qa").symlink_to(outside)
    assert "cannot write" in failure(capsys, workspace, "dispatch-init", "qa", "alpha")
    (workspace.paths.specs / "beta").symlink_to(outside)
    assert "symbolic link" in failure(capsys, workspace, "dispatch-init", "prd", "beta")
    assert not list(outside.iterdir())


def test_paths_can_be_used_from_where_one_is(
    workspace: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    below = workspace.paths.root / "src"
    below.mkdir()
    monkeypatch.chdir(below)
    run_dir = init(capsys, workspace, "qa", "alpha")
    assert run_dir == "../.spec-workflow/specs/alpha/qa/_comms/qa/run-001"
    answer = tool(capsys, workspace, "dispatch-setup", "a", "--run-dir", run_dir)
    assert Path(str(answer["brief_path"])).is_file()
    monkeypatch.chdir(tmp_path)
    assert Path(init(capsys, workspace, "qa", "alpha")).is_absolute()


def test_settings_are_those_of_the_configuration(workspace: Workspace, capsys: Capture) -> None:
    config = Config()
    for section, values in DEFAULTS.items():
        assert values == {key: getattr(getattr(config, section), key) for key in values}
    file = workspace.paths.workflow / "spw-config.toml"
    told = []
    for text in ("[models]\nimplementation = 'm1'\n", "[models]\nimplementation = 'm2'\n"):
        file.write_text(text + "[execution]\ntdd_default = true\n[planning]\nmax_wave_size = 7\n")
        for _ in range(3):  # from the file, then from the index
            told.append(tool(capsys, workspace, "dispatch-init", "qa", "alpha"))
            workspace.harvest()
    assert [answer["models"]["implementation"] for answer in told] == ["m1"] * 3 + ["m2"] * 3  # type: ignore[index]
    assert {answer["execution"]["tdd_default"] for answer in told} == {True}  # type: ignore[index]
    assert {answer["planning"]["max_wave_size"] for answer in told} == {7}  # type: ignore[index]


def test_a_wrong_value_is_said_every_time(workspace: Workspace, capsys: Capture) -> None:
    workspace.harvest()
    (workspace.paths.workflow / "spw-config.toml").write_text("[planning]\nmax_wave_size = 'many'\n")
    for _ in range(2):
        answer = warned(capsys, workspace, "dispatch-init", "qa", "alpha")
        assert answer["planning"]["max_wave_size"] == 3  # type: ignore[index]
        assert "planning.max_wave_size" in str(answer["warnings"])


# -- the database half ---------------------------------------------------------------------------


def test_the_database_hears_of_runs_and_briefs_at_once(workspace: Workspace, capsys: Capture) -> None:
    run_dir = init(capsys, workspace, "exec", "alpha", "--wave", "1")
    [row] = projections(workspace)["runs"]
    assert (row["comms_path"], row["status"], row["sealed"]) == (
        "execution/waves/wave-01/execution/run-001",
        "in_progress",
        0,
    )
    tool(capsys, workspace, "dispatch-setup", "scout", "--run-dir", run_dir)
    with SpecStore.reading(workspace.paths.spec_db("alpha")) as store:
        assert store is not None
        brief = store.content("spec", f"{row['comms_path']}/scout/brief.md")
    assert brief == Path(run_dir, "scout/brief.md").read_bytes()
    assert "spec.db" in workspace.paths.gitignore.read_text()


def test_what_was_noted_is_what_a_harvest_finds(workspace: Workspace, capsys: Capture) -> None:
    """Answers are the same before the next harvest and after it, and a harvest of nothing else agrees."""
    run_dir = init(capsys, workspace, "exec", "alpha", "--wave", "1")
    noted = projections(workspace)["runs"]
    before = workspace.spec("alpha").record()
    workspace.harvest()
    assert projections(workspace)["runs"] == noted
    assert workspace.spec("alpha").record() == before
    assert [wave["wave_number"] for wave in projections(workspace)["waves"]] == [1]
    tool(capsys, workspace, "dispatch-setup", "scout", "--run-dir", run_dir)
    before = workspace.spec("alpha").record()
    assert [agent.name for run in before.runs for agent in run.subagents] == ["scout"]
    workspace.harvest()
    assert workspace.spec("alpha").record() == before
    assert workspace.search("scout").results  # the index heard of it too


def test_an_empty_run_that_is_removed_is_forgotten(workspace: Workspace, capsys: Capture) -> None:
    run_dir = init(capsys, workspace, "qa", "alpha")
    workspace.harvest()
    Path(run_dir).rmdir()
    assert workspace.spec("alpha").record().runs == ()
    workspace.harvest()
    assert projections(workspace)["runs"] == []


@pytest.mark.parametrize("damage", ["garbage", "folder", "newer"])
def test_trouble_with_the_database_is_a_warning(workspace: Workspace, capsys: Capture, damage: str) -> None:
    path = workspace.paths.spec_db("alpha")
    if damage == "garbage":
        path.write_bytes(b"this is no database" * 100)
    elif damage == "folder":
        path.mkdir()
    else:
        workspace.harvest()
        connection = apsw.Connection(str(path))
        connection.pragma("user_version", 999)
        connection.close()
    answer = warned(capsys, workspace, "dispatch-init", "qa", "alpha")
    run_dir = str(answer["run_dir"])
    warned(capsys, workspace, "dispatch-setup", "a", "--run-dir", run_dir)
    Path(run_dir, "a/status.json").write_text('{"status": "pass", "summary": "ok"}')
    assert warned(capsys, workspace, "dispatch-handoff", "--run-dir", run_dir)["all_pass"] is True
    assert Path(run_dir, "_handoff.md").is_file()
    if damage == "garbage":  # the harvest of the handoff has built it anew
        assert tool(capsys, workspace, "dispatch-handoff", "--run-dir", run_dir)["warnings"] == []
        assert [run["status"] for run in projections(workspace)["runs"]] == ["pass"]


def test_a_locked_database_delays_nothing_for_long(
    workspace: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.harvest()
    monkeypatch.setattr("spw_core.dispatch.notes._NOTE_PATIENCE_S", 0.05)
    connection = apsw.Connection(str(workspace.paths.spec_db("alpha")))
    connection.execute("BEGIN IMMEDIATE")
    answer = warned(capsys, workspace, "dispatch-init", "qa", "alpha")
    assert Path(str(answer["run_dir"])).is_dir()
    connection.execute("ROLLBACK")
    connection.close()
    workspace.harvest()  # makes up for it
    assert len(projections(workspace)["runs"]) == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs permissions that bind")
def test_a_read_only_workspace_is_said(workspace: Workspace, capsys: Capture) -> None:
    folder = workspace.paths.workflow / SPEC
    folder.chmod(0o555)
    try:
        assert "Permission denied" in failure(capsys, workspace, "dispatch-init", "qa", "alpha")
    finally:
        folder.chmod(0o755)


def test_parallel_inits_get_a_run_each(workspace: Workspace) -> None:
    command = [sys.executable, "-m", "spw_core.cli", "tools", "dispatch-init", "qa", "alpha", "--raw"]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=workspace.paths.root)
        for _ in range(6)
    ]
    outputs = [process.communicate() for process in processes]
    assert {err for _, err in outputs} == {b""}
    runs = sorted(out.decode().rpartition("/")[2] for out, _ in outputs)
    assert runs == [f"run-{number:03d}" for number in range(1, 7)]
    assert len(projections(workspace)["runs"]) == 6


@pytest.mark.parametrize(
    "words",
    [
        ("dispatch-init", "qa", "alpha"),
        ("dispatch-setup", "a", "--run-dir", f".spec-workflow/{RUNS}/run-001"),
        ("dispatch-read-status", "a", "--run-dir", f".spec-workflow/{RUNS}/run-001"),
        ("dispatch-init-audit", "--type", "inline-audit", "--run-dir", f".spec-workflow/{RUNS}/run-001"),
    ],
    ids=lambda words: words[0],
)
def test_what_agents_call_all_the_time_imports_little(workspace: Workspace, words: tuple[str, ...]) -> None:
    """Each of these would cost as much as a tenth to all of starting Python."""
    write(workspace, f"{RUNS}/run-001/a/status.json", '{"status": "pass"}')
    workspace.harvest()
    command = [sys.executable, "-X", "importtime", "-m", "spw_core.cli", "tools", *words]
    done = subprocess.run(command, capture_output=True, cwd=workspace.paths.root, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert "spw_core.cli.tools_dispatch" in imported or "spw_core.cli.tools_audit" in imported
    dear = {
        *("dataclasses", "inspect", "datetime", "shutil", "subprocess", "tempfile", "tomllib", "traceback"),
        *("numpy", "platformdirs", "requests", "rich", "usearch", "yaml"),
        *("spw_core.config", "spw_core.domain.model", "spw_core.harvest.harvest", "spw_core.api"),
    }
    assert not imported & dear


# -- dispatch-setup ------------------------------------------------------------------------------


def test_setup_80(workspace: Workspace, capsys: Capture) -> None:
    run_dir = init(capsys, workspace, "exec", "alpha", "--wave", "1")
    folder = f"{run_dir}/task-implementer-1.2"
    words = ("dispatch-setup", "task-implementer-1.2", "--run-dir", run_dir)
    assert tool(capsys, workspace, *words, "--model-alias", "implementation") == {
        "subagent_dir": folder,
        "brief_path": f"{folder}/brief.md",
        "report_path": f"{folder}/report.md",
        "status_path": f"{folder}/status.json",
        "model": "sonnet",
        "created": True,
        "warnings": [],
    }
    brief = Path(folder, "brief.md").read_text()
    headings = [line for line in brief.splitlines() if line.startswith("#")]
    assert headings == [
        "# Brief: task-implementer-1.2",
        *("## Inputs", "## Config Context", "## Task", "## Output Contract"),
    ]
    for text in ("- tdd_default: off\n", "- max_wave_size: 3\n", "- require_test_per_task: true\n"):
        assert text in brief
    sample = json.loads(brief.partition("```json\n")[2].partition("```")[0])
    assert list(sample) == ["status", "summary", "skills_used", "skills_missing", "model_override_reason"]
    assert f"- Report: {folder}/report.md\n- Status: {folder}/status.json\n" in brief
    assert raw(capsys, workspace, *words) == folder


def test_setup_leaves_a_filled_brief_alone(workspace: Workspace, capsys: Capture) -> None:
    run_dir = init(capsys, workspace, "qa", "alpha")
    words = ("dispatch-setup", "a", "--run-dir", run_dir)
    brief = Path(str(tool(capsys, workspace, *words)["brief_path"]))
    assert tool(capsys, workspace, *words)["created"] is False  # nothing in it to lose, nothing to say
    brief.write_text("# Brief: a\n\nRead it all.\n")
    answer = warned(capsys, workspace, *words)
    assert (answer["created"], answer["warnings"]) == (False, [f"{brief} exists and was left as it is"])
    assert brief.read_text() == "# Brief: a\n\nRead it all.\n"


@pytest.mark.parametrize(
    ("agent", "run_dir", "more", "error"),
    [
        ("../a", f".spec-workflow/{RUNS}/run-001", [], "invalid subagent name: '../a'"),
        ("_a", f".spec-workflow/{RUNS}/run-001", [], "invalid subagent name: '_a'"),
        ("a", f".spec-workflow/{RUNS}/run-001", ["--model-alias", "gpt"], "unknown model alias: gpt"),
        ("a", f".spec-workflow/{SPEC}/qa", [], f"not a run directory: '.spec-workflow/{SPEC}/qa'"),
        ("a", "/etc", [], "not a folder of a spec in this workspace: '/etc'"),
        ("a", ".spec-workflow/specs/alpha/../../../run-001", [], "not a folder of a spec in this workspace"),
        ("a", ".spec-workflow/specs/beta/qa/_comms/qa/run-001", [], "spec not found: beta"),
    ],
)
def test_setup_refuses(
    workspace: Workspace, capsys: Capture, agent: str, run_dir: str, more: list[str], error: str
) -> None:
    before = sorted(workspace.paths.root.rglob("*"))
    assert failure(capsys, workspace, "dispatch-setup", agent, "--run-dir", run_dir, *more).startswith(error)
    assert sorted(workspace.paths.root.rglob("*")) == before


# -- dispatch-read-status ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status", "valid"),
    [
        ('{"status": "pass", "summary": "fine"}', "pass", True),
        ('{"status": "blocked", "summary": "no"}', "blocked", True),
        ('{"status": "unknown"}', "unknown", False),
        (None, "missing", False),
        ("{", "invalid", False),
    ],
)
def test_read_status_81(
    workspace: Workspace, capsys: Capture, content: str | None, status: str, valid: bool
) -> None:
    if content is not None:
        write(workspace, f"{RUNS}/run-001/a/status.json", content)
    words = ("dispatch-read-status", "a", "--run-dir", f".spec-workflow/{RUNS}/run-001")
    answer = tool(capsys, workspace, *words)
    assert (answer["status"], answer["valid"], "error" in answer) == (status, valid, not valid)
    assert raw(capsys, workspace, *words) == status


# -- dispatch-handoff ----------------------------------------------------------------------------


def test_handoff_82(workspace: Workspace, capsys: Capture) -> None:
    run = write_run(workspace, f"{RUNS}/run-001", {"b-judge": "blocked", "a-scout": "pass"}, handoff=False)
    write(workspace, f"{RUNS}/run-001/c-broken/status.json", "{")
    write(workspace, f"{RUNS}/run-001/d-silent/brief.md", "x")
    write(workspace, f"{RUNS}/run-001/_orchestrator-context/notes.md", "x")
    answer = tool(
        capsys, workspace, "dispatch-handoff", "--run-dir", str(run.relative_to(workspace.paths.root))
    )
    assert answer == {
        "handoff_path": f".spec-workflow/{RUNS}/run-001/_handoff.md",
        "subagents": [
            {"name": "a-scout", "status": "pass", "summary": "a-scout!"},
            {"name": "b-judge", "status": "blocked", "summary": "b-judge!"},
            {"name": "c-broken", "status": "invalid", "summary": ""},
            {"name": "d-silent", "status": "missing", "summary": ""},
        ],
        "all_pass": False,
        "written": True,
        "warnings": [],
    }
    text = (run / "_handoff.md").read_text()
    assert text.startswith("# Handoff Summary\n") and text.endswith("\n**All pass:** false\n")
    [row] = projections(workspace)["runs"]
    assert (row["status"], row["sealed"], row["all_pass"]) == ("blocked", 1, 0)
    assert [hit.path for hit in workspace.search("judge").results]  # files, database, index


def test_handoff_names_the_category_of_a_known_command(workspace: Workspace, capsys: Capture) -> None:
    run_dir = init(capsys, workspace, "qa", "alpha")
    tool(capsys, workspace, "dispatch-setup", "a", "--run-dir", run_dir)
    Path(run_dir, "a/status.json").write_text('{"status": "pass", "summary": "ok"}')
    words = ("dispatch-handoff", "--run-dir", run_dir)
    assert tool(capsys, workspace, *words, "--command", "qa")["category"] == "pipeline"
    assert "category" not in tool(capsys, workspace, *words, "--command", "nothing")
    assert raw(capsys, workspace, *words) == f"{run_dir}/_handoff.md"


def test_handoff_of_nobody_is_no_pass(workspace: Workspace, capsys: Capture) -> None:
    answer = warned(
        capsys, workspace, "dispatch-handoff", "--run-dir", init(capsys, workspace, "qa", "alpha")
    )
    assert (answer["all_pass"], answer["warnings"]) == (False, ["the run has no subagents"])


@pytest.mark.parametrize("odd", ["folder", "link", "pipe"])
def test_a_status_that_cannot_be_read_stops_no_handoff(
    workspace: Workspace, capsys: Capture, odd: str
) -> None:
    run = write_run(workspace, f"{RUNS}/run-001", {"a": "pass", "b": "pass"}, handoff=False)
    status = run / "a" / "status.json"
    status.unlink()
    if odd == "folder":
        status.mkdir()
    elif odd == "link":
        status.symlink_to(run / "b" / "status.json")
    elif hasattr(os, "mkfifo"):
        os.mkfifo(status)
    run_dir = run.relative_to(workspace.paths.root)
    answer = warned(capsys, workspace, "dispatch-handoff", "--run-dir", run_dir)
    assert [(agent["name"], agent["status"]) for agent in answer["subagents"]] == [
        ("a", "invalid"),
        ("b", "pass"),
    ]
    assert answer["all_pass"] is False and "a/status.json" in str(answer["warnings"])
    assert "| a | invalid |" in (run / "_handoff.md").read_text()


def test_handoff_leaves_what_somebody_wrote(workspace: Workspace, capsys: Capture) -> None:
    run = write_run(workspace, f"{RUNS}/run-001", {"a": "pass"}, handoff=False)
    run_dir = str(run.relative_to(workspace.paths.root))
    tool(capsys, workspace, "dispatch-handoff", "--run-dir", run_dir)
    write(workspace, f"{RUNS}/run-001/a/status.json", '{"status": "blocked", "summary": "b"}')
    assert tool(capsys, workspace, "dispatch-handoff", "--run-dir", run_dir)["written"] is True
    assert "false" in (run / "_handoff.md").read_text()  # our own is brought up to date
    longer = (run / "_handoff.md").read_text() + "\n## Mode\n\nInline.\n"
    (run / "_handoff.md").write_text(longer)
    answer = warned(capsys, workspace, "dispatch-handoff", "--run-dir", run_dir)
    assert (answer["written"], answer["all_pass"]) == (False, False)
    assert (run / "_handoff.md").read_text() == longer


def test_handoff_without_the_run(workspace: Workspace, capsys: Capture) -> None:
    run_dir = f".spec-workflow/{RUNS}/run-009"
    assert failure(capsys, workspace, "dispatch-handoff", "--run-dir", run_dir) == (
        f"run directory not found: {run_dir}"
    )


def test_the_table_of_a_handoff_holds_any_summary() -> None:
    agents = (AgentVerdict("a", "pass", "x | y\nz \\ w\x1b[31m"), AgentVerdict("b", "pass", ""))
    text = render_handoff(agents, all_pass=True)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[1:] == ["| a | pass | x \\| y z \\\\ w |", "| b | pass |  |"]
    assert is_generated(text)
    assert is_generated("")
    assert len(render_handoff((AgentVerdict("a", "pass", "x" * 1_000_000),), all_pass=True)) < 3_000
    for other in ("# Handoff\n", text + "more\n", text.replace("# Handoff Summary", "# Handoff")):
        assert not is_generated(other)


# -- audits --------------------------------------------------------------------------------------


@pytest.fixture
def run_dir(workspace: Workspace) -> str:
    (workspace.paths.workflow / RUNS / "run-001").mkdir(parents=True)
    return f".spec-workflow/{RUNS}/run-001"


@pytest.mark.parametrize(
    ("kind", "iteration", "folder", "counted"),
    [
        ("inline-audit", 2, "_inline-audit/iteration-2", 2),  # 61
        ("inline-checkpoint", 1, "_inline-checkpoint", 1),  # 62
        ("inline-audit", 0, "_inline-audit/iteration-1", 1),  # 63
        ("inline-audit", -4, "_inline-audit/iteration-1", 1),
    ],
)
def test_init_audit_61_to_64(
    workspace: Workspace, capsys: Capture, run_dir: str, kind: str, iteration: int, folder: str, counted: int
) -> None:
    words = ("dispatch-init-audit", "--run-dir", run_dir, "--type", kind, "--iteration", iteration)
    assert tool(capsys, workspace, *words) == {
        "audit_dir": f"{run_dir}/{folder}",
        "type": kind,
        "iteration": counted,
        "warnings": [],
    }
    assert Path(run_dir, folder).is_dir()
    assert raw(capsys, workspace, *words) == f"{run_dir}/{folder}"


@pytest.mark.parametrize(
    "words", [("--run-dir", "", "--type", "inline-audit"), ("--type", ""), ("--type", "x")]
)
def test_init_audit_refuses_65(
    workspace: Workspace, capsys: Capture, run_dir: str, words: tuple[str, ...]
) -> None:
    given = words if words[0] == "--run-dir" else ("--run-dir", run_dir, *words)
    assert failure(capsys, workspace, "dispatch-init-audit", *given)
    assert not list(Path(run_dir).iterdir())


def test_a_whole_audit_66_to_73(workspace: Workspace, capsys: Capture, run_dir: str) -> None:
    given = ("--run-dir", run_dir, "--type", "inline-audit")
    assert "run audit-iteration start first" in failure(capsys, workspace, "audit-iteration", "check", *given)
    assert "start first" in failure(capsys, workspace, "audit-iteration", "advance", *given, "--result", "x")
    path = f"{run_dir}/_inline-audit/_iteration-state.json"
    assert tool(capsys, workspace, "audit-iteration", "start", *given, "--max", 3) == {
        "iteration": 1,
        "max": 3,
        "remaining": 2,
        "allowed": True,
        "state_path": path,
        "warnings": [],
    }
    state = json.loads(Path(path).read_text())
    assert (state["type"], state["current_iteration"], state["max_iterations"]) == ("inline-audit", 1, 3)
    assert [list(entry) for entry in state["history"]] == [["iteration", "started_at"]]
    assert tool(capsys, workspace, "audit-iteration", "check", *given) == {
        "allowed": True,
        "iteration": 1,
        "max": 3,
        "remaining": 2,
        "message": "OK - YOU CAN TRY AGAIN",
        "warnings": [],
    }
    advance = ("audit-iteration", "advance", *given, "--result")
    assert tool(capsys, workspace, *advance, "blocked") == {
        "advanced_to": 2,
        "max": 3,
        "remaining": 1,
        "next_allowed": True,
        "warnings": [],
    }
    history = json.loads(Path(path).read_text())["history"]
    assert [(entry["iteration"], entry.get("result")) for entry in history] == [(1, "blocked"), (2, None)]
    assert tool(capsys, workspace, *advance, "blocked")["next_allowed"] is False
    answer = tool(capsys, workspace, "audit-iteration", "check", *given)
    assert (answer["allowed"], answer["remaining"]) == (False, 0)
    assert answer["message"] == "BLOCKED - NO MORE TRIES, LET THE MAIN AGENT KNOW"
    assert raw(capsys, workspace, "audit-iteration", "check", *given) == answer["message"]
    assert failure(capsys, workspace, *advance, "pass") == "cannot advance: 3 of 3 tries are used"
    results = [entry.get("result") for entry in json.loads(Path(path).read_text())["history"]]
    assert results == ["blocked", "blocked", "pass"]  # the last one is recorded, once
    assert failure(capsys, workspace, *advance, "blocked")
    assert json.loads(Path(path).read_text())["history"][2]["result"] == "pass"


def test_start_again_does_not_give_new_tries(workspace: Workspace, capsys: Capture, run_dir: str) -> None:
    given = ("--run-dir", run_dir, "--type", "inline-checkpoint")
    assert tool(capsys, workspace, "audit-iteration", "start", *given, "--max", 2)["max"] == 2  # 75
    assert Path(run_dir, "_inline-checkpoint/_iteration-state.json").is_file()
    tool(capsys, workspace, "audit-iteration", "advance", *given, "--result", "blocked")
    answer = warned(capsys, workspace, "audit-iteration", "start", *given, "--max", 9)
    assert (answer["iteration"], answer["max"], answer["allowed"]) == (2, 2, False)


@pytest.mark.parametrize("number", ["10000", "9" * 25, "9" * 5000])
def test_a_number_of_tries_that_nobody_means_is_refused(
    workspace: Workspace, capsys: Capture, run_dir: str, number: str
) -> None:
    given = ("--run-dir", run_dir, "--type", "inline-audit")
    for words in (("audit-iteration", "start", "--max"), ("dispatch-init-audit", "--iteration")):
        assert spw("tools", *words, number, *given, workspace=workspace) == 1
        assert words[-1].strip("-") in capsys.readouterr().err
    assert not list(Path(run_dir).iterdir())


def test_the_maximum_comes_from_the_configuration_67(
    workspace: Workspace, capsys: Capture, run_dir: str
) -> None:
    given = ("--run-dir", run_dir, "--type")
    assert tool(capsys, workspace, "audit-iteration", "start", *given, "inline-audit", "--max", 0)["max"] == 3
    (workspace.paths.workflow / "spw-config.toml").write_text(
        "[verification]\ninline_audit_max_iterations = 5\n"
    )
    assert tool(capsys, workspace, "audit-iteration", "start", *given, "inline-checkpoint")["max"] == 5


def test_four_tries_74(workspace: Workspace, capsys: Capture, run_dir: str) -> None:
    given = ("--run-dir", run_dir, "--type", "inline-audit")
    tool(capsys, workspace, "audit-iteration", "start", *given, "--max", 4)
    for result in ("blocked", "pass"):
        assert tool(capsys, workspace, "audit-iteration", "advance", *given, "--result", result)
    state = json.loads(Path(run_dir, "_inline-audit/_iteration-state.json").read_text())
    assert [entry.get("result") for entry in state["history"]] == ["blocked", "pass", None]


def test_a_broken_state_is_said_and_kept(workspace: Workspace, capsys: Capture, run_dir: str) -> None:
    given = ("--run-dir", run_dir, "--type", "inline-audit")
    path = write(workspace, f"{RUNS}/run-001/_inline-audit/_iteration-state.json", "{")
    for step in (["check"], ["start"], ["advance", "--result", "x"]):
        assert "cannot read" in failure(capsys, workspace, "audit-iteration", *step, *given)
    assert path.read_text() == "{"


@pytest.mark.parametrize("history", ["5", '"x"', "{}", "[1]", "null"])
def test_a_history_that_is_none_begins_anew(
    workspace: Workspace, capsys: Capture, run_dir: str, history: str
) -> None:
    state = f'{{"type": "inline-audit", "current_iteration": 1, "max_iterations": 3, "history": {history}}}'
    path = write(workspace, f"{RUNS}/run-001/_inline-audit/_iteration-state.json", state)
    given = ("--run-dir", run_dir, "--type", "inline-audit", "--result", "blocked")
    assert tool(capsys, workspace, "audit-iteration", "advance", *given)["advanced_to"] == 2
    assert [entry.get("result") for entry in json.loads(path.read_text())["history"]] == ["blocked", None]


def test_files_are_made_once_where_there_are_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", no_link)
    assert create_file(tmp_path, "a/brief.md", b"first")
    with entry_inside(tmp_path, "a/brief.md") as entry, pytest.raises(FileExistsError):
        write_whole(entry, b"second", replace=False)
    assert [path.read_bytes() for path in (tmp_path / "a").iterdir()] == [b"first"]


# -- wave-update ---------------------------------------------------------------------------------

WAVE = f".spec-workflow/{SPEC}/execution/waves/wave-02"


def wave_files() -> tuple[Answer, Answer]:
    summary, latest = (
        json.loads(Path(WAVE, name).read_text()) for name in ("_wave-summary.json", "_latest.json")
    )
    return summary, latest


def test_wave_update_47_51(workspace: Workspace, capsys: Capture) -> None:
    words = ("wave-update", "alpha", "--wave", "02", "--status", "pass", "--tasks", "3,4,7")
    runs = ("--checkpoint-run", "run-001", "--execution-run", "run-001")
    assert tool(capsys, workspace, *words, *runs) == {
        "wave": "02",
        "summary_path": f"{WAVE}/_wave-summary.json",
        "latest_path": f"{WAVE}/_latest.json",
        "warnings": [],
    }
    summary, latest = wave_files()
    assert (summary["wave"], summary["status"], summary["tasks"]) == ("02", "pass", [3, 4, 7])
    assert summary["updated_at"]
    assert latest == {
        "status": "pass",
        "execution": "run-001",
        "checkpoint": "run-001",
        "run_id": "run-001",
    }
    assert raw(capsys, workspace, *words) == f"{WAVE}/_wave-summary.json"


def test_wave_update_again_48_49_50(workspace: Workspace, capsys: Capture) -> None:
    words = ("wave-update", "--spec", "alpha", "--wave", "2", "--tasks", "1.1,2", "--status")
    tool(capsys, workspace, *words, "blocked", "--checkpoint-run", "run-001")
    assert wave_files()[0]["status"] == "blocked"
    tool(capsys, workspace, *words, "pass", "--checkpoint-run", "run-002")
    summary, latest = wave_files()
    assert (summary["status"], summary["tasks"], latest["run_id"]) == ("pass", ["1.1", "2"], "run-002")
    tool(capsys, workspace, *words, "pass")
    assert wave_files()[1] == {"status": "pass"}
    versions = workspace.spec("alpha").versions("execution/waves/wave-02/_latest.json")
    assert [json.loads(content).get("checkpoint") for _, content in versions] == ["run-001", "run-002", None]


@pytest.mark.parametrize(
    ("more", "error"),
    [
        (("--wave", "0", "--status", "pass", "--tasks", "1"), "wave must be a positive integer"),
        (
            ("--wave", "10000", "--status", "pass", "--tasks", "1"),
            "wave must be a whole number from 1 to 9999",
        ),
        (("--wave", "1", "--status", "done", "--tasks", "1"), "status must be pass or blocked"),
        (("--wave", "1", "--status", "pass", "--tasks", "../1"), "invalid task id"),
        (
            ("--wave", "1", "--status", "pass", "--tasks", "1", "--checkpoint-run", "../run-1"),
            "not a run id: '../run-1'",
        ),
    ],
)
def test_wave_update_refuses(
    workspace: Workspace, capsys: Capture, more: tuple[str, ...], error: str
) -> None:
    assert failure(capsys, workspace, "wave-update", "alpha", *more).startswith(error)
    assert not list((workspace.paths.workflow / SPEC).iterdir())


def test_what_an_agent_wrote_is_stored_before_it_is_replaced(workspace: Workspace, capsys: Capture) -> None:
    theirs = b'{"wave": "wave-02", "tasks": [{"task_id": "1", "reviews": ["a: pass"]}]}'
    write(workspace, f"{SPEC}/execution/waves/wave-02/_wave-summary.json", theirs)
    tool(capsys, workspace, "wave-update", "alpha", "--wave", 2, "--status", "pass", "--tasks", "1")
    path = "execution/waves/wave-02/_wave-summary.json"
    assert workspace.spec("alpha").versions(path)[0][1] == theirs
    # Without a database to store it in, it stays beside the new one.
    workspace.paths.spec_db("alpha").unlink()
    workspace.paths.spec_db("alpha").mkdir()
    write(workspace, f"{SPEC}/{path}", theirs)
    replaced, warnings = replace_stored(workspace.paths, "alpha", path, b"{}")
    assert replaced and len(warnings) == 1
    assert Path(f"{WAVE}/_wave-summary.json.before-1").read_bytes() == theirs


# -- impl-log and task-mark ----------------------------------------------------------------------

LOGS = f".spec-workflow/{SPEC}/execution/_implementation-logs"
LOG = (
    "--task-id",
    "1.1",
    "--wave",
    "01",
    "--title",
    "Add it",
    "--files",
    "a.py, b.py",
    "--changes",
    "Did it.",
)


def test_a_log_of_bytes_that_are_no_text(workspace: Workspace, capsys: Capture) -> None:
    odd = os.fsdecode(b"caf\xe9")
    given = [odd if word in ("Add it", "Did it.") else word for word in LOG]
    tool(capsys, workspace, "impl-log", "register", "alpha", *given)
    assert Path(LOGS, "task-1.1.md").read_text().count("caf?") == 2


def test_register_52_53(workspace: Workspace, capsys: Capture) -> None:
    answer = tool(capsys, workspace, "impl-log", "register", "alpha", *LOG, "--tests", "All pass.")
    assert answer == {
        "task_id": "1.1",
        "path": f"{LOGS}/task-1.1.md",
        "created": True,
        "replaced": False,
        "warnings": [],
    }
    text = Path(LOGS, "task-1.1.md").read_text()
    assert text.startswith("# Task 1.1: Add it\n")
    for part in (
        "**Wave:** 01",
        "**Timestamp:**",
        "- `a.py`\n- `b.py`\n",
        "\nDid it.\n",
        "## Tests\n\nAll pass.",
    ):
        assert part in text
    [log] = workspace.spec("alpha").record().impl_logs
    assert (log.task_id, log.title) == ("1.1", "Add it")
    before = Path(LOGS, "task-1.1.md").read_bytes()
    assert raw(capsys, workspace, "impl-log", "register", "--spec", "alpha", *LOG) == f"{LOGS}/task-1.1.md"
    assert "## Tests" not in Path(LOGS, "task-1.1.md").read_text()
    path = "execution/_implementation-logs/task-1.1.md"
    assert workspace.spec("alpha").versions(path)[0][1] == before


def test_register_refuses(workspace: Workspace, capsys: Capture) -> None:
    assert "spec directory not found" in failure(capsys, workspace, "impl-log", "register", "beta", *LOG)
    words = ("--task-id", "../../x", *LOG[2:])
    assert "invalid task id" in failure(capsys, workspace, "impl-log", "register", "alpha", *words)
    assert not list((workspace.paths.workflow / SPEC).iterdir())


def test_check_54_55_56(workspace: Workspace, capsys: Capture) -> None:
    for task_id in ("1.1", "1.2"):
        write(workspace, f"{SPEC}/execution/_implementation-logs/task-{task_id}.md", f"# Task {task_id}: x\n")
    answer = tool(capsys, workspace, "impl-log", "check", "alpha", "--task-ids", "1.1,1.2")
    assert answer["all_present"] is True
    assert "missing" not in answer
    answer = tool(capsys, workspace, "impl-log", "check", "alpha", "--task-ids", "1.1,2.1,3.1")
    assert (answer["all_present"], answer["missing"]) == (False, ["2.1", "3.1"])
    assert {task: found["exists"] for task, found in answer["tasks"].items()} == {  # type: ignore[attr-defined]
        "1.1": True,
        "2.1": False,
        "3.1": False,
    }
    answer = tool(capsys, workspace, "impl-log", "check", "beta", "--task-ids", "5.1,5.2")
    assert (answer["all_present"], answer["missing"]) == (False, ["5.1", "5.2"])
    words = ("impl-log", "check", "--spec", "alpha", "--task-ids")
    assert (raw(capsys, workspace, *words, "1.1"), raw(capsys, workspace, *words, "9")) == ("true", "false")


BOLD = "## Wave 01\n\n- [ ] **1.** A\n- [-] **2.** B\n- [ ] **10.** C\n- [ ] **11.** D\n"


@pytest.mark.parametrize(
    ("task_id", "status", "previous", "line"),
    [
        ("1", "in-progress", "pending", "- [-] **1.** A"),  # 32
        ("2", "done", "in-progress", "- [x] **2.** B"),  # 33
        ("1", "blocked", "pending", "- [!] **1.** A"),  # 34
        ("1", "done", "pending", "- [x] **1.** A"),  # 36
        ("10", "done", "pending", "- [x] **10.** C"),  # 36
        ("2", "pending", "in-progress", "- [ ] **2.** B"),
    ],
)
def test_task_mark_32_33_34_36(
    workspace: Workspace, capsys: Capture, task_id: str, status: str, previous: str, line: str
) -> None:
    path = write(workspace, f"{SPEC}/tasks.md", BOLD)
    assert tool(capsys, workspace, "task-mark", "alpha", "--task-id", task_id, "--status", status) == {
        "task_id": task_id,
        "previous_status": previous,
        "new_status": status,
        "tasks_path": f".spec-workflow/{SPEC}/tasks.md",
        "warnings": [],
    }
    before, after = BOLD.splitlines(), path.read_text().splitlines()
    assert [new for old, new in zip(before, after, strict=True) if old != new] == [line]
    statuses = {row["task_id"]: row["status"] for row in projections(workspace)["tasks"]}
    assert statuses[task_id] == status.replace("-", "_")


def test_task_mark_refuses_35(workspace: Workspace, capsys: Capture) -> None:
    path = write(workspace, f"{SPEC}/tasks.md", BOLD)
    words = ("task-mark", "--spec", "alpha", "--status")
    assert failure(capsys, workspace, *words, "done", "--task-id", "99") == "task ID 99 not found in tasks.md"
    assert "unknown status: finished" in failure(capsys, workspace, *words, "finished", "--task-id", "1")
    assert path.read_text() == BOLD


def test_a_full_disk_is_not_taken_for_missing_rights(tmp_path: Path) -> None:
    with pytest.raises(WriteError) as caught, explaining(tmp_path, "brief.md"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.hint == "Free some space."


@pytest.mark.parametrize(
    "folder", ["a\0b", f"{RUNS}/run-001\0", f"{RUNS}/run-001/{'x' * 5000}", f"{RUNS}/run-001/\udcff", "~", ""]
)
def test_no_path_makes_the_library_raise_anything_but_its_errors(workspace: Workspace, folder: str) -> None:
    with suppress(SpwError):
        run = run_folder(workspace.paths, f".spec-workflow/{folder}")
        assert run.spec == "alpha"
        assert not is_folder(workspace.paths, run)

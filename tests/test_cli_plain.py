"""The tools that workflows call all the time: what they import, and that they read words as argparse does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spw_core.api import Workspace
from spw_core.cli import main
from spw_core.cli.commands import build_parser
from spw_core.cli.tools import read_plainly
from spw_core.errors import UsageError

from .machine_support import ask
from .support import modules_after

RUN = ".spec-workflow/specs/alpha/qa/_comms/qa/run-001"

# What each tool needs of ours beyond what all of them share.
SHARED = {
    *("spw_core", "names", "errors", "workspace", "harvest", "harvest.inside", "harvest.spec_folder"),
    *("cli", "cli.commands", "cli.streams", "cli.words", "cli.plain", "cli.tools"),
    *("cli.machine", "cli.output", "cli.numbers", "text"),
}
STORING = {
    *("digest", "moments", "atomic", "domain", "domain.registry", "dispatch", "dispatch.files"),
    *("dispatch.notes", "store", "store.at_rest", "store.connection", "store.content", "store.in_memory"),
    *("store.patience", "store.rows", "store.side_files", "store.spec"),
}
SETTINGS = {"config_identity", "dispatch.settings", "store.index_schema"}
READING = {"digest", "harvest.read_file", "formats", "formats.json_object", "formats.problem"}
DISPATCH = {"cli.tools_dispatch"}
OURS = {
    "dispatch-init exec alpha --wave 1": {
        *DISPATCH, *STORING, *SETTINGS, "dispatch.runs", "cli.spec_argument"
    },
    f"dispatch-setup b --run-dir {RUN}": {
        *DISPATCH, *STORING, *SETTINGS, "dispatch.briefs", "harvest.read_file"
    },
    f"dispatch-read-status a --run-dir {RUN}": {*DISPATCH, *READING, "formats.status"},
    f"dispatch-init-audit --run-dir {RUN} --type inline-audit": {
        *("cli.tools_audit", "dispatch", "dispatch.audit_folders", "dispatch.files", "atomic", "digest")
    },
    f"dispatch-handoff --run-dir {RUN}": {
        *(DISPATCH | STORING | READING),
        *("formats.status", "dispatch.handoff", "harvest.one_run", "harvest.behind"),
        *("hook", "hook.detach", "hook.log", "user_dirs"),
    },
}  # fmt: skip
# Modules of Python that each takes as long to import as a tenth of starting Python, or longer.
FORBIDDEN = {
    *("argparse", "dataclasses", "datetime", "gettext", "hashlib", "inspect", "locale", "random"),
    *("shutil", "subprocess", "tempfile", "threading", "tomllib", "traceback", "unicodedata"),
    *("numpy", "platformdirs", "rich", "usearch", "yaml"),
}


@pytest.mark.parametrize("line", OURS, ids=lambda line: line.split()[0])
def test_a_tool_imports_only_what_is_listed(line: str, workspace: Workspace) -> None:
    (workspace.paths.workflow / "spw-config.toml").write_text("[execution]\ntdd_default = true\n")
    workspace.harvest()  # makes the index, in which the first tool leaves the configuration, compiled
    for words in (("dispatch-init", "qa", "alpha"), ("dispatch-setup", "a", "--run-dir", RUN)):
        assert ask(workspace, "tools", *words).code == 0
    root = workspace.paths.root
    Path(root, RUN, "a", "status.json").write_text('{"status": "pass", "summary": "ok"}')
    brought = modules_after("-m", "spw_core.cli", "tools", *line.split(), env={**os.environ}, cwd=root)
    ours = {name.removeprefix("spw_core.") for name in brought if name.startswith("spw_core")}
    assert ours == SHARED | OURS[line]
    assert not brought & FORBIDDEN


LINES = """
dispatch-init exec alpha --wave 3
dispatch-init qa alpha --raw
dispatch-init --raw qa --spec alpha
dispatch-init exec --wave 3 alpha --workspace /w
dispatch-setup a --run-dir r --model-alias x
dispatch-setup --run-dir r a
dispatch-read-status a --run-dir r --raw
dispatch-handoff --run-dir r --command qa
dispatch-init-audit --run-dir r --type inline-audit --iteration 2
audit-iteration start --run-dir r --type inline-audit --max 3
audit-iteration advance --result pass --type t --run-dir r
""".strip().splitlines()


def by_argparse(words: list[str]) -> dict[str, object] | None:
    """The arguments; None for wrong usage and for help."""
    try:
        return vars(build_parser(["tools", *words]).parse_args(["tools", *words]))
    except (UsageError, SystemExit):
        return None


def check(words: list[str]) -> bool:
    """Whether the words were read plainly; if so, argparse must read the same."""
    plain = read_plainly(words)
    if plain is not None:
        assert {"command": "tools", "subcommand": words[0], **vars(plain)} == by_argparse(words)
    return plain is not None


@pytest.mark.parametrize("line", LINES)
def test_plain_lines_are_read_without_argparse(line: str) -> None:
    assert check(line.split())


WORDS = sorted({word for line in LINES for word in line.split()})
ODD = ["--help", "--run", "--run-dir=r", "--raw=1", "--spec", "--spec=x", "--", "-", "-1", "", "x y", "é"]


@given(
    st.sampled_from([line.split() for line in LINES]),
    st.lists(
        st.tuples(st.integers(0, 9), st.booleans(), st.sampled_from(WORDS + ODD) | st.text(max_size=3)),
        max_size=4,
    ),
)
def test_lines_with_anything_put_in_or_taken_out_are_read_as_by_argparse(
    line: list[str], changes: list[tuple[int, bool, str]]
) -> None:
    words = list(line)
    for place, is_added, word in changes:
        at = 1 + place % len(words)
        words[at : at if is_added else at + 1] = [word] if is_added else []
    check(words)


@pytest.mark.parametrize(
    "line", ["", "no-such-tool", "config-get a.b", "impl-log register x", "audit-iteration"]
)
def test_all_other_lines_are_left_to_argparse(line: str) -> None:
    assert read_plainly(line.split()) is None


def test_a_mistake_is_told_by_argparse(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tools", "dispatch-setup", "a"]) == 1
    assert capsys.readouterr().err.startswith("spw: error: the following arguments are required: --run-dir")

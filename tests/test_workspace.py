"""Finding the workspace, and names that may become paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spw_core.api import Workspace
from spw_core.errors import InvalidName, SpecNotFound, WorkspaceNotFound
from spw_core.workspace import check_name, find_workspace

from .support import write


def test_found_from_deep_inside(workspace: Workspace) -> None:
    inside = workspace.paths.specs / "alpha"
    assert find_workspace(inside).root == workspace.paths.root
    assert find_workspace(workspace.paths.root).root == workspace.paths.root
    assert find_workspace(workspace.paths.workflow).root == workspace.paths.root


def test_not_found_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceNotFound) as caught:
        find_workspace(tmp_path)
    assert "mkdir -p .spec-workflow/specs" in caught.value.hint


def test_missing_folder_is_named(tmp_path: Path) -> None:
    for name in ("nowhere", "x" * 300, "a\0b"):
        with pytest.raises(WorkspaceNotFound, match="no such folder"):
            find_workspace(tmp_path / name)


@pytest.mark.skipif(os.name == "nt", reason="the current folder cannot be deleted there")
def test_a_current_folder_that_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for start in (None, "..", "x"):
        with pytest.raises(WorkspaceNotFound, match="the current folder is gone"):
            find_workspace(start)


def test_a_file_called_spec_workflow_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / ".spec-workflow").write_text("")
    with pytest.raises(WorkspaceNotFound):
        find_workspace(tmp_path)


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "ü", "a\0", "../x", "x" * 201, "/etc", "a\n"]
)
def test_bad_names_are_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(InvalidName):
        check_name(name)
    with pytest.raises(InvalidName):
        workspace.spec(name)


def test_unknown_spec_lists_the_known(workspace: Workspace) -> None:
    with pytest.raises(SpecNotFound) as caught:
        workspace.spec("beta")
    assert "alpha" in caught.value.hint


def test_spec_names_are_sorted_valid_folders(workspace: Workspace) -> None:
    for name in ("b", "B", "a.1", "with space", ".hidden"):
        (workspace.paths.specs / name).mkdir()
    write(workspace, "specs/file.md", "no folder")
    assert workspace.spec_names() == ["B", "a.1", "alpha", "b"]
    (workspace.paths.specs / "linked").symlink_to("alpha")
    assert workspace.spec_names() == ["B", "a.1", "alpha", "b"]
    assert [name for name, _ in workspace.paths.odd_spec_folders()] == ["linked", "with space"]


@pytest.mark.parametrize("target", ["/tmp", "../..", "alpha", "nowhere"])
def test_no_link_is_a_spec(workspace: Workspace, target: str) -> None:
    (workspace.paths.specs / "evil").symlink_to(target, target_is_directory=True)
    with pytest.raises(InvalidName, match="symbolic link"):
        workspace.spec("evil")
    assert workspace.spec_names() == ["alpha"]
    report = workspace.harvest()
    assert {spec.spec: bool(spec.failed) for spec in report.specs} == {"alpha": False, "evil": True}


def test_specs_folder_that_is_a_link_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    workspace.paths.specs.rename(tmp_path / "elsewhere")
    workspace.paths.specs.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(InvalidName, match="symbolic link"):
        workspace.spec_names()


def test_a_shared_workspace_is_the_one_the_link_leads_to(workspace: Workspace, tmp_path: Path) -> None:
    checkout = tmp_path / "second"
    checkout.mkdir()
    (checkout / ".spec-workflow").symlink_to(workspace.paths.workflow, target_is_directory=True)
    assert find_workspace(checkout).root == workspace.paths.root.resolve()


@pytest.mark.parametrize(
    "path", ["", "../tasks.md", "a/../../b", "/etc/passwd", "a//b", "a\0b", "a\\..\\b", "."]
)
def test_paths_inside_a_spec_cannot_leave_it(workspace: Workspace, path: str) -> None:
    with pytest.raises(InvalidName):
        workspace.paths.spec_file("alpha", path)
    with pytest.raises(InvalidName):
        workspace.paths.workflow_file(path)

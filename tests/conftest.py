"""Workspaces that tests share, and a home of their own for everything that would go to the user's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from spw_core.api import Workspace
from spw_core.harvest.harvest import harvest
from spw_core.workspace import WorkspacePaths

from .support import OLD_NS

# A real workspace, where the machine has one; its tests are skipped elsewhere.
REAL_WORKSPACE = Path(__file__).resolve().parents[2] / "shared" / "data" / "workspace"

# Time limits per example say more about a busy machine than about the code.
settings.register_profile("spw", deadline=None, print_blob=True)
settings.load_profile("spw")


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep logs and caches out of the user's folders, and settings of the terminal out of the tests."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "CLAUDE_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    yield home


@pytest.fixture(autouse=True)
def no_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of commands that run within a test, do at once what they leave to a process of its own."""

    def harvest_now(paths: WorkspacePaths, spec: str) -> None:
        harvest(paths, [spec])

    monkeypatch.setattr("spw_core.cli.tools_dispatch.harvest_behind", harvest_now)


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo workspace, never harvested. Read only."""
    from spw_core.demo.generate import generate

    folder = tmp_path_factory.mktemp("demo-files") / "acme-shop"
    generate(folder)
    # Else the first tests, and they alone, would harvest folders that were changed a moment ago.
    for parent, _, _ in os.walk(folder):
        os.utime(parent, ns=(OLD_NS, OLD_NS))
    return folder


@pytest.fixture(scope="session")
def demo_harvested(demo_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo workspace, harvested. Read only."""
    folder = tmp_path_factory.mktemp("demo-harvested") / "acme-shop"
    shutil.copytree(demo_files, folder)
    workspace = Workspace.open(folder)
    workspace.harvest()
    return workspace


@pytest.fixture
def demo(demo_files: Path, tmp_path: Path) -> Workspace:
    """A demo workspace of one's own, not harvested."""
    folder = tmp_path / "acme-shop"
    shutil.copytree(demo_files, folder)
    return Workspace.open(folder)


@pytest.fixture
def real(tmp_path: Path) -> Workspace:
    """A copy of the real workspace, not harvested."""
    if not REAL_WORKSPACE.is_dir():
        pytest.skip("no real workspace on this machine")
    folder = tmp_path / "real"
    shutil.copytree(REAL_WORKSPACE, folder)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            path.chmod(path.stat().st_mode | 0o200)
    return Workspace.open(folder)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace with one empty spec, `alpha`."""
    (tmp_path / "ws" / ".spec-workflow" / "specs" / "alpha").mkdir(parents=True)
    return Workspace.open(tmp_path / "ws")

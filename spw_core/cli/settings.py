"""The configuration as commands need it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spw_core.errors import WorkspaceNotFound

if TYPE_CHECKING:
    from spw_core.config import LoadedConfig


def machine_config(args: argparse.Namespace) -> LoadedConfig:
    """The configuration for a program that asks, which also may before there is a workspace.

    Raises WorkspaceNotFound only for a `--workspace` that is none.
    """
    from spw_core.config import load_config
    from spw_core.workspace import WorkspacePaths, find_workspace

    try:
        paths = find_workspace(args.workspace)
    except WorkspaceNotFound:
        if args.workspace is not None:
            raise
        paths = WorkspacePaths(Path.cwd())
    return load_config(paths)

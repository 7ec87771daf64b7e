"""The `spw` command. One module per command group; argparse only, everything else is imported on use."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `spw`; returns the exit code."""
    from spw_core.cli.main import run

    return run(argv)

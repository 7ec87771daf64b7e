"""`spw tools`: the small steps and questions of workflow files, in the words of the Go tool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from spw_core.cli import load
from spw_core.cli.plain import PlainCommands

if TYPE_CHECKING:
    import argparse
    from types import SimpleNamespace

    from spw_core.cli.parsers import Parser, Subparsers

# Every tool and its module: workflows call these all the time, so only what is needed is imported.
_TOOLS = {
    "dispatch-init": "tools_dispatch",
    "dispatch-setup": "tools_dispatch",
    "dispatch-read-status": "tools_dispatch",
    "dispatch-handoff": "tools_dispatch",
    "dispatch-init-audit": "tools_audit",
    "audit-iteration": "tools_audit",
    "impl-log": "tools_work",
    "wave-update": "tools_work",
    "task-mark": "tools_work",
    "wave-status": "tools_spec",
    "wave-resolve-current": "tools_spec",
    "spec-resolve-dir": "tools_spec",
    "approval-fallback-id": "tools_spec",
    "verify-task": "tools_spec",
    "handoff-validate": "tools_runs",
    "runs-latest-unfinished": "tools_runs",
    "config-get": "tools_config",
    "resolve-model": "tools_config",
    "skills-effective-set": "tools_config",
}

# What workflows call all the time: without argparse, see `plain`.
_PLAIN = ("tools_dispatch", "tools_audit")


def read_plainly(words: Sequence[str]) -> SimpleNamespace | None:
    """The arguments of a tool, as argparse would tell them; None when only argparse can."""
    module = _TOOLS.get(words[0]) if words else None
    if module not in _PLAIN:
        return None
    commands = PlainCommands(words[0])
    load(module).add_commands(cast("Subparsers", commands))
    return commands.read(words[1:])


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    return subparsers.add_parser(
        "tools", help="small steps and questions of workflow files (for programs)", fill=_add_tools
    )


def _add_tools(group: Parser, tool: str) -> None:
    from spw_core.cli.parsers import add_subcommands

    commands = add_subcommands(group)
    named = _TOOLS.get(tool)
    for name in [named] if named else dict.fromkeys(_TOOLS.values()):
        load(name).add_commands(commands)

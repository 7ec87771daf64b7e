"""`spw tools`: the small steps and questions of workflow files, in the words of the Go tool."""

from __future__ import annotations

import argparse

from spw_core.cli.parsers import Parser, add_subcommands, load

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


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> argparse.ArgumentParser:
    return subparsers.add_parser(
        "tools", help="small steps and questions of workflow files (for programs)", fill=_add_tools
    )


def _add_tools(group: Parser, tool: str) -> None:
    commands = add_subcommands(group)
    named = _TOOLS.get(tool)
    for name in [named] if named else dict.fromkeys(_TOOLS.values()):
        load(name).add_commands(commands)

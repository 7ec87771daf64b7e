"""`spw tools`: the small questions that workflow files ask, answered in the words of the Go tool."""

from __future__ import annotations

import argparse

from spw_core.cli import tools_config, tools_runs, tools_spec
from spw_core.cli.parsers import add_subcommands


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    group: argparse.ArgumentParser = subparsers.add_parser(
        "tools", help="small questions of workflow files (for programs)"
    )
    commands = add_subcommands(group)
    for module in (tools_spec, tools_runs, tools_config):
        module.add_commands(commands)
    return group

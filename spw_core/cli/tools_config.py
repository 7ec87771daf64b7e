"""`spw tools config-get|resolve-model|skills-effective-set`: what the configuration says."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from spw_core.cli.machine import emit, machine_parser
from spw_core.cli.parsers import Subparsers
from spw_core.cli.settings import machine_config
from spw_core.errors import SpwError

if TYPE_CHECKING:
    from spw_core.config import LoadedConfig

_TDD_SKILL = "test-driven-development"


def add_commands(commands: Subparsers) -> None:
    parser = machine_parser(commands, "config-get", "one value of the configuration", _config_get)
    parser.add_argument("key", metavar="SECTION.KEY")
    parser.add_argument("--default", default="", metavar="VALUE", help="printed for a key that is not there")
    parser = machine_parser(commands, "resolve-model", "the model for a kind of work", _resolve_model)
    parser.add_argument("alias", metavar="ALIAS")
    parser = machine_parser(
        commands,
        "skills-effective-set",
        "skills of the stage design or implementation",
        _skills_effective_set,
    )
    parser.add_argument("stage", metavar="STAGE")


def _config_get(args: argparse.Namespace) -> int:
    from spw_core.config import lookup

    loaded = machine_config(args)
    value = lookup(loaded.document, args.key)
    found = value is not None
    if not found:
        value = args.default
    result = {
        "key": args.key,
        "value": value if isinstance(value, list | dict) else _as_text(value),
        "found": found,
    }
    return emit(args, result | _origin(loaded), _as_text(value))


def _resolve_model(args: argparse.Namespace) -> int:
    from spw_core.config import as_document

    loaded = machine_config(args)
    models = as_document(loaded.config.models)
    if args.alias not in models:
        raise SpwError(f"unknown model alias: {args.alias}", f"Aliases are: {', '.join(models)}.")
    model = str(models[args.alias])
    result = {"alias": args.alias, "model": model, "source": "config", "warnings": loaded.warnings}
    return emit(args, result, model)


def _skills_effective_set(args: argparse.Namespace) -> int:
    loaded = machine_config(args)
    stage, config = args.stage.lower(), loaded.config
    stages = {"design": config.skills.design, "implementation": config.skills.implementation}
    if stage not in stages:
        raise SpwError(f"unknown stage: {args.stage}", "Stages are: design, implementation.")
    skills = stages[stage]
    required = list(skills.required)
    if stage == "implementation" and config.execution.tdd_default and _TDD_SKILL not in required:
        required.append(_TDD_SKILL)
    result = {
        "stage": stage,
        "required": required,
        "optional": skills.optional,
        "enforce_required": skills.enforce_required,
        "tdd_default": config.execution.tdd_default,
    }
    return emit(args, result | _origin(loaded), ",".join(required))


def _origin(loaded: LoadedConfig) -> dict[str, object]:
    return {"config_path": loaded.path, "config_source": loaded.source, "warnings": loaded.warnings}


def _as_text(value: object) -> str:
    """Texts as they are, everything else as JSON writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

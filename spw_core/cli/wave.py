"""`spw wave`: the state of a spec's waves, for programs."""

from __future__ import annotations

import argparse

from spw_core.cli.machine import emit, machine_parser
from spw_core.cli.parsers import Subparsers, add_subcommands
from spw_core.cli.spec_argument import (
    add_spec,
    open_spec,
    planned_record,
    read_number,
    record_of,
    wave_facts_of,
)

_NUMBER = "wave number"


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    group = subparsers.add_parser("wave", help="waves of a spec (for programs)")
    commands = add_subcommands(group)
    add_spec(machine_parser(commands, "state", "every wave with its runs and status", _state))
    summary = machine_parser(commands, "summary", "status and summary of one wave", _summary)
    checkpoint = machine_parser(commands, "checkpoint", "the deciding checkpoint of one wave", _checkpoint)
    for parser in (summary, checkpoint):
        add_spec(parser)
        parser.add_argument("wave", metavar="WAVE", help="number of the wave, from 1")
    add_spec(machine_parser(commands, "resume", "where to take up the work again", _resume))
    return group


def _state(args: argparse.Namespace) -> int:
    from spw_core.domain.waves import wave_states

    spec = open_spec(args)
    states = wave_states(wave_facts_of(spec))
    waves = [
        {
            "wave_num": state.number,
            "status": state.status,
            "exec_runs": state.exec_runs,
            "check_runs": state.check_runs,
            "task_ids": list(state.task_ids),
        }
        for state in states
    ]
    return emit(args, {"spec": spec.name, "waves": waves, "count": len(waves)}, f"{len(waves)} waves")


def _summary(args: argparse.Namespace) -> int:
    from spw_core.domain.wave_summary import wave_digest

    number = read_number(args.wave, _NUMBER)
    spec = open_spec(args)
    digest = wave_digest(record_of(spec), number)
    value = {
        "spec": spec.name,
        "wave": number,
        "status": digest.status,
        "summary": digest.summary,
        "source": digest.source,
        "stale_flag": bool(digest.stale),
        "details": "; ".join(digest.stale),
    }
    return emit(args, value, digest.status)


def _checkpoint(args: argparse.Namespace) -> int:
    from spw_core.domain.waves import Checkpoint, wave_states
    from spw_core.formats.status import MISSING

    number = read_number(args.wave, _NUMBER)
    spec = open_spec(args)
    states = wave_states(wave_facts_of(spec))
    found = next((state.checkpoint for state in states if state.number == number), Checkpoint(MISSING))
    value = {
        "spec": spec.name,
        "wave_num": number,
        "status": found.status,
        "run_id": found.run_path.rpartition("/")[2],
        "source": found.source,
        "stale_flag": bool(found.stale),
        "details": "; ".join(found.stale),
    }
    return emit(args, value, found.status)


def _resume(args: argparse.Namespace) -> int:
    from spw_core.domain.resume import resume

    spec = open_spec(args)
    answer = resume(planned_record(spec), spec.planning_strategy())
    value = {"spec": spec.name, "action": answer.action, "wave_num": answer.wave, "reason": answer.reason}
    return emit(args, value, answer.action)

"""The workflow commands, where their runs and logs live: one table for building and for recognising paths."""

from __future__ import annotations

from typing import NamedTuple

# In the order in which they are shown everywhere. `discover` is the later name of `prd`.
PHASES = ("prd", "design", "planning", "execution", "qa", "post-mortem")
PHASE_ALIASES = {"discover": "prd"}


class Command(NamedTuple):
    """A workflow command. `comms` is the folder of its runs relative to the spec, `{wave}` two digits."""

    name: str
    phase: str
    category: str
    subcategory: str
    comms: str

    @property
    def wave_aware(self) -> bool:
        return "{wave}" in self.comms

    @property
    def policy(self) -> str:
        return "dispatch-" + self.category.removesuffix("-execution")


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command("prd", "prd", "pipeline", "research", "prd/_comms"),
        Command("discover", "prd", "pipeline", "research", "discover/_comms"),
        Command("design-research", "design", "pipeline", "research", "design/_comms/design-research"),
        Command("design-draft", "design", "pipeline", "synthesis", "design/_comms/design-draft"),
        Command("tasks-plan", "planning", "pipeline", "synthesis", "planning/_comms/tasks-plan"),
        Command("tasks-check", "planning", "audit", "artifact", "planning/_comms/tasks-check"),
        Command(
            "exec", "execution", "wave-execution", "implementation", "execution/waves/wave-{wave}/execution"
        ),
        Command("checkpoint", "execution", "audit", "code", "execution/waves/wave-{wave}/checkpoint"),
        Command("qa", "qa", "pipeline", "synthesis", "qa/_comms/qa"),
        Command("qa-check", "qa", "audit", "code", "qa/_comms/qa-check"),
        Command("qa-exec", "qa", "wave-execution", "validation", "qa/_comms/qa-exec/waves/wave-{wave}"),
        Command("post-mortem", "post-mortem", "pipeline", "synthesis", "post-mortem/_comms"),
    )
}

# The folder of implementation logs, relative to the spec.
LOGS = "execution/_implementation-logs"

# The stages inside execution/waves/wave-NN and the command whose runs they hold.
WAVE_STAGES = {"execution": "exec", "checkpoint": "checkpoint", "post-check": "post-check"}

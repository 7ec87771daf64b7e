"""guard-stop: whoever stops has handed off the runs they worked on.

Looks at few specs, however many there are: the active one, those that guards decided about lately, and all
of them where there are no more than a handful. A handoff that was not harvested yet is harvested.
"""

import os
import time

from spw_core.hook.answer import Guard
from spw_core.hook.places import is_spec
from spw_core.hook.runs import RunState, recent_runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spw_core.hook.event import Event
    from spw_core.hook.project import Project

_FEW_SPECS = 4
_MOST_SPECS = 8
_SHOWN_RUNS = 20


def run(event: "Event", project: "Project") -> int:
    # The agent goes on because of a stop hook, is not the main one, or waits for work it has started.
    if event.stop_hook_active or event.agent_id or event.background_tasks:
        return 0
    settings = project.settings
    if not settings.guards or not settings.is_on("hooks.guard_stop_handoff"):
        return 0
    guard = Guard("guard-stop", event, project)
    minutes = max(1, settings.number("hooks.recent_run_window_minutes", 30))
    since = time.time() - minutes * 60
    specs = specs_worked_on(project, guard.audit.recent_specs(guard.workspace, since, _MOST_SPECS))
    found = {spec: list(recent_runs(project.specs, spec, since)) for spec in specs}
    harvest_new_handoffs(project, found)
    broken = [(spec, state) for spec, states in found.items() for state in states if state.issues]
    if broken:
        shown = f" ({_SHOWN_RUNS} of {len(broken)} shown)" if len(broken) > _SHOWN_RUNS else ""
        details = [f"runs changed in the last {minutes} minutes{shown}:"]
        details += [f"{state.path} -> {'; '.join(state.issues)}" for _, state in broken[:_SHOWN_RUNS]]
        spec, first = broken[0]
        reason = "; ".join(first.issues) + (f"; and {len(broken) - 1} more runs" if len(broken) > 1 else "")
        return guard.violation(
            "SPW handoff is incomplete", details, target=first.path, reason=reason, spec=spec
        )
    if settings.is_on("hooks.verbose"):
        from spw_core.hook.answer import say_on_stderr

        say_on_stderr(["Stop guard passed."])
    return guard.allow("", specs[0] if specs else "")


def specs_worked_on(project: "Project", decided_about: list[str]) -> list[str]:
    """Names of the specs to look at, the active one first."""
    names = [project.active_spec(), *decided_about, *_few(project.specs)]
    return [name for name in dict.fromkeys(names) if name and is_spec(project.specs, name)][:_MOST_SPECS]


def harvest_new_handoffs(project: "Project", found: dict[str, list[RunState]]) -> None:
    """Have every spec harvested that has a handoff which is newer than its last harvest."""
    from spw_core.hook.audit import utc_text

    for spec, states in found.items():
        newest = max((state.handed_off for state in states), default=0.0)
        if newest and utc_text(newest) > project.index.harvested_at(spec):
            from spw_core.hook.detach import harvest

            harvest(project, spec)


def _few(specs: str) -> list[str]:
    """The names of all specs where they are few, else nothing."""
    try:
        with os.scandir(specs) as entries:
            names = []
            for entry in entries:
                names.append(entry.name)
                if len(names) > _FEW_SPECS:
                    return []
    except OSError:
        return []
    return sorted(names)

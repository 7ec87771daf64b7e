"""The events that nobody waits for an answer to: they keep the databases up to date.

post-tool       a file that completes a run, or changes what the status line shows, was written
subagent-stop   a subagent ended; its run may have been handed off
pre-compact, session-end   the session's transcript is put in line for `spw memory import --queued`
"""

import os
import time

from spw_core.hook.places import is_spec
from spw_core.names import DASHBOARDS, MEMORY_QUEUE, is_valid_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spw_core.hook.event import Event
    from spw_core.hook.project import Project

# What completes a run or changes the answers about a spec.
_TELLING = frozenset(("_handoff.md", "_wave-summary.json", "_latest.json", *DASHBOARDS))
_RECENT_SECONDS = 15 * 60


def post_tool(event: "Event", project: "Project") -> int:
    if not project.settings.guards:
        return 0
    from spw_core.hook.guard_paths import relative_path, spec_of

    specs: dict[str, None] = {}
    for target in event.targets():
        path = relative_path(target, project)
        if path.rpartition("/")[2] in _TELLING and (spec := spec_of(path)) and is_spec(project.specs, spec):
            specs[spec] = None
    for spec in specs:
        from spw_core.hook.detach import harvest

        harvest(project, spec)
    return 0


def subagent_stop(event: "Event", project: "Project") -> int:
    spec = project.active_spec() if project.settings.guards else ""
    if spec:
        from spw_core.hook.guard_stop import harvest_new_handoffs
        from spw_core.hook.runs import recent_runs

        since = time.time() - _RECENT_SECONDS
        harvest_new_handoffs(project, {spec: list(recent_runs(project.specs, spec, since))})
    return 0


def queue_transcript(event: "Event", project: "Project") -> int:
    """Leave a note that names the transcript of the session, one small file for each session, and have the
    notes seen to. A note that the import does not get to stays for the next one."""
    if not project.settings.guards or not event.transcript or not is_valid_name(event.session):
        return 0
    from spw_core.hook.answer import json_text
    from spw_core.hook.files import replace

    values = {
        "session": event.session,
        "transcript": event.transcript,
        "agent": event.client,
        "event": event.name,
        "reason": event.reason,
        "cwd": event.cwd,
        "queued_at": _now(),
    }
    text = ", ".join(f"{json_text(key)}: {json_text(value)}" for key, value in values.items())
    note = os.path.join(project.workflow, *MEMORY_QUEUE, f"{event.session}.json")
    if replace(project, note, f"{{{text}}}\n".encode("ascii")):
        from spw_core.hook.detach import import_transcripts

        import_transcripts(project)
    return 0


def _now() -> str:
    from spw_core.hook.audit import utc_text

    return utc_text(time.time())

"""session-start: the tasks template that fits the configuration, and one line about where things stand."""

import os

from spw_core.hook.answer import json_text, print_json, say_on_stderr
from spw_core.hook.files import replace
from spw_core.hook.text import clean, truncate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spw_core.hook.event import Event
    from spw_core.hook.project import Project

_TEMPLATES = "user-templates"
_ACTIVE = "tasks-template.md"
_VARIANTS = {"on": "tasks-template.tdd-on.md", "off": "tasks-template.tdd-off.md"}
_MAX_TEMPLATE_BYTES = 1 << 20
_MAX_CONTEXT = 600
_TAKE_CONTEXT = ("claude", "codex", "gemini")


def run(event: "Event", project: "Project") -> int:
    remark = sync_template(project)
    if remark:
        say_on_stderr([remark])
    spec = project.active_spec()
    if spec and project.settings.guards and not project.index.harvested_at(spec):
        from spw_core.hook.detach import harvest

        harvest(project, spec)  # the index cannot tell anything yet; the next session will know
    context = context_line(project, spec)
    if context and event.client in _TAKE_CONTEXT:
        print_json(
            '{"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": '
            f"{json_text(context)}}}}}"
        )
    return 0


def sync_template(project: "Project") -> str:
    """Make the active tasks template the variant that the configuration asks for; says what was done.

    What it replaces is kept as `.bak`, unless the only backup of something else would be lost for it.
    """
    settings = project.settings
    folder = os.path.join(project.workflow, _TEMPLATES)
    if not settings.is_on("templates.sync_tasks_template_on_session_start") or not os.path.isdir(folder):
        return ""
    mode = settings.word("templates.tasks_template_mode", "auto", "on", "off")
    if mode == "auto":
        mode = "on" if settings.is_on("execution.tdd_default", default=False) else "off"
    name = f"variants/{_VARIANTS[mode]}"
    wanted = _read(os.path.join(folder, name))
    if wanted is None:
        return f"tasks template: {name} is missing; nothing was changed"
    path = os.path.join(folder, _ACTIVE)
    present = _read(path)
    if present == wanted:
        return f"tasks template: already synchronised (tdd {mode})"
    if present is None and os.path.lexists(path):
        return f"tasks template: {_ACTIVE} cannot be read; nothing was changed"
    backed_up = ""
    if present is not None and settings.is_on("safety.backup_before_overwrite"):
        if _needs_backup(folder, present) and not replace(project, f"{path}.bak", present):
            return f"tasks template: {_ACTIVE} cannot be backed up; nothing was changed"
        backed_up = f", the old one is in {_ACTIVE}.bak"
    if not replace(project, path, wanted):
        return f"tasks template: {_ACTIVE} cannot be written"
    return f"tasks template: now {name}{backed_up}"


def context_line(project: "Project", spec: str) -> str:
    """Where a spec stands, what blocks it and what comes next, as facts for the agent; "" without a spec."""
    if not spec:
        return ""
    progress = project.index.progress(spec)
    parts = [progress.stage]
    if progress.waves_total:
        parts.append(f"wave {progress.wave}/{progress.waves_total}")
    if progress.tasks_total:
        parts.append(f"tasks {progress.tasks_done}/{progress.tasks_total}")
    known = ", ".join(part for part in parts if part)
    line = f"The active spec of this workspace is {spec}" + (f" ({known})." if known else ".")
    attention = "; ".join(project.index.attention(spec))
    if attention:
        line += f" Needs attention: {attention}."
    if following := project.index.next_step(spec):
        line += f" Next: {following}."
    return truncate(clean(line, _MAX_CONTEXT * 2), _MAX_CONTEXT, "...")


def _needs_backup(folder: str, present: bytes) -> bool:
    """Whether `present` is to become the backup: always, but a variant does not push out what is none."""
    if not os.path.lexists(os.path.join(folder, f"{_ACTIVE}.bak")):
        return True
    return all(_read(os.path.join(folder, "variants", name)) != present for name in _VARIANTS.values())


def _read(path: str) -> "bytes | None":
    """The bytes of a regular file; None for anything else, and for one too large to be a template."""
    try:
        if os.path.islink(path) or not os.path.isfile(path):
            return None
        with open(path, "rb") as stream:
            data = stream.read(_MAX_TEMPLATE_BYTES + 1)
    except OSError:
        return None
    return data if len(data) <= _MAX_TEMPLATE_BYTES else None

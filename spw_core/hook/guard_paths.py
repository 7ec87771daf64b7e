"""guard-paths: the workflow's files are written where the workflow looks for them."""

import os

from spw_core.hook.answer import Guard
from spw_core.names import SPECS_DIR, WORKFLOW_DIR, is_valid_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spw_core.hook.event import Event
    from spw_core.hook.project import Project

# The tools that write files, of all the programs; a payload that names none is taken for one of them.
_WRITING_TOOLS = frozenset(
    "write edit multiedit notebookedit write_file writefile replace apply_patch applypatch create create_file"
    " edit_file str_replace str_replace_editor str_replace_based_edit_tool editnotebook".split()
) | {""}

_SPECS = f"/{WORKFLOW_DIR}/{SPECS_DIR}/"
_MANAGED = frozenset(
    "design-research.md tasks-check.md checkpoint-report.md status-summary.md prd.md".split()
)
_MANAGED_PREFIXES = ("skills-", "prd-")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
# What may stand in a wave's folder: the stages, the pointer files, and what the workflow's texts ask for.
_IN_WAVE = frozenset(
    "execution checkpoint post-check _wave-summary.json _latest.json"
    " _wave-summary.md _inline-checkpoint".split()
)


def run(event: "Event", project: "Project") -> int:
    settings = project.settings
    if event.tool.lower() not in _WRITING_TOOLS or not settings.guards:
        return 0
    managed = settings.is_on("hooks.guard_paths")
    layout = settings.is_on("hooks.guard_wave_layout")
    targets = event.targets() if managed or layout else []
    if not targets:
        return 0
    guard = Guard("guard-paths", event, project)
    paths = [relative_path(target, project) for target in targets]
    for path in paths:
        problem = (managed and name_problem(path)) or (layout and layout_problem(path, project.root))
        if problem:
            title, *details = problem
            return guard.violation(title, details, target=path, reason=details[-1], spec=spec_of(path))
    return guard.allow(paths[0], spec_of(paths[0]))


def relative_path(target: str, project: "Project") -> str:
    """`target` relative to the workspace's root, with `/` and without `..` where it lies inside."""
    if os.name != "nt":
        target = target.replace("\\", "/")
    path = os.path.normpath(os.path.join(project.here, target.replace("\0", "")))
    root = os.path.normpath(project.root)
    if path.startswith(root + os.sep):
        return path[len(root) + 1 :].replace(os.sep, "/")
    return path.replace(os.sep, "/")


def is_managed_name(name: str) -> bool:
    """Whether the workflow owns files of this name, in any case."""
    name = name.lower()
    if name in _MANAGED:
        return True
    for prefix in _MANAGED_PREFIXES:
        if name.startswith(prefix) and name.endswith(".md"):
            middle = name[len(prefix) : -3]
            return bool(middle) and _WORD.issuperset(middle)
    return False


def name_problem(path: str) -> tuple[str, ...]:
    """Title and details when a file of the workflow is to be written outside of every spec, else ()."""
    name = path.rpartition("/")[2]
    if not is_managed_name(name) or _SPECS in f"/{path}":
        return ()
    place = f"{WORKFLOW_DIR}/{SPECS_DIR}/<spec-name>/"
    return (
        "SPW artifact path violation",
        f"file: {path}",
        f"{name} belongs below {place}",
    )


def layout_problem(path: str, root: str = "") -> tuple[str, ...]:
    """Title and details when a path does not have the form of today's run folders, else ().

    A wave's folder that is there, below `root`, may be written otherwise: `dispatch-init` takes it up.
    """
    title = "SPW wave layout violation"
    if "/_agent-comms/" in f"/{path}":
        return title, f"file: {path}", "_agent-comms/ is a folder of older versions; use <phase>/_comms/"
    _, inside, below = f"/{path}".partition(_SPECS)
    if not inside:
        return ()
    _, found, rest = f"/{below}".partition("/execution/waves/")
    if found:
        waves = os.path.join(root, path[: -len(rest) - 1])
        wave, _, rest = rest.partition("/")
        stage = rest.partition("/")[0]
        if not _is_wave(wave, waves):
            return title, f"file: {path}", f"invalid wave folder: {wave} (wave- and two digits, as wave-01)"
        if rest and stage not in _IN_WAVE:
            return (
                title,
                f"file: {path}",
                f"invalid stage folder: {stage} (execution, checkpoint or post-check)",
            )
    _, found, rest = f"/{below}".partition("/qa/_comms/qa-exec/waves/")
    waves = os.path.join(root, path[: -len(rest) - 1])
    if found and not _is_wave(wave := rest.partition("/")[0], waves):
        return title, f"file: {path}", f"invalid wave folder: {wave} (wave- and two digits, as wave-01)"
    return ()


def spec_of(path: str) -> str:
    """Name of the spec that a path lies in, "" outside of all."""
    name, below, _ = f"/{path}".partition(_SPECS)[2].partition("/")
    return name if below and is_valid_name(name) else ""


def _is_wave(name: str, waves: str) -> bool:
    digits = name.removeprefix("wave-")
    if digits == name or not (digits.isascii() and digits.isdigit()) or len(digits) > 4:
        return False
    canonical = f"wave-{int(digits):02d}"
    return name == canonical or (
        os.path.isdir(os.path.join(waves, name)) and not os.path.lexists(os.path.join(waves, canonical))
    )

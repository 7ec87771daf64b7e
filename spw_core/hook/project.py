"""The workspace that an event is about, with what a hook may ask of it."""

import os

from spw_core.hook.index import Index
from spw_core.hook.places import session_dir, upward
from spw_core.hook.settings import Settings, load_settings
from spw_core.names import SPECS_DIR, WORKFLOW_DIR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spw_core.hook.event import Event


class Project:
    """A workspace. `here` is the folder that the session is in, `root` the one with `.spec-workflow`."""

    __slots__ = ("_index", "_settings", "here", "root", "specs", "workflow")

    def __init__(self, workflow: str, here: str) -> None:
        self.workflow = workflow
        self.root = os.path.dirname(workflow)
        self.specs = os.path.join(workflow, SPECS_DIR)
        self.here = here
        self._index: Index | None = None
        self._settings: Settings | None = None

    @property
    def index(self) -> Index:
        if self._index is None:
            self._index = Index(self.workflow)
        return self._index

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            self._settings = load_settings(self.root, lambda: self.index)
        return self._settings

    def active_spec(self) -> str:
        """Name of the spec that the session works on, or ""."""
        if not os.path.isdir(self.specs):
            return ""
        from spw_core.hook.active import active_spec

        return active_spec(self.workflow, self.specs, self.here, self.index, self.settings)


def find_project(event: "Event") -> "Project | None":
    """The workspace around the first folder that the payload or the environment names and that has one."""
    claude = os.environ.get("CLAUDE_PROJECT_DIR", "")
    tried = set()
    for named in (event.cwd, event.current_dir, claude, ""):
        here = session_dir(named)
        if here not in tried and (workflow := find_workflow(here)):
            return Project(workflow, here)
        tried.add(here)
    return None


def find_workflow(here: str) -> str:
    """Path of the `.spec-workflow` in or above a folder, "" without one; a link is what it leads to."""
    workflow = upward(here, WORKFLOW_DIR, os.path.isdir)
    return os.path.realpath(workflow) if workflow and os.path.islink(workflow) else workflow

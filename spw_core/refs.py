"""References to stored documents, and the one place that reads a workspace-relative path."""

from __future__ import annotations

from dataclasses import dataclass, replace

from spw_core.names import APPROVALS_DIR, SPECS_DIR, WORKFLOW_DIR

# The two areas by the words of `spw_core.domain.places.Area`, which costs too much to import before the
# first picture.
SPEC_AREA, APPROVALS_AREA = "spec", "approvals"
# What was said in sessions: the word that the search index has for it, too. No file stands behind it.
MEMORY_AREA = "memory"
_MESSAGE_ENDING = ".md"
_FOLDERS = {SPECS_DIR: SPEC_AREA, APPROVALS_DIR: APPROVALS_AREA}


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """One document of a spec. `line` (1-based, 0 for the top) and `words` say what to show of it."""

    spec: str
    path: str
    area: str = SPEC_AREA
    line: int = 0
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def workflow_path(self) -> str:
        """The path below `.spec-workflow/`."""
        folder = SPECS_DIR if self.area == SPEC_AREA else APPROVALS_DIR
        return f"{folder}/{self.spec}/{self.path}"

    @property
    def shown_path(self) -> str:
        """The path from the folder of the workspace, as people and agents write it."""
        return f"{WORKFLOW_DIR}/{self.workflow_path}"

    @property
    def message_key(self) -> str:
        """Under which key the memory has it; empty for everything that is a file."""
        if self.area != MEMORY_AREA:
            return ""
        return self.path.partition("/")[2].removesuffix(_MESSAGE_ENDING)

    def is_same_document(self, other: DocumentRef | None) -> bool:
        """True when both name the same file, whatever is to be shown of it."""
        return other is not None and self.at_top() == other.at_top()

    def at_top(self) -> DocumentRef:
        return replace(self, line=0, words=())


def ref_of(workflow_path: str, line: int = 0, words: tuple[str, ...] = ()) -> DocumentRef | None:
    """The reference for a path below `.spec-workflow/`, or None for one that belongs to no spec."""
    folder, _, rest = workflow_path.partition("/")
    spec, _, path = rest.partition("/")
    if folder not in _FOLDERS or not path:
        return None
    return DocumentRef(spec, path, _FOLDERS[folder], line, words)


def message_ref(kind: str, key: str, line: int = 0, words: tuple[str, ...] = ()) -> DocumentRef:
    """The reference for a message or summary that the search index has under a key."""
    return DocumentRef("", f"{kind}/{key}{_MESSAGE_ENDING}", MEMORY_AREA, line, words)

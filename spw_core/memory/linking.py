"""What a conversation was about: specs, runs and files, told from where it happened and what it names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from spw_core.domain.places import Area, place_of
from spw_core.formats.transcripts import USER, Record, Said
from spw_core.names import SPECS_DIR, WORKFLOW_DIR
from spw_core.redact import redact
from spw_core.store.memory.types import Link, LinkKind

# The strongest sign first.
CWD, PATH, PROMPT = "cwd", "path", "prompt"
_STRENGTH = {CWD: 0, PATH: 1, PROMPT: 2}

_SPEC_PATH = re.compile(
    rf"(?:{re.escape(WORKFLOW_DIR)}/)?{SPECS_DIR}/([A-Za-z0-9][A-Za-z0-9._-]{{0,199}})(/[\w./@+-]*)?"
)
_WORDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Characters of a text that are looked through for names of specs.
_LONGEST_SCANNED = 4_000
_MOST_FILES = 2_000

# (session, kind, target, how, count): what was seen, as one linker hands it to another.
Sighting = tuple[str, str, str, str, int]


class Linker:
    """Collects the links of sessions while their records are read. `specs` are the names that count."""

    def __init__(self, root: str, specs: Iterable[str]) -> None:
        self._root = root.replace("\\", "/").rstrip("/")
        self._specs = frozenset(specs)
        self._found: dict[str, Counter[tuple[LinkKind, str]]] = {}
        self._how: dict[tuple[str, LinkKind, str], str] = {}

    def see(self, session: str, record: Record) -> None:
        """Take in one record."""
        if record.cwd and f"/{SPECS_DIR}" in record.cwd.replace("\\", "/"):
            self._see_path(session, self._relative(record.cwd, ""), CWD)
        for said in record.said:
            self._see_said(session, said, record.cwd)

    def hand_over(self) -> list[Sighting]:
        """What was found since the last time, in the order in which it was seen; it is forgotten here."""
        found, how = self._found, self._how
        self._found, self._how = {}, {}
        return [
            (session, kind.value, target, how[session, kind, target], count)
            for session, seen in found.items()
            for (kind, target), count in seen.items()
        ]

    def take_over(self, sightings: Iterable[Sighting]) -> None:
        """Add what another linker found later than this one."""
        for session, kind, target, how, count in sightings:
            self._add(session, LinkKind(kind), target, how, count)

    def links(self, session: str) -> list[Link]:
        """What was found about a session so far; no secret gets into the name of a file."""
        return [
            Link(
                kind,
                _without_secrets(target) if kind is LinkKind.FILE else target,
                self._how[session, kind, target],
                count,
            )
            for (kind, target), count in sorted(self._found.get(session, Counter()).items())
        ]

    def _see_said(self, session: str, said: Said, cwd: str) -> None:
        for path in said.files:
            relative = self._relative(path, cwd)
            self._see_path(session, relative, PATH)
            if said.writes and relative and not relative.startswith(f"{WORKFLOW_DIR}/"):
                self._add(session, LinkKind.FILE, relative, PATH)
        text = said.text[:_LONGEST_SCANNED]
        for spec, path in _spec_paths(text):
            self._see_spec_path(session, spec, path, PATH)
        if said.role == USER:
            for word in set(_WORDS.findall(text)) & self._specs:
                self._add(session, LinkKind.SPEC, word, PROMPT)

    def _see_path(self, session: str, relative: str, how: str) -> None:
        parts = relative.split("/")
        if parts[:2] == [WORKFLOW_DIR, SPECS_DIR] and len(parts) > 2:
            self._see_spec_path(session, parts[2], "/".join(parts[3:]), how)

    def _see_spec_path(self, session: str, spec: str, path: str, how: str) -> None:
        if spec not in self._specs:
            return
        self._add(session, LinkKind.SPEC, spec, how)
        if run := _run_of(path):
            self._add(session, LinkKind.RUN, f"{spec}/{run}", how)

    def _relative(self, path: str, cwd: str) -> str:
        """A path relative to the workspace, or, of another machine, to where the agent worked; else ''."""
        path = path.replace("\\", "/")
        for base in (self._root, cwd.replace("\\", "/").rstrip("/")):
            if base and path.startswith(f"{base}/"):
                return path[len(base) + 1 :]
        is_absolute = path.startswith("/") or path[1:2] == ":"
        return "" if is_absolute or ".." in path.split("/") else path.removeprefix("./")

    def _add(self, session: str, kind: LinkKind, target: str, how: str, count: int = 1) -> None:
        found = self._found.setdefault(session, Counter())
        if (kind, target) not in found and len(found) >= _MOST_FILES:
            return
        found[kind, target] += count
        key = (session, kind, target)
        if key not in self._how or _STRENGTH[how] < _STRENGTH[self._how[key]]:
            self._how[key] = how


@lru_cache(maxsize=4096)  # conversations are about the same files, and told after every batch
def _without_secrets(name: str) -> str:
    return redact(name).text


def runs_named(text: str) -> list[str]:
    """The runs whose paths stand in a text, as `SPEC/path of the run`, in the order of the text."""
    named = [(spec, _run_of(path)) for spec, path in _spec_paths(text[:_LONGEST_SCANNED])]
    return [f"{spec}/{run}" for spec, run in named if run]


def _spec_paths(text: str) -> Iterator[tuple[str, str]]:
    """(spec, path in it) of every path below a folder of specs."""
    if f"{SPECS_DIR}/" in text:
        for match in _SPEC_PATH.finditer(text):
            yield match[1], (match[2] or "").strip("/")


def _run_of(path: str) -> str:
    """The run that a path of a spec lies in, or is."""
    return path and (place_of(Area.SPEC, path).run or place_of(Area.SPEC, f"{path}/_handoff.md").run)

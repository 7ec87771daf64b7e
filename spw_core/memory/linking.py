"""What a conversation was about: specs, runs and files, told from where it happened and what it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from spw_core.domain.places import Area, place_of
from spw_core.formats.transcripts import USER, Record
from spw_core.memory.texts import storable
from spw_core.names import SPECS_DIR, WORKFLOW_DIR
from spw_core.redact import redact
from spw_core.store.memory.types import Link, LinkKind

# The strongest sign first.
CWD, PATH, PROMPT = "cwd", "path", "prompt"
_STRENGTH = {CWD: 0, PATH: 1, PROMPT: 2}

# It begins with a literal, which is looked for far faster than what may be missing.
_SPEC_PATH = re.compile(rf"{SPECS_DIR}/([A-Za-z0-9][A-Za-z0-9._-]{{0,199}})(/[\w./@+-]*)?")
_WORDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Characters of a text that are looked through for names of specs.
_LONGEST_SCANNED = 4_000
_MOST_FILES = 2_000
_MOST_KNOWN = 20_000

_SPECS_PATH = f"{SPECS_DIR}/"

# (session, kind, target, how, count): what was seen, as one linker hands it to another.
Sighting = tuple[str, str, str, str, int]
Target = tuple[LinkKind, str]


@dataclass(slots=True)
class _Seen:
    how: str
    count: int = 0


class Linker:
    """Collects the links of sessions while their records are read. `specs` are the names that count."""

    def __init__(self, root: str, specs: Iterable[str]) -> None:
        self._root = root.replace("\\", "/").rstrip("/")
        self._specs = frozenset(specs)
        self._found: dict[str, dict[Target, _Seen]] = {}
        self._targets_of: dict[tuple[str, str, bool], tuple[Target, ...]] = {}

    def see(self, session: str, record: Record) -> None:
        """Take in one record."""
        cwd = record.cwd
        if SPECS_DIR in cwd:
            self._add(session, self._targets(cwd, "", False), CWD)
        for said in record.said:
            for path in said.files:
                self._add(session, self._targets(path, cwd, said.writes), PATH)
            if said.role == USER or said.text.find(_SPECS_PATH, 0, _LONGEST_SCANNED) >= 0:
                self._see_text(session, said.text[:_LONGEST_SCANNED], said.role)

    def hand_over(self) -> list[Sighting]:
        """What was found since the last time, in the order in which it was seen; it is forgotten here."""
        found, self._found = self._found, {}
        return [
            (session, kind.value, target, seen.how, seen.count)
            for session, targets in found.items()
            for (kind, target), seen in targets.items()
        ]

    def know(self, session: str, links: Iterable[Link]) -> None:
        """Begin with what was found of a session in earlier times."""
        found = self._found.setdefault(session, {})
        for link in links:
            found[link.kind, link.target] = _Seen(link.how, link.count)

    def take_over(self, sightings: Iterable[Sighting]) -> dict[str, list[Link]]:
        """Add what another linker found later than this one.

        Returns, of each session, the links that it changed, as all that was found says; no secret gets into
        the name of a file, and one of nothing but signs for a terminal is none.
        """
        changed: dict[str, dict[Target, None]] = {}
        for session, kind, name, how, count in sightings:
            target = (LinkKind(kind), name)
            self._add(session, (target,), how, count)
            changed.setdefault(session, {})[target] = None
        return {
            session: [
                Link(kind, shown, seen.how, seen.count)
                for kind, name in targets
                if (seen := self._found[session].get((kind, name)))
                and (shown := _without_secrets(name) if kind is LinkKind.FILE else name)
            ]
            for session, targets in changed.items()
        }

    def _see_text(self, session: str, text: str, role: str) -> None:
        for spec, path in _spec_paths(text):
            self._add(session, self._targets_in(spec, path), PATH)
        if role == USER:
            for word in set(_WORDS.findall(text)) & self._specs:
                self._add(session, ((LinkKind.SPEC, word),), PROMPT)

    def _targets(self, path: str, cwd: str, writes: bool) -> tuple[Target, ...]:
        """What a path as it is written is about; `writes` says that the file changed."""
        key = (path, cwd, writes)
        if (known := self._targets_of.get(key)) is not None:
            return known
        relative = self._relative(path, cwd)
        parts = relative.split("/")
        targets: tuple[Target, ...] = ()
        if parts[:2] == [WORKFLOW_DIR, SPECS_DIR] and len(parts) > 2:
            targets = self._targets_in(parts[2], "/".join(parts[3:]))
        if writes and relative and parts[0] != WORKFLOW_DIR:
            targets += ((LinkKind.FILE, relative),)
        if len(self._targets_of) >= _MOST_KNOWN:
            self._targets_of.clear()
        self._targets_of[key] = targets
        return targets

    def _targets_in(self, spec: str, path: str) -> tuple[Target, ...]:
        if spec not in self._specs:
            return ()
        run = _run_of(path)
        return ((LinkKind.SPEC, spec), (LinkKind.RUN, f"{spec}/{run}")) if run else ((LinkKind.SPEC, spec),)

    def _relative(self, path: str, cwd: str) -> str:
        """A path relative to the workspace, or, of another machine, to where the agent worked; else ''."""
        path = path.replace("\\", "/")
        for base in (self._root, cwd.replace("\\", "/").rstrip("/")):
            if base and path.startswith(f"{base}/"):
                return path[len(base) + 1 :]
        is_absolute = path.startswith("/") or path[1:2] == ":"
        return "" if is_absolute or ".." in path.split("/") else path.removeprefix("./")

    def _add(self, session: str, targets: Iterable[Target], how: str, count: int = 1) -> None:
        found = self._found.get(session)
        if found is None:
            found = self._found[session] = {}
        for target in targets:
            seen = found.get(target)
            if seen is None:
                if len(found) >= _MOST_FILES:
                    continue
                seen = found[target] = _Seen(how)
            elif _STRENGTH[how] < _STRENGTH[seen.how]:
                seen.how = how
            seen.count += count


@lru_cache(maxsize=4096)  # conversations are about the same files, and told after every batch
def _without_secrets(name: str) -> str:
    return redact(storable(name)).text


def runs_named(text: str) -> list[str]:
    """The runs whose paths stand in a text, as `SPEC/path of the run`, in the order of the text."""
    named = [(spec, _run_of(path)) for spec, path in _spec_paths(text[:_LONGEST_SCANNED])]
    return [f"{spec}/{run}" for spec, run in named if run]


def _spec_paths(text: str) -> Iterator[tuple[str, str]]:
    """(spec, path in it) of every path below a folder of specs."""
    for match in _SPEC_PATH.finditer(text):
        yield match[1], (match[2] or "").strip("/")


def _run_of(path: str) -> str:
    """The run that a path of a spec lies in, or is."""
    return path and (place_of(Area.SPEC, path).run or place_of(Area.SPEC, f"{path}/_handoff.md").run)

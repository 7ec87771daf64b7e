"""`spw insights`: what keeps failing, grouped by meaning, and what put it right.

Meaning comes from the built-in embedder, which learns from what the subagents of these specs wrote: no
model, no network, the same answer every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from spw_core.domain.model import SpecRecord
from spw_core.domain.places import Area
from spw_core.domain.problems import Problem, problems_of
from spw_core.errors import NotFound, SpwError
from spw_core.formats.text_decode import decode_text
from spw_core.harvest.knowledge import revision_on_disk
from spw_core.harvest.reading import load_record, read_document
from spw_core.moments import utc_text
from spw_core.redact import redact
from spw_core.store.index import IndexStore
from spw_core.workspace import WorkspacePaths

# Cosine from which two problems are the same, against the mean of those in a group.
SAME = 0.42
# Below this a problem has nothing to do with another.
RELATED = 0.15
# And below this it may well be chance: of pairs of problems of the example workspace that have nothing to do
# with each other, one in a hundred is as near as this.
SURELY_RELATED = 0.25
_LONGEST_TEXT = 600
_MOST_PROBLEMS = 5_000
# Workspaces with so few specs are read whole.
_FEW_SPECS = 40


@dataclass(frozen=True, slots=True)
class Group:
    """Problems that mean the same. `text` is that of the most typical one; times are UTC text."""

    text: str
    count: int
    open: int
    specs: tuple[str, ...]
    agents: tuple[str, ...]
    first_seen: str
    last_seen: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier problem like the one that was asked about. `score` is a cosine."""

    problem: Problem
    score: float

    @property
    def is_weak(self) -> bool:
        """True when the likeness may be chance."""
        return self.score < SURELY_RELATED


def insights(paths: WorkspacePaths, *, limit: int | None = None, single: bool = True) -> list[Group]:
    """The groups of problems over all specs, the most frequent first, then the latest.

    Without `single`, only what happened more than once.
    """
    problems, corpus = _collect(paths)
    vectors = _Vectors(corpus, [problem.text for problem in problems])
    groups = [_group(problems, members, vectors) for members in _clusters(vectors)]
    kept = [group for group in groups if single or group.count > 1]
    kept.sort(key=lambda group: group.last_seen, reverse=True)
    kept.sort(key=lambda group: -group.count)
    return kept if limit is None else kept[:limit]


def similar(paths: WorkspacePaths, run: str, *, limit: int = 5) -> tuple[list[Problem], list[Similar]]:
    """(the problems of a run, the earlier ones most like them). `run` is `SPEC/path of the run`.

    The path may be the end of it (`wave-02/checkpoint/run-001`). Raises NotFound for a
    run without problems, and for an end that several have.
    """
    problems, corpus = _collect(paths)
    wanted = run.strip("/")
    asked = [one for one in problems if f"{one.spec}/{one.run}" == wanted] or [
        one for one in problems if f"/{one.spec}/{one.run}".endswith(f"/{wanted}")
    ]
    if not asked:
        raise NotFound(
            f"no blocked or failed run {run[:120]}", "`spw insights --json` names all runs with problems."
        )
    own = {(one.spec, one.run) for one in asked}
    if len(own) > 1:
        several = ", ".join(sorted(f"{spec}/{path}" for spec, path in own)[:3])
        raise NotFound(f"{len(own)} blocked or failed runs end in {run[:120]}", f"Say which: {several} …")
    earlier = [
        one
        for one in problems
        if (one.spec, one.run) not in own and one.at_ns <= max(asking.at_ns for asking in asked)
    ]
    vectors = _Vectors(corpus, [one.text for one in [*asked, *earlier]])
    scored = [
        Similar(one, round(max(vectors.cosine(place, mine) for mine in range(len(asked))), 4))
        for place, one in enumerate(earlier, len(asked))
    ]
    scored.sort(key=lambda found: (-found.score, not found.problem.cleared_by, -found.problem.at_ns))
    return asked, [found for found in scored if found.score >= RELATED][:limit]


def _collect(paths: WorkspacePaths) -> tuple[list[Problem], list[str]]:
    """(problems with their texts, the oldest first; texts from which meaning is learned)."""
    problems: list[Problem] = []
    corpus: list[str] = []
    for name in _candidates(paths):
        with suppress(SpwError, OSError):
            record = load_record(paths, name)
            corpus += [agent.summary for run in record.runs for agent in run.subagents if agent.summary]
            problems += [_with_text(paths, record, problem) for problem in problems_of(record)]
    problems.sort(key=lambda one: (one.at_ns, one.spec, one.agent_path))
    return problems[-_MOST_PROBLEMS:], corpus


def _candidates(paths: WorkspacePaths) -> list[str]:
    """The specs in which something was blocked, and those that the index does not know as they are now."""
    names = paths.spec_names()
    if len(names) <= _FEW_SPECS:
        return names
    with suppress(SpwError), IndexStore.reading(paths.index_db) as index:
        known = index.spec_revisions() if index else {}
        failed = index.specs_with_failures() if index else set()
        return [
            name
            for name in names
            if name in failed or name not in known or revision_on_disk(paths, name) != known[name]
        ]
    return names


def _with_text(paths: WorkspacePaths, record: SpecRecord, problem: Problem) -> Problem:
    """The problem with a text to compare: of the status, else the start of the report, without secrets."""
    text = problem.text
    if not text.strip():
        with suppress(SpwError):
            report = read_document(paths, record.name, Area.SPEC, f"{problem.agent_path}/report.md")
            lines = decode_text(report)[0][: 4 * _LONGEST_TEXT].splitlines()
            text = " ".join(line.strip("#*- ") for line in lines if not line.startswith("---"))
    text = " ".join(redact(text[: 2 * _LONGEST_TEXT]).text.split())[:_LONGEST_TEXT]
    return replace(problem, text=text or f"{problem.agent}: {problem.status}, without a word")


class _Vectors:
    """Directions of some texts, from what can be learned of them and of others beside them."""

    def __init__(self, corpus: Sequence[str], texts: Sequence[str]) -> None:
        import numpy as np

        from spw_core.search.embedders.bag import weigh_words
        from spw_core.search.embedders.random_index import DIMENSION, embed, learn

        learned = learn([*corpus, *texts])
        found = embed([weigh_words(text) for text in texts], learned.words, learned.texts) if learned else []
        nothing = np.zeros(DIMENSION, np.float32)
        self.rows = np.array([nothing if row is None else row for row in found], np.float32).reshape(
            -1, DIMENSION
        )

    def __len__(self) -> int:
        return len(self.rows)

    def cosine(self, one: int, other: int) -> float:
        return float(self.rows[one] @ self.rows[other])


def _clusters(vectors: _Vectors) -> list[list[int]]:
    """Groups of places: each text joins the group whose mean it is nearest to, if it is near enough."""
    import numpy as np

    groups: list[list[int]] = []
    sums = np.zeros((0, vectors.rows.shape[1]), np.float32)
    for place, row in enumerate(vectors.rows):
        if len(groups):
            lengths = np.linalg.norm(sums, axis=1)
            scores = (sums @ row) / np.where(lengths > 0, lengths, 1)
            best = int(np.argmax(scores))
            if scores[best] >= SAME:
                groups[best].append(place)
                sums[best] += row
                continue
        groups.append([place])
        sums = np.vstack([sums, row[None, :]])
    return groups


def _group(problems: Sequence[Problem], members: Sequence[int], vectors: _Vectors) -> Group:
    chosen = [problems[place] for place in members]
    centre = vectors.rows[list(members)].sum(axis=0)
    typical = max(members, key=lambda place: (round(float(vectors.rows[place] @ centre), 5), -place))
    return Group(
        text=problems[typical].text,
        count=len(chosen),
        open=sum(not one.cleared_by for one in chosen),
        specs=tuple(dict.fromkeys(one.spec for one in chosen)),
        agents=tuple(dict.fromkeys(one.agent for one in chosen)),
        first_seen=utc_text(min(one.at_ns for one in chosen)),
        last_seen=utc_text(max(one.at_ns for one in chosen)),
        problems=tuple(reversed(chosen)),
    )

"""Twenty thousand damaged files: no reader raises, and marking a task keeps its promise in every one."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from spw_core.config import decode_config
from spw_core.domain.next_wave import next_wave
from spw_core.domain.places import Area, Kind, place_of
from spw_core.domain.resume import resume
from spw_core.domain.summary import summarise
from spw_core.domain.wave_status import wave_status
from spw_core.domain.wave_summary import wave_digest
from spw_core.formats.approvals import parse_approval, parse_snapshots
from spw_core.formats.frontmatter import split_frontmatter
from spw_core.formats.iteration import parse_iteration_state
from spw_core.formats.logs import parse_log_header
from spw_core.formats.status import parse_status
from spw_core.formats.task_mark import TaskMarkError, mark_task
from spw_core.formats.tasks import Task, TaskStatus, parse_tasks
from spw_core.formats.text_decode import decode_text
from spw_core.formats.toml_config import parse_toml
from spw_core.formats.waves import parse_wave_latest, parse_wave_summary
from spw_core.harvest.project import Source, project

pytestmark = pytest.mark.prove

MUTATIONS = 20_000
SHARDS = 4
_PER_KIND = 3
_LARGEST_SEED = 4000
_LEAST_MARKED = 300  # of each shard


@dataclass(frozen=True, slots=True)
class Seed:
    """A sound file and the path that tells what it is; `area` is empty for files outside of specs."""

    area: str
    path: str
    data: bytes


def _text(reader: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: reader(decode_text(data)[0])


READERS: dict[Kind, Callable[[bytes], object]] = {
    Kind.STATUS: parse_status,
    Kind.WAVE_SUMMARY: parse_wave_summary,
    Kind.WAVE_LATEST: parse_wave_latest,
    Kind.ITERATION_STATE: parse_iteration_state,
    Kind.TASKS: _text(parse_tasks),
    Kind.IMPL_LOG: _text(lambda text: parse_log_header(text, "task-1.md")),
    Kind.APPROVAL: lambda data: parse_approval(data, "approval_1.json"),
    Kind.SNAPSHOT_LIST: lambda data: parse_snapshots(data, ".snapshots/tasks.md/metadata.json"),
    Kind.COMPLETION_SUMMARY: _text(split_frontmatter),
}

WAVE = "execution/waves/wave-01"
DIALECTS = (
    "- [ ] 1. A\n  - Wave: 1\n  - Depends On: none\n- [x] 1.1 B\n- [-] 2 C\n  - Files: `a.py`, b.py\n",
    "---\nspec: x\ntask_ids: [1, 2]\n---\n\n## Tasks\n- [x] **1.** A\n- [~] **2.** B _Requirements: 1, 2_\n",
    "---\nspw:\n  spec: x\n  task_ids:\n    - '1'\n---\n# T\r\n\r\n"
    "- [!] 1\\. A\r\n  Wave: 2\r\n* [X] 2) B\r\n",
    "### Task 1: A ✅\n\n- Wave: 1\n\n### ⛔ Task 2: B\n\n1. [ ] Three\n2. [x] Four\n",
    "## Deferred Backlog\n\n- [ ] 5-7. Later\n\n```\n- [ ] 9. no task\n```\n\n- ☐ 8. Eight\n- ✅ 10. Ten\n",
    "## Ondas\n\n- [ ] 1. Primeira\n  - Onda: 1\n  - Requisitos: 1.1\n"
    "- [ ] 2. 二\n  - 依存：1\n  - 要件: 1\n",
    "### Task 1: A\n\n**Status:** in progress (ann)\n**Wave:** 1\n\n### Task 2: B\n\n**Status:** Done\n",
    "# Plan\n\n1. ✅ One\n2. Two\n   - Wave: 2\n3. 🔄 Three\n",
    "<!-- Example:\n- [ ] 9. no task\n-->\n- [ ] 1. A <!-- was 2 -->\n  <!-- Wave: 9 -->\n  - Wave: 1\n",
    "\ufeff- [ ] 1. A\n\t- [ ] nested criterion\n\t- Prompt: do | it\n- [x]\n  2. title on the next line\n",
)
HAND_WRITTEN = [
    Seed(
        "",
        "oraculo.toml",
        b'a = 1\n[models]\nweb_research = "x" # y\n[skills.design]\nrequired = ["a",\n"b"]\n',
    ),
    Seed("", "oraculo.toml", b"[planning]\nmax_wave_size = '3'\n[hooks]\nenforcement_mode = 'block'\n"),
    Seed("spec", f"{WAVE}/_latest.json", b'{"run_id": "run-002", "run_dir": "checkpoint/run-003"}'),
    Seed(
        "spec",
        f"{WAVE}/execution/run-001/_inline-audit/_iteration-state.json",
        b'{"type": "inline-audit", "current_iteration": 2, "history": [{"iteration": 1}]}',
    ),
    Seed(
        "approvals",
        "approval_1.json",
        b'{"approvalId": "a", "approval": {"id": "b"}, "path": "x\\\\tasks.md", "status": "needs_revision"}',
    ),
    *(Seed("spec", "tasks.md", text.encode()) for text in DIALECTS),
]


def seeds(demo: Path) -> list[Seed]:
    """The hand-written ones, and the smallest files of every kind that the demo workspace has."""
    found: dict[Kind, list[Seed]] = {}
    workflow = demo / ".spec-workflow"
    for area, top in (("spec", workflow / "specs"), ("approvals", workflow / "approvals")):
        for path in sorted(top.rglob("*")):
            relative = path.relative_to(top).as_posix().partition("/")[2]
            if path.is_file() and (kind := place_of(Area(area), relative).kind) in READERS:
                found.setdefault(kind, []).append(Seed(area, relative, path.read_bytes()[:_LARGEST_SEED]))
    smallest = (sorted(kind, key=lambda seed: len(seed.data))[:_PER_KIND] for kind in found.values())
    return [*HAND_WRITTEN, *(seed for kind in smallest for seed in kind)]


def mutate(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """`data` with one to four injuries; `other` is where spliced pieces come from."""
    mutated = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randint(0, len(mutated))
        end = min(len(mutated), place + chance.choice((1, 1, 2, 8, 64)))
        match chance.randrange(6):
            case 0 if place < len(mutated):
                mutated[place] ^= 1 << chance.randrange(8)
            case 1:
                del mutated[place:end]
            case 2:
                mutated[place:place] = chance.choice(_INSERTIONS)
            case 3:
                start = chance.randint(0, len(other))
                mutated[place:place] = other[start : start + chance.randint(1, 120)]
            case 4:
                mutated[place:place] = mutated[place:end] * chance.randint(1, 20)
            case _:
                del mutated[place:]
                mutated += other[chance.randint(0, len(other)) :]
    return bytes(mutated[: 2 * _LARGEST_SEED])


_INSERTIONS = (
    *(bytes([value]) for value in b"\x00\t\n\r -_*[]{}()<>\"'`:;,.#|&!~xX0\x7f\xff"),
    *(
        text.encode()
        for text in (
            "\ufeff",
            "\u2028",
            "：",
            "９",
            "[ ]",
            "- [x] ",
            "\r\n",
            "---\n",
            "```\n",
            "✅",
            "<!--",
            "-->",
        )
    ),
    *(
        b"9" * 30,
        b"null",
        b"true",
        b"[[[[",
        b'{"a":',
        b"\\ud800",
        b"&a *a",
        b"!!python/none",
        b"\xed\xa0\x80",
    ),
)


def cases(demo: Path, shard: int) -> Iterator[tuple[int, random.Random, Seed, bytes]]:
    pool = seeds(demo)
    for number in range(shard, MUTATIONS, SHARDS):
        chance = random.Random(number)
        seed = pool[number % len(pool)]
        yield number, chance, seed, mutate(chance, seed.data, chance.choice(pool).data)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_damaged_files(demo_files: Path, shard: int) -> None:
    marked = 0
    for number, chance, seed, data in cases(demo_files, shard):
        try:
            if not seed.area:
                decode_config(parse_toml(data)[0])
                continue
            area = Area(seed.area)
            kind = place_of(area, seed.path).kind
            READERS[kind](data)
            record = project("fuzz", [Source(area, seed.path, len(data), 1, data)])
            summarise(record)
            wave_status(record)
            next_wave(record)
            resume(record)
            for wave in record.waves:
                wave_digest(record, wave.number)
            json.dumps(asdict(record), ensure_ascii=False, default=str).encode()  # every store takes it
            if kind is Kind.TASKS:
                marked += mark_and_read_again(chance, data)
        except Exception as error:
            error.add_note(f"mutation {number} of {seed.path}: {data!r}")
            raise
    # Otherwise the damage is so great that nothing was proved about marking.
    assert marked >= _LEAST_MARKED


def mark_and_read_again(chance: random.Random, data: bytes) -> bool:
    """Mark any task: its status is the new one, every other task and every other line is as it was.
    False when nothing could be marked."""
    before = parse_tasks(decode_text(data)[0]).tasks
    if not before:
        return False
    task = chance.choice(before)
    status = chance.choice(list(TaskStatus))
    try:
        result = mark_task(data, task.id, status)
    except TaskMarkError:
        return False
    after = parse_tasks(decode_text(result.data)[0]).tasks
    marked = next(index for index, other in enumerate(before) if other.line == result.line)
    assert before[marked].id == task.id
    assert after[marked].status is status
    assert [_identity(other) for other in after] == [_identity(other) for other in before]
    assert [other.status for index, other in enumerate(after) if index != marked] == [
        other.status for index, other in enumerate(before) if index != marked
    ]
    old, new = data.split(b"\n"), result.data.split(b"\n")
    assert len(old) == len(new)
    differing = sum(one != two for one, two in zip(old, new, strict=True))
    assert differing in ((1, 2) if result.changed else (0,))  # two: a heading's sign and its status line
    return True


def _identity(task: Task) -> tuple[object, ...]:
    return (task.id, task.title, task.line, task.wave, task.depends_on, task.deferred)

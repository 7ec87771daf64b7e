"""Transcripts into the memory against `json.loads` on every line, the first time and the second."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from spw_core.api import Workspace
from spw_core.memory.importing import import_transcripts
from spw_core.memory.searchable import index_memory
from tests.bench.measure import median_ratio, report, seconds

FILES = 8
FILE_BYTES = 4 << 20
RUNS = 3
_REIMPORTS = 9
# Copies of every transcript that make the large import: of 480 MB, which helpers share.
_COPIES = 15
_WORDS = (
    "the test fails because token cache retry index wave spec design commit branch error session query store"
    " should be written before reading file path when handler returns none instead of value check again"
).split()


def run() -> None:
    """Ratio to parsing every line: a first import, indexing what it brought, an import of unchanged files."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "ws")
        (root / ".spec-workflow" / "specs" / "alpha").mkdir(parents=True)
        workspace = Workspace.open(root)
        files = [_transcript(Path(folder, "projects"), str(root), number) for number in range(FILES)]

        def parse() -> float:
            return seconds(lambda: [_parse(path) for path in files])

        def first() -> float:
            shutil.rmtree(workspace.paths.memory_dir, ignore_errors=True)
            return seconds(lambda: import_transcripts(workspace.paths, files))

        def index() -> float:
            first()
            workspace.paths.index_db.unlink(missing_ok=True)
            return seconds(lambda: index_memory(workspace.paths))

        def again() -> float:
            return seconds(lambda: workspace.import_transcripts(files))

        parse()  # everything is in the page cache from here on
        report("memory.import", median_ratio(first, parse, RUNS), "x json.loads per line")
        report("memory.index", median_ratio(index, parse, RUNS), "x json.loads per line")
        report("memory.reimport", median_ratio(again, parse, _REIMPORTS), "x json.loads per line")
        files[:] = [_copy(path, copy) for path in files for copy in range(_COPIES)]
        parse()
        report("memory.import_large", median_ratio(first, parse, RUNS), "x json.loads per line")


def _parse(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(json.loads(line) is not None for line in stream)


def _transcript(folder: Path, cwd: str, number: int) -> Path:
    """A transcript of the mix that real ones have: most bytes are what tools were given and answered."""
    chance = random.Random(number)
    session = f"5e55105e-0000-4000-8000-{number:012}"
    path = folder / f"{session}.jsonl"
    folder.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        for line, (kind, content, more) in enumerate(_turns(chance, cwd)):
            record = {
                "parentUuid": f"{session[:8]}-{line - 1}",
                "isSidechain": False,
                "userType": "external",
                "cwd": cwd,
                "sessionId": session,
                "version": "2.0.14",
                "gitBranch": "main",
                "type": kind,
                "message": {"role": kind, "content": content},
                "uuid": f"{number}-{line}",
                "timestamp": f"2026-02-14T10:{line // 60 % 60:02}:{line % 60:02}.123Z",
                **more,
            }
            stream.write(json.dumps(record, separators=(",", ":")) + "\n")
            if stream.tell() >= FILE_BYTES:
                return path
    return path


def _copy(path: Path, number: int) -> Path:
    """The same conversation under other ids."""
    copy = path.with_name(f"{path.stem}-{number}.jsonl")
    data = path.read_bytes().replace(path.stem.encode(), copy.stem.encode())
    copy.write_bytes(data.replace(b'"uuid":"', b'"uuid":"%d-' % number))
    return copy


def _turns(chance: random.Random, cwd: str) -> Iterator[tuple[str, object, dict[str, object]]]:
    call = 0
    while True:
        yield "user", _text(chance, 40), {}
        for _ in range(chance.randint(3, 12)):
            call += 1
            path = f"{cwd}/src/{chance.choice(_WORDS)}/{chance.choice(_WORDS)}.py"
            yield (
                "assistant",
                [{"type": "thinking", "thinking": _text(chance, 80), "signature": "x" * 300}],
                {},
            )
            yield "assistant", [{"type": "text", "text": _text(chance, 60)}], {}
            given: dict[str, object] = {"file_path": path, "old_string": _text(chance, 60)}
            given |= {"new_string": _text(chance, 80)}
            use = {"type": "tool_use", "id": f"toolu_{call}", "name": "Edit", "input": given}
            yield "assistant", [use], {}
            answer = "\n".join(f"{n:6}\t{_text(chance, 9)}" for n in range(chance.randint(20, 200)))
            result = {"type": "tool_result", "tool_use_id": f"toolu_{call}", "content": answer}
            yield "user", [result], {"toolUseResult": {"filePath": path, "originalFile": answer}}


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))

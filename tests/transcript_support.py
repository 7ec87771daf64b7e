"""Transcripts that tests write: records as Claude Code writes them, one per line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SESSION = "5e55105e-0000-4000-8000-000000000001"


class Transcript:
    """Collects records and writes them to a file."""

    def __init__(self, path: Path, cwd: str, session: str = SESSION) -> None:
        self.path = path
        self.cwd = cwd
        self.session = session
        self.lines: list[str] = []

    def add(self, kind: str, content: object, **more: Any) -> Transcript:
        """A record of a conversation; a text becomes a text block of an assistant."""
        number = len(self.lines)
        if kind == "assistant" and isinstance(content, str):
            content = [{"type": "text", "text": content}]
        record = {
            "parentUuid": None,
            "isSidechain": False,
            "cwd": self.cwd,
            "sessionId": self.session,
            "gitBranch": "main",
            "type": kind,
            "message": {"role": kind, "content": content},
            "uuid": f"{self.session[:8]}-{number:04}",
            "timestamp": f"2026-02-14T10:{number // 60:02}:{number % 60:02}.500Z",
        }
        return self.raw(json.dumps(record | more))

    def call(self, tool: str, answer: object = "done", *, error: bool = False, **given: Any) -> Transcript:
        """A call of a tool and its answer."""
        call_id = f"toolu_{len(self.lines)}"
        self.add("assistant", [{"type": "tool_use", "id": call_id, "name": tool, "input": given}])
        result = {"type": "tool_result", "tool_use_id": call_id, "content": answer, "is_error": error}
        return self.add("user", [result])

    def answer(self, answer: str, *parts: str, **usage: int) -> Transcript:
        """An answer of a model in several records, each of which tells what all of it took."""
        for text in parts:
            message = {"role": "assistant", "id": answer, "content": [{"type": "text", "text": text}]}
            self.add("assistant", text, message=message | {"usage": usage})
        return self

    def raw(self, line: str) -> Transcript:
        self.lines.append(line)
        return self

    def write(self, end: str = "\n") -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("\n".join(self.lines) + end, encoding="utf-8")
        return self.path

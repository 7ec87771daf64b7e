"""What a stored artifact looks like to a searcher: a title and chunks of readable text."""

from __future__ import annotations

from collections.abc import Sequence

from spw_core.domain.places import Area, Kind, place_of
from spw_core.formats.json_object import load_json_object, text_of
from spw_core.formats.text_decode import decode_text
from spw_core.redact import LONGEST_NEEDED, redact, redact_start
from spw_core.search.chunks import MAX_INDEXED, Chunk, ChunkedText, chunk_lines, readable, text_lines
from spw_core.text import clean

# Snapshots are earlier versions of a document, not documents: they would only repeat it in every result.
_NOT_INDEXED = frozenset((Kind.SNAPSHOT, Kind.SNAPSHOT_LIST))
_MAX_TITLE = 160
_FRONTMATTER_FENCE = "---"


def is_indexed(kind: Kind) -> bool:
    """False for the kinds that are stored but not searched."""
    return kind not in _NOT_INDEXED


def document_path(spec: str, area: str, rel_path: str) -> str:
    """Path of an artifact relative to `.spec-workflow/`."""
    return f"{'approvals' if area == Area.APPROVALS else 'specs'}/{spec}/{rel_path}"


def read_document(area: Area, rel_path: str, content: bytes) -> tuple[str, Sequence[Chunk]]:
    """(title, chunks) of an artifact's bytes; no chunks when there is nothing readable in it.

    Secrets are taken out: the bytes are stored whole, but what is indexed is shown in results.
    """
    place = place_of(area, rel_path)
    name = rel_path.rpartition("/")[2].lower()
    if place.kind is Kind.OTHER and b"\0" in content[:8192]:  # an image or another binary file
        return _title("", rel_path), ()
    if name.endswith(".json"):
        return _title("", rel_path), _json_text(content).chunks
    lines = text_lines(redact_start(readable(decode_text(content)[0]), MAX_INDEXED).text)
    if not name.endswith((".md", ".markdown")):
        return _title("", rel_path), chunk_lines(lines).chunks
    # The tags and technologies of a completion summary are what people look for; elsewhere frontmatter
    # lists every requirement of the spec and would answer for all of them.
    body = 0 if place.kind is Kind.COMPLETION_SUMMARY else _frontmatter_lines(lines)
    chunked = chunk_lines(lines[body:], body + 1)
    return _title(chunked.title, rel_path), chunked.chunks


def _frontmatter_lines(lines: Sequence[str]) -> int:
    """Number of lines that a frontmatter block at the top takes; 0 without one."""
    if lines[0].rstrip() == _FRONTMATTER_FENCE:
        for index, line in enumerate(lines[1:], 1):
            if line.rstrip() == _FRONTMATTER_FENCE:
                return index + 1
    return 0


def _title(heading: str, rel_path: str) -> str:
    """A heading when there is one, followed by the part of the path that says whose file it is."""
    tail = "/".join(rel_path.split("/")[-3:])
    return f"{heading[:_MAX_TITLE]} · {tail}" if heading else tail


# Keys whose texts are worth finding, in the order in which they are shown.
_JSON_TEXTS = ("status", "wave_status", "title", "summary", "response", "comment", "reason")
_JSON_DEPTH = 4


def _json_text(content: bytes) -> ChunkedText:
    value, _ = load_json_object(content)
    if value is None:
        # Broken JSON is kept raw and can still be found by its words.
        broken = content[: MAX_INDEXED + LONGEST_NEEDED].decode("utf-8", "replace")
        return chunk_lines(text_lines(redact_start(readable(broken), MAX_INDEXED).text))
    # On one line: these texts have no place in the file that a line number could name.
    return chunk_lines(
        [" · ".join(" ".join(redact(clean(text)).text.split()) for text in _json_texts(value))]
    )


def _json_texts(value: object, depth: int = 0) -> list[str]:
    """The readable texts of a JSON value, down to a few levels."""
    if depth > _JSON_DEPTH:
        return []
    if isinstance(value, list):
        return [text for item in value for text in _json_texts(item, depth + 1)]
    if not isinstance(value, dict):
        return []
    texts = [f"{key}: {text}" for key in _JSON_TEXTS if (text := text_of(value.get(key)))]
    for item in value.values():
        if isinstance(item, dict | list):
            texts += _json_texts(item, depth + 1)
    return texts

"""What a stored artifact looks like to a searcher: a title, facets and chunks of readable text."""

from __future__ import annotations

from spw_core.domain.places import Area, Kind, place_of
from spw_core.formats.frontmatter import split_frontmatter
from spw_core.formats.json_object import load_json_object, text_of
from spw_core.formats.text_decode import decode_text
from spw_core.search.chunks import Chunk, chunk_markdown, document_title

# Snapshots are earlier versions of a document, not documents: they would only repeat it in every result.
_NOT_INDEXED = frozenset((Kind.SNAPSHOT, Kind.SNAPSHOT_LIST))
_MAX_TITLE = 160


def is_indexed(kind: Kind) -> bool:
    """False for the kinds that are stored but not searched."""
    return kind not in _NOT_INDEXED


def document_path(spec: str, area: str, rel_path: str) -> str:
    """Path of an artifact relative to `.spec-workflow/`."""
    return f"{'approvals' if area == Area.APPROVALS else 'specs'}/{spec}/{rel_path}"


def read_document(area: Area, rel_path: str, content: bytes) -> tuple[str, list[Chunk]]:
    """(title, chunks) of an artifact's bytes; no chunks when there is nothing readable in it."""
    place = place_of(area, rel_path)
    name = rel_path.rpartition("/")[2]
    if place.kind is Kind.OTHER and b"\0" in content[:8192]:  # an image or another binary file
        return name, []
    if name.lower().endswith(".json"):
        return _title("", rel_path), _json_chunks(content)
    text, _ = decode_text(content)
    if name.lower().endswith((".md", ".markdown")):
        _, body, body_line, _ = split_frontmatter(text)
        if place.kind is Kind.COMPLETION_SUMMARY:  # its tags and technologies are what people look for
            body, body_line = text, 1
        return _title(document_title(body), rel_path), chunk_markdown(body, body_line)
    return _title("", rel_path), chunk_markdown(text)


def _title(heading: str, rel_path: str) -> str:
    """A heading when there is one, followed by the part of the path that says whose file it is."""
    parts = rel_path.split("/")
    tail = "/".join(parts[-3:]) if len(parts) > 2 else rel_path
    return f"{heading[:_MAX_TITLE]} · {tail}" if heading else tail


# Keys whose texts are worth finding, in the order in which they are shown.
_JSON_TEXTS = ("status", "wave_status", "title", "summary", "response", "comment", "reason")


def _json_chunks(content: bytes) -> list[Chunk]:
    value, problems = load_json_object(content)
    if value is None:
        # Broken JSON is kept raw and can still be found by its words.
        text = content.decode("utf-8", "replace")
        return chunk_markdown(text) if problems and text.strip() else []
    lines = _json_lines(value, depth=0)
    # On one line: these texts have no place in the file that a line number could name.
    return chunk_markdown(" · ".join(" ".join(line.split()) for line in lines)) if lines else []


def _json_lines(value: object, depth: int) -> list[str]:
    """The readable texts of a JSON value, one line each, down to a few levels."""
    if depth > 4:
        return []
    if isinstance(value, list):
        return [line for item in value for line in _json_lines(item, depth + 1)]
    if not isinstance(value, dict):
        return []
    lines = [f"{key}: {text}" for key in _JSON_TEXTS if (text := text_of(value.get(key)))]
    for item in value.values():
        if isinstance(item, dict | list):
            lines += _json_lines(item, depth + 1)
    return lines

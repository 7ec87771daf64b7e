"""What some models were trained to see before a query and before a document; without it they rank worse."""

from __future__ import annotations

_BY_NAME = (
    ("nomic-embed", "search_query: ", "search_document: "),
    ("e5-", "query: ", "passage: "),
    ("bge-m3", "", ""),
    ("bge-", "Represent this sentence for searching relevant passages: ", ""),
    ("mxbai-embed", "Represent this sentence for searching relevant passages: ", ""),
    ("snowflake-arctic-embed", "Represent this sentence for searching relevant passages: ", ""),
)


def prefixes_of(model: str) -> tuple[str, str]:
    """(before a query, before a document) for a model by its name; both empty for one that is not known."""
    name = model.lower()
    return next(((query, document) for part, query, document in _BY_NAME if part in name), ("", ""))

"""From a parsed query to an expression of SQLite's FTS5. Every word is quoted, so nothing typed is syntax."""

from __future__ import annotations

from spw_core.search.query import Query, Term
from spw_core.search.words import CJK_RUN, cjk_pairs, encode_identifier, is_identifier

# Different pairs of signs of one word that are looked for: a pasted page is one run of them.
_MOST_PIECES = 256


def expression_of(query: Query) -> str:
    """FTS5 MATCH expression, or an empty text when there is nothing to look for.

    Words are alternatives. The stemmer makes `deploy` of `deployment`, which `deploymen` does not begin, so
    a beginning stands beside its completions.
    """
    return without_excluded(" OR ".join(term_expression(term) for term in query.wanted), query)


def without_excluded(expression: str, query: Query) -> str:
    """An expression for some of what a query wants, and nothing of what it excludes."""
    excluded = excluded_by(query)
    return f"({expression}) NOT ({excluded})" if expression and excluded else expression


def excluded_by(query: Query) -> str:
    """FTS5 MATCH expression of all that a query excludes, or an empty text."""
    return " OR ".join(term_expression(term) for term in query.terms if term.excluded)


def pieces_of(text: str) -> list[str]:
    """`text` cut into runs of Chinese, Japanese or Korean signs and what stands between them."""
    pieces = []
    reached = 0
    for match in CJK_RUN.finditer(text):
        pieces += [text[reached : match.start()], match[0]]
        reached = match.end()
    return [piece for piece in (*pieces, text[reached:]) if piece.strip()]


def term_expression(term: Term) -> str:
    """FTS5 MATCH expression of one term."""
    if not term.text.isascii() and CJK_RUN.search(term.text):
        return _cjk(term)
    if term.phrase:
        return quoted(term.text)
    if term.prefix:
        starts = [f"{quoted(start)}*" for start in term.starts]
        return f"({' OR '.join([*starts, *map(quoted, term.completions)])})"
    if is_identifier(term.text):
        return f"({quoted(term.text)} OR exact : {quoted(encode_identifier(term.text))})"
    return quoted(term.text)


def _cjk(term: Term) -> str:
    """Pairs of signs: in a row for a phrase, any of them for a word."""
    words: list[str] = []
    for piece in pieces_of(term.text):
        if not CJK_RUN.match(piece):
            words.append(quoted(piece))
        elif len(piece) == 1:
            words.append(quoted(piece) + "*")  # every pair that begins with it
        else:
            words += [quoted(pair) for pair in cjk_pairs(piece)[:-1]]
    if term.phrase:
        return f"({' + '.join(words)})"
    return f"({' OR '.join(list(dict.fromkeys(words))[:_MOST_PIECES])})"


def quoted(text: str) -> str:
    """A text as a word or phrase of FTS5."""
    return '"' + text.replace('"', '""') + '"'

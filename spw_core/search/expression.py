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
    wanted = " OR ".join(_fts(term) for term in query.wanted)
    excluded = " OR ".join(_fts(term) for term in query.terms if term.excluded)
    return f"({wanted}) NOT ({excluded})" if wanted and excluded else wanted


def pieces_of(text: str) -> list[str]:
    """`text` cut into runs of Chinese, Japanese or Korean signs and what stands between them."""
    pieces = []
    reached = 0
    for match in CJK_RUN.finditer(text):
        pieces += [text[reached : match.start()], match[0]]
        reached = match.end()
    return [piece for piece in (*pieces, text[reached:]) if piece.strip()]


def _fts(term: Term) -> str:
    if not term.text.isascii() and CJK_RUN.search(term.text):
        return _cjk(term)
    if term.phrase:
        return _quoted(term.text)
    if term.prefix:
        words = [_quoted(word) for word in term.completions]
        return f"({' OR '.join([_quoted(term.text) + '*', *words])})"
    if is_identifier(term.text):
        return f"({_quoted(term.text)} OR exact : {_quoted(encode_identifier(term.text))})"
    return _quoted(term.text)


def _cjk(term: Term) -> str:
    """Pairs of signs: in a row for a phrase, any of them for a word."""
    words: list[str] = []
    for piece in pieces_of(term.text):
        if not CJK_RUN.match(piece):
            words.append(_quoted(piece))
        elif len(piece) == 1:
            words.append(_quoted(piece) + "*")  # every pair that begins with it
        else:
            words += [_quoted(pair) for pair in cjk_pairs(piece)[:-1]]
    if term.phrase:
        return f"({' + '.join(words)})"
    return f"({' OR '.join(list(dict.fromkeys(words))[:_MOST_PIECES])})"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'

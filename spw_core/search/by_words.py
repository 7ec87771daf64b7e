"""The answer of words alone, whole or quick."""

from __future__ import annotations

import apsw

from spw_core.search import lexical, quick
from spw_core.search.ranking import LEXICAL, ArmScore, Hit, Ranked, RankRequest

REASON = "words only: no embeddings are built"
ASKED = "words only, as asked"
SO_FAR = "words so far; more when typing pauses"


def rank_by_words(
    connection: apsw.Connection, request: RankRequest, reason: str = REASON, *, is_final: bool = True
) -> Ranked:
    """The answer of the lexical arm. It is final when a whole answer is, and this is one."""
    if request.quick:
        found, is_whole = quick.rank(connection, request.query, request.filters, request.limit)
        is_final = is_final and is_whole
    else:
        found = lexical.rank(connection, request.query, request.filters, request.limit)
    hits = tuple(
        Hit(chunk_id, value, {lexical.ARM: ArmScore(place, value)})
        for place, (chunk_id, value) in enumerate(found, 1)
    )
    return Ranked(hits, LEXICAL, reason if is_final else SO_FAR, is_final)

"""Search results as rows, with the marks of the snippet as tones; what stands there without results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from spw_core.answers import MEMORY_AREA, DocumentRef, marked_pieces, message_ref, prose, ref_of
from spw_tui.clock import age, nanoseconds
from spw_tui.rows import Cell, Row, Span, Tone, cell, heading, note, plural
from spw_tui.viewmodels.filters import as_typed
from spw_tui.viewmodels.looks import verdict_look

if TYPE_CHECKING:
    from spw_core.answers import SearchAnswer, SearchResult

# What a row without a document does when it is opened; the rest of its id says with what.
QUERY, DROP = "query ", "drop "
_RECENT_SHOWN = 6
_BEFORE_MARK = 24
_AGE = 3  # cells of most ages
HINTS = (
    "Type words: everything that was written is searched.",
    '"a phrase"  -without  begin*  type:report  since:2w',
)


def hit_rows(answer: SearchAnswer, now_ns: int, *, grouped: bool = False) -> list[Row]:
    """Three lines and a blank one per result, in the order of the answer; `grouped`, under their specs in
    the order of the best result of each."""
    if not grouped:
        return [_row(result, now_ns) for result in answer.results]
    groups: dict[str, list[SearchResult]] = {}
    for result in answer.results:
        groups.setdefault(result.spec, []).append(result)
    rows: list[Row] = []
    for spec, results in groups.items():
        rows += heading(f"group-{spec}", spec or "no spec", plural(len(results), "document"))
        rows += [_row(result, now_ns, with_spec=False) for result in results]
    return rows[1:]  # the blank line above the first title


def _row(result: SearchResult, now_ns: int, *, with_spec: bool = True) -> Row:
    where = [result.spec if with_spec else "", result.command or result.phase]
    if result.wave:
        where.append(f"wave {result.wave}")
    where += [result.run, result.agent]
    look = verdict_look(result.status) if result.status else None
    title = (
        cell(result.title, Tone.STRONG, grow=True),
        cell(age(nanoseconds(result.updated_at), now_ns), Tone.DIM),
    )
    about = (
        Cell(
            (
                Span(result.type, Tone.ACCENT),
                Span("  " + " · ".join(filter(None, where)), Tone.DIM),
                Span(f"  {look.glyph} {look.word}" if look else "", look.tone if look else Tone.DIM),
                Span("  removed" if result.removed_at else "", Tone.WARN),
            ),
            grow=True,
        ),
    )
    snippet = (Cell(_with_mark_in_view(snippet_spans(prose(result.snippet))), grow=True),)
    return Row(str(result.id), (title, about, snippet, ()), _ref(result))


def _ref(result: SearchResult) -> DocumentRef | None:
    """Where the result is, with the words to mark there: as they were typed, and as the snippet has them."""
    marked = (span.text for span in snippet_spans(result.snippet) if span.tone is Tone.MARK)
    words = tuple(dict.fromkeys(word.lower() for word in (*result.matched, *marked)))
    if result.source == MEMORY_AREA:
        return message_ref(result.type, result.key, result.line, words)
    return ref_of(result.path, result.line, words)


def snippet_spans(snippet: str) -> tuple[Span, ...]:
    """`a «b» c` as spans; the marks themselves are not shown."""
    return tuple(
        Span(text, Tone.MARK if is_marked else Tone.NORMAL) for text, is_marked in marked_pieces(snippet)
    )


def _with_mark_in_view(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The spans, the text before the first mark cut so that the mark has room in a narrow list: at the
    beginning of a word, where there is one."""
    if len(spans) > 1 and spans[0].tone is Tone.NORMAL and len(spans[0].text) > _BEFORE_MARK:
        rest = spans[0].text[-_BEFORE_MARK - 1 :]
        words = rest.split(" ", 1)[-1]
        return (Span("…" + (words or rest)), *spans[1:])
    return spans


def mode_text(answer: SearchAnswer) -> str:
    """The mode that was really used, and the one that was asked for where it is another."""
    if not answer.is_final:
        return f"{answer.mode} so far"
    asked = answer.mode_requested
    return answer.mode if asked in (answer.mode, "auto") else f"{asked} asked, {answer.mode} used"


def correction_text(answer: SearchAnswer) -> str:
    """`login for lgoin`, for each word that was looked for in place of another."""
    return ", ".join(f"{each.used} for {each.typed}" for each in answer.corrections)


def nothing_rows(answer: SearchAnswer) -> list[Row]:
    """Why there are no results, and what would bring some; opening a line does it."""
    rows = [note("nothing", f"Nothing matches {answer.query}", Tone.STRONG)]
    for each in answer.filtered:
        typed = as_typed(answer.query, each.filter)
        line = (
            cell(" "),
            Cell(
                (
                    Span(f"without {typed}", Tone.ACCENT),
                    Span(f"  {plural(each.documents, 'document')}", Tone.DIM),
                )
            ),
        )
        rows.append(Row(f"{DROP}{each.filter}", (line,)))
    if answer.filtered:
        hint = "enter leaves the filter away."
    else:
        hint = "Fewer words find more." if " " in answer.query.strip() else "Another word for it may."
    return [*rows, note("nothing-hint", hint)]


def start_rows(
    saved: Sequence[str], searches: Sequence[str], newest: SearchAnswer | None, now_ns: int
) -> list[Row]:
    """What stands there before anything is typed: kept and recent searches, and the newest documents."""
    rows: list[Row] = [note(f"hint-{number}", text) for number, text in enumerate(HINTS)]
    rows += _queries("Kept searches", "◆", saved)
    rows += _queries(
        "Recent searches", "·", [query for query in searches if query not in saved][:_RECENT_SHOWN]
    )
    if newest and newest.results:
        rows += heading("newest", "Newest documents")
        rows += [_short(result, now_ns) for result in newest.results]
    return rows


def _queries(title: str, glyph: str, queries: Sequence[str]) -> Iterator[Row]:
    if queries:
        yield from heading(title, title)
        for query in queries:
            yield Row(f"{QUERY}{query}", ((cell(glyph, Tone.ACCENT), cell(query, grow=True)),))


def _short(result: SearchResult, now_ns: int) -> Row:
    line = (
        cell("·", Tone.DIM),
        cell(result.title, grow=True),
        cell(result.spec, Tone.DIM, from_width=50),
        cell(age(nanoseconds(result.updated_at), now_ns).rjust(_AGE), Tone.DIM),
    )
    return Row(str(result.id), (line,), _ref(result))

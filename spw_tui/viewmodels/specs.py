"""The list of specs: which of them, in which order, and how each looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from spw_core.answers import SpecStatus, SpecSummary, fold
from spw_tui.clock import age, nanoseconds
from spw_tui.data import Failure
from spw_tui.rows import Cell, Row, Span, Tone, bar, cell
from spw_tui.viewmodels.looks import UNREADABLE, spec_look

_BAR = 8


def spec_rows(
    specs: Iterable[SpecSummary | Failure], now_ns: int, *, sort: str = "urgent", words: str = ""
) -> list[Row]:
    """Two lines per spec. With `words`, only the specs that have all of them in name, stage or state."""
    wanted = fold(words).split()
    chosen = [spec for spec in specs if not wanted or all(word in _haystack(spec) for word in wanted)]
    flagged = [_age(spec, now_ns) for spec in chosen if not isinstance(spec, Failure) and spec.attention]
    width = max(map(len, flagged), default=0)
    return [_row(spec, now_ns, width) for spec in sorted(chosen, key=_ORDERS[sort])]


def _age(spec: SpecSummary, now_ns: int) -> str:
    return age(nanoseconds(spec.updated_at), now_ns)


def _haystack(spec: SpecSummary | Failure) -> str:
    if isinstance(spec, Failure):
        return fold(f"{spec.name} unreadable")
    kinds = " ".join(item.kind for item in spec.attention)
    return fold(f"{spec.name} {spec.stage} {spec_look(spec.status).word} {kinds}")


def _urgency(spec: SpecSummary | Failure) -> tuple[int, int, str]:
    """What cannot be read first, then by urgency, then by time."""
    return (0 if isinstance(spec, Failure) else spec.urgency, *_newest_first(spec))


def _newest_first(spec: SpecSummary | Failure) -> tuple[int, str]:
    return (0 if isinstance(spec, Failure) else -nanoseconds(spec.updated_at), spec.name)


def _by_name(spec: SpecSummary | Failure) -> str:
    return fold(spec.name)


_ORDERS: dict[str, Callable[[SpecSummary | Failure], tuple[int | str, ...] | str]] = {
    "urgent": _urgency,
    "recent": _newest_first,
    "name": _by_name,
}


def _row(spec: SpecSummary | Failure, now_ns: int, age_width: int) -> Row:
    """An age has at least `age_width` cells: then all flags before the ages stand in one column."""
    if isinstance(spec, Failure):
        name = (Cell((UNREADABLE.span,)), cell(spec.name, Tone.STRONG, grow=True))
        return Row(spec.name, (name, (cell(" "), cell(spec.message, Tone.BAD, grow=True))))
    look = spec_look(spec.status)
    flagged = f"▲{len(spec.attention)}" if spec.attention else ""
    title = (
        Cell((look.span,)),
        cell(spec.name, Tone.STRONG, grow=True),
        cell(flagged, Tone.WARN),
        cell(_age(spec, now_ns).rjust(age_width), Tone.DIM),
    )
    return Row(spec.name, (title, (cell(" "), *_progress(spec))))


def _progress(spec: SpecSummary) -> tuple[Cell, ...]:
    look = spec_look(spec.status)
    where = f" · {spec.stage}"
    if spec.is_in_waves:
        where = f" · wave {spec.wave_current}/{spec.waves_total}"
    if spec.status == SpecStatus.DONE:
        where = ""
    state = Cell((Span(look.word, look.tone), Span(where, Tone.DIM)), grow=True)
    if not spec.tasks_total:
        return (state,)
    return (
        state,
        Cell(bar(spec.tasks_done, spec.tasks_total, _BAR), from_width=34),
        cell(f"{spec.tasks_done}/{spec.tasks_total}", Tone.DIM, width=5, right=True),
    )

"""The lines around the panes: title bar, tabs, footer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from spw_tui.actions import Action, Keys, Scope, footer_actions
from spw_tui.rows import Cell, Line, Span, Tone, cell

_BETWEEN = 2
_SHORT = {"Documents": "Docs"}


def title_line(crumbs: Sequence[str], right: Sequence[tuple[str, Tone]]) -> Line:
    """`spw ─ acme-shop ─ user-auth` on the left, remarks on the right."""
    spans = [Span("spw", Tone.KEY)]
    for index, crumb in enumerate(crumbs, 1):
        spans.append(Span(" ─ ", Tone.FAINT))
        spans.append(Span(crumb, Tone.STRONG if index == len(crumbs) else Tone.DIM))
    remarks = [Span(f"{text}  ", tone) for text, tone in right if text]
    if remarks:
        remarks[-1] = Span(remarks[-1].text.rstrip(), remarks[-1].tone)
    return (Cell(tuple(spans), grow=True), Cell(tuple(remarks)))


def footer_line(scopes: Iterable[Scope], keys: Keys) -> Line:
    """The advertised actions, each left out where there is no room for all of it; help is on the right."""
    actions = footer_actions(scopes)
    help_keys = [Cell(_key(action, keys)) for action in actions if _is_help(action)]
    used = sum(cell_len(span.text) + 1 for each in help_keys for span in each.spans)
    cells: list[Cell] = []
    for action in actions:
        if not _is_help(action):
            spans = _key(action, keys)
            used += sum(cell_len(span.text) for span in spans) + 1
            cells.append(Cell(spans, from_width=used))
    return (*cells, cell("", grow=True), *help_keys)


def hints_line(hints: Iterable[tuple[str, str, str]]) -> Line:
    """A footer of (key, what it does, action of a click), for a field in which the usual keys are letters."""
    spans: list[Span] = []
    for key, label, click in hints:
        spans += Span(key, Tone.KEY, click), Span(f" {label}  ", Tone.DIM, click)
    return (Cell(tuple(spans), grow=True),)


def overlay_title(title: str, takes: tuple[str, str]) -> Line:
    """Title of what lies over a screen, and how it is left; `takes` is what Enter does, and its action."""
    label, click = takes
    leaving = (
        Span(f"enter {label}", Tone.DIM, click),
        Span(" · ", Tone.DIM),
        Span("esc closes", Tone.DIM, "dismiss"),
    )
    return (cell(title, Tone.KEY, grow=True), Cell(leaving))


def _is_help(action: Action) -> bool:
    return action.name.removeprefix("app.") == "help"


def _key(action: Action, keys: Keys) -> tuple[Span, ...]:
    return (
        Span(keys.first(action), Tone.KEY, action.name),
        Span(f" {action.label}" + " " * (_BETWEEN - 1), Tone.DIM, action.name),
    )


def tab_lines(
    tabs: Sequence[tuple[str, str, str]],
    active: str,
    subject: str,
    *,
    focused: bool,
    keys: Sequence[str],
    action: str = "show_tab",
) -> tuple[Line, ...]:
    """Tabs of (name, label, count), the active one filled, the `keys` of the others before them, and what
    they are about on the right.

    Several lines, each needing less room than the one before. A click runs `action` with the tab's name.
    """
    gap = cell("", grow=True)

    def line(
        *, counts: bool, numbers: bool, longest: int = 20, about: bool = False, tight: bool = False
    ) -> Line:
        spans = [Span("▌" if focused else " ", Tone.ACCENT)]
        for (name, label, count), key in zip(tabs, keys, strict=True):
            click = f"{action}('{name}')"
            short = label if len(label) <= longest else _SHORT.get(label, label)[:longest]
            text = f"{short} {count if counts else ''}".rstrip()
            if name == active:
                spans.append(Span(f" {text} ", Tone.TAB, click))
                if tight and name != tabs[-1][0]:
                    spans.append(Span(" "))  # else the block would touch the next label
            else:
                spans.append(Span(f" {key} " if numbers else "" if tight else " ", Tone.DIM, click))
                spans.append(Span(f"{text} ", Tone.NORMAL, click))
        return (Cell(tuple(spans)), gap, cell(subject, Tone.DIM)) if about else (Cell(tuple(spans)), gap)

    return (
        line(counts=True, numbers=True, about=True),
        line(counts=True, numbers=True),
        line(counts=False, numbers=True),
        line(counts=False, numbers=False),
        line(counts=False, numbers=False, longest=8),
        line(counts=False, numbers=False, longest=8, tight=True),
        line(counts=False, numbers=False, longest=5),
        line(counts=False, numbers=False, longest=3),
    )


def pane_title(title: str, count: str, *, focused: bool) -> Line:
    """Title of a list, with a mark when the keys go to it."""
    mark = Span("▌ " if focused else "  ", Tone.ACCENT)
    return (
        Cell((mark, Span(title, Tone.STRONG if focused else Tone.TITLE)), grow=True),
        cell(count, Tone.DIM),
    )

"""The themes, and the colours that lists and documents are drawn in.

Three are our own; for each of Textual's a palette is made from its colours. Without colours (`NO_COLOR`) the
tones differ by bold, underline and reverse alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from spw_tui.rows import Tone

DARK = "spw-dark"
LIGHT = "spw-light"
CONTRAST = "spw-contrast"
MONO = "spw-mono"


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour of one theme. Text colours have a contrast of at least 4.5 on `background`."""

    name: str
    background: str
    bar: str
    line: str
    text: str
    strong: str
    dim: str
    faint: str
    accent: str
    good: str
    bad: str
    warn: str
    busy: str
    cursor: str
    cursor_idle: str
    mark: str
    mark_text: str
    code: str
    code_theme: str
    is_dark: bool = True


PALETTES = {
    DARK: Palette(
        name=DARK,
        background="#15171c",
        bar="#1e2129",
        line="#2c313c",
        text="#d5d9e2",
        strong="#ffffff",
        dim="#949cad",
        faint="#454c5b",
        accent="#82aaff",
        good="#86cf93",
        bad="#ff7b85",
        warn="#e9bd6c",
        busy="#6fcbdc",
        cursor="#2a3654",
        cursor_idle="#22262f",
        mark="#5c4a12",
        mark_text="#ffe7a3",
        code="#1b1e25",
        code_theme="github-dark",
    ),
    LIGHT: Palette(
        name=LIGHT,
        background="#fcfcfa",
        bar="#eeeeea",
        line="#d8d9d5",
        text="#24272e",
        strong="#000000",
        dim="#5b6270",
        faint="#b9bdc4",
        accent="#1f53c5",
        good="#1a7436",
        bad="#bf2030",
        warn="#865400",
        busy="#0a6a80",
        cursor="#d4e1fc",
        cursor_idle="#e8e9e6",
        mark="#ffe48f",
        mark_text="#3a2c00",
        code="#f3f3ef",
        code_theme="xcode",
        is_dark=False,
    ),
    CONTRAST: Palette(
        name=CONTRAST,
        background="#000000",
        bar="#000000",
        line="#ffffff",
        text="#ffffff",
        strong="#ffffff",
        dim="#d8d8d8",
        faint="#8a8a8a",
        accent="#6cc7ff",
        good="#5dff7f",
        bad="#ff9a9a",
        warn="#ffe14d",
        busy="#6ef3ff",
        cursor="#003a8c",
        cursor_idle="#303030",
        mark="#ffe14d",
        mark_text="#000000",
        code="#141414",
        code_theme="github-dark",
    ),
}
PALETTES[MONO] = replace(PALETTES[DARK], name=MONO)

OWN = (DARK, LIGHT, CONTRAST)
"""The themes that the key for the theme goes through."""


@lru_cache
def palette_of(theme: str) -> Palette:
    """The colours of a theme by name, of ours or of Textual's; of the dark one for any other name."""
    if theme in PALETTES:
        return PALETTES[theme]
    if theme not in BUILTIN_THEMES:
        return PALETTES[DARK]
    from spw_tui.palettes import made_from

    known = BUILTIN_THEMES[theme]
    return made_from(known, PALETTES[DARK if known.dark else LIGHT])


@lru_cache
def tones(theme: str) -> dict[Tone, Style]:
    """The style of every tone, without a background except where the tone is one."""
    if theme == MONO:
        return _MONO_TONES
    p = palette_of(theme)
    return {
        Tone.NORMAL: Style(color=p.text),
        Tone.STRONG: Style(color=p.strong, bold=True),
        Tone.DIM: Style(color=p.dim),
        Tone.FAINT: Style(color=p.faint),
        Tone.ACCENT: Style(color=p.accent),
        Tone.TITLE: Style(color=p.dim, bold=True),
        Tone.GOOD: Style(color=p.good),
        Tone.BAD: Style(color=p.bad),
        Tone.WARN: Style(color=p.warn),
        Tone.BUSY: Style(color=p.busy),
        Tone.MARK: Style(color=p.mark_text, bgcolor=p.mark),
        Tone.TAB: Style(color=p.background, bgcolor=p.accent, bold=True),
        Tone.KEY: Style(color=p.accent, bold=True),
        Tone.CHIP: Style(color=p.strong, bgcolor=p.cursor),
    }


_MONO_TONES = {tone: Style() for tone in Tone} | {
    Tone.STRONG: Style(bold=True),
    Tone.TITLE: Style(bold=True),
    Tone.KEY: Style(bold=True),
    Tone.BAD: Style(bold=True),
    Tone.FAINT: Style(dim=True),
    Tone.MARK: Style(underline=True, bold=True),
    Tone.TAB: Style(reverse=True, bold=True),
    Tone.CHIP: Style(reverse=True),
}


@lru_cache
def cursor_style(theme: str, *, lit: bool) -> Style:
    """What lies behind the row under the cursor; `lit` when the keys go there."""
    if theme == MONO:
        return Style(reverse=lit, bold=not lit)
    p = palette_of(theme)
    return Style(bgcolor=p.cursor if lit else p.cursor_idle)


def themes() -> list[Theme]:
    """The themes to register with the app."""
    return [_theme(palette) for palette in PALETTES.values()]


def _theme(p: Palette) -> Theme:
    return Theme(
        name=p.name,
        primary=p.accent,
        secondary=p.busy,
        accent=p.accent,
        warning=p.warn,
        error=p.bad,
        success=p.good,
        foreground=p.text,
        background=p.background,
        surface=p.background,
        panel=p.bar,
        dark=p.is_dark,
        variables=variables_of(p),
    )


def variables_of(p: Palette) -> dict[str, str]:
    """What style sheets name beyond the colours that every theme has."""
    return {
        "line": p.line,
        "dim": p.dim,
        "border": p.accent,
        "border-blurred": p.line,
        "block-cursor-background": p.cursor,
        "block-cursor-foreground": p.strong,
        "block-cursor-text-style": "none",
        "input-cursor-background": p.text,
        "input-selection-background": f"{p.accent} 35%",
        "scrollbar": p.faint,
        "scrollbar-hover": p.dim,
        "scrollbar-active": p.accent,
        "scrollbar-background": p.background,
        "scrollbar-background-hover": p.background,
        "scrollbar-background-active": p.background,
        "scrollbar-corner-color": p.background,
    }

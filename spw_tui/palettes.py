"""Palettes for Textual's own themes: their colours, moved until every text can be read."""

from __future__ import annotations

from dataclasses import replace

from textual.color import Color, ColorParseError
from textual.theme import Theme

from spw_tui.themes import Palette

# Contrast of text on its background, as in WCAG 2.1 for text of any size.
READABLE = 4.5
_STEPS = 10


def contrast(one: Color, other: Color) -> float:
    """From 1 (the same) to 21 (black on white); WCAG 2.1, "contrast ratio"."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Color) -> float:
    """WCAG 2.1, "relative luminance"."""
    parts = [value / 255 for value in colour.rgb]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def made_from(theme: Theme, ours: Palette) -> Palette:
    """The palette for a theme; `ours` fills in what it leaves open. The themes that leave all colours to
    the terminal have no values to mix, so they are drawn in ours."""
    back = _read(theme.background, ours.background)
    if back.ansi is not None:
        return replace(ours, name=theme.name)
    text = _read(theme.foreground, ours.text)

    def mix(colour: Color, factor: float) -> str:
        return back.blend(colour, factor, 1).hex6

    def readable(value: str | None, default: str) -> str:
        colour = _read(value, default)
        steps = (colour.blend(text, step / _STEPS, 1) for step in range(_STEPS))
        return next((mixed for mixed in steps if contrast(back, mixed) >= READABLE), text).hex6

    accent = readable(theme.primary, ours.accent)
    warn = readable(theme.warning, ours.warn)
    return replace(
        ours,
        name=theme.name,
        background=back.hex6,
        bar=_read(theme.panel, mix(text, 0.08)).hex6,
        line=mix(text, 0.18),
        text=text.hex6,
        strong=text.hex6,
        dim=readable(mix(text, 0.6), ours.dim),
        faint=mix(text, 0.3),
        accent=accent,
        good=readable(theme.success, ours.good),
        bad=readable(theme.error, ours.bad),
        warn=warn,
        busy=readable(theme.secondary, ours.busy),
        cursor=mix(Color.parse(accent), 0.25),
        cursor_idle=mix(text, 0.1),
        mark=mix(Color.parse(warn), 0.4),
        mark_text=text.hex6,
        code=mix(text, 0.05),
        is_dark=theme.dark,
    )


def _read(value: str | None, default: str) -> Color:
    try:
        return Color.parse(value or default)
    except ColorParseError:
        return Color.parse(default)

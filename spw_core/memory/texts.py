"""Texts as they can be stored, and as a secret in them can be seen."""

from __future__ import annotations

from spw_core.text import clean


def storable(text: str) -> str:
    """Without lone surrogates and NULs, which a database does not take, and without the escape sequences of
    terminals, which would hide a secret that has colours in it from the rules."""
    text = text.replace("\0", "\ufffd")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-8", "replace").decode()
    return clean(text) if hides(text) else text


def hides(text: str) -> bool:
    """True for a text with escape sequences of terminals."""
    return "\x1b" in text or (not text.isascii() and "\x9b" in text)

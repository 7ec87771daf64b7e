"""Making text from files safe to show: no control characters, no escape sequences, no direction tricks."""

from __future__ import annotations

import re
from functools import cache

# What no terminal may be sent: C0 and C1 controls but tab and newline, the bidirectional marks, overrides and
# isolates that reorder what stands around them, and lone surrogates, which no encoding takes.
_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\ud800-\udfff"

# ECMA-48 sequences first, so that their letters go too.
_UNSAFE = (
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, SOS, PM, APC
    r"|[\x9d\x90\x98\x9e\x9f][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
    rf"|[{_CONTROLS}]"
)


# Compiled on first use: most texts are plain, and compiling takes longer than a small command.
@cache
def _control() -> re.Pattern[str]:
    return re.compile(f"[{_CONTROLS}]")


@cache
def _unsafe() -> re.Pattern[str]:
    return re.compile(_UNSAFE)


def clean(text: str) -> str:
    """`text` without terminal escapes and control characters; tabs and newlines stay, CRLF becomes LF."""
    if text.isprintable():
        return text
    return _unsafe().sub("", text.replace("\r\n", "\n"))


def clean_line(text: str) -> str:
    """`clean`, on one line: every run of white space becomes one space."""
    return " ".join(clean(text).split())


def short_count(number: int) -> str:
    """A number in at most four characters and a letter: `950`, `12k`, `3.4M`; nothing for 0."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.{1 if number < 9.95 * size else 0}f}{letter}"
    return str(number or "")


def plural(count: int, noun: str, many: str = "") -> str:
    """`1 task`, `2 tasks`; `many` is for nouns that take no s."""
    return f"{count} {noun}" if count == 1 else f"{count} {many or noun + 's'}"


def escape_controls(json_text: str) -> str:
    """The same JSON, its control characters written as `\\u009b`; letters of all languages stay readable."""
    if json_text.replace("\n", "").isprintable():
        return json_text
    return _control().sub(lambda match: f"\\u{ord(match[0]):04x}", json_text)


def fold(text: str) -> str:
    """Lower case without accents and in plain width, for comparing what people type."""
    if text.isascii():
        return text.lower()
    import unicodedata

    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))

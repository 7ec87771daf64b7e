"""Making text from files safe to show: no control characters, no escape sequences, no direction tricks."""

from __future__ import annotations

import re
import unicodedata

# ECMA-48 sequences first (so that their letters go too), then every C0/C1 control but tab and newline,
# then the bidirectional overrides and isolates that reorder what stands around them.
_UNSAFE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, SOS, PM, APC
    r"|[\x9d\x90\x98\x9e\x9f][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    r"|[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]"
    r"|[\ud800-\udfff]"
)


def clean(text: str) -> str:
    """`text` without terminal escapes and control characters; tabs and newlines stay, CRLF becomes LF."""
    if text.isprintable():
        return text
    return _UNSAFE.sub("", text.replace("\r\n", "\n"))


def clean_line(text: str) -> str:
    """`clean`, on one line: every run of white space becomes one space."""
    return " ".join(clean(text).split())


def fold(text: str) -> str:
    """Lower case without accents, for comparing what people type."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))

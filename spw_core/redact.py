"""Taking secrets out of text before it is stored: keys, tokens, passwords, private keys.

`redact(text)` replaces what it recognises by `[redacted:RULE]` and says which rules matched. A text keeps
its number of lines. The rules are those of
`redact_rules` and `redact_named`.

Cost: what a text must have for whole groups of rules is told first; then every rule has literals, one of
which must be in the text before its pattern is tried. Patterns begin with a literal behind a border, and
every repetition that another may follow is bounded, so time grows with the length of the text, whatever is
in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from spw_core.redact_named import NAMED
from spw_core.redact_rules import MARKED, Needs, Rule

MASK = "[redacted:{}]"
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

# Every secret is recognised by so many of its first characters: who cuts a text before redacting it keeps
# this much more than is needed, and cuts again afterwards.
LONGEST_NEEDED = 512


_TAIL = re.compile(r"[A-Za-z0-9+/=_~-]*")
_LONG = 190


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets. `rules` names the rule of each secret that was found, in rule order."""

    text: str
    rules: tuple[str, ...]


def redact(text: str) -> Redacted:
    """Replace all secrets in a text; the number of its lines stays. Linear in the length of the text."""
    lowered = _lower(text)
    wanted: set[int] = set()
    for needs, literals, folded_literals in _BY_NEED:
        if part := _MEETS[needs](text):
            wanted.update(*[numbers for literal, numbers in literals if literal in part])
            wanted.update(*[numbers for literal, numbers in folded_literals if literal in lowered])
    found: list[str] = []
    for number in sorted(wanted):
        rule = RULES[number]
        redacted = _apply(rule, text, lowered if rule.folded else text, found)
        if redacted is not text:
            text, lowered = redacted, _lower(redacted)
    return Redacted(text, tuple(found))


def _lines_with_runs(text: str) -> str:
    """The lines with 20 letters, digits, dashes or underscores in a row, not all of them small letters.

    Marked secrets but keys in PEM stand on such lines. Few lines are like that, and looking for a hundred
    literals in all of them costs four times as much. That there is none is told from bytes, one class of
    characters made equal, in an eighth of the time that a pattern takes to say no.
    """
    if _TWENTY not in text.encode("ascii", "replace").translate(_IN_RUNS):
        return ""
    lines: list[str] = []
    end = 0
    for match in _RUN.finditer(text):
        if match.start() < end or (match[0].islower() and not _DIGIT.search(match[0])):
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        end = text.find("\n", match.end())
        end = len(text) if end < 0 else end
        lines.append(text[start:end])
    return "\n".join(dict.fromkeys(lines))


_RUN = re.compile(r"[A-Za-z0-9_-]{20,}")
_DIGIT = re.compile(r"[0-9]")
_TWENTY = b"a" * 20
_IN_RUNS = bytes(
    ord("a" if chr(code).isalnum() or chr(code) in "_-" else " ") for code in range(128)
) + bytes(128)

_SIGNS = r"0-9!@#$%^&*+?~|;="
_VALUE = re.compile(
    rf"[:=>][ \t]{{0,4}}(?:[bruBRU]?\\{{0,3}}[\"'`][^\"'`\n]*[{_SIGNS}]|[^\s\"'`,;:=>]*[{_SIGNS}])"
)
_OPTION = re.compile(r"[\s\"']-{1,2}[A-Za-z]")
# Where in a text the literals of rules may be that need this; "" is nowhere.
_MEETS: dict[Needs, Callable[[str], str]] = {
    Needs.NOTHING: lambda text: text,
    Needs.RUN: _lines_with_runs,
    Needs.VALUE: lambda text: text if _VALUE.search(text) else "",
    Needs.OPTION: lambda text: text if "-" in text and _OPTION.search(text) else "",
}


def _lower(text: str) -> str:
    """In lower case, every character where it was."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text.translate(_ASCII_LOWER)


def redact_start(text: str, limit: int) -> Redacted:
    """The first `limit` characters of a text, redacted: no secret is cut in half at the end and missed."""
    if len(text) <= limit:
        return redact(text)
    window = text[: limit + LONGEST_NEEDED]
    whole = redact(window)
    kept = whole.text if len(window) == len(text) else whole.text[: max(0, len(whole.text) - LONGEST_NEEDED)]
    return Redacted(kept[:limit], whole.rules)


def _apply(rule: Rule, text: str, searched: str, found: list[str]) -> str:
    pieces: list[str] = []
    end = 0
    for match in rule.pattern.finditer(searched):
        start, stop = match.span("s")
        if start < end:
            continue
        secret = text[start:stop]
        named = text[max(0, match.start() - rule.before) : start]
        if rule.accept and not rule.accept(named, secret):
            continue
        if len(secret) > _LONG and (tail := _TAIL.match(text, stop)):
            stop = tail.end()  # longer than any pattern
        pieces += (text[end:start], MASK.format(rule.name), "\n" * secret.count("\n"))
        found.append(rule.name)
        end = stop
    if not pieces:
        return text
    pieces.append(text[end:])
    return "".join(pieces)


RULES = (*MARKED, *NAMED)


def _literals(needs: Needs, *, folded: bool) -> list[tuple[str, list[int]]]:
    """Each literal of the rules that need this, with the numbers of those rules."""
    found: dict[str, list[int]] = {}
    for number, rule in enumerate(RULES):
        if rule.needs is needs and rule.folded is folded:
            for literal in rule.literals:
                found.setdefault(literal, []).append(number)
    return list(found.items())


_BY_NEED = [(needs, _literals(needs, folded=False), _literals(needs, folded=True)) for needs in Needs]

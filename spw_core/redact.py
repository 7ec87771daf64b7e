"""Taking secrets out of text before it is stored: keys, tokens, passwords, private keys.

`redact(text)` replaces what it recognises by `[redacted:RULE]` and says which rules matched. A text keeps
its number of lines. The rules are those
of `redact_rules`.

Cost: every rule has literals, one of which must be in the text before its pattern is tried; patterns begin
with a literal behind a border, and every repetition that another may follow is bounded, so time grows with
the length of the text, whatever is in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spw_core.redact_rules import MARKED, NAMED, Rule

MASK = "[redacted:{}]"
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

# Every secret is recognised by so many of its first characters: who cuts a text before redacting it keeps
# this much more than is needed, and cuts again afterwards.
LONGEST_NEEDED = 512


_RUN = re.compile(r"[A-Za-z0-9_-]{20,}")
_DIGIT = re.compile(r"[0-9]")
_TAIL = re.compile(r"[A-Za-z0-9+/=_~-]*")
_LONG = 190


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets. `rules` names the rule of each secret that was found, in rule order."""

    text: str
    rules: tuple[str, ...]


def redact(text: str) -> Redacted:
    """Replace all secrets in a text; the number of its lines stays. Linear in the length of the text."""
    literals = _LITERALS if _may_be_marked(text) else _NAMED_LITERALS
    wanted = {number for literal, number in literals if literal in text}
    lowered = _lower(text)
    wanted.update(number for literal, number in _FOLDED_LITERALS if literal in lowered)
    found: list[str] = []
    for number in sorted(wanted):
        rule = RULES[number]
        text = _apply(rule, text, _lower(text) if rule.folded else text, found)
    return Redacted(text, tuple(found))


def _may_be_marked(text: str) -> bool:
    """False when no marked secret can be in a text: all have a long run with digits or capitals in it.

    Most texts have none, and looking for all literals costs four times as much.
    """
    if "PRIVATE KEY" in text:
        return True
    return any(not run.islower() or _DIGIT.search(run) for run in _RUN.findall(text))


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
_LITERALS = [
    (literal, number) for number, rule in enumerate(RULES) if not rule.folded for literal in rule.literals
]
_NAMED_LITERALS = [(literal, number) for literal, number in _LITERALS if number >= len(MARKED)]
_FOLDED_LITERALS = [
    (literal, number) for number, rule in enumerate(RULES) if rule.folded for literal in rule.literals
]

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
    marked = _marked_lines(text)
    wanted = {number for literal, number in _MARKED_LITERALS if literal in marked} if marked else set()
    if _PRIVATE_KEY in text:
        wanted.add(0)
    wanted.update(number for literal, number in _NAMED_LITERALS if literal in text)
    lowered = _lower(text)
    for core, literals in _FOLDED_LITERALS:
        if core in lowered:
            wanted.update(number for literal, number in literals if literal in lowered)
    found: list[str] = []
    for number in sorted(wanted):
        rule = RULES[number]
        text = _apply(rule, text, _lower(text) if rule.folded else text, found)
    return Redacted(text, tuple(found))


def _marked_lines(text: str) -> str:
    """The lines of a text in which marked secrets can be: all but private keys stand on one line, and have a
    long run with digits or capitals in it.

    Few lines are like that, and looking for a hundred literals in all of them costs four times as much.
    """
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
_PRIVATE_KEY = "PRIVATE KEY"  # of the first rule: the only secret of several lines
_MARKED_LITERALS = [
    (literal, number) for number, rule in enumerate(MARKED) if not rule.folded for literal in rule.literals
]
_NAMED_LITERALS = [
    (literal, number)
    for number, rule in enumerate(NAMED, len(MARKED))
    if not rule.folded
    for literal in rule.literals
]


def _by_core() -> list[tuple[str, list[tuple[str, int]]]]:
    """The literals of the folded rules by what many have in common: without that, none need be tried."""
    groups: dict[str, list[tuple[str, int]]] = {core: [] for core in ("key", "auth", "pass", "")}
    for number, rule in enumerate(RULES):
        for literal in rule.literals if rule.folded else ():
            groups[next(core for core in groups if core in literal)].append((literal, number))
    return list(groups.items())


_FOLDED_LITERALS = _by_core()

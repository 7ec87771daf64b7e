"""Taking secrets out of text before it is stored: keys, tokens, passwords, private keys.

`redact(text)` replaces what it recognises by `[redacted:RULE]` and says which rules matched. A text keeps
its number of lines. The rules are those of `redact_rules`, `redact_named` and `redact_hidden`.

Cost: every rule is set off by a word of the text, and what a word sets off is remembered (`redact_words`), so
that most texts are known to hold nothing once they are cut into words. Patterns begin with a literal behind a
border, and every repetition that another may follow is bounded, so time grows with the length of the text,
whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from spw_core.redact_hidden import HIDDEN, SPELLED_COLOUR
from spw_core.redact_named import NAMED
from spw_core.redact_rules import MARKED, Needs, Rule
from spw_core.redact_words import SetOff

MASK = "[redacted:{}]"
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

# Every secret is recognised by so many of its first characters: who cuts a text before redacting it keeps
# this much more than is needed, and cuts again afterwards.
LONGEST_NEEDED = 512

RULES = (*MARKED, *NAMED, *HIDDEN)
_set_off_by = SetOff(RULES)

_TAIL = re.compile(r"[A-Za-z0-9+/=_~-]*")
_LONG = 190


class Redacted(NamedTuple):
    """A text without its secrets. `rules` names the rule of each secret that was found, in rule order."""

    text: str
    rules: tuple[str, ...]


def redact(text: str) -> Redacted:
    """Replace all secrets in a text; the number of its lines stays. Linear in the length of the text.

    Colours that are spelled out (`\\u001b[31m`) go where a secret shows without them, and stay elsewhere.
    """
    redacted = _redact_all(text)
    if "\\" in text and SPELLED_COLOUR.search(redacted.text):
        plain = _redact_all(SPELLED_COLOUR.sub("", redacted.text))
        if plain.rules:
            return Redacted(plain.text, redacted.rules + plain.rules)
    return redacted


def _redact_all(text: str) -> Redacted:
    numbers = _set_off_by(text.split())
    if not numbers:
        return Redacted(text, ())
    redacted = _redact(text, numbers)
    if redacted.rules:
        # Where one secret went, another may stand alone that did not before.
        redacted = _redact(text, numbers | _marked_in(text))
    return redacted


def _redact(text: str, numbers: Iterable[int]) -> Redacted:
    """Replace what some of the rules find."""
    rules = [RULES[number] for number in sorted(numbers)]
    met = {needs: _MEETS[needs](text) for needs in {rule.needs for rule in rules}}
    found: list[str] = []
    lowered = ""
    for rule in rules:
        if met[rule.needs]:
            if rule.folded:
                lowered = lowered or _lower(text)
            redacted = _apply(rule, text, lowered if rule.folded else text, found)
            if redacted is not text:
                text, lowered = redacted, ""
    return Redacted(text, tuple(found))


def _marked_in(text: str) -> set[int]:
    """The rules of one word, a literal of which is in a text."""
    return {
        number
        for number, rule in enumerate(RULES)
        if rule.needs is Needs.ONE_WORD and any(literal in text for literal in rule.literals)
    }


_SIGNS = r"0-9!@#$%^&*+?~|;="
_VALUE = re.compile(
    rf"[:=>][ \t]{{0,4}}(?:[bruBRU]?\\{{0,3}}[\"'`][^\"'`\n]*[{_SIGNS}]|[^\s\"'`,;:=>]*[{_SIGNS}])"
)
_OPTION = re.compile(r"[\s\"']-{1,2}[A-Za-z]")
_MEETS: dict[Needs, Callable[[str], bool]] = {
    Needs.NOTHING: lambda text: True,
    Needs.ONE_WORD: lambda text: True,  # the word was looked at
    Needs.VALUE: lambda text: any(map(text.__contains__, ":=>")) and _VALUE.search(text) is not None,
    Needs.OPTION: lambda text: "-" in text and _OPTION.search(text) is not None,
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

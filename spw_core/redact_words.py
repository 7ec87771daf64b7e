"""Which rules of `redact` the words of a text set off. Most words set off none, and that is remembered.

Texts say the same few thousand words again and again. Each is looked at once: whether a literal of some rule
is in it, and for secrets that are one word, whether it is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from spw_core.redact_rules import Needs, Rule

# No secret of one word is shorter, with the literal it begins with.
_SHORTEST_SECRET = 15
_DIGIT = re.compile(r"[0-9]")
# Longer words are data and do not come again. Beyond so many words nothing is gained by remembering.
_LONGEST_REMEMBERED = 120
_MOST_REMEMBERED = 50_000

# Literals, each with the numbers of its rules.
_Literals = Sequence[tuple[str, frozenset[int]]]
_Found = dict[str, frozenset[int]]
_NONE: frozenset[int] = frozenset()


class SetOff:
    """Called with the words of a text, cut at all white space: the numbers of the rules that they set off."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._of_one_word = _by_literal(rules, one_word=True, folded=False)
        self._literals = _by_literal(rules, one_word=False, folded=False)
        self._folded = _by_literal(rules, one_word=False, folded=True)
        self._begins_secret = _any_of(literal for literal, _ in self._of_one_word)
        self._names_secret = _any_of(literal.lower() for literal, _ in (*self._literals, *self._folded))
        # Never emptied but replaced, so that other threads may go on with the old ones.
        self._harmless: set[str] = set()
        self._others: _Found = {}

    def __call__(self, words: Sequence[str]) -> frozenset[int]:
        harmless, others = self._harmless, self._others
        if harmless.issuperset(words):
            return _NONE
        suspects = set(words) - harmless
        unknown = suspects.difference(others)
        numbers = self._learn(unknown) if unknown else _NONE
        return numbers.union(*[others[word] for word in suspects - unknown])

    def _learn(self, words: set[str]) -> frozenset[int]:
        """What some words set off together; what each of them does is remembered."""
        found: _Found = {}
        # Words have borders, since a literal may begin or end one.
        if self._names_secret(f" {'  '.join(words)} ".lower()):
            _note(found, words, self._literals, lambda word: f" {word} ")
            _note(found, words, self._folded, lambda word: f" {word.lower()} ")
        long = [word for word in words if len(word) >= _SHORTEST_SECRET and _is_mixed(word)]
        if long and self._begins_secret(" ".join(long)):
            marked: _Found = {}
            _note(marked, long, self._of_one_word, lambda word: word)
            for word, numbers in marked.items():
                if matching := [n for n in numbers if self._rules[n].pattern.search(word)]:
                    found[word] = found.get(word, _NONE).union(matching)
        self._remember(words, found)
        return _NONE.union(*found.values())

    def _remember(self, words: set[str], found: _Found) -> None:
        if len(self._harmless) + len(self._others) > _MOST_REMEMBERED:
            self._harmless, self._others = set(), {}
        if max(map(len, words)) > _LONGEST_REMEMBERED:
            words = {word for word in words if len(word) <= _LONGEST_REMEMBERED}
            found = {word: numbers for word, numbers in found.items() if word in words}
        self._others |= found
        self._harmless |= words.difference(found)


def _is_mixed(word: str) -> bool:
    """Not of small letters alone."""
    return not word.islower() or _DIGIT.search(word) is not None


def _note(found: _Found, words: Collection[str], literals: _Literals, bordered: Callable[[str], str]) -> None:
    """Add to what words set off the numbers of the literals that are in them."""
    joined = "\n".join([bordered(word) for word in words])
    for literal, numbers in [pair for pair in literals if pair[0] in joined]:
        for word in words:
            if literal in bordered(word):
                found[word] = found.get(word, _NONE) | numbers


def _any_of(literals: Iterable[str]) -> Callable[[str], object]:
    """Finds out whether one of many literals is in a text: all of them in one pass, as a tree of letters."""
    tree: _Tree = {}
    for literal in literals:
        branch = tree
        for char in literal:
            branch = branch.setdefault(char, {})
        branch[_END] = {}
    return re.compile(_pattern(tree)).search


_Tree = dict[str, "_Tree"]
_END = ""


def _pattern(tree: _Tree) -> str:
    """The shortest of the literals that a tree leads to, for a longer one says nothing more."""
    if _END in tree:
        return ""
    return f"(?:{'|'.join(re.escape(char) + _pattern(rest) for char, rest in tree.items())})"


def _by_literal(rules: Sequence[Rule], *, one_word: bool, folded: bool) -> _Literals:
    """The literals of some of the rules, as far as they are within one word."""
    found: _Found = {}
    for number, rule in enumerate(rules):
        if (rule.needs is Needs.ONE_WORD) is one_word and rule.folded is folded:
            for literal in rule.literals:
                head, blank, _ = literal.strip().partition(" ")
                part = head + blank if blank else literal
                found[part] = found.get(part, _NONE) | {number}
    return list(found.items())

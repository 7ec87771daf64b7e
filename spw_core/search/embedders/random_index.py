"""Sub-word random indexing: what a word means from its letters and from the company it keeps.

A word's *base* is a fixed random direction for its stem plus those of its 4-letter pieces, so that words
which look alike lie near each other, also those that nobody ever saw. Its *context* is the mean of the texts
it stands in, as far as they differ from the mean text: one pass over the texts, no decomposition (random
indexing after Kanerva, Kristofersson and Holst, 2000). A text is the sum of its words, rare ones more.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from spw_core.search.embedders.bag import stem, weigh_words
from spw_core.search.scan import Floats

DIMENSION = 512
# Weights of the pieces against the stem, and of the context against the base.
_PIECES = 0.5
_CONTEXT = 0.5
_PIECE = 4
_NON_ZEROS = 8
_LEVELS = 127
# A word of a single text has no company but that text.
_MIN_FREQUENCY = 2
_MAX_WORDS = 40_000

Bag = Mapping[str, float]
# Of each stem that is known: in how many texts it stands, and its context.
Known = Mapping[str, tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned from some texts. Contexts are directions; int8 is as good as float32 for them."""

    texts: int
    words: dict[str, tuple[int, bytes]]


def learn(texts: Iterable[str], stopped: Callable[[], bool] = lambda: False) -> Learned | None:
    """Learn from texts, in memory of about 3 KB each; None when stopped."""
    bags = []
    for text in texts:
        if stopped():
            return None
        bags.append(_stems(weigh_words(text)))
    frequency = Counter(word for bag in bags for word in bag)
    vocabulary = {word: number for number, word in enumerate(frequency)}
    weights = np.array([rarity(count, len(bags)) for count in frequency.values()], np.float32)
    base = unit(np.array([_word_base(word) for word in vocabulary], np.float32).reshape(-1, DIMENSION))
    rows = [np.fromiter((vocabulary[word] for word in bag), np.intp, len(bag)) for bag in bags]
    values = [np.fromiter(bag.values(), np.float32, len(bag)) for bag in bags]
    themes = np.zeros((len(bags), DIMENSION), np.float32)
    for number, (row, value) in enumerate(zip(rows, values, strict=True)):
        if stopped():
            return None
        themes[number] = (value * weights[row]) @ base[row]
    themes = unit(themes)
    if len(themes):
        themes = unit(themes - themes.mean(axis=0))
    contexts = np.zeros_like(base)
    for theme, row, value in zip(themes, rows, values, strict=True):
        if stopped():
            return None
        contexts[row] += value[:, None] * theme
    codes = _as_codes(contexts)
    kept = [word for word, count in frequency.most_common(_MAX_WORDS) if count >= _MIN_FREQUENCY]
    return Learned(len(bags), {word: (frequency[word], codes[vocabulary[word]].tobytes()) for word in kept})


def embed(bags: Sequence[Bag], known: Known, texts: int) -> list[Floats | None]:
    """A unit vector for each bag of words, None for one without. `texts` is how many were learned from."""
    words = list(dict.fromkeys(word for bag in bags for word in bag))
    vectors = word_vectors(words, known, texts)
    place = {word: number for number, word in enumerate(words)}
    result: list[Floats | None] = []
    for bag in bags:
        row = np.fromiter((place[word] for word in bag), np.intp, len(bag))
        total: Floats = np.fromiter(bag.values(), np.float32, len(bag)) @ vectors[row]
        length = float(np.linalg.norm(total))
        result.append(total / np.float32(length) if length else None)
    return result


def word_vectors(words: Sequence[str], known: Known, texts: int) -> Floats:
    """The weighted vectors of words as rows."""
    vectors = np.zeros((len(words), DIMENSION), np.float32)
    for number, word in enumerate(words):
        frequency, codes = known.get(stem(word), (0, b""))
        vector = _word_base(word)
        if len(codes) == DIMENSION:
            context = np.frombuffer(codes, np.int8).astype(np.float32)
            if length := float(np.linalg.norm(context)):
                vector = (1 - _CONTEXT) * vector + np.float32(_CONTEXT / length) * context
        vectors[number] = vector * np.float32(rarity(max(frequency, 1), texts) / np.linalg.norm(vector))
    return vectors


def rarity(frequency: int, texts: int) -> float:
    """Inverse document frequency."""
    return math.log(1 + max(texts, 1) / frequency)


def unit(rows: Floats) -> Floats:
    """Rows of unit length; those without length stay zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    result: Floats = rows / lengths
    return result


def _stems(bag: Bag) -> Bag:
    stems: dict[str, float] = {}
    for word, weight in bag.items():
        name = stem(word)
        stems[name] = stems.get(name, 0.0) + weight
    return stems


@lru_cache(maxsize=50_000)
def _word_base(word: str) -> Floats:
    framed = f"<{word}>"
    pieces = np.zeros(DIMENSION, np.float32)
    for start in range(max(1, len(framed) - _PIECE + 1)):
        places, signs = _direction(framed[start : start + _PIECE], b"piece")
        np.add.at(pieces, places, signs)
    base = np.zeros(DIMENSION, np.float32)
    places, signs = _direction(stem(word), b"stem")
    np.add.at(base, places, signs)
    pieces_length = float(np.linalg.norm(pieces)) or 1.0
    base_length = float(np.linalg.norm(base)) or 1.0
    total = base / np.float32(base_length) + np.float32(_PIECES / pieces_length) * pieces
    result: Floats = (total / np.linalg.norm(total)).astype(np.float32)
    return result


@lru_cache(maxsize=200_000)
def _direction(text: str, kind: bytes) -> tuple[npt.NDArray[np.intp], Floats]:
    """The few places that are not zero of a random direction, and their signs: always the same for a text."""
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=4 * _NON_ZEROS, person=kind).digest()
    numbers = np.frombuffer(digest, "<u4")
    return (numbers >> 1).astype(np.intp) % DIMENSION, np.where(numbers & 1, -1, 1).astype(np.float32)


def _as_codes(rows: Floats) -> npt.NDArray[np.int8]:
    """Directions as int8; their lengths are lost."""
    largest = np.abs(rows).max(axis=1, keepdims=True) if len(rows) else np.ones((0, 1), np.float32)
    largest[largest == 0] = 1
    codes: npt.NDArray[np.int8] = np.rint(rows / largest * _LEVELS).astype(np.int8)
    return codes

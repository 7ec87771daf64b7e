"""Exact search by scanning: all vectors as int8 in memory, the promising ones scored again in float32.

A vector v of unit length is stored as codes c with a scale s, so that v = s·c + e; the length of the error
e is stored too. For a query q = t·d + f the product q·v then differs from s·t·(c·d) by at most
|e| + |f|·|s·c| (Cauchy-Schwarz), so every row that could be among the best k is known and scored exactly:
the answer is that of a full scan in float32, for a quarter of the memory and a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from spw_core.errors import SpwError

Floats: TypeAlias = npt.NDArray[np.float32]
Ids: TypeAlias = npt.NDArray[np.int64]
# From row ids to those that are there, and their exact vectors as rows.
Fetch: TypeAlias = Callable[[Ids], tuple[Ids, Floats]]

_LEVELS = 127
# Rounding in float32, far below what the codes lose.
_SLACK = 1e-5
_SPARE = 32
_CODES_AT_ONCE = 8192


class InvalidVector(SpwError):
    """A vector of the wrong dimension, without length, or with something that is no number."""


def unit_rows(vectors: object, dimension: int) -> Floats:
    """Vectors as rows of unit length, float32, in memory of their own. Raises InvalidVector."""
    try:
        rows = np.array(vectors, dtype=np.float64, ndmin=2)
    except (TypeError, ValueError) as error:
        raise InvalidVector(f"not a list of numbers: {error}") from error
    if rows.ndim != 2 or rows.shape[1] != dimension:
        raise InvalidVector(f"a vector has {rows.shape[-1]} dimensions, this collection {dimension}")
    if not np.isfinite(rows).all():
        raise InvalidVector("a vector holds NaN or infinity")
    # Scaled first, so that the squares of tiny and of huge numbers stay numbers.
    largest = np.abs(rows).max(axis=1, keepdims=True)
    if not largest.all():
        raise InvalidVector("a vector has no length")
    rows /= largest
    units: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return units


def encode(rows: Floats) -> list[bytes]:
    """The codes of unit vectors as they are stored: scale and error as float32, then int8 codes."""
    scales, errors, codes = _quantised(rows)
    packed = np.empty(len(rows), dtype=_record(rows.shape[1]))
    packed["scale"], packed["error"], packed["codes"] = scales, errors, codes
    return [row.tobytes() for row in packed]


def _quantised(rows: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int8]]:
    scales = (np.abs(rows).max(axis=1) / _LEVELS).astype(np.float32)
    codes = np.rint(rows / scales[:, None]).astype(np.int8)
    errors = np.linalg.norm(rows - scales[:, None] * codes, axis=1).astype(np.float32)
    return scales, errors, codes


@cache
def _record(dimension: int) -> np.dtype[np.void]:
    return np.dtype([("scale", "<f4"), ("error", "<f4"), ("codes", "i1", (dimension,))])


@dataclass(frozen=True, slots=True)
class Scan:
    """The codes of the vectors of a collection, by ascending id. Never changed: a change makes a new one.

    Arrays may be longer than `count`: appended rows go into room that no older Scan looks at.
    """

    dimension: int
    count: int
    ids: Ids
    codes: npt.NDArray[np.int8]
    scales: Floats
    errors: Floats
    dead: npt.NDArray[np.bool_]

    @classmethod
    def empty(cls, dimension: int) -> Scan:
        return cls(
            dimension,
            0,
            np.empty(0, np.int64),
            np.empty((0, dimension), np.int8),
            np.empty(0, np.float32),
            np.empty(0, np.float32),
            np.empty(0, np.bool_),
        )

    @property
    def live(self) -> int:
        return self.count - int(self.dead[: self.count].sum())

    def extended(self, rows: Iterable[tuple[int, bytes]]) -> Scan:
        """With (id, stored codes) behind the present ones; rows whose length is wrong are left out."""
        grown = self
        size = _record(self.dimension).itemsize
        held: list[tuple[int, bytes]] = []
        for row in rows:
            if len(row[1]) == size:
                held.append(row)
            if len(held) == _CODES_AT_ONCE:
                grown, held = grown._appended(held), []
        return grown._appended(held) if held else grown

    def _appended(self, rows: list[tuple[int, bytes]]) -> Scan:
        packed = np.frombuffer(b"".join([codes for _, codes in rows]), dtype=_record(self.dimension))
        count = self.count + len(rows)
        columns: list[Any] = [self.ids, self.codes, self.scales, self.errors]
        if count > len(self.ids):
            columns = [_with_room(column, self.count, count * 3 // 2) for column in columns]
        added = ([number for number, _ in rows], packed["codes"], packed["scale"], packed["error"])
        for column, values in zip(columns, added, strict=True):
            column[self.count : count] = values
        dead = np.concatenate([self.dead[: self.count], np.zeros(len(rows), np.bool_)])
        ids, codes, scales, errors = columns
        return Scan(self.dimension, count, ids, codes, scales, errors, dead)

    def without(self, ids: Iterable[int]) -> Scan:
        """Without the rows of these ids; rebuilt in less memory when a quarter of all is gone."""
        positions = self._positions(np.fromiter(ids, np.int64))
        if not len(positions):
            return self
        dead = self.dead.copy()
        dead[positions] = True
        if dead[: self.count].sum() * 4 < self.count:
            return Scan(self.dimension, self.count, self.ids, self.codes, self.scales, self.errors, dead)
        kept = np.flatnonzero(~dead[: self.count])
        columns = (self.ids[kept], self.codes[kept], self.scales[kept], self.errors[kept])
        return Scan(self.dimension, len(kept), *columns, np.zeros(len(kept), np.bool_))

    def _positions(self, ids: Ids) -> npt.NDArray[np.intp]:
        """Places of those ids that are here, ascending."""
        mine = self.ids[: self.count]
        ids = np.unique(ids)
        places = np.searchsorted(mine, ids)
        ids, places = ids[places < self.count], places[places < self.count]
        found: npt.NDArray[np.intp] = places[mine[places] == ids]
        return found

    def nearest(self, query: Floats, k: int, fetch: Fetch, allowed: Ids | None = None) -> tuple[Ids, Floats]:
        """The k rows with the highest cosine, exactly, and all that tie with the last of them.

        `query` is a unit vector. With `allowed` only rows of these ids count. (ids, cosines), best first.
        """
        if allowed is None:
            positions = (
                None if not self.dead[: self.count].any() else np.flatnonzero(~self.dead[: self.count])
            )
        else:
            positions = self._positions(allowed)
            positions = positions[~self.dead[positions]]
        n = self.count if positions is None else len(positions)
        if not n or k < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        # Few of many are gathered; of most of them the whole is scanned, which reads memory in order.
        gathered = positions is not None and n < self.count // 4
        chosen = positions if gathered else slice(0, self.count)
        likely, bounds = self._estimates(query, chosen)
        if positions is not None and not gathered:
            likely, bounds = likely[positions], bounds[positions]
        ids = self.ids[: self.count] if positions is None else self.ids[positions]
        return _verified(ids, likely, bounds, query, k, fetch)

    def _estimates(self, query: Floats, chosen: npt.NDArray[np.intp] | slice | None) -> tuple[Floats, Floats]:
        """(estimated cosine, how far it may be off) of the chosen rows."""
        [scale], [error], [code] = _quantised(query[None, :])
        products = int8_products(code, self.codes[chosen])
        likely = products * (self.scales[chosen] * scale)
        errors = self.errors[chosen]
        return likely, errors + error * (1 + errors) + np.float32(_SLACK)


def _with_room(column: npt.NDArray[np.generic], count: int, room: int) -> npt.NDArray[np.generic]:
    grown = np.empty((room, *column.shape[1:]), column.dtype)
    grown[:count] = column[:count]
    return grown


def _verified(
    ids: Ids, likely: Floats, bounds: Floats, query: Floats, k: int, fetch: Fetch
) -> tuple[Ids, Floats]:
    """Score the rows exactly in order of promise, until no other row can reach the k-th best."""
    highest = likely + bounds
    # Of rows whose lowest possible cosine is below the k-th highest of these none can be needed.
    if len(ids) > k:
        lowest = likely - bounds
        floor = np.partition(lowest, len(ids) - k)[len(ids) - k]
        promising = np.flatnonzero(highest >= floor)
    else:
        promising = np.arange(len(ids))
    order = promising[np.argsort(-highest[promising], kind="stable")]
    found_ids, found = np.empty(0, np.int64), np.empty(0, np.float32)
    at, block = 0, k + _SPARE
    while at < len(order):
        if len(found) >= k and highest[order[at]] < found[k - 1]:
            break
        some_ids, vectors = fetch(ids[order[at : at + block]])
        found_ids = np.concatenate([found_ids, some_ids])
        found = np.concatenate([found, vectors @ query])
        best = np.argsort(-found, kind="stable")
        found_ids, found = found_ids[best], found[best]
        at, block = at + block, block * 2
    if len(found) > k:
        # Ties stay together, so that the caller can order them by something that lasts.
        kept = int((found >= found[k - 1]).sum())
        found_ids, found = found_ids[:kept], found[:kept]
    return found_ids, found


def int8_products(code: npt.NDArray[np.int8], codes: npt.NDArray[np.int8]) -> Floats:
    """Products of one int8 row with many."""
    kernel = _kernel()
    if kernel is not None and len(codes):
        return kernel(code, np.ascontiguousarray(codes))
    products = np.empty(len(codes), np.float32)
    wide = code.astype(np.float32)
    for start in range(0, len(codes), _CODES_AT_ONCE):
        block = codes[start : start + _CODES_AT_ONCE]
        products[start : start + len(block)] = block.astype(np.float32) @ wide
    return products


@cache
def _kernel() -> Callable[[npt.NDArray[np.int8], npt.NDArray[np.int8]], Floats] | None:
    """The SIMD kernel that usearch brings along, if there is one that computes what it should."""
    try:
        import numkong
    except ImportError:
        return None

    def products(code: npt.NDArray[np.int8], codes: npt.NDArray[np.int8]) -> Floats:
        found: Floats = np.asarray(numkong.cdist(code[None, :], codes, "dot"))[0].astype(np.float32)
        return found

    sample = (np.arange(-300, 300, dtype=np.int64) * 37 % 255 - 127).astype(np.int8).reshape(6, 100)
    expected = sample.astype(np.int64) @ sample[0].astype(np.int64)
    try:
        works = np.array_equal(products(sample[0], sample), expected)
    except Exception:
        # Another version of a library that we do not depend on, with another signature.
        works = False
    return products if works else None

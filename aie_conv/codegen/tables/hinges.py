"""Tables of 256 bytes as sums of hinges, T(x) = (base + sum of c max(x, t)) >> shift.

A maximum of bytes and a product of bytes a hinge: what cores do for the most lanes at once. Every table
has such a form, with a knot at each entry if need be; the sums are integers, so that a form is exact or
none. Between two knots a line runs in the corridor of the entries, from T(x) 2^shift to
(T(x) + 1) 2^shift - 1: the fewest lines are found by dynamic programming over the points of the corridor.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LOW, COUNT = -128, 256
"""The least byte, and how many there are."""

_FINEST = 7
"""The greatest shift: a finer one makes no fewer hinges."""

_SCALES = 4
"""Shifts that are tried, the finest first."""

_SLOPES = 320
"""The steepest line that is looked for, in units of the shift, where there is another shift."""

_FAR = 10_000
"""More lines than there are points."""


@dataclass(frozen=True)
class ByteHinges:
    """A function of one byte.

    Attributes:
        shift: places that the sum is shifted right.
        base: what it starts from.
        terms: pairs of knot t and factor c, both signed bytes, by rising knots.
    """

    shift: int
    base: int
    terms: tuple[tuple[int, int], ...]

    def __call__(self, x: Array) -> Array:
        """The function's values for signed bytes."""
        total = np.full(x.shape, self.base, np.int64)
        for knot, factor in self.terms:
            total = total + factor * np.maximum(x.astype(np.int64), knot)
        return total >> self.shift


@lru_cache(maxsize=1024)
def fit(values: tuple[int, ...]) -> ByteHinges:
    """The form of a table with the fewest hinges.

    Args:
        values: 256 signed bytes, for x from -128 to 127.
    """
    table = np.array(values, np.int64)
    best, least = None, 0
    for shift in shifts_of(table):
        form, lines = Corridor(table, shift).hinges()
        # Twice as fine a corridor has room for the same lines: none has fewer than the finest.
        least = least or lines
        if best is None or len(form.terms) < len(best.terms):
            best = form
        if len(best.terms) == least:
            break
    if best is None:
        raise AssertionError("a shift of 0 is always tried")
    if (best(np.arange(LOW, LOW + COUNT)) != table).any():
        raise AssertionError("a line leaves its corridor")
    return best


def shifts_of(table: Array) -> list[int]:
    """The shifts to try: lines must be as steep as the table's steps."""
    steepest = int(np.abs(np.diff(table)).max()) + 1
    fine = [shift for shift in range(_FINEST, 0, -1) if steepest << shift <= _SLOPES]
    return fine[:_SCALES] or [0]


def as_bytes(number: int) -> Iterator[int]:
    """Signed bytes that add up to a number, as few as can be."""
    while number:
        part = max(-128, min(127, number))
        yield part
        number -= part


class Corridor:
    """Lines through the points that give a table's entries.

    Args:
        table: the entries.
        shift: places that sums are shifted right.
    """

    def __init__(self, table: Array, shift: int) -> None:
        self._table, self._shift, self._height = table, shift, 1 << shift
        most = (int(np.abs(np.diff(table)).max()) + 1) << shift
        # Flat lines first: of lines that reach equally far, the flattest is taken.
        self._slopes = np.array(sorted(range(-most, most + 1), key=abs))
        self._sources: dict[int, Array] = {}

    def hinges(self) -> tuple[ByteHinges, int]:
        """The form of the fewest lines, and how many they are."""
        lines, start = self._lines()
        slope, terms = 0, list[tuple[int, int]]()
        for place, wanted in lines:
            terms += [(place + LOW, part) for part in as_bytes(wanted - slope)]
            slope = wanted
        first = (int(self._table[0]) << self._shift) + start
        base = first - sum(factor * knot for knot, factor in terms)
        return ByteHinges(self._shift, base, tuple(terms)), len(lines)

    def _lines(self) -> tuple[list[tuple[int, int]], int]:
        """Where each line begins, and its slope; and how high in the corridor the first one begins."""
        counts, slopes = self._search()
        place, y = COUNT - 1, int(counts[-1].argmin())
        lines: list[tuple[int, int]] = []
        while place:
            slope = int(self._slopes[slopes[place][y]])
            count = counts[place][y]
            while True:
                place -= 1
                y -= slope - self._rise(place)
                free = place == 0 and slope == 0
                if counts[place][y] + (not free) == count:
                    break
            if not free:
                lines.append((place, slope))
        return lines[::-1], y

    def _rise(self, place: int) -> int:
        """How much higher the corridor is one point further on."""
        return int(self._table[place + 1] - self._table[place]) << self._shift

    def _search(self) -> tuple[list[Array], list[Array]]:
        """For each point of the corridor, the fewest lines that reach it, and the last one's number."""
        shape = len(self._slopes), self._height
        counts = np.zeros(self._height, np.int16)
        lines = np.full(shape, 1, np.int16)
        lines[0] = 0
        reached, last = [counts], [np.zeros(self._height, np.int64)]
        padded = np.full((shape[0], self._height + 2), _FAR, np.int16)
        for place in range(COUNT - 1):
            np.minimum(lines, counts + 1, out=padded[:, 1:-1])
            lines = padded.reshape(-1)[self._from(self._rise(place))]
            last.append(lines.argmin(axis=0))
            counts = lines.min(axis=0)
            reached.append(counts)
        return reached, last

    def _from(self, rise: int) -> Array:
        """Where in the padded array the point lies from which each line reaches each point."""
        if rise not in self._sources:
            y = np.arange(self._height) + rise - self._slopes[:, None]
            rows = np.arange(len(self._slopes))[:, None] * (self._height + 2)
            self._sources[rise] = rows + np.clip(y, -1, self._height) + 1
        return self._sources[rise]


def pairs(terms: Sequence[tuple[int, int]], size: int) -> list[tuple[tuple[int, int], ...]]:
    """Terms in groups of one size; the last one is filled with terms that add nothing."""
    none = (LOW, 0)
    return [
        tuple([*terms[i : i + size], *[none] * size][:size]) for i in range(0, len(terms), size)
    ]

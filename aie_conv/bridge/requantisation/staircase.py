"""Requantisation as exact integer arithmetic: a staircase of 256 steps as one multiplication.

A value of 8 bits that follows from one integer alone, by operations of which none turns its order round,
is a staircase: it rises at one place for each step. An affine form

    ((clamp(x, low, high) << left) * factor + (offset << 16)) >> 40

is one too. Where scales are powers of two many results lie halfway between two; such a tie goes to the even
one, which the form does by taking its last bit from those that are odd:

    t = ((clamp(x, low, high) << left) * factor + (offset << 16)) >> 16
    (t - ((t - tie >> 24) & 1)) >> 24

tie is 0 where ties go to even results, 1 where they go to odd ones (behind an odd zero point). TOSA's double
rounding adds another half to sums below 0 than to others, so their offset is another. The two are
equal everywhere if they rise at the same places, and that is how equality is shown here: for each step, the
first x that reaches it is looked for by bisection in the model's own operations, rounding as they round, and
compared with the form's. Nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SHIFT = 40
"""Places that products are shifted: factors have 31 bits, and results lie in bits 40 to 47."""
FRACTION = 24
"""Places below the results in the 32 bits that are kept."""
FEW = 1e-3
"""Of the results that do not saturate, so many may be a neighbour of what f32 rounding gives."""
_MOST = 2**31 - 1
_FAR = 2**61


def before_ties(total: Array, tie: int | None, places: int) -> Array:
    """Sums with so many places below results, one less where the result is one that ties do not go to."""
    return total if tie is None else total - ((total - tie >> places) & 1)


def behind_ties(results: Array, tie: int | None) -> Array | int:
    """By how much results are reached behind a tie: those that ties do not go to by the next sum."""
    return 0 if tie is None else results % 2 != tie


@dataclass(frozen=True)
class Affine:
    """The form, for each channel; left is the same for all.

    Attributes:
        low, high: bounds of x.
        left: places that x is shifted to the left, so that factors of steep channels have 31 bits.
        factor: not negative.
        offset: in units of 2^16; may have more than 32 bits, of which the lower ones are all that counts.
        differing: numbers x for which the result is another than the model's, over all channels.
        tie: which results ties go to, 0 even or 1 odd; None where all are rounded up.
        below: what the offset is less for x < 0, in the same units; None where it is the same.
    """

    low: Array
    high: Array
    left: int
    factor: Array
    offset: Array
    differing: int
    tie: int | None = None
    below: Array | None = None

    @property
    def sums(self) -> int:
        """How many x no bound cuts off, over all channels."""
        return int((self.high - self.low + 1).sum())

    def apply(self, x: Array) -> Array:
        """The results for x, the last dim of which is the channel."""
        inside = np.clip(x.astype(np.int64), self.low, self.high) << self.left
        total = (inside * self.factor + (self.offset << 16)) >> SHIFT - FRACTION
        if self.below is not None:
            total = total - np.where(inside < 0, self.below, 0)
        return before_ties(total, self.tie, FRACTION) >> FRACTION

    def bias(self, zero: int) -> Array:
        """What is added to x, so that x + bias = 0 gives ``zero``."""
        before = (self.offset - ((2 * zero + 1) << FRACTION - 1)).astype(np.float64)
        line = before * 2.0 ** (SHIFT - FRACTION)
        return line / np.maximum(self.factor << self.left, 1)

    def rises(self, low: int, high: int) -> Array:
        """:func:`rises` of :meth:`apply`, by division: a result is reached where its sum is."""
        results = np.arange(-127, 128)[:, None]
        missing = (results << FRACTION) + behind_ties(results, self.tie) - self.offset
        first = self._reached_by(missing)
        if self.below is not None:
            before = self._reached_by(missing + self.below)
            first = np.where(before < 0, before, np.maximum(first, 0))
        inside = np.where(first > self.high, high + 1, first.clip(low, high + 1))
        return np.where(first <= self.low, low, inside)

    def _reached_by(self, sums: Array) -> Array:
        """The first x, of all numbers, whose product with the factor is a sum of :meth:`apply`."""
        sums, steep = sums << SHIFT - FRACTION, self.factor << self.left
        quotient = -(-sums // np.maximum(steep, 1))
        return np.where(steep > 0, quotient, np.where(sums > 0, _FAR, -_FAR))


def rises(function: Callable[[Array], Array], low: int, high: int, channels: int) -> Array:
    """For each result from -127 to 127 and channel, the first x in [low, high] that reaches it.

    Args:
        function: x (…, channels) to results from -128 to 127, not falling.
        low, high: where x lies.
        channels: how many.

    Returns:
        (255, channels); high + 1 where no x reaches the result.
    """
    limits, apart = (low, high), np.append(np.arange(0, 254, _APART), 254)
    start = np.full((len(apart), channels), low, np.int64)
    known = _bisect(function, limits, apart - 127, (start, np.full_like(start, high + 1)))
    # The others lie between two of these, and mostly where a line through both has them.
    steps = np.arange(255)
    part = np.minimum(steps // _APART, len(apart) - 2)
    first, last = known[part], known[part + 1]
    behind, length = steps - apart[part], apart[part + 1] - apart[part]
    guess = first + (last - first) * behind[:, None] // length[:, None]
    for near in (guess - _NEAR, guess + _NEAR):
        middle = np.clip(near, first, np.maximum(last - 1, first))
        first, last = _narrow(function, limits, steps - 127, (first, last), middle)
    return _bisect(function, limits, steps - 127, (first, last))


_APART, _NEAR = 32, 2
"""Results from one of which the place is looked for from nothing to the next, and how far from a guess the
others are looked for first."""

StepBounds = tuple[Array, Array]
"""For each result and channel: the first x that reaches it lies from the one to the other, both included."""


def _bisect(
    function: Callable[[Array], Array], limits: tuple[int, int], wanted: Array, bounds: StepBounds
) -> Array:
    """The first x that reaches each result."""
    first, last = bounds
    while (rows := (first < last).any(axis=1)).any():
        middle = (first[rows] + last[rows]) // 2
        narrowed = _narrow(function, limits, wanted[rows], (first[rows], last[rows]), middle)
        first[rows], last[rows] = narrowed
    return first


def _narrow(
    function: Callable[[Array], Array],
    limits: tuple[int, int],
    wanted: Array,
    bounds: StepBounds,
    middle: Array,
) -> StepBounds:
    """Bounds on one side of an x between them."""
    (first, last), (_, high) = bounds, limits
    reached = (function(np.minimum(middle, high)) >= wanted[:, None]) | (middle > high)
    reached |= first >= last
    return np.where(reached, first, middle + 1), np.where(reached, np.minimum(middle, last), last)


def fit(places: Array, low: int, high: int, *, bent: bool = False) -> Affine | None:
    """The affine form that rises where a staircase does, as nearly as there is one.

    Args:
        places: of :func:`rises`.
        low, high: where x lies.
        bent: whether the offset may be another for x < 0.

    Returns:
        None where the steps are too narrow or too wide for the form.
    """
    affine = _fit(places, low, high, None)
    if affine is not None and not affine.differing:
        return affine
    forms = [affine, *(_fit(places, low, high, tie) for tie in (0, 1))]
    if bent and all(form is None or form.differing for form in forms):
        forms.append(_fit(places, low, high, None, bent=True))
    return min((f for f in forms if f is not None), key=lambda f: f.differing, default=None)


def _fit(
    steps: Array, low: int, high: int, tie: int | None, *, bent: bool = False
) -> Affine | None:
    """The same with one rule for ties, and one offset, or with another one for x < 0 (``bent``)."""
    # Where every x or none reaches a result there is no step.
    inner = (steps > low) & (steps <= high)
    results = np.arange(-127, 128)[:, None]
    # Where results are reached that ties do not go to, the tie is the sum before.
    places = steps if tie is None else steps - (inner & (results % 2 != tie))
    least_rest = 0 if tie is None else 1 << SHIFT - FRACTION
    least = np.where(places <= low, results, -128).max(axis=0)
    most = np.where(places <= high, results, -128).max(axis=0)
    first = np.where(inner, places, _MOST).min(axis=0)
    last = np.where(inner, places, -_MOST).max(axis=0)
    steep = _slopes(inner, least, most, first, last)
    left = max(0, int(np.ceil(np.log2(max(float(steep.max()), 1.0) / _MOST))))
    if left > 15:
        return None
    factor, offsets = _lines(places, inner, results, steep / 2**left, left, bent=bent)
    flat = (least << FRACTION) + (0 if tie is None else 1 << FRACTION - 1)
    before, offset = (np.where(most > least, each, flat) for each in offsets)
    # Bounds at the outer ends of the outermost steps: a line that is off by a sum stays off by a sum.
    by, room = np.maximum(factor << left, 1), (_MOST - 2**16) >> left
    rising = most > least

    def bounds(offset: Array) -> tuple[Array, Array]:
        line = offset << 16
        lower = np.where(rising, -((line - (least << SHIFT) - least_rest) // by), 0)
        upper = np.where(rising, (((most + 1) << SHIFT) - 1 - line) // by, 0)
        return lower.clip(-room, room), upper.clip(-room, room)

    (lower, end), (begin, upper) = bounds(before), bounds(offset)
    if bent:
        lower = np.where(lower < 0, lower, np.maximum(begin, 0))
        upper = np.where(upper >= 0, upper, np.minimum(end, -1))
    fits = (factor <= _MOST) & (~rising | ((lower < first) & (last <= upper)))
    if not fits.all():
        return None
    below = offset - before if bent else None
    affine = Affine(lower, upper, left, factor, offset, 0, tie, below)
    return replace(affine, differing=int(np.abs(affine.rises(low, high) - steps).sum()))


def fit_line(places: Array, low: int, high: int) -> tuple[Array, Array]:
    """The line of each channel whose whole part rises where a staircase does, as nearly as there is one.

    Args:
        places: of :func:`rises`.
        low, high: where x lies.

    Returns:
        What a step of x adds, 0 where nothing rises, and the value at x = 0.
    """
    inner = (places > low) & (places <= high)
    results = np.arange(-127, 128)[:, None]
    least = np.where(places <= low, results, -128).max(axis=0)
    most = np.where(places <= high, results, -128).max(axis=0)
    first = np.where(inner, places, _MOST).min(axis=0)
    last = np.where(inner, places, -_MOST).max(axis=0)
    steep = _slopes(inner, least, most, first, last)
    left = max(0, int(np.ceil(np.log2(max(2 * float(steep.max()), 1.0) / _MOST))))
    factor, _ = _lines(places, inner, results, steep / 2**left, left, bent=False)
    climbs = most > least
    slope = np.where(climbs, factor * 2.0**left, 0.0) / 2.0**SHIFT
    # As far from the last value that misses a step as from the first one that takes one too early.
    below = np.where(inner, results - slope * places, -np.inf).max(axis=0)
    above = np.where(inner, results - slope * (places - 1), np.inf).min(axis=0)
    with np.errstate(invalid="ignore"):
        return slope, np.where(climbs, (below + above) / 2, least + 0.5)


def _slopes(inner: Array, least: Array, most: Array, first: Array, last: Array) -> Array:
    """About how much of 2^40 a step of x is worth; 0 for a staircase without steps."""
    steps = np.maximum(inner.sum(axis=0) - 1, 0)
    span = np.maximum(last - first, 1)
    one = np.where(most > least, 2.0**30, 0.0)
    return np.where(steps > 0, steps / span * 2.0**SHIFT, one)


def _lines(
    places: Array, inner: Array, results: Array, slopes: Array, left: int, *, bent: bool
) -> tuple[Array, tuple[Array, Array]]:
    """Factors, and offsets for x < 0 and for others, with which each line reaches results at their places.

    For a factor f, offsets from max(e - f x) on reach every edge, and up to min(e - f (x - 1)) - 1 reach
    none too early. By how much the first is above the second is convex in f.
    """
    x, edges = places << left, results << SHIFT
    every = np.ones_like(places, bool)
    # A step is reached at its place, and not one before.
    sides = [(places < 0, places <= 0), (places >= 0, places > 0)] if bent else [(every, every)]
    gaps = [
        _Gap(_Lines.of(x, edges, inner & reached), _Lines.of(-x, -edges, inner & missed), 1 << left)
        for reached, missed in sides
    ]
    low, high = (slopes * 0.5).astype(np.int64), np.minimum(slopes * 2 + 2, _MOST).astype(np.int64)
    factor = _narrowest(gaps, low, high)
    factor = np.where(inner.any(axis=0), factor, 0)
    offsets = [_between(*gap.limits(factor)) for gap in gaps]
    some = [(inner & reached).any(axis=0) for reached, _ in sides]
    before, behind = offsets[0], offsets[-1]
    # A side without steps goes on as the other one.
    before, behind = np.where(some[0], before, behind), np.where(some[-1], behind, before)
    steps = inner.any(axis=0)
    return factor, (np.where(steps, before, 0), np.where(steps, behind, 0))


@dataclass(frozen=True)
class _Lines:
    """Lines e - f x of factors f, a row a channel; those that are not there lie below all others."""

    x: Array
    edges: Array

    @classmethod
    def of(cls, x: Array, edges: Array, there: Array) -> _Lines:
        """Those that are there of x and edges, a column a channel."""
        lines = np.where(there, x, 0).T, np.where(there, edges, -_FAR).T
        return cls(*map(np.ascontiguousarray, lines))

    def highest(self, factor: Array, rows: Array) -> tuple[Array, Array]:
        """The highest line of some channels at a factor of each, and its slope."""
        x = self.x[rows]
        values = self.edges[rows] - x * factor[:, None]
        at = np.arange(len(x)), values.argmax(axis=1)
        return values[at], -x[at]


@dataclass(frozen=True)
class _Gap:
    """By how much the least offset is above the greatest, for the steps on one side.

    Attributes:
        below: lines below which no offset may lie.
        above: those above which none may, turned over.
        unit: what a step of x adds to a factor's product.
    """

    below: _Lines
    above: _Lines
    unit: int

    def limits(self, factor: Array) -> tuple[Array, Array]:
        """Between which offsets the line of a factor may have, for each channel."""
        rows = np.arange(len(factor))
        below, above = (side.highest(factor, rows)[0] for side in (self.below, self.above))
        return below, factor * self.unit - 1 - above

    def at(self, factor: Array, rows: Array) -> tuple[Array, Array]:
        """The gap of some channels at a factor of each, and a slope of it there."""
        below, fall = self.below.highest(factor, rows)
        above, rise = self.above.highest(factor, rows)
        return below + above + 1 - factor * self.unit, fall + rise - self.unit


def _narrowest(gaps: Sequence[_Gap], low: Array, high: Array) -> Array:
    """The first factor of each channel between two bounds with the least of the greater gap.

    It is convex and made of straight pieces: where the tangents at both bounds meet is a new bound, until
    both are on pieces beside each other.
    """

    def widest(factor: Array, rows: Array) -> tuple[Array, Array]:
        values, slopes = zip(*(gap.at(factor, rows) for gap in gaps), strict=True)
        which = np.argmax(values, axis=0)
        return np.choose(which, values), np.choose(which, slopes)

    every = np.arange(len(low))
    low, high = low.copy(), high.copy()
    (gap_low, fall), (gap_high, rise) = widest(low, every), widest(high, every)
    high, low = np.where(fall >= 0, low, high), np.where((fall < 0) & (rise < 0), high, low)
    while (rows := np.flatnonzero(high - low > 2)).size:
        begin, end = low[rows], high[rows]
        over = (gap_low - gap_high + rise.astype(float) * (high - low))[rows]
        meet = begin + (over / (rise - fall)[rows]).astype(np.int64)
        middle = meet.clip(begin + 1, end - 1)
        value, slope = widest(middle, rows)
        falls = slope < 0
        left, right = rows[falls], rows[~falls]
        low[left], gap_low[left], fall[left] = middle[falls], value[falls], slope[falls]
        high[right], gap_high[right], rise[right] = middle[~falls], value[~falls], slope[~falls]
    tried = [np.minimum(low + i, high) for i in range(3)]
    return np.choose(np.argmin([widest(f, every)[0] for f in tried], axis=0), tried)


def _between(below: Array, above: Array) -> Array:
    """An offset between two limits, in units of 2^16."""
    word = -(-below >> 16)
    return np.where(word << 16 <= above, word, (below + above) >> 17)

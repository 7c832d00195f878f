"""The sum of two bytes with scales of their own, quantised again, as one integer sum.

A residual between QuantizeLinear and DequantizeLinear is a function of two bytes, 65 536 numbers that the
model's f32 operations give. The form

    t = (a x + b y + c)
    clamp((t - ((t - tie >> shift) & 1)) >> shift, low, high)

takes its place where it gives every one of them, or all but one in a thousand, those a neighbour; tie is 0
or 1 as in :mod:`.staircase`, and without it where all are rounded up. For a pair of factors
the offset has an upper and a lower limit, and by how much these cross is convex in both factors: thirds find
the least, in one factor for each of the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.bridge.requantisation.staircase import FEW, before_ties, behind_ties

Array = NDArray[Any]

_BITS = 31
"""Of a sum, beside its sign."""

_LEAST_SHIFT = 17
"""A sum that keeps fewer places below its results has too few for most scales."""

_NEAR = 0.02
"""How far from a step, in results, pairs are that decide about the form."""

_ROUNDS = 3
"""How often pairs that a form misses are taken in beside those near a step."""


@dataclass(frozen=True)
class ByteSum:
    """The form.

    Attributes:
        left, right: factors of the two bytes.
        offset: added to their products.
        shift: places of the sum below the result.
        low, high: bounds of the result.
        tie: which results ties go to, 0 even or 1 odd; None where all are rounded up.
        differing: pairs whose result is a neighbour of the function's.
    """

    left: int
    right: int
    offset: int
    shift: int
    low: int
    high: int
    tie: int | None
    differing: int = 0

    def apply(self, x: Array, y: Array) -> Array:
        """The results for bytes as integers."""
        total = self.left * x.astype(np.int64) + self.right * y.astype(np.int64) + self.offset
        total = before_ties(total, self.tie, self.shift)
        return np.clip(total >> self.shift, self.low, self.high)


def fit_sum(table: Array, x: Array, y: Array) -> ByteSum | None:
    """The form of a function of two bytes with the fewest differing; None where these are too many.

    Args:
        table: (len(x), len(y)), from -128 to 127.
        x, y: the bytes as integers, rising.
    """
    low, high = int(table.min()), int(table.max())
    slopes = _slopes(table, x, y, low, high)
    if slopes is None:
        return None
    reach = float(sum(abs(s) * np.abs(v).max() for s, v in zip(slopes[:2], (x, y), strict=True)))
    shift = _BITS - 1 - int(np.ceil(np.log2(max(reach + abs(slopes[2]) + 1, 2.0))))
    if shift < _LEAST_SHIFT:
        return None
    forms: list[ByteSum] = []
    for tie in (None, 0, 1):
        form = _Search(table, (x, y), min(shift, 23), (low, high), tie).form(slopes)
        if form is not None and not form.differing:
            return form
        forms += [form] if form is not None else []
    best = min(forms, key=lambda form: form.differing, default=None)
    inner = int(((table > low) & (table < high)).sum())
    return best if best is not None and best.differing <= FEW * inner else None


def _slopes(
    table: Array, x: Array, y: Array, low: int, high: int
) -> tuple[float, float, float] | None:
    """About the two factors and the offset, from the results that no bound cuts off."""
    inner = (table > low) & (table < high)
    if inner.sum() < 4:
        return None
    rows, columns = np.nonzero(inner)
    terms = np.stack([x[rows], y[columns], np.ones(len(rows))], axis=1).astype(np.float64)
    solution = np.linalg.lstsq(terms, table[inner] + 0.5, rcond=None)[0]
    return float(solution[0]), float(solution[1]), float(solution[2])


class _Search:
    """Looks for a form with one shift and one rule for ties."""

    def __init__(
        self,
        table: Array,
        bytes_: tuple[Array, Array],
        shift: int,
        bounds: tuple[int, int],
        tie: int | None,
    ) -> None:
        self._table, self._shift, self._tie = table.astype(np.int64), shift, tie
        self._low, self._high = bounds
        x, y = bytes_
        self._x, self._y = (each.astype(np.int64) for each in np.meshgrid(x, y, indexing="ij"))
        results = self._table
        # A sum reaches its result, unless that is the least; and not the next one, unless it is the greatest.
        self._least = self._find_least(results)
        self._most = self._find_least(results + 1) - 1
        self._has = results > self._low, results < self._high

    def _find_least(self, results: Array) -> Array:
        """The least sum that gives a result."""
        return (results << self._shift) + behind_ties(results, self._tie)

    def form(self, slopes: tuple[float, float, float]) -> ByteSum | None:
        """The form near these factors that misses the fewest values, each by a step."""
        best: ByteSum | None = None
        scale = float(1 << self._shift)
        left, right = round(slopes[0] * scale), round(slopes[1] * scale)
        near = self._near(slopes)
        for _ in range(_ROUNDS):
            left, right, offset = self._factors(near, left, right)
            form = ByteSum(left, right, offset, self._shift, self._low, self._high, self._tie)
            away = np.abs(form.apply(self._x, self._y) - self._table)
            missed = away > 0
            form = replace(form, differing=int(missed.sum()))
            if away.max() <= 1 and self._has_room(form):
                best = form if best is None or form.differing < best.differing else best
            if not missed.any() or (missed & near).any():
                break
            near |= missed
        return best

    def _has_room(self, form: ByteSum) -> bool:
        """Whether no sum needs more than 32 bits."""
        most = np.abs(form.left * self._x + form.right * self._y).max() + abs(form.offset)
        return bool(most < 1 << _BITS)

    def _near(self, slopes: tuple[float, float, float]) -> Array:
        """The pairs whose sums are near a step."""
        total = slopes[0] * self._x + slopes[1] * self._y + slopes[2]
        away = np.abs(total - np.rint(total))
        inner = (total > self._low - 1) & (total < self._high + 1)
        return inner & (away < _NEAR)

    def _factors(self, near: Array, left: int, right: int) -> tuple[int, int, int]:
        """Factors and offset of the least crossing for some pairs."""
        below, above = (near & has for has in self._has)
        lower = self._x[below], self._y[below], self._least[below]
        upper = self._x[above], self._y[above], self._most[above]

        def limits(a: int, b: int) -> tuple[int, int]:
            most = (upper[2] - a * upper[0] - b * upper[1]).min(initial=1 << 40)
            least = (lower[2] - a * lower[0] - b * lower[1]).max(initial=-(1 << 40))
            return int(least), int(most)

        def crossing(a: int, b: int) -> int:
            least, most = limits(a, b)
            return least - most

        reach = 1 << max(4, self._shift - 10)

        def best_right(a: int) -> int:
            return _least_of(lambda b: crossing(a, b), right - reach, right + reach)

        a = _least_of(lambda a: crossing(a, best_right(a)), left - reach, left + reach)
        b = best_right(a)
        least, most = limits(a, b)
        return a, b, (least + most) // 2


def _least_of(function: Any, low: int, high: int) -> int:
    """Where a convex function is least, by thirds."""
    while high - low > 2:
        third = (high - low) // 3
        a, b = low + third, high - third
        if function(a) <= function(b):
            high = b
        else:
            low = a
    return min(range(low, high + 1), key=function)

"""The product of two bytes with scales of their own, quantised again, in integers.

A gate between QuantizeLinear and DequantizeLinear is a function of two bytes, 65 536 numbers that the model's
f32 operations give. The form

    t = ((x - z) (y - w) factor >> 16) + (2 zero + 1 << right - 1)
    clamp((t - ((t - tie >> right) & 1)) >> right, low, high)

takes its place where it gives every one of them, or all but one in a thousand, those a neighbour; tie as
in :mod:`.staircase`. A result is reached where the product of the two differences, times the factor, passes
half of it: so each pair is a limit of the factor, and one between the limits gives all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.bridge.requantisation.staircase import FEW, before_ties

Array = NDArray[Any]

_FACTOR_BITS = 22
"""Times a difference of two bytes it has 31 bits with its sign."""

_LEAST_RIGHT, _MOST_RIGHT = 1, 22
"""Places behind the upper half that a result may have: the sum of a product and a zero keeps 31 bits."""


@dataclass(frozen=True)
class ByteProduct:
    """The form.

    Attributes:
        zeros: of the two bytes.
        factor: of the product of their differences from these; positive.
        right: places of t below the result.
        zero: the result of no difference.
        low, high: bounds of the result.
        tie: which results ties go to, 0 even or 1 odd; None where all are rounded up.
        differing: pairs whose result is a neighbour of the function's.
    """

    zeros: tuple[int, int]
    factor: int
    right: int
    zero: int
    low: int
    high: int
    tie: int | None
    differing: int = 0

    @property
    def offset(self) -> int:
        """What is added to a product."""
        return (2 * self.zero + 1) << (self.right - 1)

    def apply(self, x: Array, y: Array) -> Array:
        """The results for bytes as integers."""
        first, second = self.zeros
        products = (x.astype(np.int64) - first) * (y.astype(np.int64) - second)
        total = before_ties((products * self.factor >> 16) + self.offset, self.tie, self.right)
        return np.clip(total >> self.right, self.low, self.high)


def fit_product(table: Array, x: Array, y: Array, zeros: Iterable[int]) -> ByteProduct | None:
    """The form of a function of two bytes with the fewest differing; None where these are too many.

    Args:
        table: (len(x), len(y)), from -128 to 127.
        x, y: the bytes as integers, rising.
        zeros: numbers that may be zero points.
    """
    tried = set(zeros)
    firsts = [int(v) for v, row in zip(x, table, strict=True) if v in tried and _is_even(row)]
    seconds = [int(v) for v, row in zip(y, table.T, strict=True) if v in tried and _is_even(row)]
    forms = (_fit(table, x, y, pair) for pair in product(firsts, seconds))
    able = [form for form in forms if form is not None]
    best = min(able, key=lambda form: form.differing, default=None)
    if best is None:
        return None
    inner = int(((table > best.low) & (table < best.high)).sum())
    return best if best.differing <= FEW * inner else None


def _is_even(row: Array) -> bool:
    """Whether a byte gives one result whatever the other one is, as its zero point does."""
    return bool((row == row[0]).all())


def _fit(table: Array, x: Array, y: Array, zeros: tuple[int, int]) -> ByteProduct | None:
    """The form with these zero points that misses the fewest pairs, each by a step."""
    first, second = zeros
    products = np.multiply.outer(x.astype(np.int64) - first, y.astype(np.int64) - second)
    low, high, zero = int(table.min()), int(table.max()), int(table[products == 0][0])
    slope = _slope(products, table - zero, (low - zero, high - zero))
    if slope is None:
        return None
    places = _FACTOR_BITS - 1 - int(np.floor(np.log2(slope)))
    right = min(places - 16, _MOST_RIGHT)
    factor = round(slope * 2.0 ** (right + 16))
    if right < _LEAST_RIGHT or factor < 1:
        return None
    best: ByteProduct | None = None
    for tie in (None, 0, 1):
        form = ByteProduct(zeros, factor, right, zero, low, high, tie)
        away = np.abs(form.apply(x[:, None], y[None, :]) - table)
        form = replace(form, differing=int((away > 0).sum()))
        if away.max() <= 1 and (best is None or form.differing < best.differing):
            best = form
    return best


def _slope(products: Array, results: Array, bounds: tuple[int, int]) -> float | None:
    """Results a product: between the limits that pairs set, or halfway where they cross; None without one."""
    low, high = bounds
    # A product above nothing reaches its result, and not the next one; one below it the other way round.
    reached = (results - 0.5, results > low, 1), (results + 0.5, results < high, -1)
    missed = (results + 0.5, results < high, 1), (results - 0.5, results > low, -1)
    least = max(_limits(products, *each).max(initial=0.0) for each in reached)
    most = min(_limits(products, *each).min(initial=np.inf) for each in missed)
    return (least + most) / 2 if least > 0.0 and 0.0 < most < np.inf else None


def _limits(products: Array, ends: Array, holds: Array, sign: int) -> Array:
    """The slopes at which products of one sign come to the ends of their results."""
    chosen = holds & (products * sign > 0)
    return ends[chosen] / products[chosen]

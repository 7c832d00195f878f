"""Piecewise linear functions as sums of hinges, f(x) = base + sum of c max(x, t).

A maximum and a multiply-accumulate a hinge, no comparison and no table look-up: what a core without
gathers does best. Knots t and factors c are bf16 numbers, so that every product is exact.
"""

from dataclasses import dataclass

import numpy as np

from aie_conv.codegen.functions.values import Array, numbers, rounded

MOST = 40
"""Hinges beyond which a function is no longer worth it."""


@dataclass(frozen=True)
class Hinges:
    """A piecewise linear function; flat below ``low`` and above ``high``.

    Attributes:
        low, high: where the argument is bounded.
        base: what the sum starts from, an f32 number.
        terms: pairs of knot and factor; the first one's knot is ``low``.
    """

    low: float
    high: float
    base: float
    terms: tuple[tuple[float, float], ...]

    def __call__(self, x: Array) -> Array:
        """The values."""
        bounded = np.clip(x, self.low, self.high)
        total = np.full(bounded.shape, self.base)
        for knot, factor in self.terms:
            total = total + factor * np.maximum(bounded, knot)
        return total


def to_bf16(value: float) -> float:
    """The nearest bf16 number."""
    return float(numbers()[rounded(np.array([value]))[0]])


def two_parts(value: float) -> float:
    """The nearest sum of two bf16 numbers, the first of which is the nearest one."""
    high = to_bf16(value)
    return high + to_bf16(value - high)


def fit(
    x: Array, least: Array, most: Array, flat: tuple[bool, bool] = (True, True)
) -> Hinges | None:
    """Hinges between two functions, in few pieces.

    Args:
        x: bf16 numbers, rising.
        least, most: bounds of the function at each; the lower ones may be infinite.
        flat: whether the function may be flat at each end, so that its argument is bounded there.

    Returns:
        None where the bounds are too narrow, or there would be more than :data:`MOST` hinges.
    """
    first, start = flat_end(least, most) if flat[0] else (0, (least[0], most[0]))
    last, end = flat_end(least[::-1], most[::-1]) if flat[1] else (0, (least[-1], most[-1]))
    last = len(x) - 1 - last
    if first == len(x) - 1:
        # A factor may be bounded where the sum ends, so its ends are the function's.
        return Hinges(float(x[0]), float(x[-1]), _rounded(_between(*start)), ())
    first = max(0, min(first, last - 1))
    x, least, most = (part[first : last + 1].copy() for part in (x, least, most))
    least[-1], most[-1] = end
    level = value = _rounded(_between(*start))
    at, slope, terms = 0, 0.0, list[tuple[float, float]]()
    while at < len(x) - 1:
        piece = _piece(x[at:], value, (least[at:], most[at:]), slope)
        if piece is None or len(terms) + len(piece[1]) > MOST:
            return None
        terms += [(float(x[at]), factor) for factor in piece[1]]
        slope += sum(piece[1])
        value += slope * float(x[at + piece[0]] - x[at])
        at += piece[0]
    low = float(x[0])
    base = level - sum(factor * max(low, knot) for knot, factor in terms)
    return Hinges(low, float(x[-1]), _rounded(base), tuple(terms))


_DEEP = 3.0
"""How far below its upper bound a function is let to be, where it may be anywhere."""

_AIMS = (0.0, 0.35, -0.35, 0.65, -0.65)
"""Where between its bounds a piece may end; nearer to one of them, the next piece would be short."""


def _rounded(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _between(least: float, most: float) -> float:
    """A value well between bounds, of which the lower one may be infinite."""
    return (max(least, most - _DEEP) + most) / 2


def flat_end(least: Array, most: Array) -> tuple[int, tuple[float, float]]:
    """How far one value fits from the start: the last place, and the bounds of the value."""
    low, high = np.maximum.accumulate(least), np.minimum.accumulate(most)
    fits = low <= high
    place = len(fits) - 1 if fits.all() else int(np.argmin(fits)) - 1
    return place, (float(low[place]), float(high[place]))


_Piece = tuple[int, tuple[float, ...]]
"""How many points on a piece ends, and its change of slope as a sum of bf16 numbers."""


def _piece(x: Array, value: float, bounds: tuple[Array, Array], slope: float) -> _Piece | None:
    """The longest piece from the first point that ends well between its bounds."""
    away = x[1:] - x[0]
    with np.errstate(all="ignore"):
        low = np.maximum.accumulate((bounds[0][1:] - value) / away)
        high = np.minimum.accumulate((bounds[1][1:] - value) / away)
    deep = np.maximum(bounds[0][1:], bounds[1][1:] - _DEEP)
    middle, room = (bounds[1][1:] + deep) / 2, (bounds[1][1:] - deep) / 2
    best: tuple[int, float] = (0, 0.0)
    for aim in _AIMS:
        with np.errstate(all="ignore"):
            slopes = (middle + aim * room - value) / away
        ends = np.flatnonzero((low <= slopes) & (slopes <= high))
        if len(ends) and ends[-1] + 1 > best[0]:
            best = int(ends[-1]) + 1, float(slopes[ends[-1]])
    end, wanted = best
    if not end:
        return None
    numbers_: list[float] = []
    inner = middle[end - 1] - 0.8 * room[end - 1], middle[end - 1] + 0.8 * room[end - 1]
    while len(numbers_) < _MOST_NUMBERS:
        numbers_.append(to_bf16(wanted - slope - sum(numbers_)))
        taken = slope + sum(numbers_)
        reached = value + taken * float(away[end - 1])
        if low[end - 1] <= taken <= high[end - 1] and inner[0] <= reached <= inner[1]:
            return end, tuple(numbers_)
    return None


_MOST_NUMBERS = 3
"""Of which a change of slope is the sum."""

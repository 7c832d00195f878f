"""Requantisation of a sum and its bias by a factor for each channel, as exact integer arithmetic.

Where all channels of a layer have one zero point, which their results are bounded around, a staircase
(:mod:`.staircase`) is also

    t = (((x << left) + bias) * factor >> 32) + (2 zero + 1 << right - 1)
    clamp((t - ((t - tie >> right) & 1)) >> right, low, high)

with two numbers for a channel, not five, and the bounds behind the product; tie as in the other form. It
rises where the sum and its bias, times the factor, pass half a result; so equality is shown by the same
places. The bias has a fraction of ``left`` places: where f32 rounds sums next to a step to and fro, a bias
beside the model's own may pass all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.bridge.requantisation.staircase import before_ties, behind_ties

Array = NDArray[Any]

_REACH = 2**30
"""A sum and its bias are shifted to the left by as much as keeps them below this."""

_MOST_FACTOR = 2**31 - 2**16
"""So that the upper half of a factor, rounded, is a signed number of 16 bits."""

_MOST_LEFT, _MOST_RIGHT = 15, 16
_CROSSED = 1e-3
"""Limits of a factor that cross by more of it need a line that is near its steps."""

_FAR = 0.25
"""A line that is beside a step by more results than this is another zero point's."""

_HALVINGS = 8
"""How often what a line may be beside steps is halved where its limits cross."""

_NO_TIES = 16
"""Of a channel so few sums differ by f32's rounding; where ties go to even results about half of 255 do."""

_MANY = 2**40
"""Sums that differ of a channel that nothing is known of."""

_TRIED = np.linspace(-1, 2, 13)
"""Where from one limit of a factor to the other it is tried, where they cross."""

_BESIDE = (0.0, 0.125, -0.125, 0.25, -0.25)
"""How far beside the model's own a bias is tried, in sums."""


@dataclass(frozen=True)
class ScaledSum:
    """The form.

    Attributes:
        bias: added to the sum, for each channel, with a fraction of ``left`` places.
        factor: for each channel, not negative.
        left, right: places that sums are shifted to the left, and products to the right behind 32 places.
        zero: the result of a sum of 0.
        low, high: bounds of the results.
        differing: numbers x for which the result is another than the model's, over all channels.
        tie: which results ties go to, 0 even or 1 odd; None where all are rounded up.
    """

    bias: Array
    factor: Array
    left: int
    right: int
    zero: int
    low: int
    high: int
    differing: int
    tie: int | None = None

    @property
    def offset(self) -> int:
        """What is added to a product."""
        return (2 * self.zero + 1) << (self.right - 1)

    def apply(self, x: Array) -> Array:
        """The results for x, the last dim of which is the channel."""
        total = ((x.astype(np.int64) << self.left) + self.bias) * self.factor
        total = before_ties((total >> 32) + self.offset, self.tie, self.right)
        return np.clip(total >> self.right, self.low, self.high)


def fit_scaled(
    places: Array, bias: Array, zeros: Iterable[int], reach: tuple[int, int]
) -> ScaledSum | None:
    """The form that rises where a staircase does, as nearly as there is one.

    Args:
        places: of :func:`aie_conv.bridge.requantisation.staircase.rises`.
        bias: of each channel; need not be whole.
        zeros: results of 0 that are tried.
        reach: where x lies.

    Returns:
        None where the staircase is none of one zero point.
    """
    best: ScaledSum | None = None
    for zero in zeros:
        for tie in (None, 0, 1):
            form = _Fit(places, bias, zero, reach, tie).form()
            if form is None:
                continue
            if best is None or form.differing < best.differing:
                best = form
            if not best.differing:
                return best
            if tie is None and form.differing <= _NO_TIES * len(bias):
                break
    return best


class _Fit:
    """Looks for factors with one zero point and one rule for ties."""

    def __init__(
        self, places: Array, bias: Array, zero: int, reach: tuple[int, int], tie: int | None
    ) -> None:
        self._places, self._bias, self._zero, self._tie = places, bias, zero, tie
        self._first, self._last = reach
        self._results = np.arange(-127, 128)[:, None]
        least = np.where(places <= self._first, self._results, -128).max(axis=0)
        most = np.where(places <= self._last, self._results, -128).max(axis=0)
        self._low, self._high = int(least.min()), int(most.max())

    def _limits(
        self, bias: Array, channels: Array, beside: Array | float = 0.0
    ) -> tuple[Array, Array]:
        """The least and the greatest factor of some channels, in results a sum.

        Args:
            bias: of these channels.
            channels: their numbers.
            beside: by how many results a line may be beside a step; of each channel, or one of all.
        """
        places, half = self._places[:, channels], (self._results - self._zero) - 0.5
        # A sum reaches its result, and the one before does not.
        reached = (self._results > self._low) & (places <= self._last)
        bounded = (self._results > self._low) & (self._results <= self._high)
        missed = bounded & (places > self._first)
        low, high = np.zeros(len(channels)), np.full(len(channels), np.inf)
        for holds, x, sign in ((reached, places + bias, 1), (missed, places - 1 + bias, -1)):
            with np.errstate(all="ignore"):
                ratio = (half - sign * beside) / x
            low = np.maximum(low, np.where(holds & (x * sign > 0), ratio, 0.0).max(axis=0))
            high = np.minimum(high, np.where(holds & (x * sign < 0), ratio, np.inf).min(axis=0))
        return low, np.where(np.isfinite(high), high, low)

    def form(self) -> ScaledSum | None:
        """The form; None where no factors are near it."""
        every = np.arange(self._places.shape[1])
        low, high = self._limits(self._bias, every)
        crossed = np.flatnonzero(low - high > _CROSSED * np.maximum(high, 0))
        if len(crossed):
            low[crossed], high[crossed] = self._nearest(self._bias[crossed], crossed)
        if (low[crossed] > high[crossed]).any():
            return None
        most = int(max(abs(self._first), abs(self._last)) + np.abs(self._bias).max()) + 1
        steepest = float(np.maximum(low, high).max())
        if most >= _REACH or steepest <= 0:
            return None
        scales = self._scales(most, steepest)
        if scales is None:
            return None
        left, right = scales
        tuned = _Tuned(np.rint(self._bias * 2**left).astype(np.int64), every * 0, every * 0 + _MANY)
        for beside in _BESIDE:
            self._tune(tuned, beside, (0.5,), scales)
        self._tune(tuned, 0.0, _TRIED, scales)
        self._tune(tuned, 0.0, (0.5,), scales, nearest=True)
        return ScaledSum(
            tuned.bias, tuned.factor, left, right, self._zero, self._low, self._high,
            int(tuned.differing.sum()), self._tie,
        )  # fmt: skip

    @staticmethod
    def _scales(most: int, steepest: float) -> tuple[int, int] | None:
        """Places to the left and to the right with which factors have the most bits."""
        left = min(_MOST_LEFT, (_REACH // most).bit_length() - 1)
        right = left - 32 + int(np.floor(np.log2(_MOST_FACTOR / steepest)))
        over = max(0, right - _MOST_RIGHT)
        left, right = left - over, right - over
        return (left, right) if left >= 0 and right >= 1 else None

    def _nearest(self, bias: Array, channels: Array) -> tuple[Array, Array]:
        """The limits of lines that are beside their steps by about as little as any."""
        least, most = np.zeros(len(channels)), np.full(len(channels), _FAR)
        for _ in range(_HALVINGS):
            middle = (least + most) / 2
            low, high = self._limits(bias, channels, middle)
            least, most = np.where(low > high, middle, least), np.where(low > high, most, middle)
        return self._limits(bias, channels, most)

    def _tune(
        self,
        tuned: _Tuned,
        beside: float,
        parts: Iterable[float],
        scales: tuple[int, int],
        *,
        nearest: bool = False,
    ) -> None:
        """Another bias for channels that are not the model's yet, with factors between their limits."""
        channels = np.flatnonzero(tuned.differing)
        if not len(channels):
            return
        left, right = scales
        bias = np.rint((self._bias[channels] + beside) * 2**left).astype(np.int64)
        limits = self._nearest if nearest else self._limits
        low, high = limits(bias / 2**left, channels)
        unit = 2.0 ** (32 + right - left)
        for part in parts:
            factor = np.rint((low + (high - low) * part) * unit)
            factor = factor.clip(0, _MOST_FACTOR).astype(np.int64)
            rises = self._rises(bias, factor, left, right)
            off = np.abs(rises - self._places[:, channels]).sum(axis=0)
            fewer = off < tuned.differing[channels]
            tuned.keep(channels[fewer], bias[fewer], factor[fewer], off[fewer])

    def _rises(self, bias: Array, factor: Array, left: int, right: int) -> Array:
        """Where the form with these factors reaches each result."""
        sums = (2 * (self._results - self._zero) - 1) << (right - 1)
        sums = (sums + behind_ties(self._results, self._tie)) << 32
        first = -(-sums // np.maximum(factor, 1)) - bias
        first = -(-first // (1 << left))
        never = np.where(sums > 0, self._last + 1, self._first)
        first = np.where(factor > 0, first, never).clip(self._first, self._last + 1)
        first = np.where(self._results <= self._low, self._first, first)
        return np.where(self._results > self._high, self._last + 1, first)


@dataclass
class _Tuned:
    """What is known best of each channel.

    Attributes:
        bias, factor: of the form.
        differing: sums for which they give another result.
    """

    bias: Array
    factor: Array
    differing: Array

    def keep(self, channels: Array, bias: Array, factor: Array, differing: Array) -> None:
        """Better numbers of some channels."""
        self.bias[channels], self.factor[channels] = bias, factor
        self.differing[channels] = differing

"""Between which numbers a value of an epilogue lies, where that follows from its operations alone.

Integers lie within their type, read as signed. A float with bounds is never NaN; its bounds may be
infinite, and are kept a little wide, so that rounding does not leave them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aie_conv.bridge.recognition.canonical import RawStep, Ref

Interval = tuple[float, float]
"""Least and greatest value."""

_BITS = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64}
_MOST = {"f32": 3e38, "bf16": 3e38}
"""Magnitudes up to here round to finite numbers, with room."""
_ROOM = 1 + 2.0**-7
"""One rounding to bf16 or f32 adds less to a magnitude."""


def of_type(dtype: str) -> Interval | None:
    """Where the signed integers of a type lie; None for other types."""
    bits = _BITS.get(dtype)
    return None if bits is None else (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1)


@dataclass
class Bounds:
    """The bounds of an epilogue's values; steps may be appended while it lives.

    Attributes:
        steps: the operations so far.
        leaf: the bounds of the accumulator or of an input, None where it is a float.
    """

    steps: Sequence[RawStep]
    leaf: Callable[[Ref], Interval | None]
    _known: dict[Ref, Interval | None] = field(default_factory=dict[Ref, Interval | None])

    def of(self, ref: Ref) -> Interval | None:
        """The bounds of a value; None where it may be anything, NaN included."""
        if ref not in self._known:
            self._known[ref] = self.leaf(ref) if ref[0] != "step" else self._step(ref[1])
        return self._known[ref]

    def _step(self, number: int) -> Interval | None:
        op, args, dtype, attr = self.steps[number]
        arguments = [self.of(arg) for arg in (args[1:] if op == "arith.select" else args)]
        sure = [interval for interval in arguments if interval is not None]
        result: Interval | None = None
        if op == "arith.constant":
            known = isinstance(attr, int | float) and not math.isnan(attr)
            result = (float(attr), float(attr)) if known and attr is not None else None
        elif op in _NUMBER_WINS and len(sure) == 1:
            ((low, high),) = sure
            result = (low, math.inf) if op == "arith.maxnumf" else (-math.inf, high)
        elif len(sure) == len(arguments) and op in _MEANING:
            result = _MEANING[op](*sure)
        return _within(result, dtype)


def _within(interval: Interval | None, dtype: str) -> Interval | None:
    """Bounds in a type: what may leave an integer's wraps, what may leave a float's is infinite."""
    room = of_type(dtype)
    if room is not None:
        fits = interval is not None and room[0] <= interval[0] and interval[1] <= room[1]
        return interval if fits else room
    if interval is None or dtype not in _MOST or any(math.isnan(end) for end in interval):
        return None
    most = _MOST[dtype]
    low = interval[0] if interval[0] > -most else -math.inf
    high = interval[1] if interval[1] < most else math.inf
    return low, high


def _round(interval: Interval) -> Interval:
    low, high = interval
    return (low * _ROOM if low < 0 else low / _ROOM, high * _ROOM if high > 0 else high / _ROOM)


def _same(x: Interval) -> Interval:
    return x


def _sum(x: Interval, y: Interval) -> Interval:
    if any(a[1] == math.inf and b[0] == -math.inf for a, b in ((x, y), (y, x))):
        return math.nan, math.nan
    return x[0] + y[0], x[1] + y[1]


def _difference(x: Interval, y: Interval) -> Interval:
    return _sum(x, (-y[1], -y[0]))


def _product(x: Interval, y: Interval) -> Interval:
    ends = [a * b for a in x for b in y]
    if any(map(math.isnan, ends)) or not all(map(math.isfinite, (*x, *y))):
        return math.nan, math.nan
    return min(ends), max(ends)


def _quotient(x: Interval, y: Interval) -> Interval:
    if y[0] <= 0 <= y[1] or not all(map(math.isfinite, (*x, *y))):
        return math.nan, math.nan
    ends = [a / b for a in x for b in y]
    return min(ends), max(ends)


def _larger(x: Interval, y: Interval) -> Interval:
    return max(x[0], y[0]), max(x[1], y[1])


def _smaller(x: Interval, y: Interval) -> Interval:
    return min(x[0], y[0]), min(x[1], y[1])


def _either(x: Interval, y: Interval) -> Interval:
    return min(x[0], y[0]), max(x[1], y[1])


def _shifted_right(x: Interval, by: Interval) -> Interval:
    if by[0] != by[1] or not 0 <= by[0] < 64:
        return math.nan, math.nan
    return math.floor(x[0] / 2 ** by[0]), math.floor(x[1] / 2 ** by[0])


def _unsigned(x: Interval) -> Interval:
    return x if x[0] >= 0 else (math.nan, math.nan)


_NUMBER_WINS = frozenset(("arith.maxnumf", "arith.minnumf"))
_MEANING: dict[str, Callable[..., Interval]] = {
    **dict.fromkeys(("arith.extsi", "arith.trunci", "arith.extf"), _same),
    **dict.fromkeys(("arith.sitofp", "arith.truncf"), _round),
    **dict.fromkeys(("arith.maxsi", "arith.maximumf", "arith.maxnumf"), _larger),
    **dict.fromkeys(("arith.minsi", "arith.minimumf", "arith.minnumf"), _smaller),
    "arith.addi": _sum,
    "arith.subi": _difference,
    "arith.muli": _product,
    "arith.shrsi": _shifted_right,
    "arith.extui": _unsigned,
    "arith.addf": lambda x, y: _round(_sum(x, y)),
    "arith.subf": lambda x, y: _round(_difference(x, y)),
    "arith.mulf": lambda x, y: _round(_product(x, y)),
    "arith.divf": lambda x, y: _round(_quotient(x, y)),
    "arith.negf": lambda x: (-x[1], -x[0]),
    "arith.select": _either,
    "math.roundeven": lambda x: (x[0] - 0.5, x[1] + 0.5),
}

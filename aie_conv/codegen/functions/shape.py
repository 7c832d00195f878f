"""The form in which the cores compute a function of bf16, found from its values.

With s the sign of a half-line's results, |x| the argument's magnitude and P a sum of hinges,

    linear    y = s [|x|] P(x)
    exp       y = s [|x|] 2^(P(x) [+ a r^2 + b r^3])  [+ max(x, 0)],  r = min(x, 0)
    power     y = s 2^(c e + P(m))  for |x| = 2^e m

where brackets hold what a function may have or not. A sigmoid is an exp, SiLU and GELU are ones with a
factor, hard-swish is a linear with a factor, softplus an exp with the addition. The exponent of 2 makes the
error relative, so that tails are as good as everything else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from aie_conv.codegen.functions.hinges import Hinges, fit, flat_end, to_bf16, two_parts
from aie_conv.codegen.functions.values import (
    COUNT,
    INFINITY,
    QUIET_NAN,
    SIGN,
    Array,
    numbers,
    rounded,
    units,
)

_UNITS, _SHARE = 1.97, 0.96
"""Units in the last place that results may be off, and how much of a rounding's room is used."""

_GREATEST = 2.0**128 * (1 - 2.0**-8)
"""The greatest bf16 number."""

_EXP_ERROR = 0.0024
"""Of a power of two by the polynomial and its bf16 factors, relative."""

_NEAR_ZERO = 2.0**-20
"""Where a factor's function is looked at on both sides of zero."""

_OVERFLOW = 2.0**128 * (1 - 2.0**-9)
"""What rounds to infinity."""


@dataclass(frozen=True)
class UnaryShape:
    """A function as the cores compute it.

    Attributes:
        kind: "linear", "exp" or "power".
        hinges: the sum P.
        factor: whether |x| is one.
        held: whether the factor is bounded below and above as the hinges' argument is.
        relu: whether max(x, 0) is added.
        step: added to the sum P for x < 0.
        tail: a and b, each a bf16 number or a sum of two; () without.
        negative: whether results are below zero for x < 0, and for x > 0.
        at_zero: bits of the results for 0 and -0.
        at_infinity: bits of the results for infinity and its negative.
        exponent: c of a power.
        within: bits of the least and greatest |x| of a power that are told apart: results overflow or vanish
            beyond.
        invalid: whether every x < 0 gives no number.
        tiny: whether a result is below the least normal number.
    """

    kind: str
    hinges: Hinges
    factor: bool = False
    held: tuple[bool, bool] = (False, False)
    relu: bool = False
    tail: tuple[float, ...] = ()
    step: float = 0.0
    negative: tuple[bool, bool] = (False, False)
    at_zero: tuple[int, int] = (0, 0)
    at_infinity: tuple[int, int] = (0, 0)
    exponent: float = 0.0
    within: tuple[int, int] = (1, INFINITY - 1)
    invalid: bool = False
    tiny: bool = False

    @property
    def pairs(self) -> int:
        """Pairs of hinges."""
        return -(-len(self.hinges.terms) // 2)

    @property
    def work(self) -> int:
        """About how many operations it takes for a vector."""
        more = 24 * (self.kind != "linear") + 10 * (self.kind == "power")
        return len(self.hinges.terms) + more + 6 * self.factor + 8 * len(self.tail) + 3 * self.relu


def describe(values: Array) -> UnaryShape | None:
    """The form with the least work for a function.

    Args:
        values: f64, for each bf16 number by its bits.

    Returns:
        None where no form comes within two units in the last place.
    """
    return _describe(np.ascontiguousarray(values, np.float64).tobytes())


@lru_cache(maxsize=64)
def _describe(content: bytes) -> UnaryShape | None:
    values = np.frombuffer(content, np.float64)
    x = numbers()
    if len(values) != COUNT or not np.isnan(values[np.isnan(x)]).all():
        return None
    invalid = bool(np.isnan(values[SIGN + 1 : SIGN + INFINITY]).all())
    halves = [slice(SIGN + 1, SIGN + INFINITY), slice(1, INFINITY)]
    signs = [_sign(values[half]) for half in (halves[1:] if invalid else halves)]
    if None in signs:
        return None
    magnitude = np.minimum(np.abs(values), 2.0**128.5)
    candidates = [*_powers(magnitude, halves, invalid), *([] if invalid else _sums(magnitude))]
    found = min(candidates, key=lambda shape: shape.work, default=None)
    if found is None:
        return None
    ends = [int(bits) for bits in rounded(values[[0, SIGN, INFINITY, SIGN + INFINITY]])]
    usual = np.abs(values[np.isfinite(x) & (x != 0)])
    return replace(
        found,
        negative=(bool(signs[0]), bool(signs[-1])),
        at_zero=(ends[0], ends[1]),
        at_infinity=(ends[2], ends[3]),
        invalid=invalid,
        tiny=bool(((usual > 0) & (usual < 2.0**-126)).any()),
    )


def _sign(values: Array) -> bool | None:
    """Whether a half-line's results are below zero; None where some are and others not, or no number."""
    below, above = bool((values < 0).any()), bool((values > 0).any())
    if np.isnan(values).any() or (below and above):
        return None
    return below or bool(not above and np.signbit(values).all())


@dataclass(frozen=True)
class _Curve:
    """Between which magnitudes results may be before they are rounded, by rising arguments."""

    x: Array
    least: Array
    most: Array

    def part(self, chosen: slice | Array) -> "_Curve":
        """Some of the arguments."""
        return _Curve(self.x[chosen], self.least[chosen], self.most[chosen])


def _curve(magnitude: Array) -> _Curve:
    x = numbers()
    bits = np.flatnonzero(np.isfinite(x))
    bits = bits[np.argsort(x[bits], kind="stable")]
    bits = bits[bits != SIGN]
    return _Curve(x[bits], *_room(magnitude[bits]))


def _room(y: Array) -> tuple[Array, Array]:
    """The numbers that round to results within two units in the last place, a little less."""
    far = _UNITS * units(y)
    above = np.minimum(y + far, _GREATEST)
    up = np.floor(above / units(above)) * units(above)
    below = np.maximum(y - far, 0)
    down = np.ceil(below / units(below)) * units(below)
    mantissa, _ = np.frexp(down)
    under = units(down) * np.where((mantissa == 0.5) & (down > 2.0**-126), 0.25, 0.5)
    least = np.where(down > 0, down - _SHARE * under, -np.inf)
    over = y > _OVERFLOW
    most = np.where(over, 2.0**128.8, up + _SHARE * units(up) / 2)
    return np.where(over, _OVERFLOW * (1 + 2.0**-12), least), most


def _sums(magnitude: Array) -> Iterator[UnaryShape]:
    """Linear forms and powers of two."""
    curve = _curve(magnitude)
    held, curve_of_factor = _held(curve)
    for factor, one, ends in ((False, curve, (False, False)), (True, curve_of_factor, held)):
        over = np.abs(one.x) if factor else np.ones(len(one.x))
        flat = (not ends[0], not ends[1])
        bounds = one.least / over, one.most / over
        step = _step(one, bounds) if factor else 0.0
        jump = np.where(one.x < 0, step, 0.0)
        hinges = fit(one.x, bounds[0] - jump, bounds[1] - jump, flat)
        if hinges is not None and _is_exact(hinges, one, over, jump):
            yield UnaryShape("linear", hinges, factor, ends, step=step)
        for relu in (False, True)[: 2 - factor]:
            bounds = _logarithms(one, np.maximum(one.x, 0) if relu else 0.0, over)
            if bounds is None:
                continue
            for tail in _tails(one.x, bounds):
                below = np.minimum(one.x, 0)
                more = sum(factor * below ** (2 + i) for i, factor in enumerate(tail))
                hinges = fit(one.x, bounds[0] - more, bounds[1] - more, flat)
                if hinges is not None:
                    yield UnaryShape("exp", hinges, factor, ends, relu, tail)


def _logarithms(curve: _Curve, added: Array | float, over: Array) -> tuple[Array, Array] | None:
    """Bounds of the exponent of two, with room for what its computation is off; None for no numbers."""
    low, high = curve.least - added, curve.most - added
    with np.errstate(all="ignore"):
        least = np.log2(np.maximum(low, 0) * (1 + _EXP_ERROR) / over)
        most = np.log2(high * (1 - _EXP_ERROR) / over)
    return (least, most) if np.isfinite(most).all() and (least < most).all() else None


def _held(curve: _Curve) -> tuple[tuple[bool, bool], _Curve]:
    """Where results hardly change towards an end: the argument is bounded there, zero left out."""
    x, least, most = curve.x, curve.least.copy(), curve.most.copy()
    first, start = flat_end(least, most)
    last, end = flat_end(least[::-1], most[::-1])
    last = len(x) - 1 - last
    ends = bool(x[first] > x[0] / 16), bool(x[last] < x[-1] / 16)
    if last <= first or not any(ends):
        return (False, False), curve.part(x != 0)
    for is_held, place, bounds in ((ends[0], first, start), (ends[1], last, end)):
        if is_held:
            least[place], most[place] = bounds
    part = _Curve(x, least, most).part(
        slice(first if ends[0] else 0, last + 1 if ends[1] else None)
    )
    return ends, part.part(part.x != 0)


def _tails(x: Array, bounds: tuple[Array, Array]) -> Iterator[tuple[float, ...]]:
    """Second and third powers of what is below zero that leave less for hinges, and none."""
    yield ()
    inside = (x < 0) & np.isfinite(bounds[0])
    if inside.sum() < 4:
        return
    at = np.linspace(x[inside][0], 0, 200)
    if at[0] < -1e3:
        return
    y = np.interp(at, x[inside], ((bounds[0] + bounds[1]) / 2)[inside])
    for degrees in ((2,), (2, 3)):
        columns = [at**i for i in (0, 1, *degrees)]
        found = np.linalg.lstsq(np.stack(columns, 1), y, rcond=None)[0]
        yield tuple(two_parts(float(factor)) for factor in found[2:])


def _step(curve: _Curve, bounds: tuple[Array, Array]) -> float:
    """By how much a function is more just below zero than just above it, where it does jump there."""
    sides = [int(np.argmin(np.abs(curve.x - at))) for at in (-_NEAR_ZERO, _NEAR_ZERO)]
    (low, high), (other_low, other_high) = ((bounds[0][i], bounds[1][i]) for i in sides)
    if low <= other_high and other_low <= high:
        return 0.0
    return to_bf16(float((low + high) / 2 - (other_low + other_high) / 2))


def _is_exact(hinges: Hinges, curve: _Curve, over: Array, jump: Array) -> bool:
    """Whether f32 sums of the hinges are within the bounds: where terms cancel they may not be."""
    bounded = np.clip(curve.x, hinges.low, hinges.high)
    total = (hinges.base + jump).astype(np.float32)
    with np.errstate(all="ignore"):
        for knot, factor in hinges.terms:
            total = (total + factor * np.maximum(bounded, knot)).astype(np.float32)
        made, wide = np.maximum(total, 0) * over, 2.0**-14
        low, high = curve.least - wide * np.abs(curve.least), curve.most * (1 + wide)
        return bool(((low <= made) & (made <= high)).all())


def _powers(magnitude: Array, halves: list[slice], invalid: bool) -> Iterator[UnaryShape]:
    """A form whose results all change by one factor from any x to 2 x."""
    if not invalid and not np.array_equal(magnitude[halves[0]], magnitude[halves[1]]):
        return
    # Mantissas by exponents, of normal numbers above zero.
    y = magnitude[0x80:INFINITY].reshape(254, 128).T
    with np.errstate(all="ignore"):
        logarithm = np.log2(y)
        inside = (y > 2.0**-126) & (y < _OVERFLOW)
        exponent = float(logarithm[0, 127] - logarithm[0, 126])
        if not np.isfinite(exponent) or exponent == 0:
            return
        rest = logarithm - exponent * (np.arange(254) - 126)
        one = rest[:, 126:127]
        if not (np.abs(rest - one)[inside] < 1e-9).all():
            return
        least, most = _room(y)
        below = np.where(inside, least / y, 0).max(axis=1) * (1 + _EXP_ERROR)
        above = np.where(inside, most / y, np.inf).min(axis=1) * (1 - _EXP_ERROR)
    base, at = one[:, 0], 1 + np.arange(128) / 128
    hinges = fit(at, base + np.log2(below), base + np.log2(above), (False, False))
    if hinges is not None:
        whole = magnitude[1:INFINITY]
        told = np.flatnonzero((whole > 2.0**-134) & (whole <= _OVERFLOW))
        ends = max(1, int(told[0])), min(INFINITY - 1, int(told[-1]) + 2)
        yield UnaryShape("power", hinges, exponent=exponent, within=ends)


NOT_A_NUMBER = QUIET_NAN
"""Bits that stand for no number."""

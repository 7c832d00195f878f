"""Functions of f32 in f32: the exponential, the logarithm, the root and its reciprocal.

They are written in products and sums of f32, which a core takes several operations for, and in integer
operations on the bits of numbers, so that what comes out is as exact as f32 is: within 4 units in its last
place where the argument and the result are normal numbers. :mod:`aie_conv.codegen.functions` is the cheaper
form for what is rounded to bf16 before and behind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aie_conv.ir.builder import Builder
from aie_conv.ir.core import Value, vector

_LOG2_E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 0.693359375, -2.12194440e-4
_ROUNDING = 1.5 * 2.0**23
"""Added to a number and subtracted, it rounds it to a whole one, which the sum's low bits then are."""
_ROUNDING_BITS = 0x4B400000
_LEAST, _MOST = -104.0, 89.0
"""Arguments of the exponential beyond which results are zero or infinite."""
_EXP = (1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5, 1.0, 1.0)
"""The exponential's series: within 2^-23 for arguments of at most ln 2 / 2."""
_LOG = (2 / 11, 2 / 9, 2 / 7, 2 / 5, 2 / 3, 2.0)
"""Of log((1 + s) / (1 - s)) / s in s^2, for s of at most 0.172."""
_ROOT_HALF = 0x3F3504F3
"""Bits of the square root of 1/2: mantissas are taken from there on."""
_ROOT_GUESS = 0x5F3759DF
_INFINITY, _NOT_A_NUMBER = 0x7F800000, 0x7FC00000
_BIAS = 127

WriteFloats = Callable[[str, Sequence[Value]], Value]
"""Writes an operation of f32 by its name, at a width that the tools leave alone."""

WORK = {"math.absf": 2, "math.exp": 55, "math.log": 95, "math.rsqrt": 50, "math.sqrt": 56}
"""Vector operations that a function becomes, for 64 bytes of lanes."""


@dataclass(frozen=True)
class FloatMath:
    """Writes functions of a vector of f32.

    Attributes:
        w: where to write.
        lanes: of the vectors.
        operation: writes sums, products, quotients and bounds.
    """

    w: Builder
    lanes: int
    operation: WriteFloats

    def apply(self, name: str, x: Value) -> Value:
        """A function by its MLIR name, one of :data:`WORK`."""
        functions = {
            "math.absf": self.absf,
            "math.exp": self.exp,
            "math.log": self.log,
            "math.rsqrt": self.rsqrt,
            "math.sqrt": self.sqrt,
        }
        return functions[name](x)

    # -- numbers ----------------------------------------------------------------------------------
    def _float(self, value: float) -> Value:
        return self.w.constant(value, vector("f32", self.lanes), "k")

    def _int(self, value: int) -> Value:
        return self.w.constant(value, vector("i32", self.lanes), "k")

    def _bits(self, value: Value) -> Value:
        return self.w.value("b", "vector.bitcast", value, to=vector("i32", self.lanes))

    def _number(self, bits: Value) -> Value:
        return self.w.value("f", "vector.bitcast", bits, to=vector("f32", self.lanes))

    def _whole(self, op: str, value: Value, constant: int) -> Value:
        return self.w.value("b", f"arith.{op}", value, self._int(constant))

    def _choose(self, holds: Value, then: int, other: Value) -> Value:
        return self.w.value("b", "arith.select", holds, self._int(then), other)

    def _do(self, op: str, left: Value, right: Value | float) -> Value:
        other = right if isinstance(right, Value) else self._float(right)
        return self.operation(f"arith.{op}", [left, other])

    def _series(self, x: Value, factors: Sequence[float]) -> Value:
        """A polynomial, the factor of the highest power first."""
        total = self._float(factors[0])
        for factor in factors[1:]:
            total = self._do("addf", self._do("mulf", total, x), factor)
        return total

    # -- functions --------------------------------------------------------------------------------
    def absf(self, x: Value) -> Value:
        """A number without its sign."""
        return self._number(self._whole("shrui", self._whole("shli", self._bits(x), 1), 1))

    def exp(self, x: Value) -> Value:
        """e^x: 2^k times a polynomial of the rest; 2^k in two factors, as it may be too great or small."""
        bounded = self._do("minimumf", self._do("maximumf", x, _LEAST), _MOST)
        whole = self._do("addf", self._do("mulf", bounded, _LOG2_E), _ROUNDING)
        near = self._do("subf", whole, _ROUNDING)
        rest = self._do("subf", bounded, self._do("mulf", near, _LN2_HIGH))
        rest = self._do("subf", rest, self._do("mulf", near, _LN2_LOW))
        total = self._series(rest, _EXP)
        # k + 512 is above zero, so that a shift without a sign halves it.
        power = self._whole("addi", self._bits(whole), 512 - _ROUNDING_BITS)
        half = self._whole("shrui", power, 1)
        for share in (half, self._do("subi", power, half)):
            factor = self._whole("shli", self._whole("addi", share, _BIAS - 256), 23)
            total = self._do("mulf", total, self._number(factor))
        return total

    def log(self, x: Value) -> Value:
        """The natural logarithm: an exponent times ln 2, and the series of (m - 1) / (m + 1)."""
        bits = self._bits(x)
        above = self._whole("addi", bits, (_BIAS << 23) - _ROOT_HALF)
        exponent = self._whole("shrui", above, 23)
        low = self._whole("shrui", self._whole("shli", above, 9), 9)
        mantissa = self._number(self._whole("addi", low, _ROOT_HALF))
        ratio = self._do("divf", self._do("subf", mantissa, 1.0), self._do("addf", mantissa, 1.0))
        total = self._do("mulf", self._series(self._do("mulf", ratio, ratio), _LOG), ratio)
        power = self._number(self._whole("addi", exponent, _ROUNDING_BITS))
        power = self._do("subf", power, _ROUNDING + _BIAS)
        total = self._do("addf", total, self._do("mulf", power, _LN2_LOW))
        total = self._do("addf", total, self._do("mulf", power, _LN2_HIGH))
        result = self._ends(bits, self._bits(total), bits)
        return self._number(self._zero(bits, result, self._int(_INFINITY - (1 << 31))))

    def rsqrt(self, x: Value) -> Value:
        """1 over the square root, by three steps of Newton's from the bits' half."""
        bits = self._bits(x)
        y = self._number(self._do_int("subi", _ROOT_GUESS, self._whole("shrui", bits, 1)))
        half = self._do("mulf", x, 0.5)
        for _ in range(3):
            square = self._do("mulf", self._do("mulf", half, y), y)
            y = self._do("mulf", y, self._do_float("subf", 1.5, square))
        result = self._ends(bits, self._bits(y), self._int(0))
        return self._number(self._zero(bits, result, self._int(_INFINITY)))

    def half_power(self, x: Value) -> Value:
        """A power of 1/2: a square root, but of -infinity it is infinite, and of -0 it is 0."""
        bits, root = self._bits(x), self._bits(self.sqrt(self._do("addf", x, 0.0)))
        is_end = self.w.compare("ugt", bits, self._int(-0x800001))
        ends = self._whole("shrui", self._whole("shli", bits, 1), 1)
        return self._number(self.w.value("b", "arith.select", is_end, ends, root))

    def sqrt(self, x: Value) -> Value:
        """x over its square root; zero and infinity are their own."""
        bits = self._bits(x)
        root = self._bits(self._do("mulf", x, self.rsqrt(x)))
        return self._number(self._zero(bits, self._ends(bits, root, bits), bits))

    def _do_int(self, op: str, left: int, right: Value) -> Value:
        return self.operation(f"arith.{op}", [self._int(left), right])

    def _do_float(self, op: str, left: float, right: Value) -> Value:
        return self.operation(f"arith.{op}", [self._float(left), right])

    def _ends(self, bits: Value, result: Value, infinite: Value) -> Value:
        """The bits of a result, with those of infinity; of numbers below zero and of none there is none."""
        magnitude = self._whole("shli", bits, 1)
        is_end = self.w.compare("ugt", magnitude, self._int(-0x1000001))
        result = self.w.value("b", "arith.select", is_end, infinite, result)
        is_none = self.w.compare("ugt", magnitude, self._int(-0x1000000))
        result = self._choose(is_none, _NOT_A_NUMBER, result)
        below = self.w.compare("slt", bits, self._int(0))
        return self._choose(below, _NOT_A_NUMBER, result)

    def _zero(self, bits: Value, result: Value, zero: Value) -> Value:
        """The bits of a result, with those of zero."""
        magnitude = self._whole("shli", bits, 1)
        return self.w.value(
            "b", "arith.select", self.w.compare("ugt", magnitude, self._int(0)), result, zero
        )

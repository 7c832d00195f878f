"""Functions of bf16 as vector code: a :class:`UnaryShape` written for lanes of an architecture.

Everything is what a core has: bf16 products into f32 sums, sums of f32, and integer operations on the bits
of numbers. A power of two is split as k + f with |f| <= 1/2 by adding and subtracting 3 * 2^22; 2^f is a
polynomial of second degree, and k is added to the exponent's bits. Results below the least normal number
are scaled by 2^133, where the same addition rounds them to whole units: the cores' own products make zeros
of such results.
"""

from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.codegen.functions.hinges import to_bf16, two_parts
from aie_conv.codegen.functions.lanes import LANES, LaneCode, lanes_of, product_of
from aie_conv.codegen.functions.shape import NOT_A_NUMBER, UnaryShape
from aie_conv.codegen.functions.values import INFINITY, SIGN
from aie_conv.codegen.matrix_unit import bitcast
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import Op, Value, vector

_WHOLE = 3 * 2.0**22
"""Added to a number and subtracted, it rounds it to a whole one, which its low bits then are."""

_UNIT_BITS = 0x4B000000
"""Bits of 2^23: with a whole number added, those of the sum."""

_LINEAR, _SQUARE = 0.70275, 0.24
"""Of the polynomial 1 + a f + b f^2 for 2^f, |f| <= 1/2."""

_SMALL, _LIFT = 0x0800, 24
"""Bits of the magnitude below which a number is multiplied by 2^24 first, lest products vanish."""

_TO_UNITS = 133 << 23
"""Added to a number's bits, it multiplies by 2^133."""


@dataclass(frozen=True)
class UnaryVectors:
    """Writes a function.

    Attributes:
        arch: the cores'.
        shape: the function.
    """

    arch: Arch
    shape: UnaryShape

    @property
    def lanes(self) -> int:
        """Lanes that are computed at a time: of f32 in an accumulator."""
        return lanes_of(self.arch)

    def declared(self) -> list[Op]:
        """What the module must declare."""
        return [product_of(self.arch).declaration]

    def write(self, w: Builder, x: Value) -> Value:
        """The function of each lane of a vector of bf16, rounded to bf16.

        Args:
            w: where to write.
            x: any number of lanes.
        """
        count, parts = x.type.elements, list[Value]()
        for first in range(0, count, self.lanes):
            live = min(self.lanes, count - first)
            # Two copies of the lanes on an architecture that adds two products, so that both are there.
            once = [first + i if i < live else -1 for i in range(self.lanes)]
            lanes = (once * 2)[:LANES]
            whole = lanes == list(range(count))
            part = x if whole else w.shuffle("x", x, x, lanes)
            parts.append(_FunctionWriter(self, w, part).result())
        return self._joined(w, parts, count)

    def _joined(self, w: Builder, parts: list[Value], count: int) -> Value:
        """The lanes of all parts, as bf16."""
        whole = parts[0]
        for number, part in enumerate(parts[1:], 1):
            have = number * self.lanes
            size = max(whole.type.elements, LANES)
            longer = w.shuffle(
                "y", part, part, [*range(part.type.elements), *[-1] * (size - LANES)]
            )
            take = [*range(have), *(size + i for i in range(self.lanes))]
            whole = w.shuffle("y", whole, longer, take)
        if whole.type.elements != count:
            whole = w.shuffle("y", whole, whole, range(count))
        return bitcast(w, whole, vector("bf16", count))


class _FunctionWriter:
    """Writes a function of the lanes of one accumulator.

    Values of 16 bits are in vectors of 32 lanes, of which the first may be all that count.
    """

    def __init__(self, unary: UnaryVectors, w: Builder, x: Value) -> None:
        self.w, self.shape = w, unary.shape
        self.code = LaneCode(unary.arch, w)
        self.x = x
        self.bits = bitcast(w, x, vector("i16", LANES))
        self.magnitude = self.factor = self.code.bit_and(self.bits, SIGN - 1)

    # -- the function -----------------------------------------------------------------------------
    def result(self) -> Value:
        """Bits of the results, 32 lanes of i16."""
        shape = self.shape
        if shape.kind == "power":
            return self._finished(self._power())
        bounded = self._bounded()
        acc = self.code.start(shape.hinges.base)
        if shape.step:
            below = self.w.compare("slt", self.bits, self.code.i16(0))
            step = self.w.value(
                "s", "arith.select", below, self.code.bf16(shape.step), self.code.bf16(0.0)
            )
            acc = self.code.mac(step, self.code.bf16(0.5 if self.code.paired else 1.0), acc)
        if shape.tail:
            acc = self._tail(bounded, acc)
        total = self._hinges(bounded, acc)
        if shape.kind == "exp":
            return self._finished(self._exp(total))
        return self._finished(self._linear(total))

    def _bounded(self) -> Value:
        """The argument of the hinges; and |x| of an argument that is bounded where the factor is."""
        w, hinges, held = self.w, self.shape.hinges, self.shape.held
        low, high = self.code.bf16(hinges.low), self.code.bf16(hinges.high)
        above = w.value("x", "arith.maximumf", self.x, low)
        bounded = w.value("x", "arith.minimumf", above, high)
        if any(held):
            below = w.value("x", "arith.minimumf", self.x, high) if held == (False, True) else above
            factor = bounded if all(held) else below
            self.factor = self.code.bit_and(bitcast(w, factor, vector("i16", LANES)), SIGN - 1)
        return bounded

    def _tail(self, bounded: Value, acc: Value) -> Value:
        """a r^2 + b r^3 for r = min(x, 0), by Horner's rule, added to a sum."""
        below = self.w.value("r", "arith.minimumf", bounded, self.code.bf16(0.0))
        both = self.code.twice(below)
        highest, *rest = reversed(self.shape.tail)
        total = self.code.dot(
            both, self.code.parts(highest), self.code.start(rest[0] if rest else 0.0)
        )
        for _ in rest:
            total = self.code.dot(
                both, self.code.split(self.code.as_f32(total)), self.code.start(0.0)
            )
        return self.code.dot(both, self.code.split(self.code.as_f32(total)), acc)

    def _hinges(self, x: Value, acc: Value) -> Value:
        """The sum of hinges, in f32."""
        w, terms = self.w, list(self.shape.hinges.terms)
        step = 2 if self.code.paired else 1
        for number in range(0, len(terms), step):
            pair = [*terms[number : number + step], (0.0, 0.0)][:step]
            knots, factors = (
                [one[i] for one in pair for _ in range(LANES // step)] for i in (0, 1)
            )
            # The first knot is the lower bound.
            plain = number == 0 and step == 1
            at = x if plain else w.value("h", "arith.maximumf", x, self.code.table(knots))
            acc = self.code.mac(at, self.code.table(factors), acc)
        return bitcast(w, acc, vector("f32", self.code.lanes))

    def _linear(self, total: Value) -> Value:
        """Bits of the results' magnitude, 32 bits each."""
        shape = self.shape
        zero = self.code.i32(0)
        if not shape.factor:
            return self.w.value("z", "arith.maxsi", self.code.as_i32(total), zero)
        scaled, shift = self._lifted()
        product = self.code.as_i32(self._times(scaled, total))
        power = self.code.add(product, shift)
        made = self._with_tiny(power)
        is_some = self.w.compare("sgt", product, zero)
        return self.w.value("z", "arith.select", is_some, made, zero)

    def _exp(self, total: Value) -> Value:
        """Bits of the results' magnitude, 32 bits each."""
        w, shape = self.w, self.shape
        whole = w.value("k", "arith.addf", total, self.code.splat(_WHOLE))
        near = w.value("k", "arith.subf", whole, self.code.splat(_WHOLE))
        rest = w.value("f", "arith.subf", total, near)
        power = w.value("k", "arith.shli", self.code.as_i32(whole), self.code.i32(23))
        # Half of it where a factor follows, which might overflow otherwise.
        mantissa = self._polynomial(rest, 0.5 if shape.factor else 1.0)
        if shape.factor:
            scaled, shift = self._lifted()
            mantissa = self._times(scaled, mantissa)
            power = self.code.add(power, shift)
            power = self.code.add(power, self.code.i32(1 << 23))
        bits = self.code.add(self.code.as_i32(mantissa), power)
        if not shape.relu:
            return self._with_tiny(bits)
        above = w.value("r", "arith.maximumf", self.x, self.code.bf16(0.0))
        above = self.code.interleaved(bitcast(w, above, vector("i16", LANES)))
        whole = bitcast(w, bits, vector("f32", self.code.lanes))
        more = w.value("r", "arith.addf", whole, bitcast(w, above, vector("f32", self.code.lanes)))
        return self._with_tiny(bits, self.code.as_i32(more))

    def _power(self) -> Value:
        """Bits of the magnitude of a power with a constant exponent."""
        w, shape = self.w, self.shape
        least, most = shape.within
        self.factor = w.value("x", "arith.maxsi", self.factor, self.code.i16(least))
        self.factor = w.value("x", "arith.minsi", self.factor, self.code.i16(most))
        scaled, _ = self._lifted()
        bits = self.code.as_i32(scaled)
        exponent = w.value("e", "arith.shrui", bits, self.code.i32(23))
        mantissa = w.value("m", "arith.shli", bits, self.code.i32(9))
        mantissa = w.value("m", "arith.shrui", mantissa, self.code.i32(9))
        mantissa = self.code.add(mantissa, self.code.i32(127 << 23))
        number = self.code.as_f32(self.code.add(exponent, self.code.i32(_UNIT_BITS)))
        number = w.value("e", "arith.subf", number, self.code.splat(2.0**23))
        lift = w.value(
            "e", "arith.select", self._is_small(), self.code.bf16(-_LIFT), self.code.bf16(0.0)
        )
        acc = self.code.start(shape.hinges.base - 127 * two_parts(shape.exponent))
        for factor in (self.code.top(number), lift):
            acc = self.code.dot(self.code.twice(factor), self.code.parts(shape.exponent), acc)
        return self._exp(self._hinges(self.code.top(mantissa), acc))

    # -- parts ------------------------------------------------------------------------------------
    def _polynomial(self, rest: Value, scale: float) -> Value:
        """2^f times a power of two."""
        high = to_bf16(_LINEAR)
        parts = self.code.split(rest)
        square = self.code.dot(parts, parts, self.code.start(0.0))
        acc = self.code.dot(
            parts, self.code.numbers(high * scale, high * scale), self.code.start(scale)
        )
        rest_and_square = self.code.tops(rest, self.code.as_f32(square))
        low = to_bf16(_LINEAR - high)
        acc = self.code.dot(
            rest_and_square, self.code.numbers(low * scale, to_bf16(_SQUARE) * scale), acc
        )
        return self.code.as_f32(acc)

    def _is_small(self) -> Value:
        return self.w.compare("slt", self.factor, self.code.i16(_SMALL))

    def _lifted(self) -> tuple[Value, Value]:
        """|x| as f32, times 2^24 where it is small; and what takes that back from a number's bits."""
        w, small = self.w, self._is_small()
        # Where both copies of x are multiplied, by half of it.
        share = 0.5 if self.code.paired else 1.0
        large, one = self.code.bf16(share * 2.0**_LIFT), self.code.bf16(share)
        by = w.value("e", "arith.select", small, large, one)
        scaled = self.code.mac(
            bitcast(w, self.factor, vector("bf16", LANES)), by, self.code.start(0.0)
        )
        shift = w.value("e", "arith.select", small, self.code.i16(-_LIFT << 7), self.code.i16(0))
        return self.code.as_f32(scaled), self.code.interleaved(shift)

    def _times(self, left: Value, right: Value) -> Value:
        """A product of f32, of which the left has eight bits and the right sixteen that count."""
        both = self.code.twice(self.code.top(left))
        return self.code.as_f32(self.code.dot(both, self.code.split(right), self.code.start(0.0)))

    def _with_tiny(self, bits: Value, usual: Value | None = None) -> Value:
        """Bits of numbers whose exponent may be too great, or too small and below zero.

        Args:
            bits: as they were computed.
            usual: what to take where they are in order; themselves if None.
        """
        w = self.w
        usual = usual or bits
        usual = w.value("z", "arith.minsi", usual, self.code.i32(INFINITY << 16))
        if not (self.shape.tiny or self.shape.factor):
            return usual
        scaled = bitcast(
            w, self.code.add(bits, self.code.i32(_TO_UNITS)), vector("f32", self.code.lanes)
        )
        whole = w.value("u", "arith.addf", scaled, self.code.splat(_WHOLE))
        tiny = w.value("u", "arith.shli", self.code.as_i32(whole), self.code.i32(16))
        is_tiny = w.compare("slt", bits, self.code.i32(1 << 23))
        return w.value("z", "arith.select", is_tiny, tiny, usual)

    def _finished(self, bits: Value) -> Value:
        """Rounded to bf16, with signs, and what zero, infinities and no numbers give."""
        w, shape = self.w, self.shape
        # Ties go away from zero, which is within the error.
        up = self.code.add(bits, self.code.i32(0x8000))
        out = bitcast(w, self.code.top(up), vector("i16", LANES))
        below = w.compare("slt", self.bits, self.code.i16(0))
        if shape.negative == (True, False):
            out = self.code.bit_or(out, self.code.bit_and(self.bits, SIGN))
        elif shape.negative == (True, True):
            out = self.code.bit_or(out, self.code.i16(-SIGN))
        elif shape.negative == (False, True):
            flipped = self.code.bit_and(self.code.add(self.bits, self.code.i16(-SIGN)), SIGN)
            out = self.code.bit_or(out, flipped)
        zero, other = shape.at_zero
        if shape.factor or shape.kind == "power":
            is_zero = w.compare("slt", self.magnitude, self.code.i16(1))
            out = w.value("y", "arith.select", is_zero, self._sided(below, zero, other), out)
            if shape.invalid:
                less = w.compare("slt", self.bits, self.code.i16(0))
                both = w.value("y", "arith.select", is_zero, out, self.code.i16(NOT_A_NUMBER))
                out = w.value("y", "arith.select", less, both, out)
        above, beneath = shape.at_infinity
        ends = self._sided(below, above, beneath)
        is_end = w.compare("slt", self.code.i16(INFINITY - 1), self.magnitude)
        is_none = w.compare("slt", self.code.i16(INFINITY), self.magnitude)
        ends = w.value("y", "arith.select", is_none, self.code.i16(NOT_A_NUMBER), ends)
        return w.value("y", "arith.select", is_end, ends, out)

    def _sided(self, below: Value, above: int, beneath: int) -> Value:
        """One of two numbers' bits, by the argument's sign."""
        if above == beneath:
            return self.code.i16(above)
        return self.w.value(
            "y", "arith.select", below, self.code.i16(beneath), self.code.i16(above)
        )

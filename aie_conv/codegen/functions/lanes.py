"""What code of functions is made of: lanes of f32 in accumulators, and of 16 bits in vectors of 32.

AIE2 adds two products in each of 16 lanes, AIE2P has one in each of 32. Both are written the same way: a
*pair* is two factors of each lane, in one vector or in two.
"""

from collections.abc import Sequence

from aie_conv.arch import Arch
from aie_conv.codegen.depthwise import ELEMENT_PRODUCTS
from aie_conv.codegen.functions.hinges import to_bf16
from aie_conv.codegen.functions.values import SIGN
from aie_conv.codegen.matrix_unit import I32, Intrinsic, bitcast
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import Value, vector

LANES = 32
"""Of a vector of bf16 on both architectures."""

_WIDE = 64
"""Lanes of i16 at which mlir-aie leaves bitwise operations as they are."""

Pair = tuple[Value, ...]
"""Two factors of each lane: one vector where an instruction adds two products, else two vectors."""


def product_of(arch: Arch) -> Intrinsic:
    """The element-wise multiply-accumulate of bf16."""
    return ELEMENT_PRODUCTS[arch.name, "bf16"]


def lanes_of(arch: Arch) -> int:
    """Lanes of f32 in its accumulator."""
    return product_of(arch).carried.bits // 32


class LaneCode:
    """Writes operations of lanes.

    Attributes:
        w: where to.
        unit: the multiply-accumulate.
        lanes: of f32 in an accumulator.
        paired: whether an instruction adds two products in a lane.
    """

    def __init__(self, arch: Arch, w: Builder) -> None:
        self.w = w
        self.unit = product_of(arch)
        self.lanes = lanes_of(arch)
        self.paired = self.lanes < LANES
        self.conf = w.constant(self.unit.conf, I32)

    # -- numbers ----------------------------------------------------------------------------------
    def bf16(self, value: float) -> Value:
        """A number in each lane of bf16."""
        return self.w.constant(value, vector("bf16", LANES), "k")

    def i16(self, value: int) -> Value:
        """A number in each lane of 16 bits, signed or not."""
        return self.w.constant((value + SIGN) % (2 * SIGN) - SIGN, vector("i16", LANES), "k")

    def i32(self, value: int) -> Value:
        """A number in each lane of 32 bits."""
        return self.w.constant(value, vector("i32", self.lanes), "k")

    def splat(self, value: float) -> Value:
        """A number in each lane of f32."""
        return self.w.constant(value, vector("f32", self.lanes), "k")

    def start(self, value: float) -> Value:
        """An accumulator with a number in each lane."""
        return bitcast(self.w, self.splat(value), self.unit.carried)

    def table(self, values: Sequence[float]) -> Value:
        """A number for each lane of bf16: memory, not an immediate."""
        return self.w.table(values, vector("bf16", LANES))

    def numbers(self, left: float, right: float) -> Pair:
        """Two numbers, the factors of a lane's two products."""
        if not self.paired:
            return self.bf16(left), self.bf16(right)
        if left == right:
            return (self.bf16(left),)
        return (self.table([left] * self.lanes + [right] * self.lanes),)

    # -- vectors ----------------------------------------------------------------------------------
    def mac(self, left: Value, right: Value, acc: Value) -> Value:
        """A sum and its product or its two products."""
        return self.unit.call(self.w, left, right, acc, self.conf)

    def dot(self, left: Pair, right: Pair, acc: Value) -> Value:
        """Both products of each lane, added up."""
        for one, other in zip(left, right, strict=True):
            acc = self.mac(one, other, acc)
        return acc

    def as_f32(self, acc: Value) -> Value:
        """Lanes of an accumulator as f32."""
        return bitcast(self.w, acc, vector("f32", self.lanes))

    def as_i32(self, value: Value) -> Value:
        """The bits of lanes of f32."""
        return bitcast(self.w, value, vector("i32", self.lanes))

    def _halves(self, value: Value) -> Value:
        """The 16-bit halves of lanes of 32 bits."""
        return bitcast(self.w, value, vector("i16", 2 * self.lanes))

    def top(self, value: Value) -> Value:
        """The upper halves of lanes of 32 bits, as bf16; twice where an instruction adds two products."""
        seen, odd = self._halves(value), list(range(1, 2 * self.lanes, 2))
        picked = self.w.shuffle("t", seen, seen, (odd * 2)[:LANES])
        return bitcast(self.w, picked, vector("bf16", LANES))

    def twice(self, value: Value) -> Pair:
        """Lanes as both factors; where an instruction adds two products, there are two copies already."""
        return (value,) if self.paired else (value, value)

    def tops(self, left: Value, right: Value) -> Pair:
        """The upper halves of two vectors."""
        if not self.paired:
            return self.top(left), self.top(right)
        picked = self.w.shuffle("t", self._halves(left), self._halves(right), range(1, 64, 2))
        return (bitcast(self.w, picked, vector("bf16", LANES)),)

    def split(self, value: Value) -> Pair:
        """An f32 as two numbers of bf16 that add up to sixteen of its bits."""
        high = self.interleaved(bitcast(self.w, self.top(value), vector("i16", LANES)))
        rest = self.w.value("r", "arith.subf", value, self.as_f32(high))
        return self.tops(value, rest)

    def interleaved(self, halves: Value) -> Value:
        """Lanes of 32 bits with these upper halves, and zeros below."""
        zero = self.w.constant(0, halves.type, "k")
        lanes = [lane for i in range(self.lanes) for lane in (LANES, i)]
        return self.as_i32(self.w.shuffle("t", halves, zero, lanes))

    def add(self, left: Value, right: Value) -> Value:
        """A sum of integers."""
        return self.w.value("s", "arith.addi", left, right)

    def _bitwise(self, op: str, left: Value, right: Value | int) -> Value:
        """A bitwise operation of 32 lanes of 16 bits, at a width that the tools leave alone."""
        w, lanes = self.w, [*range(LANES), *[-1] * (_WIDE - LANES)]
        wide = w.shuffle("w", left, left, lanes)
        if isinstance(right, int):
            signed = (right + SIGN) % (2 * SIGN) - SIGN
            other = w.constant(signed, vector("i16", _WIDE), "k")
        else:
            other = w.shuffle("w", right, right, lanes)
        made = w.value("b", op, wide, other)
        return w.shuffle("b", made, made, range(LANES))

    def bit_and(self, left: Value, right: Value | int) -> Value:
        """The bits that both have."""
        return self._bitwise("arith.andi", left, right)

    def bit_or(self, left: Value, right: Value | int) -> Value:
        """The bits that either has."""
        return self._bitwise("arith.ori", left, right)

    def parts(self, value: float) -> Pair:
        """A number as the sum of two of bf16."""
        high = to_bf16(value)
        return self.numbers(high, to_bf16(value - high))

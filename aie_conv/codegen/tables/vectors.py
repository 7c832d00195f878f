"""The code of a table: bytes in, bytes out, by maxima and products of bytes."""

from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.codegen.depthwise import ELEMENT_PRODUCTS
from aie_conv.codegen.matrix_unit import I32, Intrinsic, bitcast
from aie_conv.codegen.tables.hinges import LOW, ByteHinges, pairs
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import Op, Value, vector

BYTES = 64
"""Of a vector of bytes on both architectures."""


@dataclass(frozen=True)
class TableVectors:
    """Writes a table.

    Attributes:
        arch: the cores'.
        form: the table's.
    """

    arch: Arch
    form: ByteHinges

    @property
    def _unit(self) -> Intrinsic:
        return ELEMENT_PRODUCTS[self.arch.name, "i8"]

    @property
    def lanes(self) -> int:
        """Bytes that are computed at a time: lanes of i32 in an accumulator."""
        return self._unit.carried.bits // 32

    @property
    def at_once(self) -> int:
        """Products that an instruction adds in a lane."""
        return BYTES // self.lanes

    @property
    def table_bytes(self) -> int:
        """Bytes of data memory that knots and factors take."""
        return len(pairs(self.form.terms, self.at_once)) * 2 * BYTES

    def declared(self) -> list[Op]:
        """What the module must declare."""
        return [self._unit.declaration]

    def write(self, w: Builder, x: Value) -> Value:
        """The table's entry for each lane of a vector of bytes.

        Args:
            w: where to write.
            x: any number of lanes.
        """
        count, parts = x.type.elements, list[Value]()
        for first in range(0, count, self.lanes):
            once = [first + i if first + i < count else -1 for i in range(self.lanes)]
            lanes = once * self.at_once
            part = x if lanes == list(range(count)) else w.shuffle("x", x, x, lanes)
            parts.append(self._part(w, part))
        return self._joined(w, parts, count)

    def _part(self, w: Builder, x: Value) -> Value:
        """The entries for the lanes of one accumulator."""
        unit, form = self._unit, self.form
        conf = w.constant(unit.conf, I32)
        acc = bitcast(w, w.constant(form.base, vector("i32", self.lanes), "k"), unit.carried)
        for group in pairs(form.terms, self.at_once):
            knots = [knot for knot, _ in group for _ in range(self.lanes)]
            factors = [factor for _, factor in group for _ in range(self.lanes)]
            # Every byte is the lowest one or above it.
            plain = set(knots) == {LOW}
            reached = x if plain else w.value("h", "arith.maxsi", x, self._bytes(w, knots))
            left = bitcast(w, reached, unit.left)
            acc = unit.call(w, left, bitcast(w, self._bytes(w, factors), unit.right), acc, conf)
        total = bitcast(w, acc, vector("i32", self.lanes))
        byte = -(-form.shift // 8)
        if byte * 8 != form.shift:
            by = w.constant(byte * 8 - form.shift, total.type, "k")
            total = w.value("e", "arith.shli", total, by)
        seen = bitcast(w, total, vector("i8", 4 * self.lanes))
        return w.shuffle("e", seen, seen, range(byte, 4 * self.lanes, 4))

    @staticmethod
    def _bytes(w: Builder, values: list[int]) -> Value:
        return w.table(values, vector("i8", BYTES))

    def _joined(self, w: Builder, parts: list[Value], count: int) -> Value:
        """The lanes of all parts."""
        whole = parts[0]
        for part in parts[1:]:
            have = whole.type.elements
            size = max(have, part.type.elements)
            longer = [w.shuffle("y", v, v, _filled(v.type.elements, size)) for v in (whole, part)]
            taken = [*range(have), *range(size, size + part.type.elements)]
            whole = w.shuffle("y", *longer, taken)
        return whole if whole.type.elements == count else w.shuffle("y", whole, whole, range(count))


def _filled(count: int, size: int) -> list[int]:
    """Lanes of a vector that is made longer."""
    return [*range(count), *[-1] * (size - count)]

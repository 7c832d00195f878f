"""The epilogue of one core as scalar code: the dispatch's own operations on one value at a time.

Buffers are as in :mod:`aie_conv.codegen.epilogue`: per-channel operands lie behind the weights in the
B buffer, a residual tile lies in an A buffer. Both are read in pieces of the buffer's type.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from aie_conv.codegen.epilogue import EpilogueKernel
from aie_conv.codegen.epilogue_blocks import number
from aie_conv.codegen.matrix_unit import I32
from aie_conv.errors import Unsupported
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import ELEMENT_BITS, Op, Value, scalar
from aie_conv.ir.printer import print_op
from aie_conv.problem import DTYPE_BYTES, Epilogue, Step

_FLOAT = frozenset(
    f"arith.{n}" for n in ("addf", "subf", "mulf", "divf", "negf", "maximumf", "minimumf")
)
_INTEGER = frozenset(
    f"arith.{n}"
    for n in ("addi", "subi", "muli", "andi", "ori", "xori", "shli", "shrui", "divsi", "remsi")
)
_ORDER = {
    "arith.maxsi": "sgt",
    "arith.minsi": "slt",
    "arith.maxui": "ugt",
    "arith.minui": "ult",
}
_CAST = frozenset(("arith.extf", "arith.extsi", "arith.extui", "arith.trunci"))
_CONVERT = frozenset(("arith.sitofp", "arith.uitofp", "arith.fptosi"))
_OTHER = frozenset(
    f"arith.{n}" for n in ("constant", "select", "shrsi", "truncf", "cmpf", "cmpi")
) | {"math.roundeven"}
_TAKEN = _FLOAT | _INTEGER | frozenset(_ORDER) | _CAST | _CONVERT | _OTHER
_DTYPES = frozenset(("i1", "i8", "i16", "i32", "bf16", "f32"))

_SLOW = {
    "arith.mulf": 100, "arith.divf": 300, "arith.divsi": 100, "arith.remsi": 100,
    "arith.addf": 14, "arith.subf": 14, "arith.cmpf": 30, "arith.maximumf": 30,
    "arith.minimumf": 30, "arith.sitofp": 40, "arith.uitofp": 40, "arith.fptosi": 30,
    "math.roundeven": 150,
}  # fmt: skip
"""Cycles of operations without a scalar instruction: library calls [EST: the simulator's]."""


def check_scalar(epilogue: Epilogue, accumulator: str) -> None:
    """Refuse what scalar code does not do to the bit.

    Raises:
        Unsupported: an operation or type without an exact scalar form; the message names it.
    """
    for step in epilogue.steps:
        if step.op not in _TAKEN:
            raise Unsupported(f"epilogue: {step.op} is not one of the cores' scalar operations")
        if step.dtype not in _DTYPES:
            raise Unsupported(f"epilogue: {step.op} gives {step.dtype}, no type of the cores")
        if step.op == "arith.truncf" and step.dtype != "bf16":
            raise Unsupported(f"epilogue: {step.op} to {step.dtype}: only bf16")
        if isinstance(step.attr, float) and not math.isfinite(step.attr):
            raise Unsupported(f"epilogue: constant {step.attr} has no portable form")
        types = {epilogue.value_dtype(arg, accumulator) for arg in step.args} | {step.dtype}
        if step.op in _CONVERT and "f32" not in types:
            raise Unsupported(f"epilogue: {step.op} of a type other than f32")
        boolean = {"arith.cmpf", "arith.cmpi", "arith.select", "arith.constant"}
        if "i1" in types and step.op not in boolean | {"arith.andi", "arith.ori", "arith.xori"}:
            raise Unsupported(f"epilogue: {step.op} on booleans")


@dataclass(frozen=True)
class ScalarEpilogue:
    """One epilogue function.

    Attributes:
        tile: the same epilogue for vectors: its operands and sizes; blocks are one pixel of one channel.
    """

    tile: EpilogueKernel

    def declared(self) -> list[Op]:
        """Nothing: scalar code calls no intrinsics."""
        return []

    def text(self, name: str) -> str:
        """The text of :meth:`function`."""
        return print_op(self.function(name), 2)

    def cycles(self) -> int:
        """Issue cycles of one call, an estimate: operations one after the other."""
        steps = [step for step in self.tile.epilogue.steps if step.op != "arith.constant"]
        work = sum(_SLOW.get(step.op, 2) for step in steps)
        work += 12 * sum(step.dtype == "bf16" for step in steps)
        return 30 + self.tile.m * self.tile.columns * (
            16 + 8 * (self.tile.residual is not None) + work
        )

    def function(self, name: str) -> Op:
        """The function ``name(acc[, b], out[, residual, first channel, residual's offset])``."""
        f = Function(name, self.tile.arguments)
        w, buffers = f.builder, {value.name: value for value in f.arguments}
        lie = self.tile.blocks
        height, width = (
            (lie.rows, lie.columns) if self.tile.residual is not None else (1, self.tile.m)
        )
        zero, one = w.constant(0), w.constant(1)
        constants = {
            i: w.constant(number(step), scalar(step.dtype), "k")
            for i, step in enumerate(self.tile.epilogue.steps)
            if step.op == "arith.constant"
        }
        with w.loop("n", zero, w.constant(self.tile.columns), one) as n:
            channel = w.sum(n, buffers["nb0"]) if self.tile.residual is not None else n
            vectors = {
                i: self._read(w, i, (buffers["b"], w.constant(place_of)), channel)
                for i, place_of in self.tile.vector_at
            }
            with (
                w.loop("y", zero, w.constant(height), one) as y,
                w.loop("x", zero, w.constant(width), one) as x,
            ):
                values = dict(vectors)
                if self.tile.residual is not None:
                    start = w.sum(w.times(y, lie.row), w.times(x, lie.column))
                    place = buffers["res"], w.sum(start, buffers["kb0"])
                    values[self.tile.residual] = self._read(w, self.tile.residual, place, n)
                pixel = w.sum(w.times(y, width), x)
                place_of = w.sum(w.times(pixel, self.tile.n), channel)
                acc = w.value("acc", "memref.load", buffers["acc"], place_of)
                result = self._one(w, acc, values, constants)
                w.op("memref.store", result, buffers["out"], place_of)
        return f.finish()

    # -- reading operands of one type from a buffer of another ------------------------------------
    def _read(self, w: Builder, operand: int, place: tuple[Value, Value], index: Value) -> Value:
        """An element of an array of an operand's type.

        Args:
            w: where to write.
            operand: the input.
            place: the buffer, and the element of its own type where the array begins.
            index: the element's index in the array.
        """
        buffer, base = place
        dtype = self.tile.epilogue.inputs[operand].operand.dtype
        have, want = DTYPE_BYTES[buffer.type.elem], DTYPE_BYTES[dtype]

        def load(position: Value) -> Value:
            return w.value("v", "memref.load", buffer, position)

        if buffer.type.elem == dtype:
            return load(w.sum(base, index))
        if want >= have:
            position = w.sum(base, w.times(index, want // have))
            value = self._joined(w, [load(w.plus(position, i)) for i in range(want // have)], dtype)
            return self._as(w, value, dtype)
        parts = w.constant(have // want)
        position = w.value("i", "arith.divui", index, parts)
        word = self._as(w, load(w.sum(base, position)), f"i{8 * have}")
        inside = w.value("i", "arith.remui", index, parts)
        shift = w.value("i", "arith.index_cast", w.times(inside, 8 * want), to=I32)
        if have < 4:
            word = w.value("e", "arith.extui", word, to=I32)
        word = w.value("e", "arith.shrui", word, shift)
        value = w.value("e", "arith.trunci", word, to=scalar(f"i{8 * want}"))
        return self._as(w, value, dtype)

    def _joined(self, w: Builder, pieces: list[Value], dtype: str) -> Value:
        """Pieces of a buffer's type, the lowest first, as one integer of ``dtype``'s width."""
        piece_bits, bits = ELEMENT_BITS[pieces[0].type.elem], 8 * DTYPE_BYTES[dtype]
        wide = scalar(f"i{bits}")

        def part(piece: Value) -> Value:
            value = self._as(w, piece, f"i{piece_bits}")
            return w.value("e", "arith.extui", value, to=wide) if piece_bits < bits else value

        total = part(pieces[0])
        for i, piece in enumerate(pieces[1:], 1):
            value = part(piece)
            value = w.value("e", "arith.shli", value, w.constant(piece_bits * i, wide))
            total = w.value("e", "arith.ori", total, value)
        return total

    @staticmethod
    def _as(w: Builder, value: Value, dtype: str) -> Value:
        """The same bits as another type of its width."""
        if value.type.elem == dtype:
            return value
        return w.value("e", "arith.bitcast", value, to=scalar(dtype))

    # -- the operations ---------------------------------------------------------------------------
    def _one(
        self, w: Builder, acc: Value, inputs: Mapping[int, Value], constants: Mapping[int, Value]
    ) -> Value:
        """One result, from its sum."""
        values = [acc, *(inputs[i] for i in range(len(self.tile.epilogue.inputs)))]
        for i, step in enumerate(self.tile.epilogue.steps):
            args = [values[a] for a in step.args]
            values.append(constants[i] if i in constants else self._operation(w, step, args))
        return values[self.tile.epilogue.result]

    def _operation(self, w: Builder, step: Step, args: list[Value]) -> Value:
        op, dtype = step.op, step.dtype
        if op == "arith.truncf":
            return self._to_bf16(w, args[0])
        if op == "math.roundeven":
            return self._rounded(w, args[0])
        if op in ("arith.cmpf", "arith.cmpi"):
            if args[0].type.elem == "bf16":
                args = [self._wide(w, a) for a in args]
            return w.value("is", op, *args, predicate=str(step.attr))
        if op in _ORDER:
            # As comparisons: the tools make vector instructions of maxsi and its like.
            holds = w.value("is", "arith.cmpi", *args, predicate=_ORDER[op])
            return w.value("e", "arith.select", holds, *args)
        if op == "arith.shrsi" and dtype == "i32":
            return self._shifted(w, args)
        if op in _CONVERT:
            return self._converted(w, step, args[0])
        if op in _CAST:
            return w.value("e", op, args[0], to=scalar(dtype))
        if dtype == "bf16" and op in _FLOAT:
            # In f32, rounded here: the device rounds bf16 results by a control register.
            return self._to_bf16(w, w.value("e", op, *(self._wide(w, a) for a in args)))
        return w.value("e", op, *args)

    @staticmethod
    def _wide(w: Builder, value: Value) -> Value:
        return w.value("e", "arith.extf", value, to=scalar("f32"))

    @staticmethod
    def _shifted(w: Builder, args: list[Value]) -> Value:
        """A signed right shift of i32 without ``arith.shrsi``, which the tools make a rounding one.

        x >> s = ((x + 2^31) >>u s) - (2^31 >>u s) holds for every x and s < 32.
        """
        half = w.constant(-(1 << 31), I32)
        moved = w.value("e", "arith.addi", args[0], half)
        shifted = w.value("e", "arith.shrui", moved, args[1])
        base = w.value("e", "arith.shrui", half, args[1])
        return w.value("e", "arith.subi", shifted, base)

    @staticmethod
    def _converted(w: Builder, step: Step, value: Value) -> Value:
        """Between integers and f32; narrower integers go through i32."""
        if step.op == "arith.fptosi":
            converted = w.value("e", step.op, value, to=I32)
            if step.dtype == "i32":
                return converted
            return w.value("e", "arith.trunci", converted, to=scalar(step.dtype))
        if value.type.elem != "i32":
            extend = "arith.extsi" if step.op == "arith.sitofp" else "arith.extui"
            value = w.value("e", extend, value, to=I32)
        return w.value("e", step.op, value, to=scalar("f32"))

    @staticmethod
    def _to_bf16(w: Builder, value: Value) -> Value:
        """f32 to bf16, nearest with ties to even, in integers; NaN becomes a quiet NaN.

        The device's own conversion rounds by a control register.
        """

        def do(op: str, *args: Value) -> Value:
            return w.value("e", f"arith.{op}", *args)

        def literal(value: int) -> Value:
            return w.constant(value, I32)

        bits = w.value("e", "arith.bitcast", value, to=I32)
        odd = do("andi", do("shrui", bits, literal(16)), literal(1))
        rounded = do("addi", do("addi", bits, literal(0x7FFF)), odd)
        magnitude = do("shli", bits, literal(1))
        nan = w.compare("ugt", magnitude, literal(-0x1000000))
        chosen = do("select", nan, literal(0x7FC00000), rounded)
        half = w.value("e", "arith.trunci", do("shrui", chosen, literal(16)), to=scalar("i16"))
        return w.value("e", "arith.bitcast", half, to=scalar("bf16"))

    def _rounded(self, w: Builder, value: Value) -> Value:
        """To the nearest integer, ties to even, by adding and subtracting 2^23 away from zero.

        Exact for every value; the sign of a zero that a negative fraction rounds to is lost.
        """
        if value.type.elem == "bf16":
            return self._to_bf16(w, self._rounded(w, self._wide(w, value)))

        def do(op: str, *args: Value) -> Value:
            return w.value("e", f"arith.{op}", *args)

        f32 = scalar("f32")
        big, small, zero = (w.constant(v, f32, "k") for v in (2.0**23, -(2.0**23), 0.0))
        up = do("subf", do("addf", value, big), big)
        down = do("addf", do("subf", value, big), big)
        near = do("select", w.compare("olt", value, zero), down, up)
        below = w.compare("olt", value, big)
        above = w.compare("ogt", value, small)
        both = w.value("is", "arith.andi", below, above)
        return do("select", both, near, value)

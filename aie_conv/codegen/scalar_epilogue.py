"""The epilogue of one core as scalar code: the dispatch's own operations on one value at a time.

Buffers are as in :mod:`aie_conv.codegen.epilogue`: per-channel operands lie behind the weights in the
B buffer, a residual tile lies in an A buffer. Both are read in pieces of the buffer's type.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from aie_conv.codegen.epilogue import EpilogueKernel
from aie_conv.codegen.epilogue_blocks import literal
from aie_conv.codegen.text import Writer
from aie_conv.errors import Unsupported
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
class ScalarEpilogue(EpilogueKernel):
    """One epilogue function; blocks are one pixel of one channel."""

    def cycles(self) -> int:
        """Issue cycles of one call, an estimate: operations one after the other."""
        steps = [step for step in self.epilogue.steps if step.op != "arith.constant"]
        work = sum(_SLOW.get(step.op, 2) for step in steps)
        work += 12 * sum(step.dtype == "bf16" for step in steps)
        return 30 + self.m * self.columns * (16 + 8 * (self.residual is not None) + work)

    def text(self, name: str) -> str:
        """The function ``name(acc[, b], out[, residual, first channel, residual's offset])``."""
        w = Writer()
        names = ["%acc", *(["%b"] if self.vector_at else []), "%out", "%res", "%nb0", "%kb0"]
        parts = self.signature().split(", ")
        args = ", ".join(f"{n}: {ty}" for n, ty in zip(names, parts, strict=False))
        lie = self.blocks
        height, width = (lie.rows, lie.columns) if self.residual is not None else (1, self.m)
        with w.block(f"func.func private @{name}({args})"):
            zero, one = w.constant(0), w.constant(1)
            constants = {
                i: w.value("k", f"arith.constant {literal(step)} : {step.dtype}")
                for i, step in enumerate(self.epilogue.steps)
                if step.op == "arith.constant"
            }
            with w.loop("n", zero, w.constant(self.columns), one) as n:
                channel = w.sum(n, "%nb0") if self.residual is not None else n
                vectors = {i: self._vector(w, i, at, channel) for i, at in self.vector_at.items()}
                with (
                    w.loop("y", zero, w.constant(height), one) as y,
                    w.loop("x", zero, w.constant(width), one) as x,
                ):
                    values = dict(vectors)
                    if self.residual is not None:
                        start = w.sum(w.times(y, lie.row), w.times(x, lie.column))
                        dtype = self.epilogue.inputs[self.residual].operand.dtype
                        place = ("%res", self.a_elements, w.sum(start, "%kb0"))
                        values[self.residual] = self._read(w, place, n, dtype)
                    pixel = w.sum(w.times(y, width), x)
                    self._one(w, w.sum(w.times(pixel, self.n), channel), values, constants)
            w.line("return")
        return w.text()

    # -- reading operands of one type from a buffer of another ------------------------------------
    def _vector(self, w: Writer, index: int, at: int, nb: str) -> str:
        dtype = self.epilogue.inputs[index].operand.dtype
        return self._read(w, ("%b", self.b_elements, w.constant(at)), nb, dtype)

    def _read(self, w: Writer, place: tuple[str, int, str], index: str, dtype: str) -> str:
        """Element ``index`` of an array of ``dtype`` at ``place``.

        Args:
            w: where to write.
            place: a buffer of operands, its length, and the operand where the array begins.
            index: the element's index in the array.
            dtype: its type.
        """
        buffer, elements, base = place
        own = self.operand_dtype
        have, want = DTYPE_BYTES[own], DTYPE_BYTES[dtype]

        def load(at: str) -> str:
            return w.value("v", f"memref.load {buffer}[{at}] : memref<{elements}x{own}>")

        if own == dtype:
            return load(w.sum(base, index))
        if want >= have:
            at = w.sum(base, w.times(index, want // have))
            value = self._joined(w, [load(w.plus(at, i)) for i in range(want // have)], dtype)
        else:
            parts = w.constant(have // want)
            at = w.value("i", f"arith.divui {index}, {parts} : index")
            word = self._bits(w, load(w.sum(base, at)), own)
            place_in = w.value("i", f"arith.remui {index}, {parts} : index")
            shift = w.value("i", f"arith.index_cast {w.times(place_in, 8 * want)} : index to i32")
            if have < 4:
                word = w.value("e", f"arith.extui {word} : i{8 * have} to i32")
            word = w.value("e", f"arith.shrui {word}, {shift} : i32")
            value = w.value("e", f"arith.trunci {word} : i32 to i{8 * want}")
        return self._as(w, value, dtype)

    def _joined(self, w: Writer, pieces: list[str], dtype: str) -> str:
        """Pieces of a buffer's type, the lowest first, as one integer of ``dtype``'s width."""
        own, bits = 8 * DTYPE_BYTES[self.operand_dtype], 8 * DTYPE_BYTES[dtype]
        whole = ""
        for i, piece in enumerate(pieces):
            part = self._bits(w, piece, self.operand_dtype)
            if own < bits:
                part = w.value("e", f"arith.extui {part} : i{own} to i{bits}")
            if i:
                shift = w.constant(own * i, f"i{bits}")
                part = w.value("e", f"arith.shli {part}, {shift} : i{bits}")
                part = w.value("e", f"arith.ori {whole}, {part} : i{bits}")
            whole = part
        return whole

    @staticmethod
    def _bits(w: Writer, value: str, dtype: str) -> str:
        """A value as an integer of its width."""
        if dtype.startswith("i"):
            return value
        return w.value("e", f"arith.bitcast {value} : {dtype} to i{8 * DTYPE_BYTES[dtype]}")

    @staticmethod
    def _as(w: Writer, value: str, dtype: str) -> str:
        """An integer as a value of a type of its width."""
        if dtype.startswith("i"):
            return value
        return w.value("e", f"arith.bitcast {value} : i{8 * DTYPE_BYTES[dtype]} to {dtype}")

    # -- the operations ---------------------------------------------------------------------------
    def _one(
        self, w: Writer, at: str, inputs: Mapping[int, str], constants: Mapping[int, str]
    ) -> None:
        """One result: load the sum, run the steps, store."""
        acc = w.value(
            "acc", f"memref.load %acc[{at}] : memref<{self.m * self.n}x{self.accumulator}>"
        )
        values = [acc, *(inputs[i] for i in range(len(self.epilogue.inputs)))]
        for i in range(len(self.epilogue.steps)):
            values.append(constants[i] if i in constants else self._operation(w, i, values))
        result = values[self.epilogue.result]
        w.line(f"memref.store {result}, %out[{at}] : memref<{self.m * self.n}x{self.out_dtype}>")

    def _operation(self, w: Writer, number: int, values: list[str]) -> str:
        step = self.epilogue.steps[number]
        args = [values[a] for a in step.args]
        source = self.epilogue.value_dtype(step.args[0], self.accumulator)
        op, dtype = step.op, step.dtype
        if op == "arith.truncf":
            return self._to_bf16(w, args[0])
        if op == "math.roundeven":
            return self._rounded(w, args[0], dtype)
        if op in ("arith.cmpf", "arith.cmpi"):
            if source == "bf16":
                args, source = [self._wide(w, a) for a in args], "f32"
            return w.value("is", f"{op} {step.attr}, {args[0]}, {args[1]} : {source}")
        if op in _ORDER:
            # As comparisons: the tools make vector instructions of maxsi and its like.
            holds = w.value("is", f"arith.cmpi {_ORDER[op]}, {args[0]}, {args[1]} : {dtype}")
            return w.value("e", f"arith.select {holds}, {args[0]}, {args[1]} : {dtype}")
        if op == "arith.shrsi" and dtype == "i32":
            return self._shifted(w, args)
        if op in _CONVERT:
            return self._converted(w, step, args[0], source)
        if op in _CAST:
            return w.value("e", f"{op} {args[0]} : {source} to {dtype}")
        if dtype == "bf16" and op in _FLOAT:
            # In f32, rounded here: the device rounds bf16 results by a control register.
            wide = w.value("e", f"{op} {', '.join(self._wide(w, a) for a in args)} : f32")
            return self._to_bf16(w, wide)
        return w.value("e", f"{op} {', '.join(args)} : {dtype}")

    @staticmethod
    def _wide(w: Writer, value: str) -> str:
        return w.value("e", f"arith.extf {value} : bf16 to f32")

    @staticmethod
    def _shifted(w: Writer, args: list[str]) -> str:
        """A signed right shift of i32 without ``arith.shrsi``, which the tools make a rounding one.

        x >> s = ((x + 2^31) >>u s) - (2^31 >>u s) holds for every x and s < 32.
        """
        half = w.constant(-(1 << 31), "i32")
        moved = w.value("e", f"arith.addi {args[0]}, {half} : i32")
        shifted = w.value("e", f"arith.shrui {moved}, {args[1]} : i32")
        base = w.value("e", f"arith.shrui {half}, {args[1]} : i32")
        return w.value("e", f"arith.subi {shifted}, {base} : i32")

    @staticmethod
    def _converted(w: Writer, step: Step, value: str, source: str) -> str:
        """Between integers and f32; narrower integers go through i32."""
        if step.op == "arith.fptosi":
            made = w.value("e", f"{step.op} {value} : f32 to i32")
            if step.dtype == "i32":
                return made
            return w.value("e", f"arith.trunci {made} : i32 to {step.dtype}")
        if source != "i32":
            extend = "arith.extsi" if step.op == "arith.sitofp" else "arith.extui"
            value = w.value("e", f"{extend} {value} : {source} to i32")
        return w.value("e", f"{step.op} {value} : i32 to f32")

    @staticmethod
    def _to_bf16(w: Writer, value: str) -> str:
        """f32 to bf16, nearest with ties to even, in integers; NaN becomes a quiet NaN.

        The device's own conversion rounds by a control register.
        """

        def do(op: str, *args: str) -> str:
            return w.value("e", f"arith.{op} {', '.join(args)} : i32")

        def number(value: int) -> str:
            return w.constant(value, "i32")

        bits = w.value("e", f"arith.bitcast {value} : f32 to i32")
        odd = do("andi", do("shrui", bits, number(16)), number(1))
        rounded = do("addi", do("addi", bits, number(0x7FFF)), odd)
        magnitude = do("shli", bits, number(1))
        nan = w.value("is", f"arith.cmpi ugt, {magnitude}, {number(-0x1000000)} : i32")
        chosen = do("select", nan, number(0x7FC00000), rounded)
        half = w.value("e", f"arith.trunci {do('shrui', chosen, number(16))} : i32 to i16")
        return w.value("e", f"arith.bitcast {half} : i16 to bf16")

    def _rounded(self, w: Writer, value: str, dtype: str) -> str:
        """To the nearest integer, ties to even, by adding and subtracting 2^23 away from zero.

        Exact for every value; the sign of a zero that a negative fraction rounds to is lost.
        """
        if dtype == "bf16":
            return self._to_bf16(w, self._rounded(w, self._wide(w, value), "f32"))

        def do(op: str, *args: str) -> str:
            return w.value("e", f"arith.{op} {', '.join(args)} : f32")

        big, small, zero = (
            w.value("k", f"arith.constant {v:.9e} : f32") for v in (2.0**23, -(2.0**23), 0.0)
        )
        up = do("subf", do("addf", value, big), big)
        down = do("addf", do("subf", value, big), big)
        negative = w.value("is", f"arith.cmpf olt, {value}, {zero} : f32")
        near = do("select", negative, down, up)
        below = w.value("is", f"arith.cmpf olt, {value}, {big} : f32")
        above = w.value("is", f"arith.cmpf ogt, {value}, {small} : f32")
        both = w.value("is", f"arith.andi {below}, {above} : i1")
        return do("select", both, near, value)

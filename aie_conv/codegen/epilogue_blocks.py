"""What every epilogue of a core does to a block of sums: its operations, and how operands are gathered.

A block is the r x t accumulator of one matrix instruction, as r * t lanes. How blocks follow one another
is said by the functions in :mod:`aie_conv.codegen.epilogue` and :mod:`aie_conv.codegen.parametric_epilogue`.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from aie_conv.arch import Arch
from aie_conv.codegen.matrix_unit import bitcast
from aie_conv.codegen.replacements import Replacements, replacements
from aie_conv.codegen.short_products import short_unit
from aie_conv.codegen.step_work import ROUNDED
from aie_conv.ir.builder import ALIGNMENT, Builder
from aie_conv.ir.core import Op, Type, Value, vector
from aie_conv.problem import DTYPE_BYTES, Epilogue, Step

_FLOAT = ROUNDED | {"arith.maximumf", "arith.minimumf", "arith.negf"}
_INTEGER = frozenset(f"arith.{n}" for n in ("addi", "maxsi", "minsi", "shli", "shrui"))
_WIDE_INTEGER = frozenset(f"arith.{n}" for n in ("subi", "muli", "maxui", "minui"))
_EXTEND = frozenset(("arith.extf", "arith.extsi"))
CONVERT = frozenset(("arith.sitofp", "arith.fptosi"))
COMPARE = frozenset(("arith.cmpf", "arith.cmpi"))
TAKEN = (
    _FLOAT
    | _INTEGER
    | _WIDE_INTEGER
    | _EXTEND
    | CONVERT
    | COMPARE
    | {"arith.constant", "arith.select", "arith.shrsi", "arith.trunci", "arith.truncf"}
    | {"math.roundeven"}
)
"""Operations with an exact vector form."""

WIDE = 128
"""Lanes at which mlir-aie leaves arithmetic on vectors as it is.

At the device's own widths it rewrites float arithmetic, comparisons and some integer operations
into vector instructions of other meaning (an f32 product becomes bf16 MACs) or none. At 128 lanes,
which is no device width, the operations reach LLVM unchanged on both architectures; the unused
lanes are poison and cost nothing after legalisation. Found by running each operation through
aie-opt (March 2026) at 16 to 128 lanes.
"""


Constants = Mapping[Hashable, Value]
"""Values of constants, by the number of their step, or by what else tells them apart."""


def number(step: Step) -> float:
    """The value of a constant."""
    if step.dtype in ("f32", "bf16"):
        # Not "or 0": zero has a sign.
        return 0.0 if step.attr is None else float(step.attr)
    return bool(step.attr) if step.dtype == "i1" else int(step.attr or 0)


@dataclass(frozen=True)
class BlockEpilogue:
    """The operations of one epilogue on blocks.

    Attributes:
        arch: the core's generation.
        epilogue: the operations.
        accumulator: "i32" or "f32".
        out_dtype: what is stored; must be the epilogue's result type.
        operand_dtype: type of the buffers that per-channel operands and a residual come in.
        rst: the matrix instruction's shape.
    """

    arch: Arch
    epilogue: Epilogue
    accumulator: str
    out_dtype: str
    operand_dtype: str
    rst: tuple[int, int, int]

    @property
    def lanes(self) -> int:
        """Lanes of one block."""
        return self.rst[0] * self.rst[2]

    @cached_property
    def _replaced(self) -> Replacements:
        """What stands in the place of steps."""
        return replacements(self.epilogue, self.accumulator, self.multiplies_shorts)

    @cached_property
    def multiplies_shorts(self) -> bool:
        """Whether the vector unit multiplies a block's lanes of 16 bits."""
        return short_unit(self.arch, self.lanes) is not None

    def declared(self) -> list[Op]:
        """What the module must declare for the epilogue."""
        functions = self._replaced.functions.values()
        declared = [op for each in functions for op in each.vectors(self.arch).declared()]
        unit = short_unit(self.arch, self.lanes)
        if unit is not None and self._replaced.products:
            declared.append(unit.declaration)
        return list({op.attrs["sym_name"]: op for op in declared}.values())

    # -- operands ---------------------------------------------------------------------------------
    def _dtype(self, index: int) -> str:
        """Type of an input."""
        return self.epilogue.inputs[index].operand.dtype

    def _type(self, dtype: str) -> Type:
        return vector(dtype, self.lanes)

    def _constants(self, w: Builder, known: Constants | None = None) -> dict[Hashable, Value]:
        """The constants that steps use and are not ``known``, by the number of their step."""
        return {
            i: w.constant(number(step), self._type(step.dtype), "k")
            for i, step in enumerate(self.epilogue.steps)
            if step.op == "arith.constant"
            and i not in self._replaced.absorbed
            and i not in (known or {})
        }

    def _load(self, w: Builder, buffer: Value, index: Value, lanes: int) -> Value:
        size = lanes * DTYPE_BYTES[buffer.type.elem]
        return w.load("v", buffer, index, lanes, min(ALIGNMENT, size & -size))

    def _bitcast(self, w: Builder, value: Value, dtype: str) -> Value:
        """Reinterpret operand-typed lanes as ``dtype``."""
        return bitcast(w, value, vector(dtype, value.type.bytes // DTYPE_BYTES[dtype]))

    def _channel_operands(self, index: int) -> int:
        """Elements of the operands' type that a per-channel input's t channels take."""
        return self.rst[2] * DTYPE_BYTES[self._dtype(index)] // DTYPE_BYTES[self.operand_dtype]

    def _channels(self, w: Builder, index: int, buffer: Value, first: Value) -> Value:
        """A per-channel input's t channels, repeated for the r rows of a block."""
        r, _, t = self.rst
        value = self._load(w, buffer, first, self._channel_operands(index))
        value = self._bitcast(w, value, self._dtype(index))
        return w.shuffle("bias", value, value, [*range(t)] * r)

    # -- a residual in A's blocks -----------------------------------------------------------------
    def _a_channels(self, index: int) -> int:
        """Channels of an input in one of A's blocks."""
        return self.rst[1] * DTYPE_BYTES[self.operand_dtype] // DTYPE_BYTES[self._dtype(index)]

    def _gather(self, w: Builder, index: int, nb: Value, read: Callable[[Value], Value]) -> Value:
        """What A's blocks hold for block ``nb`` of t channels, or the whole block that it lies in.

        Args:
            w: where to write.
            index: the residual's.
            nb: counted from the residual's first channel.
            read: loads a block of A, by its number from there.
        """
        r, _, t = self.rst
        wide = self._a_channels(index)
        if wide >= t:
            return read(w.value("i", "arith.divui", nb, w.constant(wide // t)))
        first = w.times(nb, t // wide)
        value, have = read(w.sum(first, w.constant(0))), wide
        for part in range(1, t // wide):
            piece = read(w.sum(first, w.constant(part)))
            lanes = [
                i * have + c if c < have else r * have + i * wide + c - have
                for i in range(r)
                for c in range(have + wide)
            ]
            value = w.shuffle("r", value, piece, lanes)
            have += wide
        return value

    def _a_block(self, w: Builder, index: int, buffer: Value, first: Value) -> Value:
        """A block of A, as the residual's type."""
        value = self._load(w, buffer, first, self.rst[0] * self.rst[1])
        return self._bitcast(w, value, self._dtype(index))

    def _covered(self, index: int) -> int:
        """Blocks of the accumulator that one block of a residual covers, at least 1."""
        return max(1, self._a_channels(index) // self.rst[2])

    def _phase(self, w: Builder, value: Value, index: int, phase: int) -> Value:
        """One instruction's channels of a block of A that holds several instructions' channels."""
        covered = self._covered(index)
        if covered == 1:
            return value
        r, _, t = self.rst
        wide = covered * t
        lanes = [i * wide + phase * t + c for i in range(r) for c in range(t)]
        return w.shuffle("r", value, value, lanes)

    # -- the operations ---------------------------------------------------------------------------
    def _values(
        self, w: Builder, sums: Value, inputs: Mapping[int, Value], constants: Constants
    ) -> Value:
        """What is stored for a block.

        Args:
            w: where to write.
            sums: the block's.
            inputs: the other inputs' lanes, by index; behind them steps that were computed before.
            constants: of :meth:`_constants`.
        """
        values = {0: sums, **{1 + index: value for index, value in inputs.items()}}
        first = 1 + len(self.epilogue.inputs)
        steps = (i for i in range(len(self.epilogue.steps)) if first + i not in values)
        self._add_values(w, steps, values, constants)
        return values[self.epilogue.result]

    def _add_values(
        self, w: Builder, steps: Iterable[int], values: dict[int, Value], constants: Constants
    ) -> None:
        """Add the values of steps, by their numbers; one that another stands for has none."""
        first = 1 + len(self.epilogue.inputs)
        for i in steps:
            if i in self._replaced.functions:
                values[first + i] = self._apply_function(w, i, values)
            elif i in self._replaced.scalings:
                values[first + i] = self._requantise(w, i, values, constants)
            elif i in self._replaced.products:
                values[first + i] = self._multiply_shorts(w, i, values)
            elif i in constants:
                values[first + i] = constants[i]
            elif i not in self._replaced.absorbed and self.epilogue.steps[i].op not in COMPARE:
                values[first + i] = self._step(w, i, values)

    def _multiply_shorts(self, w: Builder, number: int, values: Mapping[int, Value]) -> Value:
        """A sum of products of 16-bit lanes."""
        unit = short_unit(self.arch, self.lanes)
        if unit is None:
            raise ValueError("no products of 16-bit lanes")
        return self._replaced.products[number].write(w, unit, values)

    def _apply_function(self, w: Builder, number: int, values: Mapping[int, Value]) -> Value:
        """A function of lanes, or a table; of f32 it is computed for the nearest bf16 numbers."""
        function = self._replaced.functions[number]
        x = values[function.source]
        if x.type.elem == "f32":
            x = self._round_to_bf16(w, x)
        y = function.vectors(self.arch).write(w, x)
        wider = function.dtype == "f32"
        return w.value("e", "arith.extf", y, to=self._type("f32")) if wider else y

    def _block(
        self,
        w: Builder,
        sums: tuple[Value, Value],
        out: tuple[Value, Value],
        inputs: Mapping[int, Value],
        constants: Constants,
    ) -> None:
        """Finish one block of sums, from a place of one buffer to one of another."""
        value = bitcast(w, w.load("acc", *sums, self.lanes), self._type(self.accumulator))
        result = self._values(w, value, inputs, constants)
        to, place = out
        w.store(result, to, place, min(ALIGNMENT, self.lanes * DTYPE_BYTES[to.type.elem]))

    def _step(self, w: Builder, number: int, values: Mapping[int, Value]) -> Value:
        """One step; a comparison is written with the select that uses it."""
        step = self.epilogue.steps[number]
        if step.op == "arith.select":
            return self._select(w, step, values)
        args = [values[a] for a in step.args]
        special: dict[str, Callable[[], Value]] = {
            **dict.fromkeys(CONVERT, lambda: self._convert(w, step, args[0])),
            "arith.shrsi": lambda: self._shift_right(w, step, args),
            "arith.trunci": lambda: self._low_part(w, args[0], step.dtype),
            "arith.truncf": lambda: self._round_to_bf16(w, args[0]),
            "math.roundeven": lambda: self._round_even(w, args[0]),
        }
        if step.op in special:
            return special[step.op]()
        if step.op in _EXTEND:
            return w.value("e", step.op, args[0], to=self._type(step.dtype))
        if step.op in _INTEGER:
            return w.value("e", step.op, args[0], args[1])
        if step.op in ROUNDED and step.dtype == "bf16":
            # In f32, rounded here: the device rounds bf16 results by a control register.
            exact = [w.value("e", "arith.extf", a, to=self._type("f32")) for a in args]
            return self._round_to_bf16(w, self._wide_operation(w, step.op, exact))
        return self._wide_operation(w, step.op, args)

    def _wide_operation(
        self, w: Builder, op: str, args: Sequence[Value], to: str | None = None
    ) -> Value:
        """An operation at the width that the tools leave alone; a conversion gives lanes of ``to``."""
        wide = [self._widen(w, a) for a in args]
        return self._narrow(w, w.value("e", op, *wide, to=vector(to, WIDE) if to else None))

    def combined(self, w: Builder, op: str, x: Value, y: Value) -> Value:
        """Two blocks as one, lane by lane, by an operation whose operands and result are of one type."""
        return w.value("e", op, x, y) if op in _INTEGER else self._wide_operation(w, op, [x, y])

    def _convert(self, w: Builder, step: Step, value: Value) -> Value:
        """Between integers and f32; narrower integers go through i32."""
        if step.op == "arith.sitofp":
            if value.type.elem != "i32":
                value = w.value("e", "arith.extsi", value, to=self._type("i32"))
            return self._wide_operation(w, step.op, [value], "f32")
        converted = self._wide_operation(w, step.op, [value], "i32")
        return converted if step.dtype == "i32" else self._low_part(w, converted, step.dtype)

    def _round_even(self, w: Builder, value: Value) -> Value:
        """To the nearest integer, ties to even, by adding and subtracting 2^23 away from zero.

        Exact for every value; the sign of a zero that a negative fraction rounds to is lost.
        """
        if value.type.elem == "bf16":
            value = w.value("e", "arith.extf", value, to=self._type("f32"))
            return self._round_to_bf16(w, self._round_even(w, value))

        def splat(number: float) -> Value:
            return w.constant(number, vector("f32", WIDE), "k")

        def choose(predicate: str, than: Value, then: Value, other: Value) -> Value:
            return w.value("e", "arith.select", w.compare(predicate, x, than), then, other)

        x, big, small = self._widen(w, value), splat(2.0**23), splat(-(2.0**23))
        up = w.value("e", "arith.addf", x, big)
        up = w.value("e", "arith.subf", up, big)
        down = w.value("e", "arith.subf", x, big)
        down = w.value("e", "arith.addf", down, big)
        near = choose("olt", splat(0.0), down, up)
        rounded = choose("ult", small, x, choose("ugt", big, x, near))
        return self._narrow(w, rounded)

    def _widen(self, w: Builder, value: Value) -> Value:
        lanes = [i if i < self.lanes else -1 for i in range(WIDE)]
        return w.shuffle("w", value, value, lanes)

    def _narrow(self, w: Builder, value: Value) -> Value:
        return w.shuffle("e", value, value, range(self.lanes))

    def _select(self, w: Builder, step: Step, values: Mapping[int, Value]) -> Value:
        compare = self.epilogue.steps[step.args[0] - 1 - len(self.epilogue.inputs)]
        left, right = (self._widen(w, values[a]) for a in compare.args)
        then, other = (self._widen(w, values[a]) for a in step.args[1:])
        holds = w.value("is", compare.op, left, right, predicate=str(compare.attr))
        return self._narrow(w, w.value("e", "arith.select", holds, then, other))

    def _low_part(self, w: Builder, value: Value, dtype: str) -> Value:
        """Truncate integers by picking their low bytes.

        mlir-aie turns trunci into an accumulator shift that may saturate; this never does.
        """
        return self._every(w, value, dtype, 0)

    def _requantise(
        self, w: Builder, number: int, values: Mapping[int, Value], constants: Constants
    ) -> Value:
        """A shift right, bounds and a truncation; its constants are written here."""
        del constants
        scaling, dtype = self._replaced.scalings[number], self.epilogue.steps[number].dtype

        def apply(op: str, value: Value, constant: int) -> Value:
            return w.value("e", op, value, w.constant(constant, self._type("i32"), "k"))

        value = values[scaling.source]
        if scaling.low is not None and scaling.high is not None:
            value = apply("arith.maxsi", value, scaling.low)
            value = apply("arith.minsi", value, scaling.high)
        if scaling.left:
            value = apply("arith.shli", value, scaling.left)
        return self._every(w, value, dtype, scaling.part)

    def _every(self, w: Builder, value: Value, dtype: str, first: int) -> Value:
        """Lane ``first`` of the lanes of ``dtype`` that make up each lane of ``value``."""
        seen = self._bitcast(w, value, dtype)
        parts = seen.type.elements // self.lanes
        return w.shuffle("e", seen, seen, range(first, parts * self.lanes, parts))

    def _round_to_bf16(self, w: Builder, value: Value) -> Value:
        """f32 to bf16, nearest with ties to even, in integer arithmetic.

        The device's own conversion rounds by a control register that mlir-aie leaves at "floor" in
        March 2026 and sets to "even" in August, and that core code cannot set itself: the tools declare
        llvm.aie2.set.ctrl.reg beside it, and refuse a second declaration. NaN stays a quiet NaN.
        """

        def splat(number: int) -> Value:
            return w.constant(number, self._type("i32"), "k")

        bits = w.value("e", "vector.bitcast", value, to=self._type("i32"))
        odd = w.value("e", "arith.shli", bits, splat(15))
        odd = w.value("e", "arith.shrui", odd, splat(31))
        up = w.value("e", "arith.addi", bits, splat(0x7FFF))
        rounded = w.value("e", "arith.addi", up, odd)
        magnitude = w.value("e", "arith.shli", bits, splat(1))
        nan = w.compare("ugt", magnitude, splat(-0x1000000))
        chosen = w.value("e", "arith.select", nan, splat(0x7FC00000), rounded)
        half = self._every(w, chosen, "i16", 1)
        return w.value("e", "vector.bitcast", half, to=self._type("bf16"))

    def _shift_right(self, w: Builder, step: Step, args: Sequence[Value]) -> Value:
        """A signed right shift without ``arith.shrsi``.

        mlir-aie turns shrsi into an accumulator shift whose rounding follows control registers.
        x >> s = ((x + 2^(b-1)) >>u s) - (2^(b-1) >>u s) holds for every x and s < b.
        """
        bits = 8 * DTYPE_BYTES[step.dtype]
        half = w.constant(-(1 << (bits - 1)), self._type(step.dtype), "k")
        moved = w.value("e", "arith.addi", args[0], half)
        shifted = w.value("e", "arith.shrui", moved, args[1])
        base = w.value("e", "arith.shrui", half, args[1])
        return self._wide_operation(w, "arith.subi", [shifted, base])

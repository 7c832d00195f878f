"""What every epilogue of a core does to a block of sums: its operations, and how operands are gathered.

A block is the r x t accumulator of one matrix instruction, as r * t lanes. How blocks follow one another
is said by the functions in :mod:`aie_conv.codegen.epilogue` and :mod:`aie_conv.codegen.parametric_epilogue`.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property

from aie_conv.codegen.epilogue_cycles import ROUNDED
from aie_conv.codegen.matrix_unit import Buffer, bitcast
from aie_conv.codegen.requantise import Requantisation, absorbed, requantisations
from aie_conv.codegen.text import Writer
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


Constants = Mapping[Hashable, str]
"""Values of constants, by the number of their step, or by what else tells them apart."""


def literal(step: Step) -> str:
    """A constant as MLIR writes it."""
    if step.dtype in ("f32", "bf16"):
        return f"{float(step.attr or 0):.9e}"
    if step.dtype == "i1":
        return "true" if step.attr else "false"
    return str(int(step.attr or 0))


@dataclass(frozen=True)
class BlockEpilogue:
    """The operations of one epilogue on blocks.

    Attributes:
        epilogue: the operations.
        accumulator: "i32" or "f32".
        out_dtype: what is stored; must be the epilogue's result type.
        operand_dtype: type of the buffers that per-channel operands and a residual come in.
        rst: the matrix instruction's shape.
    """

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
    def _requantised(self) -> Mapping[int, Requantisation]:
        """Requantisations, by their last steps."""
        return requantisations(self.epilogue, self.accumulator)

    @cached_property
    def _absorbed(self) -> frozenset[int]:
        """Steps that requantisations stand for, and constants that they alone use."""
        return absorbed(self.epilogue, self._requantised)

    # -- operands ---------------------------------------------------------------------------------
    def _dtype(self, index: int) -> str:
        """Type of an input."""
        return self.epilogue.inputs[index].operand.dtype

    def _type(self, dtype: str) -> str:
        return f"vector<{self.lanes}x{dtype}>"

    def _constants(self, w: Writer, known: Constants | None = None) -> dict[Hashable, str]:
        """The constants that steps use and are not ``known``, by the number of their step."""
        return {
            i: w.value("k", f"arith.constant dense<{literal(step)}> : {self._type(step.dtype)}")
            for i, step in enumerate(self.epilogue.steps)
            if step.op == "arith.constant" and i not in self._absorbed and i not in (known or {})
        }

    def _load(self, w: Writer, buffer: Buffer, at: str, lanes: int) -> str:
        size = lanes * DTYPE_BYTES[buffer.dtype]
        align = min(32, size & -size)
        text = f"vector.load {buffer.name}[{at}] {{alignment = {align} : i64}}"
        return w.value("v", f"{text} : {buffer.type}, vector<{lanes}x{buffer.dtype}>")

    def _bitcast(self, w: Writer, value: str, lanes: int, dtype: str) -> str:
        """Reinterpret operand-typed lanes as ``dtype``."""
        if dtype == self.operand_dtype:
            return value
        count = lanes * DTYPE_BYTES[self.operand_dtype] // DTYPE_BYTES[dtype]
        types = f"vector<{lanes}x{self.operand_dtype}> to vector<{count}x{dtype}>"
        return w.value("v", f"vector.bitcast {value} : {types}")

    def _channel_operands(self, index: int) -> int:
        """Elements of the operands' type that a per-channel input's t channels take."""
        return self.rst[2] * DTYPE_BYTES[self._dtype(index)] // DTYPE_BYTES[self.operand_dtype]

    def _channels(self, w: Writer, index: int, buffer: Buffer, at: str) -> str:
        """A per-channel input's t channels, repeated for the r rows of a block."""
        r, _, t = self.rst
        dtype, count = self._dtype(index), self._channel_operands(index)
        value = self._bitcast(w, self._load(w, buffer, at, count), count, dtype)
        lanes = ", ".join(str(c) for _ in range(r) for c in range(t))
        few = f"vector<{t}x{dtype}>"
        return w.value("bias", f"vector.shuffle {value}, {value} [{lanes}] : {few}, {few}")

    # -- a residual in A's blocks -----------------------------------------------------------------
    def _a_channels(self, index: int) -> int:
        """Channels of an input in one of A's blocks."""
        return self.rst[1] * DTYPE_BYTES[self.operand_dtype] // DTYPE_BYTES[self._dtype(index)]

    def _gather(self, w: Writer, index: int, nb: str, read: Callable[[str], str]) -> str:
        """What A's blocks hold for block ``nb`` of t channels, or the whole block that it lies in.

        Args:
            w: where to write.
            index: the residual's.
            nb: counted from the residual's first channel.
            read: loads a block of A, by its number from there.
        """
        r, _, t = self.rst
        dtype, wide = self._dtype(index), self._a_channels(index)
        if wide >= t:
            per = w.constant(wide // t)
            return read(w.value("i", f"arith.divui {nb}, {per} : index"))
        parts = t // wide
        first = w.times(nb, parts)
        value, have = "", 0
        for part in range(parts):
            piece = read(w.value("i", f"arith.addi {first}, {w.constant(part)} : index"))
            if not part:
                value, have = piece, wide
                continue
            old, new = f"vector<{r * have}x{dtype}>", f"vector<{r * wide}x{dtype}>"
            lanes = ", ".join(
                str(i * have + c if c < have else r * have + i * wide + c - have)
                for i in range(r)
                for c in range(have + wide)
            )
            value = w.value("r", f"vector.shuffle {value}, {piece} [{lanes}] : {old}, {new}")
            have += wide
        return value

    def _a_block(self, w: Writer, index: int, buffer: Buffer, at: str) -> str:
        """A block of A, as the residual's type."""
        count = self.rst[0] * self.rst[1]
        return self._bitcast(w, self._load(w, buffer, at, count), count, self._dtype(index))

    def _covered(self, index: int) -> int:
        """Blocks of the accumulator that one block of a residual covers, at least 1."""
        return max(1, self._a_channels(index) // self.rst[2])

    def _phase(self, w: Writer, value: str, index: int, phase: int) -> str:
        """One instruction's channels of a block of A that holds several instructions' channels."""
        covered = self._covered(index)
        if covered == 1:
            return value
        r, _, t = self.rst
        wide = covered * t
        block = f"vector<{r * wide}x{self._dtype(index)}>"
        lanes = ", ".join(str(i * wide + phase * t + c) for i in range(r) for c in range(t))
        return w.value("r", f"vector.shuffle {value}, {value} [{lanes}] : {block}, {block}")

    # -- the operations ---------------------------------------------------------------------------
    def _values(self, w: Writer, sums: str, inputs: Mapping[int, str], constants: Constants) -> str:
        """What is stored for a block.

        Args:
            w: where to write.
            sums: the block's.
            inputs: the other inputs' lanes, by index.
            constants: of :meth:`_constants`.
        """
        values = [sums, *(inputs[i] for i in range(len(self.epilogue.inputs)))]
        for i in range(len(self.epilogue.steps)):
            if i in self._requantised:
                values.append(self._requantise(w, i, values, constants))
            elif i in self._absorbed:
                values.append("")
            else:
                values.append(constants[i] if i in constants else self._step(w, i, values))
        return values[self.epilogue.result]

    def _block(
        self,
        w: Writer,
        sums: tuple[Buffer, str],
        out: tuple[Buffer, str],
        inputs: Mapping[int, str],
        constants: Constants,
    ) -> None:
        """Finish one block of sums, from a place of one buffer to one of another."""
        (acc, at), (to, place) = sums, out
        flat = self._type(acc.dtype)
        attr = "{alignment = 32 : i64}"
        value = w.value("acc", f"vector.load {acc.name}[{at}] {attr} : {acc.type}, {flat}")
        value = bitcast(w, value, flat, self._type(self.accumulator))
        result = self._values(w, value, inputs, constants)
        attr = f"{{alignment = {min(32, self.lanes * DTYPE_BYTES[to.dtype])} : i64}}"
        types = f"{to.type}, {self._type(to.dtype)}"
        w.line(f"vector.store {result}, {to.name}[{place}] {attr} : {types}")

    def _step(self, w: Writer, number: int, values: list[str]) -> str:
        step = self.epilogue.steps[number]
        source = self.epilogue.value_dtype(step.args[0], self.accumulator)
        args = [values[a] for a in step.args]
        special: dict[str, Callable[[], str]] = {
            # A comparison is written with the select that uses it.
            **dict.fromkeys(COMPARE, lambda: ""),
            **dict.fromkeys(CONVERT, lambda: self._convert(w, step, args[0], source)),
            "arith.select": lambda: self._select(w, step, values),
            "arith.shrsi": lambda: self._shift_right(w, step, args),
            "arith.trunci": lambda: self._low_part(w, args[0], source, step.dtype),
            "arith.truncf": lambda: self._round_to_bf16(w, args[0]),
            "math.roundeven": lambda: self._round_even(w, args[0], step.dtype),
        }
        if step.op in special:
            return special[step.op]()
        if step.op in _EXTEND:
            types = f"{self._type(source)} to {self._type(step.dtype)}"
            return w.value("e", f"{step.op} {args[0]} : {types}")
        if step.op in _INTEGER:
            return w.value("e", f"{step.op} {args[0]}, {args[1]} : {self._type(step.dtype)}")
        if step.op in ROUNDED and step.dtype == "bf16":
            # In f32, rounded here: the device rounds bf16 results by a control register.
            types = f"{self._type('bf16')} to {self._type('f32')}"
            exact = [w.value("e", f"arith.extf {a} : {types}") for a in args]
            return self._round_to_bf16(w, self._wide_operation(w, step.op, exact, "f32", "f32"))
        return self._wide_operation(w, step.op, args, source, step.dtype)

    def _wide_operation(self, w: Writer, op: str, args: list[str], source: str, dtype: str) -> str:
        """An operation at the width that the tools leave alone."""
        wide = [self._widen(w, a, source) for a in args]
        types = f"vector<{WIDE}x{dtype}>"
        if source != dtype:
            types = f"vector<{WIDE}x{source}> to {types}"
        return self._narrow(w, w.value("e", f"{op} {', '.join(wide)} : {types}"), dtype)

    def _convert(self, w: Writer, step: Step, value: str, source: str) -> str:
        """Between integers and f32; narrower integers go through i32."""
        if step.op == "arith.sitofp":
            if source != "i32":
                types = f"{self._type(source)} to {self._type('i32')}"
                value = w.value("e", f"arith.extsi {value} : {types}")
            return self._wide_operation(w, step.op, [value], "i32", "f32")
        made = self._wide_operation(w, step.op, [value], "f32", "i32")
        return made if step.dtype == "i32" else self._low_part(w, made, "i32", step.dtype)

    def _round_even(self, w: Writer, value: str, dtype: str) -> str:
        """To the nearest integer, ties to even, by adding and subtracting 2^23 away from zero.

        Exact for every value; the sign of a zero that a negative fraction rounds to is lost.
        """
        if dtype == "bf16":
            types = f"{self._type('bf16')} to {self._type('f32')}"
            value = w.value("e", f"arith.extf {value} : {types}")
            return self._round_to_bf16(w, self._round_even(w, value, "f32"))
        ty = f"vector<{WIDE}xf32>"

        def splat(number: float) -> str:
            return w.value("k", f"arith.constant dense<{number:.9e}> : {ty}")

        def choose(predicate: str, than: str, then: str, other: str) -> str:
            holds = w.value("is", f"arith.cmpf {predicate}, {x}, {than} : {ty}")
            return w.value("e", f"arith.select {holds}, {then}, {other} : vector<{WIDE}xi1>, {ty}")

        x, big, small = self._widen(w, value, "f32"), splat(2.0**23), splat(-(2.0**23))
        up = w.value("e", f"arith.addf {x}, {big} : {ty}")
        up = w.value("e", f"arith.subf {up}, {big} : {ty}")
        down = w.value("e", f"arith.subf {x}, {big} : {ty}")
        down = w.value("e", f"arith.addf {down}, {big} : {ty}")
        near = choose("olt", splat(0.0), down, up)
        whole = choose("ult", small, x, choose("ugt", big, x, near))
        return self._narrow(w, whole, "f32")

    def _widen(self, w: Writer, value: str, dtype: str) -> str:
        lanes = ", ".join(str(i if i < self.lanes else -1) for i in range(WIDE))
        ty = self._type(dtype)
        return w.value("w", f"vector.shuffle {value}, {value} [{lanes}] : {ty}, {ty}")

    def _narrow(self, w: Writer, value: str, dtype: str) -> str:
        lanes = ", ".join(map(str, range(self.lanes)))
        ty = f"vector<{WIDE}x{dtype}>"
        return w.value("e", f"vector.shuffle {value}, {value} [{lanes}] : {ty}, {ty}")

    def _select(self, w: Writer, step: Step, values: list[str]) -> str:
        compare = self.epilogue.steps[step.args[0] - 1 - len(self.epilogue.inputs)]
        source = self.epilogue.value_dtype(compare.args[0], self.accumulator)
        left, right = (self._widen(w, values[a], source) for a in compare.args)
        then, other = (self._widen(w, values[a], step.dtype) for a in step.args[1:])
        text = f"{compare.op} {compare.attr}, {left}, {right} : vector<{WIDE}x{source}>"
        holds = w.value("is", text)
        types = f"vector<{WIDE}xi1>, vector<{WIDE}x{step.dtype}>"
        made = w.value("e", f"arith.select {holds}, {then}, {other} : {types}")
        return self._narrow(w, made, step.dtype)

    def _low_part(self, w: Writer, value: str, source: str, dtype: str) -> str:
        """Truncate integers by picking their low bytes.

        mlir-aie turns trunci into an accumulator shift that may saturate; this never does.
        """
        parts = DTYPE_BYTES[source] // DTYPE_BYTES[dtype]
        return self._every(w, value, source, dtype, parts, 0)

    def _requantise(self, w: Writer, number: int, values: list[str], constants: Constants) -> str:
        """A shift right, bounds and a truncation; its constants are written here."""
        del constants
        made, dtype = self._requantised[number], self.epilogue.steps[number].dtype
        ty = self._type("i32")

        def apply(op: str, value: str, constant: int) -> str:
            other = w.value("k", f"arith.constant dense<{constant}> : {ty}")
            return w.value("e", f"{op} {value}, {other} : {ty}")

        value = apply("arith.maxsi", values[made.source], made.low)
        value = apply("arith.minsi", value, made.high)
        if made.left:
            value = apply("arith.shli", value, made.left)
        return self._every(w, value, "i32", dtype, 4 // DTYPE_BYTES[dtype], made.part)

    def _every(self, w: Writer, value: str, source: str, dtype: str, parts: int, first: int) -> str:
        """Lane ``first`` of every ``parts`` lanes of ``value`` seen as ``dtype``."""
        fine = f"vector<{self.lanes * parts}x{dtype}>"
        seen = w.value("e", f"vector.bitcast {value} : {self._type(source)} to {fine}")
        lanes = ", ".join(str(i * parts + first) for i in range(self.lanes))
        return w.value("e", f"vector.shuffle {seen}, {seen} [{lanes}] : {fine}, {fine}")

    def _round_to_bf16(self, w: Writer, value: str) -> str:
        """f32 to bf16, nearest with ties to even, in integer arithmetic.

        The device's own conversion rounds by a control register that mlir-aie leaves at "floor" in
        March 2026 and sets to "even" in August, and that core code cannot set itself: the tools declare
        llvm.aie2.set.ctrl.reg beside it, and refuse a second declaration. NaN stays a quiet NaN.
        """
        ty = self._type("i32")

        def splat(number: int) -> str:
            return w.value("k", f"arith.constant dense<{number}> : {ty}")

        bits = w.value("e", f"vector.bitcast {value} : {self._type('f32')} to {ty}")
        odd = w.value("e", f"arith.shli {bits}, {splat(15)} : {ty}")
        odd = w.value("e", f"arith.shrui {odd}, {splat(31)} : {ty}")
        up = w.value("e", f"arith.addi {bits}, {splat(0x7FFF)} : {ty}")
        rounded = w.value("e", f"arith.addi {up}, {odd} : {ty}")
        magnitude = w.value("e", f"arith.shli {bits}, {splat(1)} : {ty}")
        nan = w.value("e", f"arith.cmpi ugt, {magnitude}, {splat(-0x1000000)} : {ty}")
        quiet = splat(0x7FC00000)
        types = f"{self._type('i1')}, {ty}"
        chosen = w.value("e", f"arith.select {nan}, {quiet}, {rounded} : {types}")
        half = self._every(w, chosen, "i32", "i16", 2, 1)
        return w.value("e", f"vector.bitcast {half} : {self._type('i16')} to {self._type('bf16')}")

    def _shift_right(self, w: Writer, step: Step, args: list[str]) -> str:
        """A signed right shift without ``arith.shrsi``.

        mlir-aie turns shrsi into an accumulator shift whose rounding follows control registers.
        x >> s = ((x + 2^(b-1)) >>u s) - (2^(b-1) >>u s) holds for every x and s < b.
        """
        ty = self._type(step.dtype)
        bits = 8 * DTYPE_BYTES[step.dtype]
        half = w.value("k", f"arith.constant dense<{-(1 << (bits - 1))}> : {ty}")
        moved = w.value("e", f"arith.addi {args[0]}, {half} : {ty}")
        shifted = w.value("e", f"arith.shrui {moved}, {args[1]} : {ty}")
        base = w.value("e", f"arith.shrui {half}, {args[1]} : {ty}")
        return self._wide_operation(w, "arith.subi", [shifted, base], step.dtype, step.dtype)

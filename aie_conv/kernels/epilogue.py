"""The epilogue of one core: the dispatch's own element-wise operations on blocks of the accumulator.

A block is the r x t accumulator of one matrix instruction, as r * t lanes. Per-channel operands lie
behind the weights in the B buffer; a residual tile lies in an A buffer, in A's blocking.
"""

import math
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from aie_conv.errors import Unsupported
from aie_conv.kernels.epilogue_cycles import ROUNDED, pace
from aie_conv.kernels.requantise import Requantisation, absorbed, requantisations
from aie_conv.kernels.text import Writer
from aie_conv.problem import DTYPE_BYTES, Epilogue, Step

_FLOAT = ROUNDED | {"arith.maximumf", "arith.minimumf", "arith.negf"}
_INTEGER = frozenset(f"arith.{n}" for n in ("addi", "maxsi", "minsi", "shli", "shrui"))
_WIDE_INTEGER = frozenset(f"arith.{n}" for n in ("subi", "muli", "maxui", "minui"))
_EXTEND = frozenset(("arith.extf", "arith.extsi"))
_CONVERT = frozenset(("arith.sitofp", "arith.fptosi"))
_COMPARE = frozenset(("arith.cmpf", "arith.cmpi"))
_TAKEN = (
    _FLOAT
    | _INTEGER
    | _WIDE_INTEGER
    | _EXTEND
    | _CONVERT
    | _COMPARE
    | {"arith.constant", "arith.select", "arith.shrsi", "arith.trunci", "arith.truncf"}
    | {"math.roundeven"}
)
_VALUE_DTYPES = frozenset(("i1", "i8", "i16", "i32", "bf16", "f32"))

WIDE = 128
"""Lanes at which mlir-aie leaves arithmetic on vectors as it is.

At the device's own widths it rewrites float arithmetic, comparisons and some integer operations
into vector instructions of other meaning (an f32 product becomes bf16 MACs) or none. At 128 lanes,
which is no device width, the operations reach LLVM unchanged on both architectures; the unused
lanes are poison and cost nothing after legalisation. Found by running each operation through
aie-opt (March 2026) at 16 to 128 lanes.
"""


def check(epilogue: Epilogue, accumulator: str) -> None:
    """Refuse what the cores do not do to the bit.

    Raises:
        Unsupported: an operation or type without an exact vector form; the message names it.
    """
    for number, step in enumerate(epilogue.steps):
        if step.op not in _TAKEN:
            raise Unsupported(f"epilogue: {step.op} is not one of the cores' operations")
        _check_types(epilogue, number, accumulator)
        for place, value in enumerate(step.args):
            boolean = epilogue.value_dtype(value, accumulator) == "i1"
            if boolean != (step.op == "arith.select" and place == 0):
                raise Unsupported(f"epilogue: step {number} ({step.op}) uses a comparison's result")


def _check_types(epilogue: Epilogue, number: int, accumulator: str) -> None:
    step = epilogue.steps[number]
    if step.dtype not in _VALUE_DTYPES:
        raise Unsupported(f"epilogue: {step.op} gives {step.dtype}, a type without vectors")
    if step.op == "arith.truncf" and step.dtype != "bf16":
        raise Unsupported(f"epilogue: {step.op} to {step.dtype}: only bf16")
    if isinstance(step.attr, float) and not math.isfinite(step.attr):
        raise Unsupported(f"epilogue: constant {step.attr} has no portable vector form")
    if step.dtype == "i1" and step.op not in _COMPARE:
        raise Unsupported(f"epilogue: {step.op} on booleans")
    if step.op in _CONVERT:
        other = step.args[0] if step.op == "arith.fptosi" else number + 1 + len(epilogue.inputs)
        if epilogue.value_dtype(other, accumulator) != "f32":
            raise Unsupported(f"epilogue: {step.op} of a type other than f32")


def _literal(step: Step) -> str:
    if step.dtype in ("f32", "bf16"):
        return f"{float(step.attr or 0):.9e}"
    if step.dtype == "i1":
        return "true" if step.attr else "false"
    return str(int(step.attr or 0))


@dataclass(frozen=True)
class ResidualBlocks:
    """Where the blocks of a residual lie in an object of the input, counted in blocks.

    Block (y, x) of the accumulator's rows x columns blocks of pixels and block c of channels is at
    y * row + x * column + c * channel.
    """

    rows: int
    columns: int
    row: int
    column: int
    channel: int


@dataclass(frozen=True)
class EpilogueKernel:
    """One epilogue function.

    Attributes:
        epilogue: the operations.
        accumulator: "i32" or "f32".
        out_dtype: what is stored; must be the epilogue's result type.
        operand_dtype: type of the A and B buffers.
        rst: the matrix instruction's shape.
        m, n: the accumulator tile.
        columns: channels one call handles; n, or what one residual object holds.
        vector_at: per-channel inputs, as input index -> offset in the B buffer in its elements.
        residual: the input index of the residual, None without.
        blocks: where the residual's blocks lie.
        a_elements, b_elements: lengths of the A and B buffers.
        vector_bytes: of one vector load.
    """

    epilogue: Epilogue
    accumulator: str
    out_dtype: str
    operand_dtype: str
    rst: tuple[int, int, int]
    m: int
    n: int
    columns: int
    vector_at: Mapping[int, int]
    residual: int | None
    blocks: ResidualBlocks
    a_elements: int
    b_elements: int
    vector_bytes: int

    @property
    def lanes(self) -> int:
        """Lanes of one block."""
        return self.rst[0] * self.rst[2]

    @property
    def _phases(self) -> int:
        """Blocks of the accumulator that one block of the residual covers, at least 1."""
        if self.residual is None:
            return 1
        dtype = self.epilogue.inputs[self.residual].operand.dtype
        channels = self.rst[1] * DTYPE_BYTES[self.operand_dtype] // DTYPE_BYTES[dtype]
        return max(1, channels // self.rst[2])

    def cycles(self) -> int:
        """Issue cycles of one call, an estimate: for each block of channels a loop over pixels' blocks."""
        blocks = (self.m // self.rst[0]) * (self.columns // self.rst[2])
        loops = self.columns // self.rst[2] // self._phases
        loops *= self.blocks.rows if self.residual is not None else 1
        load = self.lanes * 4, self.vector_bytes
        each, more = pace(self.epilogue, self.accumulator, load, int(self.residual is not None))
        return 20 + blocks * each + loops * more

    @cached_property
    def _requantised(self) -> Mapping[int, Requantisation]:
        """Requantisations, by their last steps."""
        return requantisations(self.epilogue, self.accumulator)

    @cached_property
    def _absorbed(self) -> frozenset[int]:
        """Steps that requantisations stand for, and constants that they alone use."""
        return absorbed(self.epilogue, self._requantised)

    def signature(self) -> str:
        """The function's argument types."""
        b = f"memref<{self.b_elements}x{self.operand_dtype}>"
        a = f"memref<{self.a_elements}x{self.operand_dtype}>"
        acc = f"memref<{self.m * self.n}x{self.accumulator}>"
        out = f"memref<{self.m * self.n}x{self.out_dtype}>"
        extra = f", {a}, index, index" if self.residual is not None else ""
        vectors = f", {b}" if self.vector_at else ""
        return f"{acc}{vectors}, {out}{extra}"

    def text(self, name: str) -> str:
        """The function ``name(acc[, b], out[, residual, first n block, first residual block])``."""
        r, _, t = self.rst
        w = Writer()
        names = ["%acc", *(["%b"] if self.vector_at else []), "%out", "%res", "%nb0", "%kb0"]
        parts = self.signature().split(", ")
        args = ", ".join(f"{n}: {ty}" for n, ty in zip(names, parts, strict=False))
        with w.block(f"func.func private @{name}({args})"):
            zero, one = w.constant(0), w.constant(1)
            n_end = w.constant(self.columns // t)
            row, block = w.constant(self.n // t * r * t), w.constant(r * t)
            constants = {
                i: self._constant(w, step)
                for i, step in enumerate(self.epilogue.steps)
                if step.op == "arith.constant" and i not in self._absorbed
            }
            with w.loop("n", zero, n_end, w.constant(self._phases)) as n_iv:
                nb = n_iv
                if self.residual is not None:
                    nb = w.value("i", f"arith.addi {n_iv}, %nb0 : index")
                blocks = [w.plus(nb, phase) for phase in range(self._phases)]
                vectors = [
                    {i: self._vector(w, i, at, b) for i, at in self.vector_at.items()}
                    for b in blocks
                ]
                with self._pixel_blocks(w, zero, one) as (mb, at_residual):
                    base = w.value("i", f"arith.muli {mb}, {row} : index")
                    wide = self._residual(w, at_residual, n_iv) if at_residual else ""
                    for phase, b in enumerate(blocks):
                        at = w.value("i", f"arith.muli {b}, {block} : index")
                        at = w.value("i", f"arith.addi {base}, {at} : index")
                        values = dict(vectors[phase])
                        if self.residual is not None:
                            values[self.residual] = self._phase(w, wide, phase)
                        self._block(w, at, values, constants)
            w.line("return")
        return w.text()

    @contextmanager
    def _pixel_blocks(self, w: Writer, zero: str, one: str) -> Generator[tuple[str, str]]:
        """Loops over the blocks of pixels: a block's number, and where its residual begins."""
        lie = self.blocks
        if self.residual is None or lie.rows == 1:
            with w.loop("m", zero, w.constant(self.m // self.rst[0]), one) as mb:
                at = w.times(mb, lie.column) if self.residual is not None else ""
                yield mb, at
            return
        with (
            w.loop("y", zero, w.constant(lie.rows), one) as y,
            w.loop("x", zero, w.constant(lie.columns), one) as x,
        ):
            mb = w.value("i", f"arith.addi {w.times(y, lie.columns)}, {x} : index")
            row, column = w.times(y, lie.row), w.times(x, lie.column)
            yield mb, w.value("i", f"arith.addi {row}, {column} : index")

    def _type(self, dtype: str) -> str:
        return f"vector<{self.lanes}x{dtype}>"

    def _constant(self, w: Writer, step: Step) -> str:
        return w.value("k", f"arith.constant dense<{_literal(step)}> : {self._type(step.dtype)}")

    def _load(self, w: Writer, buffer: str, elements: int, at: str, lanes: int) -> str:
        dtype = self.operand_dtype
        size = lanes * DTYPE_BYTES[dtype]
        align = min(32, size & -size)
        text = f"vector.load {buffer}[{at}] {{alignment = {align} : i64}}"
        return w.value("v", f"{text} : memref<{elements}x{dtype}>, vector<{lanes}x{dtype}>")

    def _bitcast(self, w: Writer, value: str, lanes: int, dtype: str) -> tuple[str, int]:
        """Reinterpret operand-typed lanes as ``dtype``; returns the value and its lanes."""
        if dtype == self.operand_dtype:
            return value, lanes
        count = lanes * DTYPE_BYTES[self.operand_dtype] // DTYPE_BYTES[dtype]
        types = f"vector<{lanes}x{self.operand_dtype}> to vector<{count}x{dtype}>"
        return w.value("v", f"vector.bitcast {value} : {types}"), count

    def _vector(self, w: Writer, index: int, at: int, nb: str) -> str:
        """A per-channel operand's t channels, repeated for the r rows of a block."""
        r, _, t = self.rst
        dtype = self.epilogue.inputs[index].operand.dtype
        count = t * DTYPE_BYTES[dtype] // DTYPE_BYTES[self.operand_dtype]
        offset = w.value("i", f"arith.muli {nb}, {w.constant(count)} : index")
        offset = w.value("i", f"arith.addi {offset}, {w.constant(at)} : index")
        value = self._load(w, "%b", self.b_elements, offset, count)
        value, _ = self._bitcast(w, value, count, dtype)
        lanes = ", ".join(str(c) for _ in range(r) for c in range(t))
        few = f"vector<{t}x{dtype}>"
        return w.value("bias", f"vector.shuffle {value}, {value} [{lanes}] : {few}, {few}")

    def _residual(self, w: Writer, row: str, nb: str) -> str:
        """The residual's r x t block, gathered from A's r x s blocks."""
        assert self.residual is not None
        r, s, t = self.rst
        dtype = self.epilogue.inputs[self.residual].operand.dtype
        wide = s * DTYPE_BYTES[self.operand_dtype] // DTYPE_BYTES[dtype]  # channels an A block
        if wide >= t:
            per = w.constant(wide // t)
            return self._a_block(w, row, w.value("i", f"arith.divui {nb}, {per} : index"), dtype)
        parts = t // wide
        first = w.value("i", f"arith.muli {nb}, {w.constant(parts)} : index")
        value, have = "", 0
        for part in range(parts):
            block = w.value("i", f"arith.addi {first}, {w.constant(part)} : index")
            piece = self._a_block(w, row, block, dtype)
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

    def _a_block(self, w: Writer, row: str, block: str, dtype: str) -> str:
        r, s, _ = self.rst
        at = w.value("i", f"arith.addi %kb0, {block} : index")
        at = w.times(at, self.blocks.channel)
        at = w.value("i", f"arith.addi {row}, {at} : index")
        at = w.times(at, r * s)
        value = self._load(w, "%res", self.a_elements, at, r * s)
        return self._bitcast(w, value, r * s, dtype)[0]

    def _phase(self, w: Writer, value: str, phase: int) -> str:
        """One instruction's channels of a block of A that holds several instructions' channels."""
        if self._phases == 1:
            return value
        assert self.residual is not None
        r, _, t = self.rst
        wide = self._phases * t
        block = f"vector<{r * wide}x{self.epilogue.inputs[self.residual].operand.dtype}>"
        lanes = ", ".join(str(i * wide + phase * t + c) for i in range(r) for c in range(t))
        return w.value("r", f"vector.shuffle {value}, {value} [{lanes}] : {block}, {block}")

    def _block(
        self, w: Writer, at: str, inputs: Mapping[int, str], constants: Mapping[int, str]
    ) -> None:
        memref = f"memref<{self.m * self.n}x{self.accumulator}>"
        flat = self._type(self.accumulator)
        attr = "{alignment = 32 : i64}"
        acc = w.value("acc", f"vector.load %acc[{at}] {attr} : {memref}, {flat}")
        values = [acc, *(inputs[i] for i in range(len(self.epilogue.inputs)))]
        for i in range(len(self.epilogue.steps)):
            if i in self._requantised:
                values.append(self._requantise(w, i, values))
            elif i in self._absorbed:
                values.append("")
            else:
                values.append(constants[i] if i in constants else self._step(w, i, values))
        out = f"memref<{self.m * self.n}x{self.out_dtype}>"
        size = self.lanes * DTYPE_BYTES[self.out_dtype]
        attr = f"{{alignment = {min(32, size)} : i64}}"
        result = values[self.epilogue.result]
        w.line(f"vector.store {result}, %out[{at}] {attr} : {out}, {self._type(self.out_dtype)}")

    def _step(self, w: Writer, number: int, values: list[str]) -> str:
        step = self.epilogue.steps[number]
        source = self.epilogue.value_dtype(step.args[0], self.accumulator)
        args = [values[a] for a in step.args]
        special: dict[str, Callable[[], str]] = {
            # A comparison is written with the select that uses it.
            **dict.fromkeys(_COMPARE, lambda: ""),
            **dict.fromkeys(_CONVERT, lambda: self._convert(w, step, args[0], source)),
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

    def _requantise(self, w: Writer, number: int, values: list[str]) -> str:
        """A shift right, bounds and a truncation."""
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

"""The epilogue of one core: the dispatch's own element-wise operations on blocks of the accumulator.

Per-channel operands lie behind the weights in the B buffer; a residual tile lies in an A buffer, in A's
blocking.
"""

import math
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from aie_conv.codegen.epilogue_blocks import COMPARE, CONVERT, TAKEN, BlockEpilogue
from aie_conv.codegen.epilogue_cycles import pace
from aie_conv.codegen.matrix_unit import Buffer
from aie_conv.codegen.text import Writer
from aie_conv.errors import Unsupported
from aie_conv.problem import Epilogue

_VALUE_DTYPES = frozenset(("i1", "i8", "i16", "i32", "bf16", "f32"))


def check(epilogue: Epilogue, accumulator: str) -> None:
    """Refuse what the cores do not do to the bit.

    Raises:
        Unsupported: an operation or type without an exact vector form; the message names it.
    """
    for number, step in enumerate(epilogue.steps):
        if step.op not in TAKEN:
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
    if step.dtype == "i1" and step.op not in COMPARE:
        raise Unsupported(f"epilogue: {step.op} on booleans")
    if step.op in CONVERT:
        other = step.args[0] if step.op == "arith.fptosi" else number + 1 + len(epilogue.inputs)
        if epilogue.value_dtype(other, accumulator) != "f32":
            raise Unsupported(f"epilogue: {step.op} of a type other than f32")


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
class EpilogueKernel(BlockEpilogue):
    """One epilogue function.

    Attributes:
        m, n: the accumulator tile.
        columns: channels one call handles; n, or what one residual object holds.
        vector_at: per-channel inputs, as input index -> offset in the B buffer in its elements.
        residual: the input index of the residual, None without.
        blocks: where the residual's blocks lie.
        a_elements, b_elements: lengths of the A and B buffers.
        vector_bytes: of one vector load.
    """

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
    def _phases(self) -> int:
        """Blocks of the accumulator that one block of the residual covers, at least 1."""
        return 1 if self.residual is None else self._covered(self.residual)

    def cycles(self) -> int:
        """Issue cycles of one call, an estimate: for each block of channels a loop over pixels' blocks."""
        blocks = (self.m // self.rst[0]) * (self.columns // self.rst[2])
        loops = self.columns // self.rst[2] // self._phases
        loops *= self.blocks.rows if self.residual is not None else 1
        load = self.lanes * 4, self.vector_bytes
        each, more = pace(self.epilogue, self.accumulator, load, int(self.residual is not None))
        return 20 + blocks * each + loops * more

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
        acc = Buffer("%acc", self.m * self.n, self.accumulator)
        out = Buffer("%out", self.m * self.n, self.out_dtype)
        names = ["%acc", *(["%b"] if self.vector_at else []), "%out", "%res", "%nb0", "%kb0"]
        parts = self.signature().split(", ")
        args = ", ".join(f"{n}: {ty}" for n, ty in zip(names, parts, strict=False))
        with w.block(f"func.func private @{name}({args})"):
            zero, one = w.constant(0), w.constant(1)
            n_end = w.constant(self.columns // t)
            row, block = w.constant(self.n // t * r * t), w.constant(r * t)
            constants = self._constants(w)
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
                    wide = ""
                    if self.residual is not None:
                        wide = self._residual(w, self.residual, at_residual, n_iv)
                    for phase, b in enumerate(blocks):
                        at = w.value("i", f"arith.muli {b}, {block} : index")
                        at = w.value("i", f"arith.addi {base}, {at} : index")
                        values = dict(vectors[phase])
                        if self.residual is not None:
                            values[self.residual] = self._phase(w, wide, self.residual, phase)
                        self._block(w, (acc, at), (out, at), values, constants)
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

    def _vector(self, w: Writer, index: int, at: int, nb: str) -> str:
        """A per-channel operand's t channels, repeated for the r rows of a block."""
        offset = w.times(nb, self._channel_operands(index))
        offset = w.value("i", f"arith.addi {offset}, {w.constant(at)} : index")
        return self._channels(w, index, Buffer("%b", self.b_elements, self.operand_dtype), offset)

    def _residual(self, w: Writer, index: int, row: str, nb: str) -> str:
        """The lanes of input ``index``, a residual, for block ``nb`` of channels of this call."""
        buffer = Buffer("%res", self.a_elements, self.operand_dtype)

        def read(block: str) -> str:
            at = w.value("i", f"arith.addi %kb0, {block} : index")
            at = w.sum(row, w.times(at, self.blocks.channel))
            return self._a_block(w, index, buffer, w.times(at, self.rst[0] * self.rst[1]))

        return self._gather(w, index, nb, read)

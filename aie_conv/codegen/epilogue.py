"""The epilogue of one core: the dispatch's own element-wise operations on blocks of the accumulator.

Per-channel operands lie behind the weights in the B buffer; a residual tile lies in an A buffer, in A's
blocking.
"""

import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from aie_conv.codegen.activations import Activation
from aie_conv.codegen.epilogue_blocks import COMPARE, CONVERT, TAKEN, BlockEpilogue
from aie_conv.codegen.epilogue_cycles import pace
from aie_conv.codegen.replacements import replacements
from aie_conv.errors import Unsupported
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import INDEX, Op, Type, Value, memref
from aie_conv.ir.printer import print_op
from aie_conv.problem import Arithmetic, Epilogue

_VALUE_DTYPES = frozenset(("i1", "i8", "i16", "i32", "bf16", "f32"))


def check(epilogue: Epilogue, accumulator: str, arithmetic: Arithmetic = "native") -> None:
    """Refuse what the cores do not do.

    Raises:
        Unsupported: an operation or type without a vector form, exact but for activation functions; the
            message names it.
    """
    known = replacements(epilogue, accumulator, shorts=False)
    rounds = any(isinstance(each, Activation) for each in known.functions.values())
    if rounds and arithmetic == "bf16x3":
        raise Unsupported("epilogue: activation functions of f32 are computed in bf16 only")
    inside = known.absorbed | set(known.functions)
    for number, step in enumerate(epilogue.steps):
        if number in inside:
            continue
        if step.op not in TAKEN:
            raise Unsupported(f"epilogue: {step.op} is not one of the cores' operations")
        check_types(epilogue, number, accumulator)
        for place, value in enumerate(step.args):
            boolean = epilogue.value_dtype(value, accumulator) == "i1"
            if boolean != (step.op == "arith.select" and place == 0):
                raise Unsupported(f"epilogue: step {number} ({step.op}) uses a comparison's result")


def check_types(epilogue: Epilogue, number: int, accumulator: str) -> None:
    """Refuse types that a step's vectors cannot have.

    Raises:
        Unsupported: the message names the operation.
    """
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
        vector_at: per-channel inputs, (input index, offset in the B buffer in its elements) of each.
        residual: the input index of the residual, None without.
        blocks: where the residual's blocks lie.
        a_elements, b_elements: lengths of the A and B buffers.
        vector_bytes: of one vector load.
    """

    m: int
    n: int
    columns: int
    vector_at: tuple[tuple[int, int], ...]
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
        load, more = (self.lanes * 4, self.vector_bytes), int(self.residual is not None)
        each, pipe = pace(self.epilogue, self.accumulator, load, more, self.multiplies_shorts)
        return 20 + blocks * each + loops * pipe

    @property
    def arguments(self) -> list[tuple[str, Type]]:
        """The function's arguments: names and types."""
        arguments = [("acc", memref(self.accumulator, self.m * self.n))]
        if self.vector_at:
            arguments.append(("b", memref(self.operand_dtype, self.b_elements)))
        arguments.append(("out", memref(self.out_dtype, self.m * self.n)))
        if self.residual is not None:
            arguments.append(("res", memref(self.operand_dtype, self.a_elements)))
            arguments += [("nb0", INDEX), ("kb0", INDEX)]
        return arguments

    def signature(self) -> str:
        """The function's argument types."""
        return ", ".join(kind.text for _, kind in self.arguments)

    def text(self, name: str) -> str:
        """The text of :meth:`function`."""
        return print_op(self.function(name), 2)

    def function(self, name: str) -> Op:
        """The function ``name(acc[, b], out[, residual, first n block, first residual block])``."""
        r, _, t = self.rst
        f = Function(name, self.arguments)
        w, buffers = f.builder, {value.name: value for value in f.arguments}
        residual = self.residual
        zero, one = w.constant(0), w.constant(1)
        n_end = w.constant(self.columns // t)
        row, block = w.constant(self.n // t * r * t), w.constant(r * t)
        constants = self._constants(w)
        with w.loop("n", zero, n_end, w.constant(self._phases)) as n_iv:
            nb = n_iv if residual is None else w.sum(n_iv, buffers["nb0"])
            blocks = [w.plus(nb, phase) for phase in range(self._phases)]
            vectors = [
                {i: self._vector(w, i, buffers["b"], (offset, b)) for i, offset in self.vector_at}
                for b in blocks
            ]
            with self._pixel_blocks(w, zero, one) as (mb, at_residual):
                base = w.value("i", "arith.muli", mb, row)
                wide: Value | None = None
                if residual is not None:
                    places = buffers["res"], at_residual, buffers["kb0"]
                    wide = self._residual(w, residual, places, n_iv)
                for phase, b in enumerate(blocks):
                    offset = w.sum(base, w.value("i", "arith.muli", b, block))
                    values = dict(vectors[phase])
                    if residual is not None and wide is not None:
                        values[residual] = self._phase(w, wide, residual, phase)
                    self._block(
                        w, (buffers["acc"], offset), (buffers["out"], offset), values, constants
                    )
        return f.finish()

    @contextmanager
    def _pixel_blocks(self, w: Builder, zero: Value, one: Value) -> Generator[tuple[Value, Value]]:
        """Loops over the blocks of pixels: a block's number, and where its residual begins."""
        lie = self.blocks
        if self.residual is None or lie.rows == 1:
            with w.loop("m", zero, w.constant(self.m // self.rst[0]), one) as mb:
                yield mb, (w.times(mb, lie.column) if self.residual is not None else zero)
            return
        with (
            w.loop("y", zero, w.constant(lie.rows), one) as y,
            w.loop("x", zero, w.constant(lie.columns), one) as x,
        ):
            mb = w.sum(w.times(y, lie.columns), x)
            yield mb, w.sum(w.times(y, lie.row), w.times(x, lie.column))

    def _vector(self, w: Builder, index: int, buffer: Value, place: tuple[int, Value]) -> Value:
        """A per-channel operand's t channels, repeated for the r rows of a block.

        Args:
            w: where to write.
            index: the operand's.
            buffer: it lies in.
            place: where it begins, and the block of channels.
        """
        first, nb = place
        offset = w.sum(w.times(nb, self._channel_operands(index)), w.constant(first))
        return self._channels(w, index, buffer, offset)

    def _residual(
        self, w: Builder, index: int, places: tuple[Value, Value, Value], nb: Value
    ) -> Value:
        """The lanes of a residual for a block of channels.

        Args:
            w: where to write.
            index: the residual's.
            places: the buffer, where the block of pixels begins, and the call's first block of channels.
            nb: block of channels of this call.
        """
        buffer, row, first = places

        def read(block: Value) -> Value:
            channel_block = w.sum(first, block)
            channel_block = w.sum(row, w.times(channel_block, self.blocks.channel))
            return self._a_block(
                w, index, buffer, w.times(channel_block, self.rst[0] * self.rst[1])
            )

        return self._gather(w, index, nb, read)

"""The epilogue of one object of the output, with sizes that are run-time parameters.

It stands beside :mod:`aie_conv.codegen.parametric`, whose parameters it reads. Sums lie behind them as
[pixels of a tile][n/t][r][t]; an object of the output has some pixels of a tile in the same form.
Per-channel operands lie in a buffer of the core as :func:`vector_offsets` says, a residual in an object of
the input as [its pixels][blocks of s channels][r][s].
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from aie_conv.codegen.early_steps import early_steps
from aie_conv.codegen.epilogue_blocks import BlockEpilogue, Constants
from aie_conv.codegen.epilogue_cycles import moves_of, pace
from aie_conv.codegen.parameters import VECTOR_WORDS, ParameterBlock
from aie_conv.codegen.parametric import MOST_CONSTANTS
from aie_conv.ir.builder import ALIGNMENT, Builder, Function
from aie_conv.ir.core import INDEX, Op, Type, Value, memref
from aie_conv.ir.printer import print_op
from aie_conv.problem import DTYPE_BYTES

_USUAL_SHIFT = 16
"""Shifts up to here choose the same bytes of a lane: further ones leave too little of it above them."""

LONG = 24
"""Operations of an epilogue from which on a block's lanes are made in parts of _PART_BYTES sums' bytes."""

_PART_BYTES = 128

VECTOR_QUANTUM = 64
"""Bytes that each per-channel operand is padded to: the longest vector load of the architectures."""


def vector_offsets(
    n: int, dtypes: Sequence[str], operand_bytes: int
) -> tuple[tuple[int, ...], int]:
    """Where per-channel operands lie behind one another, and their length, in operand elements.

    Args:
        n: channels of an N tile.
        dtypes: the operands' types, in the order of the epilogue's inputs.
        operand_bytes: of an element of the buffer that they lie in.
    """
    offsets, offset = list[int](), 0
    for dtype in dtypes:
        offsets.append(offset)
        quanta = -(-n * DTYPE_BYTES[dtype] // VECTOR_QUANTUM)
        offset += quanta * (VECTOR_QUANTUM // operand_bytes)
    return tuple(offsets), offset


@dataclass(frozen=True)
class ParametricEpilogue(BlockEpilogue):
    """One epilogue function; inputs besides the residual are per-channel operands.

    Attributes:
        sums: length of the accumulators, without the parameters in front of them.
        output: length of the output's buffer.
        a_elements: length of the A buffer.
        bias: length of the buffer that per-channel operands are kept in.
        block: the parameters.
        residual: the input index of the residual, None without.
        vector_bytes: of one vector load.
        skipped: of a function that joins a residual to what lies in the output, its first value: constants of
            the table in front of its own. None where that is the sums.
    """

    sums: int
    output: int
    a_elements: int
    bias: int
    block: ParameterBlock
    residual: int | None
    vector_bytes: int
    skipped: int | None = None

    @property
    def vectors(self) -> tuple[int, ...]:
        """The inputs that are per-channel operands, in the order in which they lie."""
        return tuple(i for i in range(len(self.epilogue.inputs)) if i != self.residual)

    @cached_property
    def _lifted(self) -> dict[Hashable, int]:
        """The constants that are parameters, so that layers that differ in them share a function.

        Those of a requantisation are written for the same choice of bytes, whatever the shift.
        """
        constants: dict[Hashable, int] = {}
        for number, scaling in self._replaced.scalings.items():
            if scaling.low is None or scaling.high is None:
                continue
            _, left = self._choice(number)
            constants |= {
                (number, "low"): scaling.low,
                (number, "high"): scaling.high,
                (number, "left"): left,
            }
        for number, step in enumerate(self.epilogue.steps):
            plain = step.op == "arith.constant" and step.dtype == "i32"
            if plain and number not in self._replaced.absorbed:
                constants[number] = int(step.attr or 0)
        return constants if len(constants) <= MOST_CONSTANTS else {}

    @property
    def constants(self) -> tuple[int, ...]:
        """The values of the parameters in the table of constants."""
        return tuple(self._lifted.values())

    def _choice(self, number: int) -> tuple[int, int]:
        """Which part of a lane a requantisation takes, and how far it shifts to the left for it."""
        scaling, bits = (
            self._replaced.scalings[number],
            8 * DTYPE_BYTES[self.epilogue.steps[number].dtype],
        )
        right = scaling.part * bits - scaling.left
        part = scaling.part if right > _USUAL_SHIFT else _USUAL_SHIFT // bits
        return part, part * bits - right

    @cached_property
    def _parts(self) -> int:
        """Parts that a block's rows are made in, one after the other: a long epilogue has less code so."""
        lanes = self.rst[0] * self.rst[2]
        return min(self.rst[0], max(1, lanes * 4 // _PART_BYTES)) if self._is_long else 1

    @property
    def _is_long(self) -> bool:
        return self.skipped is not None or len(self.epilogue.steps) > LONG

    @cached_property
    def _rows(self) -> ParametricEpilogue:
        """The operations on the rows of a part."""
        r, s, t = self.rst
        return replace(self, rst=(r // self._parts, s, t)) if self._parts > 1 else self

    @property
    def channel_step(self) -> int:
        """Blocks of t channels that are made together; those of an N tile are a multiple of it."""
        return 1 if self.residual is None else self._covered(self.residual)

    def vector_offsets(self, n: int) -> tuple[tuple[int, ...], int]:
        """:func:`vector_offsets` of :attr:`vectors`, for N tiles of ``n`` channels."""
        dtypes = [self._dtype(index) for index in self.vectors]
        return vector_offsets(n, dtypes, DTYPE_BYTES[self.operand_dtype])

    @property
    def _moves(self) -> int:
        """Moves that make a block of the residual of A's: picked from a longer one, or joined of shorter."""
        if self.residual is None:
            return 0
        (r, _, t), wide = self.rst, self._a_channels(self.residual)
        row = r * wide * DTYPE_BYTES[self._dtype(self.residual)]
        joined = sum(max(1, row * parts // 64) for parts in range(2, t // wide + 1))
        return joined + (self.channel_step > 1)

    def cycles_of(self, output_pixels: int, channel_blocks: int) -> int:
        """Issue cycles of one call, an estimate.

        Args:
            output_pixels: blocks of pixels of an object of the output.
            channel_blocks: blocks of t channels of an N tile.
        """
        size, shorts = self._rows.lanes * 4, self._rows.multiplies_shorts
        steps = self.epilogue, self.accumulator
        each, more = pace(*steps, (size, self.vector_bytes), self._moves, shorts, self._rows.early)
        before = moves_of(*steps, size, shorts) - moves_of(*steps, size, shorts, self._rows.early)
        loops = channel_blocks // self.channel_step
        blocks = self._parts * (output_pixels * channel_blocks * each + loops * more)
        return 20 + blocks + channel_blocks * before

    @property
    def arguments(self) -> list[tuple[str, Type]]:
        """The function's arguments: names and types."""
        arguments = [("c", memref("i32", self.block.words + self.sums))]
        if self.vectors:
            arguments.append(("v", memref(self.operand_dtype, self.bias)))
        arguments.append(("out", memref(self.out_dtype, self.output)))
        if self.residual is not None:
            arguments.append(("res", memref(self.operand_dtype, self.a_elements)))
        indices = ["u"] if self.residual is None else ["u", "call", "at"]
        if self.skipped is not None:
            indices = ["call", "at"]
        return arguments + [(name, INDEX) for name in indices]

    def signature(self) -> str:
        """The function's argument types."""
        return ", ".join(kind.text for _, kind in self.arguments)

    def text(self, name: str) -> str:
        """The text of :meth:`function`."""
        return print_op(self.function(name), 2)

    def function(self, name: str) -> Op:
        """The function ``name(c[, vectors], out[, residual], unit[, call, residual's block])``.

        With a residual a call makes the part of the output's object that an object of the residual is
        for, ``call`` is its number. The last is the block of s channels of a pixel at which the
        residual's channels begin.
        """
        if self.skipped is not None:
            return self._joining_function(name)
        r, s, t = self.rst
        f = Function(name, self.arguments)
        w, values_of = f.builder, {value.name: value for value in f.arguments}
        sums, residual = values_of["c"], self.residual
        zero, one = w.constant(0), w.constant(1)
        channels, pixels = (
            self.block.load(w, sums, "channel_blocks"),
            self.block.load(w, sums, "output_pixels"),
        )
        pixel = w.value("i", "arith.muli", values_of["u"], pixels)
        row = w.times(channels, r * t)
        inside: Value | None = None
        if residual is not None:
            pixels = self.block.load(w, sums, "residual_pixels")
            skipped = w.value("i", "arith.muli", values_of["call"], pixels)
            inside = w.value("i", "arith.muli", skipped, row)
            pixel = w.sum(pixel, skipped)
        first = w.value("i", "arith.muli", pixel, row)
        firsts, steps = [w.plus(first, self.block.words)], [row, row]
        if residual is not None:
            blocks = self.block.load(w, sums, "residual_blocks")
            firsts.append(w.times(values_of["at"], r * s))
            steps.append(w.times(blocks, r * s))
        part = self._rows
        offsets = self._offsets(w, channels)
        constants = part._read_constants(w, sums)
        with w.loop("c", zero, channels, w.constant(self.channel_step)) as c:
            inputs = part._inputs(w, c, values_of.get("v"), offsets)
            inputs = [part._done_early(w, known, constants) for known in inputs]
            block = w.times(c, r * t)
            out = w.sum(inside, block) if inside else block
            starts = [w.sum(firsts[0], block), out, *firsts[1:]]
            # Places are carried: their distances are no constants, and products take time.
            with (
                self._part(w) as h,
                w.carrying("m", (zero, pixels, one), self._of_part(w, starts, h)) as loop,
            ):
                source, to, *lies_at = loop.values
                place = (lies_at[0], r * s) if lies_at else None
                wide = part._residual(w, c, values_of["res"], place) if place else None
                for phase, known in enumerate(inputs):
                    values = dict(known)
                    if residual is not None and wide is not None:
                        values[residual] = part._phase(w, wide, residual, phase)
                    ahead = phase * r * t
                    acc = sums, w.plus(source, ahead)
                    part._block(w, acc, (values_of["out"], w.plus(to, ahead)), values, constants)
                pairs = zip(loop.values, steps, strict=True)
                loop.values = [w.sum(place, step) for place, step in pairs]
        return f.finish()

    def _joining_function(self, name: str) -> Op:
        """The function ``name(c, out, residual, call, residual's block)``."""
        r, s, t = self.rst
        f = Function(name, self.arguments)
        w, (sums, out, residual, call, place) = f.builder, f.arguments
        zero, one = w.constant(0), w.constant(1)
        channels = self.block.load(w, sums, "channel_blocks")
        pixels = self.block.load(w, sums, "residual_pixels")
        row = w.times(channels, r * t)
        first = w.value("i", "arith.muli", w.value("i", "arith.muli", call, pixels), row)
        lies_at = w.times(place, r * s)
        step = w.times(self.block.load(w, sums, "residual_blocks"), r * s)
        constants = self._rows._read_constants(w, sums)
        with w.loop("c", zero, channels, w.constant(self.channel_step)) as c:
            block = w.sum(first, w.times(c, r * t))
            with (
                self._part(w) as h,
                w.carrying("m", (zero, pixels, one), self._starts(w, block, lies_at, h)) as loop,
            ):
                to, lies = loop.values
                wide = self._rows._residual(w, c, residual, (lies, r * s))
                for phase in range(self.channel_step):
                    value = self._rows._phase(w, wide, 0, phase)
                    here = w.plus(to, phase * r * t)
                    self._rows._join(w, (out, here), value, constants)
                loop.values = [w.sum(to, row), w.sum(lies, step)]
        return f.finish()

    def _starts(self, w: Builder, to: Value, lies_at: Value, part: Value | None) -> list[Value]:
        """Where a part of blocks begins in the output and in the residual."""
        _, *starts = self._of_part(w, [to, to, lies_at], part)
        return starts

    def _join(
        self, w: Builder, place: tuple[Value, Value], residual: Value, constants: Constants
    ) -> None:
        """Join a residual's lanes to those of a place of the output."""
        value = self._load(w, *place, self.lanes)
        result = self._values(w, value, {0: residual}, constants)
        size = self.lanes * DTYPE_BYTES[self.out_dtype]
        w.store(result, *place, min(ALIGNMENT, size & -size))

    @cached_property
    def early(self) -> tuple[int, ...]:
        """Steps that per-channel operands and constants alone decide, done before pixels are passed over."""
        kinds = self.epilogue, self.accumulator, self.multiplies_shorts
        return early_steps(*kinds, frozenset(self.vectors))

    def _done_early(
        self, w: Builder, inputs: Mapping[int, Value], constants: Constants
    ) -> dict[int, Value]:
        """Per-channel operands by their index, and :attr:`early` behind all inputs."""
        values = {1 + index: value for index, value in inputs.items()}
        first = 1 + len(self.epilogue.inputs)
        values |= {first + i: value for i, value in constants.items() if isinstance(i, int)}
        self._add_values(w, self.early, values, constants)
        kept = (*inputs, *(first - 1 + number for number in self.early))
        return {index: values[1 + index] for index in kept}

    def _read_constants(self, w: Builder, sums: Value) -> dict[Hashable, Value]:
        """The constants that steps use; those that are parameters are read."""
        constants, groups = dict[Hashable, Value](), dict[int, Value]()
        for number, key in enumerate(self._lifted, self.skipped or 0):
            group, lane = divmod(number, VECTOR_WORDS)
            if group not in groups:
                place = w.constant(self.block.place("constants", group * VECTOR_WORDS))
                groups[group] = self._load(w, sums, place, VECTOR_WORDS)
            constants[key] = w.shuffle("k", groups[group], groups[group], [lane] * self.lanes)
        return {**self._constants(w, constants), **constants}

    def _requantise(
        self, w: Builder, number: int, values: Mapping[int, Value], constants: Constants
    ) -> Value:
        """A shift right, bounds and a truncation, the constants of which may be parameters."""
        if (number, "low") not in constants:
            return super()._requantise(w, number, values, constants)
        value = values[self._replaced.scalings[number].source]
        for op, key in (("arith.maxsi", "low"), ("arith.minsi", "high"), ("arith.shli", "left")):
            value = w.value("e", op, value, constants[number, key])
        dtype = self.epilogue.steps[number].dtype
        return self._every(w, value, dtype, self._choice(number)[0])

    def _offsets(self, w: Builder, channels: Value) -> dict[int, Value]:
        """Where each per-channel operand begins, for so many blocks of channels."""
        t, offsets = self.rst[2], dict[int, Value]()
        offset: Value | None = None
        for index in self.vectors:
            offsets[index] = offset = offset or w.constant(0)
            if index == self.vectors[-1]:
                break
            length = w.times(channels, t * DTYPE_BYTES[self._dtype(index)])
            quantum = w.constant(VECTOR_QUANTUM)
            up = w.plus(length, VECTOR_QUANTUM - 1)
            quanta = w.value("i", "arith.divui", up, quantum)
            offset = w.sum(
                offset, w.times(quanta, VECTOR_QUANTUM // DTYPE_BYTES[self.operand_dtype])
            )
        return offsets

    def _inputs(
        self, w: Builder, c: Value, buffer: Value | None, offsets: dict[int, Value]
    ) -> list[dict[int, Value]]:
        """The per-channel operands of the blocks of channels that begin at ``c``."""
        blocks = [w.plus(c, phase) for phase in range(self.channel_step)]
        if buffer is None:
            return [{} for _ in blocks]

        def operand(index: int, start: Value, block: Value) -> Value:
            first = w.sum(start, w.times(block, self._channel_operands(index)))
            return self._channels(w, index, buffer, first)

        return [
            {index: operand(index, start, block) for index, start in offsets.items()}
            for block in blocks
        ]

    @contextmanager
    def _part(self, w: Builder) -> Generator[Value | None]:
        """A loop over the parts of blocks; none where there is one."""
        if self._parts == 1:
            yield None
            return
        with w.loop("h", w.constant(0), w.constant(self._parts), w.constant(1)) as h:
            yield h

    def _of_part(self, w: Builder, starts: Sequence[Value], part: Value | None) -> list[Value]:
        """Where a part of blocks begins in sums, output and residual, from where the blocks do."""
        if part is None:
            return list(starts)
        r, s, t = self._rows.rst
        return [
            w.sum(start, w.times(part, r * n)) for start, n in zip(starts, (t, t, s), strict=False)
        ]

    def _residual(self, w: Builder, c: Value, buffer: Value, place: tuple[Value, int]) -> Value:
        """What the residual's blocks of a pixel hold for the blocks of channels from ``c`` on.

        Args:
            w: where to write.
            c: the first block of channels.
            buffer: the residual's.
            place: where the pixel's blocks begin, and how far they are apart.
        """
        assert self.residual is not None
        index, (pixel, size) = self.residual, place

        def read(block: Value) -> Value:
            return self._a_block(w, index, buffer, w.sum(pixel, w.times(block, size)))

        return self._gather(w, index, c, read)

"""The planar convolution of one core: pixels of a row in the lanes of sliding-window instructions.

An instruction gives ``out[l] += sum over k of a[l + k] * b[k]`` for a row's neighbouring pixels, so rows
are used as they lie. A stride takes every so manyth pixel, one instruction for each remainder (phase)
that has taps; dilated taps have zeros between them.

Contiguous layouts: A as [planes][rows][columns], B as [chunks][n][row taps][phases][parts][slot], C as
[rows out][blocks of a row][n][lanes].
"""

from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.codegen.matrix_unit import (
    HELD_FILTERS,
    Intrinsic,
    aie2_integer,
    by_architecture,
    reach,
)
from aie_conv.codegen.window import MOST_UNROLLED
from aie_conv.errors import Unsupported
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import INDEX, Op, Value, memref
from aie_conv.ir.printer import print_op
from aie_conv.lazy import cached_property
from aie_conv.problem import DTYPE_BYTES

_INSTRUCTIONS = by_architecture((
    # out[l] += sum over k < 8 of a[l + k] b[k], l < 32.
    ("i8", aie2_integer(904)),
    # out[l] += sum over k < 4 of a[l + k] b[k], l < 16.
    ("i16", aie2_integer(890, "i64")),
))  # fmt: skip
"""By architecture and type: llvm-aie's mul_conv_32x8 and mul_conv_16x4, signed. AIE2P's configurations
are in no source."""

_LANES = {"i8": (32, 8), "i16": (16, 4)}
"""(pixels, taps) of an instruction."""


@dataclass(frozen=True)
class InstructionRow:
    """A window along a row of pixels, cut into instructions.

    Attributes:
        lanes, reach: pixels and taps of an instruction.
        taps, step, dilation: the window.
    """

    lanes: int
    reach: int
    taps: int
    step: int
    dilation: int

    @cached_property
    def parts(self) -> int:
        """Instructions for one phase."""
        last = (self.taps - 1) * self.dilation // self.step
        return last // self.reach + 1

    @cached_property
    def used(self) -> list[tuple[int, int]]:
        """(phase, part) of every instruction with a tap."""
        places = (divmod(k * self.dilation, self.step) for k in range(self.taps))
        return sorted({(phase, column // self.reach) for column, phase in places})

    def columns(self, blocks: int) -> int:
        """Pixels of the input that the loads for so many blocks of lanes touch."""
        ahead = (self.parts - 1) * self.reach // self.lanes
        return self.step * self.lanes * (blocks + 1 + ahead)


def instruction_row(arch: Arch, dtype: str, taps: int, step: int, dilation: int) -> InstructionRow:
    """How instructions cover a window; Unsupported where there are none."""
    if (arch.name, dtype) not in _INSTRUCTIONS:
        raise Unsupported(f"{dtype} has no sliding-window instruction on {arch.name}")
    return InstructionRow(*_LANES[dtype], taps, step, dilation)


@dataclass(frozen=True)
class SlidingKernel:
    """Shapes of one kernel.

    Attributes:
        arch: the core's generation.
        dtype: "i8" or "i16".
        n: output channels.
        planes: input planes in an object: n, each output channel's own, or 1 for all.
        height, blocks: output rows of a tile, and blocks of lanes in each.
        rows: input rows of a tile.
        row_taps, row_step, row_dilation: the window down the rows.
        row: the window along a row.
        a_elements, b_elements: lengths of the A and B buffers.
    """

    arch: Arch
    dtype: str
    n: int
    planes: int
    height: int
    blocks: int
    rows: int
    row_taps: int
    row_step: int
    row_dilation: int
    row: InstructionRow
    a_elements: int
    b_elements: int

    @property
    def _mac(self) -> Intrinsic:
        return _INSTRUCTIONS[self.arch.name, self.dtype]

    @property
    def rst(self) -> tuple[int, int, int]:
        """One channel of as many pixels as there are lanes."""
        return self.row.lanes, 1, 1

    @property
    def accumulator(self) -> str:
        """Element type of C."""
        return "i32"

    @cached_property
    def slot(self) -> int:
        """Elements that an instruction's taps take in B: one vector load."""
        return self.arch.vector_load_bytes // DTYPE_BYTES[self.dtype]

    @cached_property
    def _steps(self) -> list[tuple[int, int, int]]:
        """(row tap, phase, part) of every instruction for a block of pixels."""
        return [(tap, *use) for tap in range(self.row_taps) for use in self.row.used]

    @cached_property
    def columns(self) -> int:
        """Pixels of a row in A."""
        return self.row.columns(self.blocks)

    @cached_property
    def blocking(self) -> tuple[int, int]:
        """Blocks of pixels computed together, (rows, columns)."""
        shapes = [
            (y, x)
            for y in (1, 2, 4)
            for x in (1, 2, 4)
            if y * x <= 4
            and not (self.height % y or self.blocks % x)
            and (y * x * len(self._steps) <= MOST_UNROLLED or y * x == 1)
        ]
        return min(shapes, key=lambda shape: self._group_cycles(shape) / (shape[0] * shape[1]))

    def _group_cycles(self, shape: tuple[int, int], *, fresh: bool = False) -> int:
        """Cycles between the starts of two groups: each buffer has one access a cycle."""
        (y, x), row = shape, self.row
        macs = len(self._steps) * y * x
        tops = range(0, y * self.row_step, self.row_step)
        rows = {top + tap * self.row_dilation for top in tops for tap in range(self.row_taps)}
        loads = len(rows) * (row.columns(x) // row.lanes)
        filters = 0 if len(self._steps) <= HELD_FILTERS else len(self._steps)
        moved = sum(part * row.reach % row.lanes > 0 for _, part in row.used)
        moves = len(rows) * x * (moved + (2 * row.step * len(row.used) if row.step > 1 else 0))
        ways = 1 if fresh else 2
        sums = ways * y * x * row.lanes * 4 // self.arch.vector_load_bytes
        return max(macs, loads, filters, moves, sums)

    def cycles(self, *, fresh: bool = False) -> int:
        """Issue cycles of one call, an estimate."""
        y, x = self.blocking
        row = self.blocks // x * self._group_cycles((y, x), fresh=fresh) + 12
        return self.n * (self.height // y * row + 4) + 20

    def declared(self) -> list[Op]:
        """What the module must declare for this kernel."""
        return [self._mac.declaration]

    def declarations(self) -> str:
        """The text of :meth:`declared`."""
        return "".join(print_op(op, 2) for op in self.declared())

    def text(self, name: str, *, fresh: bool = False) -> str:
        """The text of :meth:`function`."""
        return print_op(self.function(name, fresh=fresh), 2)

    def function(self, name: str, *, fresh: bool = False) -> Op:
        """The function ``name(a, b, c, q)``: add chunk q of B's products to C, or write them to it."""
        lanes, (by, bx) = self.row.lanes, self.blocking
        arguments = [
            ("a", memref(self.dtype, self.a_elements)),
            ("b", memref(self.dtype, self.b_elements)),
            ("c", memref(self.accumulator, self.height * self.blocks * self.n * lanes)),
            ("q", INDEX),
        ]
        f = Function(name, arguments)
        w, (a, b, c, q) = f.builder, f.arguments
        filter_ = self.row_taps * self.row.step * self.row.parts * self.slot
        zero, one = w.constant(0), w.constant(1)
        words = self._mac.words(w, fresh=fresh)
        chunk = w.times(q, self.n * filter_)
        with w.loop("n", zero, w.constant(self.n), one) as n:
            first_b = w.sum(w.times(n, filter_), chunk)
            keeps_filters = len(self._steps) <= HELD_FILTERS
            filters = self._filters(w, b, first_b) if keeps_filters else []
            plane = w.times(n, self.rows * self.columns) if self.planes > 1 else zero
            with (
                w.loop("y", zero, w.constant(self.height), w.constant(by)) as y,
                w.loop("x", zero, w.constant(self.blocks), w.constant(bx)) as x,
            ):
                if not keeps_filters:
                    filters = self._filters(w, b, first_b)
                row = w.sum(plane, w.times(y, self.row_step * self.columns))
                at_a = w.sum(row, w.times(x, self.row.step * lanes))
                block = w.times(w.sum(w.times(y, self.blocks), x), self.n)
                first = w.times(w.sum(block, n), lanes)
                at_c = [
                    w.plus(first, (i * self.blocks + j) * self.n * lanes)
                    for i in range(by)
                    for j in range(bx)
                ]
                accs = [
                    self._mac.zero(w) if fresh else self._mac.load(w, c, index, lanes)
                    for index in at_c
                ]
                accs = self._accumulate(w, (a, at_a), filters, accs, words)
                for index, acc in zip(at_c, accs, strict=True):
                    self._mac.store(w, c, index, acc, lanes)
        return f.finish()

    def _filters(self, w: Builder, b: Value, first: Value) -> list[Value]:
        """The taps of every instruction, in :attr:`_steps`' order."""
        row, filters = self.row, list[Value]()
        for tap, phase, part in self._steps:
            offset = w.plus(first, ((tap * row.step + phase) * row.parts + part) * self.slot)
            filters.append(reach(w, w.load("f", b, offset, self.slot), self._mac.right))
        return filters

    def _accumulate(
        self,
        w: Builder,
        a: tuple[Value, Value],
        filters: list[Value],
        accs: list[Value],
        words: tuple[Value, Value],
    ) -> list[Value]:
        """The products of all taps for one group of blocks; equal loads are shared."""
        pixels = _Pixels(w, a, self)
        by, bx = self.blocking
        for step, ((tap, phase, part), values) in enumerate(zip(self._steps, filters, strict=True)):
            for number in range(by * bx):
                i, j = divmod(number, bx)
                row = i * self.row_step + tap * self.row_dilation
                left = reach(w, pixels.window(row, j, phase, part), self._mac.left)
                accs[number] = self._mac.call(w, left, values, accs[number], words[step > 0])
        return accs


class _Pixels:
    """The pixels of one group, loaded and moved once each."""

    def __init__(self, w: Builder, a: tuple[Value, Value], kernel: SlidingKernel) -> None:
        self._w, (self._a, self._first), self._kernel = w, a, kernel
        self._loaded: dict[tuple[int, int], Value] = {}
        self._taken: dict[tuple[int, int, int], Value] = {}
        self._moved: dict[tuple[int, int, int, int], Value] = {}

    def _load(self, row: int, number: int) -> Value:
        """Vector ``number`` of an input row, from the group's first pixel."""
        if (row, number) not in self._loaded:
            kernel = self._kernel
            offset = self._w.plus(self._first, row * kernel.columns + number * kernel.row.lanes)
            self._loaded[row, number] = self._w.load("v", self._a, offset, kernel.row.lanes)
        return self._loaded[row, number]

    def _phase(self, row: int, number: int, phase: int) -> Value:
        """Vector ``number`` of the pixels of one phase."""
        key = row, number, phase
        if key in self._taken:
            return self._taken[key]
        step, lanes = self._kernel.row.step, self._kernel.row.lanes
        value = self._load(row, number * step)
        places = [lane * step + phase for lane in range(lanes)]
        for i in range(1, step):
            more = self._load(row, number * step + i)
            picked = [
                lanes + column % lanes if column // lanes == i else -1 if column // lanes > i
                else lane if i > 1 else column
                for lane, column in enumerate(places)
            ]  # fmt: skip
            value = self._w.shuffle("a", value, more, picked)
        self._taken[key] = value
        return value

    def window(self, row: int, block: int, phase: int, part: int) -> Value:
        """Twice as many pixels as lanes, of which the first is the part's first tap of lane 0."""
        key = row, block, phase, part
        if key in self._moved:
            return self._moved[key]
        lanes = self._kernel.row.lanes
        ahead, shift = divmod(part * self._kernel.row.reach, lanes)
        low, high = (self._phase(row, block + ahead + i, phase) for i in range(2))
        picked = [i if i < 2 * lanes else -1 for i in range(shift, shift + 2 * lanes)]
        self._moved[key] = self._w.shuffle("a", low, high, picked)
        return self._moved[key]

"""The depthwise convolution of one core: element-wise multiply-accumulates, channels in the lanes.

Contiguous layouts: A as [rows][columns][lanes], B as [chunks][taps, padded][lanes], C as
[rows out][columns out][lanes]. An instruction may take two taps at once.
"""

from dataclasses import dataclass

from aie_conv.arch import Arch
from aie_conv.arch.instructions import SPILL_FREE_BLOCKS, WIDE_CHAINS
from aie_conv.codegen.matrix_unit import (
    HELD_FILTERS,
    Intrinsic,
    aie2_integer,
    bitcast,
    by_architecture,
)
from aie_conv.codegen.window import MOST_UNROLLED, Window
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import INDEX, Op, Type, Value, memref, vector
from aie_conv.ir.printer import print_op
from aie_conv.lazy import cached_property
from aie_conv.problem import DTYPE_BYTES

ELEMENT_PRODUCTS = by_architecture((
    # out[c] += a[c] b[c] + a[c+32] b[c+32].
    ("i8", aie2_integer(808)),
    # out[c] += a[c] b[c].
    ("i16", aie2_integer(824)),
    # out[c] += a[c] b[c] + a[c+16] b[c+16].
    ("bf16", Intrinsic(
        "llvm.aie2.bf.mac16.conf",
        vector("bf16", 32), vector("bf16", 32), vector("i64", 8), 60, "f32",
    )),
    # out[c] += a[c] b[c].
    ("i8", Intrinsic(
        "llvm.aie2p.I512.I512.ACC2048.mac.conf",
        vector("i32", 16), vector("i16", 32), vector("i64", 32), 808, "i32",
    )),
    # out[c] += a[c] b[c].
    ("bf16", Intrinsic(
        "llvm.aie2p.I512.I512.ACC1024.bf.mac.conf",
        vector("bf16", 32), vector("bf16", 32), vector("f32", 32), 60, "f32",
    )),
))  # fmt: skip
"""By architecture and type; the configurations are those of mlir-aie's own lowering and llvm-aie's
headers. AIE2P's for int16 is in neither."""


_LONG = 8
"""Instructions for a pixel beyond which a body's loads do not fit the registers."""


@dataclass(frozen=True)
class DepthwiseKernel:
    """Shapes of one kernel.

    Attributes:
        arch: the core's generation.
        dtype: "i8", "i16" (AIE2 only) or "bf16".
        height, width: output pixels of a tile.
        window: how the window lies in the tile's input.
        a_elements, b_elements: lengths of the A and B buffers.
    """

    arch: Arch
    dtype: str
    height: int
    width: int
    window: Window
    a_elements: int
    b_elements: int

    @property
    def _mac(self) -> Intrinsic:
        return ELEMENT_PRODUCTS[self.arch.name, self.dtype]

    @property
    def lanes(self) -> int:
        """Channels."""
        return self.arch.elementwise[self.dtype][0]

    @property
    def taps_at_once(self) -> int:
        """Taps that one instruction takes."""
        return self.arch.elementwise[self.dtype][1]

    @property
    def rst(self) -> tuple[int, int, int]:
        """One pixel of as many channels as there are lanes."""
        return 1, self.lanes, self.lanes

    @property
    def accumulator(self) -> str:
        """Element type of C."""
        return self._mac.lane

    @cached_property
    def steps(self) -> int:
        """Instructions for one pixel."""
        return -(-len(self.window.tap_offsets()) // self.taps_at_once)

    @cached_property
    def blocking(self) -> tuple[int, int]:
        """Pixels computed together, (rows, columns)."""
        shapes = [
            (y, x)
            for y in (1, 2, 4)
            for x in (1, 2, 4)
            if y * x <= 4
            and self.height % y == 0
            and self.width % x == 0
            and (y * x * self.steps <= MOST_UNROLLED or y * x == 1)
        ]
        return min(shapes, key=lambda shape: self._group_cycles(shape) / (shape[0] * shape[1]))

    def _pixels(self, shape: tuple[int, int]) -> list[int]:
        """Distances in pixels of a group's windows from the first."""
        step, columns = self.window.step, self.window.columns
        return [
            i * step[0] * columns + j * step[1] for i in range(shape[0]) for j in range(shape[1])
        ]

    def _group_cycles(self, shape: tuple[int, int], *, fresh: bool = False) -> float:
        """Cycles between the starts of two groups.

        Each buffer has one access a cycle: the accumulators are written, and read unless they are
        fresh. Long bodies spill registers, unless four chains of sums fill the slots without
        overlapping groups (the schedules of :mod:`aie_conv.sim.timing.schedule`).
        """
        blocks = shape[0] * shape[1]
        distinct = {p + tap for p in self._pixels(shape) for tap in self.window.tap_offsets()}
        vector = self.lanes * DTYPE_BYTES[self.dtype] // self.arch.vector_load_bytes
        ways = 1 if fresh else 2
        sums = ways * blocks * self.lanes * 4 // self.arch.vector_load_bytes
        filters = 0 if self.steps <= HELD_FILTERS else self.steps * self.taps_at_once * vector
        interval = max(self.steps * blocks, len(distinct) * max(1, vector), sums, filters)
        wide = (self.arch.name, self.dtype) in WIDE_CHAINS
        spills = self.steps > _LONG and blocks < SPILL_FREE_BLOCKS[self.arch.name]
        return interval * (2 if spills else 1.4 if wide and blocks == 4 else 1)

    def cycles(self, *, fresh: bool = False) -> int:
        """Issue cycles of one call, an estimate."""
        y, x = self.blocking
        row = self.width // x * self._group_cycles((y, x), fresh=fresh) + 22
        return int(self.height // y * row) + 20

    def declared(self) -> list[Op]:
        """What the module must declare for this kernel."""
        return [self._mac.declaration]

    def declarations(self) -> str:
        """The text of :meth:`declared`."""
        return "".join(print_op(op, 2) for op in self.declared())

    def text(self, name: str, *, fresh: bool = False) -> str:
        """The text of :meth:`function`."""
        return print_op(self.function(name, fresh=fresh), 2)

    @property
    def _arguments(self) -> list[tuple[str, Type]]:
        return [
            ("a", memref(self.dtype, self.a_elements)),
            ("b", memref(self.dtype, self.b_elements)),
            ("c", memref(self.accumulator, self.height * self.width * self.lanes)),
            ("q", INDEX),
        ]

    def function(self, name: str, *, fresh: bool = False) -> Op:
        """The function ``name(a, b, c, q)``: add chunk q of B's products to C, or write them to it."""
        lanes, (by, bx) = self.lanes, self.blocking
        window = self.window
        f = Function(name, self._arguments)
        w, (a, b, c, q) = f.builder, f.arguments
        zero = w.constant(0)
        words = self._mac.words(w, fresh=fresh)
        chunk = w.times(q, self.steps * self.taps_at_once * lanes)
        keeps_filters = self.steps <= HELD_FILTERS
        filters = self._filters(w, b, chunk) if keeps_filters else []
        with (
            w.loop("y", zero, w.constant(self.height), w.constant(by)) as y,
            w.loop("x", zero, w.constant(self.width), w.constant(bx)) as x,
        ):
            if not keeps_filters:
                filters = self._filters(w, b, chunk)
            row = w.times(y, window.step[0] * window.columns)
            at_a = w.times(w.sum(row, w.times(x, window.step[1])), lanes)
            first = w.times(w.sum(w.times(y, self.width), x), lanes)
            at_c = [
                w.plus(first, (i * self.width + j) * lanes) for i in range(by) for j in range(bx)
            ]
            accs = [
                self._mac.zero(w) if fresh else self._mac.load(w, c, index, lanes) for index in at_c
            ]
            accs = self._accumulate(w, (a, at_a), filters, accs, words)
            for index, acc in zip(at_c, accs, strict=True):
                self._mac.store(w, c, index, acc, lanes)
        return f.finish()

    def _filters(self, w: Builder, b: Value, chunk: Value) -> list[Value]:
        """All taps of the filter, as many in a vector as an instruction takes."""
        count = self.lanes * self.taps_at_once
        return [
            bitcast(w, w.load("f", b, w.plus(chunk, step * count), count), self._mac.right)
            for step in range(self.steps)
        ]

    def _accumulate(
        self,
        w: Builder,
        a: tuple[Value, Value],
        filters: list[Value],
        accs: list[Value],
        words: tuple[Value, Value],
    ) -> list[Value]:
        """The products of all taps for one group of pixels; equal loads are shared."""
        offsets, many = self.window.tap_offsets(), self.taps_at_once
        loaded: dict[int, Value] = {}

        def pixel(part: int) -> Value:
            if part not in loaded:
                loaded[part] = w.load("v", a[0], w.plus(a[1], part * self.lanes), self.lanes)
            return loaded[part]

        for number, values in enumerate(filters):
            taps = offsets[number * many : (number + 1) * many]
            # A tap that fills up the last instruction has a filter of zeros, and meets zeros: times an
            # infinity or a NaN of the model it would be NaN.
            spare = many - len(taps)
            zeros = [w.constant(0, vector(self.dtype, self.lanes), "z")] * spare if spare else []
            for i, shift in enumerate(self._pixels(self.blocking)):
                parts = [pixel(shift + tap) for tap in taps] + zeros
                left = parts[0]
                if many == 2:
                    left = w.shuffle("a", parts[0], parts[1], range(2 * self.lanes))
                left = bitcast(w, left, self._mac.left)
                accs[i] = self._mac.call(w, left, values, accs[i], words[number > 0])
        return accs

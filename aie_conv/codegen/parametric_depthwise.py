"""The depthwise product of a parametric program: each channel's window times that channel's own filter.

It takes the place of the matrix product, whose tables and sums it uses, so that the epilogues behind it are
those of products. A multiply-accumulate of the vector unit takes a block of pixels and channels as lanes, for
as many taps as the instruction has.

Layouts as of :mod:`aie_conv.codegen.parametric`: A as [pixels of a strip][blocks of s channels][r][s], C as
[pixels of a strip][blocks of t channels][r][t]. B is [blocks of s channels][steps][blocks of t
channels][taps of a step][r][t], every weight once for each of the instruction's rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from aie_conv.arch.instructions import SPILL_FREE_BLOCKS, TABLE_OVERHEAD
from aie_conv.codegen.depthwise import ELEMENT_PRODUCTS
from aie_conv.codegen.matrix_unit import Intrinsic, bitcast
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.codegen.parametric_lanewise import COMBINATIONS
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import INDEX, Block, Op, Type, Value, memref, vector
from aie_conv.lazy import cached_property
from aie_conv.problem import DTYPE_BYTES

INTEGERS = frozenset(("i8", "i16"))
"""Types of which a filter of zeros makes nothing of any pixel."""


@dataclass(frozen=True)
class ParametricDepthwise:
    """The function in a layout.

    Attributes:
        product: the kernel of the same layout, whose run-time parameters are read.
    """

    product: ParametricKernel

    name: ClassVar[str] = "multiply_channels"
    number: ClassVar[int] = len(COMBINATIONS) + 1
    weighs: ClassVar[bool] = True

    @property
    def _mac(self) -> Intrinsic:
        return ELEMENT_PRODUCTS[self.product.arch.name, self.product.dtype]

    @property
    def covered(self) -> int:
        """Blocks of C that a block of A gives."""
        _, s, t = self.product.rst
        return s // t

    @cached_property
    def _lanes(self) -> tuple[int, int]:
        """Lanes of an instruction, and the taps that it has."""
        return self.product.arch.elementwise[self.product.dtype]

    @property
    def taps_at_once(self) -> int:
        """Taps of a step: of real numbers one, for a filter of zeros times an infinity is none."""
        return self._lanes[1] if self.product.dtype in INTEGERS else 1

    @property
    def pixels(self) -> int:
        """Blocks of pixels of a group, whose sums are in registers together."""
        return max(1, SPILL_FREE_BLOCKS[self.product.arch.name] // self.covered)

    def pixel_groups(self, pixels: int) -> int:
        """Groups of so many blocks of pixels."""
        return -(-pixels // self.pixels)

    def steps(self, taps: int) -> int:
        """Steps of a window of so many taps."""
        return -(-taps // self.taps_at_once)

    def fill_steps(self, taps: Sequence[int]) -> list[int]:
        """The table of taps; one that fills the last step up meets a filter of zeros."""
        return [*taps, *[taps[-1]] * (self.steps(len(taps)) * self.taps_at_once - len(taps))]

    def fill_pixels(self, pixels: Sequence[int]) -> list[int]:
        """The table of pixels, whole groups."""
        return [
            *pixels,
            *[pixels[-1]] * (self.pixel_groups(len(pixels)) * self.pixels - len(pixels)),
        ]

    def filter_elements(self, taps: int, channels: int) -> int:
        """Elements of B for a window of so many taps over so many channels."""
        return self.steps(taps) * self.taps_at_once * channels * self.product.rst[0]

    def declared(self) -> list[Op]:
        """What the module must declare."""
        return [self._mac.declaration]

    @property
    def arguments(self) -> list[tuple[str, Type]]:
        """The function's arguments: names and types."""
        p = self.product
        a, b = memref(p.unit.element, p.a_elements), memref(p.unit.element, p.b_elements)
        return [("a", a), ("b", b), ("c", p.memory), ("first", INDEX), ("fresh", INDEX)]

    def function(self) -> Op:
        """The function ``name(a, b, c, first, fresh)``.

        ``first`` is the element of a pixel's blocks of A at which a row of cores' channels begin. Where
        ``fresh`` is 0 the products are added to what C holds.
        """
        p, (r, s, t) = self.product, self.product.rst
        f = Function(self.name, self.arguments)
        w, (a, b, c, first, fresh) = f.builder, f.arguments
        zero, one = w.constant(0), w.constant(1)
        steps = p.block.load(w, c, "steps")
        pixels = p.block.load(w, c, "pixel_groups", factor=self.pixels)
        row = p.block.load(w, c, "channel_blocks", factor=r * t)
        block_b = w.times(steps, self.taps_at_once * r * s)
        begins, conf = w.compare("ne", fresh, zero), self._mac.words(w, fresh=False)[1]
        table, wide = w.constant(p.block.place("pixel_table")), w.constant(r * s)
        with w.carrying(
            "pixel", (zero, pixels, w.constant(self.pixels)), [w.constant(p.block.words)]
        ) as group:
            entry = w.sum(group.iv, table)
            at_a = [w.sum(w.word(c, w.plus(entry, i)), first) for i in range(self.pixels)]
            rows = [group.values[0]]
            for _ in range(self.pixels):
                rows.append(w.sum(rows[-1], row))
            with w.carrying("channel", (zero, row, wide), [zero]) as channel:
                places = [
                    w.plus(w.sum(start, channel.iv), n * r * t)
                    for start in rows[:-1]
                    for n in range(self.covered)
                ]
                starts = self._sums(w, c, places, begins)
                blocks = [w.sum(at, channel.iv) for at in at_a]
                with w.carrying("step", (zero, steps, one), starts) as loop:
                    lefts = self._lefts(w, (a, c), blocks, loop.iv)
                    rights = self._rights(w, b, channel.values[0], loop.iv)
                    loop.values = [
                        self._mac.call(w, left, right, acc, conf)
                        for left, right, acc in zip(
                            lefts, rights * self.pixels, loop.values, strict=True
                        )
                    ]
                for place, acc in zip(places, loop.results, strict=True):
                    self._mac.store(w, c, place, acc, r * t)
                channel.values = [w.sum(channel.values[0], block_b)]
            group.values = [rows[-1]]
        return f.finish()

    def _sums(self, w: Builder, c: Value, places: Sequence[Value], begins: Value) -> list[Value]:
        """The accumulators: zeros at a tile's first taps, else what C holds."""
        r, _, t = self.product.rst
        then, other = Block(), Block()
        with w.inside(then):
            w.op("scf.yield", *[self._mac.zero(w)] * len(places))
        with w.inside(other):
            w.op("scf.yield", *[self._mac.load(w, c, place, r * t) for place in places])
        return w.chosen("begin", begins, then, other, [self._mac.carried] * len(places))

    def _lefts(
        self, w: Builder, buffers: tuple[Value, Value], blocks: Sequence[Value], step: Value
    ) -> list[Value]:
        """Each pixel's blocks of a step's taps, as the instruction takes them for each block of C."""
        (a, c), many = buffers, self.taps_at_once
        table = self.product.block.place("step_table")
        entry = w.plus(w.times(step, many), table)
        taps = [w.word(c, w.plus(entry, i)) for i in range(many)]
        r, s, _ = self.product.rst
        lefts: list[Value] = []
        for block in blocks:
            values = [w.load("a", a, w.sum(block, tap), r * s) for tap in taps]
            lefts += [self._left(w, values, n) for n in range(self.covered)]
        return lefts

    def _left(self, w: Builder, values: Sequence[Value], n: int) -> Value:
        """The lanes of the ``n``-th block of C in some taps' blocks of A."""
        r, s, t = self.product.rst
        lanes = [i * s + n * t + k for i in range(r) for k in range(t)]
        if self._lanes[1] == 1 and self.covered == 1:
            return bitcast(w, values[0], self._mac.left)
        last = values[-1]
        if len(values) < self._lanes[1]:
            last = w.constant(0, last.type, "z")
        spread = [tap * r * s + lane for tap in range(self._lanes[1]) for lane in lanes]
        return bitcast(w, w.shuffle("v", values[0], last, spread), self._mac.left)

    def _rights(self, w: Builder, b: Value, at_b: Value, step: Value) -> list[Value]:
        """A step's weights for each block of C."""
        (lanes, taps), many = self._lanes, self.taps_at_once
        first = w.sum(at_b, w.times(step, many * lanes * self.covered))
        rights: list[Value] = []
        for n in range(self.covered):
            value = w.load("b", b, w.plus(first, n * many * lanes), many * lanes)
            if many < taps:
                zeros = w.constant(0, vector(self.product.dtype, many * lanes), "z")
                value = w.shuffle("v", value, zeros, range(taps * lanes))
            rights.append(bitcast(w, value, self._mac.right))
        return rights

    def cycles_of(self, taps: int, pixel_blocks: int, channel_blocks: int) -> int:
        """Issue cycles of one call, an estimate.

        Args:
            taps: of a window.
            pixel_blocks: blocks of pixels of a tile.
            channel_blocks: blocks of t channels of an N tile.
        """
        p, (r, s, t) = self.product, self.product.rst
        size, load = DTYPE_BYTES[p.dtype], p.arch.vector_load_bytes
        many, blocks = self.taps_at_once, self.pixels * self.covered
        a = self.pixels * many * -(-r * s * size // load)
        b = self.covered * -(-many * r * t * size // load)
        shuffles = 0 if self._lanes[1] == self.taps_at_once and self.covered == 1 else blocks
        interval = max(blocks, -(-(a + b + many) // 2), b, shuffles, p.unit.distance)
        per_channels, per_pixels = TABLE_OVERHEAD[p.arch.name]
        around = 2 * blocks * p.unit.vectors(r * t, p.unit.accumulator) + 16 + per_channels
        each = self.steps(taps) * interval + around
        groups = self.pixel_groups(pixel_blocks)
        return groups * (-(-channel_blocks // self.covered) * each + per_pixels) + 5

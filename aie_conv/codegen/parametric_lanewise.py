"""What a core of a parametric program does in place of a product: each lane combined over a window.

Its tables are those of the product: where each block of pixels begins in A, and how far a tap of the window
lies from there. The result takes the place of the sums, so that the epilogues behind it are those of
products. Without a window it is the operand itself, and the epilogue all there is.

Layouts as of :mod:`aie_conv.codegen.parametric`: A as [pixels of a strip][blocks of s channels][r][s], of the
channels of all rows of cores; C as [pixels of a strip][blocks of t channels][r][t].
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from aie_conv.codegen.epilogue_blocks import BlockEpilogue
from aie_conv.codegen.matrix_unit import bitcast
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.ir.builder import ALIGNMENT, Builder, Function
from aie_conv.ir.core import INDEX, Block, Op, Type, Value, memref, vector
from aie_conv.lazy import cached_property
from aie_conv.problem import DTYPE_BYTES, Epilogue

COMBINATIONS = ("", "arith.addi", "arith.addf", "arith.maxsi", "arith.minsi", "arith.maximumf",
                "arith.minimumf")  # fmt: skip
"""What the cores combine by; "" where there is one tap."""

_SUMS = frozenset(("arith.addi", "arith.addf"))

_ACCUMULATOR = {"i8": "i32", "i16": "i32", "bf16": "f32"}


@dataclass(frozen=True)
class ParametricLanewise:
    """The function of one combination in a layout.

    Attributes:
        product: the kernel of the same layout, whose run-time parameters are read.
        combine: one of :data:`COMBINATIONS`.
    """

    product: ParametricKernel
    combine: str

    weighs: ClassVar[bool] = False
    pixels: ClassVar[int] = 1
    taps_at_once: ClassVar[int] = 1

    @property
    def name(self) -> str:
        """The function's name."""
        return f"combine_{self.combine.removeprefix('arith.') or 'one'}"

    @property
    def number(self) -> int:
        """Which of the functions that take a product's place it is, from 1."""
        return COMBINATIONS.index(self.combine) + 1

    def pixel_groups(self, pixels: int) -> int:
        """Groups of so many blocks of pixels: each is one."""
        return pixels

    def steps(self, taps: int) -> int:
        """Steps of a window of so many taps: each is one."""
        return taps

    def fill_steps(self, taps: Sequence[int]) -> list[int]:
        """The table of taps."""
        return list(taps)

    def fill_pixels(self, pixels: Sequence[int]) -> list[int]:
        """The table of pixels."""
        return list(pixels)

    def filter_elements(self, taps: int, channels: int) -> int:
        """Elements of B for a window of so many taps over so many channels: there are no weights."""
        del taps, channels
        return 0

    def declared(self) -> list[Op]:
        """What the module must declare: nothing."""
        return []

    @property
    def _covered(self) -> int:
        """Blocks of C that a block of A gives."""
        _, s, t = self.product.rst
        return s // t

    @cached_property
    def _blocks(self) -> BlockEpilogue:
        """Operations on lanes of a block of C."""
        return self._lanes_of(self.product.rst)

    @cached_property
    def _wide(self) -> BlockEpilogue:
        """Operations on lanes of a block of A."""
        r, s, _ = self.product.rst
        return self._lanes_of((r, s, s))

    def _lanes_of(self, rst: tuple[int, int, int]) -> BlockEpilogue:
        # Of A, whose lanes are as they came where a product converts them before it multiplies.
        dtype = self.product.unit.element
        kind = _ACCUMULATOR[dtype]
        return BlockEpilogue(self.product.arch, Epilogue(), kind, kind, dtype, rst)

    @property
    def arguments(self) -> list[tuple[str, Type]]:
        """The function's arguments: names and types."""
        p = self.product
        return [
            ("a", memref(p.unit.element, p.a_elements)),
            ("c", p.memory),
            ("first", INDEX),
            ("fresh", INDEX),
        ]

    def function(self) -> Op:
        """The function ``name(a, c, first, fresh)``.

        ``first`` is the element of a pixel's blocks of A at which a row of cores' channels begin. Where
        ``fresh`` is 0 the lanes are combined with what C holds.
        """
        p, (r, _, t) = self.product, self.product.rst
        f = Function(self.name, self.arguments)
        w, (a, c, first, fresh) = f.builder, f.arguments
        zero, one = w.constant(0), w.constant(1)
        steps, pixels = p.block.load(w, c, "steps"), p.block.load(w, c, "pixel_groups")
        row = p.block.load(w, c, "channel_blocks", factor=r * t)
        begins, wide = w.compare("ne", fresh, zero), w.constant(r * t * self._covered)
        table = p.block.place("pixel_table")
        with w.loop("channel", zero, row, wide) as channel:
            # A block of A has as many elements as those of C that it gives.
            block, start = w.sum(first, channel), w.plus(channel, p.block.words)
            # Pixels are many where channels are few: theirs is the loop that runs on without a break.
            with w.carrying("pixel", (zero, pixels, one), [start]) as each:
                at = w.sum(w.word(c, w.plus(each.iv, table)), block)
                values = self._combined(w, (a, c), at, (one, steps, one))
                self._keep(w, values, (c, each.values[0]), begins)
                each.values = [w.sum(each.values[0], row)]
        return f.finish()

    def _combined(
        self,
        w: Builder,
        buffers: tuple[Value, Value],
        block: Value,
        bounds: tuple[Value, Value, Value],
    ) -> list[Value]:
        """A block of A combined over the taps: sums as the blocks of C that it gives."""
        a, c = buffers
        table = self.product.block.place("step_table")

        def read(step: Value) -> list[Value]:
            return self._read(w, a, w.sum(block, w.word(c, w.plus(step, table))))

        start = read(w.constant(0))
        if not self.combine:
            return start
        with w.carrying("step", bounds, start) as loop:
            pairs = zip(loop.values, read(loop.iv), strict=True)
            loop.values = [self._combine(w, x, y) for x, y in pairs]
        return loop.results

    def _read(self, w: Builder, a: Value, place: Value) -> list[Value]:
        """A block of A as what is combined: sums in the accumulator's type, blocks of C apart."""
        r, s, _ = self.product.rst
        size = r * s * DTYPE_BYTES[a.type.elem]
        value = w.load("v", a, place, r * s, min(ALIGNMENT, size & -size))
        return self._extended(w, value) if self.combine in _SUMS else [value]

    def _extended(self, w: Builder, value: Value) -> list[Value]:
        """The blocks of C in a block of A, in the accumulator's type."""
        r, s, t = self.product.rst
        kind = vector(self._blocks.accumulator, r * t)
        extend = "arith.extf" if self._blocks.accumulator == "f32" else "arith.extsi"
        parts = [value]
        if self._covered > 1:
            parts = [
                w.shuffle(
                    "r", value, value, [i * s + n * t + k for i in range(r) for k in range(t)]
                )
                for n in range(self._covered)
            ]
        return [w.value("e", extend, part, to=kind) for part in parts]

    def _combine(self, w: Builder, x: Value, y: Value) -> Value:
        lanes = self._blocks if self.combine in _SUMS else self._wide
        return lanes.combined(w, self.combine, x, y)

    def _keep(
        self, w: Builder, values: Sequence[Value], place: tuple[Value, Value], begins: Value
    ) -> None:
        """Write blocks of C, or combine them with what is there."""
        (c, to), (r, _, t) = place, self.product.rst
        blocks = list(values) if self.combine in _SUMS else self._extended(w, values[0])
        places = [to, *(w.plus(to, number * r * t) for number in range(1, len(blocks)))]
        if self.combine:
            blocks = self._with_known(w, blocks, (c, places), begins)
        for value, each in zip(blocks, places, strict=True):
            w.store(bitcast(w, value, vector("i32", r * t)), c, each)

    def _with_known(
        self,
        w: Builder,
        values: Sequence[Value],
        where: tuple[Value, Sequence[Value]],
        begins: Value,
    ) -> list[Value]:
        """Blocks of C, combined with what is there but for a tile's first taps."""
        (c, places), (r, _, t) = where, self.product.rst
        then, other = Block(), Block()
        with w.inside(then):
            w.op("scf.yield", *values)
        with w.inside(other):
            known = [bitcast(w, w.load("acc", c, each, r * t), values[0].type) for each in places]
            pairs = zip(known, values, strict=True)
            w.op("scf.yield", *(self._blocks.combined(w, self.combine, *pair) for pair in pairs))
        return w.chosen("kept", begins, then, other, [value.type for value in values])

    def cycles_of(self, steps: int, pixel_blocks: int, channel_blocks: int) -> int:
        """Issue cycles of one call, an estimate.

        Args:
            steps: taps of a window.
            pixel_blocks: blocks of pixels of a tile.
            channel_blocks: blocks of t channels of an N tile.
        """
        p, (r, s, _) = self.product, self.product.rst
        lanes = r * s
        loads = -(-lanes * DTYPE_BYTES[p.unit.element] // p.arch.vector_load_bytes)
        vectors = max(1, lanes * DTYPE_BYTES[self._blocks.accumulator] // 64)
        work = 1 if self.combine not in _SUMS else (2 + self._covered) * vectors
        stores = lanes * DTYPE_BYTES[self._blocks.accumulator] // p.arch.vector_load_bytes
        each = (steps - 1) * max(loads, work, 4) + 26 + 3 * vectors if self.combine else stores + 2
        return -(-channel_blocks // self._covered) * (pixel_blocks * each + 24) + 10

"""The matrix product of one core: C[m][n] += A[m][kc] * B[q][n][kc] in blocks of the instruction.

Blocked layouts, all contiguous: A as [kc/s][m/r][r][s], B as [chunks][n/t][kc/s][s][t], C as
[m/r][n/t][r][t]. Groups of accumulators are written out whole (:mod:`aie_conv.codegen.grouped`).
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

from aie_conv.arch import get_arch
from aie_conv.codegen.grouped import (
    Band,
    Body,
    Dim,
    GroupWork,
    Kinds,
    Operands,
    SumPart,
    Tally,
    bands,
    cut,
    fastest,
    multiply_groups,
    product_arguments,
    tally,
    walk,
)
from aie_conv.codegen.matrix_kernel import MatrixKernel, unit_of
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import Op, Value
from aie_conv.ir.printer import print_op
from aie_conv.lazy import cached_property


@dataclass(frozen=True)
class Blocking:
    """How a product is cut: blocks of pixels and of channels in a group, and steps of K written out."""

    rows: int
    columns: int
    depth: int


@cache
def _best_blocking(
    arch: str, dtype: str, sizes: tuple[int, int, int], fresh: bool
) -> tuple[Blocking, int]:
    """The fastest blocking for so many blocks of (pixels, channels, K), and its cycles."""
    rows, columns, depth = sizes
    most = _most_blocks(arch, dtype)

    def kinds(y: int, x: int) -> Kinds:
        return [
            (band.groups * (columns // x), _tallies(arch, dtype, (band.rows, x, depth), fresh))
            for band in bands(rows, y)
        ]

    group, way, cycles = fastest(
        ((y, x), kinds(y, x))
        for y, x in product((4, 2, 1), repeat=2)
        if not columns % x and y <= rows and y * x <= most
    )
    return Blocking(*group, _depths(depth)[way]), cycles


@cache
def _most_blocks(arch: str, dtype: str) -> int:
    return unit_of(get_arch(arch), dtype).most_blocks


@cache
def _depths(depth: int) -> list[int]:
    """Steps of K that may be written out, the most first."""
    return sorted({-(-depth // parts) for parts in range(1, depth + 1)}, reverse=True)


@cache
def _tallies(arch: str, dtype: str, sizes: tuple[int, int, int], fresh: bool) -> tuple[Tally, ...]:
    """What a group of so many blocks of pixels and channels takes for a sum, by the steps of its parts."""
    y, x, depth = sizes
    return tuple(
        tally(
            arch,
            dtype,
            (
                (part, GroupWork(y, x, part.steps, y * part.steps))
                for part in cut(depth, each, fresh)
            ),
        )
        for each in _depths(depth)
    )


@dataclass(frozen=True)
class MatmulKernel(MatrixKernel):
    """Shapes of one matrix product kernel.

    Attributes:
        arch: the core's generation.
        dtype: "i8", "i16" or "bf16".
        m, n, kc: the tile, multiples of the instruction's r, t, s.
        a_elements, b_elements: lengths of the A and B buffers (B may hold more than the product
            reads: several chunks, bias).
    """

    m: int
    n: int
    kc: int
    a_elements: int
    b_elements: int

    @cached_property
    def _sizes(self) -> tuple[int, int, int]:
        r, s, t = self.rst
        return self.m // r, self.n // t, self.kc // s

    def _best(self, fresh: bool) -> tuple[Blocking, int]:
        return _best_blocking(self.arch.name, self.dtype, self._sizes, fresh)

    @property
    def blocking(self) -> tuple[int, int]:
        """Accumulator blocks of a group, (rows, columns)."""
        best, _ = self._best(False)
        return best.rows, best.columns

    def cycles(self, *, fresh: bool = False) -> int:
        """Issue cycles of one call, an estimate."""
        return self._best(fresh)[1]

    def text(self, name: str, *, fresh: bool = False) -> str:
        """The text of :meth:`function`."""
        return print_op(self.function(name, fresh=fresh), 2)

    def function(self, name: str, *, fresh: bool = False) -> Op:
        """The function ``name(a, b, c, q)``: add chunk q of B's products to C, or write them to it."""
        blocking, _ = self._best(fresh)
        sizes = (self.a_elements, self.b_elements, self.m * self.n)
        f = Function(name, product_arguments(self.unit, *sizes))
        w, (a, b, c, q) = f.builder, f.arguments
        operands = Operands(a, b, c)
        operands.configure(w, self.unit, fresh=fresh)
        operands.exponents = self.unit.exponents_b(w, q, self.n * self.kc)
        chunk = w.times(q, self.unit.chunk_b(self.n * self.kc))
        for part in cut(self._sizes[2], blocking.depth, fresh):
            self._part(w, operands, blocking, part, chunk)
        return f.finish()

    def _part(
        self, w: Builder, operands: Operands, blocking: Blocking, part: SumPart, chunk: Value
    ) -> None:
        """The steps of one part of K for all groups."""
        step_a, step_b = self.m * self.rst[1], self.unit.block_b
        along = [Dim(part.times, part.steps * step_a, part.steps * step_b)]
        with walk(w, along) as (a, b, _):
            at_a = w.plus(a, part.first * step_a)
            at_b = w.plus(w.sum(b, chunk), part.first * step_b)
            for band in bands(self._sizes[0], blocking.rows):
                self._groups(w, operands, (at_a, at_b), part, (band, blocking.columns))

    def _groups(
        self,
        w: Builder,
        operands: Operands,
        start: tuple[Value, Value],
        part: SumPart,
        shape: tuple[Band, int],
    ) -> None:
        r, s, t = self.rst
        (band, columns), (_, channels, depth) = shape, self._sizes
        step_a, step_b = self.m * s, self.unit.block_b
        column_b = depth * step_b
        row_c = channels * r * t
        dims = [
            Dim(band.groups, band.rows * r * s, 0, band.rows * row_c),
            Dim(channels // columns, 0, columns * column_b, columns * r * t),
        ]
        rows = range(band.rows)
        body = Body(
            tuple(
                (
                    (
                        tuple(k * step_a + i * r * s for i in rows),
                        tuple(k * step_b + j * column_b for j in range(columns)),
                    ),
                )
                for k in range(part.steps)
            ),
            tuple(i * row_c + j * r * t for i in rows for j in range(columns)),
        )
        first_a = w.plus(start[0], band.first * r * s)
        begin = (first_a, start[1], band.first * row_c)
        multiply_groups(w, self.unit, operands, dims, begin, body, fresh=part.fresh)

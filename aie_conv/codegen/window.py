"""The windowed matrix product of one core: a tile of the input, with its halo, times every tap.

The tile's rows are cut into r strips of equal height, one for each row of the matrix instruction, so
that a step of the window is whole blocks further: every load is aligned, whatever the stride and
dilation. Blocked layouts, all contiguous: A as [rows of a strip][columns][kc/s][r][s], B as
[chunks][n/t][kc/s][taps][s][t], C as [strip rows out][columns out][n/t][r][t]. Groups of accumulators
are written out whole (:mod:`aie_conv.codegen.grouped`).
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

MOST_UNROLLED = 192
"""Instructions written out in an innermost loop; at about 16 bytes each, a fifth of the 16 KB of
program memory."""


@dataclass(frozen=True)
class Window:
    """How a window lies in a strip of the input held in the core.

    Attributes:
        rows, columns: pixels of the input that a strip holds.
        taps: (vertical, horizontal).
        step: pixels of the input between neighbours of the output, (vertical, horizontal).
        dilation: pixels of the input between taps, (vertical, horizontal).
    """

    rows: int
    columns: int
    taps: tuple[int, int]
    step: tuple[int, int]
    dilation: tuple[int, int]

    def tap_offsets(self) -> list[int]:
        """For each tap, row by row, its distance in pixels from the window's first."""
        (ky, kx), (dy, dx) = self.taps, self.dilation
        return [y * dy * self.columns + x * dx for y in range(ky) for x in range(kx)]


@dataclass(frozen=True)
class WindowBlocking:
    """How a product is cut.

    Attributes:
        rows, columns, channels: blocks of C in a group, along the strip's rows and columns and along
            the channels.
        units: rows of taps that are written out, those of a block of input channels together: a part
            of such a block, or several.
    """

    rows: int
    columns: int
    channels: int
    units: int


@dataclass(frozen=True)
class _Sum:
    """What a sum is: blocks of input channels, and the window without its place."""

    depth: int
    taps: tuple[int, int]
    step: tuple[int, int]
    dilation: tuple[int, int]

    def pixels(self, rows: int, columns: int, units: int) -> int:
        """Blocks of A that ``units`` rows of taps of a group of pixels load."""
        (ky, kx), lines = self.taps, -(-units // self.taps[0])
        ky = min(units, ky)
        if rows > columns:
            down = {i * self.step[0] + y * self.dilation[0] for i in range(rows) for y in range(ky)}
            return lines * kx * len(down) * columns
        across = {
            j * self.step[1] + x * self.dilation[1] for j in range(columns) for x in range(kx)
        }
        return lines * ky * rows * len(across)


@cache
def _units(depth: int, ky: int) -> list[int]:
    """The lengths of a part that a sum is cut into, the longest first."""
    counts = {-(-depth // parts) for parts in range(1, depth + 1)}
    return [
        *sorted((ky * count for count in counts), reverse=True),
        *(count for count in range(ky - 1, 0, -1) if ky % count == 0),
    ]


@cache
def _most_blocks(arch: str, dtype: str) -> int:
    return unit_of(get_arch(arch), dtype).most_blocks


@cache
def _tallies(
    arch: str, dtype: str, sum_: _Sum, group: tuple[int, int, int], fresh: bool
) -> tuple[Tally, ...]:
    """What a group of (rows, columns, channels) blocks takes for a sum, by the length of its parts."""
    (y, x, c), (ky, kx) = group, sum_.taps
    return tuple(
        tally(
            arch,
            dtype,
            (
                (part, GroupWork(y * x, c, part.steps * kx, sum_.pixels(y, x, part.steps)))
                for part in cut(sum_.depth * ky, units, fresh)
            ),
        )
        for units in _units(sum_.depth, ky)
    )


@cache
def _best_blocking(
    arch: str, dtype: str, output: tuple[int, int, int], sum_: _Sum, fresh: bool
) -> tuple[WindowBlocking, int]:
    """The fastest blocking for so many blocks of (rows, columns, channels), and its cycles."""
    height, width, blocks = output
    most = _most_blocks(arch, dtype)

    def kinds(y: int, x: int, c: int) -> Kinds:
        others = (height // y) * (blocks // c)
        return [
            (band.groups * others, _tallies(arch, dtype, sum_, (y, band.rows, c), fresh))
            for band in bands(width, x)
        ]

    group, way, cycles = fastest(
        (group, kinds(*group)) for group in _groups(most) if _divides(group, output)
    )
    return WindowBlocking(*group, _units(sum_.depth, sum_.taps[0])[way]), cycles


@cache
def _groups(most: int) -> list[tuple[int, int, int]]:
    """Blocks of (rows, columns, channels) that a group of at most so many may have."""
    return [(y, x, c) for y, x, c in product((4, 2, 1), repeat=3) if y * x * c <= most]


def _divides(group: tuple[int, int, int], output: tuple[int, int, int]) -> bool:
    """Whether an output is groups, but for some in a row that are smaller."""
    (y, x, c), (height, width, blocks) = group, output
    return not (height % y or blocks % c) and x <= width


@dataclass(frozen=True)
class WindowKernel(MatrixKernel):
    """Shapes of one kernel.

    Attributes:
        arch: the core's generation.
        dtype: "i8", "i16" or "bf16".
        height, width: output rows of a strip, and columns of the tile.
        n, kc: output and input channels, multiples of the instruction's t and s.
        window: how the window lies in a strip.
        a_elements, b_elements: lengths of the A and B buffers.
    """

    height: int
    width: int
    n: int
    kc: int
    window: Window
    a_elements: int
    b_elements: int

    def _best(self, fresh: bool) -> tuple[WindowBlocking, int]:
        _, s, t = self.rst
        window = self.window
        sum_ = _Sum(self.kc // s, window.taps, window.step, window.dilation)
        output = self.height, self.width, self.n // t
        return _best_blocking(self.arch.name, self.dtype, output, sum_, fresh)

    @property
    def blocking(self) -> tuple[int, int, int]:
        """Blocks of C of a group: (rows of pixels, columns of pixels, channels)."""
        best, _ = self._best(False)
        return best.rows, best.columns, best.channels

    def cycles(self, *, fresh: bool = False) -> int:
        """Issue cycles of one call, an estimate."""
        return self._best(fresh)[1]

    def text(self, name: str, *, fresh: bool = False) -> str:
        """The text of :meth:`function`."""
        return print_op(self.function(name, fresh=fresh), 2)

    def function(self, name: str, *, fresh: bool = False) -> Op:
        """The function ``name(a, b, c, q)``: add chunk q of B's products to C, or write them to it."""
        r, s, _ = self.rst
        blocking, _ = self._best(fresh)
        sizes = (self.a_elements, self.b_elements, self.height * self.width * r * self.n)
        f = Function(name, product_arguments(self.unit, *sizes))
        w, (a, b, c, q) = f.builder, f.arguments
        operands = Operands(a, b, c)
        operands.configure(w, self.unit, fresh=fresh)
        ky, kx = self.window.taps
        depth = self.kc // s
        weights = self.n * depth * ky * kx * s
        operands.exponents = self.unit.exponents_b(w, q, weights)
        chunk = w.times(q, self.unit.chunk_b(weights))
        block_b = self.unit.block_b
        for part in cut(depth * ky, blocking.units, fresh):
            with walk(w, self._along(part), part.first // part.steps, part.times) as positions:
                ahead = part.first % part.steps // ky
                at_a = w.plus(positions[0], ahead * r * s)
                at_b = w.plus(w.sum(positions[1], chunk), ahead * ky * kx * block_b)
                for band in bands(self.width, blocking.columns):
                    self._groups(w, operands, (at_a, at_b), part, (blocking, band))
        return f.finish()

    def _along(self, part: SumPart) -> list[Dim]:
        """The dimensions of a sum in parts of so many rows of taps, from its beginning."""
        r, s, _ = self.rst
        (ky, kx), depth = self.window.taps, self.kc // s
        row_b = kx * self.unit.block_b
        if part.steps % ky == 0:
            count = part.first // part.steps + part.times
            return [Dim(count, part.steps // ky * r * s, part.steps * row_b)]
        row_a = self.window.dilation[0] * self.window.columns * depth * r * s
        return [
            Dim(depth, r * s, ky * row_b),
            Dim(ky // part.steps, part.steps * row_a, part.steps * row_b),
        ]

    def _groups(
        self,
        w: Builder,
        operands: Operands,
        start: tuple[Value, Value],
        part: SumPart,
        shape: tuple[WindowBlocking, Band],
    ) -> None:
        r, s, t = self.rst
        blocking, band = shape
        window, depth, channels = self.window, self.kc // s, self.n // t
        pixel_a, pixel_c = depth * r * s, channels * r * t
        (down, across), y, c = window.step, blocking.rows, blocking.channels
        column_b = depth * window.taps[0] * window.taps[1] * self.unit.block_b
        dims = [
            Dim(self.height // y, y * down * window.columns * pixel_a, 0, y * self.width * pixel_c),
            Dim(band.groups, band.rows * across * pixel_a, 0, band.rows * pixel_c),
            Dim(channels // c, 0, c * column_b, c * r * t),
        ]
        pixels = [(i, j) for i in range(y) for j in range(band.rows)]
        places = [(i * down * window.columns + j * across) * pixel_a for i, j in pixels]
        lines = tuple(
            tuple(
                (
                    tuple(first + place for place in places),
                    tuple(b + k * column_b for k in range(c)),
                )
                for first, b in line
            )
            for line in self._lines(part.steps, vertical=y > band.rows)
        )
        sums = tuple(
            (i * self.width + j) * pixel_c + k * r * t for i, j in pixels for k in range(c)
        )
        first_a = w.plus(start[0], band.first * across * pixel_a)
        begin = (first_a, start[1], band.first * pixel_c)
        body = Body(lines, sums)
        multiply_groups(w, self.unit, operands, dims, begin, body, fresh=part.fresh)

    def _lines(self, units: int, *, vertical: bool) -> list[list[tuple[int, int]]]:
        """Where the taps of so many rows of taps lie in A and in B, from a part's beginning.

        A line of taps runs the way that a group's pixels do: they share most blocks of A.
        """
        r, s, _ = self.rst
        ky, kx = self.window.taps
        block_b = self.unit.block_b
        depth, offsets = self.kc // s, self.window.tap_offsets()

        def place(k: int, y: int, x: int) -> tuple[int, int]:
            a_offset = (offsets[y * kx + x] * depth + k) * r * s
            return a_offset, ((k * ky + y) * kx + x) * block_b

        rows = range(min(units, ky))
        lines: list[list[tuple[int, int]]] = []
        for k in range(-(-units // ky)):
            if vertical:
                lines += [[place(k, y, x) for y in rows] for x in range(kx)]
            else:
                lines += [[place(k, y, x) for x in range(kx)] for y in rows]
        return lines

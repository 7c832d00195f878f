"""The windowed matrix product of one core: a tile of the input, with its halo, times every tap.

The tile's rows are cut into r strips of equal height, one for each row of the matrix instruction, so
that a step of the window is whole blocks further: every load is aligned, whatever the stride and
dilation. Blocked layouts, all contiguous: A as [rows of a strip][columns][kc/s][r][s], B as
[chunks][n/t][kc/s][taps][s][t], C as [strip rows out][columns out][n/t][r][t].
"""

from dataclasses import dataclass
from functools import cache, cached_property
from math import prod

from aie_conv.arch import Arch, get_arch
from aie_conv.kernels.matrix_unit import Buffer, MatrixUnit
from aie_conv.kernels.text import Writer

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


@cache
def _tap_cycles(
    arch: str, dtype: str, window: tuple[tuple[int, int], ...], shape: tuple[int, int, int]
) -> tuple[int, bool]:
    """Cycles of all taps for one group and block of input channels; whether they are written out.

    Args:
        arch, dtype: of the matrix unit.
        window: taps, step and dilation.
        shape: blocks of C held in registers, (rows of pixels, columns, channels).
    """
    unit = MatrixUnit(get_arch(arch), dtype)
    (ky, kx), step, dilation = window
    y, x, c = shape

    def interval(rows: int) -> int:
        taps = [(i * dilation[0], j * dilation[1]) for i in range(rows) for j in range(kx)]
        pixels = [(i * step[0], j * step[1]) for i in range(y) for j in range(x)]
        loaded = {(t[0] + p[0], t[1] + p[1]) for t in taps for p in pixels}
        count = len(taps)
        return unit.interval(count * y * x * c, len(loaded), count * c, count)

    if ky == 1 or interval(ky) <= unit.most_unrolled:
        return interval(ky), True
    return ky * interval(1) + 6, False


@dataclass(frozen=True)
class WindowKernel:
    """Shapes of one kernel.

    Attributes:
        arch: the core's generation.
        dtype: "i8", "i16" or "bf16".
        height, width: output rows of a strip, and columns of the tile.
        n, kc: output and input channels, multiples of the instruction's t and s.
        window: how the window lies in a strip.
        a_elements, b_elements: lengths of the A and B buffers.
    """

    arch: Arch
    dtype: str
    height: int
    width: int
    n: int
    kc: int
    window: Window
    a_elements: int
    b_elements: int

    @cached_property
    def unit(self) -> MatrixUnit:
        """The instructions."""
        return MatrixUnit(self.arch, self.dtype)

    @property
    def rst(self) -> tuple[int, int, int]:
        """The instruction's shape."""
        return self.unit.rst

    @property
    def accumulator(self) -> str:
        """Element type of C."""
        return self.unit.accumulator

    @cached_property
    def blocking(self) -> tuple[int, int, int]:
        """Blocks of C held in registers: (rows of pixels, columns of pixels, channels)."""
        blocks = self.n // self.rst[2]
        shapes = [
            (y, x, c)
            for y in (1, 2, 4)
            for x in (1, 2, 4)
            for c in (1, 2, 4)
            if y * x * c <= self.unit.most_blocks
            and not (self.height % y or self.width % x or blocks % c)
        ]
        return min(shapes, key=lambda s: (self._group_cycles(s) / prod(s), -prod(s), s[2]))

    def _taps_of(self, shape: tuple[int, int, int]) -> tuple[int, bool]:
        window = self.window
        key = (window.taps, window.step, window.dilation)
        return _tap_cycles(self.arch.name, self.dtype, key, shape)

    def _group_cycles(self, shape: tuple[int, int, int]) -> int:
        """Cycles of one group of blocks: its sums, and its accumulators' way in and out."""
        depth = self.kc // self.rst[1]
        return depth * self._taps_of(shape)[0] + self.unit.traffic_cycles(prod(shape))

    def cycles(self) -> int:
        """Issue cycles of one call, an estimate."""
        blocks = self.height * self.width * (self.n // self.rst[2])
        return blocks // prod(self.blocking) * self._group_cycles(self.blocking) + 10

    @property
    def _unrolled(self) -> bool:
        """Whether all taps are written out; else one row of taps, in a loop over the rows."""
        return self._taps_of(self.blocking)[1]

    def declarations(self) -> str:
        """What the module must declare for this kernel."""
        return self.unit.declarations()

    def text(self, name: str) -> str:
        """The function ``name(a, b, c, q)``: accumulate chunk q of B."""
        r, s, t = self.rst
        window, (by, bx, bc) = self.window, self.blocking
        w = Writer()
        a = Buffer("%a", self.a_elements, self.dtype)
        b = Buffer("%b", self.b_elements, self.dtype)
        c = Buffer("%c", self.height * self.width * r * self.n, self.accumulator)
        head = f"func.func private @{name}(%a: {a.type}, %b: {b.type}, %c: {c.type}, %q: index)"
        taps, depth = len(window.tap_offsets()), self.kc // s
        with w.block(head):
            zero = w.constant(0)
            conf = self.unit.configuration(w)
            chunk = w.times("%q", self.n * depth * taps * s)
            with (
                w.loop("y", zero, w.constant(self.height), w.constant(by)) as y,
                w.loop("x", zero, w.constant(self.width), w.constant(bx)) as x,
                w.loop("nb", zero, w.constant(self.n // t), w.constant(bc)) as nb,
            ):
                row = w.times(y, window.step[0] * window.columns)
                at_a = w.times(w.sum(row, w.times(x, window.step[1])), depth * r * s)
                at_b = w.sum(w.times(nb, depth * taps * s * t), chunk)
                pixel = w.sum(w.times(y, self.width), x)
                first = w.times(w.sum(w.times(pixel, self.n // t), nb), r * t)
                at_c = [
                    w.plus(first, ((i * self.width + j) * (self.n // t) + k) * r * t)
                    for i in range(by)
                    for j in range(bx)
                    for k in range(bc)
                ]
                accs = [self.unit.load_acc(w, c, index) for index in at_c]
                done = self._contract(w, (a, at_a), (b, at_b), accs, conf)
                for index, value in zip(at_c, done, strict=True):
                    self.unit.store_acc(w, c, index, value)
            w.line("return")
        return w.text()

    def _contract(
        self,
        w: Writer,
        a: tuple[Buffer, str],
        b: tuple[Buffer, str],
        accs: list[str],
        conf: str,
    ) -> list[str]:
        """The sum over channels and taps for one group of accumulators."""
        r, s, t = self.rst
        window = self.window
        offsets = window.tap_offsets()
        zero, one = w.constant(0), w.constant(1)
        depth = self.kc // s
        with w.carrying("k", (zero, w.constant(depth), one), accs, self.unit.carried) as loop:
            here_a = w.sum(a[1], w.times(loop.iv, r * s))
            here_b = w.sum(b[1], w.times(loop.iv, len(offsets) * s * t))
            if self._unrolled:
                taps = list(enumerate(offsets))
                loop.values = self._taps(w, (a[0], here_a), (b[0], here_b), taps, loop.values, conf)
            else:
                ky, kx = window.taps
                rows = (zero, w.constant(ky), one)
                with w.carrying("ky", rows, loop.values, self.unit.carried) as tap_row:
                    step = window.dilation[0] * window.columns * depth * r * s
                    row_a = w.sum(here_a, w.times(tap_row.iv, step))
                    row_b = w.sum(here_b, w.times(tap_row.iv, kx * s * t))
                    taps = list(enumerate(offsets[:kx]))
                    tap_row.values = self._taps(
                        w, (a[0], row_a), (b[0], row_b), taps, tap_row.values, conf
                    )
                loop.values = tap_row.results
        return loop.results

    def _taps(
        self,
        w: Writer,
        a: tuple[Buffer, str],
        b: tuple[Buffer, str],
        taps: list[tuple[int, int]],
        accs: list[str],
        conf: str,
    ) -> list[str]:
        """The products of the given taps, (number, offset in pixels) each; equal loads are shared."""
        r, s, t = self.rst
        by, bx, bc = self.blocking
        window = self.window
        depth, all_taps = self.kc // s, len(window.tap_offsets())
        loaded: dict[int, str] = {}

        def pixel(at: int) -> str:
            if at not in loaded:
                loaded[at] = self.unit.load_a(w, a[0], w.plus(a[1], at * depth * r * s))
            return loaded[at]

        for number, offset in taps:
            filters = [
                self.unit.load_b(w, b[0], w.plus(b[1], (k * depth * all_taps + number) * s * t))
                for k in range(bc)
            ]
            pixels = [
                pixel(offset + i * window.step[0] * window.columns + j * window.step[1])
                for i in range(by)
                for j in range(bx)
            ]
            pairs = [(x, y) for x in pixels for y in filters]
            accs = [
                self.unit.mac(w, x, y, acc, conf) for (x, y), acc in zip(pairs, accs, strict=True)
            ]
        return accs

"""Tiles of a direct convolution: a rectangle of output pixels, and the input that its windows touch.

A tile's rows are cut into strips of equal height, one for each row of the matrix instruction (one
strip where the core works pixel by pixel). The shim brings the tile's input with its halo once; the
mem tile sends the strips, whose halos overlap, interleaved.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod

from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.window import Window
from aie_conv.direct.spans import held_windows
from aie_conv.direct.view import Axis, DirectView
from aie_conv.layout.pattern import Pattern
from aie_conv.lazy import cached_property
from aie_conv.mapping.cut import Dims
from aie_conv.mapping.interface import Finish
from aie_conv.mapping.tiling import Tiling, limit


@dataclass(frozen=True)
class DirectTiling(Tiling):
    """One way to run a direct convolution; see :class:`Tiling` for n, kc, resident and b_depth.

    Attributes:
        direct: what is run.
        height: output rows of a strip.
        width: output columns of a tile.
        held: windows that are held in the core: 2 both, 1 the horizontal one, 0 none. What is not
            held is brought tap by tap.
    """

    direct: DirectView
    height: int
    width: int
    held: int

    @property
    def view(self) -> DirectView:
        """What is run."""
        return self.direct

    @cached_property
    def strips(self) -> int:
        """Strips of a tile: the pixels of one block."""
        return self.matmul.rst[0]

    bands = 1

    @cached_property
    def band_rows(self) -> int:
        """Output rows of a band."""
        return -(-self.direct.rows.size // self.bands)

    @cached_property
    def blocks(self) -> int:
        """Blocks of channels in a band."""
        return self.slices

    def _first_row(self, slice_: int) -> int:
        """First output row of a slice's band; the last band ends at the border."""
        band = slice_ // self.blocks
        return min(band * self.band_rows, self.direct.rows.size - self.band_rows)

    # -- geometry ---------------------------------------------------------------------------------
    @cached_property
    def _axes(self) -> tuple[Axis, Axis]:
        """Rows and columns with the windows that are held; the others are a loop of the sum."""
        view = self.direct
        rows, columns = view.rows, view.columns
        return (
            rows if self.held == 2 else _without_window(rows),
            columns if self.held >= 1 else _without_window(columns),
        )

    @cached_property
    def k_outer(self) -> Dims:
        """(size, input stride) of the loops of the sum that are brought step by step."""
        view = self.direct
        windows = [view.rows] * (self.held < 2) + [view.columns] * (self.held < 1)
        return (*view.k_outer, *((w.taps, w.tap) for w in windows if w.taps > 1))

    @cached_property
    def rows_out(self) -> int:
        """Output rows of a tile."""
        return self.strips * self.height

    @cached_property
    def pixels(self) -> int:
        """Output pixels of a tile."""
        return self.rows_out * self.width

    @cached_property
    def window(self) -> Window:
        """How a window lies in a strip in the core."""
        rows, columns = self._axes
        wide = extent(columns, self.width)
        high = extent(rows, self.height)
        pixel = self.strips * self.kc * self.size
        while high * wide * pixel % self.quantum:
            high += 1
        return Window(
            high,
            wide,
            (rows.taps, columns.taps),
            (rows.step, columns.step),
            (rows.dilation, columns.dilation),
        )

    @cached_property
    def _strip_step(self) -> int:
        """Input rows from one strip to the next."""
        return self.height * self._axes[0].step

    @cached_property
    def expanded(self) -> bool:
        """Whether the shim brings the strips one by one, repeating what they share.

        A mem tile that deals out parts cannot repeat, and one that repeats nothing sends as it got.
        """
        return self.spread or self._strip_step > self.window.rows

    @cached_property
    def rows_in(self) -> int:
        """Input rows of a tile."""
        if self.expanded:
            return self.strips * self.window.rows
        return (self.strips - 1) * self._strip_step + self.window.rows

    @cached_property
    def tiles(self) -> int:
        """Tiles of output pixels of the whole problem."""
        view = self.direct
        outer = prod(loop.size for loop in view.outer)
        return outer * -(-self.band_rows // self.rows_out) * -(-view.columns.size // self.width)

    @cached_property
    def chunks(self) -> int:
        """Steps of K."""
        return prod(size for size, _ in self.k_outer) * self.channel_steps

    @cached_property
    def channel_steps(self) -> int:
        """Steps of K along the input channels."""
        return self.direct.channels // self.kc

    @cached_property
    def a_elements(self) -> int:
        """Elements of one object of the input in the core."""
        return self.window.rows * self.window.columns * self.strips * self.kc

    @cached_property
    def a_l3_elements(self) -> int:
        """Elements of one core's object of the input in the mem tile."""
        return self.rows_in * self.window.columns * self.kc

    @cached_property
    def k_elements(self) -> int:
        """Elements of one output channel's filter in one object of the input."""
        return prod(self.window.taps) * self.kc

    @cached_property
    def a_to_stream(self) -> Dims:
        """Strips side by side, in blocks of the instruction's channels."""
        if self.strips == 1:
            return ()
        s = self.matmul.rst[1]
        pixels = self.window.rows * self.window.columns
        apart = self.window.rows if self.expanded else self._strip_step
        strip = apart * self.window.columns * self.kc
        return ((pixels * self.kc // s, s), (self.strips, strip), (s, 1))

    @cached_property
    def out_to_stream(self) -> Dims:
        """From strips side by side, in blocks, back to rows of pixels."""
        if self.strips == 1:
            return ()
        r, _, t = self.matmul.rst
        inside = self.height * self.width
        return ((r, t), (inside, r * self.n), (self.n // t, r * t), (t, 1))

    @cached_property
    def epilogue(self) -> Finish:
        """The core's epilogue."""
        depth = self.kc // self.matmul.rst[1]
        blocks = ResidualBlocks(self.height, self.width, self.window.columns * depth, depth, 1)
        return self.finish(EpilogueKernel, blocks)

    def check(self) -> None:
        """Raise ConfigRefused where a limit of the device is broken."""
        limit(self.held in held_windows(self.direct, every=True), "held", f"{self.held} windows")
        super().check()

    def check_shapes(self) -> None:
        """Raise ConfigRefused where tile and chunk do not fit the instruction or the problem."""
        _, s, t = self.matmul.rst
        view = self.direct
        limit(self.width <= view.columns.size, "tile", f"{self.width} columns")
        limit(self.n % t == 0, "channels", f"slices of {self.n}")
        limit(view.channels % self.kc == 0 and self.kc % s == 0, "K chunk", f"{self.kc}")

    # -- addresses --------------------------------------------------------------------------------
    def _origin(self, tile: int) -> tuple[int, int, tuple[int, ...]]:
        """First output row and column of a tile in its band, and the indices of the outer loops.

        The last tile of an axis ends at the border. The first row is negative where the band has
        fewer rows than the tile.
        """
        view = self.direct
        across, down = (
            -(-view.columns.size // self.width),
            -(-self.band_rows // self.rows_out),
        )
        tile, ix = divmod(tile, across)
        tile, iy = divmod(tile, down)
        at: list[int] = []
        for loop in reversed(view.outer):
            tile, i = divmod(tile, loop.size)
            at.append(i)
        row = min(iy * self.rows_out, self.band_rows - self.rows_out)
        column = min(ix * self.width, view.columns.size - self.width)
        return row, column, tuple(reversed(at))

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        """For each row of an object of the input: its strip, and its place therein."""
        apart = self.window.rows if self.expanded else self._strip_step
        strips = [min(i // apart, self.strips - 1) for i in range(self.rows_in)]
        return [(strip, i - strip * apart) for i, strip in enumerate(strips)]

    def _input_rows(self, row: int) -> list[tuple[int, int, int]]:
        """Runs of the input's rows, in pitches, that a tile from output row ``row`` holds.

        Rows outside the input, which only pixels outside the output need, repeat the nearest one.
        """
        axis = self._axes[0]
        last = extent(axis, self.band_rows) - 1
        first = row * axis.step
        if not self.expanded and first >= 0 and first + self.rows_in - 1 <= last:
            return [(first, self.rows_in, 1)]
        wanted = (first + strip * self.height * axis.step + i for strip, i in self._places)
        return list(_segments([min(max(i, 0), last) for i in wanted]))

    def input_channel(self, slice_: int) -> int:
        """Where the input of a slice's channels begins."""
        return slice_ // self.group_slices * self.direct.group_lhs

    def input_patterns(self, tile: int, slices: list[int]) -> Iterator[tuple[str, Pattern]]:
        """The input that a tile's windows touch, a chunk of K after the other, then its residual."""
        view = self.direct
        rows, columns = self._axes
        row, column, outer = self._origin(tile)
        base = view.lhs_offset + column * columns.lhs
        base += sum(loop.lhs * i for loop, i in zip(view.outer, outer, strict=True))
        inner = ((self.window.columns, columns.pitch), (self.kc, 1))
        starts = [
            base + self.input_channel(slice_) + self._first_row(slice_) * rows.lhs
            for slice_ in slices[: self.a_parts]
        ]
        steps = (*self.k_outer, (self.channel_steps, self.kc))
        segments = self._input_rows(row)
        evenly = len({b - a for a, b in pairwise(starts)}) <= 1
        if len(segments) == 1 and evenly:
            ((first, count, by),) = segments
            parts = (len(starts), starts[1] - starts[0] if len(starts) > 1 else 0)
            dims = (*steps, parts, (count, by * rows.pitch), *inner)
            yield view.lhs.name, Pattern(starts[0] + first * rows.pitch, dims)
        else:
            for step in product(*([i * stride for i in range(size)] for size, stride in steps)):
                for start, (first, count, by) in product(starts, segments):
                    at = start + sum(step) + first * rows.pitch
                    yield view.lhs.name, Pattern(at, ((count, by * rows.pitch), *inner))
        if view.residual is not None:
            yield from self._residual_patterns(row, column, outer, slices)

    def _residual_patterns(
        self, row: int, column: int, outer: tuple[int, ...], slices: list[int]
    ) -> Iterator[tuple[str, Pattern]]:
        """The residual's pixels where the input's first taps would lie; the rest is filler."""
        view, residual = self.direct, self.direct.residual
        assert residual is not None
        rows, columns = view.rows, view.columns
        base = residual.offset + column * columns.residual
        base += sum(loop.residual * i for loop, i in zip(view.outer, outer, strict=True))
        at = (row + strip * self.height + min(i, self.height - 1) for strip, i in self._places)
        wanted = [min(max(i, 0), self.band_rows - 1) for i in at]
        width, w = self.window.columns, self.residual_channels
        last = residual.argument.elements - (width - 1) * columns.residual - w
        for starts in self.residual_starts(slices):
            for channel, slice_ in zip(starts, slices, strict=False):
                start = channel + self._first_row(slice_) * rows.residual
                for first, count, by in _segments(wanted):
                    at = base + start + first * rows.residual
                    stride = by * rows.residual
                    # The filler beside the last pixels may lie behind the buffer.
                    if at + (count - 1) * stride <= last:
                        inside = count
                    else:
                        inside = (last - at) // stride + 1 if at <= last and stride else 0
                    if inside:
                        whole = ((inside, stride), (width, columns.residual), (w, 1))
                        yield residual.argument.name, Pattern(at, whole)
                    for i in range(inside, count):
                        here = at + i * stride
                        pixels = ((self.width, columns.residual), (w, 1))
                        yield residual.argument.name, Pattern(here, pixels)
                        if width > self.width:
                            filler = ((width - self.width, 0), (w, 1))
                            yield residual.argument.name, Pattern(here, filler)

    def output_start(self, slice_: int) -> int:
        """Where a slice's output begins, from the first tile's."""
        return self.channel_of(slice_) + self._first_row(slice_) * self.direct.rows.out

    def output_patterns(self, tile: int) -> list[Pattern]:
        """The tile's pixels; rows outside the output are written first, and overwritten."""
        view = self.direct
        row, column, outer = self._origin(tile)
        base = view.out_offset + column * view.columns.out
        base += sum(loop.out * i for loop, i in zip(view.outer, outer, strict=True))
        wanted = [max(row + i, 0) for i in range(self.rows_out)]
        return [
            Pattern(
                base + first * view.rows.out,
                ((count, by * view.rows.out), (self.width, view.columns.out)),
            )
            for first, count, by in _segments(wanted)
        ]


def _without_window(axis: Axis) -> Axis:
    return Axis(axis.size, axis.lhs, axis.out, axis.residual)


def extent(axis: Axis, size: int) -> int:
    """Pixels of the input that ``size`` output pixels touch along an axis."""
    return (size - 1) * axis.step + (axis.taps - 1) * axis.dilation + 1


def _segments(values: list[int]) -> Iterator[tuple[int, int, int]]:
    """Runs of a list that grows by one or stays: (first, count, 0 or 1)."""
    run: list[int] = []
    for value in values:
        if len(run) >= 2 and value - run[-1] != run[1] - run[0]:
            yield run[0], len(run), run[1] - run[0]
            run = []
        elif run and value - run[-1] not in (0, 1):
            yield run[0], len(run), 0
            run = []
        run.append(value)
    if run:
        yield run[0], len(run), run[1] - run[0] if len(run) > 1 else 0

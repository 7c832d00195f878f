"""Where the tiles of a direct convolution lie in the host's buffers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

from aie_conv.direct.geometry import (
    Geometry,
    WindowResidency,
    extent,
    held_axes,
    outer_steps,
    without_window,
)
from aie_conv.direct.view import DirectView
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern
from aie_conv.mapping.addresses import residual_starts
from aie_conv.mapping.mapping import Dims
from aie_conv.mapping.numbers import where


@dataclass(frozen=True)
class NTiles:
    """The N tiles: so many channels in a band of the output's rows each.

    Attributes:
        count: of all groups and bands.
        n: output channels of each.
        band: of them in a band.
        last: where the channels of a band's last one begin at the latest: it may overlap the one before it.
        group: of them in a group.
        group_input, channel_input: elements of the input from one group, and from one channel, to the next.
    """

    count: int
    n: int
    band: int
    last: int
    group: int
    group_input: int
    channel_input: int

    def channel_of(self, n_tile: int) -> int:
        """First output channel."""
        return min(n_tile % self.band * self.n, self.last)

    def input_of(self, n_tile: int) -> int:
        """Where the input of its channels begins."""
        inside = self.channel_of(n_tile) * self.channel_input
        return n_tile // self.group * self.group_input + inside

    @property
    def runs(self) -> tuple[tuple[int, int, int], ...]:
        """(first N tile, count, first channel) of those whose channels follow one another."""
        channels = self.last + self.n
        complete, bands = channels // self.n, self.count // self.band
        runs: list[tuple[int, int, int]] = []
        for band in range(bands):
            first = band * self.band
            runs.append((first, complete, 0))
            if complete < self.band:
                runs.append((first + complete, 1, self.last))
        return tuple(runs) if len(runs) > 1 else ((0, self.count, 0),)


def dense_n_tiles(view: DirectView, n: int) -> NTiles:
    """N tiles of ``n`` channels of every group."""
    group = -(-view.n // n)
    count = view.groups * group
    return NTiles(count, n, count, (count - 1) * n, group, view.group_lhs, 0)


def input_dims(
    view: DirectView, window: int, columns: int, channels: tuple[int, int], parts: Dims
) -> Dims:
    """How the shim walks a tile's input, a step of K after the other.

    Args:
        view: what is run.
        window: what of the window is held.
        columns: pixels of the input in a row.
        channels: of an object, and steps along them.
        parts: the cores' parts, and rows of the input.
    """
    (k, steps), (down, across) = channels, (view.rows, view.columns)
    rows = where(window < WindowResidency.WHOLE, down.taps, 1)
    taps = where(window < WindowResidency.ROW, across.taps, 1)
    pitch = where(window >= WindowResidency.ROW, across.pitch, without_window(across).pitch)
    outer = (*view.k_outer, (rows, down.tap), (taps, across.tap), (steps, k))
    return (*outer, *parts, (columns, pitch), (k, 1))


@dataclass(frozen=True)
class TileAddresses:
    """The addresses of one mapping; see :class:`aie_conv.mapping.mapping.Addresses`.

    Attributes:
        view: what is run.
        geometry: the pixels of a tile.
        n_tiles: who they are.
        window: what of the window is held.
        channels: of an object of the input, and steps of K along them.
        parts: cores that an object of the shim's input stream holds a part for.
        residual: channels of the residual in one object, and objects that bring a tile's.
        pack: the copies of the filter, to a value of this name.
    """

    view: DirectView
    geometry: Geometry
    n_tiles: NTiles
    window: int
    channels: tuple[int, int]
    parts: int
    residual: tuple[int, int]
    pack: "Callable[[TileAddresses, str], tuple[HostCopy, ...]]"

    @property
    def residual_over_read(self) -> int:
        """None."""
        return 0

    @property
    def over_read(self) -> int:
        """Nothing: rows outside the input repeat the nearest one."""
        return 0

    @property
    def n_tile_runs(self) -> tuple[tuple[int, int, int], ...]:
        """See :class:`NTiles`."""
        return self.n_tiles.runs

    def channel_of(self, n_tile: int) -> int:
        """First output channel of an N tile."""
        return self.n_tiles.channel_of(n_tile)

    def first_row(self, n_tile: int) -> int:
        """First output row of an N tile's band; the last band ends at the border."""
        rows = self.geometry.band_rows
        return min(n_tile // self.n_tiles.band * rows, self.view.rows.size - rows)

    def origin(self, tile: int) -> tuple[int, int, tuple[int, ...]]:
        """First output row and column of a tile in its band, and the indices of the outer loops.

        The last tile of an axis ends at the border. The first row is negative where the band has
        fewer rows than the tile.
        """
        return tile_origin(self.view, self.geometry, tile)

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        """For each row of an object of the input: its strip, and its place therein."""
        return places_of(self.geometry)

    def input_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[tuple[str, Pattern]]:
        """The input that a tile's windows touch, a chunk of K after the other, then its residual."""
        view, (k, channel_steps) = self.view, self.channels
        rows, columns = held_axes(view, self.window)
        row, column, outer = self.origin(tile)
        base = view.lhs_offset + column * columns.lhs
        base += sum(loop.lhs * i for loop, i in zip(view.outer, outer, strict=True))
        inner = ((self.geometry.columns, columns.pitch), (k, 1))
        starts = [
            base + self.n_tiles.input_of(n_tile) + self.first_row(n_tile) * rows.lhs
            for n_tile in n_tiles[: self.parts]
        ]
        steps = (*outer_steps(view, self.window), (channel_steps, k))
        row_runs = input_rows(self.geometry, extent(rows, self.geometry.band_rows), row)
        evenly = len({b - a for a, b in pairwise(starts)}) <= 1
        if len(row_runs) == 1 and evenly:
            ((first, count, by),) = row_runs
            parts = (len(starts), starts[1] - starts[0] if len(starts) > 1 else 0)
            down = (count, by * rows.pitch)
            dims = input_dims(
                view, self.window, self.geometry.columns, self.channels, (parts, down)
            )
            yield view.lhs.name, Pattern(starts[0] + first * rows.pitch, dims)
        else:
            for step in product(*([i * stride for i in range(size)] for size, stride in steps)):
                for start, (first, count, by) in product(starts, row_runs):
                    first_element = start + sum(step) + first * rows.pitch
                    yield view.lhs.name, Pattern(first_element, ((count, by * rows.pitch), *inner))
        if view.residual is not None:
            yield from self.residual_patterns(tile, n_tiles)

    def residual_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[tuple[str, Pattern]]:
        """The residual's pixels where the input's first taps would lie; the rest is filler."""
        view, residual, g = self.view, self.view.residual, self.geometry
        assert residual is not None
        row, column, outer = self.origin(tile)
        rows, columns = view.rows, view.columns
        base = residual.offset + column * columns.residual
        base += sum(loop.residual * i for loop, i in zip(view.outer, outer, strict=True))
        output_rows = (row + strip * g.height + min(i, g.height - 1) for strip, i in self._places)
        wanted = [min(max(i, 0), g.band_rows - 1) for i in output_rows]
        width, w = g.columns, self.residual[0]
        last = residual.argument.elements - (width - 1) * columns.residual - w
        objects = residual_starts(
            self.n_tiles.n, *self.residual, n_tiles, self.channel_of, unicast=self.parts > 1
        )
        for starts in objects:
            for channel, n_tile in zip(starts, n_tiles, strict=False):
                start = channel + self.first_row(n_tile) * rows.residual
                for first, count, by in segments(wanted):
                    address = base + start + first * rows.residual
                    stride = by * rows.residual
                    # The filler beside the last pixels may lie behind the buffer.
                    if address + (count - 1) * stride <= last:
                        inside = count
                    else:
                        inside = (last - address) // stride + 1 if address <= last and stride else 0
                    if inside:
                        pixels_inside = ((inside, stride), (width, columns.residual), (w, 1))
                        yield residual.argument.name, Pattern(address, pixels_inside)
                    for i in range(inside, count):
                        here = address + i * stride
                        pixels = ((g.width, columns.residual), (w, 1))
                        yield residual.argument.name, Pattern(here, pixels)
                        if width > g.width:
                            filler = ((width - g.width, 0), (w, 1))
                            yield residual.argument.name, Pattern(here, filler)

    def output_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[Pattern]:
        """The tile's pixels; rows outside the output are written first, and overwritten."""
        view, n = self.view, self.n_tiles.n
        row, column, outer = self.origin(tile)
        base = view.out_offset + column * view.columns.out
        base += sum(loop.out * i for loop, i in zip(view.outer, outer, strict=True))
        wanted = [max(row + i, 0) for i in range(self.geometry.rows_out)]
        parts = [
            (
                base + first * view.rows.out,
                ((count, by * view.rows.out), (self.geometry.width, view.columns.out)),
            )
            for first, count, by in segments(wanted)
        ]
        starts = [
            self.channel_of(n_tile) + self.first_row(n_tile) * view.rows.out for n_tile in n_tiles
        ]
        if len(parts) == 1 and starts == [starts[0] + i * n for i in range(len(starts))]:
            ((offset, dims),) = parts
            yield Pattern(offset + starts[0], ((len(starts), n), *dims, (n, 1)))
            return
        for start, (offset, dims) in product(starts, parts):
            yield Pattern(offset + start, (*dims, (n, 1)))

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """See :attr:`pack`."""
        return self.pack(self, dest)

    def describe(self, steps: str) -> list[str]:
        """The tile in words."""
        return describe_tile(self.geometry, self.n_tiles.n, self.channels[0], steps)


def describe_tile(g: Geometry, n: int, k: int, steps: str) -> list[str]:
    """A tile's pixels and channels in words."""
    strips = f" in {g.strips} strips of {g.height}" if g.strips > 1 else ""
    return [
        f"tile of a core   {g.rows_out} x {g.width} output pixels, {n} output channels, {steps}",
        f"  output rows    {g.rows_out}{strips}",
        f"  input          {g.rows_in} x {g.columns} pixels with the halo of a"
        f" {g.taps[0]} x {g.taps[1]} window, {k} channels",
    ]


def places_of(g: Geometry) -> list[tuple[int, int]]:
    """For each row of an object of the input: its strip, and its place therein."""
    strips = [min(i // g.apart, g.strips - 1) for i in range(g.rows_in)]
    return [(strip, i - strip * g.apart) for i, strip in enumerate(strips)]


def input_rows(g: Geometry, rows: int, row: int) -> list[tuple[int, int, int]]:
    """Runs of the input's rows, in pitches, that a tile from output row ``row`` holds.

    Rows outside the input, which only pixels outside the output need, repeat the nearest one.

    Args:
        g: the pixels of a tile.
        rows: of the input of a band.
        row: first output row of the tile in the band.
    """
    last, first = rows - 1, row * g.step[0]
    if not g.expanded and first >= 0 and first + g.rows_in - 1 <= last:
        return [(first, g.rows_in, 1)]
    wanted = (first + strip * g.height * g.step[0] + i for strip, i in places_of(g))
    return list(segments([min(max(i, 0), last) for i in wanted]))


def tile_origin(view: DirectView, g: Geometry, tile: int) -> tuple[int, int, tuple[int, ...]]:
    """First output row and column of a tile in its band, and the indices of the outer loops."""
    across, down = -(-view.columns.size // g.width), -(-g.band_rows // g.rows_out)
    tile, ix = divmod(tile, across)
    tile, iy = divmod(tile, down)
    indices: list[int] = []
    for loop in reversed(view.outer):
        tile, i = divmod(tile, loop.size)
        indices.append(i)
    row = min(iy * g.rows_out, g.band_rows - g.rows_out)
    column = min(ix * g.width, view.columns.size - g.width)
    return row, column, tuple(reversed(indices))


def segments(values: list[int]) -> Iterator[tuple[int, int, int]]:
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

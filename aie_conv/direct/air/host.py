"""Transfers between DDR and the memory tiles: which elements of the host's buffers go through each channel.

Every offset is a number: mlir-air of March 2026 makes one descriptor of a loop around a transfer, and takes
the loop's index for the offset whatever arithmetic stands between. What lies at equal distances
is one transfer, as the shims' descriptors walk it.
"""

from collections.abc import Iterator
from itertools import groupby, product
from math import prod

from aie_conv.arch import Arch
from aie_conv.codegen.scalar import Generic
from aie_conv.direct.addresses import TileAddresses, segments
from aie_conv.direct.air.streams import Streams
from aie_conv.direct.geometry import outer_steps
from aie_conv.direct.view import Axis
from aie_conv.layout.pattern import Dims, Pattern, Task, coalesce, split
from aie_conv.mapping.loops import MLoop
from aie_conv.mapping.mapping import Mapping
from aie_conv.plan import Argument
from aie_conv.problem import DTYPE_BYTES

Moved = Iterator[tuple[Argument, Pattern]]
"""What goes through a channel, in order: of which buffer, and which elements."""

Trip = tuple[int, int]
"""A round, and the number of the tile that each column computes in it."""


class HostTransfers:
    """The transfers of one mapping."""

    def __init__(
        self, mapping: Mapping, addresses: TileAddresses, generic: Generic, streams: Streams
    ) -> None:
        """``generic`` is the core's product."""
        self._m = mapping
        self._addresses = addresses
        self._generic = generic
        self._streams = streams

    def inputs(self, column: int) -> Moved:
        """For each turn of each step of each trip the inputs of a core of a column, and its residual."""
        parts = self._m.memtile.input_parts
        for trip in self._trips:
            for step, turn in product(self._steps(), range(self._streams.turns)):
                for pattern in self._pixels(column, turn if parts > 1 else 0, trip):
                    yield self._m.view.lhs, Pattern(pattern.offset + step, pattern.dims)
                for residual in self._streams.tiles:
                    for pattern in self._tile((column, turn), trip, residual=True):
                        yield residual.argument, pattern

    def filters(self, row: int) -> Moved:
        """For each step of each trip the filter of a row's N tile, and its channels' numbers."""
        tile, shape = self._m.tile, self._generic.inputs[1].shape
        # Behind each channel's taps there may be padding; a depthwise filter has its taps outermost.
        taps = prod(shape) if self._addresses.view.depthwise else prod(shape[1:])
        dims = ((prod(shape) // taps, tile.k_elements), (taps, 1))
        for trip in self._trips:
            n_tile = self._m.grid.n_tile_of(trip[0], row)
            for step in range(tile.k_steps):
                start = n_tile * self._m.filters.weights + step * tile.n * tile.k_elements
                yield self._streams.weights, Pattern(start, dims)
                for vector in self._streams.vectors:
                    channel = self._addresses.channel_of(n_tile)
                    yield vector.argument, Pattern(channel, ((tile.n, 1),))

    def results(self, column: int) -> Moved:
        """For each trip the results of a column's cores.

        Rows in front of the output are its first row, which is then overwritten.
        """
        for trip, row in product(self._trips, range(self._m.grid.rows)):
            for pattern in self._tile((column, row), trip, residual=False):
                yield self._m.view.result, pattern

    @property
    def _trips(self) -> Iterator[Trip]:
        """Each tile that a core computes."""
        return product(range(self._m.grid.rounds), range(self._m.grid.column_tiles))

    def _steps(self) -> Iterator[int]:
        """Where the input of each step begins, outer steps first."""
        k, channel_steps = self._addresses.channels
        loops = (*outer_steps(self._addresses.view, self._addresses.window), (channel_steps, k))
        ranges = [[i * stride for i in range(size)] for size, stride in loops]
        return (sum(each) for each in product(*ranges))

    def _pixels(self, column: int, row: int, trip: Trip) -> Iterator[Pattern]:
        """The pixels that the windows of a core's tile touch; rows in front of the input are its first."""
        g, view = self._addresses.geometry, self._addresses.view
        window, grid = g.window, self._m.grid
        down, across = (
            axis.lhs // s for axis, s in zip((view.rows, view.columns), window.step, strict=True)
        )
        top, left, outer = self._addresses.origin(grid.column_tile(column, trip[1]))
        n_tile = grid.n_tile_of(trip[0], row)
        start = view.lhs_offset + left * view.columns.lhs + self._addresses.n_tiles.input_of(n_tile)
        start += self._addresses.first_row(n_tile) * view.rows.lhs
        start += sum(loop.lhs * i for loop, i in zip(view.outer, outer, strict=True))
        rows = self._generic.inputs[0].shape[0]
        lines = [max(top * window.step[0] + i, 0) for i in range(rows)]
        inside = ((window.columns, across), (self._addresses.channels[0], 1))
        yield from _lines(start, lines, down, inside)

    def _tile(self, core: tuple[int, int], trip: Trip, *, residual: bool) -> Iterator[Pattern]:
        """The tile of a core, (column, row), in the result, or in the residual."""
        g, view, grid = self._addresses.geometry, self._addresses.view, self._m.grid
        offset = view.residual.offset if view.residual and residual else view.out_offset

        def stride(loop: Axis | MLoop) -> int:
            return loop.residual if residual else loop.out

        top, left, outer = self._addresses.origin(grid.column_tile(core[0], trip[1]))
        n_tile = grid.n_tile_of(trip[0], core[1])
        start = offset + left * stride(view.columns) + self._addresses.channel_of(n_tile)
        start += self._addresses.first_row(n_tile) * stride(view.rows)
        start += sum(stride(loop) * i for loop, i in zip(view.outer, outer, strict=True))
        lines = [max(top + i, 0) for i in range(g.rows_out)]
        inside = ((g.width, stride(view.columns)), (self._m.tile.n, 1))
        yield from _lines(start, lines, stride(view.rows), inside)


def _lines(start: int, lines: list[int], pitch: int, inside: Dims) -> Iterator[Pattern]:
    """Lines of a tile, as few patterns as they make."""
    for first, count, by in segments(lines):
        yield Pattern(start + first * pitch, ((count, by * pitch), *inside))


def tasks(moved: Moved, arch: Arch) -> Iterator[tuple[Argument, Task]]:
    """The same as the shims' descriptors walk it.

    Raises:
        ConfigRefused: an address is not on 4 bytes.
    """
    for argument, each in groupby(moved, key=lambda one: one[0]):
        for pattern in coalesce([pattern for _, pattern in each]):
            for task in split(pattern, DTYPE_BYTES[argument.dtype], arch):
                yield argument, task

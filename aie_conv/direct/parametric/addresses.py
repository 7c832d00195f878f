"""Where the strips and objects of a parametric mapping lie in the host's buffers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, product
from math import prod

from aie_conv.direct.addresses import describe_tile
from aie_conv.direct.geometry import Geometry, held_axes, outer_steps
from aie_conv.direct.parametric.layout import (
    ParametricParameters,
    ParametricTile,
    ResidualTile,
    has_channel_turns,
    pixel_turns,
)
from aie_conv.direct.view import DirectView
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern
from aie_conv.mapping.blocks import chunk_elements, convert_chunks, last_of_block
from aie_conv.mapping.mapping import Dims
from aie_conv.mapping.operands import copy_corner
from aie_conv.mapping.pack import by_n_tile


@dataclass(frozen=True)
class StripAddresses:
    """The addresses of one mapping; see :class:`aie_conv.mapping.mapping.Addresses`.

    Attributes:
        view: what is run.
        p: its parameters.
        tile: how it fills its layout.
        residual: how a residual comes.
        rows: of cores.
        group: blocks of channels of a group of accumulators.
        block: elements of K and channels of each.
        taps_at_once: of a depthwise filter, that an instruction takes.
    """

    view: DirectView
    p: ParametricParameters
    tile: ParametricTile
    residual: ResidualTile
    rows: int
    group: int
    block: tuple[int, int]
    taps_at_once: int

    @property
    def n_tile_runs(self) -> tuple[tuple[int, int, int], ...]:
        """All, or all but the last one, which overlaps the one before it."""
        complete, n_tiles = self.view.n // self.p.tile_n, self._n_tiles
        if complete == n_tiles:
            return ((0, n_tiles, 0),)
        return ((0, complete, 0), (complete, 1, self.view.n - self.p.tile_n))

    @property
    def _n_tiles(self) -> int:
        return -(-self.view.n // self.p.tile_n)

    def channel_of(self, n_tile: int) -> int:
        """First output channel of an N tile."""
        return min(n_tile * self.p.tile_n, self.view.n - self.p.tile_n)

    def origin(self, tile: int) -> tuple[int, int, tuple[int, ...]]:
        """First output row and column of a tile, and the indices of the outer loops.

        The last tile of an axis ends at the border.
        """
        view, rows, width = self.view, self.tile.rows_out, self.p.width
        tile, ix = divmod(tile, -(-view.columns.size // width))
        tile, iy = divmod(tile, -(-view.rows.size // rows))
        indices: list[int] = []
        for loop in reversed(view.outer):
            tile, i = divmod(tile, loop.size)
            indices.append(i)
        row = min(iy * rows, view.rows.size - rows)
        return row, min(ix * width, view.columns.size - width), tuple(reversed(indices))

    @cached_property
    def _step_dims(self) -> Dims:
        """How the shim walks the steps of K of a tile."""
        view, p = self.view, self.p
        parts = 1 if view.depthwise else view.channels // p.tile_k
        return (*outer_steps(view, p.window), (parts, p.tile_k))

    @cached_property
    def _object_dims(self) -> Dims:
        """How it walks a step's input: rows of cores with pixels of their own, strips, pixels, channels."""
        view, p, tile = self.view, self.p, self.tile
        rows, columns = held_axes(view, p.window)
        row = rows.step * rows.pitch
        pixels = ((tile.input_pixels // p.input_width, rows.pitch), (p.input_width, columns.pitch))
        if p.interleaved:
            high, objects = tile.output_shape[0], tile.output_objects
            apart = (objects, tile.strips * high * row)
            pixels = (apart, (tile.part_rows, rows.pitch), (p.input_width, columns.pitch))
        elif tile.input_pixels % p.input_width:
            # Rows of the input that are there from end to end follow one another: so do their pixels.
            pixels = ((tile.input_pixels, columns.pitch),)
        shared = (pixel_turns(view, p), tile.strips * p.height * row)
        return (shared, *tile.strip_dims(p, row), *pixels, (p.tile_k, 1))

    @property
    def over_read(self) -> int:
        """Pixels of a strip that no window needs."""
        view = self.view
        last = (view.rows.size - self.tile.rows_out) * view.rows.lhs
        last += (view.columns.size - self.p.width) * view.columns.lhs
        last += sum((loop.size - 1) * loop.lhs for loop in view.outer)
        walked = (*self._step_dims, *self._object_dims)
        last += sum((size - 1) * stride for size, stride in walked)
        # Rows of cores have channels of their own: those of the last round lie behind the others'.
        last += view.n - self.p.tile_k if view.depthwise else 0
        return max(0, view.lhs_offset + last + 1 - view.lhs.elements)

    @property
    def residual_over_read(self) -> int:
        """Elements behind the residual that fill up objects of it."""
        view, operand, rows = self.view, self.view.residual, min(self.rows, self._n_tiles)
        if operand is None or self.residual.brought == self.residual.pixels:
            return 0
        place = view.rows.size - self.tile.rows_out, view.columns.size - self.p.width
        outer = tuple(loop.size - 1 for loop in view.outer)
        n_tiles = range(self._n_tiles - rows, self._n_tiles)
        behind = max(
            pattern.offset + sum((size - 1) * stride for size, stride in pattern.dims) + 1
            for _, pattern in self._residual_patterns(*place, outer, n_tiles)
        )
        return max(0, behind - operand.argument.elements)

    def input_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[tuple[str, Pattern]]:
        """The strips of a tile, a chunk of K after the other, then its residual."""
        view = self.view
        row, column, outer = self.origin(tile)
        base = view.lhs_offset + row * view.rows.lhs + column * view.columns.lhs
        base += sum(loop.lhs * i for loop, i in zip(view.outer, outer, strict=True))
        base += self.channel_of(n_tiles[0]) if view.depthwise else 0
        for offset, dims in self._turns(n_tiles):
            yield view.lhs.name, Pattern(base + offset, dims)
        if view.residual is not None:
            yield from self._residual_patterns(row, column, outer, n_tiles)

    def _turns(self, n_tiles: Sequence[int]) -> Iterator[tuple[int, Dims]]:
        """A tile's input in as few walks as the channels of rows of cores that take turns allow."""
        if not has_channel_turns(self.view, self.p):
            yield 0, (*self._step_dims, *self._object_dims)
            return
        starts = [self.channel_of(n_tile) for n_tile in n_tiles]
        apart = {b - a for a, b in pairwise(starts)}
        if len(apart) == 1 and min(apart) > 0:
            yield 0, (*self._step_dims, (len(starts), min(apart)), *self._object_dims)
            return
        for step in Pattern(0, self._step_dims).addresses():
            for start in starts:
                yield step + start - starts[0], self._object_dims

    def _residual_patterns(
        self, row: int, column: int, outer: tuple[int, ...], n_tiles: Sequence[int]
    ) -> Iterator[tuple[str, Pattern]]:
        """For the parts of each object of the output their residual, the channels of all rows of cores."""
        view, operand, residual = self.view, self.view.residual, self.residual
        assert operand is not None
        base = operand.offset + row * view.rows.residual + column * view.columns.residual
        base += sum(loop.residual * i for loop, i in zip(view.outer, outer, strict=True))
        base += self.channel_of(n_tiles[0])
        w, each = residual.channels, residual.pixels
        row, column, wide = view.rows.residual, view.columns.residual, self.tile.output_shape[1]
        strips = self.tile.strip_dims(self.p, row)
        for offset, _ in self._objects(row, column):
            for call in range(residual.calls):
                down, across = divmod(call * each, wide)
                high, broad = max(1, each // wide), min(each, wide)
                if residual.brought > each:
                    high, broad = (residual.brought, 1) if wide == 1 else (1, residual.brought)
                pixels = ((high, row), (broad, column))
                dims = ((residual.objects, w), *strips, *pixels, (w, 1))
                yield (
                    operand.argument.name,
                    Pattern(base + offset + down * row + across * column, dims),
                )

    def _objects(self, row: int, column: int) -> Iterator[tuple[int, Dims]]:
        """Where each output object's pixels begin and lie, in a buffer with these strides, strip by strip."""
        p, tile = self.p, self.tile
        high, wide = tile.output_shape
        pixels = (*tile.strip_dims(p, row), (high, row), (wide, column))
        apart = tile.strips * high if p.interleaved else high
        for i, j in product(range(p.height // high), range(p.width // wide)):
            yield i * apart * row + j * wide * column, pixels

    def output_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[Pattern]:
        """Where each object of a tile's output goes, the N tiles of the rows in their order."""
        view, n = self.view, self.p.tile_n
        row, column, outer = self.origin(tile)
        base = view.out_offset + row * view.rows.out + column * view.columns.out
        base += sum(loop.out * i for loop, i in zip(view.outer, outer, strict=True))
        starts = [self.channel_of(n_tile) for n_tile in n_tiles]
        n_tile_count = min(len(starts), self._n_tiles // self.p.column_shares)
        evenly = len({b - a for a, b in pairwise(starts[:n_tile_count])}) <= 1
        evenly = evenly and len(starts) % n_tile_count == 0
        turns = self.tile.strips * self.p.height * view.rows.out
        turns = turns if pixel_turns(view, self.p) > 1 else 0
        for down, pixels in self._objects(view.rows.out, view.columns.out):
            offset = base + down
            if evenly:
                apart = starts[1] - starts[0] if n_tile_count > 1 else 0
                rows = ((len(starts) // n_tile_count, turns), (n_tile_count, apart))
                yield Pattern(offset + starts[0], (*rows, *pixels, (n, 1)))
                continue
            for start in starts:
                yield Pattern(offset + start, (*pixels, (n, 1)))

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [groups][n][taps][channels] to objects of [channel groups][steps of K][x][s][t]."""
        view, p, tile, dtype = self.view, self.p, self.tile, self.view.dtype
        if view.depthwise:
            return self._channel_filter_copies(dest) if view.filter else ()
        (s, t), x = self.block, self.group
        outer = prod(size for size, _ in outer_steps(view, p.window))
        parts, groups = view.channels // p.tile_k, p.object_channels // (x * t)
        # Where an object of the filter holds several chunks there is one object for all channels.
        objects = tile.channel_objects
        split = (
            self._n_tiles, objects, groups, x, t, outer, prod(tile.taps), parts, p.tile_k // s, s,
        )  # fmt: skip
        order = (0, 5, 7, 1, 2, 6, 8, 3, *last_of_block(view.unit, 9, 4))
        blocks, zeros = tuple(split[i] for i in order), (0,) * 10
        source = view.filter, outer * prod(tile.taps) * view.channels, dtype
        name, slices = by_n_tile(view, self.n_tile_runs, (self._n_tiles, p.tile_n), source)
        packed = HostCopy(name, split, dtype, zeros, split, order, dest, blocks, dtype, zeros)
        weights, span = p.object_channels * tile.k_elements, p.object_k_chunks
        chunk = chunk_elements(view.unit, dtype, weights)
        if chunk * span == p.filter_elements and tile.k_steps % span == 0:
            return (*slices, *convert_chunks(view.unit, packed, weights))
        tight_chunks = convert_chunks(view.unit, replace(packed, dest=f"{dest}_tight"), weights)
        count, starts = self._n_tiles * objects, [0]
        if tile.k_steps % span == 0:
            count, ends = count * tile.k_objects, [span]
        else:
            # Then an object of the filter is for all channels; the first has fewer chunks.
            ends = [tile.first_k_chunks + i * span for i in range(tile.k_objects)]
            starts += ends[:-1]
        tight, padded = (count, ends[-1] * chunk), (count, len(ends) * p.filter_elements)
        return (
            *slices,
            *tight_chunks,
            *(
                HostCopy(
                    tight_chunks[-1].dest, tight, dtype, (0, first * chunk),
                    (count, (last - first) * chunk), (0, 1), dest,
                    padded, dtype, (0, number * p.filter_elements),
                )
                for number, (first, last) in enumerate(zip(starts, ends, strict=True))
            ),
        )  # fmt: skip

    def _channel_filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [channels][taps] to objects of [blocks of s channels][steps][blocks of t][taps][r][t]."""
        view, p, tile, dtype = self.view, self.p, self.tile, self.view.dtype
        (s, t), count, many = self.block, self._n_tiles, self.taps_at_once
        outer, taps = tile.k_steps, prod(tile.taps)
        steps = -(-taps // many)
        source = view.filter, outer * taps, dtype
        name, copies = by_n_tile(view, self.n_tile_runs, (count, p.tile_n), source)
        rows, filled = (count * p.tile_n * outer, taps), (count * p.tile_n * outer, steps * many)
        if filled != rows:
            copies += (copy_corner(name, rows, dtype, rows, f"{dest}_filled", filled),)
            name = f"{dest}_filled"
        split = (count, p.tile_n // s, s // t, t, outer, steps, many, 1)
        order = (0, 4, 1, 5, 2, 6, 7, 3)
        repeats = (1, 1, 1, 1, 1, 1, tile.strips, 1)
        blocks = tuple(n * split[i] for i, n in zip(order, repeats, strict=True))
        zeros = (0,) * len(split)
        tight, object_ = f"{dest}_tight", (count * outer, p.filter_elements)
        used = (count * outer, prod(blocks[2:]))
        return (
            *copies,
            HostCopy(
                name, split, dtype, zeros, split, order, tight, blocks, dtype, zeros, repeats=repeats
            ),
            copy_corner(tight, used, dtype, used, dest, object_),
        )  # fmt: skip

    def describe(self, steps: str) -> list[str]:
        """The tile in words."""
        p, tile = self.p, self.tile
        rows = tile.input_pixels // p.input_width
        g = Geometry(
            tile.strips * p.time_shared, p.height, p.width, rows, p.input_width, tile.taps, tile.step,
            tile.dilation, self.view.rows.size, tile.strips * rows, True,
        )  # fmt: skip
        filters = f"{tile.channel_objects} objects of the filter to one of the input"
        if tile.channel_objects == 1:
            filters = "1 object of the filter to one of the input"
        if p.object_k_chunks > 1:
            filters = f"{p.object_k_chunks} objects of the input to one of the filter"
        outputs = f"{tile.output_objects} object{'s' * (tile.output_objects > 1)} of output a tile"
        return [
            *describe_tile(g, p.tile_n, p.tile_k, steps),
            "  the program    serves many shapes: all sizes of the tile are run-time parameters",
            f"                 {filters}, {outputs}",
            *(
                [
                    f"  overlap        {tile.groups} groups of strips, {tile.groups_apart} rows from one to"
                    f" the next: {tile.rows_out} rows in all"
                ]
                if tile.groups > 1
                else []
            ),
        ]

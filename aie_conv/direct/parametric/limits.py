"""What a layout takes of a problem; every limit is checked for one candidate and for a table of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from aie_conv.direct.geometry import held_axes, held_window
from aie_conv.direct.parametric.layout import (
    ParametricParameters,
    ParametricTile,
    ResidualTile,
    has_channel_turns,
)
from aie_conv.direct.view import DirectView
from aie_conv.mapping.check import Limit, limit
from aie_conv.mapping.mapping import Sizes
from aie_conv.mapping.numbers import ceil_div, each, least, most, where
from aie_conv.problem import DTYPE_BYTES


@dataclass(frozen=True)
class CoreBlocks:
    """What the core's code works on at a time.

    Attributes:
        rst: the matrix instruction's shape.
        group: blocks of pixels and of channels that the product keeps sums of.
        channel_step: blocks of channels that the epilogue makes together.
    """

    rst: tuple[int, int, int]
    group: tuple[int, int]
    channel_step: int


def array_limits(view: DirectView, p: ParametricParameters, s: Sizes) -> Iterator[Limit]:
    """Of mem tiles, and of groups of columns with filters and N tiles of their own."""
    once = (p.k_chunks == 1) & (p.input_reuse == 1) & (p.filter_reuse == 1)
    once = once & (p.resident == 0)
    yield limit("mem tile", once, lambda: "programs for many shapes repeat nothing")
    # All that share a program have its FIFOs; an object of the filter may stay while the next one comes.
    twice = (p.filter_buffers == 2) & (p.output_buffers == 2)
    yield limit("core buffers", twice, lambda: "programs for many shapes have two of each")
    grid, groups, shares = s.grid, p.filter_groups, p.column_shares
    # A shim brings filters of one group alone: others may get them for more tiles, or for fewer.
    apart = (groups == 1) | (groups * grid.rows <= grid.columns)
    apart = apart & (grid.columns % groups == 0)
    yield limit("filter groups", apart, lambda: f"{groups} of {grid.columns} columns")
    # Columns that get the same filters have the same N tiles; as many in each share, and none overlaps.
    apart = (shares == groups) & (view.n % (shares * p.tile_n) == 0)
    n_tiles = most(1, grid.share_n_tiles)
    apart = apart & ((grid.rows % n_tiles == 0) | (n_tiles > grid.rows))
    yield limit(
        "column shares",
        (shares == 1) | apart,
        lambda: f"{grid.n_tiles} N tiles for {shares}",
    )


def channel_limits(
    view: DirectView,
    p: ParametricParameters,
    s: Sizes,
    tile: ParametricTile,
    blocks: CoreBlocks,
    chunk: int,
) -> Iterator[Limit]:
    """Of N tiles, chunks of K and objects of the filter, with so many elements for one of the input."""
    (_, s_block, t), (_, x) = blocks.rst, blocks.group
    plain = view.groups == 1 and not view.depthwise
    yield limit("groups", plain, lambda: "rows of cores share their input")
    name = f"N tiles of {p.tile_n}"
    yield limit("channels", (p.tile_n <= view.n) & (view.n % s_block == 0), lambda: name)
    share = p.object_channels
    divides = (p.tile_n % share == 0) & (share % (x * t) == 0)
    yield limit("channels", divides, lambda: name)
    divides = (view.channels % p.tile_k == 0) & (p.tile_k % s_block == 0)
    yield limit("K chunk", divides, lambda: f"{p.tile_k}")
    strip, chunks = p.input_row_elements, p.object_k_chunks
    yield limit(
        "input row", strip % p.tile_k == 0, lambda: f"{strip} elements of {p.tile_k} channels"
    )
    fits = chunks * chunk <= p.filter_elements
    yield limit("filter object", fits, lambda: f"{share} channels for {chunks} chunks")
    either = (chunks == 1) | ((share == p.tile_n) & (chunks <= tile.k_steps))
    yield limit("filter object", either, lambda: f"{chunks} of {tile.k_steps} chunks")


def pixel_limits(
    view: DirectView, p: ParametricParameters, s: Sizes, tile: ParametricTile, blocks: CoreBlocks
) -> Iterator[Limit]:
    """Of a tile's pixels, in the input, in the sums and in the output."""
    r, (y, _) = blocks.rst[0], blocks.group
    core_window = held_window(view, p.window)
    needed = (core_window.extent(0, p.height) - 1) * p.input_width + core_window.extent(1, p.width)
    fits = needed <= tile.input_pixels
    yield limit("input row", fits, lambda: f"{p.height}x{p.width} pixels")
    inside = (p.width <= view.columns.size) & (tile.rows_out <= view.rows.size)
    yield limit("tile", inside, lambda: f"{tile.rows_out}x{p.width} pixels")
    groups = ceil_div(tile.outputs, y) * y
    fits = groups * r * p.tile_n <= p.accumulator_elements
    yield limit("accumulators", fits, lambda: f"{tile.outputs} pixels of {p.tile_n}")
    pixels = tile.output_pixels
    divides = (p.output_elements % (r * p.tile_n) == 0) & (
        tile.outputs % where(pixels > 0, pixels, 1) == 0
    )
    yield limit("output object", divides, lambda: f"{tile.outputs} pixels of {p.tile_n} channels")
    even = (tile.output_shape[0] != 0) | (tile.output_shape[1] != 0)
    yield limit("output object", even, lambda: f"{pixels} pixels of rows of {p.width}")
    rows, columns = (
        each(lambda window, axis=axis: held_axes(view, window)[axis].pitch, p.window)
        for axis in (0, 1)
    )
    wide = p.input_width
    flat = (tile.input_pixels % wide == 0) | (wide * columns == rows)
    yield limit("input row", flat, lambda: f"rows of {wide} pixels")
    brought = tile.part_rows * most(1, tile.output_objects) * wide
    taken = (tile.input_pixels == brought) & (tile.part_rows >= tile.output_shape[0])
    taken = taken & (core_window.taps[0] == 1) & (tile.groups == 1)
    yield limit(
        "input row",
        taken | (p.interleaved == 0),
        lambda: "only rows without a window are interleaved",
    )
    turns, n_tiles = p.time_shared, s.grid.share_n_tiles
    apart = where(has_channel_turns(view, p), turns, turns * n_tiles)
    all_rows_work = (turns == 1) | (apart == s.grid.rows)
    yield limit("time-shared rows", all_rows_work, lambda: f"{turns} for {n_tiles} N tiles")
    alone = (turns == 1) | (view.residual is None)
    yield limit("time-shared rows", alone, lambda: "a residual has one")


def residual_limits(
    view: DirectView, p: ParametricParameters, s: Sizes, residual: ResidualTile, blocks: CoreBlocks
) -> Iterator[Limit]:
    """Of the objects that bring a residual, where there is one."""
    operand, (_, s_block, t) = view.residual, blocks.rst
    if operand is None:
        return
    w, size, grid = residual.channels, DTYPE_BYTES[view.dtype], s.grid
    pixel = w * DTYPE_BYTES[operand.dtype]
    exact = residual.brought * pixel == p.input_row_elements * size
    exact = exact & (pixel % (s_block * size) == 0)
    # N tiles that overlap begin elsewhere in their last round: then one round and one object for all.
    # A round of a share of columns fills all rows: else an object would be of another share's channels too.
    span = least(grid.rows * p.tile_n, view.n)
    apart = (view.n % p.tile_n == 0) & (w % p.tile_n == 0) & (span % w == 0)
    shared = apart | ((w == view.n) & (grid.n_tiles <= grid.rows))
    shared = shared & ((p.column_shares == 1) | (grid.share_n_tiles % grid.rows == 0))
    divides = p.tile_n // t % blocks.channel_step == 0
    yield limit(
        "residual object",
        exact & shared & divides,
        lambda: f"{w} channels for N tiles of {p.tile_n}",
    )

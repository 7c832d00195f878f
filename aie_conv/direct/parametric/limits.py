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
from aie_conv.mapping.numbers import ceil_div, each, where
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
    once = (p.k_chunks == 1) & (p.input_reuse == 1) & (p.filter_reuse == 1)
    once = once & (p.resident == 0)
    yield limit("mem tile", once, lambda: "programs for many shapes repeat nothing")
    plain = view.groups == 1 and not view.depthwise
    yield limit("groups", plain, lambda: "rows of cores share their input")
    rows, group = s.grid.rows, s.grid.share_n_tiles
    even = (rows % group == 0) | (group > rows)
    shares = p.column_shares
    apart = ((shares == 1) | (shares == s.grid.filter_groups)) & (s.grid.n_tiles % shares == 0)
    yield limit("column shares", apart, lambda: f"{s.grid.n_tiles} N tiles for {shares}")
    name = f"N tiles of {p.tile_n}"
    yield limit("channels", (view.n % p.tile_n == 0) & even, lambda: name)
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
    taken = (tile.input_pixels == wide * p.height) & (core_window.taps[0] == 1)
    taken = taken & (tile.groups == 1)
    yield limit(
        "input row",
        taken | (p.interleaved == 0),
        lambda: "only rows without a window are interleaved",
    )
    turns, n_tiles = p.time_shared, s.grid.share_n_tiles
    all_rows_work = (turns == 1) | (turns * n_tiles == s.grid.rows)
    all_rows_work = all_rows_work | (has_channel_turns(view, p) & (turns == s.grid.rows))
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
    exact = residual.pixels * pixel == p.input_row_elements * size
    exact = exact & (pixel % (s_block * size) == 0)
    shared = (w % p.tile_n == 0) & (grid.rows * p.tile_n % w == 0)
    shared = shared & (grid.share_n_tiles % grid.rows == 0)
    divides = p.tile_n // t % blocks.channel_step == 0
    yield limit(
        "residual object",
        exact & shared & divides,
        lambda: f"{w} channels for N tiles of {p.tile_n}",
    )

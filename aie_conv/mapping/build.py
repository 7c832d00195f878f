"""The sizes of mappings whose tiles are fixed by the program's text: what follows from a route's tile.

Everything here takes numbers or columns (:mod:`aie_conv.mapping.numbers`).
"""

from dataclasses import dataclass, replace
from functools import cache

from aie_conv.arch import Device
from aie_conv.mapping.blocks import chunk_elements
from aie_conv.mapping.interface import ProblemView
from aie_conv.mapping.mapping import (
    CoreTile,
    Dims,
    FilterStream,
    Grid,
    L1Buffers,
    MemTile,
    Parameters,
    ResidualStream,
    Sizes,
)
from aie_conv.mapping.numbers import ceil_div, each, least, pick, where
from aie_conv.problem import DTYPE_BYTES

PARAMETER_WORDS = 16
"""32-bit words of run-time parameters that a core reads at the start of each call: one vector of 64 bytes.
Programs with more of them have a multiple."""

ACCUMULATOR_BYTES = 4
"""Of a sum, in every type: i32 or f32."""


@dataclass(frozen=True)
class TileShape:
    """What a route says of a tile; see :class:`CoreTile`, :class:`L1Buffers` and :class:`MemTile`.

    Attributes:
        pixels, k_steps, k_elements: of :class:`CoreTile`.
        input: elements of an object in the core.
        memtile_input: of one core's object in the mem tile, of all its steps of K.
        input_dims, output_dims: how the mem tile sends objects.
    """

    pixels: int
    k_steps: int
    k_elements: int
    input: int
    memtile_input: int
    input_dims: Dims
    output_dims: Dims


def has_own_inputs(device: Device, groups: int, group_n_tiles: int) -> bool:
    """Whether a group has fewer N tiles than there are rows, which then work on different groups."""
    several = group_n_tiles < least(device.arch.core_rows, groups * group_n_tiles)
    return (groups > 1) & several


def make_grid(device: Device, groups: int, group_n_tiles: int, tiles: int, unicast: bool) -> Grid:
    """Spread tiles of pixels over columns and N tiles over rows, as evenly as may be."""
    per_column = ceil_div(tiles, least(device.columns, tiles))
    columns = ceil_div(tiles, per_column)
    column_tiles = ceil_div(tiles, columns)
    arch = device.arch
    apart = pick(_unicast_rows(device), least(arch.core_rows, groups * group_n_tiles))
    rows = where(unicast, apart, least(arch.core_rows, group_n_tiles))
    return Grid(
        tiles=tiles,
        columns=columns,
        rows=rows,
        column_tiles=column_tiles,
        computed_tiles=columns * column_tiles,
        groups=groups,
        group_n_tiles=group_n_tiles,
        unicast=unicast,
        filter_columns=least(device.columns, rows),
    )


def _unicast_rows(device: Device) -> list[int]:
    """How many rows with inputs of their own a mem tile can serve, of at most so many."""
    arch = device.arch

    def able(rows: int) -> bool:
        # A mem tile sends each row's input, its rows' filters and the joined output.
        filters = ceil_div(rows, min(device.columns, rows))
        return rows + filters + 1 <= arch.memtile_dma_channels

    return [
        next((rows for rows in range(count, 1, -1) if able(rows)), 1)
        for count in range(arch.core_rows + 1)
    ]


def bias_places(
    view: ProblemView, n: int, quantum_bytes: int
) -> tuple[tuple[tuple[int, int], ...], int]:
    """(input index, offset) of the per-channel operands of ``n`` channels, and their length.

    In elements of the view's type; each is padded to the quantum.
    """
    size = DTYPE_BYTES[view.dtype]
    quantum = quantum_bytes // size
    places: list[tuple[int, int]] = []
    offset = 0
    for index, dtype, _ in view.vectors:
        places.append((index, offset))
        offset = offset + ceil_div(n * DTYPE_BYTES[dtype] // size, quantum) * quantum
    return tuple(places), offset


def residual_channels(view: ProblemView, tile_k: int) -> int:
    """Channels of the residual that an object of ``tile_k`` channels of the input holds."""
    residual = view.residual
    if residual is None:
        return 0
    return tile_k * DTYPE_BYTES[view.dtype] // DTYPE_BYTES[residual.dtype]


def memtile_descriptors(
    grid: Grid, parts: int, depths: tuple[int, int], reuses: tuple[int, int]
) -> tuple[int, int]:
    """Buffer descriptors on the even and on the odd channels of a mem tile, of each way.

    The tools write one for every time that a buffer is sent, and number channels as FIFOs come.

    Args:
        grid: who computes what.
        parts: cores that an object of the input has a part for.
        depths, reuses: of input and filter.
    """
    idle = grid.filter_columns < grid.columns
    return each(_descriptors, grid.rows, grid.shared_rows, parts, *depths, *reuses, idle)


@cache
def _descriptors(
    rows: int,
    shared: int,
    parts: int,
    a_depth: int,
    b_depth: int,
    a_reuse: int,
    b_reuse: int,
    idle: bool,
) -> tuple[int, int]:
    a = ([a_depth * parts], [a_depth * a_reuse] * parts)
    b = ([b_depth * shared], [b_depth * b_reuse] * shared)
    c = ([2] * rows, [2 * rows])
    # Some columns bring no filter.
    orders = [(b, c, a), (c, a)] if idle else [(b, c, a)]
    ways = [[[n for fifo in order for n in fifo[way]] for way in (0, 1)] for order in orders]
    even, odd = (max(sum(sum(way[i::2]) for way in both) for both in ways) for i in (0, 1))
    return even, odd


def memtile_fits(
    device: Device,
    grid: Grid,
    parts: int,
    object_bytes: tuple[int, int, int],
    depths: tuple[int, int],
    reuses: tuple[int, int] = (1, 1),
) -> bool:
    """Whether a mem tile has room and descriptors for so many buffers of input and filter.

    Args:
        device, grid, parts, depths, reuses: as in :func:`memtile_descriptors`.
        object_bytes: of input, filter and output in the mem tile.
    """
    arch = device.arch
    a, b, out = object_bytes
    even, odd = memtile_descriptors(grid, parts, depths, reuses)
    holds = depths[0] * a + depths[1] * b + 2 * out <= arch.memtile_bytes
    half = arch.memtile_bds // 2
    return holds & (even <= half) & (odd <= half)


def make_filters(
    view: ProblemView, p: Parameters, shape: TileShape, quantum: int
) -> tuple[FilterStream, int]:
    """The packed filter of an N tile, and the elements of an object of its stream."""
    size, n = DTYPE_BYTES[view.dtype], p.tile_n
    offsets, total = bias_places(view, n, quantum)
    chunk = chunk_elements(view.unit, view.dtype, n * shape.k_elements)
    weights = shape.k_steps * chunk
    tail = where(p.resident, total, ceil_div(total, chunk) * chunk)
    # An object with parameters would be sent as often as the filter that the mem tile repeats.
    header = where((p.filter_reuse > 1) | p.resident, 0, chunk)
    behind = where(p.resident, 4 * PARAMETER_WORDS // size, 0)
    elements = header + weights + tail + behind
    object_ = where(p.resident, elements, chunk)
    tail_objects = where(p.resident, 0, tail // object_)
    filters = FilterStream(
        weights=weights,
        header=header,
        tail=tail,
        n_tile_elements=elements,
        bias_at=weights,
        bias_offsets=offsets,
        parameters_at=where(p.resident, weights + tail, 0),
        input_objects=1,
        k_chunks=1,
        tail_objects=tail_objects,
        objects=shape.k_steps + tail_objects,
    )
    return filters, object_


def make_sizes(
    device: Device,
    view: ProblemView,
    p: Parameters,
    shape: TileShape,
    grid: Grid,
    reusable_rounds: int = 1,
) -> Sizes:
    """All numbers of a mapping.

    Args:
        device, view: where and what.
        p: the mapping's parameters.
        shape: its tile.
        grid: who computes what.
        reusable_rounds: see :class:`MemTile`.
    """
    size, out_size = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    filters, object_ = make_filters(view, p, shape, device.arch.vector_load_bytes)
    output = shape.pixels * p.tile_n
    parts = where(grid.unicast, grid.rows, 1)
    memtile_filter = where(p.filter_reuse > 1, filters.n_tile_elements, object_)
    depths = _depths(
        device,
        grid,
        parts,
        (
            parts * shape.memtile_input * size,
            grid.shared_rows * memtile_filter * size,
            grid.rows * output * out_size,
        ),
        p,
    )
    memtile = MemTile(
        input=shape.memtile_input,
        input_parts=parts,
        input_depth=depths[0],
        filter=memtile_filter,
        filter_depth=depths[1],
        k_chunks=p.k_chunks,
        input_reuse=p.input_reuse,
        filter_reuse=p.filter_reuse,
        reusable_rounds=reusable_rounds,
        input_dims=shape.input_dims,
        output_dims=shape.output_dims,
    )
    per_object = residual_channels(view, p.tile_k)
    shared = where(grid.unicast, 1, grid.rows)
    return Sizes(
        tile=CoreTile(
            shape.pixels, p.tile_n, shape.k_steps, shape.k_elements, input_objects=shape.k_steps
        ),
        grid=grid,
        l1=_l1_buffers(p, shape, object_, output),
        memtile=memtile,
        filters=filters,
        residual=ResidualStream(
            per_object, ceil_div(shared * p.tile_n, per_object) if view.residual else 0
        ),
    )


def _l1_buffers(p: Parameters, shape: TileShape, filter_object: int, output: int) -> L1Buffers:
    return L1Buffers(
        input=shape.input,
        filter=filter_object,
        output=output,
        accumulators=output,
        accumulator_bytes=output * ACCUMULATOR_BYTES,
        bias=0,
        filter_depth=p.filter_buffers,
        output_depth=p.output_buffers,
        resident=p.resident,
        parameter_words=PARAMETER_WORDS,
        parameter_buffers=where(p.filter_reuse > 1, 0, 1),
    )


def _depths(
    device: Device, grid: Grid, parts: int, object_bytes: tuple[int, int, int], p: Parameters
) -> tuple[int, int]:
    """Buffers of input and filter in the mem tile: one where it is repeated and two do not fit."""
    reuses = p.input_reuse, p.filter_reuse
    two = memtile_fits(device, grid, parts, object_bytes, (2, 2), reuses)
    a, b = (where((reuse == 1) | two, 2, 1) for reuse in reuses)
    return a, b


def present(sizes: Sizes) -> Sizes:
    """The sizes of one mapping, with the dimensions that are there."""

    def there(dims: Dims) -> Dims:
        return tuple((size, stride) for size, stride in dims if size)

    memtile = sizes.memtile
    dims = there(memtile.input_dims), there(memtile.output_dims)
    memtile = replace(memtile, input_dims=dims[0], output_dims=dims[1])
    return replace(sizes, memtile=memtile)

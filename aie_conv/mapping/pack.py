"""The packed filter: what the host writes for every N tile."""

from collections.abc import Sequence
from dataclasses import replace

from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.interface import ProblemView
from aie_conv.mapping.mapping import Mapping
from aie_conv.problem import DTYPE_BYTES


def pack_filter(mapping: Mapping, parameters: Sequence[int]) -> tuple[HostCopy, ...]:
    """The filter in the cores' blocks, an N tile after the other.

    An N tile is its weights, its per-channel operands behind them, and in front of a streamed one or
    behind a resident one the run-time parameters, which are read of the first round's N tiles alone. Where
    the shim brings a per-channel operand from where it lies there are these alone.
    """
    view, dtype, filters = mapping.view, mapping.view.dtype, mapping.filters
    size, n_tiles = DTYPE_BYTES[dtype], mapping.grid.n_tiles
    shape, flat = (n_tiles, filters.n_tile_elements), (n_tiles, filters.weights)

    def place(
        source: str, row: tuple[int, int], column: int, literal: tuple[int, ...] = ()
    ) -> HostCopy:
        zeros = (0, 0)
        return HostCopy(
            source, row, dtype, zeros, row, (0, 1), "weights", shape, dtype, (0, column), literal=literal
        )  # fmt: skip

    front, addresses = filters.header, mapping.addresses
    blocks = addresses.filter_copies("weights_blocks")
    # Without a filter its objects bring parameters and per-channel operands alone.
    copies = [*blocks, place("weights_blocks", flat, front)] if blocks else list[HostCopy]()
    offsets = dict(filters.bias_offsets)
    for index, vector_dtype, name in view.vectors if view.sent is None else ():
        row = (n_tiles, mapping.tile.n * DTYPE_BYTES[vector_dtype] // size)
        source, slices = by_n_tile(
            view, addresses.n_tile_runs, (n_tiles, mapping.tile.n), (name, 1, vector_dtype)
        )
        copies += [*slices, place(source, row, front + filters.bias_at + offsets[index])]
    if mapping.memtile.is_fixed:
        return tuple(copies)
    count = mapping.l1.parameter_words
    words = (*parameters, *[0] * (count - len(parameters)))
    grid = mapping.grid
    first = min(grid.rows, grid.share_n_tiles)
    row = (first, 4 * count // size)
    steering = place("", row, filters.parameters_at, words * first)
    # The first round's N tiles of each share of the columns.
    starts = range(0, n_tiles, grid.share_n_tiles)
    copies += [replace(steering, dest_offsets=(start, filters.parameters_at)) for start in starts]
    return tuple(copies)


def by_n_tile(
    view: ProblemView,
    runs: Sequence[tuple[int, int, int]],
    shape: tuple[int, int],
    value: tuple[str, int, str],
) -> tuple[str, tuple[HostCopy, ...]]:
    """A value of a row for every channel with a row of channels for every N tile.

    Args:
        view: the problem.
        runs: of N tiles whose channels follow one another: (first N tile, count, first channel).
        shape: N tiles, and channels of each.
        value: its name, elements of a channel, and type.

    Returns:
        The name of the value, and the copies that make it; none where N tiles do not overlap.
    """
    n_tiles, n = shape
    name, depth, dtype = value
    if tuple(runs) == ((0, n_tiles, 0),):
        return name, ()
    source, slices, dest = (view.groups * view.n, depth), f"{name}_slices", (n_tiles * n, depth)
    copies = (
        HostCopy(
            name, source, dtype, (channel, 0), (count * n, depth), (0, 1), slices, dest, dtype,
            (first * n, 0),
        )
        for first, count, channel in runs
    )  # fmt: skip
    return slices, tuple(copies)

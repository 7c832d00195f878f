"""The tiles and grids of an operation that are worth looking at, and the best of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from aie_conv.arch import Device
from aie_conv.arch.rates import present_rates
from aie_conv.errors import ConfigRefused
from aie_conv.operations.code import can_pair
from aie_conv.operations.cost import PlanCost, check, cost_on, work_of
from aie_conv.operations.kernel import lanes
from aie_conv.operations.streams import CoreGrid, count_tasks
from aie_conv.operations.tile import ALIGNED, OperationTile, make_tile
from aie_conv.operations.view import OperationView
from aie_conv.problem import DTYPE_BYTES

_OBJECT_BYTES = 24 << 10
"""Bytes of input and output objects of a tile, at most: they are there twice."""

_COUNTED, _MOST_COUNTED = 10, 40
"""Candidates whose tasks are counted: the best without them, and more where those of all these take time."""

_NEAR = 1.01
"""Candidates that take this much of the best one's time are as good: of them the cores' time decides."""

_SIZES = 12
"""Sizes of an axis that are tried at most."""


@dataclass(frozen=True)
class TileCandidate:
    """A tile on a grid, and what it takes."""

    tile: OperationTile
    grid: CoreGrid
    cost: PlanCost
    cycles: int


def _cuts(size: int) -> list[int]:
    """Sizes of tiles along an axis, from all of it down to one element."""
    cuts = sorted({-(-size // parts) for parts in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, size)})
    return cuts[::-1][:_SIZES]


def _lane_cuts(size: int, most: int) -> list[int]:
    """Sizes of tiles along the lanes: all of them, or whole vectors."""
    cuts = {size} if size <= _OBJECT_BYTES else set[int]()
    width = most
    while width < size and width <= _OBJECT_BYTES:
        cuts |= {width, 3 * width // 2 // most * most}
        width *= 2
    for parts in range(2, 33):
        part = -(-size // parts)
        part = -(-part // most) * most
        if part < size:
            cuts.add(part)
    return sorted(cut for cut in cuts if cut <= size)


def _taps(view: OperationView) -> Iterator[tuple[int, ...]]:
    """Taps of an object: all, or a part of the first axis that is only reduced."""
    every = tuple(axis.taps for axis in view.axes)
    yield every
    only = [i for i, axis in enumerate(view.axes) if axis.size == 1 and axis.taps > 1]
    if only and not view.problem.epilogue.inputs:
        at = only[0]
        for taps in range(every[at] - 1, 0, -1):
            if every[at] % taps == 0:
                yield (*every[:at], taps, *every[at + 1 :])


def _shapes(view: OperationView, most: int) -> Iterator[tuple[int, ...]]:
    """Sizes of tiles: the two largest axes beside the lanes are cut, others are one element; rows never."""
    if view.by_elements:
        yield from _blocks(view)
        return
    outer = range(len(view.axes) - 1)
    free = [axis for axis in outer if not view.axes[axis].along]
    cut = sorted(free, key=lambda axis: -view.axes[axis].size)[:2]
    last = view.axes[-1]
    choices = [
        [view.axes[i].size] if view.axes[i].along else _cuts(view.axes[i].size) if i in cut else [1]
        for i in outer
    ]
    lanes = [last.size] if last.along else _lane_cuts(last.size, most)
    yield from product(*choices, lanes)


def _blocks(view: OperationView) -> Iterator[tuple[int, ...]]:
    """Sizes of tiles of elements: one axis is cut, those in it are whole, but perhaps for the last.

    So what is written lies in long runs.
    """
    full = [axis.size for axis in view.axes]
    unit = max(1, ALIGNED // DTYPE_BYTES[view.problem.out.dtype])
    inner = sorted({full[-1], *(cut for cut in _cuts(full[-1]) if cut % unit == 0)})
    for at in range(len(full) - 1):
        for cut, last in product(_cuts(full[at]), inner):
            yield (*[1] * at, cut, *full[at + 1 : -1], last)
    if len(full) == 1:
        yield from ((last,) for last in inner)


def _tiles(view: OperationView) -> Iterator[OperationTile]:
    """The tiles that fit, alone and two at once; of chunks only where an object cannot hold all taps."""
    most = lanes(view.problem)
    for taps in _taps(view):
        fits = False
        for sizes in _shapes(view, most):
            try:
                tile = make_tile(view, sizes, taps, most)
            except ConfigRefused:
                continue
            if tile.input_bytes + tile.output_bytes + tile.sums_bytes <= _OBJECT_BYTES:
                fits = True
                yield from _together(tile)
        if fits:
            return


def _together(tile: OperationTile) -> Iterator[OperationTile]:
    """A tile alone, and two at once, where that may make a difference.

    Two loads of one buffer never share a cycle; of two tiles' objects they do.
    """
    yield tile
    apart = abs(tile.input_bytes - tile.output_bytes) > ALIGNED
    if can_pair(tile) and apart and tile.count > 1:
        yield replace(tile, together=2)


def grids(device: Device, tile: OperationTile) -> Iterator[CoreGrid]:
    """Grids for a tile."""
    count = -(-tile.count // tile.together)
    columns = [c for c in (1, 2, 4, 8) if c <= device.columns]
    if device.columns not in columns:
        columns.append(device.columns)
    for column, channel, rows in product(columns, (1, 2), (1, 2)):
        cores = column * channel * rows
        # No core works on nothing but what others do too.
        if cores < count + rows * channel or cores == 1:
            yield CoreGrid(column, channel, rows, -(-count // cores) * tile.together)


def search(device: Device, view: OperationView) -> TileCandidate:
    """The best candidate.

    Raises:
        ConfigRefused: no tile fits.
    """
    priced: list[TileCandidate] = []
    for tile in _tiles(view):
        work = work_of(device, tile)
        for grid in grids(device, tile):
            try:
                check(device, tile, grid)
            except ConfigRefused:
                continue
            cost = cost_on(device, work, grid)
            priced.append(TileCandidate(tile, grid, cost, cost.cycles))
    return _best(device, _ordered(sorted(priced, key=_cycles)), view)


def _best(device: Device, ranked: Sequence[TileCandidate], view: OperationView) -> TileCandidate:
    """The best candidate with the time to issue its tasks, which are counted of as few as decide it."""
    counted: list[TileCandidate] = []
    least = min((candidate.cycles for candidate in ranked), default=0)
    for candidate in ranked:
        good = any(each.cycles <= _NEAR * least for each in counted)
        if len(counted) >= (_COUNTED if good else _MOST_COUNTED):
            break
        try:
            counted.append(issued(device, candidate))
        except ConfigRefused:
            continue
        if len(counted) == 1 and _decides(counted[0], candidate, ranked):
            break
    if not counted:
        raise ConfigRefused("tile", f"tile: no tiling of {view.problem.describe()}")
    return _ordered(sorted(counted, key=_cycles))[0]


def _decides(first: TileCandidate, before: TileCandidate, ranked: Sequence[TileCandidate]) -> bool:
    """Whether the first candidate stays it, whatever tasks the others have.

    So it is where its own take no more time than assumed ``before``, and none that may be as good keeps
    cores busy less.
    """
    if first.cycles > before.cycles:
        return False
    most, busy = _NEAR * first.cycles, _busy(first)
    return all(c.cycles > most or _busy(c) >= busy for c in ranked)


def _cycles(candidate: TileCandidate) -> int:
    return candidate.cycles


def _ordered(candidates: list[TileCandidate]) -> list[TileCandidate]:
    """Candidates by their time, but those as good as the best by how long cores are busy, all together."""
    near = [c for c in candidates if c.cycles <= _NEAR * candidates[0].cycles]
    return [*sorted(near, key=_busy), *candidates[len(near) :]]


def _busy(candidate: TileCandidate) -> tuple[float, float]:
    """Cycles that all cores are busy, and that each is."""
    each = candidate.cost.loads["cores"]
    return candidate.grid.cores * each, each


def issued(device: Device, candidate: TileCandidate) -> TileCandidate:
    """A candidate with the time to issue its tasks.

    Raises:
        ConfigRefused: one of them cannot be expressed.
    """
    tasks = count_tasks(device, candidate.tile, candidate.grid)
    issue = tasks * present_rates(device.arch)[0].issue
    cost = replace(candidate.cost, issue=issue)
    return replace(candidate, cost=cost, cycles=cost.cycles)


def rebuild(device: Device, view: OperationView, parameters: dict[str, int]) -> TileCandidate:
    """The candidate that parameters state.

    Raises:
        ConfigRefused: it does not fit the device, or they are not this operation's.
    """
    axes = range(len(view.axes))
    try:
        sizes = tuple(parameters[f"size_{axis}"] for axis in axes)
        taps = tuple(parameters[f"taps_{axis}"] for axis in axes)
        columns, channels, rows = (parameters[name] for name in ("columns", "channels", "rows"))
    except KeyError as missing:
        raise ConfigRefused("parameters", f"parameters: {missing} is missing") from None
    for axis, size, tap in zip(view.axes, sizes, taps, strict=True):
        if not 1 <= size <= axis.size or tap < 1 or axis.taps % tap:
            raise ConfigRefused("parameters", f"parameters: a tile of {size} and {tap} taps")
    fits = 1 <= columns <= device.columns and channels in (1, 2) and rows in (1, 2)
    if not fits:
        raise ConfigRefused("parameters", f"parameters: {columns} columns of {channels}x{rows}")
    tile = make_tile(view, sizes, taps, lanes(view.problem))
    together = parameters.get("together", 1)
    if together != 1:
        if together not in [each.together for each in _together(tile)]:
            raise ConfigRefused("parameters", f"parameters: {together} tiles at once")
        tile = replace(tile, together=together)
    steps = -(-tile.count // (prod((columns, channels, rows)) * together)) * together
    grid = CoreGrid(columns, channels, rows, steps)
    check(device, tile, grid)
    cost = cost_on(device, work_of(device, tile), grid)
    return issued(device, TileCandidate(tile, grid, cost, cost.cycles))

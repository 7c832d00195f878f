"""What the shim's DMA channels carry for a mapping: their address patterns, tasks, and when they are due."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, islice, zip_longest

from aie_conv.arch import Arch
from aie_conv.layout.chain import Chain, Part, chains
from aie_conv.layout.pattern import Pattern, coalesce, split
from aie_conv.mapping.cost import task_cycles
from aie_conv.mapping.mapping import Mapping
from aie_conv.plan import Argument
from aie_conv.problem import DTYPE_BYTES

_MOST_PARTS = 4
"""Descriptors of a chain of filters or outputs: with more the last column begins too late."""

_PLAIN = 0.7
"""Of a call's time: where its tasks take less to issue without chains of inputs there are none.

A chain is written before its first byte comes, for one column after the other.
"""

_MOST_INPUTS = 9
"""Of a chain of inputs: one or two for the input, and a residual's for each row of cores."""


@dataclass(frozen=True)
class Channel:
    """One shim DMA channel of a program.

    Attributes:
        symbol: the object FIFO behind it.
        ids: its buffer descriptors in the order of their use.
        chains: (step, chain) in stream order; ``step`` counts the program's progress at a chain's
            first byte, so that chains pushed in its order never wait for later ones.
        late: steps of a tile, until the last of which a push may be put off while none waits for
            anything; 0 for none.
        writes: it takes data to the host's memory.
    """

    symbol: str
    ids: tuple[int, ...]
    chains: tuple[tuple[int, Chain], ...]
    late: int = 0
    writes: bool = False

    @property
    def parts(self) -> list[Part]:
        """What its descriptors walk, a chain's in turn."""
        return [part for _, chain in self.chains for part in chain]


def input_patterns(
    mapping: Mapping, column: int, most: int | None = None
) -> Iterator[tuple[str, Pattern]]:
    """The input stream of one column: each tile's chunks of K, then its residual; of ``most`` steps.

    What the mem tile sends for several rounds comes once for all of them.
    """
    grid, reuse = mapping.grid, mapping.memtile.input_reuse
    tiles = grid.tiles_of(column)
    for round_, t in islice(grid.walk(reuse), most):
        if round_ % reuse == 0 and t < tiles:
            n_tiles = grid.row_n_tiles(round_, column)
            yield from mapping.addresses.input_patterns(grid.column_tile(column, t), n_tiles)


def filter_patterns(
    mapping: Mapping, streams: list[int], most: int | None = None
) -> Iterator[tuple[str, Pattern]]:
    """What one column's shim sends of the filter, for the rows of cores that it feeds; of ``most`` steps."""
    if mapping.view.sent is not None:
        return _sent_patterns(mapping, mapping.view.sent, streams, most)
    return _packed_patterns(mapping, streams, most)


def _packed_patterns(
    mapping: Mapping, streams: list[int], most: int | None
) -> Iterator[tuple[str, Pattern]]:
    """The packed filter, with the run-time parameters in front."""
    grid, memtile, filters = mapping.grid, mapping.memtile, mapping.filters
    size, ahead = filters.n_tile_elements, filters.header
    tiles = grid.sent_tiles(grid.stream_cores(streams[0])[0][0])
    if ahead and (len(streams) > 1 or not tiles):
        for n_tile in grid.stream_n_tiles(0, streams):
            yield "weights", Pattern(n_tile * size, ((ahead, 1),))
        ahead = 0
    walk = islice(grid.walk(memtile.input_reuse), most)
    for round_, t in ((round_, t) for round_, t in walk if t < tiles):
        starts = [n * size + filters.header for n in grid.stream_n_tiles(round_, streams)]
        if mapping.l1.resident:
            for start in starts if t == 0 else ():
                yield "weights", Pattern(start - ahead, ((ahead + size - filters.header, 1),))
                ahead = 0
            continue
        chunk, count = mapping.l1.filter, filters.objects
        if t % memtile.filter_reuse:
            continue
        if len(starts) == 1:
            # What lies in front of the first N tile goes with it: tasks are dear.
            yield "weights", Pattern(starts[0] - ahead, ((ahead + count * chunk, 1),))
            ahead = 0
            continue
        for q in range(count):
            for start in starts:
                yield "weights", Pattern(start + q * chunk, ((chunk, 1),))


def _sent_patterns(
    mapping: Mapping, sent: Argument, streams: Sequence[int], most: int | None
) -> Iterator[tuple[str, Pattern]]:
    """The parameters, and objects that a per-channel operand fills, coming as often as it takes."""
    grid, filters, kept = mapping.grid, mapping.filters, mapping.l1.bias
    tiles = grid.sent_tiles(grid.stream_cores(streams[0])[0][0])
    for n_tile in grid.stream_n_tiles(0, streams):
        yield "weights", Pattern(n_tile * filters.n_tile_elements, ((filters.header, 1),))
    for round_, t in islice(grid.walk(mapping.memtile.input_reuse), most):
        comes = t < tiles and not (t and mapping.l1.resident)
        n_tiles = grid.stream_n_tiles(round_, streams) if comes else []
        for n_tile in n_tiles * filters.objects:
            channel = mapping.addresses.channel_of(n_tile)
            yield sent.name, Pattern(channel, ((mapping.l1.filter // kept, 0), (kept, 1)))


def output_patterns(
    mapping: Mapping, column: int, most: int | None = None
) -> Iterator[tuple[str, Pattern]]:
    """The output stream of one column: per tile, each row of cores' N tile; of ``most`` steps."""
    grid, tiles = mapping.grid, mapping.grid.tiles_of(column)
    for round_, t in islice(grid.walk(mapping.memtile.input_reuse), most):
        if t >= tiles:
            continue
        n_tiles = grid.row_n_tiles(round_, column)
        for pattern in mapping.addresses.output_patterns(grid.column_tile(column, t), n_tiles):
            yield "result", pattern


def cut_tasks(mapping: Mapping, patterns: Iterator[tuple[str, Pattern]]) -> list[Part]:
    """The tasks of a stream: neighbours on the same buffer folded, split as the fields need it."""
    view = mapping.view
    dtypes = {"weights": view.dtype, "result": view.result.dtype, view.lhs.name: view.lhs.dtype}
    if view.sent:
        dtypes[view.sent.name] = view.sent.dtype
    if view.residual:
        dtypes[view.residual.argument.name] = view.residual.dtype
    return [
        Part(name, dtypes[name], task)
        for name, group in groupby(patterns, lambda pair: pair[0])
        for pattern in coalesce([pattern for _, pattern in group])
        for task in split(pattern, DTYPE_BYTES[dtypes[name]], mapping.device.arch)
    ]


def _chains(tasks: list[Part], arch: Arch, most: int) -> list[tuple[range, Chain]]:
    """A stream's tasks folded into chains, each with the numbers of its bytes."""
    sent = 0
    dated: list[tuple[range, Chain]] = []
    for chain in chains(tasks, DTYPE_BYTES, arch, most):
        size = sum(part.task.elements * DTYPE_BYTES[part.dtype] for part in chain)
        dated.append((range(sent, sent + size), chain))
        sent += size
    return dated


def _ended(chains_sent: Sequence[Chain], ids: int, depth: int) -> list[int]:
    """How many of a channel's chains must have ended before each of them is pushed.

    Args:
        chains_sent: the chains.
        ids: descriptors that the channel has.
        depth: chains that its queue holds.
    """
    ends: list[int] = []
    ended = used = 0
    for number, chain in enumerate(chains_sent):
        while number - ended == depth or used + len(chain) > ids:
            used -= len(chains_sent[ended])
            ended += 1
        used += len(chain)
        ends.append(ended)
    return ends


def _dated(
    ranges: list[tuple[range, Chain]], step_of: Callable[[int], int]
) -> tuple[tuple[int, Chain], ...]:
    """Chains dated by their first bytes."""
    return tuple((step_of(sent[0]), chain) for sent, chain in ranges)


def _date_outputs(
    ranges: list[tuple[range, Chain]],
    tile_bytes: int,
    step_of: Callable[[int], int],
    clock: int,
    ids: int,
    depth: int,
) -> tuple[tuple[int, Chain], ...]:
    """Output chains dated so that none waits for its own tile's inputs.

    A tile's first ones go in front of its inputs. One that is pushed when another with a part of the
    same tile has ended goes behind those inputs, which the other one needs to end.

    Args:
        ranges: the chains.
        tile_bytes: that a tile of the column gives.
        step_of: the step of a tile of the column.
        clock: what a step counts.
        ids: descriptors that the channel has.
        depth: chains that its queue holds.
    """
    dated: list[tuple[int, Chain]] = []
    for (sent, chain), before in zip(
        ranges, _ended([c for _, c in ranges], ids, depth), strict=True
    ):
        tile = sent[0] // tile_bytes
        late = before > 0 and ranges[before - 1][0][-1] // tile_bytes == tile
        dated.append((step_of(tile) * clock + (clock - 1) * late, chain))
    return tuple(dated)


def _ids(
    streams: Sequence[list[tuple[range, Chain]]], arch: Arch
) -> tuple[tuple[int, ...], ...] | None:
    """The descriptors of a shim's inputs, filters and outputs; None if their chains need more.

    Each has four and what its longest chain takes. Those left over serve whose chains would else
    have to end before the next is written.
    """
    blocks = [*range(4)], [*range(4, 8)], [*range(8, 12)]
    used = [sum(len(chain) for _, chain in each) for each in streams]
    longest = [max((len(chain) for _, chain in each), default=0) for each in streams]
    spare = [*range(12, arch.shim_bds), *blocks[1][used[1] :]]
    del blocks[1][used[1] :]
    for ids, count in zip(blocks, longest, strict=True):
        missing = max(0, count - len(ids))
        if missing > len(spare):
            return None
        ids.extend(spare[:missing])
        del spare[:missing]
    short = [
        ids
        for ids, count, length in zip(blocks, used, longest, strict=True)
        if count > len(ids) and length > 1
    ]
    for number, ids in enumerate(short):
        ids.extend(spare[number :: len(short)])
    return tuple(map(tuple, blocks))


def in_chains(
    tasks: Sequence[list[Part]], arch: Arch, plain: int
) -> tuple[list[list[tuple[range, Chain]]], tuple[tuple[int, ...], ...]]:
    """A shim's inputs, filters and outputs as chains, and the descriptors of each.

    Args:
        tasks: of each.
        arch: whose limits.
        plain: up to so many descriptors inputs take none of several.
    """
    others = [_chains(each, arch, _MOST_PARTS) for each in tasks[1:]]
    count = len(tasks[0]) + sum(len(chain) for each in others for _, chain in each)
    for most in (1,) if count <= plain else (_MOST_INPUTS, 8, _MOST_PARTS):
        streams = [_chains(tasks[0], arch, most), *others]
        ids = _ids(streams, arch)
        if ids is not None:
            return streams, ids
    raise AssertionError("four descriptors hold chains of four")


@dataclass(frozen=True)
class _SendClock:
    """Dates of a mapping's bytes: a step counts a tile's objects, and what comes before and behind them."""

    mapping: Mapping

    @property
    def per_tile(self) -> int:
        """Objects of the input stream for a tile."""
        return self.mapping.tile.input_objects + self.mapping.residual.objects

    @property
    def ticks(self) -> int:
        """What a step counts."""
        return self.per_tile + self.mapping.filters.tail_objects + 2

    def step(self, column: int, number: int) -> int:
        """The step of a column's tile: others may have more of them in a round."""
        grid = self.mapping.grid
        round_, tile = divmod(number, grid.tiles_of(column))
        return round_ * grid.column_tiles + tile

    def of_input(self, column: int, sent: int) -> int:
        """The date of a byte of a column's input."""
        m = self.mapping
        object_ = m.memtile.input_parts * m.memtile.input * DTYPE_BYTES[m.view.dtype]
        tile, inside = divmod(sent // object_ * m.memtile.k_chunks, self.per_tile)
        return self.step(column, tile) * m.memtile.input_reuse * self.ticks + inside

    def of_filter(self, streams: Sequence[int], sent: int) -> int:
        """The date of a byte of these streams of filters, which come together."""
        m, filters = self.mapping, self.mapping.filters
        number = sent // (m.l1.filter * DTYPE_BYTES[m.view.dtype]) // len(streams)
        # The first object may hold the parameters.
        number = max(0, number - (filters.header > 0))
        if m.l1.resident:
            return number * m.grid.column_tiles * self.ticks
        tile, inside = divmod(number, filters.objects)
        # Where rows of cores take turns, each step of K is so many objects of the input.
        turns = m.tile.input_objects // m.tile.k_steps
        ahead = min(inside * filters.k_chunks // filters.input_objects, m.tile.k_steps) * turns
        column, _ = m.grid.stream_cores(streams[0])[0]
        tile *= m.memtile.filter_reuse
        return (self.step(column, tile) if m.grid.tiles_of(column) else 0) * self.ticks + ahead


def plain_descriptors(mapping: Mapping, most: int | None = None) -> int:
    """Descriptors of a column, up to which its inputs take none of several.

    Args:
        mapping: what is run.
        most: only so many of a core's first steps are looked at; all if None.
    """
    grid, steps = mapping.grid, mapping.grid.steps
    share = grid.columns * max(1.0, steps / (most or steps)) * task_cycles(mapping.device.arch)
    return int(_PLAIN * mapping.cost.cycles / share)


def tasks_of(
    mapping: Mapping, column: int, streams: list[int], most: int | None = None
) -> list[list[Part]]:
    """The inputs, filters and outputs of a column's shim as tasks.

    Args:
        mapping: what is run.
        column: of the array.
        streams: the filters that come through it.
        most: only of so many of a core's first steps; all if None.
    """
    computes = column < mapping.grid.columns
    patterns = (
        input_patterns(mapping, column, most) if computes else iter(()),
        filter_patterns(mapping, streams, most) if streams else iter(()),
        output_patterns(mapping, column, most) if computes else iter(()),
    )
    return [cut_tasks(mapping, each) for each in patterns]


def channels(mapping: Mapping) -> list[Channel]:
    """The shim channels of the program: inputs first, then filters, then outputs."""
    arch, grid, clock = mapping.device.arch, mapping.grid, _SendClock(mapping)
    out_size = DTYPE_BYTES[mapping.view.result.dtype]
    out_bytes = mapping.tile.output_objects * grid.rows * mapping.l1.output * out_size
    plain = plain_descriptors(mapping)
    inputs: list[Channel] = []
    filters: list[Channel] = []
    outputs: list[Channel] = []
    for c in range(max(grid.columns, grid.filter_columns)):
        streams = grid.filter_streams(c)
        tasks = tasks_of(mapping, c, streams)
        (a, b, out), (a_ids, b_ids, out_ids) = in_chains(tasks, arch, plain)
        inputs.append(Channel(f"a_l3_{c}", a_ids, _dated(a, partial(clock.of_input, c))))
        filters.append(Channel(f"b_l3_{c}", b_ids, _dated(b, partial(clock.of_filter, streams))))
        depth = arch.shim_queue_depth
        step_of, ticks = partial(clock.step, c), clock.ticks
        dated = _date_outputs(out, out_bytes, step_of, ticks, len(out_ids), depth)
        outputs.append(Channel(f"c_l3_{c}", out_ids, dated, ticks, writes=True))
    if any(len(chain) > 1 for channel in inputs for _, chain in channel.chains[:1]):
        # Chains take long to write: the cores of the first columns begin while the others' are written.
        # Later filters stay behind the inputs of their step, without which they come to no end.
        filters = [
            replace(each, chains=((-1, each.chains[0][1]), *each.chains[1:]))
            for each in filters
            if each.chains
        ]
    # A column's input, then the filters that come through it: tasks are issued one by one.
    both = [c for pair in zip_longest(inputs, filters) for c in pair if c is not None]
    return [channel for channel in both + outputs if channel.chains]

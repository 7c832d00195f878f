"""What the shim's DMA channels carry for a tiling: their address patterns, tasks and their order."""

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice, zip_longest

from aie_conv.arch import Arch
from aie_conv.layout.chain import Chain, Part, chains
from aie_conv.layout.pattern import Pattern, coalesce, split
from aie_conv.mapping.tiling import Tiling
from aie_conv.problem import DTYPE_BYTES

_COUNTED = 4096
"""About how many patterns of a channel are looked at to count tasks: a large program's all take minutes."""

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
    """

    symbol: str
    ids: tuple[int, ...]
    chains: tuple[tuple[int, Chain], ...]
    late: int = 0

    @property
    def parts(self) -> list[Part]:
        """What its descriptors walk, a chain's in turn."""
        return [part for _, chain in self.chains for part in chain]


def column_tile(tiling: Tiling, column: int, number: int) -> int:
    """The tile that a column computes as its ``number``-th; past the end, the last one."""
    return min(column * tiling.column_tiles + number, tiling.tiles - 1)


def row_slices(tiling: Tiling, pass_: int) -> list[int]:
    """The slices of all rows in one pass."""
    return [tiling.slice_of(pass_, row) for row in range(tiling.rows)]


def input_patterns(
    tiling: Tiling, column: int, most: int | None = None
) -> Iterator[tuple[str, Pattern]]:
    """The input stream of one column: each tile's chunks of K, then its residual; of ``most`` steps.

    What the mem tile sends for several passes comes once for all of them.
    """
    for pass_, t in islice(tiling.steps(), most):
        if pass_ % tiling.a_repeat == 0 and t < tiling.tiles_of(column):
            slices = row_slices(tiling, pass_)
            yield from tiling.input_patterns(column_tile(tiling, column, t), slices)


def filter_patterns(
    tiling: Tiling, rows: list[int], most: int | None = None
) -> Iterator[tuple[str, Pattern]]:
    """The filter stream of one column's shim, for the rows of cores that it feeds; of ``most`` steps."""
    size, ahead = tiling.slice_elements, tiling.header
    if ahead and len(rows) > 1:
        for row in rows:
            yield "weights", Pattern(tiling.slice_of(0, row) * size, ((ahead, 1),))
        ahead = 0
    for pass_, t in islice(tiling.steps(), most):
        starts = [tiling.slice_of(pass_, row) * size + tiling.header for row in rows]
        if tiling.resident:
            for start in starts if t == 0 else ():
                yield "weights", Pattern(start, ((size, 1),))
            continue
        chunk, count = tiling.b_elements, tiling.filter_objects
        if t % tiling.b_repeat:
            continue
        if len(starts) == 1:
            # What lies in front of the first slice goes with it: tasks are dear.
            yield "weights", Pattern(starts[0] - ahead, ((ahead + count * chunk, 1),))
            ahead = 0
            continue
        for q in range(count):
            for start in starts:
                yield "weights", Pattern(start + q * chunk, ((chunk, 1),))


def output_patterns(
    tiling: Tiling, column: int, most: int | None = None
) -> Iterator[tuple[str, Pattern]]:
    """The output stream of one column: per tile, each row of cores' slice; of ``most`` steps."""
    for pass_, t in islice(tiling.steps(), most):
        if t >= tiling.tiles_of(column):
            continue
        slices = row_slices(tiling, pass_)
        for pattern in tiling.slice_outputs(column_tile(tiling, column, t), slices):
            yield "result", pattern


def _tasks(tiling: Tiling, patterns: Iterator[tuple[str, Pattern]]) -> list[Part]:
    """The tasks of a stream: neighbours on the same buffer folded, split as the fields need it."""
    view = tiling.view
    dtypes = {"weights": view.dtype, "result": view.result.dtype, view.lhs.name: view.lhs.dtype}
    if view.residual:
        dtypes[view.residual.argument.name] = view.residual.dtype
    return [
        Part(name, dtypes[name], task)
        for name, group in groupby(patterns, lambda pair: pair[0])
        for pattern in coalesce([pattern for _, pattern in group])
        for task in split(pattern, DTYPE_BYTES[dtypes[name]], tiling.device.arch)
    ]


def _chains(tasks: list[Part], arch: Arch, most: int) -> list[tuple[range, Chain]]:
    """A stream's tasks folded into chains, each with the numbers of its bytes."""
    sent = 0
    found: list[tuple[range, Chain]] = []
    for chain in chains(tasks, DTYPE_BYTES, arch, most):
        size = sum(part.task.elements * DTYPE_BYTES[part.dtype] for part in chain)
        found.append((range(sent, sent + size), chain))
        sent += size
    return found


def _ended(made: Sequence[Chain], ids: int, depth: int) -> list[int]:
    """How many of a channel's chains must have ended before each of them is pushed.

    Args:
        made: the chains.
        ids: descriptors that the channel has.
        depth: chains that its queue holds.
    """
    found: list[int] = []
    ended = used = 0
    for number, chain in enumerate(made):
        while number - ended == depth or used + len(chain) > ids:
            used -= len(made[ended])
            ended += 1
        used += len(chain)
        found.append(ended)
    return found


def _dated(
    made: list[tuple[range, Chain]], step_of: Callable[[int], int]
) -> tuple[tuple[int, Chain], ...]:
    """Chains dated by their first bytes."""
    return tuple((step_of(sent[0]), chain) for sent, chain in made)


def _date_outputs(
    made: list[tuple[range, Chain]],
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
        made: the chains.
        tile_bytes: that a tile of the column gives.
        step_of: the step of a tile of the column.
        clock: what a step counts.
        ids: descriptors that the channel has.
        depth: chains that its queue holds.
    """
    dated: list[tuple[int, Chain]] = []
    for (sent, chain), before in zip(made, _ended([c for _, c in made], ids, depth), strict=True):
        tile = sent[0] // tile_bytes
        late = before > 0 and made[before - 1][0][-1] // tile_bytes == tile
        dated.append((step_of(tile) * clock + (clock - 1) * late, chain))
    return tuple(dated)


def _ids(
    made: Sequence[list[tuple[range, Chain]]], arch: Arch
) -> tuple[tuple[int, ...], ...] | None:
    """The descriptors of a shim's inputs, filters and outputs; None if their chains need more.

    Each has four and what its longest chain takes. Those left over serve whose chains would else
    have to end before the next is written.
    """
    own = [*range(4)], [*range(4, 8)], [*range(8, 12)]
    used = [sum(len(chain) for _, chain in each) for each in made]
    longest = [max((len(chain) for _, chain in each), default=0) for each in made]
    spare = [*range(12, arch.shim_bds), *own[1][used[1] :]]
    del own[1][used[1] :]
    for ids, count in zip(own, longest, strict=True):
        missing = max(0, count - len(ids))
        if missing > len(spare):
            return None
        ids.extend(spare[:missing])
        del spare[:missing]
    short = [
        ids
        for ids, count, length in zip(own, used, longest, strict=True)
        if count > len(ids) and length > 1
    ]
    for number, ids in enumerate(short):
        ids.extend(spare[number :: len(short)])
    return tuple(map(tuple, own))


def _shim(
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
        made = [_chains(tasks[0], arch, most), *others]
        ids = _ids(made, arch)
        if ids is not None:
            return made, ids
    raise AssertionError("four descriptors hold chains of four")


def filter_rows(tiling: Tiling, column: int) -> list[int]:
    """The rows of cores whose filter slices come through a column's shim and mem tile."""
    return [row for row in range(tiling.rows) if row % tiling.filter_columns == column]


def channels(
    tiling: Tiling, columns: list[int] | None = None, most: int | None = None
) -> list[Channel]:
    """The shim channels of the program: inputs first, then filters, then outputs.

    Args:
        tiling: what to run.
        columns: only those of these columns (filters of the first of them); all if None.
        most: only so many of a core's first steps; all if None.
    """
    arch = tiling.device.arch
    view = tiling.view
    per_tile = tiling.input_objects + tiling.residual_objects
    clock = per_tile + tiling.tail_objects + 2
    out_bytes = tiling.units * tiling.rows * tiling.out_elements * DTYPE_BYTES[view.result.dtype]
    a_bytes = tiling.a_parts * tiling.a_l3_elements * tiling.size
    b_bytes = tiling.b_elements * tiling.size

    def step_of(column: int) -> Callable[[int], int]:
        """The step of a column's tile: others may have more of them in a pass."""
        own = tiling.tiles_of(column)

        def step(number: int) -> int:
            pass_, tile = divmod(number, own)
            return pass_ * tiling.column_tiles + tile

        return step

    def a_step(column: int) -> Callable[[int], int]:
        numbered = step_of(column)

        def step(sent: int) -> int:
            tile, inside = divmod(sent // a_bytes * tiling.staged, per_tile)
            return numbered(tile) * tiling.a_repeat * clock + inside

        return step

    def b_step(rows: int) -> Callable[[int], int]:
        def step(sent: int) -> int:
            number = sent // b_bytes // rows
            if tiling.resident:
                return number * tiling.column_tiles * clock
            # The first object holds the parameters.
            number = max(0, number - (tiling.header > 0))
            tile, inside = divmod(number, tiling.filter_objects)
            return tile * tiling.b_repeat * clock + inside * tiling.spans // tiling.objects

        return step

    steps = tiling.passes * tiling.column_tiles
    inputs: list[Channel] = []
    filters: list[Channel] = []
    outputs: list[Channel] = []
    shims = range(max(tiling.columns, tiling.filter_columns)) if columns is None else columns
    for c in shims:
        rows = filter_rows(tiling, c) if columns is None or c == columns[0] else []
        patterns = (
            input_patterns(tiling, c, most) if c < tiling.columns else iter(()),
            filter_patterns(tiling, rows, most) if rows else iter(()),
            output_patterns(tiling, c, most) if c < tiling.columns else iter(()),
        )
        tasks = [_tasks(tiling, p) for p in patterns]
        # Seen from a column of which only the first steps are asked for.
        share = tiling.columns * max(1.0, steps / (most or steps)) * tiling.task_cycles
        (a, b, out), (a_ids, b_ids, out_ids) = _shim(
            tasks, arch, int(_PLAIN * tiling.cycles / share)
        )
        inputs.append(Channel(f"a_l3_{c}", a_ids, _dated(a, a_step(c))))
        filters.append(Channel(f"b_l3_{c}", b_ids, _dated(b, b_step(len(rows)))))
        depth = arch.shim_queue_depth
        dated = _date_outputs(out, out_bytes, step_of(c), clock, len(out_ids), depth)
        outputs.append(Channel(f"c_l3_{c}", out_ids, dated, clock))
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


def count_tasks(tiling: Tiling) -> int:
    """About how many shim descriptors a tiling writes, from those of columns that differ.

    Of very many steps the first ones are counted.

    Raises:
        ConfigRefused: one of them cannot be expressed.
    """
    steps = tiling.passes * tiling.column_tiles
    shared = len(filter_rows(tiling, 0))
    each = 1 if tiling.resident or shared == 1 else shared * tiling.filter_objects
    most = min(steps, max(32, _COUNTED // each))
    counts: dict[Hashable, int] = {}
    total = 0
    for column in range(tiling.columns):
        kind = tiling.tiles_of(column), column == tiling.columns - 1
        if kind not in counts:
            counts[kind] = sum(len(c.parts) for c in channels(tiling, [column], most))
        total += counts[kind]
    return -(-total * steps // most)


@dataclass(frozen=True, eq=False)
class Push:
    """Write a chain's descriptors and start it; ``ids`` are theirs."""

    symbol: str
    ids: tuple[int, ...]
    chain: Chain


@dataclass(frozen=True)
class Wait:
    """Wait for the oldest token of a channel, which is that of ``push``."""

    push: Push


class _Queues:
    """The channels' queues while the sequence is written."""

    def __init__(self, made: Sequence[Channel], depth: int) -> None:
        self._made = made
        self._ended = [_ended([chain for _, chain in c.chains], len(c.ids), depth) for c in made]
        self._queued: list[deque[Push]] = [deque() for _ in made]
        self._free = [list(channel.ids) for channel in made]
        self.written: list[Push | Wait] = []

    def waits(self, rank: int, number: int) -> bool:
        """Whether a chain has to wait for an earlier one of its channel."""
        return number - len(self._queued[rank]) < self._ended[rank][number]

    def push(self, rank: int, number: int) -> None:
        """Push a channel's next chain, and wait for what has to end before."""
        channel, free = self._made[rank], self._free[rank]
        while self.waits(rank, number):
            done = self._queued[rank].popleft()
            self.written.append(Wait(done))
            free[:] = sorted([*free, *done.ids], key=channel.ids.index)
        chain = channel.chains[number][1]
        push = Push(channel.symbol, tuple(free[: len(chain)]), chain)
        del free[: len(chain)]
        self.written.append(push)
        self._queued[rank].append(push)

    def drain(self) -> list[Push | Wait]:
        """All that was written, and the waits for what is still queued."""
        return self.written + [Wait(push) for pushes in self._queued for push in pushes]


def schedule(made: list[Channel], depth: int) -> list[Push | Wait]:
    """The runtime sequence: chains in the order of their steps, never more than ``depth`` queued.

    What a push waits for lies before it in its own stream, and all that others send or take by then
    is pushed: a chain that goes on for long holds up its own channel alone. Where nothing waits, what
    may be late comes behind what cores need sooner.
    """
    order = sorted(
        (step, rank, number)
        for rank, channel in enumerate(made)
        for number, (step, _) in enumerate(channel.chains)
    )
    queues = _Queues(made, depth)
    late = deque[tuple[int, int, int]]()
    for step, rank, number in order:
        tile = made[rank].late
        if tile:
            late.append((step - step % tile + tile, rank, number))
            continue
        while late and (late[0][0] <= step or queues.waits(rank, number)):
            queues.push(*late.popleft()[1:])
        queues.push(rank, number)
    for _, rank, number in late:
        queues.push(rank, number)
    return queues.drain()

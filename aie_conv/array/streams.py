"""What the shim's DMA channels carry for a tiling: their address patterns, tasks and their order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from aie_conv.arch import Arch
from aie_conv.array.tiling import Tiling
from aie_conv.layout.pattern import Pattern, Task, coalesce, split
from aie_conv.problem import DTYPE_BYTES

_COUNTED = 4096
"""About how many patterns of a channel are looked at to count tasks: a large program's all take minutes."""


@dataclass(frozen=True)
class Channel:
    """One shim DMA channel of a program.

    Attributes:
        symbol: the object FIFO behind it.
        first_id: its four buffer descriptors are first_id … first_id + 3.
        tasks: (step, argument name, element type, task) in stream order; ``step`` counts the
            program's progress, so that tasks pushed in its order never wait for later ones.
    """

    symbol: str
    first_id: int
    tasks: tuple[tuple[int, str, str, Task], ...]


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
        if pass_ % tiling.a_repeat == 0:
            slices = row_slices(tiling, pass_)
            yield from tiling.input_patterns(column_tile(tiling, column, t), slices)


def filter_patterns(
    tiling: Tiling, rows: list[int], most: int | None = None
) -> Iterator[tuple[str, Pattern]]:
    """The filter stream of one column's shim, for the rows of cores that it feeds; of ``most`` steps."""
    size = tiling.slice_elements
    if tiling.header:
        for row in rows:
            yield "weights", Pattern(tiling.slice_of(0, row) * size, ((tiling.header, 1),))
    for pass_, t in islice(tiling.steps(), most):
        starts = [tiling.slice_of(pass_, row) * size + tiling.header for row in rows]
        if tiling.resident:
            for start in starts if t == 0 else ():
                yield "weights", Pattern(start, ((size, 1),))
            continue
        chunk = tiling.n * tiling.k_elements
        count = tiling.chunks + tiling.tail_objects
        if t % tiling.b_repeat:
            continue
        if len(starts) == 1:
            yield "weights", Pattern(starts[0], ((count * chunk, 1),))
            continue
        for q in range(count):
            for start in starts:
                yield "weights", Pattern(start + q * chunk, ((chunk, 1),))


def output_patterns(
    tiling: Tiling, column: int, most: int | None = None
) -> Iterator[tuple[str, Pattern]]:
    """The output stream of one column: per tile, each row of cores' slice; of ``most`` steps."""
    for pass_, t in islice(tiling.steps(), most):
        slices = row_slices(tiling, pass_)
        for pattern in tiling.slice_outputs(column_tile(tiling, column, t), slices):
            yield "result", pattern


def _tasks(
    patterns: Iterator[tuple[str, Pattern]],
    dtypes: dict[str, str],
    arch: Arch,
    step_of: Callable[[int], int],
) -> Iterator[tuple[int, str, str, Task]]:
    """Coalesce neighbours on the same buffer, split into tasks, and date each by its first byte."""
    sent = 0
    group: list[Pattern] = []
    name = ""

    def flush() -> Iterator[tuple[int, str, str, Task]]:
        nonlocal sent
        size = DTYPE_BYTES[dtypes[name]] if name else 0
        for pattern in coalesce(group):
            for task in split(pattern, size, arch):
                yield step_of(sent), name, dtypes[name], task
                sent += task.elements * size

    for who, pattern in patterns:
        if who != name:
            yield from flush()
            group, name = [], who
        group.append(pattern)
    yield from flush()


def _date_outputs(
    tasks: list[tuple[int, str, str, Task]], clock: int, arch: Arch
) -> tuple[tuple[int, str, str, Task], ...]:
    """Output tasks, given with their tile, dated so that none waits for its own tile's inputs.

    A tile's first tasks fit the queue and go in front of its inputs. A later one is pushed when the
    first has ended, which those inputs must have reached the cores for.
    """
    dated: list[tuple[int, str, str, Task]] = []
    seen: dict[int, int] = {}
    for tile, name, dtype, task in tasks:
        late = seen.get(tile, 0) >= arch.shim_queue_depth
        seen[tile] = seen.get(tile, 0) + 1
        dated.append((tile * clock + (clock - 1) * late, name, dtype, task))
    return tuple(dated)


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
    dtypes = {"weights": view.dtype, "result": view.result.dtype, view.lhs.name: view.lhs.dtype}
    if view.residual:
        dtypes[view.residual.argument.name] = view.residual.dtype
    per_tile = tiling.chunks + tiling.residual_objects
    clock = per_tile + tiling.tail_objects + 2
    out_bytes = tiling.rows * tiling.pixels * tiling.n * DTYPE_BYTES[view.result.dtype]
    a_bytes = tiling.a_parts * tiling.a_l3_elements * tiling.size
    b_bytes = tiling.b_elements * tiling.size

    def a_step(sent: int) -> int:
        tile, inside = divmod(sent // a_bytes * tiling.staged, per_tile)
        return tile * tiling.a_repeat * clock + inside

    def b_step(rows: int) -> Callable[[int], int]:
        def step(sent: int) -> int:
            number = sent // b_bytes // rows
            if tiling.resident:
                return number * tiling.column_tiles * clock
            # The first object holds the parameters.
            number = max(0, number - (tiling.header > 0))
            tile, inside = divmod(number, tiling.chunks + tiling.tail_objects)
            return tile * tiling.b_repeat * clock + inside

        return step

    made: list[Channel] = []
    for c in range(tiling.columns) if columns is None else columns:
        tasks = tuple(_tasks(input_patterns(tiling, c, most), dtypes, arch, a_step))
        made.append(Channel(f"a_l3_{c}", 0, tasks))
    for c in range(tiling.filter_columns) if columns is None else columns[:1]:
        rows = filter_rows(tiling, c)
        each = filter_patterns(tiling, rows, most)
        tasks = tuple(_tasks(each, dtypes, arch, b_step(len(rows))))
        made.append(Channel(f"b_l3_{c}", 4, tasks))
    for c in range(tiling.columns) if columns is None else columns:
        each = output_patterns(tiling, c, most)
        per = _tasks(each, dtypes, arch, lambda sent: sent // out_bytes)
        made.append(Channel(f"c_l3_{c}", 8, _date_outputs(list(per), clock, arch)))
    return made


def count_tasks(tiling: Tiling) -> int:
    """About how many shim tasks a tiling needs, from those of its first and last column.

    Of very many steps the first ones are counted.

    Raises:
        ConfigRefused: one of them cannot be expressed.
    """
    steps, last = tiling.passes * tiling.column_tiles, tiling.columns - 1
    shared = len(filter_rows(tiling, 0))
    each = 1 if tiling.resident or shared == 1 else shared * tiling.chunks
    most = min(steps, max(32, _COUNTED // each))
    count = sum(len(c.tasks) for c in channels(tiling, [0], most)) * max(1, last)
    if last:
        count += sum(len(c.tasks) for c in channels(tiling, [last], most))
    return -(-count * steps // most)


@dataclass(frozen=True)
class Push:
    """Start a task with a buffer descriptor."""

    symbol: str
    id: int
    argument: str
    dtype: str
    task: Task


@dataclass(frozen=True)
class Wait:
    """Wait for the oldest token of a channel."""

    symbol: str


def schedule(made: list[Channel], depth: int) -> list[Push | Wait]:
    """The runtime sequence: tasks in the order of their steps, never more than ``depth`` queued."""
    order = sorted(
        (step, rank, number)
        for rank, channel in enumerate(made)
        for number, (step, _, _, _) in enumerate(channel.tasks)
    )
    out: list[Push | Wait] = []
    queued = dict.fromkeys((channel.symbol for channel in made), 0)
    for _, rank, number in order:
        channel = made[rank]
        if queued[channel.symbol] == depth:
            out.append(Wait(channel.symbol))
            queued[channel.symbol] -= 1
        _, argument, dtype, task = channel.tasks[number]
        out.append(Push(channel.symbol, channel.first_id + number % depth, argument, dtype, task))
        queued[channel.symbol] += 1
    for symbol, count in queued.items():
        out += [Wait(symbol)] * count
    return out

"""What a mapping costs by the planner's model: cycles that each resource is busy, and of the whole call.

Everything here takes numbers or columns (:mod:`aie_conv.mapping.numbers`).
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from aie_conv.arch import Arch, Device
from aie_conv.arch.banks import meeting, meeting_rows, place, place_rows
from aie_conv.arch.machine import current
from aie_conv.arch.rates import WORD_BYTES, present_rates
from aie_conv.mapping.check import STACK_BYTES
from aie_conv.mapping.interface import ProblemView
from aie_conv.mapping.mapping import Sizes
from aie_conv.mapping.numbers import each, every, is_column, most, truncated, where
from aie_conv.problem import DTYPE_BYTES

BUFFERED_TILES = 4
"""Tiles that a column can finish before its output is taken: two in the cores, two in the mem tile."""

_JAM = 6
"""How much cores, streams and the host's memory wait for each other with two buffers between them: the time
is this norm of what each needs alone. Fit to the simulator's for the plans of ResNet-50's layers, int8 and
bf16, where the longest alone is 6 % too short in the mean."""

_MEETINGS = (("a", "b", 0.65), ("sums", "a", 0.35), ("sums", "b", 0.2))
"""What share of a product's cycles it loses where these always meet in a bank. Fit to the schedules of matrix
products of int8 and bf16, which lose from nothing to 65 %, within 5 %."""

STEP_CYCLES = 30
"""Cycles of a core to acquire and release a step's objects, with the call between them."""

TILE_CYCLES = 40
"""Cycles of a core around the steps and the epilogue of a tile."""


@dataclass(frozen=True)
class Work:
    """What a cost needs besides the sizes; bytes.

    Attributes:
        tile_cycles: cycles of a core for one tile.
        input_run, residual_run, output_run: (a contiguous run, from one to the next) in the host's memory.
            Without a residual its run is the input's.
    """

    tile_cycles: int
    input_run: tuple[int, int]
    residual_run: tuple[int, int]
    output_run: tuple[int, int]


@dataclass(frozen=True)
class Cost:
    """What a mapping is predicted to take.

    Attributes:
        cycles: of the whole call, without the time to issue its tasks.
        loads: cycles that each resource is busy: cores, and the channels of the fullest column.
        streamed: bytes of input (with residual), filter and output over all columns.
    """

    cycles: int
    loads: dict[str, int]
    streamed: tuple[int, int, int]

    @property
    def shim_bytes(self) -> int:
        """Bytes that cross the shim in both directions."""
        return sum(self.streamed)


def cost_of_row(cost: Cost, row: int) -> Cost:
    """One mapping's cost of columns of them."""

    def number(value: Any) -> int:
        return int(value[row]) if is_column(value) else value

    a, b, out = map(number, cost.streamed)
    loads = {name: number(load) for name, load in cost.loads.items()}
    return Cost(number(cost.cycles), loads, (a, b, out))


def task_cycles(arch: Arch) -> int:
    """Cycles to issue one shim task."""
    return present_rates(arch)[0].issue


def stream_rate(arch: Arch) -> float:
    """Bytes a cycle of a stream inside the array."""
    return WORD_BYTES / present_rates(arch)[0].word


# -- a tile ---------------------------------------------------------------------------------------
def bank_slowdown(device: Device, view: ProblemView, s: Sizes) -> float:
    """How much longer a product takes whose operands and sums meet in banks of the core's memory."""
    size, out_size = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    l1, arch = s.l1, device.arch
    banks = current().core[arch.name].banks
    memory = STACK_BYTES, arch.core_data_bytes // banks, banks
    # Bytes and number of each, in the order of declaration.
    buffers: dict[str, tuple[int, int]] = {
        "sums": (l1.accumulator_bytes, 1),
        "parameters": (4 * l1.parameter_words, l1.parameter_buffers),
        "bias": (l1.bias * size, where(l1.bias > 0, 1, 0)),
        "b": (l1.filter * size, l1.filter_depth),
        "out": (l1.output * out_size, l1.output_depth),
        "a": (l1.input * size, 2),
    }
    numbers = [number for buffer in buffers.values() for number in buffer]
    if any(map(is_column, numbers)):
        return _slowdowns(buffers, memory)
    sizes: dict[Hashable, int] = {
        (name, i): bytes_ for name, (bytes_, depth) in buffers.items() for i in range(depth)
    }
    shares = place(sizes, *memory)
    rings = {name: tuple(shares[name, i] for i in range(n)) for name, (_, n) in buffers.items()}
    return 1 + sum(part * meeting(rings[one], rings[other]) for one, other, part in _MEETINGS)


def _slowdowns(buffers: dict[str, tuple[int, int]], memory: tuple[int, int, int]) -> Any:
    """The same of columns of sizes and depths."""
    columns: list[Any] = []
    first: dict[str, int] = {}
    for name, (bytes_, depth) in buffers.items():
        first[name] = len(columns)
        deepest: Any = depth
        deepest = int(deepest.max()) if is_column(depth) else depth
        # Below 0 for what is not there.
        columns += [where(depth > i, bytes_, -1) for i in range(deepest)]
    length = max(len(column) for column in columns if is_column(column))
    table = np.stack([np.broadcast_to(np.asarray(c), (length,)) for c in columns], axis=1)
    sizes, places = np.unique(table, axis=0, return_inverse=True)
    shares = place_rows(sizes, *memory)
    ends = [*list(first.values())[1:], len(columns)]
    width = {name: end - first[name] for name, end in zip(first, ends, strict=True)}
    depth = (sizes[:, first["b"] : first["b"] + width["b"]] >= 0).sum(axis=1)
    slower = np.ones(len(sizes))
    for count in np.unique(depth).tolist():
        rows = depth == count
        rings = {
            name: [shares[rows, first[name] + i] for i in range(count if name == "b" else n)]
            for name, n in width.items()
        }
        # Added up in one order, as sums of numbers are.
        lost: Any = 0
        for one, other, part in _MEETINGS:
            lost = lost + part * meeting_rows(rings[one], rings[other])
        slower[rows] = 1 + lost
    return slower[places.reshape(-1)]


def residual_wait(device: Device, view: ProblemView, s: Sizes, finish: int, first: int) -> int:
    """Cycles of a tile's epilogue: a core waits for the residual of the rows before it, two objects of which
    have come.

    Args:
        device, view, s: the mapping.
        finish: cycles of all calls of the epilogue.
        first: of those that the first object is for.
    """
    object_ = truncated(s.l1.input * DTYPE_BYTES[view.dtype] / stream_rate(device.arch))
    waited = most(finish, most(0, s.residual.objects - 2) * object_ + first)
    return where(s.residual.objects > 0, waited, finish)


def tile_cycles(
    device: Device, view: ProblemView, s: Sizes, product: tuple[int, int], finish: tuple[int, int]
) -> int:
    """Cycles of a core for one tile.

    Args:
        device, view, s: the mapping.
        product: of a tile's first step of K, and of each other one.
        finish: calls of the epilogue, and cycles of each.
    """
    calls, each_call = finish
    behind = residual_wait(device, view, s, calls * each_call, each_call)
    steps = product[0] + where(s.tile.k_steps > 1, (s.tile.k_steps - 1) * product[1], 0)
    steps = truncated(steps * bank_slowdown(device, view, s)) + s.tile.k_steps * STEP_CYCLES
    # With one buffer it is sent while the next tile's sums are made.
    out_bytes = s.l1.output * DTYPE_BYTES[view.problem.out.dtype]
    sent = truncated(out_bytes / stream_rate(device.arch))
    steps = where(s.l1.output_depth == 1, most(steps, sent), steps)
    return steps + behind + TILE_CYCLES


# -- a call ---------------------------------------------------------------------------------------
def streamed_bytes(view: ProblemView, s: Sizes) -> tuple[int, int, int]:
    """Bytes of input (with residual), filter and output over all columns."""
    size, out_size = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    grid, memtile, filters = s.grid, s.memtile, s.filters
    a_object = memtile.input_parts * memtile.input * size
    objects = (s.tile.input_objects + s.residual.objects) // memtile.k_chunks
    tiles = grid.rounds * grid.computed_tiles
    sent = grid.filter_turns(s.l1.resident) // memtile.filter_reuse
    n_tiles = grid.rounds * grid.rows * sent
    filter_ = n_tiles * (filters.n_tile_elements - filters.header)
    filter_ = filter_ + grid.filter_groups * grid.rows * filters.header
    out = s.tile.output_objects * s.l1.output * out_size
    return (
        grid.column_shares * tiles // memtile.input_reuse * objects * a_object,
        filter_ * size,
        grid.column_shares * tiles * grid.rows * out,
    )


def _loads(
    device: Device, view: ProblemView, s: Sizes, work: Work, streamed: tuple[int, int, int]
) -> dict[str, Any]:
    """Cycles that each resource is busy."""
    size = DTYPE_BYTES[view.dtype]
    channel, _ = present_rates(device.arch)
    rate = stream_rate(device.arch)
    read, write = channel.read_word / WORD_BYTES, channel.write_word / WORD_BYTES
    a, b, out = streamed
    grid, l1 = s.grid, s.l1
    objects = grid.steps * (s.tile.input_objects + s.residual.objects)
    fullest = grid.column_tiles / (grid.computed_tiles * grid.column_shares)
    filters = grid.steps * s.filters.objects * where(l1.resident, 0, 1)
    waits = _filter_waits(s, size, rate) + _refills(device, s, size, work)
    return {
        "cores": grid.steps * work.tile_cycles + waits,
        "input stream": truncated(a * fullest * read),
        "input blocks": truncated(objects * l1.input * size / rate),
        "filter stream": truncated(b / grid.filter_columns * read),
        "filter blocks": truncated(filters * l1.filter * size / rate),
        "output stream": truncated(out * fullest * write),
        "host memory": truncated(_memory_cycles(device, s, work, streamed)),
    }


def run_factor(device: Device, run: tuple[int, int]) -> float:
    """What a byte in such runs takes of the host's memory."""
    return each(present_rates(device.arch)[1].factor, *run)


def _memory_cycles(device: Device, s: Sizes, work: Work, streamed: tuple[int, int, int]) -> float:
    """Cycles of the host's memory, which short runs of addresses take more of."""
    _, rates = present_rates(device.arch)
    a, b, out = streamed
    # The residual comes last, in as many objects of the same size.
    first, last = run_factor(device, work.input_run), run_factor(device, work.residual_run)
    objects = s.tile.input_objects + s.residual.objects
    weighted = a / objects * (s.tile.input_objects * first + s.residual.objects * last) + b
    weighted = weighted + out * run_factor(device, work.output_run)
    return most((a + b) / rates.read, out / rates.write, weighted / rates.total)


def _filter_waits(s: Sizes, size: int, rate: float) -> int:
    """Cycles that cores wait for filters that have no second buffer to come to."""
    fills = where(s.l1.resident, s.grid.rounds, s.grid.steps * s.tile.k_steps)
    return where(s.l1.filter_depth > 1, 0, truncated(fills * s.l1.filter * size / rate))


def _refills(device: Device, s: Sizes, size: int, work: Work) -> int:
    """Cycles that cores wait for what has one buffer in the mem tile, the first time left out."""
    channel, rates = present_rates(device.arch)
    read, grid, memtile = channel.read_word / WORD_BYTES, s.grid, s.memtile
    object_ = memtile.input_parts * memtile.input * size
    first = run_factor(device, work.input_run)
    shared = grid.busy_columns * most(1 / rates.read, first / rates.total)
    waits = (grid.steps // memtile.input_reuse - 1) * object_ * most(read, shared)
    a = where(memtile.input_depth == 1, waits, 0.0)
    waits = (grid.steps // memtile.filter_reuse - 1) * (memtile.filter * size)
    waits = waits * most(read, grid.rows / rates.read)
    return truncated(a + where(memtile.filter_depth == 1, waits, 0.0))


def norm(power: int, *values: int) -> float:
    """The ``power``-norm of whole numbers, rounded as Python's numbers are."""
    return sum(value**power for value in values) ** (1 / power)


def price(
    device: Device, view: ProblemView, s: Sizes, work: Work, *, follows: bool = False
) -> Cost:
    """Predicted cycles: what is busiest, and what cannot overlap it at either end.

    Args:
        device, view, s, work: the mapping.
        follows: it comes behind another one in a call: its filters are on their way before that has ended,
            and its first descriptors are written.
    """
    size, out_size = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    rate, channel = stream_rate(device.arch), present_rates(device.arch)[0]
    streamed = streamed_bytes(view, s)
    loads = _loads(device, view, s, work, streamed)
    grid, l1, memtile = s.grid, s.l1, s.memtile
    a_words = (memtile.input_parts * memtile.input + l1.input) * size / rate
    b_words = (grid.shared_rows * memtile.filter + l1.filter) * size / rate
    # The first tasks of all input and filter channels are issued one by one.
    filters = 0 if follows else grid.filter_columns
    issue = channel.start if follows else channel.issue
    first = (grid.busy_columns + filters) * issue + channel.read_start
    first = first + most(a_words, b_words)
    part = l1.output * out_size / rate
    last = part * (1 + grid.rows)
    writing = loads["output stream"] + work.tile_cycles + part
    others = ("cores", "host memory", "output stream")
    stream = most(*(load for name, load in loads.items() if name not in others))
    reading = every(lambda *busy: norm(_JAM, *busy), loads["cores"], loads["host memory"], stream)
    # Before its first output task a column gets as far as its buffers reach.
    issued = (2 * grid.busy_columns + filters) * issue
    behind = most(0.0, 1 - BUFFERED_TILES / grid.steps) * most(*loads.values())
    cycles = truncated(most(first + most(writing, reading + last), issued + behind + last))
    return Cost(cycles, loads, streamed)


def bound(cost: Cost) -> str:
    """The resource that is busy longest."""
    return max(cost.loads, key=lambda name: cost.loads[name])

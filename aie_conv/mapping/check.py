"""What of a device limits a mapping."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from aie_conv.arch import Device
from aie_conv.codegen.replacements import table_bytes
from aie_conv.errors import ConfigRefused
from aie_conv.mapping.build import memtile_descriptors
from aie_conv.mapping.interface import ProblemView
from aie_conv.mapping.mapping import Dims, MemTile, Parameters, Sizes
from aie_conv.mapping.numbers import least, most, where
from aie_conv.problem import DTYPE_BYTES

STACK_BYTES = 2048
"""Stack of each core, in bytes."""

COUNTER_BYTES = 12
"""What dynamic FIFO lowering keeps in each core: a 32-bit counter for each of its three FIFOs (mlir-aie)."""


@dataclass(frozen=True)
class Limit:
    """One limit.

    Attributes:
        name: of the limit.
        holds: whether it holds, a truth or a column of them.
        message: what to say of one mapping that it does not hold for.
    """

    name: str
    holds: Any
    message: Callable[[], str]


def limit(name: str, holds: Any, message: Callable[[], str]) -> Limit:
    """A limit; for readers it stands as a statement."""
    return Limit(name, holds, message)


def refuse_broken(limits: Iterable[Limit]) -> None:
    """Raise ConfigRefused for the first limit that does not hold."""
    for each in limits:
        if not each.holds:
            raise ConfigRefused(each.name, f"{each.name}: {each.message()}")


def tail_limits(s: Sizes) -> Iterator[Limit]:
    """Of the per-channel operands behind a streamed filter."""
    yield limit(
        "filter object",
        s.filters.tail_objects <= 1,
        lambda: f"{s.filters.tail} elements of vectors",
    )


def residual_limits(view: ProblemView, s: Sizes, block_channels: int) -> Iterator[Limit]:
    """Of a residual that comes beside the input, in blocks of the instruction's channels."""
    if view.residual is None:
        return
    w, n, t = s.residual.channels, s.tile.n, block_channels
    staged = s.memtile.k_chunks
    # An object in the mem tile holds channels of one N tile.
    even = (staged == 1) | ((w <= n) & (n // w % staged == 0))
    yield limit("mem tile K chunks", even, lambda: f"{n // w} objects of the residual")
    # An epilogue makes all the channels of a block that it reads.
    blocks = (w % t == 0) & (n % t == 0)
    yield limit("residual object", blocks, lambda: f"{w} of {n} channels are no blocks of {t}")
    blocks_fit = (w % n == 0) & (s.grid.rows * n % w == 0)
    even = (s.grid.n_tiles % s.grid.rows == 0) & (s.grid.unicast == 0)
    holds = (n % w == 0) | (blocks_fit & even)
    yield limit("residual object", holds, lambda: f"{w} channels for N tiles of {n}")


def residual_block(view: ProblemView, rst: tuple[int, int, int]) -> int:
    """Output channels that an epilogue makes at once, of blocks that lie as the left operand does."""
    _, s, t = rst
    if view.residual is None:
        return t
    return max(t, s * DTYPE_BYTES[view.dtype] // DTYPE_BYTES[view.residual.dtype])


def device_limits(
    device: Device, view: ProblemView, p: Parameters, s: Sizes, *, stageable: Any
) -> Iterator[Limit]:
    """Of memories, descriptors and what the mem tile repeats.

    Args:
        device, view, p, s: the mapping.
        stageable: whether the input's addresses allow that many steps of K in an object of the mem tile.
    """
    size, out_size = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    for _, dtype, _ in view.vectors:
        fits = s.tile.n * DTYPE_BYTES[dtype] % size == 0
        yield limit(
            "channels", fits, lambda dtype=dtype: f"{s.tile.n} of {dtype} are no whole operands"
        )
    depth = s.l1.output_depth
    holds = (depth == 1) | (depth == 2)
    yield limit("output buffers", holds, lambda: f"{depth}: give 1 or 2")
    yield from _repeat_limits(device, p, s, stageable)
    yield from _memory_limits(device, s, size, out_size, tables_of(device, view))
    for dims, bytes_ in ((s.memtile.input_dims, size), (s.memtile.output_dims, out_size)):
        step = _step_words(dims, bytes_)
        yield limit(
            "mem tile step",
            step <= 1 << device.arch.memtile_step_bits,
            lambda step=step: f"{step} words",
        )


def tables_of(device: Device, view: ProblemView) -> int:
    """Bytes of a core's memory that its epilogue's constants take."""
    problem = view.problem
    return table_bytes(problem.epilogue, problem.accumulator, device.arch)


def _memory_limits(
    device: Device, s: Sizes, size: int, out_size: int, tables: int
) -> Iterator[Limit]:
    """Of memories and what they hold."""
    arch, l1 = device.arch, s.l1
    quantum, parameters = arch.vector_load_bytes, 4 * l1.parameter_words
    a, b, out, sums = l1.input * size, l1.filter * size, l1.output * out_size, l1.accumulators * 4
    for bytes_ in (a, b, out, sums):
        yield limit(
            "object size",
            bytes_ % quantum == 0,
            lambda bytes_=bytes_: f"{bytes_} B is no multiple of {quantum} B",
        )
    l3 = s.memtile.input_parts * s.memtile.input * size
    yield limit("object size", l3 % 4 == 0, lambda: f"{l3} B in the mem tile are no words")
    yield limit("filter object", b >= parameters, lambda: f"{b} B hold no parameters")
    core = 2 * a + l1.filter_depth * b + l1.output_depth * out + sums
    core = core + STACK_BYTES + COUNTER_BYTES + parameters + l1.bias * size + tables
    holds = core <= arch.core_data_bytes
    yield limit("core memory", holds, lambda: f"{core} B of {arch.core_data_bytes}")
    used = memtile_bytes(s, size, out_size)
    yield limit("mem tile memory", used <= arch.memtile_bytes, lambda: f"{used} B")
    words = most(a, b, out) // 4
    yield limit("core buffer length", words < 1 << 14, lambda: f"{words} words")
    blocks = most(1, *(n for n, _ in (*s.memtile.input_dims, *s.memtile.output_dims)))
    yield limit("BD size", blocks <= arch.static_bd_size_limit, lambda: f"{blocks} blocks")


def memtile_bytes(s: Sizes, size: int, out_size: int) -> int:
    """Bytes that a mem tile holds, given those of an operand's and an output's element."""
    tile = s.memtile
    a = tile.input_depth * tile.input_parts * tile.input * size
    b = tile.filter_depth * s.grid.shared_rows * tile.filter * size
    return a + b + 2 * s.grid.rows * s.l1.output * out_size


def _step_words(dims: Dims, size: int) -> int:
    """The longest step of a walk, in words."""
    return most(0, *(where(count > 0, stride * size // 4, 0) for count, stride in dims))


def _repeat_limits(device: Device, p: Parameters, s: Sizes, stageable: Any) -> Iterator[Limit]:
    """Of what the mem tile holds and sends several times."""
    staged, a_reuse, b_reuse = p.k_chunks, p.input_reuse, p.filter_reuse
    chunks, grid = s.tile.k_steps, s.grid
    at_least = least(staged, a_reuse, b_reuse) > 0
    yield limit("mem tile", at_least, lambda: "K chunks and reuses are at least 1")

    def steps() -> str:
        return f"{staged} of {chunks} steps"

    yield limit("mem tile K chunks", (staged == 1) | stageable, steps)
    unshared = (staged == 1) | (grid.unicast == 0)
    yield limit("mem tile K chunks", unshared, lambda: "rows have their own")
    # What lies in the mem tile is all that is sent again.
    once = a_reuse == 1
    yield limit("input reuse", once | (staged == chunks), steps)
    alone = once | (s.residual.objects == 0)
    yield limit("input reuse", alone, lambda: "a residual is not repeated")
    rounds = s.memtile.reusable_rounds
    divides = once | (rounds % a_reuse == 0)
    yield limit("input reuse", divides, lambda: f"{a_reuse} of {rounds} rounds")
    stays = (p.resident != 0) & (grid.column_tiles > 1)
    yield limit("input reuse", once | (stays == 0), lambda: "a resident filter stays for all tiles")
    once = b_reuse == 1
    yield limit("filter reuse", once | (a_reuse == 1), lambda: "the input is repeated")
    yield limit("filter reuse", once | (p.resident == 0), lambda: "it stays in the core")
    yield limit("filter reuse", once | (grid.shared_rows == 1), lambda: "rows share a mem tile")
    divides = once | (grid.column_tiles % b_reuse == 0)
    yield limit("filter reuse", divides, lambda: f"{b_reuse} of {grid.column_tiles} tiles")
    used = _descriptors_used(s.memtile, s)
    half = device.arch.memtile_bds // 2
    holds = (a_reuse * b_reuse == 1) | (used <= half)
    yield limit("mem tile descriptors", holds, lambda: f"{used} of {half}")


def _descriptors_used(tile: MemTile, s: Sizes) -> int:
    depths = tile.input_depth, tile.filter_depth
    reuses = tile.input_reuse, tile.filter_reuse
    return most(*memtile_descriptors(s.grid, tile.input_parts, depths, reuses))

"""What an operation is predicted to take on the array."""

from dataclasses import dataclass

from aie_conv.arch import Device
from aie_conv.arch.rates import WORD_BYTES, HostRates, present_rates
from aie_conv.errors import ConfigRefused
from aie_conv.mapping.check import STACK_BYTES
from aie_conv.operations.code import code_of
from aie_conv.operations.streams import CoreGrid, input_patterns, output_pattern
from aie_conv.operations.tile import OperationTile
from aie_conv.problem import DTYPE_BYTES

_JAM = 6
"""As for contractions: the time is this norm of what each resource needs alone."""

_STEP_CYCLES = 40
"""Cycles of a core to acquire and release a step's objects."""

_COUNTER_BYTES = 64
"""What the lowering of FIFOs keeps in a core, with room to align what follows."""

_MOST_TILES = 1 << 12
"""Of each shim channel: every one's transfers are looked at, so this bounds how long planning takes."""

_BUFFERS = 2
"""Objects of each FIFO in a core: one is worked on while the other is moved."""


@dataclass(frozen=True)
class PlanCost:
    """A prediction.

    Attributes:
        loads: cycles that each resource is busy: cores, and the channels of one column.
        lead: cycles before the last channel's first byte.
        issue: cycles to issue the tasks; before these are counted, if streams repeat as well as they may.
        shim_bytes: bytes that cross the shim in both directions.
    """

    loads: dict[str, float]
    lead: float
    issue: float
    shim_bytes: int

    @property
    def cycles(self) -> int:
        """Of a whole call."""
        norm = sum(load**_JAM for load in self._busy.values()) ** (1 / _JAM)
        return round(self.lead + norm)

    @property
    def _busy(self) -> dict[str, float]:
        """All that is busy, the command stream behind the first tasks too."""
        return self.loads | {"task issue": max(0.0, self.issue - self.lead)}

    @property
    def bound(self) -> str:
        """What is busy longest."""
        return max(self._busy, key=self._busy.__getitem__)


def check(device: Device, tile: OperationTile, grid: CoreGrid) -> None:
    """Raise ConfigRefused for what does not fit the memories, or is too many tiles."""
    arch = device.arch
    core = _BUFFERS * (tile.input_bytes + tile.output_bytes) + tile.spacer_bytes
    core = core * tile.together + tile.sums_bytes
    core += STACK_BYTES + _COUNTER_BYTES
    if core > arch.core_data_bytes:
        raise ConfigRefused("core memory", f"core memory: {core} of {arch.core_data_bytes} bytes")
    objects = tile.input_bytes + tile.output_bytes
    memtile = _BUFFERS * objects * grid.rows * grid.channels
    if memtile > arch.memtile_bytes:
        raise ConfigRefused("mem tile", f"mem tile: {memtile} of {arch.memtile_bytes} bytes")
    tiles = grid.steps * grid.rows
    if tiles > _MOST_TILES:
        raise ConfigRefused("tiles", f"tiles: {tiles} of each channel, at most {_MOST_TILES}")


@dataclass(frozen=True)
class TileWork:
    """What a tile takes on whatever grid.

    Attributes:
        core_cycles: of a core.
        input_bytes, output_bytes: of all its objects of input, and of its output.
        input_factor, output_factor: what a byte of them takes of the memory's rate.
        first_bytes, last_bytes: of a step's first objects of input, and of its output.
        chunks: objects of input.
        inputs: sections of one.
    """

    core_cycles: float
    input_bytes: int
    output_bytes: int
    input_factor: float
    output_factor: float
    first_bytes: int
    last_bytes: int
    chunks: int
    inputs: int


def work_of(device: Device, tile: OperationTile) -> TileWork:
    """What a tile takes."""
    _, host = present_rates(device.arch)
    return TileWork(
        (code_of(tile, device.arch).cycles() + _STEP_CYCLES * tile.chunks) / tile.together,
        tile.chunks * tile.input_bytes,
        tile.output_bytes,
        _factor(tile, host),
        _out_factor(tile, host),
        tile.together * tile.input_bytes,
        tile.together * tile.output_bytes,
        tile.chunks,
        len(tile.sections),
    )


def cost_on(device: Device, work: TileWork, grid: CoreGrid) -> PlanCost:
    """The prediction for a tile on a grid."""
    rates, host = present_rates(device.arch)
    channels, tiles = grid.columns * grid.channels, grid.steps * grid.rows
    read, written = tiles * work.input_bytes, tiles * work.output_bytes
    shared = channels * (read * work.input_factor + written * work.output_factor)
    loads = {
        "cores": float(grid.steps * work.core_cycles),
        "input stream": read / WORD_BYTES * rates.read_word,
        "output stream": written / WORD_BYTES * rates.write_word,
        "memory": max(
            channels * read / host.read, channels * written / host.write, shared / host.total
        ),
    }
    first = work.first_bytes / WORD_BYTES * rates.word
    last = work.last_bytes / WORD_BYTES * rates.word
    lead = (work.inputs + 1) * channels * rates.issue
    lead += rates.read_start + first + last + rates.write_start
    iterations = 1 << device.arch.shim_iteration_bits
    repeats = -(-tiles * work.chunks // iterations)
    chained = work.inputs * repeats if work.inputs > 1 else 1
    issue = channels * (chained + 1) * rates.issue
    return PlanCost(loads, lead, issue, channels * (read + written))


def _factor(tile: OperationTile, host: HostRates) -> float:
    """What a byte of the input takes of the memory's rate."""
    total = worst = 0.0
    for _, dtype, pattern in input_patterns(tile, 0):
        size = pattern.elements
        factor = host.factor(*pattern.runs(DTYPE_BYTES[dtype]))
        total += size
        worst += size * factor
    return worst / total


def _out_factor(tile: OperationTile, host: HostRates) -> float:
    size = DTYPE_BYTES[tile.view.problem.out.dtype]
    return host.factor(*output_pattern(tile, 0).runs(size))

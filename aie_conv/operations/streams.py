"""What the shim's channels carry for an operation: every core's objects in turn."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, product

from aie_conv.arch import Device
from aie_conv.errors import ConfigRefused
from aie_conv.layout.chain import Chain, Part, chains
from aie_conv.layout.pattern import Pattern, coalesce, split
from aie_conv.mapping.streams import Channel
from aie_conv.operations.gathered import first
from aie_conv.operations.tile import WORD_BYTES, OperationTile
from aie_conv.problem import DTYPE_BYTES

TABLES = "tables"
"""The argument of the runtime sequence that has the tables of gathered elements."""

_INPUT_IDS, _OUTPUT_IDS = 6, 2
"""Buffer descriptors of a shim's channel: two of each kind share the shim's sixteen."""


@dataclass(frozen=True)
class CoreGrid:
    """Which cores run an operation.

    A column's cores are fed by its shim's channels, each for ``rows`` of them.

    Attributes:
        columns: of the array.
        channels: of each column's shim, one way.
        rows: cores of a channel.
        steps: tiles of each core.
    """

    columns: int
    channels: int
    rows: int
    steps: int

    @property
    def cores(self) -> int:
        """Cores in use."""
        return self.columns * self.channels * self.rows

    def places(self) -> list[tuple[int, int]]:
        """The channels as (column, number)."""
        return list(product(range(self.columns), range(self.channels)))

    def tiles(self, tile: OperationTile, channel: int) -> Iterator[int]:
        """The tiles of a channel in the order of its stream; the last of all stands for what is not there."""
        each = self.steps * self.rows
        last = tile.count - 1
        for number in range(channel * each, (channel + 1) * each):
            yield min(number, last)


def input_patterns(tile: OperationTile, number: int) -> Iterator[tuple[str, str, Pattern]]:
    """(argument, type, pattern) of each object of a tile, its sections in the order in which they lie."""
    view = tile.view
    starts = tile.starts(number)
    order = sorted(set(view.shared), key=lambda n: tile.sections[n].start)
    ranges = [range(0, axis.taps, taps) for axis, taps in zip(view.axes, tile.taps, strict=True)]
    for taps in product(*ranges):
        for n in order:
            source = view.sources[n]
            argument = source.argument
            offset, dims = source.offset, list[tuple[int, int]]()
            for i, axis in enumerate(view.axes):
                stride = axis.stride(n)
                at = starts[i] * axis.step + taps[i] * axis.dilation if n == 0 else starts[i]
                if axis.gathers(n):
                    at = first(view, i, n, starts[i], tile.sizes[i])
                offset += at * stride
                dims.append((tile.sections[n].spans[i], stride))
            section = tile.sections[n]
            dims = [dims[i] for i in section.order] or dims
            apart = view.by_elements and dims[-1][0] > 1
            if section.run != dims[-1][0] or (dims[-1][1] != 1 and not apart):
                dims[-1] = (section.run, 1)
            yield argument.name, argument.dtype, Pattern(offset, tuple(dims))
        for table in tile.tables:
            row = -(-starts[table.axis] // tile.sizes[table.axis])
            yield TABLES, "i32", Pattern(table.offset + row * table.words, ((table.words, 1),))


def output_pattern(tile: OperationTile, number: int) -> Pattern:
    """Where a tile of the output goes."""
    view, offset = tile.view, tile.view.offset
    for start, axis in zip(tile.starts(number), view.axes, strict=True):
        offset += start * axis.out
    pairs = zip(tile.stored, view.axes, strict=True)
    dims = [(size, axis.out) for size, axis in pairs if not axis.along or axis.out]
    return Pattern(offset, tuple(dims))


def _input_channel(device: Device, tile: OperationTile, grid: CoreGrid, channel: int) -> list[Part]:
    patterns = (
        entry for number in grid.tiles(tile, channel) for entry in input_patterns(tile, number)
    )
    return [
        Part(name, dtype, task)
        for (name, dtype), group in groupby(patterns, lambda entry: entry[:2])
        for pattern in coalesce([pattern for _, _, pattern in group])
        for task in split(pattern, DTYPE_BYTES[dtype], device.arch)
    ]


def _output_channel(
    device: Device, tile: OperationTile, grid: CoreGrid, channel: int
) -> list[Part]:
    dtype = tile.view.problem.out.dtype
    patterns = [output_pattern(tile, number) for number in grid.tiles(tile, channel)]
    return [
        Part("result", dtype, task)
        for pattern in coalesce(patterns)
        for task in split(pattern, DTYPE_BYTES[dtype], device.arch)
    ]


def _dated(
    parts: list[Part], device: Device, most: int, step_bytes: int
) -> tuple[tuple[int, Chain], ...]:
    """Chains of a stream, each with the step of its first byte."""
    sent, dated = 0, list[tuple[int, Chain]]()
    for chain in chains(parts, DTYPE_BYTES, device.arch, most):
        dated.append((sent // step_bytes, chain))
        sent += sum(part.task.elements * DTYPE_BYTES[part.dtype] for part in chain)
    return tuple(dated)


def channels(device: Device, tile: OperationTile, grid: CoreGrid) -> list[Channel]:
    """The shim channels of the program: inputs and outputs of each column.

    Raises:
        ConfigRefused: a transfer cannot be expressed.
    """
    inputs: list[Channel] = []
    outputs: list[Channel] = []
    for number, (column, half) in enumerate(grid.places()):
        each = _INPUT_IDS + _OUTPUT_IDS
        ids = range(half * each, (half + 1) * each)
        size = tile.input_bytes * tile.chunks * grid.rows
        parts = _input_channel(device, tile, grid, number)
        dated = _dated(parts, device, _INPUT_IDS, size)
        inputs.append(Channel(f"in_l3_{half}_{column}", tuple(ids[:_INPUT_IDS]), dated))
        parts = _output_channel(device, tile, grid, number)
        dated = _dated(parts, device, _OUTPUT_IDS, tile.output_bytes * grid.rows)
        outputs.append(Channel(f"out_l3_{half}_{column}", tuple(ids[_INPUT_IDS:]), dated))
    return [*inputs, *outputs]


def count_tasks(device: Device, tile: OperationTile, grid: CoreGrid) -> int:
    """Shim descriptors that the program writes, from the first channel's.

    Raises:
        ConfigRefused: a transfer cannot be expressed.
    """
    _check_first(tile)
    size = tile.input_bytes * tile.chunks * grid.rows
    sent = _dated(_input_channel(device, tile, grid, 0), device, _INPUT_IDS, size)
    taken = _dated(_output_channel(device, tile, grid, 0), device, _OUTPUT_IDS, size)
    return sum(len(chain) for _, chain in (*sent, *taken)) * grid.columns * grid.channels


def _check_first(tile: OperationTile) -> None:
    """Refuse what begins off 4 bytes with the first tile, before all others are looked at.

    Raises:
        ConfigRefused: the transfers cannot be expressed.
    """
    _, dtype, first_input = next(input_patterns(tile, 0))
    starts = (first_input, dtype), (output_pattern(tile, 0), tile.view.problem.out.dtype)
    for pattern, kind in starts:
        if pattern.offset * DTYPE_BYTES[kind] % WORD_BYTES:
            raise ConfigRefused("4-byte granularity", f"shim DMA: {kind} from {pattern.offset} on")

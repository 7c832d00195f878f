"""The channels of a module, and what goes through them, in order.

A shim has two channels to the array, a core two from it: each column's inputs come through one, each row's
filters through one, residuals behind inputs, and per-channel operands behind filters. Between channels stand
buffers of the memory tiles, which are filled and emptied whole.
"""

from dataclasses import dataclass
from math import prod

from aie_conv.codegen.scalar import Generic
from aie_conv.direct.air.operations import ChannelBundle
from aie_conv.lazy import cached_property
from aie_conv.mapping.mapping import Mapping
from aie_conv.plan import Argument


@dataclass(frozen=True)
class EpilogueOperand:
    """An operand of the epilogue.

    Attributes:
        index: of the problem's operands.
        argument: its buffer.
    """

    index: int
    argument: Argument


@dataclass(frozen=True)
class Relay:
    """A buffer of a memory tile between two channels, of one element type.

    Attributes:
        source, dest: where it is filled from, and emptied into.
        core: the core that it serves, or the first of several.
        elements, dtype: the buffer.
    """

    source: ChannelBundle
    dest: ChannelBundle
    core: tuple[int, int]
    elements: int
    dtype: str


class Streams:
    """The channels of one mapping, and its buffers in the memory tiles.

    A core is named by its place in the herd, whose first dimension is the larger one: mlir-air of March 2026
    takes its size for both where a stream has several receivers.

    Attributes:
        host_inputs, host_filters: from DDR to the memory tiles, one for each column, and each row of cores.
        inputs, filters, results: between memory tiles and cores.
        host_results: to DDR, one for each column.
    """

    def __init__(self, mapping: Mapping, generic: Generic) -> None:
        """The channels of a mapping's columns and rows of cores; ``generic`` is their product."""
        self._m = mapping
        self._generic = generic
        columns, rows = mapping.grid.columns, mapping.grid.rows
        by_column, by_row = self.core(columns, 1), self.core(1, rows)
        self.host_inputs = ChannelBundle("host_inputs", by_column)
        self.host_filters = ChannelBundle("host_filters", by_row)
        self.host_results = ChannelBundle("host_results", by_column)
        self.inputs = ChannelBundle("inputs", by_column, self.herd)
        self.filters = ChannelBundle("filters", by_row, self.herd)
        self.results = ChannelBundle("results", self.herd)

    def core(self, column: int, row: int) -> tuple[int, int]:
        """The place of a core in the herd; or such a pair of sizes."""
        grid = self._m.grid
        return (column, row) if grid.columns >= grid.rows else (row, column)

    @property
    def herd(self) -> tuple[int, int]:
        """Its sizes."""
        return self.core(self._m.grid.columns, self._m.grid.rows)

    @property
    def row_dimension(self) -> int:
        """Which of the herd's dimensions is the rows."""
        return self.core(0, 1).index(1)

    @property
    def turns(self) -> int:
        """How often a step's input comes to a column's cores, each time with one core's residual.

        More than once where each core has an input of its own, or a residual: all cores of the column get
        what comes, and keep what is theirs.
        """
        alone = self._m.memtile.input_parts == 1 and not self.tiles
        return 1 if alone else self._m.grid.rows

    @property
    def channels(self) -> tuple[ChannelBundle, ...]:
        """All of them."""
        to_cores = (self.host_inputs, self.host_filters, self.inputs, self.filters)
        return (*to_cores, self.results, self.host_results)

    @cached_property
    def vectors(self) -> tuple[EpilogueOperand, ...]:
        """The epilogue's per-channel operands."""
        view = self._m.view
        channels = view.groups * view.n
        return tuple(
            EpilogueOperand(index, Argument(name, dtype, channels))
            for index, dtype, name in view.vectors
        )

    @cached_property
    def tiles(self) -> tuple[EpilogueOperand, ...]:
        """Its residual, if there is one."""
        residual = self._m.view.residual
        return (EpilogueOperand(residual.index, residual.argument),) if residual else ()

    @cached_property
    def weights(self) -> Argument:
        """The buffer of the filters, as the plan's N tiles hold them: [N tiles][weights]."""
        elements = self._m.grid.n_tiles * self._m.filters.weights
        return Argument("weights", self._m.view.dtype, elements)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The function's buffers."""
        operands = (operand.argument for operand in (*self.vectors, *self.tiles))
        return (self._m.view.lhs, self.weights, *operands, self._m.view.result)

    @property
    def step_relays(self) -> tuple[Relay, ...]:
        """What a step brings once, in the order of each channel: filters, and per-channel operands."""
        filters = self._generic.inputs[1]
        brought = [(prod(filters.shape), filters.dtype)]
        brought += [(self._m.tile.n, one.argument.dtype) for one in self.vectors]
        rows = range(self._m.grid.rows)
        ends = self.host_filters, self.filters
        return tuple(Relay(*ends, self.core(0, r), *one) for r in rows for one in brought)

    @property
    def turn_relays(self) -> tuple[Relay, ...]:
        """What each turn of a step brings: inputs, and residuals."""
        inputs = self._generic.inputs[0]
        brought = [(prod(inputs.shape), inputs.dtype)]
        brought += [(self._results, one.argument.dtype) for one in self.tiles]
        columns = range(self._m.grid.columns)
        ends = self.host_inputs, self.inputs
        return tuple(Relay(*ends, self.core(c, 0), *one) for c in columns for one in brought)

    @property
    def outgoing(self) -> tuple[Relay, ...]:
        """Each core's results."""
        dtype, grid = self._m.view.result.dtype, self._m.grid
        return tuple(
            Relay(self.results, self.host_results, self.core(c, r), self._results, dtype)
            for c in range(grid.columns)
            for r in range(grid.rows)
        )

    @property
    def _results(self) -> int:
        """Elements of a core's tile."""
        return prod(self._generic.output.shape)

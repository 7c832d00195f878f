"""A mapping: one way to run a contraction on the array, as a value.

Columns of cores take tiles of output pixels, rows take *N tiles*: so many output channels of a group. A
*round* computes all tiles of pixels for as many N tiles as there are rows. The filter of an N tile is
sent along a row; where there are more columns than rows, groups of columns may have streams of filters
of their own, and with them N tiles of their own. A tile of the input is broadcast down a column; where
rows work on different groups (unicast), each gets a part of its own instead.

A route builds it whole. What fits (:mod:`aie_conv.mapping.check`), what it costs
(:mod:`aie_conv.mapping.cost`), what the shim carries (:mod:`aie_conv.mapping.streams`) and the program
(:mod:`aie_conv.mapping.emit`) are functions of it. Of many candidates at once the parts below hold
columns (:mod:`aie_conv.mapping.numbers`); those of a :class:`Mapping` hold numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as NamedMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from aie_conv.arch import Device
from aie_conv.ir.core import Op, Type, Value
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern
from aie_conv.lazy import cached_property
from aie_conv.mapping.finish import finish_function, finish_text
from aie_conv.mapping.interface import CoreEpilogue, Kernel, ProblemView
from aie_conv.mapping.numbers import ceil_div, least, most, where

if TYPE_CHECKING:
    from aie_conv.ir.builder import Builder
    from aie_conv.mapping.cost import Cost

NamedValues = NamedMapping[str, Value]

EpilogueKey = tuple[str, int, bool]
"""A function's text, what else tells epilogues apart, and whether a pass follows that others need not."""

Dims = tuple[tuple[int, int], ...]
"""(size, stride) pairs in elements, outermost first."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What tells the mappings of a problem on a device apart; a route adds its own.

    Attributes:
        tile_n: output channels of an N tile.
        tile_k: channels of the input brought at a time.
        resident: the whole filter of an N tile is kept in the core across its tiles.
        filter_buffers: buffers of the filter in the core.
        k_chunks: steps of K that an object of the input in the mem tile holds, so that the shim reads longer
            runs and fewer objects.
        input_reuse: rounds for which the mem tile sends an object of the input, which then holds all of K.
        filter_reuse: tiles for which the mem tile sends the filter of an N tile, which it then holds whole.
        output_buffers: buffers of the output in the core.
    """

    tile_n: int
    tile_k: int
    resident: bool
    filter_buffers: int
    k_chunks: int = 1
    input_reuse: int = 1
    filter_reuse: int = 1
    output_buffers: int = 2


@dataclass(frozen=True)
class CoreTile:
    """What one core computes at a time.

    Attributes:
        pixels: output pixels, repeated ones included.
        n: output channels.
        k_steps: steps of K.
        k_elements: elements of one output channel's filter in one step.
        input_objects: objects of the input stream, the residual's left out.
        output_objects: objects of the output.
    """

    pixels: int
    n: int
    k_steps: int
    k_elements: int
    input_objects: int
    output_objects: int = 1


@dataclass(frozen=True)
class Grid:
    """Who computes what.

    Attributes:
        tiles: tiles of output pixels of the whole problem.
        columns, rows: of cores in use.
        column_tiles: tiles of the column that has the most.
        computed_tiles: tiles that all columns compute in a round, those that the last one repeats included.
        groups, group_n_tiles: groups of the problem, and N tiles of each.
        unicast: the rows of a column have inputs of their own.
        filter_columns: columns whose shim and mem tile bring filters; may be more than compute.
        filter_groups: groups of columns to which filters are sent apart.
        column_shares: groups of columns that share out the N tiles and each walk all pixels: 1, or all groups
            to which filters are sent apart.
        overlaps: the last round begins so that it ends with the last N tile, where all rows have one; else
            rows past the end repeat that.
    """

    tiles: int
    columns: int
    rows: int
    column_tiles: int
    computed_tiles: int
    groups: int
    group_n_tiles: int
    unicast: bool
    filter_columns: int
    filter_groups: int = 1
    column_shares: int = 1
    overlaps: bool = False

    @cached_property
    def n_tiles(self) -> int:
        """N tiles of all groups."""
        return self.groups * self.group_n_tiles

    @cached_property
    def share_n_tiles(self) -> int:
        """N tiles of a column."""
        return self.n_tiles // self.column_shares

    @property
    def share_columns(self) -> int:
        """Columns that share out the tiles of pixels."""
        return self.columns // self.column_shares

    @cached_property
    def rounds(self) -> int:
        """How often the pixels are walked, each time for the next N tiles."""
        apart = ceil_div(self.n_tiles, self.rows)
        in_turn = ceil_div(self.group_n_tiles // self.column_shares, self.rows)
        return where(self.unicast, apart, self.groups * in_turn)

    @property
    def steps(self) -> int:
        """Tiles that a core of the fullest column computes."""
        return self.rounds * self.column_tiles

    @property
    def busy_columns(self) -> int:
        """Columns that compute tiles."""
        return ceil_div(self.computed_tiles, self.column_tiles) * self.column_shares

    @property
    def shared_rows(self) -> int:
        """Rows of cores whose filters come through one mem tile, those of all groups of columns."""
        return ceil_div(self.rows * self.filter_groups, self.filter_columns)

    def tiles_of(self, column: int) -> int:
        """Tiles that a column computes in a round."""
        before = column % self.share_columns * self.column_tiles
        return most(0, least(self.column_tiles, self.computed_tiles - before))

    def column_tile(self, column: int, number: int) -> int:
        """The tile that a column computes as its ``number``-th; past the end, the last one."""
        return min(column % self.share_columns * self.column_tiles + number, self.tiles - 1)

    def n_tile_of(self, round_: int, row: int, column: int = 0) -> int:
        """The N tile of a core; past the end, the last one's, unless rounds overlap.

        Where there are fewer than rows, several have the same.
        """
        first = column // self.share_columns * self.share_n_tiles
        if self.share_n_tiles < self.rows:
            return first + row % self.share_n_tiles
        if self.overlaps:
            return first + min(round_ * self.rows, self.share_n_tiles - self.rows) + row
        if self.unicast:
            return min(round_ * self.rows + row, self.n_tiles - 1)
        group, round_ = divmod(round_, self.rounds // self.groups)
        inside = min(round_ * self.rows + row, self.group_n_tiles // self.column_shares - 1)
        return first + group * self.group_n_tiles + inside

    def row_n_tiles(self, round_: int, column: int = 0) -> list[int]:
        """The N tiles of all rows of a column in one round."""
        return [self.n_tile_of(round_, row, column) for row in range(self.rows)]

    def sent_tiles(self, column: int) -> int:
        """Tiles for which a column gets filters in a round: no group gets what all of it would pass over."""
        wide = self.columns // self.filter_groups
        return self.tiles_of(column // wide * wide)

    def filter_turns(self, stays: bool) -> int:
        """How often filters come in a round to a column of each group, in all.

        Args:
            stays: they come once for all of its tiles.
        """
        wide, groups = self.columns // self.filter_groups, self.filter_groups
        count = int(np.max(groups))
        sent = [where(group < groups, self.sent_tiles(group * wide), 0) for group in range(count)]
        return sum(where(stays, least(1, tiles), tiles) for tiles in sent)

    def filter_streams(self, column: int) -> list[int]:
        """The streams of filters that come through a column's shim and mem tile."""
        count = self.rows * self.filter_groups
        return [stream for stream in range(count) if stream % self.filter_columns == column]

    def stream_to(self, column: int, row: int) -> int:
        """The stream of filters of a core: one a row of a group of columns."""
        return column // (self.columns // self.filter_groups) * self.rows + row

    def stream_cores(self, stream: int) -> list[tuple[int, int]]:
        """(column, row) of the cores that get a stream of filters; the first has the most tiles."""
        group, row = divmod(stream, self.rows)
        wide = self.columns // self.filter_groups
        return [(column, row) for column in range(group * wide, (group + 1) * wide)]

    def stream_n_tiles(self, round_: int, streams: Sequence[int]) -> list[int]:
        """The N tiles that streams of filters bring in a round."""
        firsts = (self.stream_cores(stream)[0] for stream in streams)
        return [self.n_tile_of(round_, row, column) for column, row in firsts]

    def walk(self, input_reuse: int) -> Iterator[tuple[int, int]]:
        """(round, tile of a column) in the order in which a core does them."""
        for group in range(0, self.rounds, input_reuse):
            for tile in range(self.column_tiles):
                for round_ in range(group, group + input_reuse):
                    yield round_, tile


@dataclass(frozen=True)
class L1Buffers:
    """What lies in a core's memory; lengths in elements.

    Attributes:
        input, filter, output: an object of each; of the input there are two.
        accumulators: the sums.
        accumulator_bytes: of the buffer that holds them, and the parameters in front of them if they do.
        bias: per-channel operands that are kept; 0 where they are read in the filter.
        filter_depth, output_depth: buffers of each.
        resident: the filter of an N tile stays for all of its tiles.
        parameter_words: 32-bit words of run-time parameters.
        parameter_buffers: 1 where they have a buffer of their own, else 0.
    """

    input: int
    filter: int
    output: int
    accumulators: int
    accumulator_bytes: int
    bias: int
    filter_depth: int
    output_depth: int
    resident: bool
    parameter_words: int
    parameter_buffers: int


@dataclass(frozen=True)
class MemTile:
    """What lies in a mem tile, and how often and in what order it is sent; lengths in elements.

    Attributes:
        input: one core's part of an object, of all its steps of K.
        input_parts: cores that an object of the shim's input stream holds a part for.
        input_depth: buffers of the input.
        filter: one row's object.
        filter_depth: buffers of the filter.
        k_chunks, input_reuse, filter_reuse: see :class:`Parameters`.
        reusable_rounds: rounds in a row that read the same input.
        input_dims, output_dims: how the objects are sent; empty to send them as they lie. A dimension of
            size 0 is not there.
    """

    input: int
    input_parts: int
    input_depth: int
    filter: int
    filter_depth: int
    k_chunks: int
    input_reuse: int
    filter_reuse: int
    reusable_rounds: int
    input_dims: Dims
    output_dims: Dims

    @property
    def is_fixed(self) -> bool:
        """Whether the program's text holds what others read as run-time parameters.

        An object with them would be sent as often as the filter that the mem tile repeats.
        """
        return self.filter_reuse > 1


@dataclass(frozen=True)
class FilterStream:
    """The packed filter of an N tile and the objects that bring it; lengths in elements.

    Attributes:
        weights: the weights.
        header: what lies in front of them: an object with the run-time parameters of a streamed one.
        tail: what lies behind them for per-channel operands, padding included.
        n_tile_elements: all of it.
        bias_at: where per-channel operands lie, from the first weight.
        bias_offsets: (input index, offset from there) of each of them.
        parameters_at: where run-time parameters lie.
        input_objects: objects of the filter that meet one object of the input.
        k_chunks: objects of the input that one of a streamed filter meets; a tile's first may meet fewer.
        tail_objects: objects that hold per-channel operands (streamed filter only).
        objects: of a streamed filter that a tile takes, those of per-channel operands last.
    """

    weights: int
    header: int
    tail: int
    n_tile_elements: int
    bias_at: int
    bias_offsets: tuple[tuple[int, int], ...]
    parameters_at: int
    input_objects: int
    k_chunks: int
    tail_objects: int
    objects: int


@dataclass(frozen=True)
class ResidualStream:
    """How a residual comes in the input stream.

    Attributes:
        channels: that one object holds; 0 without a residual.
        objects: that bring a tile's residual, for all rows of cores that share them.
    """

    channels: int
    objects: int


@dataclass(frozen=True)
class Sizes:
    """All numbers of a mapping, by where they matter."""

    tile: CoreTile
    grid: Grid
    l1: L1Buffers
    memtile: MemTile
    filters: FilterStream
    residual: ResidualStream


class Addresses(Protocol):
    """Where a mapping's objects lie in the host's buffers: made by a route."""

    @property
    def over_read(self) -> int:
        """Elements behind the input that the shim reads though no output needs them."""
        ...

    @property
    def residual_over_read(self) -> int:
        """The same of the residual."""
        ...

    @property
    def n_tile_runs(self) -> tuple[tuple[int, int, int], ...]:
        """(first N tile, count, first channel) of N tiles whose channels follow one another."""
        ...

    def channel_of(self, n_tile: int) -> int:
        """First output channel of an N tile."""
        ...

    def input_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[tuple[str, Pattern]]:
        """What the shim sends for one tile and the N tiles of the rows: steps of K, then residual."""
        ...

    def output_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[Pattern]:
        """Where one tile's output of the N tiles of the rows goes, in their order."""
        ...

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From the view's filter to the N tiles' blocks, [N tiles][weights]."""
        ...

    def describe(self, steps: str) -> list[str]:
        """The tile of one core in words, for people; ``steps`` says how it takes its sums."""
        ...


class CoreProgram(Protocol):
    """What the cores run: how they are written, and the run-time parameters that they read."""

    def encode(self, mapping: "Mapping", epilogue: int) -> tuple[int, ...]:
        """The run-time parameters of a call that takes the program's ``epilogue``-th epilogue."""
        ...

    def buffers(self, mapping: "Mapping") -> list[tuple[str, Type]]:
        """Names and types of a core's own buffers."""
        ...

    def functions(
        self,
        mapping: "Mapping",
        epilogues: "Sequence[Mapping]",
        write: Callable[[CoreEpilogue, str], Op] = finish_function,
    ) -> list[Op]:
        """The functions that every core calls, and their intrinsics; ``write`` makes those of epilogues."""
        ...

    def finishes(self, epilogues: "Sequence[Mapping]") -> "dict[str, CoreEpilogue]":
        """Of these mappings the first of each epilogue's function, by the function's name."""
        ...

    def write_core(
        self,
        w: "Builder",
        mapping: "Mapping",
        epilogues: "Sequence[Mapping]",
        place: tuple[int, int],
        buffers: NamedValues,
    ) -> None:
        """The program of the core at (column, row), inside ``aie.core``; its buffers by their names."""
        ...

    def key(self, mapping: "Mapping") -> tuple[object, ...]:
        """The numbers in the program's text, besides those of the array."""
        ...

    def epilogue_key(self, mapping: "Mapping") -> EpilogueKey:
        """What tells the epilogues of one configuration apart: the function, the residual's objects."""
        ...


@dataclass(frozen=True)
class Mapping:
    """One way to run a contraction on a device; see the module.

    Attributes:
        device: where.
        view: the problem over flat buffers, as the route sees it.
        parameters: what a route makes it from again.
        sizes: its numbers.
        kernel, epilogue: the functions of the cores.
        program: what the cores run around them.
        addresses: where its objects lie in the host's buffers.
        cost: what it is predicted to take.
    """

    device: Device
    view: ProblemView
    parameters: Parameters
    sizes: Sizes
    kernel: Kernel
    epilogue: CoreEpilogue
    program: CoreProgram
    addresses: Addresses
    cost: "Cost"

    @property
    def tile(self) -> CoreTile:
        """What one core computes at a time."""
        return self.sizes.tile

    @property
    def grid(self) -> Grid:
        """Who computes what."""
        return self.sizes.grid

    @property
    def l1(self) -> L1Buffers:
        """What lies in a core's memory."""
        return self.sizes.l1

    @property
    def memtile(self) -> MemTile:
        """What lies in a mem tile."""
        return self.sizes.memtile

    @property
    def filters(self) -> FilterStream:
        """The packed filter of an N tile."""
        return self.sizes.filters

    @property
    def residual(self) -> ResidualStream:
        """How a residual comes."""
        return self.sizes.residual

    @cached_property
    def epilogue_text(self) -> str:
        """The epilogue's function; every core's calls ask which of them are alike."""
        return finish_text(self.epilogue)

    @cached_property
    def epilogue_key(self) -> EpilogueKey:
        """See :meth:`CoreProgram.epilogue_key`; whoever compares mappings asks often."""
        return self.program.epilogue_key(self)

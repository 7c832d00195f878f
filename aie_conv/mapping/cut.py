"""How a contraction is cut over the array: tiles, slices and passes, and the objects that FIFOs carry.

The mapping: every column of cores takes its own tiles of output pixels, every row its own slice of
output channels. A slice of the filter is sent along a row. A tile of the input is broadcast down a
column; where rows work on different groups (``spread``), each gets a part of its own instead.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, fields
from itertools import product
from typing import Any, TypeVar

from aie_conv.arch import Device
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern
from aie_conv.lazy import cached_property
from aie_conv.mapping.interface import Finish, Kernel, View
from aie_conv.problem import DTYPE_BYTES

E = TypeVar("E", bound=EpilogueKernel)

PARAMETERS = 16
"""32-bit words of run-time parameters that a core reads at the start of each call: one vector of 64 bytes.
Programs with more of them have a multiple."""

Dims = tuple[tuple[int, int], ...]
"""(size, stride) pairs in elements, outermost first."""


@dataclass(frozen=True)
class Cut(ABC):
    """One way to cut a view over a device.

    Attributes:
        device: where.
        n: output channels of a slice.
        kc: channels of the input brought at a time.
        resident: the whole filter slice is kept in the core across its tiles.
        b_depth: buffers of the filter in the core.
        staged: steps of K that an object of the input in the mem tile holds, so that the shim reads
            longer runs and fewer objects.
        a_repeat: passes over the output channels for which the mem tile sends an object of the input,
            which then holds the whole K.
        b_repeat: tiles for which the mem tile sends a slice of the filter, which it then holds whole.
        out_depth: buffers of the output in the core.
    """

    device: Device
    n: int
    kc: int
    resident: bool
    b_depth: int
    staged: int = field(default=1, kw_only=True)
    a_repeat: int = field(default=1, kw_only=True)
    b_repeat: int = field(default=1, kw_only=True)
    out_depth: int = field(default=2, kw_only=True)

    # -- what a route says ------------------------------------------------------------------------
    @property
    @abstractmethod
    def view(self) -> View:
        """The problem as the route sees it."""

    @cached_property
    @abstractmethod
    def pixels(self) -> int:
        """Output pixels of a tile, repeated ones included."""

    @cached_property
    @abstractmethod
    def tiles(self) -> int:
        """Tiles of output pixels of the whole problem."""

    @cached_property
    @abstractmethod
    def chunks(self) -> int:
        """Steps of K."""

    @cached_property
    @abstractmethod
    def a_elements(self) -> int:
        """Elements of one object of the input in the core."""

    @cached_property
    @abstractmethod
    def a_l3_elements(self) -> int:
        """Elements of one core's object of the input in the mem tile, for ``staged`` steps of K."""

    @cached_property
    @abstractmethod
    def a_to_stream(self) -> Dims:
        """How the mem tile sends an object of the input; empty to send it as it lies."""

    @cached_property
    @abstractmethod
    def out_to_stream(self) -> Dims:
        """How the mem tile sends an object of the output; empty to send it as it lies."""

    @cached_property
    @abstractmethod
    def k_elements(self) -> int:
        """Elements of one output channel's filter in one object of the input."""

    @cached_property
    @abstractmethod
    def matmul(self) -> Kernel:
        """The core's multiply-accumulate."""

    @cached_property
    @abstractmethod
    def epilogue(self) -> Finish:
        """The core's epilogue."""

    @cached_property
    def fixed_sizes(self) -> Hashable:
        """Numbers in the program's text, besides those of the array."""
        product: Any = self.matmul
        sizes = tuple(getattr(product, f.name) for f in fields(product) if f.name != "arch")
        numbers = (
            self.n, self.kc, self.resident, self.b_depth, self.staged, self.a_repeat, self.b_repeat,
            self.out_depth,
        )  # fmt: skip
        objects = (
            self.pixels, self.a_elements, self.a_l3_elements, self.a_parts, self.b_elements,
            self.tail_objects, self.a_to_stream, self.out_to_stream,
        )  # fmt: skip
        counts: tuple[Hashable, ...] = (self.chunks,) if self.resident else ()
        if self.fixed:
            # Without parameters there is nothing to pick an epilogue with.
            counts = (self.passes, self.column_tiles, self.chunks, self.finish_shape)
        return (sizes, numbers, objects, counts)

    @cached_property
    def finish_shape(self) -> tuple[str, int]:
        """What tells the epilogues of one configuration apart: the function, the residual's objects."""
        return self.epilogue.text("finish"), self.residual_objects

    @abstractmethod
    def input_patterns(self, tile: int, slices: list[int]) -> Iterator[tuple[str, Pattern]]:
        """What the shim sends for one tile and the slices of the rows: chunks, then residual."""

    @abstractmethod
    def output_patterns(self, tile: int) -> list[Pattern]:
        """Where one tile's output goes for channel 0, without the channels of a slice."""

    def slice_outputs(self, tile: int, slices: list[int]) -> Iterator[Pattern]:
        """Where one tile's output of the slices of the rows goes, in their order."""
        parts = self.output_patterns(tile)
        starts = [self.output_start(slice_) for slice_ in slices]
        together = starts == [starts[0] + row * self.n for row in range(len(starts))]
        if together and len(parts) == 1:
            dims = ((len(starts), self.n), *parts[0].dims, (self.n, 1))
            yield Pattern(parts[0].offset + starts[0], dims)
            return
        for start, part in product(starts, parts):
            yield Pattern(part.offset + start, (*part.dims, (self.n, 1)))

    @abstractmethod
    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From the view's filter to the slices' blocks, [slices][weight_elements]."""

    @abstractmethod
    def check_shapes(self) -> None:
        """Raise ConfigRefused where the route's own sizes do not fit."""

    # -- what routes with other objects say -------------------------------------------------------
    steered = False
    """Whether the sizes of a tile are run-time parameters too."""

    @cached_property
    def words(self) -> int:
        """32-bit words of its run-time parameters."""
        return PARAMETERS

    @cached_property
    def kept(self) -> int:
        """Elements of a core's buffer for per-channel operands; 0 where it reads them in the filter."""
        return 0

    @cached_property
    def objects(self) -> int:
        """Objects of a streamed filter that meet one object of the input."""
        return 1

    @cached_property
    def spans(self) -> int:
        """Objects of the input that an object of a streamed filter meets; a tile's first may meet fewer."""
        return 1

    @cached_property
    def input_objects(self) -> int:
        """Objects of the input stream for a tile, the residual's left out."""
        return self.chunks

    @cached_property
    def units(self) -> int:
        """Objects of the output that make up a tile."""
        return 1

    @cached_property
    def out_elements(self) -> int:
        """Elements of one object of the output in the core."""
        return self.pixels * self.n

    @cached_property
    def sums(self) -> int:
        """Elements of a core's accumulators."""
        return self.pixels * self.n

    @cached_property
    def input_slack(self) -> int:
        """Elements behind the input that the shim reads though no output needs them."""
        return 0

    def run_time(self, variant: int) -> tuple[int, ...]:
        """The run-time parameters of a call: passes, tiles of a column, steps of K, which epilogue.

        They are the first of :class:`aie_conv.codegen.steered.Word`.
        """
        return (self.passes, self.column_tiles, self.chunks, variant)

    # -- what follows -----------------------------------------------------------------------------
    @cached_property
    def size(self) -> int:
        """Bytes of an operand element."""
        return DTYPE_BYTES[self.view.dtype]

    @cached_property
    def out_size(self) -> int:
        """Bytes of an output element."""
        return DTYPE_BYTES[self.view.problem.out.dtype]

    @cached_property
    def quantum(self) -> int:
        """Bytes that every object in a core is a multiple of.

        The tools put buffers behind one another without aligning them; vector loads need it.
        """
        return self.device.arch.vector_load_bytes

    @cached_property
    def columns(self) -> int:
        """Columns of the array in use."""
        most = min(self.device.columns, self.tiles)
        per = -(-self.tiles // most)
        return -(-self.tiles // per)

    @cached_property
    def column_tiles(self) -> int:
        """Tiles of each column (the last column may repeat the last tile)."""
        return -(-self.tiles // self.columns)

    def tiles_of(self, column: int) -> int:
        """Tiles that a column computes."""
        del column
        return self.column_tiles

    @cached_property
    def computed_tiles(self) -> int:
        """Tiles that all columns compute in a pass, repeated ones included."""
        return sum(map(self.tiles_of, range(self.columns)))

    @cached_property
    def busy_columns(self) -> int:
        """Columns that compute tiles."""
        return sum(self.tiles_of(column) > 0 for column in range(self.columns))

    @cached_property
    def slices(self) -> int:
        """Slices of output channels, of all groups."""
        return self.view.groups * self.group_slices

    @cached_property
    def group_slices(self) -> int:
        """Slices of one group's output channels."""
        return -(-self.view.n // self.n)

    def channel_of(self, slice_: int) -> int:
        """First output channel of a slice."""
        return slice_ * self.n

    def output_start(self, slice_: int) -> int:
        """Where a slice's output begins, from the first tile's."""
        return self.channel_of(slice_)

    @cached_property
    def slice_runs(self) -> tuple[tuple[int, int, int], ...]:
        """(first slice, count, first channel) of slices whose channels follow one another."""
        return ((0, self.slices, 0),)

    @cached_property
    def spread(self) -> bool:
        """Whether the rows of a column work on different groups, each with its own input."""
        most = min(self.device.arch.core_rows, self.slices)
        return self.view.groups > 1 and self.group_slices < most

    @cached_property
    def rows(self) -> int:
        """Rows of cores in use."""
        arch = self.device.arch
        if not self.spread:
            return min(arch.core_rows, self.group_slices)
        for rows in range(min(arch.core_rows, self.slices), 1, -1):
            # A mem tile sends each row's input, its rows' filters and the joined output.
            filters = -(-rows // min(self.device.columns, rows))
            if rows + filters + 1 <= arch.memtile_dma_channels:
                return rows
        return 1

    @cached_property
    def filter_columns(self) -> int:
        """Columns whose shim and mem tile bring filter slices; may be more than compute."""
        return min(self.device.columns, self.rows)

    @cached_property
    def passes(self) -> int:
        """How often the pixels are walked, each time for the next slices."""
        if self.spread:
            return -(-self.slices // self.rows)
        return self.view.groups * -(-self.group_slices // self.rows)

    def slice_of(self, pass_: int, row: int) -> int:
        """The slice of a row of cores; past the end, the last one's."""
        if self.spread:
            return min(pass_ * self.rows + row, self.slices - 1)
        group, pass_ = divmod(pass_, self.passes // self.view.groups)
        inside = min(pass_ * self.rows + row, self.group_slices - 1)
        return group * self.group_slices + inside

    @cached_property
    def _vectors(self) -> tuple[tuple[tuple[int, int], ...], int]:
        """(input index, offset) of the per-channel operands, and their length, in operand elements."""
        quantum = self.quantum // self.size
        out: list[tuple[int, int]] = []
        at = 0
        for index, dtype, _ in self.view.vectors:
            out.append((index, at))
            at += -(-self.n * DTYPE_BYTES[dtype] // self.size // quantum) * quantum
        return tuple(out), at

    @property
    def vector_offsets(self) -> tuple[tuple[int, int], ...]:
        """(input index, offset behind the weights in operand elements) of per-channel operands."""
        return self._vectors[0]

    @cached_property
    def vectors_at(self) -> int:
        """Where a slice's per-channel operands lie, in elements from its first weight."""
        return self.weight_elements

    @cached_property
    def tail(self) -> int:
        """Elements behind a slice's weights for the per-channel operands, padding included."""
        total = self._vectors[1]
        if not total or self.resident:
            return total
        return -(-total // self.b_elements) * self.b_elements

    @cached_property
    def weight_elements(self) -> int:
        """Elements of one slice's weights."""
        return self.chunks * self.n * self.k_elements

    @cached_property
    def parameters_at(self) -> int:
        """Where a slice's run-time parameters lie, in elements: behind a resident slice, else in front."""
        return self.weight_elements + self.tail if self.resident else 0

    @cached_property
    def whole(self) -> bool:
        """Whether a tile is one step of K by the program's text."""
        return self.resident and self.chunks == 1

    @cached_property
    def fixed(self) -> bool:
        """Whether the program's text holds what others read as run-time parameters.

        An object with them would be sent as often as the slices that the mem tile repeats.
        """
        return self.b_repeat > 1

    @cached_property
    def header(self) -> int:
        """Elements in front of a streamed slice's weights: an object that holds the parameters."""
        return 0 if self.resident or self.fixed else self.b_elements

    @cached_property
    def slice_elements(self) -> int:
        """Elements of the packed filter for one slice."""
        behind = 4 * self.words // self.size if self.resident else 0
        return self.header + self.weight_elements + self.tail + behind

    @cached_property
    def b_elements(self) -> int:
        """Elements of one object of the filter stream."""
        return self.slice_elements if self.resident else self.n * self.k_elements

    @cached_property
    def b_l3_elements(self) -> int:
        """Elements of one row's object of the filter in the mem tile."""
        return self.slice_elements if self.b_repeat > 1 else self.b_elements

    @cached_property
    def tail_objects(self) -> int:
        """Objects of the filter stream that hold per-channel operands (streamed filter only)."""
        return 0 if self.resident else self.tail // self.b_elements

    @cached_property
    def filter_objects(self) -> int:
        """Objects of a streamed filter that a tile takes, those of per-channel operands last."""
        return -(-self.chunks // self.spans) * self.objects + self.tail_objects

    @cached_property
    def residual_channels(self) -> int:
        """Channels of the residual that one object of the input stream holds; 0 without one."""
        residual = self.view.residual
        return self.kc * self.size // DTYPE_BYTES[residual.dtype] if residual else 0

    @cached_property
    def residual_objects(self) -> int:
        """Objects that bring a tile's residual, for all rows of cores that share them."""
        w = self.residual_channels
        shared = 1 if self.spread else self.rows
        return -(-shared * self.n // w) if w else 0

    @cached_property
    def a_parts(self) -> int:
        """Cores' objects that one object of the shim's input stream holds, for each staged step."""
        return self.rows if self.spread else 1

    def steps(self) -> Iterator[tuple[int, int]]:
        """(pass, tile of a column) in the order in which a core does them."""
        for group in range(0, self.passes, self.a_repeat):
            for tile in range(self.column_tiles):
                for pass_ in range(group, group + self.a_repeat):
                    yield pass_, tile

    def residual_starts(self, slices: list[int]) -> Iterator[list[int]]:
        """For each object of the residual, its first channel; one a row where rows have their own."""
        w, n = self.residual_channels, self.n
        if self.spread:
            for i in range(self.residual_objects):
                yield [self.channel_of(slice_) + i * w for slice_ in slices]
            return
        per = max(1, n // w)
        for i in range(self.residual_objects):
            slice_ = slices[min(i // per if w <= n else i * (w // n), len(slices) - 1)]
            yield [self.channel_of(slice_) + (i % per) * w * (w <= n)]

    def finish(self, kind: type[E], blocks: ResidualBlocks) -> E:
        """The epilogue's function; ``blocks`` say where a residual lies in an object of the input."""
        view = self.view
        base = self.weight_elements if self.resident else 0
        return kind(
            epilogue=view.problem.epilogue,
            accumulator=view.problem.accumulator,
            out_dtype=view.problem.out.dtype,
            operand_dtype=view.dtype,
            rst=self.matmul.rst,
            m=self.pixels,
            n=self.n,
            columns=min(self.n, self.residual_channels or self.n),
            vector_at={index: base + at for index, at in self.vector_offsets},
            residual=view.residual.index if view.residual else None,
            blocks=blocks,
            a_elements=self.a_elements,
            b_elements=self.b_elements,
            vector_bytes=self.device.arch.vector_load_bytes,
        )

"""A tiling of a contraction over the array: the part that does not depend on the route.

The mapping: every column of cores takes its own tiles of output pixels, every row its own slice of
output channels. A slice of the filter is sent along a row. A tile of the input is broadcast down a
column; where rows work on different groups (``spread``), each gets a part of its own instead.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TypeVar

from aie_conv.arch import Device
from aie_conv.arch.rates import WORD_BYTES, ChannelRates, HostRates, present_rates
from aie_conv.array.interface import Finish, Kernel, View
from aie_conv.errors import ConfigRefused
from aie_conv.kernels.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern
from aie_conv.problem import DTYPE_BYTES

E = TypeVar("E", bound=EpilogueKernel)

STACK_BYTES = 2048
"""Stack of each core, in bytes."""

COUNTER_BYTES = 12
"""What dynamic FIFO lowering keeps in each core: a 32-bit counter for each of its three FIFOs (mlir-aie)."""

BUFFERED_TILES = 4
"""Tiles that a column can finish before its output is taken: two in the cores, two in the mem tile."""

STEP_CYCLES = 30
"""Cycles of a core to acquire and release a step's objects, with the call between them."""

Dims = tuple[tuple[int, int], ...]
"""(size, stride) pairs in elements, outermost first."""


@dataclass(frozen=True)
class Tiling(ABC):
    """One way to run a view on a device.

    Attributes:
        device: where.
        n: output channels of a slice.
        kc: channels of the input brought at a time.
        resident: the whole filter slice is kept in the core across its tiles.
        b_depth: buffers of the filter in the core.
    """

    device: Device
    n: int
    kc: int
    resident: bool
    b_depth: int

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
        """Elements of one core's object of the input in the mem tile."""

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
    def tail(self) -> int:
        """Elements behind a slice's weights for the per-channel operands, padding included."""
        total = self._vectors[1]
        if not total or self.resident:
            return total
        chunk = self.n * self.k_elements
        return -(-total // chunk) * chunk

    @cached_property
    def weight_elements(self) -> int:
        """Elements of one slice's weights."""
        return self.chunks * self.n * self.k_elements

    @cached_property
    def slice_elements(self) -> int:
        """Elements of the packed filter for one slice."""
        return self.weight_elements + self.tail

    @cached_property
    def b_elements(self) -> int:
        """Elements of one object of the filter stream."""
        return self.slice_elements if self.resident else self.n * self.k_elements

    @cached_property
    def tail_objects(self) -> int:
        """Objects of the filter stream that hold per-channel operands (streamed filter only)."""
        return 0 if self.resident else self.tail // (self.n * self.k_elements)

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
        """Cores' objects that one object of the shim's input stream holds."""
        return self.rows if self.spread else 1

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

    # -- limits -----------------------------------------------------------------------------------
    def check(self) -> None:
        """Raise ConfigRefused where a limit of the device is broken."""
        self.check_shapes()
        limit(self.tail_objects <= 1, "filter object", f"{self.tail} elements of vectors")
        self._check_residual()
        for _, dtype, _ in self.view.vectors:
            whole = self.n * DTYPE_BYTES[dtype] % self.size == 0
            limit(whole, "channels", f"{self.n} of {dtype} are no whole operands")
        arch = self.device.arch
        out_bytes = self.pixels * self.n * self.out_size
        acc_bytes = self.pixels * self.n * DTYPE_BYTES[self.matmul.accumulator]
        a_bytes, b_bytes = self.a_elements * self.size, self.b_elements * self.size
        l3_bytes = self.a_parts * self.a_l3_elements * self.size
        for size in (a_bytes, b_bytes, out_bytes, acc_bytes):
            whole = size % self.quantum == 0
            limit(whole, "object size", f"{size} B is no multiple of {self.quantum} B")
        limit(l3_bytes % 4 == 0, "object size", f"{l3_bytes} B in the mem tile are no words")
        core = 2 * a_bytes + self.b_depth * b_bytes + 2 * out_bytes + acc_bytes
        core += STACK_BYTES + COUNTER_BYTES
        limit(core <= arch.core_data_bytes, "core memory", f"{core} B of {arch.core_data_bytes}")
        shared = -(-self.rows // self.filter_columns)
        memtile = 2 * (l3_bytes + shared * b_bytes + self.rows * out_bytes)
        limit(memtile <= arch.memtile_bytes, "mem tile memory", f"{memtile} B")
        words = max(a_bytes, l3_bytes // self.a_parts, shared * b_bytes, out_bytes) // 4
        limit(words < 1 << 14, "core buffer length", f"{words} words")
        most = max(size for size, _ in (*self.a_to_stream, *self.out_to_stream, (1, 1)))
        limit(most <= arch.static_bd_size_limit, "BD size", f"{most} blocks")
        for dims, size in ((self.a_to_stream, self.size), (self.out_to_stream, self.out_size)):
            step = max((stride * size // 4 for _, stride in dims), default=0)
            limit(step <= 1 << arch.memtile_step_bits, "mem tile step", f"{step} words")

    def _check_residual(self) -> None:
        w, t = self.residual_channels, self.matmul.rst[2]
        if not w:
            return
        limit(w % t == 0, "residual object", f"{w} channels are no blocks of {t}")
        if self.n % w:
            whole = w % self.n == 0 and (self.rows * self.n) % w == 0
            even = self.slices % self.rows == 0
            holds = whole and even and not self.spread
            limit(holds, "residual object", f"{w} channels for slices of {self.n}")

    # -- cost -------------------------------------------------------------------------------------
    @cached_property
    def _rates(self) -> tuple[ChannelRates, HostRates]:
        return present_rates(self.device.arch)

    @property
    def task_cycles(self) -> int:
        """Cycles to issue one shim task."""
        return self._rates[0].issue

    @property
    def _stream_bytes_a_cycle(self) -> float:
        """Of a stream inside the array."""
        return WORD_BYTES / self._rates[0].word

    @cached_property
    def shim_bytes(self) -> int:
        """Bytes that cross the shim in both directions."""
        return sum(self._stream_bytes())

    @cached_property
    def _steps(self) -> int:
        return self.passes * self.column_tiles

    def _stream_bytes(self) -> tuple[int, int, int]:
        """Bytes of input (with residual), filter and output over all columns."""
        a_object = self.a_parts * self.a_l3_elements * self.size
        a = self._steps * self.columns * (self.chunks + self.residual_objects) * a_object
        slices = self.passes * self.rows * (1 if self.resident else self.column_tiles)
        out = self.pixels * self.n * self.out_size
        return (
            a,
            slices * self.slice_elements * self.size,
            self._steps * self.columns * self.rows * out,
        )

    @cached_property
    def tile_cycles(self) -> int:
        """Cycles of a core for one tile."""
        calls, each = max(1, self.n // self.epilogue.columns), self.epilogue.cycles()
        finish = calls * each
        if self.residual_objects:
            # A core waits for the residual of the rows before it, two objects of which have come.
            object_ = int(self.a_elements * self.size / self._stream_bytes_a_cycle)
            finish = max(finish, max(0, self.residual_objects - 2) * object_ + each)
        work = self.chunks * (self.matmul.cycles() + STEP_CYCLES) + finish
        clear = self.pixels * self.n * 4 // self.device.arch.vector_load_bytes
        return work + clear + 40

    @cached_property
    def loads(self) -> dict[str, int]:
        """Cycles that each resource is busy: cores, and the channels of the fullest column."""
        a, b, out = self._stream_bytes()
        rate, shim = self._stream_bytes_a_cycle, self._rates[0]
        read, write = shim.read_word / WORD_BYTES, shim.write_word / WORD_BYTES
        objects = self._steps * (self.chunks + self.residual_objects)
        return {
            "cores": self._steps * self.tile_cycles + self._filter_waits,
            "input stream": int(a / self.columns * read),
            "input blocks": int(objects * self.a_elements * self.size / rate),
            "filter stream": int(b / self.filter_columns * read),
            "output stream": int(out / self.columns * write),
            "host memory": int(self._memory_cycles(a, b, out)),
        }

    def _memory_cycles(self, a: int, b: int, out: int) -> float:
        """Cycles of the host's memory, which short runs of addresses take more of."""
        _, rates = self._rates
        slices = [self.slice_of(0, row) for row in range(self.rows)]
        residual = self.view.residual
        sizes = {residual.argument.name: DTYPE_BYTES[residual.dtype]} if residual else {}
        factors: dict[str, float] = {}
        for name, pattern in self.input_patterns(0, slices):
            if name not in factors:
                factors[name] = rates.factor(*pattern.runs(sizes.get(name, self.size)))
            if len(factors) > len(sizes):
                break
        # The residual comes last, in as many objects of the same size.
        first, last = next(iter(factors.values())), list(factors.values())[-1]
        objects = self.chunks + self.residual_objects
        weighted = a / objects * (self.chunks * first + self.residual_objects * last) + b
        pattern = next(iter(self.slice_outputs(0, slices)))
        weighted += out * rates.factor(*pattern.runs(self.out_size))
        return max((a + b) / rates.read, out / rates.write, weighted / rates.total)

    @cached_property
    def _filter_waits(self) -> int:
        """Cycles that cores wait for filters that have no second buffer to come to."""
        if self.b_depth > 1:
            return 0
        fills = self.passes if self.resident else self._steps * self.chunks
        return int(fills * self.b_elements * self.size / self._stream_bytes_a_cycle)

    @cached_property
    def cycles(self) -> int:
        """Predicted cycles: what is busiest, and what cannot overlap it at either end."""
        rate, shim = self._stream_bytes_a_cycle, self._rates[0]
        a_words = (self.a_parts * self.a_l3_elements + self.a_elements) * self.size / rate
        shared = -(-self.rows // self.filter_columns)
        b_words = (shared + 1) * self.b_elements * self.size / rate
        # The first tasks of all input and filter channels are issued one by one.
        first = (self.columns + self.filter_columns) * shim.issue + shim.read_start
        first += max(a_words, b_words)
        part = self.pixels * self.n * self.out_size / rate
        last = part * (1 + self.rows)
        loads = self.loads
        writing = loads["output stream"] + self.tile_cycles + part
        reading = max(load for name, load in loads.items() if name != "output stream")
        # Before its first output task a column gets as far as its buffers reach.
        issued = (2 * self.columns + self.filter_columns) * shim.issue
        behind = max(0.0, 1 - BUFFERED_TILES / self._steps) * max(loads.values())
        return int(max(first + max(writing, reading + last), issued + behind + last))


def limit(holds: bool, name: str, message: str) -> None:
    """Raise ConfigRefused for a limit that does not hold."""
    if not holds:
        raise ConfigRefused(name, f"{name}: {message}")

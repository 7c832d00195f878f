"""Direct convolution by one program for many shapes: the sizes of a tile are run-time parameters.

A :class:`Frame` fixes the bytes of the objects that FIFOs carry. Whatever fits them, a 3x3 window as well as
a 1x1 one, runs in the same configuration of the array, so that a network needs few configurations.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product
from math import prod
from typing import ClassVar

from aie_conv.arch import Device
from aie_conv.array.cut import Dims
from aie_conv.array.tiling import STEP_CYCLES, limit
from aie_conv.direct.tiling import DirectTiling, extent
from aie_conv.direct.view import DirectView
from aie_conv.kernels.steered import SteeredKernel, SteeredProduct, Word
from aie_conv.kernels.steered_epilogue import SteeredFinish
from aie_conv.kernels.window import Window
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern, simplify
from aie_conv.lazy import cached_property
from aie_conv.problem import DTYPE_BYTES


_JAM = 4
"""How much a call waits for its tasks to be issued: the time is this norm of both alone."""


@dataclass(frozen=True)
class Frame:
    """What a program for many shapes fixes, in bytes of one core's memory.

    Attributes:
        input, filter, output: an object of each.
        sums: all accumulators.
    """

    input: int
    filter: int
    output: int
    sums: int

    def elements(self, view: DirectView, device: Device) -> tuple[int, int, int, int]:
        """Elements of a strip of the input, and of objects of filter and output, and of the sums."""
        strips, size = device.arch.matmul[view.dtype][0], DTYPE_BYTES[view.dtype]
        out = DTYPE_BYTES[view.problem.out.dtype]
        return self.input // strips // size, self.filter // size, self.output // out, self.sums // 4


def unit_shape(height: int, width: int, pixels: int, interleaved: bool) -> tuple[int, int]:
    """Rows and columns of a strip in an object of the output; (0, 0) where they are no rectangle.

    Whole columns of a strip are written in one run of rows, and so are interleaved strips.

    Args:
        height, width: of a strip.
        pixels: of each strip in an object.
        interleaved: as in :class:`SteeredTiling`.
    """
    columns, rows = pixels // height, pixels // width
    if not interleaved and columns * height == pixels and width % max(1, columns) == 0:
        return height, columns
    if rows * width == pixels and height % max(1, rows) == 0:
        return rows, width
    if not interleaved and width % pixels == 0:
        return 1, pixels
    return 0, 0


@dataclass(frozen=True)
class SteeredTiling(DirectTiling):
    """One way to run a direct convolution in a frame; see :class:`DirectTiling` for its other fields.

    Attributes:
        wide: pixels of the input in a row of a strip.
        share: output channels of one object of the filter.
        span: chunks of K of one object of the filter; a tile's first one has what is left over.
        phases: groups of rows of cores with pixels of their own: they take turns with the objects of the
            input. Rows of one phase have slices of their own.
        interleaved: the strips of an object of the output follow one another, and so do the tile's objects;
            else each strip's pixels do.
        strip, part, unit, room: the frame in elements: a strip of the input, an object of the filter and of
            the output, the sums.
    """

    wide: int
    share: int
    span: int
    phases: int
    interleaved: bool
    strip: int
    part: int
    unit: int
    room: int

    steered: ClassVar[bool] = True

    # -- the frame --------------------------------------------------------------------------------
    @cached_property
    def _kernel(self) -> SteeredKernel:
        """The core's product without the sizes of its calls."""
        return SteeredKernel(
            self.device.arch, self.direct.dtype, self.a_elements, self.part, self.room
        )

    @cached_property
    def matmul(self) -> SteeredProduct:
        """The core's product."""
        kernel = self._kernel
        y, x = kernel.group
        sizes = (self.k_steps, -(-self.strip_outputs // y), self.share // (x * kernel.rst[2]))
        return SteeredProduct(
            kernel.arch, kernel.dtype, kernel.a_elements, kernel.b_elements, kernel.sums, *sizes
        )

    @cached_property
    def epilogue(self) -> SteeredFinish:
        """The core's epilogue."""
        view, rst = self.view, self._kernel.rst
        return SteeredFinish(
            epilogue=view.problem.epilogue,
            accumulator=view.problem.accumulator,
            out_dtype=view.problem.out.dtype,
            operand_dtype=view.dtype,
            rst=rst,
            sums=self.room,
            unit=self.unit,
            residual=view.residual.index if view.residual else None,
            a_elements=self.a_elements,
            b_elements=self.part,
            words=self.words,
            constant_table=self._kernel.constant_table,
            vector_bytes=self.device.arch.vector_load_bytes,
            unit_pixels=self.unit_pixels,
            channel_blocks=self.n // rst[2],
        )

    @cached_property
    def strips(self) -> int:
        """Strips of a tile: the rows of the matrix instruction."""
        return self.device.arch.matmul[self.direct.dtype][0]

    @cached_property
    def words(self) -> int:
        """32-bit words of its run-time parameters."""
        return self._kernel.words

    @cached_property
    def a_elements(self) -> int:
        """Elements of one object of the input in the core."""
        return self.strips * self.strip

    @cached_property
    def a_l3_elements(self) -> int:
        """The mem tile holds the same, strip by strip."""
        return self.a_elements

    @cached_property
    def a_to_stream(self) -> Dims:
        """Strips side by side, in blocks of the instruction's channels, whatever their pixels are."""
        s = self._kernel.rst[1]
        return ((self.strip // s, s), (self.strips, self.strip), (s, 1))

    @cached_property
    def out_to_stream(self) -> Dims:
        """From strips side by side, in blocks, back to pixels."""
        r, _, t = self.matmul.rst
        return ((r, t), (self.unit // (r * t), r * t), (t, 1))

    @cached_property
    def b_elements(self) -> int:
        """Elements of one object of the filter stream."""
        return self.part

    @cached_property
    def out_elements(self) -> int:
        """Elements of one object of the output in the core."""
        return self.unit

    @cached_property
    def sums(self) -> int:
        """Elements of a core's accumulators."""
        return self.room

    @cached_property
    def fixed_sizes(self) -> Hashable:
        """The frame alone."""
        return (self.strip, self.part, self.unit, self.room, self.tail_objects)

    @cached_property
    def finish_shape(self) -> tuple[str, int]:
        """The function alone: how many objects bring a residual is a run-time parameter."""
        return self.epilogue.text("finish"), 0

    @cached_property
    def columns(self) -> int:
        """All columns: one without tiles of its own repeats the first."""
        return self.device.columns

    def tiles_of(self, column: int) -> int:
        """Tiles that a column computes: the last ones have fewer, or none."""
        return max(0, min(self.column_tiles, self.tiles - column * self.column_tiles))

    @cached_property
    def rows(self) -> int:
        """All rows of cores."""
        return self.device.arch.core_rows

    @cached_property
    def spread(self) -> bool:
        """Rows of cores share their input."""
        return False

    def slice_of(self, pass_: int, row: int) -> int:
        """The slice of a row of cores; where there are fewer slices than rows, several have the same.

        Those then have pixels of their own if the phases say so.
        """
        if self.slices < self.rows:
            return row % self.slices
        return super().slice_of(pass_, row)

    def phase_of(self, row: int) -> int:
        """The phase of a row of cores."""
        return row * self.phases // self.rows

    @cached_property
    def input_objects(self) -> int:
        """Objects of the input stream for a tile: each phase has its own."""
        return self.chunks * self.phases

    # -- the tile ---------------------------------------------------------------------------------
    @cached_property
    def strip_pixels(self) -> int:
        """Pixels of the input in a strip, those that no window needs included."""
        return self.strip // self.kc

    @cached_property
    def window(self) -> Window:
        """How a window lies in a strip in the core."""
        rows, columns = self._axes
        return Window(
            self.strip_pixels // self.wide,
            self.wide,
            (rows.taps, columns.taps),
            (rows.step, columns.step),
            (rows.dilation, columns.dilation),
        )

    @cached_property
    def expanded(self) -> bool:
        """The shim brings the strips one by one."""
        return True

    @cached_property
    def strip_outputs(self) -> int:
        """Output pixels of a strip."""
        return self.height * self.width

    @cached_property
    def rows_out(self) -> int:
        """Output rows of a tile, all phases."""
        return self.phases * self.strips * self.height

    @cached_property
    def pixels(self) -> int:
        """Output pixels of a tile in each core."""
        return self.strips * self.strip_outputs

    @cached_property
    def unit_pixels(self) -> int:
        """Output pixels of each strip in an object of the output."""
        return self.unit // (self.strips * self.n)

    @cached_property
    def unit_shape(self) -> tuple[int, int]:
        """:func:`unit_shape` of the tile."""
        return unit_shape(self.height, self.width, self.unit_pixels, self.interleaved)

    @cached_property
    def units(self) -> int:
        """Objects of the output that make up a tile."""
        return self.pixels * self.n // self.unit

    @cached_property
    def objects(self) -> int:
        """Objects of the filter that meet one object of the input."""
        return self.n // self.share

    @cached_property
    def spans(self) -> int:
        """Objects of the input that an object of the filter meets."""
        return self.span

    @cached_property
    def _spans(self) -> int:
        """Objects of the filter that bring all of K for some channels."""
        return -(-self.chunks // self.span)

    @cached_property
    def _first_span(self) -> int:
        """Chunks of K of a tile's first object of the filter."""
        return self.chunks - (self._spans - 1) * self.span

    @cached_property
    def weight_elements(self) -> int:
        """Elements of one slice's weights, every object filled up."""
        return self._spans * self.objects * self.part

    @cached_property
    def k_steps(self) -> int:
        """Steps of K in an object of the filter."""
        return self.k_elements // self._kernel.rst[1]

    @cached_property
    def _vectors(self) -> tuple[tuple[tuple[int, int], ...], int]:
        places, total = self.epilogue.vector_offsets(self.n)
        indices = (index for index, _, _ in self.view.vectors)
        return tuple(zip(indices, places, strict=True)), total

    @cached_property
    def residual_channels(self) -> int:
        """Channels of the residual that one object of the input stream holds, for a unit's pixels."""
        residual = self.view.residual
        if residual is None:
            return 0
        return self.strip * self.size // (self.unit_pixels * DTYPE_BYTES[residual.dtype])

    @cached_property
    def _shared_residual(self) -> int:
        """Objects that bring a unit's residual, for all rows of cores."""
        w = self.residual_channels
        return self.rows * self.n // w if w else 0

    @cached_property
    def residual_objects(self) -> int:
        """Objects that bring a tile's residual, for all rows of cores."""
        return self.units * self._shared_residual

    def variants(self) -> Iterator["SteeredTiling"]:
        """None: a mem tile's repeats are no run-time parameters."""
        yield from ()

    def check_shapes(self) -> None:
        """Raise ConfigRefused where tile and chunk do not fit the frame or the problem."""
        view, kernel = self.direct, self._kernel
        (y, x), (r, s, t) = kernel.group, kernel.rst
        slices = f"slices of {self.n}"
        once = self.staged == self.a_repeat == self.b_repeat == 1 and not self.resident
        limit(once, "mem tile", "programs for many shapes repeat nothing")
        limit(view.groups == 1 and not view.depthwise, "groups", "rows of cores share their input")
        even = self.rows % self.group_slices == 0 or self.group_slices > self.rows
        limit(view.n % self.n == 0 and even, "channels", slices)
        limit(self.n % self.share == 0 and self.share % (x * t) == 0, "channels", slices)
        limit(view.channels % self.kc == 0 and self.kc % s == 0, "K chunk", f"{self.kc}")
        limit(self.strip % self.kc == 0, "strip", f"{self.strip} elements of {self.kc} channels")
        fits = self.span * self.share * self.k_elements <= self.part
        limit(fits, "filter object", f"{self.share} channels for {self.span} chunks")
        either = self.span == 1 or (self.share == self.n and self.span <= self.chunks)
        limit(either, "filter object", f"{self.span} of {self.chunks} chunks")
        fits = self._needed_pixels <= self.strip_pixels
        limit(fits, "strip", f"{self.height}x{self.width} pixels")
        inside = self.width <= view.columns.size and self.rows_out <= view.rows.size
        limit(inside, "tile", f"{self.rows_out}x{self.width} pixels")
        groups = -(-self.strip_outputs // y) * y
        limit(groups * r * self.n <= self.room, "sums", f"{self.strip_outputs} pixels of {self.n}")
        whole = self.unit % (r * self.n) == 0 and self.strip_outputs % self.unit_pixels == 0
        limit(whole, "output object", f"{self.strip_outputs} pixels of {self.n} channels")
        even = self.unit_shape != (0, 0)
        limit(even, "output object", f"{self.unit_pixels} pixels of rows of {self.width}")
        rows, columns = self._axes
        flat = self.strip_pixels % self.wide == 0 or self.wide * columns.pitch == rows.pitch
        limit(flat, "strip", f"rows of {self.wide} pixels")
        taken = self.strip_pixels == self.wide * self.height and rows.taps == 1
        limit(taken or not self.interleaved, "strip", "only rows without a window are interleaved")
        own = self.phases == 1 or self.phases * self.slices == self.rows
        limit(own, "phases", f"{self.phases} for {self.slices} slices")
        limit(self.phases == 1 or self.view.residual is None, "phases", "a residual has one")
        # The host writes the slack at each call: no more than it is given, or than a strip's pixels hold.
        most = max(view.lhs.elements, self.strip_pixels * view.channels)
        limit(self.input_slack <= most, "input slack", f"{self.input_slack} elements of {most}")

    @cached_property
    def _needed_pixels(self) -> int:
        """Pixels of a strip up to the last one that a window touches."""
        rows, columns = self._axes
        return (extent(rows, self.height) - 1) * self.wide + extent(columns, self.width)

    def _check_residual(self) -> None:
        residual, w = self.view.residual, self.residual_channels
        if residual is None:
            return
        _, s, t = self.matmul.rst
        bytes_ = self.unit_pixels * w * DTYPE_BYTES[residual.dtype]
        exact = (
            bytes_ == self.strip * self.size
            and w * DTYPE_BYTES[residual.dtype] % (s * self.size) == 0
        )
        shared = w % self.n == 0 and self.rows * self.n % w == 0 and self.slices % self.rows == 0
        whole = self.n // t % self.epilogue.channel_step == 0
        limit(exact and shared and whole, "residual object", f"{w} channels for slices of {self.n}")

    def run_time(self, variant: int) -> tuple[int, ...]:
        """The run-time parameters of a call, by :class:`Word`, and the two tables behind them."""
        kernel = self.matmul
        r, s, t = kernel.rst
        words = [0] * self.words
        words[Word.PASSES], words[Word.TILES] = self.passes, self.column_tiles
        words[Word.CHUNKS], words[Word.VARIANT] = self._spans, variant
        words[Word.OBJECTS], words[Word.UNITS] = self.objects, self.units
        words[Word.STEPS], words[Word.SPAN] = kernel.steps, self.span
        words[Word.PART], words[Word.FIRST_SPAN] = self.share * self.k_elements, self._first_span
        words[Word.PIXEL_GROUPS] = kernel.pixel_groups
        words[Word.CHANNEL_GROUPS] = kernel.channel_groups
        words[Word.CHANNELS], words[Word.UNIT_PIXELS] = self.n // t, self.unit_pixels
        for row in range(self.rows):
            words[Word.BEFORE.of(row)] = self.phase_of(row)
            words[Word.AFTER.of(row)] = self.phases - 1 - self.phase_of(row)
        for column in range(self.columns):
            own = self.tiles_of(column)
            words[Word.TILES_OF.of(column)] = own
            words[Word.IDLE.of(column)] = (self.column_tiles - own) * self.filter_objects
        residual = self.view.residual
        if residual is not None:
            of_block = s * self.size // DTYPE_BYTES[residual.dtype]
            words[Word.RESIDUAL_BLOCKS] = self.residual_channels // of_block
            for row in range(self.rows):
                first, inside = divmod(row * self.n, self.residual_channels)
                words[Word.SKIP_FIRST.of(row)] = first
                words[Word.RESIDUAL_AT.of(row)] = inside // of_block
                words[Word.SKIP_LAST.of(row)] = self._shared_residual - 1 - first
        block, depth, (down, across) = r * s, self.kc // s, self.window.step
        taps = self.window.tap_offsets()
        steps = [(tap * depth + i) * block for tap in taps for i in range(depth)]
        pixels = [
            (i * down * self.wide + j * across) * depth * block for i, j in self._strip_places()
        ]
        words[kernel.step_table :] = kernel.tables(steps, pixels, self.epilogue.constants)
        return tuple(words)

    def _strip_places(self) -> Iterator[tuple[int, int]]:
        """Row and column of each pixel of a strip, an object of the output after the other."""
        high, wide = self.unit_shape
        for i, j in product(range(0, self.height, high), range(0, self.width, wide)):
            yield from product(range(i, i + high), range(j, j + wide))

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [groups][n][taps][channels] to objects of [channel groups][steps of K][x][s][t]."""
        view, dtype = self.direct, self.direct.dtype
        (_, x), (_, s, t) = self.matmul.group, self.matmul.rst
        outer, taps = prod(size for size, _ in self.k_outer), prod(self.window.taps)
        parts, groups = view.channels // self.kc, self.share // (x * t)
        # Where an object of the filter holds several chunks there is one object for all channels.
        split = (self.slices, self.objects, groups, x, t, outer, taps, parts, self.kc // s, s)
        order = (0, 5, 7, 1, 2, 6, 8, 3, 9, 4)
        blocks, zeros = tuple(split[i] for i in order), (0,) * 10
        made = HostCopy(view.filter, split, dtype, zeros, split, order, dest, blocks, dtype, zeros)
        chunk, span = self.share * self.k_elements, self.span
        if chunk * span == self.part and self.chunks % span == 0:
            return (made,)
        made = replace(made, dest=f"{dest}_tight")
        count, starts = self.slices * self.objects, [0]
        if self.chunks % span == 0:
            count, ends = count * self._spans, [span]
        else:
            # Then an object of the filter is for all channels; the first has fewer chunks.
            ends = [self._first_span + i * span for i in range(self._spans)]
            starts += ends[:-1]
        tight, padded = (count, ends[-1] * chunk), (count, len(ends) * self.part)
        return (
            made,
            *(
                HostCopy(
                    made.dest, tight, dtype, (0, first * chunk), (count, (last - first) * chunk), (0, 1),
                    dest, padded, dtype, (0, number * self.part),
                )
                for number, (first, last) in enumerate(zip(starts, ends, strict=True))
            ),
        )  # fmt: skip

    # -- cost -------------------------------------------------------------------------------------
    @cached_property
    def tile_cycles(self) -> int:
        """Cycles of a core for one tile."""
        kernel = self.matmul
        made = int(self.objects * self.chunks * kernel.cycles() * self._slowdown)
        made += (self.chunks + self.filter_objects) * STEP_CYCLES
        if self.phases > 1:
            # Two phases work at a time: an object comes to all rows of cores when the one before the
            # last has left all.
            object_ = int(self.a_elements * self.size / self._stream_bytes_a_cycle)
            made = (made + self.chunks * object_) * self.phases // 2
        finish = self.units * (self.epilogue.cycles() + STEP_CYCLES)
        if self.residual_objects:
            # A core waits for the residual of the rows before it, two objects of which have come.
            object_ = int(self.a_elements * self.size / self._stream_bytes_a_cycle)
            finish = max(finish, max(0, self.residual_objects - 2) * object_ + finish // self.units)
        return made + finish + 40

    @cached_property
    def _issue(self) -> int:
        """About how long it takes to issue a call's tasks: those that no iteration brings together."""
        slices = [self.slice_of(0, row) for row in range(self.rows)]
        patterns = [pattern for _, pattern in self.input_patterns(0, slices)]
        patterns += self.slice_outputs(0, slices)
        each = 0.0
        for pattern in patterns:
            dims = simplify(pattern.dims)
            each += prod(size for size, _ in dims[:-4]) if len(dims) > 3 else 1 / 8
        channels = 2 * self.busy_columns + self.filter_columns
        tasks = channels + int(self.passes * self.computed_tiles * each)
        return tasks * self.task_cycles

    @cached_property
    def cycles(self) -> int:
        """Predicted cycles; see :class:`Tiling`."""
        return int((super().cycles ** _JAM + self._issue ** _JAM) ** (1 / _JAM))

    # -- addresses --------------------------------------------------------------------------------
    @cached_property
    def _input_dims(self) -> Dims:
        """How the shim walks a tile's input: steps of K, phases, strips, their pixels, channels."""
        rows, columns = self._axes
        row = rows.step * rows.pitch
        strip = self._strip_apart * row
        pixels = ((self.window.rows, rows.pitch), (self.wide, columns.pitch))
        if self.interleaved:
            high, units = self.unit_shape[0], self.units
            apart = (units, self.strips * high * row)
            pixels = (apart, (high, rows.pitch), (self.wide, columns.pitch))
        elif self.strip_pixels % self.wide:
            # Whole rows of the input follow one another: so do their pixels.
            pixels = ((self.strip_pixels, columns.pitch),)
        steps = (*self.k_outer, (self.channel_steps, self.kc))
        phases = (self.phases, self.strips * self.height * row)
        return (*steps, phases, (self.strips, strip), *pixels, (self.kc, 1))

    @cached_property
    def _strip_apart(self) -> int:
        """Output rows from one strip of an object of the output to the next."""
        return self.unit_shape[0] if self.interleaved else self.height

    @cached_property
    def input_slack(self) -> int:
        """Elements behind the input that the shim reads: pixels of a strip that no window needs."""
        view = self.direct
        last = (view.rows.size - self.rows_out) * view.rows.lhs
        last += (view.columns.size - self.width) * view.columns.lhs
        last += sum((loop.size - 1) * loop.lhs for loop in view.outer)
        last += sum((size - 1) * stride for size, stride in self._input_dims)
        return max(0, view.lhs_offset + last + 1 - view.lhs.elements)

    def input_patterns(self, tile: int, slices: list[int]) -> Iterator[tuple[str, Pattern]]:
        """The strips of a tile, a chunk of K after the other, then its residual."""
        view = self.direct
        row, column, outer = self._origin(tile)
        base = view.lhs_offset + row * view.rows.lhs + column * view.columns.lhs
        base += sum(loop.lhs * i for loop, i in zip(view.outer, outer, strict=True))
        yield view.lhs.name, Pattern(base, self._input_dims)
        if view.residual is not None:
            yield from self._residual_patterns(row, column, outer, slices)

    def _residual_patterns(
        self, row: int, column: int, outer: tuple[int, ...], slices: list[int]
    ) -> Iterator[tuple[str, Pattern]]:
        """For each unit of the output its pixels of the residual, the channels of all rows of cores."""
        view, residual = self.direct, self.direct.residual
        assert residual is not None
        base = residual.offset + row * view.rows.residual + column * view.columns.residual
        base += sum(loop.residual * i for loop, i in zip(view.outer, outer, strict=True))
        base += self.channel_of(slices[0])
        w = self.residual_channels
        for at, pixels in self._units(view.rows.residual, view.columns.residual):
            dims = ((self._shared_residual, w), *pixels, (w, 1))
            yield residual.argument.name, Pattern(base + at, dims)

    def _units(self, row: int, column: int) -> Iterator[tuple[int, Dims]]:
        """Where each unit's pixels begin and lie, in a buffer with these strides, strip by strip."""
        high, wide = self.unit_shape
        pixels = ((self.strips, self._strip_apart * row), (high, row), (wide, column))
        apart = self.strips * high if self.interleaved else high
        for i, j in product(range(self.height // high), range(self.width // wide)):
            yield i * apart * row + j * wide * column, pixels

    def slice_outputs(self, tile: int, slices: list[int]) -> Iterator[Pattern]:
        """Where each unit of a tile's output goes, the slices of the rows in their order."""
        view = self.direct
        row, column, outer = self._origin(tile)
        base = view.out_offset + row * view.rows.out + column * view.columns.out
        base += sum(loop.out * i for loop, i in zip(view.outer, outer, strict=True))
        starts = [self.channel_of(slice_) for slice_ in slices]
        own = min(len(starts), self.slices)
        evenly = len({b - a for a, b in pairwise(starts[:own])}) <= 1
        phase = self.strips * self.height * view.rows.out if self.phases > 1 else 0
        for down, pixels in self._units(view.rows.out, view.columns.out):
            at = base + down
            if evenly:
                apart = starts[1] - starts[0] if own > 1 else 0
                rows = ((len(starts) // own, phase), (own, apart))
                yield Pattern(at + starts[0], (*rows, *pixels, (self.n, 1)))
                continue
            for start in starts:
                yield Pattern(at + start, (*pixels, (self.n, 1)))

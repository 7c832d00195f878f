"""The tile of a program for many shapes: what a frame fixes, and how sizes that are parameters fill it."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from aie_conv.arch import Device
from aie_conv.codegen.steered import SteeredKernel, SteeredProduct
from aie_conv.codegen.steered_epilogue import SteeredFinish
from aie_conv.codegen.window import Window
from aie_conv.direct.tiling import DirectTiling, extent
from aie_conv.direct.view import DirectView
from aie_conv.lazy import cached_property
from aie_conv.mapping.cut import Dims
from aie_conv.mapping.tiling import limit
from aie_conv.problem import DTYPE_BYTES

_DEPTHS = 3, 4
"""Buffers of input and filter in a mem tile where it has room: fastest in the mean of ResNet-50's layers.

With more of them an operand that comes early takes the host's memory from one that is waited for.
"""


@dataclass(frozen=True)
class Frame:
    """What a program for many shapes fixes, in bytes of one core's memory.

    Attributes:
        input, filter, output: an object of each.
        sums: all accumulators.
        vectors: the per-channel operands of a slice.
        sevens: whether the core's product takes pixels by sevens.
    """

    input: int
    filter: int
    output: int
    sums: int
    vectors: int
    sevens: bool

    def elements(self, view: DirectView, device: Device) -> tuple[int, int, int, int, int]:
        """Elements of a strip of the input, of objects of filter and output, of the sums and the vectors."""
        strips, size = device.arch.matmul[view.dtype][0], DTYPE_BYTES[view.dtype]
        out = DTYPE_BYTES[view.problem.out.dtype]
        return (
            self.input // strips // size,
            self.filter // size,
            self.output // out,
            self.sums // 4,
            self.vectors // size,
        )


def unit_shape(height: int, width: int, pixels: int, interleaved: bool) -> tuple[int, int]:
    """Rows and columns of a strip in an object of the output; (0, 0) where they are no rectangle.

    Whole columns of a strip are written in one run of rows, and so are interleaved strips.

    Args:
        height, width: of a strip.
        pixels: of each strip in an object.
        interleaved: as in :class:`SteeredTile`.
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
class SteeredTile(DirectTiling):
    """One way to run a direct convolution in a frame; see :class:`DirectTiling` for its other fields.

    Attributes:
        wide: pixels of the input in a row of a strip.
        share: output channels of one object of the filter.
        span: chunks of K of one object of the filter; a tile's first one has what is left over.
        phases: groups of rows of cores with pixels of their own: they take turns with the objects of the
            input. Rows of one phase have slices of their own.
        interleaved: the strips of an object of the output follow one another, and so do the tile's objects;
            else each strip's pixels do.
        strip, part, unit, room, shelf: the frame in elements: a strip of the input, an object of the filter
            and of the output, the sums, and the per-channel operands.
        sevens: of the frame.
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
    shelf: int
    sevens: bool

    steered: ClassVar[bool] = True

    # -- the frame --------------------------------------------------------------------------------
    @cached_property
    def _kernel(self) -> SteeredKernel:
        """The core's product without the sizes of its calls."""
        return SteeredKernel(
            self.device.arch,
            self.direct.dtype,
            self.a_elements,
            self.part,
            self.room,
            self.sevens,
        )

    @cached_property
    def matmul(self) -> SteeredProduct:
        """The core's product."""
        kernel = self._kernel
        y, x = kernel.group
        sizes = (self.k_steps, -(-self.strip_outputs // y), self.share // (x * kernel.rst[2]))
        return SteeredProduct(
            kernel.arch,
            kernel.dtype,
            kernel.a_elements,
            kernel.b_elements,
            kernel.sums,
            kernel.sevens,
            *sizes,
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
            kept=self.shelf,
            words=self.words,
            constant_table=self._kernel.constant_table,
            vector_bytes=self.device.arch.vector_load_bytes,
            unit_pixels=self.residual_pixels,
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
    def _deep(self) -> bool:
        """Whether a mem tile holds more than two objects: those read on while cores finish a tile."""
        return self._fits(*_DEPTHS)

    @cached_property
    def a_l3_depth(self) -> int:
        """Buffers of the input in the mem tile."""
        return _DEPTHS[0] if self._deep else 2

    @cached_property
    def b_l3_depth(self) -> int:
        """Buffers of the filter in the mem tile."""
        return _DEPTHS[1] if self._deep else 2

    @cached_property
    def fixed_sizes(self) -> Hashable:
        """The frame alone."""
        return (self.strip, self.part, self.unit, self.room, self.shelf, self.sevens)

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
    def kept(self) -> int:
        """Elements of a core's buffer for per-channel operands."""
        return self.shelf if self.view.vectors else 0

    @cached_property
    def vectors_at(self) -> int:
        """Where the per-channel operands lie in a slice: at the end of the first object if they fit.

        Else they lie at the end of an object of their own behind all others.
        """
        return self.part - self.kept + (self.weight_elements if self.tail else 0)

    @cached_property
    def tail(self) -> int:
        """Elements behind a slice's weights for per-channel operands."""
        used = self._first_span * self.share * self.k_elements
        return self.part if self.kept and used + self.kept > self.part else 0

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
    def residual_calls(self) -> int:
        """Parts of a unit's pixels that the residual comes for, so that an object has many channels of each.

        With those of all rows of cores the shim reads longer runs, and no row waits for the others'.
        """
        residual = self.view.residual
        if residual is None:
            return 1
        least = self.strip * self.size // (self.unit_pixels * DTYPE_BYTES[residual.dtype])
        wide = self.unit_shape[1]
        most = max(1, self.rows * self.n // max(1, least))
        for calls in range(most, 1, -1):
            each = self.unit_pixels // calls
            whole = each * calls == self.unit_pixels and self.rows * self.n % (least * calls) == 0
            if whole and (each % wide == 0 or wide % each == 0):
                return calls
        return 1

    @cached_property
    def residual_pixels(self) -> int:
        """Output pixels of each strip for which one object of the input stream holds the residual."""
        return self.unit_pixels // self.residual_calls

    @cached_property
    def residual_channels(self) -> int:
        """Channels of the residual that one object of the input stream holds, for those pixels."""
        residual = self.view.residual
        if residual is None:
            return 0
        return self.strip * self.size // (self.residual_pixels * DTYPE_BYTES[residual.dtype])

    @cached_property
    def _shared_residual(self) -> int:
        """Objects that bring the residual of such pixels, for all rows of cores."""
        w = self.residual_channels
        return self.rows * self.n // w if w else 0

    @cached_property
    def residual_objects(self) -> int:
        """Objects that bring a tile's residual, for all rows of cores."""
        return self.units * self.residual_calls * self._shared_residual

    def variants(self) -> Iterator["SteeredTile"]:
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
        vectors = self._vectors[1]
        limit(vectors <= self.shelf, "per-channel operands", f"{vectors} elements for {self.n}")
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
        bytes_ = self.residual_pixels * w * DTYPE_BYTES[residual.dtype]
        exact = (
            bytes_ == self.strip * self.size
            and w * DTYPE_BYTES[residual.dtype] % (s * self.size) == 0
        )
        shared = w % self.n == 0 and self.rows * self.n % w == 0 and self.slices % self.rows == 0
        whole = self.n // t % self.epilogue.channel_step == 0
        limit(exact and shared and whole, "residual object", f"{w} channels for slices of {self.n}")

    @cached_property
    def _strip_apart(self) -> int:
        """Output rows from one strip of an object of the output to the next."""
        return self.unit_shape[0] if self.interleaved else self.height

"""What a program for many shapes fixes, and how a tile whose sizes are parameters fills it."""

from dataclasses import dataclass
from math import prod
from typing import Protocol

from aie_conv.arch import Device
from aie_conv.codegen.parametric_epilogue import vector_offsets
from aie_conv.direct.geometry import held_window, outer_count
from aie_conv.direct.view import DirectView
from aie_conv.mapping.mapping import Parameters
from aie_conv.mapping.numbers import ceil_div, each, least, most, where
from aie_conv.mapping.sizes import divisors
from aie_conv.problem import DTYPE_BYTES


@dataclass(frozen=True)
class L1Layout:
    """What a program for many shapes fixes, in bytes of one core's memory.

    Attributes:
        input, filter, output: an object of each.
        accumulators: all sums.
        bias: the per-channel operands of an N tile.
        seven_pixels: whether the core's product takes pixels by sevens.
    """

    input: int
    filter: int
    output: int
    accumulators: int
    bias: int
    seven_pixels: bool

    def elements(self, view: DirectView, device: Device) -> dict[str, int]:
        """The same as parameters of a mapping, in elements; of the input a row of the instruction."""
        rows, size = device.arch.matmul[view.unit][0], DTYPE_BYTES[view.dtype]
        out = DTYPE_BYTES[view.problem.out.dtype]
        return {
            "input_row_elements": self.input // rows // size,
            "filter_elements": self.filter // size,
            "output_elements": self.output // out,
            "accumulator_elements": self.accumulators // 4,
            "bias_elements": self.bias // size,
        }


LAYOUTS = (
    L1Layout(7168, 4608, 3584, 30720, 512, seven_pixels=True),
    L1Layout(7168, 4608, 3584, 16384, 512, seven_pixels=True),
    L1Layout(7680, 4608, 3584, 28672, 512, seven_pixels=True),
    L1Layout(8192, 4608, 3584, 28672, 512, seven_pixels=True),
    L1Layout(8192, 4608, 2048, 16384, 512, seven_pixels=False),
    L1Layout(8192, 9216, 2048, 20480, 512, seven_pixels=False),
    L1Layout(10240, 4608, 2560, 25600, 512, seven_pixels=False),
)
"""Those that are tried. Images of networks are 7 or 5 by powers of two pixels wide, or powers of two alone;
channels are powers of two, or those times 3, 5 or 15, which an input of 7680 bytes holds: and the 15 pixels
that a window of three taps reads for seven outputs, two apart; of 8192 bytes, the 29 for fourteen. The
filter's object holds a 3x3 window over 32 channels of int8 for 16 others, or of 9216 bytes for 32: block
floats take a byte and an eighth each, and with twice as many in an object a tile has fewer of them."""


@dataclass(frozen=True, kw_only=True)
class ParametricParameters(Parameters):
    """The parameters of a mapping in a layout.

    A filter of one object stays in the core in any case: nothing asks for it (``resident`` is false).

    Attributes:
        height, width, window: as of :class:`aie_conv.direct.geometry.DirectParameters`.
        input_width: pixels of the input in a row of a strip.
        object_channels: output channels of one object of the filter.
        object_k_chunks: chunks of K of one object of the filter; a tile's first one has what is left over.
        time_shared: groups of rows of cores that take turns with the objects of the input: each has pixels of
            its own, or channels (:func:`has_channel_turns`). Rows of one group have N tiles of their own.
        filter_groups, column_shares: groups of columns to which filters are sent apart, and with N tiles of
            their own, as of :class:`aie_conv.mapping.mapping.Grid`.
        interleaved: the strips of an object of the output follow one another, and so do the tile's objects;
            else each strip's pixels do.
        input_row_elements, filter_elements, output_elements, accumulator_elements, bias_elements: the layout:
            a strip of the input, an object of the filter and of the output, the sums, per-channel operands.
        seven_pixels: of the layout.
    """

    height: int
    width: int
    window: int
    input_width: int
    object_channels: int
    object_k_chunks: int
    time_shared: int
    filter_groups: int = 1
    column_shares: int = 1
    interleaved: bool
    input_row_elements: int
    filter_elements: int
    output_elements: int
    accumulator_elements: int
    bias_elements: int
    seven_pixels: bool


def filter_groups(device: Device) -> int:
    """Groups of columns to which filters can be sent apart: as many as there are shims for each row of cores.

    Each then gets filters at the rate of a stream for every row, and N tiles of its own where images are
    small.
    """
    return max(1, device.columns // device.arch.core_rows)


def column_groups(device: Device) -> list[tuple[int, int]]:
    """(groups to which filters are sent apart, groups with N tiles of their own) that are worth trying."""
    most = filter_groups(device)
    return list(dict.fromkeys([(1, 1), (most, 1), (most, most)]))


def output_shape(height: int, width: int, pixels: int, interleaved: bool) -> tuple[int, int]:
    """Rows and columns of a strip in an object of the output; (0, 0) where they are no rectangle.

    Columns of a strip that are there from top to bottom are written in one run of rows, and so are
    interleaved strips.

    Args:
        height, width: of a strip.
        pixels: of each strip in an object.
        interleaved: as in :class:`ParametricParameters`.
    """
    columns, rows = pixels // height, pixels // width
    if not interleaved and columns * height == pixels and width % max(1, columns) == 0:
        return height, columns
    if rows * width == pixels and height % max(1, rows) == 0:
        return rows, width
    if not interleaved and width % pixels == 0:
        return 1, pixels
    return 0, 0


def group_strips(strips: int, height: int, rows: int) -> tuple[int, int]:
    """Groups of strips that overlap so that they end where the rows do, and the rows from one to the next.

    (1, 0) where the strips need not overlap, or no such groups end there.

    Args:
        strips: how many.
        height: rows of each.
        rows: that there are.
    """
    if strips * height <= rows:
        return 1, 0
    for groups in divisors(strips)[1:]:
        over = rows - strips // groups * height
        if over > 0 and over % (groups - 1) == 0:
            return groups, over // (groups - 1)
    return 1, 0


class TimeShared(Protocol):
    """What tells how rows of cores take turns; see :class:`ParametricParameters`."""

    @property
    def tile_n(self) -> int:
        """Output channels of an N tile."""
        ...

    @property
    def tile_k(self) -> int:
        """Channels of the input brought at a time."""
        ...

    @property
    def time_shared(self) -> int:
        """Groups of rows that take turns."""
        ...


def has_channel_turns(view: DirectView, p: TimeShared) -> bool:
    """Whether rows of cores take turns with channels of their own of the same pixels.

    Else they share an object with the channels of all of them, or, where all have the same channels, take
    turns with pixels of their own.
    """
    apart = (p.time_shared > 1) & (p.tile_k == p.tile_n) & (p.tile_n < view.n)
    return apart if view.depthwise else apart & False


def pixel_turns(view: DirectView, p: TimeShared) -> int:
    """Groups of rows of cores with pixels of their own."""
    return where(has_channel_turns(view, p), 1, p.time_shared)


@dataclass(frozen=True)
class ParametricTile:
    """How a tile fills a layout.

    Attributes:
        strips: of a tile: the rows of the matrix instruction.
        outputs: output pixels of a strip.
        rows_out: output rows of a tile, of all that share time.
        groups: groups of strips that overlap: rows in two of them are computed twice.
        groups_apart: output rows from one to the next.
        taps, step, dilation: of the window that is held.
        k_elements: elements of one output channel's filter in a chunk of K.
        k_steps: chunks of K.
        input_pixels: pixels of the input in a strip, those that no window needs included.
        part_rows: rows of them for an object of the output, where strips of objects follow one another: those
            behind the object's fill it up.
        k_objects: objects of the filter that bring all of K for some channels.
        first_k_chunks: chunks of K of the first of them.
        channel_objects: objects of the filter that meet one object of the input.
        output_pixels: output pixels of each strip in an object of the output.
        output_shape: rows and columns of them.
        output_objects: objects of the output of a tile.
    """

    strips: int
    outputs: int
    rows_out: int
    groups: int
    groups_apart: int
    taps: tuple[int, int]
    step: tuple[int, int]
    dilation: tuple[int, int]
    k_elements: int
    k_steps: int
    input_pixels: int
    part_rows: int
    k_objects: int
    first_k_chunks: int
    channel_objects: int
    output_pixels: int
    output_shape: tuple[int, int]
    output_objects: int

    def rows_apart(self, p: ParametricParameters) -> int:
        """Output rows from one strip of an object of the output to the next."""
        return where(p.interleaved, self.output_shape[0], p.height)

    def strip_dims(self, p: ParametricParameters, row: int) -> tuple[tuple[int, int], ...]:
        """(count, stride) of a tile's strips in a buffer with this stride of an output row."""
        strips = (self.strips // self.groups, self.rows_apart(p) * row)
        return (strips,) if self.groups == 1 else ((self.groups, self.groups_apart * row), strips)


def make_tile(view: DirectView, device: Device, p: ParametricParameters) -> ParametricTile:
    """How a tile fills its layout."""
    strips, window = device.arch.matmul[view.unit][0], held_window(view, p.window)
    # Each row of cores has channels of its own of what is depthwise or lane-wise, and sums over none.
    depth = device.arch.matmul[view.unit][1] if view.depthwise else p.tile_k
    k_steps = outer_count(view, p.window) * (1 if view.depthwise else view.channels // p.tile_k)
    k_objects = ceil_div(k_steps, p.object_k_chunks)
    output_pixels = p.output_elements // (strips * p.tile_n)

    def cover(height: int, time_shared: int) -> tuple[int, int, int]:
        rows = view.rows.size
        groups, apart = group_strips(strips, height, rows) if time_shared == 1 else (1, 0)
        return groups, apart, rows if groups > 1 else time_shared * strips * height

    groups, groups_apart, rows_out = each(cover, p.height, pixel_turns(view, p))
    input_pixels = p.input_row_elements // p.tile_k
    output_objects = strips * p.height * p.width * p.tile_n // p.output_elements
    return ParametricTile(
        strips=strips,
        outputs=p.height * p.width,
        rows_out=rows_out,
        groups=groups,
        groups_apart=groups_apart,
        taps=window.taps,
        step=window.step,
        dilation=window.dilation,
        k_elements=prod(window.taps) * depth,
        k_steps=k_steps,
        input_pixels=input_pixels,
        part_rows=input_pixels // (most(1, output_objects) * p.input_width),
        k_objects=k_objects,
        first_k_chunks=k_steps - (k_objects - 1) * p.object_k_chunks,
        channel_objects=p.tile_n // p.object_channels,
        output_pixels=output_pixels,
        output_shape=each(output_shape, p.height, p.width, output_pixels, p.interleaved),
        output_objects=output_objects,
    )


@dataclass(frozen=True)
class ResidualTile:
    """How a residual fills objects of the input.

    Attributes:
        calls: parts of an output object's pixels that it comes for, so that an object has many channels of
            each. With those of all rows of cores the shim reads longer runs, and no row waits for another's.
        pixels: output pixels of each strip for which one object holds it.
        brought: pixels that it holds: those behind fill it up.
        channels: that one object holds of them; 0 without a residual.
        objects: that bring it for such pixels, for all rows of cores.
    """

    calls: int
    pixels: int
    brought: int
    channels: int
    objects: int


def make_residual(
    view: DirectView, device: Device, p: ParametricParameters, tile: ParametricTile
) -> ResidualTile:
    """How the residual of a tile comes."""
    residual = view.residual
    if residual is None:
        return ResidualTile(1, tile.output_pixels, tile.output_pixels, 0, 0)
    size, span = DTYPE_BYTES[residual.dtype], least(device.arch.core_rows * p.tile_n, view.n)
    row = p.input_row_elements * DTYPE_BYTES[view.dtype] // size
    calls, brought = each(
        _residual_calls, row, tile.output_pixels, tile.output_shape[1], p.tile_n, span
    )
    channels = row // brought
    return ResidualTile(calls, tile.output_pixels // calls, brought, channels, span // channels)


def _residual_calls(row: int, pixels: int, wide: int, n: int, span: int) -> tuple[int, int]:
    """Parts of an output object's pixels that a residual comes for, and pixels that an object of it holds.

    Args:
        row: elements of an object for each strip.
        pixels, wide: of each strip in an object of the output, and in a row of it.
        n, span: channels of an N tile, and of all rows of cores.
    """
    alike = [q for q in divisors(pixels) if q % wide == 0 or wide % q == 0]
    wanted = [q for q in alike if row % q == 0 and span % (row // q) == 0]
    exact = [q for q in wanted if row // q % n == 0 or row // q == span]
    if exact:
        return pixels // exact[0], exact[0]
    # Pixels of one row or column, and some behind them that fill the object up: in as few as there are.
    filled = list[tuple[int, int, int, int]]()
    for channels in divisors(span):
        brought = row // channels
        runs = [q for q in alike if q <= brought and (q <= wide or wide == 1)]
        if row % channels == 0 and (channels % n == 0 or channels == span) and runs:
            objects = pixels // runs[-1] * (span // channels)
            filled.append((objects, -channels, pixels // runs[-1], brought))
    if filled:
        _, _, calls, brought = min(filled)
        return calls, brought
    return 1, pixels


def bias_elements(view: DirectView, n: int) -> int:
    """Length of the per-channel operands of ``n`` channels."""
    _, total = vector_offsets(n, [dtype for _, dtype, _ in view.vectors], DTYPE_BYTES[view.dtype])
    return total

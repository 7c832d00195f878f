"""The route of programs for many shapes: which mappings are tried in which layouts.

Such plans are asked for where a module's plans are chosen together, or by the style's name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from math import prod

from aie_conv.arch import Device
from aie_conv.arch.rates import WORD_BYTES, present_rates
from aie_conv.codegen import epilogue
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.direct.geometry import WindowResidency, extent, useful_windows
from aie_conv.direct.parametric.layout import (
    LAYOUTS,
    L1Layout,
    ParametricParameters,
    bias_elements,
    filter_groups,
    group_strips,
    output_shape,
)
from aie_conv.direct.parametric.scheme import ParametricScheme
from aie_conv.direct.view import DirectView, make_view
from aie_conv.errors import Unsupported
from aie_conv.mapping.blocks import chunk_elements
from aie_conv.mapping.loops import matrix_dtype, matrix_unit
from aie_conv.mapping.operands import K_BLOCK
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.search import Space
from aie_conv.mapping.sizes import divisors
from aie_conv.mapping.table import table_of
from aie_conv.problem import DTYPE_BYTES, ConvProblem

_LIKELY = 6
"""Of the mappings in a layout, so many that a rough estimate puts first are looked at closely."""

_MAX_CHANNELS = 256


@dataclass(frozen=True)
class Shape:
    """What a rough estimate needs to know of a mapping: its parameters besides the layout."""

    n: int
    k: int
    height: int
    width: int
    window: int
    input_width: int
    object_channels: int
    object_k_chunks: int
    time_shared: int
    interleaved: bool
    filter_groups: int = 1
    column_shares: int = 1


def _widths(view: DirectView, window: int, pixels: int, shape: tuple[int, int]) -> Iterator[int]:
    """Pixels in a row of a strip of ``pixels``, for ``shape`` (rows, columns) that a tile needs."""
    high, broad = shape
    down, across = view.rows, view.columns
    pitch = across.pitch if window else across.lhs
    row = down.pitch if window == WindowResidency.WHOLE else down.lhs
    if pitch and row % pitch == 0 and broad <= row // pitch <= pixels:
        image_width = row // pitch
        if (high - 1) * image_width + broad <= pixels:
            yield image_width
    fits = (wide for wide in range(broad, pixels // high + 1) if pixels % wide == 0)
    yield from (wide for wide in list(fits)[:1] if pixels // wide >= high)


@dataclass(frozen=True)
class Capacity:
    """What strips of one kind can hold.

    Attributes:
        pixels: of the input in a strip.
        each: output pixels of a strip in an object of the output.
        most: output pixels of a strip whose sums fit.
        time_shared: groups of rows that share time, as many as are worth trying.
    """

    pixels: int
    each: int
    most: int
    time_shared: tuple[int, ...]


def strips_of(
    view: DirectView, strips: int, window: int, capacity: Capacity
) -> Iterator[tuple[int, int, int, int, bool]]:
    """(height, width, input width, time-shared groups, interleaved) of strips that may fit."""
    apart = window < WindowResidency.WHOLE or view.rows.taps == 1
    for outputs in range(capacity.each, capacity.most + 1, capacity.each):
        for height in divisors(outputs):
            width = outputs // height
            overlap = group_strips(strips, height, view.rows.size)[0] > 1
            fits = overlap or height * strips <= view.rows.size
            if not fits or width > view.columns.size:
                continue
            high = extent(view.rows, height) if window == WindowResidency.WHOLE else height
            broad = extent(view.columns, width) if window else width
            shared = [n for n in capacity.time_shared if n * height * strips <= view.rows.size]
            for wide in _widths(view, window, capacity.pixels, (high, broad)):
                able = (
                    apart
                    and not overlap
                    and wide * height == capacity.pixels
                    and outputs > capacity.each
                )
                for count, interleaved in product(
                    shared or [1], [True, False] if able else [False]
                ):
                    if output_shape(height, width, capacity.each, interleaved) != (0, 0):
                        yield height, width, wide, count, interleaved


def _shapes(
    view: DirectView, kernel: ParametricKernel, layout: dict[str, int], device: Device
) -> Iterator[Shape]:
    """Everything that may fit a layout."""
    strip, filter_ = layout["input_row_elements"], layout["filter_elements"]
    output, sums = layout["output_elements"], layout["accumulator_elements"]
    (y, x), (r, s, t) = kernel.group, kernel.rst
    quantum, least = x * t, kernel.least_blocks * t
    channels = [
        n
        for n in divisors(view.n)
        if n % quantum == 0
        and least <= n <= _MAX_CHANNELS
        # Those alone whose operands have room.
        and bias_elements(view, n) <= layout["bias_elements"]
    ]
    depths = [k for k in divisors(view.channels) if k % s == 0 and strip % k == 0]
    for window, k, n in product(useful_windows(view, every=True), depths, channels):
        taps = taps_of(view, window)

        def stored(weights: int) -> int:
            return chunk_elements(view.unit, view.dtype, weights)

        parts = (n // i for i in divisors(n // quantum))
        share = next((part for part in parts if stored(part * taps * k) <= filter_), 0)
        if output % (r * n) or share < least:
            continue
        chunks, most = view.k // taps // k, filter_ // stored(share * taps * k)
        span = -(-chunks // -(-chunks // min(most, chunks))) if share == n else 1
        outputs = min(strip // k, sums // (r * n) // y * y)
        for groups, shares in _column_groups(device):
            shared = _time_shared(view, device, n, shares)
            if not shared:
                continue
            capacity = Capacity(strip // k, output // (r * n), outputs, shared)
            for strips in strips_of(view, r, window, capacity):
                height, width, wide, count, interleaved = strips
                yield Shape(
                    n,
                    k,
                    height,
                    width,
                    window,
                    wide,
                    share,
                    span,
                    count,
                    interleaved,
                    groups,
                    shares,
                )


def _column_groups(device: Device) -> list[tuple[int, int]]:
    """(groups to which filters are sent apart, groups with N tiles of their own) that are worth trying."""
    most = filter_groups(device)
    return list(dict.fromkeys([(1, 1), (most, 1), (most, most)]))


def _time_shared(view: DirectView, device: Device, n: int, shares: int) -> tuple[int, ...]:
    """Groups of rows that may share time with ``n`` channels in an N tile.

    None where the shares of the columns get no equal number of N tiles.
    """
    rows, (n_tiles, over) = device.arch.core_rows, divmod(view.n // n, shares)
    if over or not n_tiles:
        return ()
    alone = n_tiles >= rows or rows % n_tiles or view.residual is not None
    return (1,) if alone else (1, rows // n_tiles)


def taps_of(view: DirectView, window: int) -> int:
    """Taps of the window that are held."""
    down = view.rows.taps if window == WindowResidency.WHOLE else 1
    return down * (view.columns.taps if window else 1)


def _rough(
    view: DirectView, shape: Shape, kernel: ParametricKernel, layout: L1Layout, device: Device
) -> float:
    """About how long a mapping takes, by its bytes and by the products of its cores."""
    arch, size = device.arch, DTYPE_BYTES[view.dtype]
    _, host = present_rates(arch)
    (y, x), (strips, s, t) = kernel.group, kernel.rst
    out = DTYPE_BYTES[view.problem.out.dtype]
    outer = prod(loop.size for loop in view.outer)
    high = min(strips * shape.height * shape.time_shared, view.rows.size)
    tiles = outer * -(-view.rows.size // high) * -(-view.columns.size // shape.width)
    shares = shape.column_shares
    rounds = max(1, -(-view.n // (shape.n * arch.core_rows * shares)))
    columns = device.columns // shares
    steps = rounds * -(-tiles // columns)
    taps = taps_of(view, shape.window)
    chunks = view.k // taps // shape.k
    all_channels = shape.k == view.channels
    run = shape.k * size * (shape.input_width if all_channels else 1)
    pitch = (view.rows.lhs if all_channels else view.columns.lhs or view.rows.lhs) * size
    input_ = shares * rounds * tiles * chunks * shape.time_shared * layout.input
    objects = shape.n // shape.object_channels
    rows = arch.core_rows * shape.filter_groups
    filters = steps * rows * -(-chunks // shape.object_k_chunks) * objects * layout.filter
    outputs = shape.height * shape.width
    results = shares * rounds * tiles * arch.core_rows * strips * outputs * shape.n * out
    moved = input_ * host.factor(run, max(run, pitch)) + filters
    moved += results * host.factor(
        shape.n * out, max(shape.n, view.columns.out or view.rows.out) * out
    )
    memory = max((input_ + filters) / host.read, results / host.write, moved / host.total)
    memory = max(memory, filters / (min(rows, device.columns) * WORD_BYTES))
    groups = -(-outputs // y), shape.object_channels // (x * t)
    each = objects * kernel.cycles_of(taps * shape.k // s, *groups)
    if shape.time_shared > 1:
        each = (each + layout.input // WORD_BYTES) * shape.time_shared // 2
    return max(memory, steps * chunks * each) + min(memory, steps * chunks * each) / 8


def kernel_of(device: Device, view: DirectView, layout: L1Layout) -> ParametricKernel:
    """The product's code in a layout."""
    elements, rows = layout.elements(view, device), device.arch.matmul[view.unit][0]
    return ParametricKernel(
        device.arch, view.unit, rows * elements["input_row_elements"], elements["filter_elements"],
        elements["accumulator_elements"], layout.seven_pixels,
    )  # fmt: skip


def parameters_of(
    shape: Shape, layout: L1Layout, elements: Mapping[str, int]
) -> ParametricParameters:
    """A mapping's parameters.

    Args:
        shape: how it is cut.
        layout: the cores' buffers.
        elements: their lengths in elements of the problem.
    """
    return ParametricParameters(
        tile_n=shape.n,
        tile_k=shape.k,
        resident=False,
        filter_buffers=2,
        height=shape.height,
        width=shape.width,
        window=shape.window,
        input_width=shape.input_width,
        object_channels=shape.object_channels,
        object_k_chunks=shape.object_k_chunks,
        time_shared=shape.time_shared,
        filter_groups=shape.filter_groups,
        column_shares=shape.column_shares,
        interleaved=shape.interleaved,
        seven_pixels=layout.seven_pixels,
        **elements,
    )


def likely(view: DirectView, device: Device, layout: L1Layout) -> Iterator[ParametricParameters]:
    """The mappings in a layout that are worth a closer look."""
    elements, kernel = layout.elements(view, device), kernel_of(device, view, layout)
    shapes = dict.fromkeys(_shapes(view, kernel, elements, device))
    ranked = sorted(shapes, key=lambda shape: _rough(view, shape, kernel, layout, device))
    # With other streams of filters it is another program; in it some share out pixels, others N tiles.
    for ways in _column_groups(device):
        alike = (each for each in ranked if (each.filter_groups, each.column_shares) == ways)
        yield from (parameters_of(shape, layout, elements) for shape in islice(alike, _LIKELY))


class ParametricRoute(ArrayRoute):
    """Direct convolution by programs for many shapes; asked for plans to share, or by its name."""

    name = "direct"
    style = "parametric"

    def __init__(self, layouts: Sequence[L1Layout] = LAYOUTS) -> None:
        self._layouts = layouts

    def scheme(self, problem: ConvProblem, device: Device) -> ParametricScheme:
        """See :class:`ArrayRoute`."""
        epilogue.check(problem.epilogue, problem.accumulator, problem.arithmetic)
        view = make_view(problem, matrix_dtype(problem), K_BLOCK, None)
        view = replace(view, unit=matrix_unit(problem, device.arch))
        if view.groups > 1:
            raise Unsupported("direct: programs for many shapes take no groups")
        return ParametricScheme(view, device)

    def space(self, problem: ConvProblem, device: Device) -> Space[ParametricParameters]:
        """See :class:`ArrayRoute`."""
        scheme = self.scheme(problem, device)
        rows = [p for layout in self._layouts for p in likely(scheme.view, device, layout)]
        return Space(scheme, table_of(ParametricParameters, rows))

    def common(self, problem: ConvProblem, device: Device) -> Space[ParametricParameters]:
        """See :class:`ArrayRoute`."""
        return self.space(problem, device)

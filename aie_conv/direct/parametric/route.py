"""The route of programs for many shapes: which mappings are tried in which layouts.

Such plans are asked for where a module's plans are chosen together, or by the style's name.
"""

from collections.abc import Iterator, Sequence
from itertools import islice, product
from math import prod

from aie_conv.arch import Device
from aie_conv.arch.rates import WORD_BYTES, HostRates, present_rates
from aie_conv.codegen import epilogue
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.direct.geometry import useful_windows
from aie_conv.direct.parametric.lanewise import (
    LEAST_CHANNELS,
    LanewiseScheme,
    multiplies_channels,
)
from aie_conv.direct.parametric.lanewise_route import likely as likely_lanewise
from aie_conv.direct.parametric.layout import (
    LAYOUTS,
    L1Layout,
    ParametricParameters,
    bias_elements,
    column_groups,
)
from aie_conv.direct.parametric.program import PROGRAM_PARAMETERS
from aie_conv.direct.parametric.scheme import ParametricScheme
from aie_conv.direct.parametric.shapes import (
    MOST_CHANNELS,
    Shape,
    capacity_of,
    kernel_of,
    parameters_of,
    ranked,
    strips_of,
    taps_of,
)
from aie_conv.direct.view import DirectView, make_view
from aie_conv.errors import Unsupported
from aie_conv.mapping.blocks import chunk_elements
from aie_conv.mapping.loops import matrix_dtype, matrix_unit
from aie_conv.mapping.numbers import ceil_div, each, least, most, where
from aie_conv.mapping.operands import K_BLOCK
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.search import Space
from aie_conv.mapping.sizes import divisors
from aie_conv.mapping.table import table_of
from aie_conv.problem import DTYPE_BYTES, ConvProblem

_LIKELY = 6
"""Of the mappings in a layout, so many that a rough estimate puts first are looked at closely."""


def _shapes(
    view: DirectView, kernel: ParametricKernel, layout: dict[str, int], device: Device
) -> Iterator[Shape]:
    """Everything that may fit a layout."""
    strip, filter_ = layout["input_row_elements"], layout["filter_elements"]
    output, (_, x), (r, s, t) = layout["output_elements"], kernel.group, kernel.rst
    quantum, smallest = x * t, kernel.least_blocks * t
    channels = [
        n
        for n in divisors(view.n)
        if n % quantum == 0
        and smallest <= n <= MOST_CHANNELS
        and output % (r * n) == 0
        # Those alone whose operands have room.
        and bias_elements(view, n) <= layout["bias_elements"]
    ]
    # Where none divides all and fills an object, the last N tile overlaps the one before it.
    channels = channels or [n for n in (smallest, 2 * smallest) if n % quantum == 0 and n < view.n]
    depths = [k for k in divisors(view.channels) if k % s == 0 and strip % k == 0]
    for window, k, n in product(useful_windows(view, every=True), depths, channels):
        taps = taps_of(view, window)

        def stored(weights: int) -> int:
            return chunk_elements(view.unit, view.dtype, weights)

        parts = (n // i for i in divisors(n // quantum))
        share = next((part for part in parts if stored(part * taps * k) <= filter_), 0)
        if output % (r * n) or share < smallest:
            continue
        chunks, room = view.k // taps // k, filter_ // stored(share * taps * k)
        span = -(-chunks // -(-chunks // min(room, chunks))) if share == n else 1
        for groups, shares in column_groups(device):
            shared = _time_shared(view, device, n, shares)
            if not shared:
                continue
            capacity = capacity_of(layout, kernel, n, k, shared)
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


def _time_shared(view: DirectView, device: Device, n: int, shares: int) -> tuple[int, ...]:
    """Groups of rows that may share time with ``n`` channels in an N tile.

    Empty where the shares of the columns get no equal number of N tiles.
    """
    rows, ragged = device.arch.core_rows, view.n % n > 0
    n_tiles, over = divmod(-(-view.n // n), shares)
    if over or (shares > 1 and ragged):
        return ()
    alone = n_tiles >= rows or rows % n_tiles or ragged or view.residual is not None
    return (1,) if alone else (1, rows // n_tiles)


def _rough(
    view: DirectView,
    shape: Shape,
    kernel: ParametricKernel,
    layout: L1Layout,
    device: Device,
    host: HostRates,
) -> float:
    """About how long a mapping takes, by its bytes and by the products of its cores; numbers or columns."""
    arch, size = device.arch, DTYPE_BYTES[view.dtype]
    (y, x), (strips, s, t) = kernel.group, kernel.rst
    out = DTYPE_BYTES[view.problem.out.dtype]
    outer = prod(loop.size for loop in view.outer)
    high = least(strips * shape.height * shape.time_shared, view.rows.size)
    tiles = outer * ceil_div(view.rows.size, high) * ceil_div(view.columns.size, shape.width)
    shares = shape.column_shares
    rounds = most(1, ceil_div(view.n, shape.tile_n * arch.core_rows * shares))
    columns = device.columns // shares
    steps = rounds * ceil_div(tiles, columns)
    taps = each(lambda window: taps_of(view, window), shape.window)
    chunks = view.k // taps // shape.tile_k
    all_channels = shape.tile_k == view.channels
    run = shape.tile_k * size * where(all_channels, shape.input_width, 1)
    pitch = where(all_channels, view.rows.lhs, view.columns.lhs or view.rows.lhs) * size
    input_ = shares * rounds * tiles * chunks * shape.time_shared * layout.input
    objects = shape.tile_n // shape.object_channels
    rows = arch.core_rows * shape.filter_groups
    filters = steps * rows * ceil_div(chunks, shape.object_k_chunks) * objects * layout.filter
    outputs = shape.height * shape.width
    results = shares * rounds * tiles * arch.core_rows * strips * outputs * shape.tile_n * out
    moved = input_ * each(host.factor, run, most(run, pitch)) + filters
    moved = moved + results * each(
        host.factor, shape.tile_n * out, most(shape.tile_n, view.columns.out or view.rows.out) * out
    )
    memory = most((input_ + filters) / host.read, results / host.write, moved / host.total)
    memory = most(memory, filters / (least(rows, device.columns) * WORD_BYTES))
    groups = ceil_div(outputs, y), shape.object_channels // (x * t)
    products = objects * each(kernel.cycles_of, taps * shape.tile_k // s, *groups)
    turns = (products + layout.input // WORD_BYTES) * shape.time_shared // 2
    cores = steps * chunks * where(shape.time_shared > 1, turns, products)
    return most(memory, cores) + least(memory, cores) / 8


def likely(view: DirectView, device: Device, layout: L1Layout) -> Iterator[ParametricParameters]:
    """The mappings in a layout that are worth a closer look."""
    elements, kernel = layout.elements(view, device), kernel_of(device, view, layout)
    _, host = present_rates(device.arch)
    shapes = ranked(
        _shapes(view, kernel, elements, device),
        lambda shape: _rough(view, shape, kernel, layout, device, host),
    )
    # With other streams of filters it is another program; in it some share out pixels, others N tiles.
    for ways in column_groups(device):
        alike = (one for one in shapes if (one.filter_groups, one.column_shares) == ways)
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
        dtype, unit = matrix_dtype(problem), matrix_unit(problem, device.arch)
        view = make_view(problem, dtype, K_BLOCK, LEAST_CHANNELS)
        if view.depthwise and multiplies_channels(device, unit):
            return LanewiseScheme(view, device)
        view = make_view(problem, dtype, K_BLOCK, None, unit)
        if view.groups > 1:
            raise Unsupported("direct: programs for many shapes take no groups")
        return ParametricScheme(view, device)

    def space(self, problem: ConvProblem, device: Device) -> Space[ParametricParameters]:
        """See :class:`ArrayRoute`."""
        scheme = self.scheme(problem, device)
        if isinstance(scheme, LanewiseScheme):
            rows = [p for layout in self._layouts for p in likely_lanewise(scheme, layout)]
        else:
            rows = [p for layout in self._layouts for p in likely(scheme.view, device, layout)]
        table = table_of(ParametricParameters, rows)
        return Space(scheme, table, program=PROGRAM_PARAMETERS)

    def common(self, problem: ConvProblem, device: Device) -> Space[ParametricParameters]:
        """See :class:`ArrayRoute`."""
        return self.space(problem, device)

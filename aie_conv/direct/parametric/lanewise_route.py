"""The route of lane-wise operations in programs for many shapes: which mappings are tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import prod

from aie_conv.arch import Device
from aie_conv.arch.machine import Machine, current
from aie_conv.arch.rates import WORD_BYTES, HostRates, present_rates
from aie_conv.codegen import epilogue
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.direct.geometry import useful_windows
from aie_conv.direct.parametric.lanewise import (
    LanewiseProblem,
    LanewiseScheme,
    as_convolution,
    lanewise_view,
)
from aie_conv.direct.parametric.layout import (
    LAYOUTS,
    L1Layout,
    ParametricParameters,
    column_groups,
    pixel_turns,
)
from aie_conv.direct.parametric.program import PROGRAM_PARAMETERS, Instead
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
from aie_conv.errors import ConfigRefused, Unsupported
from aie_conv.mapping.loops import matrix_unit
from aie_conv.mapping.numbers import ceil_div, each, most, where
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.search import Space
from aie_conv.mapping.table import table_of
from aie_conv.problem import DTYPE_BYTES, ConvProblem, OperationProblem

_LIKELY = 12
"""Of the mappings in a layout, so many that a rough estimate puts first are looked at closely."""


class LanewiseRoute(ArrayRoute):
    """Operations beside convolutions, in programs for many shapes."""

    name = "direct"
    style = "parametric"
    takes = LanewiseProblem

    def __init__(self, layouts: Sequence[L1Layout] = LAYOUTS) -> None:
        self._layouts = layouts

    def scheme(self, problem: ConvProblem, device: Device) -> LanewiseScheme:
        """See :class:`ArrayRoute`."""
        if not isinstance(problem, LanewiseProblem):
            raise Unsupported("lane-wise: a product")
        epilogue.check(problem.epilogue, problem.accumulator)
        view = replace(lanewise_view(problem), unit=matrix_unit(problem, device.arch))
        scheme = LanewiseScheme(view, device)
        _, s, t = scheme.rst
        if s % t:
            raise Unsupported(f"lane-wise: {device.arch.name} has no blocks of {problem.lhs.dtype}")
        return scheme

    def space(self, problem: ConvProblem, device: Device) -> Space[ParametricParameters]:
        """See :class:`ArrayRoute`."""
        scheme = self.scheme(problem, device)
        rows = [p for layout in self._layouts for p in likely(scheme, layout)]
        if not rows:
            raise ConfigRefused("tile", f"tile: no tiling of {problem.describe()}")
        table = table_of(ParametricParameters, rows)
        return Space(scheme, table, program=PROGRAM_PARAMETERS)

    def common(self, problem: ConvProblem, device: Device) -> Space[ParametricParameters]:
        """See :class:`ArrayRoute`."""
        return self.space(problem, device)

    def shareable(self, problem: ConvProblem, device: str) -> list[ArrayPlan]:
        """See :class:`ArrayRoute`; kept, since an operation is asked alone and then beside products."""
        return list(_shareable(tuple(self._layouts), problem, device, current()))


@lru_cache(maxsize=512)
def _shareable(
    layouts: tuple[L1Layout, ...], problem: ConvProblem, device: str, machine: Machine
) -> tuple[ArrayPlan, ...]:
    del machine
    return tuple(ArrayRoute.shareable(LanewiseRoute(layouts), problem, device))


class LanewiseOperations:
    """The same of operations as they are recognised."""

    def propose(
        self,
        problem: OperationProblem,
        device: str,
        parameters: Mapping[str, int] | None = None,
        constants: frozenset[str] | None = None,
    ) -> ArrayPlan:
        """The best plan of an operation, or the one that ``parameters`` of an earlier plan describe.

        Args:
            problem, constants: as of :func:`as_convolution`.
            device: the user's name of it.
            parameters: of a plan.

        Raises:
            Unsupported: it is none that these programs compute; the message says why.
            ConfigRefused: no tiling of it fits, or the one described does not.
        """
        return LanewiseRoute().propose(as_convolution(problem, constants), device, parameters)

    def shareable(
        self, problem: OperationProblem, device: str, constants: frozenset[str] | None = None
    ) -> list[ArrayPlan]:
        """Plans of an operation, one a configuration, in programs that convolutions may have too.

        Args:
            problem, constants: as of :func:`as_convolution`.
            device: the user's name of it.

        Raises:
            Unsupported: it is none that these programs compute.
            ConfigRefused: no tiling of it fits.
        """
        return LanewiseRoute().shareable(as_convolution(problem, constants), device)


def likely(scheme: LanewiseScheme, layout: L1Layout) -> Iterator[ParametricParameters]:
    """The mappings in a layout that are worth a closer look."""
    view, device = scheme.view, scheme.device
    elements, kernel = layout.elements(view, device), kernel_of(device, view, layout)
    _, host = present_rates(device.arch)
    shapes = _shapes(scheme, kernel, elements)
    kind = scheme.instead(kernel)
    for shape in ranked(shapes, lambda one: _rough(scheme, kind, one, layout, host))[:_LIKELY]:
        # For each program that the convolutions around it may have: columns share out pixels, or N tiles.
        for groups, shares in column_groups(device):
            ways = replace(shape, filter_groups=groups, column_shares=shares)
            yield parameters_of(ways, layout, elements)


def _shapes(
    scheme: LanewiseScheme, kernel: ParametricKernel, layout: Mapping[str, int]
) -> Iterator[Shape]:
    """Everything that may fit a layout."""
    view, rows, kind = scheme.view, scheme.device.arch.core_rows, scheme.instead(kernel)
    strip, output, r = layout["input_row_elements"], layout["output_elements"], kernel.rst[0]
    for n, k, turns in _channels(scheme, kernel):
        if output % (r * n) or strip % k:
            continue
        alone = turns > 1 or view.residual is not None
        # Fewer N tiles than rows of cores leave rows for other pixels.
        shared = (1,) if alone else (1, max(1, rows * n // view.n))
        capacity = capacity_of(layout, kernel, n, k, shared)
        for window in useful_windows(view, every=True):
            taps = taps_of(view, window)
            many = len(kind.fill_steps([0] * taps)) > kernel.most_steps
            if many or scheme.filter_elements(taps, n) > layout["filter_elements"]:
                continue
            for height, width, wide, count, interleaved in strips_of(view, r, window, capacity):
                count = max(count, turns)
                yield Shape(n, k, height, width, window, wide, n, 1, count, interleaved)


def _channels(scheme: LanewiseScheme, kernel: ParametricKernel) -> Iterator[tuple[int, int, int]]:
    """(channels of a core, of an object of the input, rows of cores that take turns with their channels)."""
    view, rows, (_, s, t) = scheme.view, scheme.device.arch.core_rows, kernel.rst
    quantum, least = max(s, kernel.group[1] * t), kernel.least_blocks * t
    for n in range(least, min(view.n, MOST_CHANNELS) + 1):
        if n % quantum == 0 and n < view.n and view.residual is None:
            yield n, n, rows
        n_tiles = view.n // n
        if n % quantum == 0 and view.n % n == 0 and (n_tiles % rows == 0 or rows % n_tiles == 0):
            yield n, n * min(rows, n_tiles), 1


def _rough(
    scheme: LanewiseScheme, kind: Instead, shape: Shape, layout: L1Layout, host: HostRates
) -> float:
    """About how long a mapping takes: by its bytes, and by the lanes of its cores; numbers or columns."""
    view, arch = scheme.view, scheme.device.arch
    strips = scheme.rst[0]
    out = DTYPE_BYTES[view.problem.out.dtype]
    high = strips * shape.height * pixel_turns(view, shape)
    tiles = prod(loop.size for loop in view.outer)
    tiles = tiles * ceil_div(view.rows.size, high) * ceil_div(view.columns.size, shape.width)
    rounds = most(1, ceil_div(view.n, shape.tile_n * arch.core_rows))
    taps = each(lambda window: taps_of(view, window), shape.window)
    chunks = view.rows.taps * view.columns.taps // taps
    steps = rounds * ceil_div(tiles, scheme.device.columns)
    input_ = rounds * tiles * chunks * shape.time_shared * layout.input
    filters = steps * arch.core_rows * chunks * layout.filter
    results = rounds * tiles * high * shape.width * shape.tile_n * out
    memory = most((input_ + filters) / host.read, results / host.write)
    # Two that take turns work at once.
    turns = where(shape.time_shared > 1, shape.time_shared / 2, 1)
    channels = shape.tile_n // scheme.rst[2]
    combined = each(kind.cycles_of, taps, shape.height * shape.width, channels)
    lanes = steps * chunks * combined * turns
    stream = steps * chunks * shape.time_shared * layout.input / WORD_BYTES
    return most(memory, lanes, stream)

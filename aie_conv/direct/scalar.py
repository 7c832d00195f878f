"""The direct route in scalar code: every type, stride, dilation and grouping, one value at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

from aie_conv.arch import Device
from aie_conv.codegen.scalar import SCALAR_TYPES
from aie_conv.codegen.scalar_epilogue import check_scalar
from aie_conv.direct import scalar_depthwise
from aie_conv.direct.addresses import NTiles, TileAddresses, dense_n_tiles
from aie_conv.direct.geometry import (
    DirectParameters,
    Geometry,
    count_tiles,
    make_geometry,
    make_shape,
    outer_count,
    useful_windows,
)
from aie_conv.direct.scalar_depthwise import ScalarDepthwiseScheme
from aie_conv.direct.scalar_functions import (
    MAX_CHANNELS,
    ScalarFunctions,
    channel_quantum,
    few,
    size_limits,
    tile_shapes,
    whole_taps,
)
from aie_conv.direct.view import DirectView, make_view
from aie_conv.direct.work import make_work
from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.build import has_own_inputs, make_grid, make_sizes
from aie_conv.mapping.check import Limit, device_limits, limit, residual_limits, tail_limits
from aie_conv.mapping.cost import Cost, price
from aie_conv.mapping.mapping import Mapping, Sizes
from aie_conv.mapping.numbers import ceil_div, where
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.search import Space
from aie_conv.mapping.sizes import BUFFERINGS, divisors, fits_roughly
from aie_conv.mapping.table import make_table, pairs, product_columns, take
from aie_conv.problem import DTYPE_BYTES, ConvProblem


@dataclass(frozen=True)
class ScalarScheme:
    """Groups of channels: each core sums all channels of a group.

    See :class:`aie_conv.mapping.search.Scheme`.
    """

    view: DirectView
    device: Device

    @property
    def kind(self) -> type[DirectParameters]:
        """The class of the parameters."""
        return DirectParameters

    @property
    def _functions(self) -> ScalarFunctions:
        return ScalarFunctions(self.view, self.device)

    def _geometry(self, p: DirectParameters) -> Geometry:
        unicast = has_own_inputs(self.device, self.view.groups, ceil_div(self.view.n, p.tile_n))
        return make_geometry(self.view, self.device, p, 1, unicast=unicast)

    def k_elements(self, p: DirectParameters, g: Geometry) -> int:
        """Elements of one output channel's filter in one object of the input, padding included."""
        taps, each_tap = g.taps[0] * g.taps[1], p.tile_n * p.tile_k
        return whole_taps(self.view, self.device, taps, each_tap) * p.tile_k

    def sizes(self, p: DirectParameters) -> Sizes:
        """All numbers."""
        view, g = self.view, self._geometry(p)
        shape = make_shape(view, p, g, self.k_elements(p, g), view.channels // p.tile_k)
        n_tiles = ceil_div(view.n, p.tile_n)
        unicast = has_own_inputs(self.device, view.groups, n_tiles)
        grid = make_grid(self.device, view.groups, n_tiles, count_tiles(view, g), unicast)
        return make_sizes(self.device, view, p, shape, grid)

    def limits(self, p: DirectParameters, s: Sizes) -> Iterator[Limit]:
        """Of the tile, and of the device."""
        view, unit = self.view, channel_quantum(self.view.problem, self.view.dtype)
        yield from size_limits(view, p, s)
        divides = (view.n % p.tile_n == 0) & (p.tile_n % unit == 0)
        yield limit("channels", divides, lambda: f"N tiles of {p.tile_n}")
        divides = (view.channels % p.tile_k == 0) & (p.tile_k % unit == 0)
        yield limit("K chunk", (p.tile_k > 0) & divides, lambda: f"{p.tile_k}")
        yield from tail_limits(s)
        yield from residual_limits(view, s, 1)
        yield from device_limits(self.device, view, p, s, stageable=p.k_chunks == 1)

    def stages(self, p: DirectParameters, s: Sizes) -> list[int]:
        """One step of K in an object of the mem tile."""
        del p, s
        return [1]

    def price(self, p: DirectParameters, s: Sizes) -> Cost:
        """What it costs."""
        g, channels = self._geometry(p), (p.tile_k, self.view.channels // p.tile_k)
        cycles = self._functions.tile_cycles(p, s, g)
        work = make_work(
            self.view, s, g, cycles, p.window, channels, self._n_tiles, self._addresses,
            p.tile_n, p.tile_k, p.height, p.width, p.window,
        )  # fmt: skip
        return price(self.device, self.view, s, work)

    def _addresses(
        self, parts: int, residual: tuple[int, int], n: int, k: int, height: int, width: int, window: int
    ) -> TileAddresses:  # fmt: skip
        view = self.view
        p = DirectParameters(
            tile_n=n, tile_k=k, resident=False, filter_buffers=2, height=height, width=width, window=window
        )  # fmt: skip
        g, n_tiles = self._geometry(p), self._n_tiles(n)
        pack = partial(self._pack, self.k_elements(p, g))
        channels = k, view.channels // k
        return TileAddresses(view, g, n_tiles, window, channels, parts, residual, pack)

    def _n_tiles(self, n: int, bands: int = 1) -> NTiles:
        del bands
        return dense_n_tiles(self.view, n)

    def _pack(self, k_elements: int, a: TileAddresses, dest: str) -> tuple[HostCopy, ...]:
        """From [groups][n][taps][channels] to [N tiles][chunks][n][taps, padded][k]."""
        view, n, (k, parts) = self.view, a.n_tiles.n, a.channels
        outer, taps = outer_count(view, a.window), prod(a.geometry.taps)
        split = (a.n_tiles.count, n, outer, taps, parts, k)
        shape = (a.n_tiles.count, outer, parts, n, k_elements // k, k)
        zeros, order, dtype = (0,) * 6, (0, 2, 4, 1, 3, 5), view.dtype
        return (
            HostCopy(view.filter, split, dtype, zeros, split, order, dest, shape, dtype, zeros),
        )

    def build(self, p: DirectParameters, s: Sizes, cost: Cost) -> Mapping:
        """The mapping."""
        residual = s.residual.channels, s.residual.objects
        addresses = self._addresses(
            s.memtile.input_parts, residual, p.tile_n, p.tile_k, p.height, p.width, p.window
        )
        return self._functions.build(p, s, addresses.geometry, addresses, cost)


def candidates(scheme: ScalarScheme) -> DirectParameters:
    """A table of mappings worth checking."""
    view, device = scheme.view, scheme.device
    unit = channel_quantum(view.problem, view.dtype)
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    channels = [d for d in divisors(view.n) if d % unit == 0 and d <= MAX_CHANNELS]
    depths = [d for d in divisors(view.channels) if d % unit == 0 and d <= 512]
    tiles = pairs(
        (
            (window, n, height, width)
            for window in useful_windows(view)
            for n in few(channels, 6)
            for height, width in tile_shapes(view, device, view.rows.size, n)
        ),
        4,
    )
    window, n, height, width, k, resident, depth = product_columns(
        tiles, few(depths, 4), BUFFERINGS
    )
    table = make_table(
        DirectParameters,
        {
            "tile_n": n, "tile_k": k, "resident": resident != 0, "filter_buffers": depth,
            "height": height, "width": width, "window": window,
        },
    )  # fmt: skip
    g = make_geometry(view, device, table, 1)
    results = g.pixels * n
    filters = n * where(table.resident, view.k, scheme.k_elements(table, g)) * size
    a = g.rows * g.columns * k * size
    fits = fits_roughly(device.arch, a, depth * filters, results * out, results * 4)
    return take(table, fits)


def operand_dtype(problem: ConvProblem) -> str:
    """The type of the operands on the array.

    Raises:
        Unsupported: no scalar code multiplies the problem's types.
    """
    types = (problem.lhs.dtype, problem.rhs.dtype, problem.accumulator)
    if types not in SCALAR_TYPES:
        raise Unsupported(f"{types[0]} x {types[1]} -> {types[2]} has no scalar code")
    return types[0] if problem.arithmetic == "native" else "bf16"


class ScalarRoute(ArrayRoute):
    """Direct convolution by scalar loops."""

    name = "direct"
    style = "scalar"

    def scheme(self, problem: ConvProblem, device: Device) -> ScalarScheme | ScalarDepthwiseScheme:
        """See :class:`ArrayRoute`."""
        dtype = operand_dtype(problem)
        check_scalar(problem.epilogue, problem.accumulator)
        unit = channel_quantum(problem, dtype)
        view = make_view(problem, dtype, unit, lanes=unit)
        return ScalarDepthwiseScheme(view, device) if view.depthwise else ScalarScheme(view, device)

    def space(self, problem: ConvProblem, device: Device) -> Space[Any]:
        """See :class:`ArrayRoute`."""
        scheme = self.scheme(problem, device)
        if isinstance(scheme, ScalarDepthwiseScheme):
            return Space(scheme, scalar_depthwise.candidates(scheme))
        return Space(scheme, candidates(scheme))

"""The direct route on the matrix unit: every tap of the window is a matrix product in the core."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from aie_conv.arch import Device
from aie_conv.codegen import epilogue
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.window import Window, WindowKernel
from aie_conv.direct import depthwise
from aie_conv.direct.addresses import NTiles, TileAddresses, dense_n_tiles
from aie_conv.direct.depthwise import DepthwiseScheme
from aie_conv.direct.geometry import (
    DirectParameters,
    Geometry,
    count_tiles,
    held_window,
    make_geometry,
    make_shape,
    outer_count,
    useful_windows,
    window_limit,
)
from aie_conv.direct.spans import spans
from aie_conv.direct.view import DirectView, make_view
from aie_conv.direct.work import make_work
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.blocks import convert_chunks, last_of_block
from aie_conv.mapping.build import has_own_inputs, make_grid, make_sizes, present
from aie_conv.mapping.check import (
    Limit,
    device_limits,
    limit,
    residual_block,
    residual_limits,
    tail_limits,
)
from aie_conv.mapping.core import LoopProgram
from aie_conv.mapping.cost import Cost, price, tile_cycles
from aie_conv.mapping.epilogue import epilogue_cycles, make_epilogue
from aie_conv.mapping.loops import matrix_dtype, matrix_unit
from aie_conv.mapping.mapping import Mapping, Sizes
from aie_conv.mapping.numbers import ceil_div, each, where
from aie_conv.mapping.operands import K_BLOCK
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.search import Space
from aie_conv.mapping.sizes import BUFFERINGS, divisors, first_buffering, fits_roughly
from aie_conv.mapping.table import make_table, pairs, product_columns, take
from aie_conv.problem import DTYPE_BYTES, ConvProblem

_MAX_CHANNELS = 256
_MAX_PIXELS = 1024


@dataclass(frozen=True)
class WindowScheme:
    """Dense groups: the window's taps are matrix products over blocks of channels.

    See :class:`aie_conv.mapping.search.Scheme`.
    """

    view: DirectView
    device: Device

    @property
    def kind(self) -> type[DirectParameters]:
        """The class of the parameters."""
        return DirectParameters

    @cached_property
    def rst(self) -> tuple[int, int, int]:
        """The matrix instruction's shape; a tile has a strip for each of its rows."""
        return self.device.arch.matmul[self.view.unit]

    def _geometry(self, p: DirectParameters) -> Geometry:
        n_tiles = ceil_div(self.view.n, p.tile_n)
        unicast = has_own_inputs(self.device, self.view.groups, n_tiles)
        return make_geometry(self.view, self.device, p, self.rst[0], unicast=unicast)

    def sizes(self, p: DirectParameters) -> Sizes:
        """All numbers."""
        view, g = self.view, self._geometry(p)
        k_elements = g.taps[0] * g.taps[1] * p.tile_k
        shape = make_shape(view, p, g, k_elements, view.channels // p.tile_k, self.rst)
        n_tiles = ceil_div(view.n, p.tile_n)
        unicast = has_own_inputs(self.device, view.groups, n_tiles)
        grid = make_grid(self.device, view.groups, n_tiles, count_tiles(view, g), unicast)
        # The rounds over a group's output channels read the same input.
        rounds = where(unicast, 1, grid.rounds // view.groups)
        return make_sizes(self.device, view, p, shape, grid, rounds)

    def limits(self, p: DirectParameters, s: Sizes) -> Iterator[Limit]:
        """Of tile and chunk, and of the device."""
        view, (_, s_block, t) = self.view, self.rst
        yield window_limit(view, p)
        yield limit("tile", p.width <= view.columns.size, lambda: f"{p.width} columns")
        yield limit("channels", p.tile_n % t == 0, lambda: f"N tiles of {p.tile_n}")
        divides = (view.channels % p.tile_k == 0) & (p.tile_k % s_block == 0)
        yield limit("K chunk", divides, lambda: f"{p.tile_k}")
        yield limit("channels", view.n % p.tile_n == 0, lambda: f"N tiles of {p.tile_n}")
        yield from tail_limits(s)
        yield from residual_limits(view, s, residual_block(view, self.rst))
        yield from device_limits(self.device, view, p, s, stageable=p.k_chunks == 1)

    def stages(self, p: DirectParameters, s: Sizes) -> list[int]:
        """One step of K in an object of the mem tile."""
        del p, s
        return [1]

    def price(self, p: DirectParameters, s: Sizes) -> Cost:
        """What it costs."""
        window, several = held_window(self.view, p.window), s.tile.k_steps > 1
        product = each(
            self._product, p.height, p.width, p.tile_n, p.tile_k, several,
            *window.taps, *window.step, *window.dilation,
        )  # fmt: skip
        finish = epilogue_cycles(self._epilogue, p.tile_n, s.residual.channels, p.height, p.width)
        cycles = tile_cycles(self.device, self.view, s, product, finish)
        channels = p.tile_k, self.view.channels // p.tile_k
        work = make_work(
            self.view, s, self._geometry(p), cycles, p.window, channels, self._n_tiles, self._addresses,
            p.tile_n, p.tile_k, p.height, p.width, p.window,
        )  # fmt: skip
        return price(self.device, self.view, s, work)

    def _product(
        self, height: int, width: int, n: int, k: int, several: bool, *window_numbers: int
    ) -> tuple[int, int]:
        ky, kx, sy, sx, dy, dx = window_numbers
        window = Window(0, 0, (ky, kx), (sy, sx), (dy, dx))
        arch, unit = self.device.arch, self.view.unit
        kernel = WindowKernel(arch, unit, height, width, n, k, window, 0, 0)
        return kernel.cycles(fresh=True), kernel.cycles() if several else 0

    def _epilogue(
        self, n: int, channels: int, height: int, width: int, lie: Any = None, sizes: Any = None
    ) -> EpilogueKernel:
        row, column = lie or (0, 0)
        blocks = ResidualBlocks(height, width, row, column, 1)
        tile = (self.rst[0] * height * width, n, channels)
        return make_epilogue(self.device, self.view, self.rst, tile, blocks, sizes)

    def _addresses(
        self, parts: int, residual: tuple[int, int], n: int, k: int, height: int, width: int, window: int
    ) -> TileAddresses:  # fmt: skip
        view = self.view
        p = DirectParameters(
            tile_n=n, tile_k=k, resident=False, filter_buffers=2, height=height, width=width, window=window
        )  # fmt: skip
        n_tiles = self._n_tiles(n)
        channels = k, view.channels // k
        g = self._geometry(p)
        return TileAddresses(view, g, n_tiles, window, channels, parts, residual, self._pack)

    def _n_tiles(self, n: int, bands: int = 1) -> NTiles:
        del bands
        return dense_n_tiles(self.view, n)

    def _pack(self, a: TileAddresses, dest: str) -> tuple[HostCopy, ...]:
        """From [groups][n][taps][channels] to blocks of s x t weights, or of t x s in chunks of bfp16."""
        view, n, (k, parts) = self.view, a.n_tiles.n, a.channels
        _, s, t = self.rst
        outer, taps = outer_count(view, a.window), prod(a.geometry.taps)
        split = (a.n_tiles.count, n // t, t, outer, taps, parts, k // s, s)
        order = (0, 3, 5, 1, 6, 4, *last_of_block(view.unit, 7, 2))
        blocks = tuple(split[i] for i in order)
        zeros, dtype = (0,) * 8, view.dtype
        made = HostCopy(view.filter, split, dtype, zeros, split, order, dest, blocks, dtype, zeros)
        return convert_chunks(view.unit, made, n * taps * k)

    def build(self, p: DirectParameters, s: Sizes, cost: Cost) -> Mapping:
        """The mapping."""
        view, arch, g = self.view, self.device.arch, self._geometry(p)
        kernel = WindowKernel(
            arch, view.unit, p.height, p.width, p.tile_n, p.tile_k, g.window, s.l1.input, s.l1.filter
        )  # fmt: skip
        residual = s.residual.channels, s.residual.objects
        addresses = self._addresses(
            s.memtile.input_parts, residual, p.tile_n, p.tile_k, p.height, p.width, p.window
        )
        depth = p.tile_k // self.rst[1]
        lie = g.columns * depth, depth
        finish = self._epilogue(p.tile_n, s.residual.channels, p.height, p.width, lie, s)
        return Mapping(
            self.device, view, p, present(s), kernel, finish, LoopProgram(), addresses, cost
        )


def candidates(scheme: WindowScheme) -> DirectParameters:
    """A table of mappings worth checking."""
    view, arch = scheme.view, scheme.device.arch
    r, s, t = scheme.rst
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    channels = [d for d in divisors(view.n) if d % max(s, t) == 0 and d <= _MAX_CHANNELS]
    depths = [d for d in divisors(view.channels) if d % s == 0 and d <= 512]
    shapes = pairs(
        (height, width)
        for height in spans(view.rows.size, r, 4)
        for width in spans(view.columns.size)
        if r * height * width <= _MAX_PIXELS
    )
    windows = useful_windows(view)
    window, k, height, width, n, resident, depth = product_columns(
        windows, depths, shapes, channels, BUFFERINGS
    )
    table = make_table(
        DirectParameters,
        {
            "tile_n": n, "tile_k": k, "resident": resident != 0, "filter_buffers": depth,
            "height": height, "width": width, "window": window,
        },
    )  # fmt: skip
    g = make_geometry(view, scheme.device, table, r)
    pixels = g.pixels * n
    filters = n * where(table.resident, view.k, g.taps[0] * g.taps[1] * k) * size
    a = g.rows * g.columns * (r * k * size)
    fits = fits_roughly(arch, a, depth * filters, pixels * out, pixels * 4)
    return take(table, first_buffering(fits, table.resident, depth, len(BUFFERINGS)))


class VectorRoute(ArrayRoute):
    """Direct convolution by matrix and element-wise instructions."""

    name = "direct"
    style = "vector"

    def scheme(self, problem: ConvProblem, device: Device) -> WindowScheme | DepthwiseScheme:
        """See :class:`ArrayRoute`."""
        epilogue.check(problem.epilogue, problem.accumulator, problem.arithmetic)
        dtype = matrix_dtype(problem)
        lanes, _ = device.arch.elementwise.get(dtype, (None, 0))
        view = make_view(problem, dtype, K_BLOCK, lanes, matrix_unit(problem, device.arch))
        if view.depthwise:
            return DepthwiseScheme(replace(view, unit=dtype), device)
        return WindowScheme(view, device)

    def space(self, problem: ConvProblem, device: Device) -> Space[Any]:
        """See :class:`ArrayRoute`."""
        scheme = self.scheme(problem, device)
        if isinstance(scheme, DepthwiseScheme):
            return Space(scheme, depthwise.candidates(scheme))
        return Space(scheme, candidates(scheme))

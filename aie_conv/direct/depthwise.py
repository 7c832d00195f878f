"""Depthwise convolutions: channels in the lanes of element-wise instructions, blocks of them over cores."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from math import prod
from typing import Any

from aie_conv.arch import Device
from aie_conv.codegen.depthwise import DepthwiseKernel
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.window import MOST_UNROLLED, Window
from aie_conv.direct.addresses import NTiles, TileAddresses
from aie_conv.direct.geometry import (
    Geometry,
    count_tiles,
    make_geometry,
    make_shape,
    outer_count,
    useful_windows,
    window_limit,
)
from aie_conv.direct.spans import spans
from aie_conv.direct.view import DirectView
from aie_conv.direct.work import make_work
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.build import make_filters, make_grid, make_sizes, present
from aie_conv.mapping.check import Limit, device_limits, limit, residual_limits, tail_limits
from aie_conv.mapping.core import LoopProgram
from aie_conv.mapping.cost import Cost, price, tile_cycles
from aie_conv.mapping.epilogue import epilogue_cycles, make_epilogue
from aie_conv.mapping.mapping import Mapping, Parameters, Sizes
from aie_conv.mapping.numbers import ceil_div, each
from aie_conv.mapping.pack import by_n_tile
from aie_conv.mapping.sizes import BUFFERINGS, fits_roughly
from aie_conv.mapping.table import make_table, pairs, product_columns, take
from aie_conv.problem import DTYPE_BYTES

_MAX_PIXELS = 1024


@dataclass(frozen=True, kw_only=True)
class DepthwiseParameters(Parameters):
    """The parameters of a depthwise mapping.

    Attributes:
        height, width, window: as of :class:`aie_conv.direct.geometry.DirectParameters`.
        bands: bands of output rows; an N tile is a block of channels in a band.
    """

    height: int
    width: int
    window: int
    bands: int


def depthwise_sizes(
    view: DirectView, device: Device, p: DepthwiseParameters, k_elements: int
) -> Sizes:
    """All numbers where rows of cores take blocks of channels, and bands of the output where those are few.

    Args:
        view, device, p: what, where, and the parameters.
        k_elements: of one channel's filter in a step.
    """
    g = depthwise_geometry(view, device, p)
    n_tiles = ceil_div(view.n, p.tile_n) * p.bands
    shape = make_shape(view, p, g, k_elements, 1)
    # Each core has channels or pixels of its own.
    grid = make_grid(device, view.groups, n_tiles, count_tiles(view, g), n_tiles > 1)
    return make_sizes(device, view, p, shape, grid)


def depthwise_geometry(view: DirectView, device: Device, p: DepthwiseParameters) -> Geometry:
    """The pixels of a tile: the core works pixel by pixel."""
    n_tiles = ceil_div(view.n, p.tile_n) * p.bands
    return make_geometry(view, device, p, 1, bands=p.bands, unicast=n_tiles > 1)


def depthwise_n_tiles(view: DirectView, n: int, bands: int) -> NTiles:
    """Blocks of channels in each band; the last one ends at the last channel."""
    blocks = -(-view.n // n)
    count = blocks * bands
    return NTiles(count, n, blocks, view.n - n, count, 0, 1)


def pack_taps(k_elements: int, a: TileAddresses, dest: str) -> tuple[HostCopy, ...]:
    """From [channels][taps] to [N tiles][chunks][taps, padded to k_elements][channels of an N tile]."""
    view, n_tiles = a.view, a.n_tiles
    outer, taps = outer_count(view, a.window), prod(a.geometry.taps)
    shape = n_tiles.count, n_tiles.n
    name, copies = by_n_tile(view, n_tiles.runs, shape, (view.filter, outer * taps, view.dtype))
    split = (*shape, outer, taps)
    padded = (n_tiles.count, outer, k_elements, n_tiles.n)
    zeros, order = (0,) * 4, (0, 2, 3, 1)
    return (
        *copies,
        HostCopy(name, split, view.dtype, zeros, split, order, dest, padded, view.dtype, zeros),
    )


@dataclass(frozen=True)
class DepthwiseScheme:
    """Channels in the lanes of element-wise products; see :class:`aie_conv.mapping.search.Scheme`."""

    view: DirectView
    device: Device

    @property
    def kind(self) -> type[DepthwiseParameters]:
        """The class of the parameters."""
        return DepthwiseParameters

    @cached_property
    def _lanes(self) -> tuple[int, int]:
        """Channels of a block, and taps of an instruction."""
        return self.device.arch.elementwise[self.view.dtype]

    def k_elements(self, p: DepthwiseParameters) -> int:
        """Taps in one object of the input, rounded up to whole instructions."""
        g, many = depthwise_geometry(self.view, self.device, p), self._lanes[1]
        return ceil_div(g.taps[0] * g.taps[1], many) * many

    def sizes(self, p: DepthwiseParameters) -> Sizes:
        """All numbers."""
        return depthwise_sizes(self.view, self.device, p, self.k_elements(p))

    def limits(self, p: DepthwiseParameters, s: Sizes) -> Iterator[Limit]:
        """Of the tile, and of the device."""
        view, lanes = self.view, self._lanes[0]
        yield window_limit(view, p)
        holds = (p.tile_n == lanes) & (p.tile_k == lanes)
        yield limit("channels", holds, lambda: f"blocks of {p.tile_n}, not {lanes}")
        yield limit("tile", p.width <= view.columns.size, lambda: f"{p.width} columns")
        yield limit("tile", p.height > 0, lambda: "no rows")
        holds = (p.bands > 0) & (p.bands <= view.rows.size)
        yield limit("bands", holds, lambda: f"{p.bands}")
        yield from tail_limits(s)
        yield from residual_limits(view, s, lanes)
        yield from device_limits(self.device, view, p, s, stageable=p.k_chunks == 1)

    def stages(self, p: DepthwiseParameters, s: Sizes) -> list[int]:
        """One step of K in an object of the mem tile."""
        del p, s
        return [1]

    def price(self, p: DepthwiseParameters, s: Sizes) -> Cost:
        """What it costs."""
        g, several = depthwise_geometry(self.view, self.device, p), s.tile.k_steps > 1
        product = each(
            self._product, p.height, p.width, several, g.rows, g.columns, *g.taps, *g.step,
            *g.dilation,
        )  # fmt: skip
        finish = epilogue_cycles(self._epilogue, p.tile_n, s.residual.channels, p.height, p.width)
        cycles = tile_cycles(self.device, self.view, s, product, finish)
        work = make_work(
            self.view, s, g, cycles, p.window, (p.tile_n, 1), partial(depthwise_n_tiles, self.view),
            self._addresses, p.tile_n, p.height, p.width, p.window, p.bands,
        )  # fmt: skip
        return price(self.device, self.view, s, work)

    def _product(self, height: int, width: int, several: bool, *numbers: int) -> tuple[int, int]:
        rows, columns, ky, kx, sy, sx, dy, dx = numbers
        window = Window(rows, columns, (ky, kx), (sy, sx), (dy, dx))
        arch, dtype = self.device.arch, self.view.dtype
        kernel = DepthwiseKernel(arch, dtype, height, width, window, 0, 0)
        return kernel.cycles(fresh=True), kernel.cycles() if several else 0

    def _epilogue(
        self, n: int, channels: int, height: int, width: int, row: int = 0, sizes: Any = None
    ) -> EpilogueKernel:
        blocks, lanes = ResidualBlocks(height, width, row, 1, 1), self._lanes[0]
        tile = (height * width, n, channels)
        return make_epilogue(self.device, self.view, (1, lanes, lanes), tile, blocks, sizes)

    def _addresses(
        self, parts: int, residual: tuple[int, int], n: int, height: int, width: int, window: int,
        bands: int,
    ) -> TileAddresses:  # fmt: skip
        view = self.view
        p = DepthwiseParameters(
            tile_n=n, tile_k=n, resident=False, filter_buffers=2, height=height, width=width,
            window=window, bands=bands,
        )  # fmt: skip
        g, n_tiles = (
            depthwise_geometry(view, self.device, p),
            depthwise_n_tiles(view, n, bands),
        )
        pack = partial(pack_taps, self.k_elements(p))
        return TileAddresses(view, g, n_tiles, window, (n, 1), parts, residual, pack)

    def build(self, p: DepthwiseParameters, s: Sizes, cost: Cost) -> Mapping:
        """The mapping."""
        view, g = self.view, depthwise_geometry(self.view, self.device, p)
        kernel = DepthwiseKernel(
            self.device.arch, view.dtype, p.height, p.width, g.window, s.l1.input, s.l1.filter
        )
        residual = s.residual.channels, s.residual.objects
        addresses = self._addresses(
            s.memtile.input_parts, residual, p.tile_n, p.height, p.width, p.window, p.bands
        )
        finish = self._epilogue(p.tile_n, residual[0], p.height, p.width, g.columns, s)
        return Mapping(
            self.device, view, p, present(s), kernel, finish, LoopProgram(), addresses, cost
        )


def candidates(scheme: DepthwiseScheme) -> DepthwiseParameters:
    """A table of mappings worth checking."""
    view, arch = scheme.view, scheme.device.arch
    lanes, _ = arch.elementwise[view.dtype]
    blocks = -(-view.n // lanes)
    bands = [
        b for b in sorted({1, 2, 4} if blocks < arch.core_rows else {1}) if b <= view.rows.size
    ]
    shapes = pairs(
        (
            (cut, window, height, width)
            for cut in bands
            for window in useful_windows(view)
            for height in spans(-(-view.rows.size // cut), 1, 2)
            for width in spans(view.columns.size)
            if height * width <= _MAX_PIXELS
        ),
        4,
    )
    cut, window, height, width, resident, depth = product_columns(shapes, BUFFERINGS)
    table = make_table(
        DepthwiseParameters,
        {
            "tile_n": lanes, "tile_k": lanes, "resident": resident != 0, "filter_buffers": depth,
            "height": height, "width": width, "window": window, "bands": cut,
        },
    )  # fmt: skip
    return take(table, fits(scheme, table, scheme.k_elements(table)))


def fits(scheme: Any, table: DepthwiseParameters, k_elements: int) -> Any:
    """Which rows can fit a core."""
    view, device = scheme.view, scheme.device
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    g = depthwise_geometry(view, device, table)
    shape = make_shape(view, table, g, k_elements, 1)
    _, b = make_filters(view, table, shape, device.arch.vector_load_bytes)
    results = g.pixels * table.tile_n
    filters = table.filter_buffers * b * size
    return (k_elements <= MOST_UNROLLED) & fits_roughly(
        device.arch, shape.input * size, filters, results * out, results * 4
    )

"""Depthwise convolutions in scalar code: each output channel reads its own input channel."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from aie_conv.arch import Device
from aie_conv.direct.addresses import TileAddresses
from aie_conv.direct.depthwise import (
    DepthwiseParameters,
    depthwise_geometry,
    depthwise_n_tiles,
    depthwise_sizes,
    pack_taps,
)
from aie_conv.direct.geometry import make_shape, useful_windows
from aie_conv.direct.scalar_functions import (
    MAX_CHANNELS,
    ScalarFunctions,
    channel_quantum,
    size_limits,
    tile_shapes,
    whole_taps,
)
from aie_conv.direct.view import DirectView
from aie_conv.direct.work import make_work
from aie_conv.mapping.build import make_filters
from aie_conv.mapping.check import Limit, device_limits, limit, residual_limits, tail_limits
from aie_conv.mapping.cost import Cost, price
from aie_conv.mapping.mapping import Mapping, Sizes
from aie_conv.mapping.sizes import BUFFERINGS, fits_roughly
from aie_conv.mapping.table import make_table, pairs, product_columns, take
from aie_conv.problem import DTYPE_BYTES


@dataclass(frozen=True)
class ScalarDepthwiseScheme:
    """Depthwise: each output channel reads its own input channel.

    See :class:`aie_conv.mapping.search.Scheme`.
    """

    view: DirectView
    device: Device

    @property
    def kind(self) -> type[DepthwiseParameters]:
        """The class of the parameters."""
        return DepthwiseParameters

    @property
    def _functions(self) -> ScalarFunctions:
        return ScalarFunctions(self.view, self.device)

    def k_elements(self, p: DepthwiseParameters) -> int:
        """Taps in one object of the input, padding included."""
        g = depthwise_geometry(self.view, self.device, p)
        return whole_taps(self.view, self.device, g.taps[0] * g.taps[1], p.tile_n)

    def sizes(self, p: DepthwiseParameters) -> Sizes:
        """All numbers."""
        return depthwise_sizes(self.view, self.device, p, self.k_elements(p))

    def limits(self, p: DepthwiseParameters, s: Sizes) -> Iterator[Limit]:
        """Of the tile, and of the device."""
        view, unit = self.view, channel_quantum(self.view.problem, self.view.dtype)
        yield from size_limits(view, p, s)
        holds = (p.tile_n == p.tile_k) & (p.tile_n % unit == 0) & (p.tile_n <= view.n)
        yield limit("channels", holds, lambda: f"blocks of {p.tile_n}")
        holds = (p.bands > 0) & (p.bands <= view.rows.size)
        yield limit("bands", holds, lambda: f"{p.bands}")
        yield from tail_limits(s)
        yield from residual_limits(view, s, 1)
        yield from device_limits(self.device, view, p, s, stageable=p.k_chunks == 1)

    def stages(self, p: DepthwiseParameters, s: Sizes) -> list[int]:
        """One step of K in an object of the mem tile."""
        del p, s
        return [1]

    def price(self, p: DepthwiseParameters, s: Sizes) -> Cost:
        """What it costs."""
        g = depthwise_geometry(self.view, self.device, p)
        cycles = self._functions.tile_cycles(p, s, g)
        work = make_work(
            self.view, s, g, cycles, p.window, (p.tile_n, 1), partial(depthwise_n_tiles, self.view),
            self._addresses, p.tile_n, p.height, p.width, p.window, p.bands,
        )  # fmt: skip
        return price(self.device, self.view, s, work)

    def _addresses(
        self, parts: int, residual: tuple[int, int], n: int, height: int, width: int, window: int,
        bands: int,
    ) -> TileAddresses:  # fmt: skip
        view = self.view
        p = DepthwiseParameters(
            tile_n=n, tile_k=n, resident=False, filter_buffers=2, height=height, width=width,
            window=window, bands=bands,
        )  # fmt: skip
        g = depthwise_geometry(view, self.device, p)
        n_tiles, pack = depthwise_n_tiles(view, n, bands), partial(pack_taps, self.k_elements(p))
        return TileAddresses(view, g, n_tiles, window, (n, 1), parts, residual, pack)

    def build(self, p: DepthwiseParameters, s: Sizes, cost: Cost) -> Mapping:
        """The mapping."""
        residual = s.residual.channels, s.residual.objects
        addresses = self._addresses(
            s.memtile.input_parts, residual, p.tile_n, p.height, p.width, p.window, p.bands
        )
        return self._functions.build(p, s, addresses.geometry, addresses, cost)


def candidates(scheme: ScalarDepthwiseScheme) -> DepthwiseParameters:
    """A table of mappings worth checking."""
    view, device = scheme.view, scheme.device
    unit = channel_quantum(view.problem, view.dtype)
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    blocks = {min(view.n, unit * 2**i) for i in range(5)} | {min(view.n, MAX_CHANNELS)}
    tiles = pairs(
        (
            (window, n, bands, height, width)
            for window in useful_windows(view)
            for n in sorted(n for n in blocks if n % unit == 0)
            for bands in (1, 2, 4)
            if bands <= view.rows.size and not (bands > 1 and -(-view.n // n) >= 4)
            for height, width in tile_shapes(view, device, -(-view.rows.size // bands), n)
        ),
        5,
    )
    window, n, bands, height, width, resident, depth = product_columns(tiles, BUFFERINGS)
    table = make_table(
        DepthwiseParameters,
        {
            "tile_n": n, "tile_k": n, "resident": resident != 0, "filter_buffers": depth,
            "height": height, "width": width, "window": window, "bands": bands,
        },
    )  # fmt: skip
    g = depthwise_geometry(view, device, table)
    shape = make_shape(view, table, g, scheme.k_elements(table), 1)
    _, b = make_filters(view, table, shape, device.arch.vector_load_bytes)
    results = g.pixels * n
    fits = fits_roughly(
        device.arch, shape.input * size, depth * b * size, results * out, results * 4
    )
    return take(table, fits)

"""The direct route in scalar code: every type, stride, dilation and grouping, one value at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import gcd, lcm, prod
from typing import Any

from aie_conv.arch import Device
from aie_conv.codegen.epilogue import ResidualBlocks
from aie_conv.codegen.scalar import SCALAR_TYPES, ScalarKernel
from aie_conv.codegen.scalar_epilogue import ScalarEpilogue, check_scalar
from aie_conv.codegen.window import Window
from aie_conv.direct.addresses import NTiles, TileAddresses, dense_n_tiles
from aie_conv.direct.depthwise import (
    DepthwiseParameters,
    depthwise_geometry,
    depthwise_n_tiles,
    depthwise_sizes,
    pack_taps,
)
from aie_conv.direct.geometry import (
    DirectParameters,
    Geometry,
    TilePixels,
    count_tiles,
    make_geometry,
    make_shape,
    outer_count,
    useful_windows,
    window_limit,
)
from aie_conv.direct.spans import spans
from aie_conv.direct.view import DirectView, make_view
from aie_conv.direct.work import make_work
from aie_conv.errors import Unsupported
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.mapping.build import has_own_inputs, make_filters, make_grid, make_sizes, present
from aie_conv.mapping.check import Limit, device_limits, limit, residual_limits, tail_limits
from aie_conv.mapping.core import LoopProgram
from aie_conv.mapping.cost import Cost, price, tile_cycles
from aie_conv.mapping.epilogue import epilogue_cycles, make_epilogue
from aie_conv.mapping.mapping import Mapping, Sizes
from aie_conv.mapping.numbers import ceil_div, each, where
from aie_conv.mapping.numbers import gcd as common_divisor
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.search import Space
from aie_conv.mapping.sizes import BUFFERINGS, divisors, fits_roughly
from aie_conv.mapping.table import make_table, pairs, product_columns, take
from aie_conv.problem import DTYPE_BYTES, ConvProblem

_DMA_BYTES = 4
"""Granularity of the DMA: channels come in groups that fill it."""

_MAX_CHANNELS = 64
_MAX_PIXELS = 1024

_ZEROED = 16
"""Accumulators that are cleared at a time."""


def _whole_taps(view: DirectView, device: Device, taps: int, channels: int) -> int:
    """Taps with the padding that makes a chunk of the filter, ``channels`` a tap, whole vectors."""
    unit = device.arch.vector_load_bytes // DTYPE_BYTES[view.dtype]
    unit = unit // common_divisor(unit, channels)
    return ceil_div(taps, unit) * unit


def _size_limits(view: DirectView, p: TilePixels, s: Sizes) -> Iterator[Limit]:
    """Of the tile."""
    yield window_limit(view, p)
    yield limit("tile", p.width <= view.columns.size, lambda: f"{p.width} columns")
    filled = (p.height > 0) & (p.width > 0) & (p.tile_n > 0)
    yield limit("tile", filled, lambda: "empty")
    values = s.tile.pixels * p.tile_n
    divides = values % _ZEROED == 0
    yield limit("tile", divides, lambda: f"{values} values are no multiple of {_ZEROED}")
    residual = view.residual
    if residual is not None:
        ratio = max(1, DTYPE_BYTES[view.dtype] // DTYPE_BYTES[residual.dtype])
        divides = p.tile_n % ratio == 0
        yield limit("residual object", divides, lambda: f"N tiles of {p.tile_n} share operands")


@dataclass(frozen=True)
class _Functions:
    """The functions of a core: pixel by pixel."""

    view: DirectView
    device: Device

    def kernel(self, g: Geometry, numbers: tuple[int, int, int], a: int, b: int) -> ScalarKernel:
        """The multiply-accumulate of (n, k, k elements); ``a`` and ``b`` are the lengths of its buffers."""
        n, k, k_elements = numbers
        return ScalarKernel(
            dtype=self.view.dtype,
            accumulator=self.view.problem.accumulator,
            height=g.height,
            width=g.width,
            n=n,
            kc=k,
            depthwise=self.view.depthwise,
            window=g.window,
            k_elements=k_elements,
            a_elements=a,
            b_elements=b,
        )

    def epilogue(
        self, n: int, channels: int, height: int, width: int, lie: Any = None, sizes: Any = None
    ) -> ScalarEpilogue:
        """The epilogue; ``lie`` are the elements of a row and of a pixel of the input."""
        row, pixel = lie or (0, 0)
        blocks, tile = (
            ResidualBlocks(height, width, row, pixel, 1),
            (height * width, n, channels),
        )
        kernel = make_epilogue(self.device, self.view, (1, 1, 1), tile, blocks, sizes)
        return ScalarEpilogue(kernel)

    def tile_cycles(self, p: TilePixels, s: Sizes, g: Geometry) -> int:
        """Cycles of a core for one tile."""
        product = each(
            self._product, p.tile_n, p.tile_k, p.height, p.width, s.tile.k_elements,
            s.tile.k_steps > 1, g.rows, g.columns, *g.taps, *g.step, *g.dilation,
        )  # fmt: skip
        finish = epilogue_cycles(self.epilogue, p.tile_n, s.residual.channels, p.height, p.width)
        return tile_cycles(self.device, self.view, s, product, finish)

    def _product(
        self, n: int, k: int, height: int, width: int, k_elements: int, several: bool, *numbers: int
    ) -> tuple[int, int]:
        rows, columns, ky, kx, sy, sx, dy, dx = numbers
        window = Window(rows, columns, (ky, kx), (sy, sx), (dy, dx))
        g = Geometry(
            1, height, width, rows, columns, window.taps, window.step, window.dilation, 0, rows, False
        )  # fmt: skip
        kernel = self.kernel(g, (n, k, k_elements), 0, 0)
        return kernel.cycles(fresh=True), kernel.cycles() if several else 0

    def build(
        self,
        p: DirectParameters | DepthwiseParameters,
        s: Sizes,
        g: Geometry,
        addresses: TileAddresses,
        cost: Cost,
    ) -> Mapping:
        """The mapping."""
        kernel = self.kernel(g, (p.tile_n, p.tile_k, s.tile.k_elements), s.l1.input, s.l1.filter)
        lie = g.columns * p.tile_k, p.tile_k
        finish = self.epilogue(p.tile_n, s.residual.channels, p.height, p.width, lie, s)
        return Mapping(
            self.device, self.view, p, present(s), kernel, finish, LoopProgram(), addresses, cost
        )


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
    def _functions(self) -> _Functions:
        return _Functions(self.view, self.device)

    def _geometry(self, p: DirectParameters) -> Geometry:
        unicast = has_own_inputs(self.device, self.view.groups, ceil_div(self.view.n, p.tile_n))
        return make_geometry(self.view, self.device, p, 1, unicast=unicast)

    def k_elements(self, p: DirectParameters, g: Geometry) -> int:
        """Elements of one output channel's filter in one object of the input, padding included."""
        taps, each_tap = g.taps[0] * g.taps[1], p.tile_n * p.tile_k
        return _whole_taps(self.view, self.device, taps, each_tap) * p.tile_k

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
        view, unit = self.view, _quantum(self.view.problem, self.view.dtype)
        yield from _size_limits(view, p, s)
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
    def _functions(self) -> _Functions:
        return _Functions(self.view, self.device)

    def k_elements(self, p: DepthwiseParameters) -> int:
        """Taps in one object of the input, padding included."""
        g = depthwise_geometry(self.view, self.device, p)
        return _whole_taps(self.view, self.device, g.taps[0] * g.taps[1], p.tile_n)

    def sizes(self, p: DepthwiseParameters) -> Sizes:
        """All numbers."""
        return depthwise_sizes(self.view, self.device, p, self.k_elements(p))

    def limits(self, p: DepthwiseParameters, s: Sizes) -> Iterator[Limit]:
        """Of the tile, and of the device."""
        view, unit = self.view, _quantum(self.view.problem, self.view.dtype)
        yield from _size_limits(view, p, s)
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


def _quantum(problem: ConvProblem, dtype: str) -> int:
    """Channels that fill the DMA's granularity in every operand that has them innermost."""
    types = [dtype, problem.out.dtype]
    types += [input_.operand.dtype for input_ in problem.epilogue.inputs]
    return max(1, _DMA_BYTES // min(DTYPE_BYTES[ty] for ty in types))


def _few(values: list[int], most: int) -> list[int]:
    """At most ``most`` of ascending values, evenly chosen, both ends among them."""
    if len(values) <= most:
        return values
    last = len(values) - 1
    return [values[round(i * last / (most - 1))] for i in range(most)]


def _heights(view: DirectView, rows: int, width: int, n: int, quantum: int) -> list[int]:
    """Heights whose tiles are whole objects and whole clears, for a width and channels."""
    out = DTYPE_BYTES[view.problem.out.dtype]
    values = lcm(quantum // gcd(quantum, out), quantum // gcd(quantum, 4), _ZEROED)
    unit = values // gcd(values, width * n)
    return sorted({height * unit for height in _few(spans(rows, unit, 1), 8)})


def _shapes(view: DirectView, device: Device, rows: int, n: int) -> Iterator[tuple[int, int]]:
    for width in _few(spans(view.columns.size), 8):
        for height in _heights(view, rows, width, n, device.arch.vector_load_bytes):
            if height * width <= _MAX_PIXELS:
                yield height, width


def _dense(scheme: ScalarScheme) -> DirectParameters:
    """A table of mappings worth checking."""
    view, device = scheme.view, scheme.device
    unit = _quantum(view.problem, view.dtype)
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    channels = [d for d in divisors(view.n) if d % unit == 0 and d <= _MAX_CHANNELS]
    depths = [d for d in divisors(view.channels) if d % unit == 0 and d <= 512]
    tiles = pairs(
        (
            (window, n, height, width)
            for window in useful_windows(view)
            for n in _few(channels, 6)
            for height, width in _shapes(view, device, view.rows.size, n)
        ),
        4,
    )
    window, n, height, width, k, resident, depth = product_columns(
        tiles, _few(depths, 4), BUFFERINGS
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


def _depthwise(scheme: ScalarDepthwiseScheme) -> DepthwiseParameters:
    """A table of mappings worth checking."""
    view, device = scheme.view, scheme.device
    unit = _quantum(view.problem, view.dtype)
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    blocks = {min(view.n, unit * 2**i) for i in range(5)} | {min(view.n, _MAX_CHANNELS)}
    tiles = pairs(
        (
            (window, n, bands, height, width)
            for window in useful_windows(view)
            for n in sorted(n for n in blocks if n % unit == 0)
            for bands in (1, 2, 4)
            if bands <= view.rows.size and not (bands > 1 and -(-view.n // n) >= 4)
            for height, width in _shapes(view, device, -(-view.rows.size // bands), n)
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
        unit = _quantum(problem, dtype)
        view = make_view(problem, dtype, unit, lanes=unit)
        return ScalarDepthwiseScheme(view, device) if view.depthwise else ScalarScheme(view, device)

    def space(self, problem: ConvProblem, device: Device) -> Space[Any]:
        """See :class:`ArrayRoute`."""
        scheme = self.scheme(problem, device)
        if isinstance(scheme, ScalarDepthwiseScheme):
            return Space(scheme, _depthwise(scheme))
        return Space(scheme, _dense(scheme))

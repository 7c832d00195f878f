"""What dense and depthwise scalar mappings share: the functions of a core, limits, sizes worth trying."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd, lcm
from typing import Any

from aie_conv.arch import Device
from aie_conv.codegen.epilogue import ResidualBlocks
from aie_conv.codegen.scalar import ScalarKernel
from aie_conv.codegen.scalar_epilogue import ScalarEpilogue
from aie_conv.codegen.window import Window
from aie_conv.direct.addresses import TileAddresses
from aie_conv.direct.depthwise import DepthwiseParameters
from aie_conv.direct.geometry import DirectParameters, Geometry, TilePixels, window_limit
from aie_conv.direct.spans import spans
from aie_conv.direct.view import DirectView
from aie_conv.mapping.build import present
from aie_conv.mapping.check import Limit, limit
from aie_conv.mapping.core import LoopProgram
from aie_conv.mapping.cost import Cost, tile_cycles
from aie_conv.mapping.epilogue import epilogue_cycles, make_epilogue
from aie_conv.mapping.mapping import Mapping, Sizes
from aie_conv.mapping.numbers import ceil_div, each
from aie_conv.mapping.numbers import gcd as common_divisor
from aie_conv.problem import DTYPE_BYTES, ConvProblem

_DMA_BYTES = 4
"""Granularity of the DMA: channels come in groups that fill it."""

MAX_CHANNELS = 64
_MAX_PIXELS = 1024

_ZEROED = 16
"""Accumulators that are cleared at a time."""


def whole_taps(view: DirectView, device: Device, taps: int, channels: int) -> int:
    """Taps with the padding that makes a chunk of the filter, ``channels`` a tap, whole vectors."""
    unit = device.arch.vector_load_bytes // DTYPE_BYTES[view.dtype]
    unit = unit // common_divisor(unit, channels)
    return ceil_div(taps, unit) * unit


def size_limits(view: DirectView, p: TilePixels, s: Sizes) -> Iterator[Limit]:
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
class ScalarFunctions:
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


def channel_quantum(problem: ConvProblem, dtype: str) -> int:
    """Channels that fill the DMA's granularity in every operand that has them innermost."""
    types = [dtype, problem.out.dtype]
    types += [input_.operand.dtype for input_ in problem.epilogue.inputs]
    return max(1, _DMA_BYTES // min(DTYPE_BYTES[ty] for ty in types))


def few(values: list[int], most: int) -> list[int]:
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
    return sorted({height * unit for height in few(spans(rows, unit, 1), 8)})


def tile_shapes(view: DirectView, device: Device, rows: int, n: int) -> Iterator[tuple[int, int]]:
    """Heights and widths of tiles worth trying, for so many rows and channels."""
    for width in few(spans(view.columns.size), 8):
        for height in _heights(view, rows, width, n, device.arch.vector_load_bytes):
            if height * width <= _MAX_PIXELS:
                yield height, width

"""The mappings of an implicit GEMM: tiles of pixels by chunks of K.

The shim's DMA walks the overlapping windows, so the im2col matrix exists only on the streams.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from aie_conv.arch import Device
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.matmul import MatmulKernel
from aie_conv.img2col.addresses import GemmAddresses, input_dims, output_dims, residual_dims
from aie_conv.img2col.view import GemmView
from aie_conv.mapping.addresses import runs_of
from aie_conv.mapping.build import TileShape, has_own_inputs, make_grid, make_sizes, present
from aie_conv.mapping.check import (
    Limit,
    device_limits,
    limit,
    residual_block,
    residual_limits,
    tail_limits,
)
from aie_conv.mapping.core import LoopProgram
from aie_conv.mapping.cost import Cost, Work, price, tile_cycles
from aie_conv.mapping.epilogue import epilogue_cycles, make_epilogue
from aie_conv.mapping.mapping import Mapping, Parameters, Sizes
from aie_conv.mapping.numbers import ceil_div, each, where
from aie_conv.mapping.sizes import BUFFERINGS, divisors, first_buffering, fits_roughly
from aie_conv.mapping.table import make_table, pairs, product_columns, take
from aie_conv.problem import DTYPE_BYTES

_MAX_PIXELS = 256
_MAX_CHANNELS = 256
_LONG_SUM = 1024
"""Elements of K from which on a tile's sums take longer than to send them, by far."""


@dataclass(frozen=True, kw_only=True)
class GemmParameters(Parameters):
    """The parameters of an implicit GEMM's mapping.

    Attributes:
        tile_h, tile_w: output pixels of a tile along the two innermost pixel loops.
        pixel_repeats: how often a tile's pixels are repeated, to fill the instruction's rows.
    """

    tile_h: int
    tile_w: int
    pixel_repeats: int


@dataclass(frozen=True)
class GemmScheme:
    """The mappings of an implicit GEMM on a device; see :class:`aie_conv.mapping.search.Scheme`."""

    view: GemmView
    device: Device

    @property
    def kind(self) -> type[GemmParameters]:
        """The class of the parameters."""
        return GemmParameters

    @cached_property
    def rst(self) -> tuple[int, int, int]:
        """The matrix instruction's shape."""
        return self.device.arch.matmul[self.view.unit]

    def sizes(self, p: GemmParameters) -> Sizes:
        """All numbers."""
        view, (r, s, t) = self.view, self.rst
        rows, columns = view.grid
        pixels, k_steps = p.tile_h * p.tile_w * p.pixel_repeats, view.k // p.tile_k
        outer = prod(loop.size for loop in view.m[:-2])
        tiles = outer * ceil_div(rows, p.tile_h) * ceil_div(columns, p.tile_w)
        n_tiles, run = ceil_div(view.n, p.tile_n), p.tile_k * p.k_chunks
        # Where the blocks are too many for one size, they are counted in two.
        inner = each(self._most_blocks, run // s)
        twice = where(run // s > inner, run // s // inner, 0)
        shape = TileShape(
            pixels=pixels,
            k_steps=k_steps,
            k_elements=p.tile_k,
            input=pixels * p.tile_k,
            memtile_input=pixels * run,
            # Blocks of s channels for all pixels, one behind the other.
            input_dims=((twice, inner * s), (inner, s), (pixels, run), (s, 1)),
            # Blocks of r pixels by t channels, back to channels by pixel.
            output_dims=(
                (pixels // r, r * p.tile_n),
                (r, t),
                (p.tile_n // t, r * t),
                (t, 1),
            ),
        )
        unicast = has_own_inputs(self.device, view.groups, n_tiles)
        grid = make_grid(self.device, view.groups, n_tiles, tiles, unicast)
        # All rounds of a group read the same input.
        rounds = where(unicast, 1, grid.rounds // view.groups)
        return make_sizes(self.device, view, p, shape, grid, rounds)

    def _most_blocks(self, blocks: int) -> int:
        most = self.device.arch.static_bd_size_limit
        return max((d for d in divisors(blocks) if d <= most), default=1)

    def limits(self, p: GemmParameters, s: Sizes) -> Iterator[Limit]:
        """Of tile and chunk, and of the device."""
        view, (r, s_block, t) = self.view, self.rst
        rows, columns = view.grid
        fits = (p.tile_h <= rows) & (p.tile_w <= columns) & (s.tile.pixels % r == 0)
        yield limit("tile", fits, lambda: f"{p.tile_h}x{p.tile_w} pixels")
        divides = (p.tile_n % t == 0) & (view.n % p.tile_n == 0)
        yield limit("channels", divides, lambda: f"N tiles of {p.tile_n}")
        divides = (view.run % p.tile_k == 0) & (p.tile_k % s_block == 0)
        yield limit("K chunk", divides, lambda: f"{p.tile_k}")
        yield from tail_limits(s)
        yield from residual_limits(view, s, residual_block(view, self.rst))
        # Whole fractions of a run, and the whole K.
        staged = p.k_chunks
        in_run = (view.run // p.tile_k) % where(staged > 0, staged, 1) == 0
        able = in_run | (staged == s.tile.k_steps)
        yield from device_limits(self.device, view, p, s, stageable=able)

    def stages(self, p: GemmParameters, s: Sizes) -> list[int]:
        """Whole fractions of a run, and the whole K."""
        inside = divisors(self.view.run // p.tile_k)
        return inside if inside[-1] == s.tile.k_steps else [*inside, s.tile.k_steps]

    def price(self, p: GemmParameters, s: Sizes) -> Cost:
        """What it costs."""
        steps = s.tile.k_steps > 1
        product = each(self._product, s.tile.pixels, p.tile_n, p.tile_k, steps)
        finish = epilogue_cycles(self._epilogue, p.tile_n, s.residual.channels, s.tile.pixels)
        tile = p.tile_h, p.tile_w, p.pixel_repeats
        view, run = self.view, p.tile_k * p.k_chunks
        size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
        split, joined = (runs_of(dims, size) for dims in input_dims(view, tile, run))
        divides = view.run % run == 0
        input_run = where(divides, split[0], joined[0]), where(divides, split[1], joined[1])
        residual_run, residual = input_run, view.residual
        if residual is not None:
            dims = residual_dims(view, tile, s.residual.channels * p.k_chunks)
            residual_run = runs_of(dims, DTYPE_BYTES[residual.dtype])
        output_run = runs_of(output_dims(view, tile, s.grid.rows, p.tile_n), out)
        cycles = tile_cycles(self.device, self.view, s, product, finish)
        work = Work(cycles, input_run, residual_run, output_run)
        return price(self.device, self.view, s, work)

    def _product(self, pixels: int, n: int, k: int, several: bool) -> tuple[int, int]:
        kernel = MatmulKernel(self.device.arch, self.view.unit, pixels, n, k, 0, 0)
        return kernel.cycles(fresh=True), kernel.cycles() if several else 0

    def _epilogue(self, n: int, channels: int, pixels: int, sizes: Any = None) -> EpilogueKernel:
        rows = pixels // self.rst[0]
        blocks = ResidualBlocks(1, rows, 0, 1, rows)
        return make_epilogue(self.device, self.view, self.rst, (pixels, n, channels), blocks, sizes)

    def _addresses(
        self, tile: tuple[int, ...], sizes: tuple[int, int, int], s: Sizes
    ) -> GemmAddresses:
        th, tw, repeats = tile
        residual, parts = (s.residual.channels, s.residual.objects), s.memtile.input_parts
        return GemmAddresses(self.view, self.rst[1:], (th, tw, repeats), *sizes, residual, parts)

    def build(self, p: GemmParameters, s: Sizes, cost: Cost) -> Mapping:
        """The mapping."""
        view = self.view
        kernel = MatmulKernel(
            self.device.arch, view.unit, s.tile.pixels, p.tile_n, p.tile_k, s.l1.input, s.l1.filter
        )
        addresses = self._addresses(
            (p.tile_h, p.tile_w, p.pixel_repeats), (p.tile_n, p.tile_k, p.k_chunks), s
        )
        epilogue = self._epilogue(p.tile_n, s.residual.channels, s.tile.pixels, s)
        return Mapping(
            self.device, view, p, present(s), kernel, epilogue, LoopProgram(), addresses, cost
        )


def _spans(size: int, r: int) -> list[int]:
    """Tile lengths worth trying along a loop of ``size``: even cuts, and those in blocks of r."""
    cuts = {-(-size // i) for i in range(1, min(size, 16) + 1)}
    if size > 16 * _MAX_PIXELS // 2:
        # Of long loops the even cuts are all large: those in blocks, not too near each other.
        cuts |= {
            *_apart([p for p in range(2 * r, _MAX_PIXELS, r) if -size % p * 20 < size], 17 / 16)
        }
    blocks = {-(-cut // r) * r for cut in cuts}
    small = {2**i for i in range(9)}
    return sorted(c for c in cuts | blocks | small if 0 < c <= min(size, _MAX_PIXELS))


def _pixel_tiles(view: GemmView, r: int) -> Iterator[tuple[int, int, int]]:
    """(th, tw, rep) worth trying: whole blocks of r pixels, else pixels repeated to fill one."""
    rows, columns = (1, *(loop.size for loop in view.m))[-2:]
    exact: list[tuple[int, int, int]] = []
    for tw in _spans(columns, r):
        for th in _spans(rows, r):
            if th * tw <= _MAX_PIXELS and th * tw % r == 0:
                exact.append((th, tw, 1))
    yield from exact
    if not exact:
        for tw in _spans(columns, r):
            for th in _spans(rows, r):
                rep = next(rep for rep in (2, 4, 8) if th * tw * rep % r == 0)
                yield th, tw, rep
    for rep in (4 * r, 2 * r):
        yield 1, 1, rep


def _distinct(view: GemmView, shapes: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Of the tiles with equal pixels and equal count, which cost the same, the widest and tallest."""
    rows, columns = (1, *(loop.size for loop in view.m))[-2:]
    groups: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for th, tw, rep in shapes:
        count = -(-rows // th) * -(-columns // tw)
        groups.setdefault((th * tw * rep, count), []).append((th, tw, rep))
    picked = ((max(g, key=lambda s: s[1]), max(g, key=lambda s: s[0])) for g in groups.values())
    return list(dict.fromkeys(shape for pair in picked for shape in pair))


def _apart(values: list[int], ratio: float) -> list[int]:
    """Of ascending values, from the last one down, those that differ by a factor of ``ratio``."""
    kept: list[int] = []
    for value in reversed(values):
        if not kept or value * ratio <= kept[-1]:
            kept.append(value)
    return kept[::-1]


def candidates(scheme: GemmScheme) -> GemmParameters:
    """A table of mappings worth checking."""
    view, device = scheme.view, scheme.device
    r, s, t = scheme.rst
    channels = [d for d in divisors(view.n) if d % max(s, t) == 0 and d <= _MAX_CHANNELS]
    depths = [d for d in divisors(view.run) if d % s == 0 and d <= 512]
    # The deepest are the fastest; the shallowest carry a residual of any number of channels.
    depths = sorted({*depths[:1], *_apart(depths, 5 / 4)[-8:]})
    shapes = pairs(_distinct(view, _pixel_tiles(view, r)), 3)
    # Where sums are long, the only output is sent while the next ones are made.
    buffers = [
        (resident, depth, outputs)
        for resident, depth in BUFFERINGS
        for outputs in ((2, 1) if not resident and view.k >= _LONG_SUM else (2,))
    ]
    n, k, th, tw, repeats, resident, b_depth, out_depth = product_columns(
        channels, depths, shapes, buffers
    )
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    pixels = th * tw * repeats
    filters = b_depth * n * np.where(resident, view.k, k) * size
    results = pixels * n
    fits = fits_roughly(
        device.arch, pixels * k * size, filters, results * out, results * 4, out_depth
    )
    kept = first_buffering(fits, resident != 0, b_depth, len(buffers))
    table = make_table(
        GemmParameters,
        {
            "tile_n": n, "tile_k": k, "resident": resident != 0, "filter_buffers": b_depth,
            "output_buffers": out_depth, "tile_h": th, "tile_w": tw, "pixel_repeats": repeats,
        },
    )  # fmt: skip
    return take(table, kept)


def common(scheme: GemmScheme) -> GemmParameters:
    """Mappings whose filter is streamed, of sizes that most problems have: others may share theirs."""
    view, device = scheme.view, scheme.device
    r, _, t = scheme.rst
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    channels = [n for n in (16, 32, 64, 128, 256) if n % t == 0 and view.n % n == 0]
    depths = [k for k in (32, 64, 128, 256) if view.run % k == 0]
    shapes = pairs((s for s in _distinct(view, _pixel_tiles(view, r)) if prod(s) % (2 * r) == 0), 3)
    n, k, th, tw, repeats = product_columns(channels, depths, shapes)
    pixels = th * tw * repeats
    fits = fits_roughly(
        device.arch, pixels * k * size, 2 * n * k * size, pixels * n * out, pixels * n * 4
    )
    table = make_table(
        GemmParameters,
        {
            "tile_n": n, "tile_k": k, "resident": np.zeros(len(n), bool),
            "filter_buffers": np.full(len(n), 2), "tile_h": th, "tile_w": tw, "pixel_repeats": repeats,
        },
    )  # fmt: skip
    return take(table, fits)

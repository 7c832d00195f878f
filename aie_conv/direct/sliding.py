"""The direct route on sliding-window instructions: planes of pixels, rows in the lanes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from math import prod
from typing import Any

from aie_conv.arch import Device
from aie_conv.codegen import epilogue
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.sliding import SlidingKernel
from aie_conv.codegen.window import MOST_UNROLLED
from aie_conv.direct.planar import PlanarView, make_planar_view
from aie_conv.direct.spans import spans
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern
from aie_conv.mapping.build import (
    TileShape,
    has_own_inputs,
    make_filters,
    make_grid,
    make_sizes,
    present,
)
from aie_conv.mapping.check import Limit, device_limits, limit, residual_limits, tail_limits
from aie_conv.mapping.core import LoopProgram
from aie_conv.mapping.cost import Cost, Work, price, tile_cycles
from aie_conv.mapping.epilogue import epilogue_cycles, make_epilogue
from aie_conv.mapping.loops import matrix_dtype
from aie_conv.mapping.mapping import Mapping, Parameters, Sizes
from aie_conv.mapping.numbers import ceil_div, each, where
from aie_conv.mapping.pack import by_n_tile
from aie_conv.mapping.route import ArrayRoute
from aie_conv.mapping.search import Space
from aie_conv.mapping.sizes import BUFFERINGS, divisors, first_buffering, fits_roughly
from aie_conv.mapping.table import make_table, pairs, product_columns, take
from aie_conv.problem import DTYPE_BYTES, ConvProblem

_MAX_CHANNELS = 64


@dataclass(frozen=True, kw_only=True)
class SlidingParameters(Parameters):
    """The parameters of a sliding mapping; ``tile_k`` are the planes of an object of the input.

    Attributes:
        height: output rows of a tile.
        row_vectors: vectors of pixels in a row of a tile.
        bands: bands of output rows; an N tile is ``tile_n`` channels in a band.
    """

    height: int
    row_vectors: int
    bands: int


@dataclass(frozen=True)
class PlanarAddresses:
    """The addresses of one mapping; see :class:`aie_conv.mapping.mapping.Addresses`.

    Attributes:
        view: what is run.
        n, planes: output channels of an N tile, and planes of an object of the input.
        height, vectors, bands: of a tile, and bands of output rows.
        parts: cores that an object of the shim's input stream holds a part for.
        k_elements: of one output channel's filter in a step.
    """

    view: PlanarView
    n: int
    planes: int
    height: int
    vectors: int
    bands: int
    parts: int
    k_elements: int

    @property
    def residual_over_read(self) -> int:
        """None."""
        return 0

    @property
    def over_read(self) -> int:
        """Nothing: the input's rows are as long as the loads need."""
        return 0

    @property
    def _blocks(self) -> int:
        """N tiles of one group's channels in a band."""
        return self.view.n // self.n

    @property
    def _band_rows(self) -> int:
        """Output rows of a band; the last band ends at the border."""
        return -(-self.view.rows.size // self.bands)

    @property
    def _n_tiles(self) -> int:
        return self.view.groups * self._blocks * self.bands

    @property
    def n_tile_runs(self) -> tuple[tuple[int, int, int], ...]:
        """Every band has all channels."""
        if self.bands == 1:
            return ((0, self._n_tiles, 0),)
        return tuple((band * self._blocks, self._blocks, 0) for band in range(self.bands))

    def channel_of(self, n_tile: int) -> int:
        """First output channel of an N tile."""
        return n_tile * self.n

    def _split(self, n_tile: int) -> tuple[int, int, int]:
        """An N tile's group, its number in the group, and the first output row of its band."""
        group, inside = divmod(n_tile, self._blocks * self.bands)
        band, block = divmod(inside, self._blocks)
        rows = self._band_rows
        return group, block, min(band * rows, self.view.rows.size - rows)

    def _origin(self, tile: int) -> tuple[int, int, tuple[int, ...]]:
        """First output row in a band, first pixel of a row, and the indices of the outer loops.

        The last tile of either ends at the border.
        """
        view = self.view
        down, across = -(-self._band_rows // self.height), -(-view.blocks // self.vectors)
        tile, ix = divmod(tile, across)
        tile, iy = divmod(tile, down)
        indices: list[int] = []
        for loop in reversed(view.outer):
            tile, i = divmod(tile, loop.size)
            indices.append(i)
        row = min(iy * self.height, self._band_rows - self.height)
        vector = min(ix * self.vectors, view.blocks - self.vectors)
        return row, vector * view.row.lanes, tuple(reversed(indices))

    def input_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[tuple[str, Pattern]]:
        """The rows that a tile's windows touch, of each plane."""
        view = self.view
        row, pixel, outer = self._origin(tile)
        base = view.lhs_offset + pixel * view.row.step + row * view.rows.lhs
        base += sum(loop.lhs * i for loop, i in zip(view.outer, outer, strict=True))
        starts: list[int] = []
        for n_tile in n_tiles[: self.parts]:
            group, block, first = self._split(n_tile)
            plane = block * self.n * view.plane
            starts.append(base + group * view.group_lhs + plane + first * view.rows.lhs)
        columns = view.row.columns(self.vectors)
        rows = rows_in(view, self.height)
        inner = ((self.planes, view.plane), (rows, view.rows.pitch), (columns, 1))
        apart = {b - a for a, b in pairwise(starts)} or {0}
        if len(apart) == 1 and min(apart) >= 0:
            parts = (len(starts), min(apart))
            yield view.lhs.name, Pattern(starts[0], (*view.k_outer, parts, *inner))
            return
        for step in product(*([i * stride for i in range(size)] for size, stride in view.k_outer)):
            for start in starts:
                yield view.lhs.name, Pattern(start + sum(step), inner)

    def output_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[Pattern]:
        """Planes of the output, an N tile after the other."""
        view = self.view
        row, pixel, outer = self._origin(tile)
        base = view.out_offset + pixel + row * view.rows.out
        base += sum(loop.out * i for loop, i in zip(view.outer, outer, strict=True))
        across = self.vectors * view.row.lanes
        pixels = ((self.height, view.rows.out), (across, 1))
        for n_tile in n_tiles:
            group, block, first = self._split(n_tile)
            offset = (
                group * view.group_out + block * self.n * view.channel_out + first * view.rows.out
            )
            yield Pattern(base + offset, ((self.n, view.channel_out), *pixels))

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [groups][n][chunks][slots] to [N tiles][chunks][n][slots]."""
        view, each_chunk = self.view, self.k_elements
        chunks = prod(size for size, _ in view.k_outer)
        shape, dtype = (self._n_tiles, self.n), view.dtype
        value = (view.filter, chunks * each_chunk, dtype)
        name, copies = by_n_tile(view, self.n_tile_runs, shape, value)
        split = (*shape, chunks, each_chunk)
        order = (0, 2, 1, 3)
        blocks, zeros = tuple(split[i] for i in order), (0,) * 4
        return (
            *copies,
            HostCopy(name, split, dtype, zeros, split, order, dest, blocks, dtype, zeros),
        )

    def describe(self, steps: str) -> list[str]:
        """The tile in words."""
        pixels = self.height * self.vectors * self.view.row.lanes
        return [f"tile of a core   {pixels} output pixels, {self.n} output channels, {steps}"]


def rows_in(view: PlanarView, height: int) -> int:
    """Input rows of a tile of so many output rows."""
    axis = view.rows
    return (height - 1) * axis.step + (axis.taps - 1) * axis.dilation + 1


@dataclass(frozen=True)
class SlidingScheme:
    """Rows of cores take channels, and bands of the output's rows where channels are few.

    See :class:`aie_conv.mapping.search.Scheme`.
    """

    view: PlanarView
    device: Device

    @property
    def kind(self) -> type[SlidingParameters]:
        """The class of the parameters."""
        return SlidingParameters

    @cached_property
    def _k_elements(self) -> int:
        """Elements of one output channel's filter in one object: a slot for each instruction."""
        row, slot = self.view.row, self.device.arch.vector_load_bytes // self._size
        return self.view.rows.taps * row.step * row.parts * slot

    @property
    def _size(self) -> int:
        return DTYPE_BYTES[self.view.dtype]

    def shape(self, p: SlidingParameters) -> TileShape:
        """The tile."""
        view, lanes = self.view, self.view.row.lanes
        rows, n = rows_in(view, p.height), p.tile_n
        columns = each(view.row.columns, p.row_vectors)
        input_ = p.tile_k * rows * columns
        several = n > 1
        return TileShape(
            pixels=p.height * p.row_vectors * lanes,
            k_steps=prod(size for size, _ in view.k_outer),
            k_elements=self._k_elements,
            input=input_,
            memtile_input=input_,
            # As it lies; from channels side by side, in vectors of pixels, to planes.
            input_dims=(),
            output_dims=(
                (where(several, n, 0), lanes),
                (where(several, p.height * p.row_vectors, 0), n * lanes),
                (where(several, lanes, 0), 1),
            ),
        )

    def sizes(self, p: SlidingParameters) -> Sizes:
        """All numbers."""
        view = self.view
        n_tiles = view.n // p.tile_n * p.bands
        # The cores of a column have planes or pixels of their own, or work on different groups.
        unshared = (view.plane > 0) | (p.bands > 1)
        several = has_own_inputs(self.device, view.groups, n_tiles)
        unicast = (view.groups * n_tiles > 1) & (unshared | several)
        down = ceil_div(ceil_div(view.rows.size, p.bands), p.height)
        outer = prod(loop.size for loop in view.outer)
        tiles = outer * (down * ceil_div(view.blocks, p.row_vectors))
        grid = make_grid(self.device, view.groups, n_tiles, tiles, unicast)
        return make_sizes(self.device, view, p, self.shape(p), grid)

    def limits(self, p: SlidingParameters, s: Sizes) -> Iterator[Limit]:
        """Of the tile, and of the device."""
        view = self.view
        yield limit("channels", view.n % p.tile_n == 0, lambda: f"N tiles of {p.tile_n}")
        planes = p.tile_n if view.plane else 1
        yield limit("planes", p.tile_k == planes, lambda: f"{p.tile_k}")
        rows = ceil_div(view.rows.size, p.bands)
        holds = (p.height > 0) & (p.height <= rows)
        yield limit("tile", holds, lambda: f"{p.height} rows")
        holds = (p.row_vectors > 0) & (p.row_vectors <= view.blocks)
        yield limit("tile", holds, lambda: f"{p.row_vectors} vectors of pixels")
        can_cut = (view.groups == 1) | (p.bands == 1)
        holds = can_cut & (p.bands > 0) & (p.bands <= view.rows.size)
        yield limit("bands", holds, lambda: f"{p.bands}")
        unrolled = view.rows.taps * len(view.row.used)
        yield limit("window", unrolled <= MOST_UNROLLED, lambda: f"{unrolled} instructions")
        yield from tail_limits(s)
        yield from residual_limits(view, s, 1)
        yield from device_limits(self.device, view, p, s, stageable=p.k_chunks == 1)

    def stages(self, p: SlidingParameters, s: Sizes) -> list[int]:
        """One step of K in an object of the mem tile."""
        del p, s
        return [1]

    def _kernel(
        self, n: int, planes: int, height: int, vectors: int, a: int = 0, b: int = 0
    ) -> SlidingKernel:
        view, axis = self.view, self.view.rows
        return SlidingKernel(
            arch=self.device.arch,
            dtype=view.dtype,
            n=n,
            planes=planes,
            height=height,
            blocks=vectors,
            rows=rows_in(view, height),
            row_taps=axis.taps,
            row_step=axis.step,
            row_dilation=axis.dilation,
            row=view.row,
            a_elements=a,
            b_elements=b,
        )

    def _epilogue(
        self, n: int, channels: int, height: int, vectors: int, sizes: Any = None
    ) -> EpilogueKernel:
        rst, pixels = (self.view.row.lanes, 1, 1), height * vectors
        blocks, tile = ResidualBlocks(1, pixels, 0, 1, 1), (pixels * rst[0], n, channels)
        return make_epilogue(self.device, self.view, rst, tile, blocks, sizes)

    def price(self, p: SlidingParameters, s: Sizes) -> Cost:
        """What it costs."""
        several = s.tile.k_steps > 1

        def product_cycles(*sizes: int) -> tuple[int, int]:
            kernel = self._kernel(*sizes)
            return kernel.cycles(fresh=True), kernel.cycles() if several else 0

        product = each(product_cycles, p.tile_n, p.tile_k, p.height, p.row_vectors)
        finish = epilogue_cycles(
            self._epilogue, p.tile_n, s.residual.channels, p.height, p.row_vectors
        )
        cycles = tile_cycles(self.device, self.view, s, product, finish)
        return price(self.device, self.view, s, self._work(p, s, cycles))

    def _work(self, p: SlidingParameters, s: Sizes, cycles: int) -> Work:
        size, out = self._size, DTYPE_BYTES[self.view.problem.out.dtype]

        def runs(
            rows: int, parts: int, n: int, planes: int, height: int, vectors: int, bands: int
        ) -> tuple[int, ...]:
            sizes = n, planes, height, vectors, bands
            addresses = PlanarAddresses(self.view, *sizes, parts, self._k_elements)
            last = self.view.groups * (self.view.n // n) * bands - 1
            n_tiles = [min(row, last) for row in range(rows)]
            input_run = next(addresses.input_patterns(0, n_tiles))[1].runs(size)
            return (*input_run, *next(addresses.output_patterns(0, n_tiles)).runs(out))

        parameters = p.tile_n, p.tile_k, p.height, p.row_vectors, p.bands
        a, b, c, d = each(runs, s.grid.rows, s.memtile.input_parts, *parameters)
        return Work(cycles, (a, b), (a, b), (c, d))

    def build(self, p: SlidingParameters, s: Sizes, cost: Cost) -> Mapping:
        """The mapping."""
        sizes = p.tile_n, p.tile_k, p.height, p.row_vectors
        kernel = self._kernel(*sizes, s.l1.input, s.l1.filter)
        finish = self._epilogue(p.tile_n, s.residual.channels, p.height, p.row_vectors, s)
        addresses = PlanarAddresses(
            self.view, *sizes, p.bands, s.memtile.input_parts, self._k_elements
        )
        return Mapping(
            self.device, self.view, p, present(s), kernel, finish, LoopProgram(), addresses, cost
        )


def candidates(scheme: SlidingScheme) -> SlidingParameters:
    """A table of mappings worth checking."""
    view, arch = scheme.view, scheme.device.arch
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    cuts = (1, 2, 4) if view.groups == 1 else (1,)
    tiles = pairs(
        (
            (n, bands, height, vectors)
            for n in divisors(view.n)
            if n <= _MAX_CHANNELS
            for bands in cuts
            if bands <= view.rows.size
            for height in spans(-(-view.rows.size // bands))
            for vectors in spans(view.blocks)
        ),
        4,
    )
    n, bands, height, vectors, resident, depth = product_columns(tiles, BUFFERINGS)
    table = make_table(
        SlidingParameters,
        {
            "tile_n": n, "tile_k": n if view.plane else 1, "resident": resident != 0,
            "filter_buffers": depth, "height": height, "row_vectors": vectors, "bands": bands,
        },
    )  # fmt: skip
    shape = scheme.shape(table)
    _, b = make_filters(view, table, shape, arch.vector_load_bytes)
    pixels = shape.pixels * n
    fits = fits_roughly(arch, shape.input * size, depth * b * size, pixels * out, pixels * 4)
    return take(table, first_buffering(fits, table.resident, depth, len(BUFFERINGS)))


class SlidingRoute(ArrayRoute):
    """Direct convolution by sliding-window instructions."""

    name = "direct"
    style = "sliding"

    def scheme(self, problem: ConvProblem, device: Device) -> SlidingScheme:
        """See :class:`ArrayRoute`."""
        epilogue.check(problem.epilogue, problem.accumulator, problem.arithmetic)
        view = make_planar_view(problem, matrix_dtype(problem), device.arch)
        return SlidingScheme(view, device)

    def space(self, problem: ConvProblem, device: Device) -> Space[SlidingParameters]:
        """See :class:`ArrayRoute`."""
        scheme = self.scheme(problem, device)
        return Space(scheme, candidates(scheme))

"""The direct route on sliding-window instructions: planes of pixels, rows in the lanes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product
from math import prod

from aie_conv.arch import Device
from aie_conv.codegen import epilogue
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.sliding import SlidingKernel
from aie_conv.codegen.window import MOST_UNROLLED
from aie_conv.direct.planar import PlanarView, make_planar_view
from aie_conv.direct.spans import spans
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern
from aie_conv.lazy import cached_property
from aie_conv.mapping.cut import Dims
from aie_conv.mapping.interface import Finish
from aie_conv.mapping.plan import by_slice
from aie_conv.mapping.route import ArrayRoute, Ways
from aie_conv.mapping.sizes import BUFFERINGS, divisors, fits_roughly
from aie_conv.mapping.tiling import Tiling, limit
from aie_conv.problem import DTYPE_BYTES, ConvProblem
from aie_conv.rewrites.drop_unit_loops import matrix_dtype

_MAX_CHANNELS = 64


@dataclass(frozen=True)
class SlidingTiling(Tiling):
    """Rows of cores take channels, and bands of the output's rows where channels are few.

    ``n`` are a slice's output channels; ``kc`` the planes of an object of the input.

    Attributes:
        planar: what is run.
        height: output rows of a tile.
        vectors: vectors of pixels in a row of a tile.
        bands: bands of output rows; a slice is n channels in a band.
    """

    planar: PlanarView
    height: int
    vectors: int
    bands: int

    @property
    def view(self) -> PlanarView:
        """What is run."""
        return self.planar

    # -- geometry ---------------------------------------------------------------------------------
    @cached_property
    def band_rows(self) -> int:
        """Output rows of a band; the last band ends at the border."""
        return -(-self.planar.rows.size // self.bands)

    @cached_property
    def blocks(self) -> int:
        """Slices of one group's channels in a band."""
        return self.planar.n // self.n

    @cached_property
    def group_slices(self) -> int:
        """Every slice in every band."""
        return self.blocks * self.bands

    @cached_property
    def spread(self) -> bool:
        """Whether the cores of a column have planes or pixels of their own."""
        own = self.planar.plane > 0 or self.bands > 1
        return self.slices > 1 and (own or super().spread)

    @cached_property
    def pixels(self) -> int:
        """Output pixels of a tile, padding included."""
        return self.height * self.vectors * self.planar.row.lanes

    @cached_property
    def _grid(self) -> tuple[int, int]:
        """Tiles down a band and along a row."""
        return -(-self.band_rows // self.height), -(-self.planar.blocks // self.vectors)

    @cached_property
    def tiles(self) -> int:
        """Tiles of output pixels of the whole problem."""
        return prod(loop.size for loop in self.planar.outer) * prod(self._grid)

    @cached_property
    def chunks(self) -> int:
        """Steps of the sum besides the two windows."""
        return prod(size for size, _ in self.planar.k_outer)

    @cached_property
    def rows_in(self) -> int:
        """Input rows of a tile."""
        axis = self.planar.rows
        return (self.height - 1) * axis.step + (axis.taps - 1) * axis.dilation + 1

    @cached_property
    def a_elements(self) -> int:
        """Elements of one object of the input."""
        return self.kc * self.rows_in * self.planar.row.columns(self.vectors)

    @cached_property
    def a_l3_elements(self) -> int:
        """The mem tile holds what the core gets."""
        return self.a_elements

    @cached_property
    def k_elements(self) -> int:
        """Elements of one output channel's filter in one object: a slot for each instruction."""
        row = self.planar.row
        slot = self.device.arch.vector_load_bytes // self.size
        return self.planar.rows.taps * row.step * row.parts * slot

    @cached_property
    def a_to_stream(self) -> Dims:
        """As it lies."""
        return ()

    @cached_property
    def out_to_stream(self) -> Dims:
        """From channels side by side, in vectors of pixels, to planes."""
        if self.n == 1:
            return ()
        lanes = self.planar.row.lanes
        return ((self.n, lanes), (self.height * self.vectors, self.n * lanes), (lanes, 1))

    @cached_property
    def matmul(self) -> SlidingKernel:
        """The core's sliding windows."""
        view, axis = self.planar, self.planar.rows
        return SlidingKernel(
            arch=self.device.arch,
            dtype=view.dtype,
            n=self.n,
            planes=self.kc,
            height=self.height,
            blocks=self.vectors,
            rows=self.rows_in,
            row_taps=axis.taps,
            row_step=axis.step,
            row_dilation=axis.dilation,
            row=view.row,
            a_elements=self.a_elements,
            b_elements=self.b_elements,
        )

    @cached_property
    def epilogue(self) -> Finish:
        """The core's epilogue."""
        lanes = self.planar.row.lanes
        return self.finish(EpilogueKernel, ResidualBlocks(1, self.pixels // lanes, 0, 1, 1))

    def check_shapes(self) -> None:
        """Raise ConfigRefused where tile or slice do not fit the problem."""
        view = self.planar
        limit(view.n % self.n == 0, "channels", f"slices of {self.n}")
        limit(self.kc == (self.n if view.plane else 1), "planes", f"{self.kc}")
        limit(0 < self.height <= self.band_rows, "tile", f"{self.height} rows")
        limit(0 < self.vectors <= view.blocks, "tile", f"{self.vectors} vectors of pixels")
        whole = view.groups == 1 or self.bands == 1
        limit(whole and 0 < self.bands <= view.rows.size, "bands", f"{self.bands}")
        unrolled = view.rows.taps * len(view.row.used)
        limit(unrolled <= MOST_UNROLLED, "window", f"{unrolled} instructions")

    # -- addresses --------------------------------------------------------------------------------
    def _split(self, slice_: int) -> tuple[int, int, int]:
        """A slice's group, its number in the group, and the first output row of its band."""
        group, inside = divmod(slice_, self.group_slices)
        band, block = divmod(inside, self.blocks)
        return group, block, min(band * self.band_rows, self.planar.rows.size - self.band_rows)

    @cached_property
    def slice_runs(self) -> tuple[tuple[int, int, int], ...]:
        """Every band has all channels."""
        if self.bands == 1:
            return ((0, self.slices, 0),)
        return tuple((band * self.blocks, self.blocks, 0) for band in range(self.bands))

    def _origin(self, tile: int) -> tuple[int, int, tuple[int, ...]]:
        """First output row in a band, first pixel of a row, and the indices of the outer loops.

        The last tile of either ends at the border.
        """
        down, across = self._grid
        tile, ix = divmod(tile, across)
        tile, iy = divmod(tile, down)
        at: list[int] = []
        for loop in reversed(self.planar.outer):
            tile, i = divmod(tile, loop.size)
            at.append(i)
        row = min(iy * self.height, self.band_rows - self.height)
        vector = min(ix * self.vectors, self.planar.blocks - self.vectors)
        return row, vector * self.planar.row.lanes, tuple(reversed(at))

    def input_patterns(self, tile: int, slices: list[int]) -> Iterator[tuple[str, Pattern]]:
        """The rows that a tile's windows touch, of each plane."""
        view = self.planar
        row, pixel, outer = self._origin(tile)
        base = view.lhs_offset + pixel * view.row.step + row * view.rows.lhs
        base += sum(loop.lhs * i for loop, i in zip(view.outer, outer, strict=True))
        starts: list[int] = []
        for slice_ in slices[: self.a_parts]:
            group, block, first = self._split(slice_)
            plane = block * self.n * view.plane
            starts.append(base + group * view.group_lhs + plane + first * view.rows.lhs)
        columns = view.row.columns(self.vectors)
        inner = ((self.kc, view.plane), (self.rows_in, view.rows.pitch), (columns, 1))
        apart = {b - a for a, b in pairwise(starts)} or {0}
        if len(apart) == 1 and min(apart) >= 0:
            parts = (len(starts), min(apart))
            yield view.lhs.name, Pattern(starts[0], (*view.k_outer, parts, *inner))
            return
        for step in product(*([i * stride for i in range(size)] for size, stride in view.k_outer)):
            for start in starts:
                yield view.lhs.name, Pattern(start + sum(step), inner)

    def output_patterns(self, tile: int) -> list[Pattern]:
        """The tile's pixels of one plane."""
        view = self.planar
        row, pixel, outer = self._origin(tile)
        base = view.out_offset + pixel + row * view.rows.out
        base += sum(loop.out * i for loop, i in zip(view.outer, outer, strict=True))
        across = self.vectors * view.row.lanes
        return [Pattern(base, ((self.height, view.rows.out), (across, 1)))]

    def slice_outputs(self, tile: int, slices: list[int]) -> Iterator[Pattern]:
        """Planes of the output, a slice after the other."""
        view = self.planar
        (part,) = self.output_patterns(tile)
        for slice_ in slices:
            group, block, first = self._split(slice_)
            at = group * view.group_out + block * self.n * view.channel_out + first * view.rows.out
            yield Pattern(part.offset + at, ((self.n, view.channel_out), *part.dims))

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [groups][n][chunks][slots] to [slices][chunks][n][slots]."""
        view, each = self.planar, self.k_elements
        channels, dtype = view.groups * view.n, view.dtype
        name, made = by_slice(self, view.filter, (channels, self.chunks * each), dtype)
        split = (self.slices, self.n, self.chunks, each)
        order = (0, 2, 1, 3)
        shape, zeros = tuple(split[i] for i in order), (0,) * 4
        return (
            *made,
            HostCopy(name, split, dtype, zeros, split, order, dest, shape, dtype, zeros),
        )


def candidates(view: PlanarView, device: Device) -> Iterator[SlidingTiling]:
    """Tilings worth checking."""
    arch = device.arch
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    cuts = (1, 2, 4) if view.groups == 1 else (1,)
    for n in (d for d in divisors(view.n) if d <= _MAX_CHANNELS):
        planes = n if view.plane else 1
        for bands in (b for b in cuts if b <= view.rows.size):
            for height in spans(-(-view.rows.size // bands)):
                for vectors in spans(view.blocks):
                    probe = SlidingTiling(device, n, planes, True, 2, view, height, vectors, bands)
                    pixels = probe.pixels * n
                    a = probe.a_elements * size
                    for resident, b_depth in BUFFERINGS:
                        made = replace(probe, resident=resident, b_depth=b_depth)
                        b = b_depth * made.b_elements * size
                        if fits_roughly(arch, a, b, pixels * out, pixels * 4):
                            yield made
                            if resident and b_depth == 2:
                                # With room for two whole slices nothing else is faster.
                                break


class SlidingRoute(ArrayRoute):
    """Direct convolution by sliding-window instructions."""

    name = "direct"
    style = "sliding"

    def ways(self, problem: ConvProblem, device: Device) -> Ways:
        """See :class:`ArrayRoute`."""
        epilogue.check(problem.epilogue, problem.accumulator)
        view = make_planar_view(problem, matrix_dtype(problem), device.arch)
        known = {"planar": view, "device": device}
        return Ways(SlidingTiling, known, candidates(view, device))

"""Tilings of an implicit GEMM over the array: tiles of pixels by chunks of K.

The shim's DMA walks the overlapping windows, so the im2col matrix exists only on the streams.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from aie_conv.arch import Device
from aie_conv.codegen.epilogue import EpilogueKernel, ResidualBlocks
from aie_conv.codegen.matmul import MatmulKernel
from aie_conv.errors import ConfigRefused
from aie_conv.img2col.view import GemmView
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern
from aie_conv.lazy import cached_property
from aie_conv.mapping.cut import Dims
from aie_conv.mapping.search import finalists
from aie_conv.mapping.sizes import BUFFERINGS, divisors, fits_roughly
from aie_conv.mapping.streams import count_tasks
from aie_conv.mapping.tiling import Tiling, limit
from aie_conv.problem import DTYPE_BYTES

_MAX_PIXELS = 256
_MAX_CHANNELS = 256
_LONG_SUM = 1024
"""Elements of K from which on a tile's sums take longer than to send them, by far."""


@dataclass(frozen=True)
class GemmTiling(Tiling):
    """One way to run an implicit GEMM; see :class:`Tiling` for n, kc, resident and b_depth.

    Attributes:
        gemm: what is run.
        th, tw: output pixels of a tile along the two innermost pixel loops.
        rep: how often a tile's pixels are repeated, to fill the instruction's rows.
    """

    gemm: GemmView
    th: int
    tw: int
    rep: int

    @property
    def view(self) -> GemmView:
        """What is run."""
        return self.gemm

    @cached_property
    def grid(self) -> tuple[int, int]:
        """Sizes of the two pixel loops that are tiled (rows, columns)."""
        sizes = (1, *(loop.size for loop in self.gemm.m))
        return sizes[-2], sizes[-1]

    @cached_property
    def pixels(self) -> int:
        """Rows of A in a tile."""
        return self.th * self.tw * self.rep

    @cached_property
    def tiles(self) -> int:
        """Tiles of output pixels of the whole problem."""
        rows, columns = self.grid
        outer = prod(loop.size for loop in self.gemm.m[:-2])
        return outer * -(-rows // self.th) * -(-columns // self.tw)

    @cached_property
    def chunks(self) -> int:
        """Steps of K."""
        return self.gemm.k // self.kc

    @cached_property
    def a_elements(self) -> int:
        """Elements of one object of the input stream."""
        return self.pixels * self.kc

    @cached_property
    def a_l3_elements(self) -> int:
        """The mem tile holds what the core gets, of several steps pixel by pixel."""
        return self.a_elements * self.staged

    @cached_property
    def k_elements(self) -> int:
        """A chunk of K."""
        return self.kc

    @cached_property
    def a_to_stream(self) -> Dims:
        """Blocks of s channels for all pixels, one behind the other."""
        _, s, _ = self.matmul.rst
        held = self.kc * self.staged
        most = self.device.arch.static_bd_size_limit
        # Where the blocks are too many for one size, they are counted in two.
        inner = max((d for d in divisors(held // s) if d <= most), default=1)
        outer = ((held // s // inner, inner * s),) if held // s > inner else ()
        return (*outer, (inner, s), (self.pixels, held), (s, 1))

    @cached_property
    def out_to_stream(self) -> Dims:
        """Blocks of r pixels by t channels, back to channels by pixel."""
        r, _, t = self.matmul.rst
        return ((self.pixels // r, r * self.n), (r, t), (self.n // t, r * t), (t, 1))

    @cached_property
    def matmul(self) -> MatmulKernel:
        """The core's matrix product."""
        return MatmulKernel(
            self.device.arch,
            self.gemm.dtype,
            self.pixels,
            self.n,
            self.kc,
            self.a_elements,
            self.b_elements,
        )

    @cached_property
    def epilogue(self) -> EpilogueKernel:
        """The core's epilogue."""
        rows = self.pixels // self.matmul.rst[0]
        return self.finish(EpilogueKernel, ResidualBlocks(1, rows, 0, 1, rows))

    def check_shapes(self) -> None:
        """Raise ConfigRefused where tile and chunk do not fit the instruction or the problem."""
        r, s, t = self.matmul.rst
        rows, columns = self.grid
        fits = self.th <= rows and self.tw <= columns and self.pixels % r == 0
        limit(fits, "tile", f"{self.th}x{self.tw} pixels")
        limit(self.n % t == 0 and self.gemm.n % self.n == 0, "channels", f"slices of {self.n}")
        limit(self.gemm.run % self.kc == 0 and self.kc % s == 0, "K chunk", f"{self.kc}")

    @cached_property
    def passes_of_input(self) -> int:
        """All passes read the same input."""
        return self.passes

    def stages(self) -> list[int]:
        """Whole fractions of a run, and the whole K."""
        inside = divisors(self.gemm.run // self.kc)
        return inside if inside[-1] == self.chunks else [*inside, self.chunks]

    # -- addresses --------------------------------------------------------------------------------
    def tile_offsets(self, index: int) -> tuple[int, int, int]:
        """Element offsets of a tile in input, output and residual."""
        view = self.gemm
        rows, columns = self.grid
        across, down = -(-columns // self.tw), -(-rows // self.th)
        index, ix = divmod(index, across)
        index, iy = divmod(index, down)
        at = [
            (view.m[-1], min(ix * self.tw, columns - self.tw)),
            *([(view.m[-2], min(iy * self.th, rows - self.th))] if len(view.m) > 1 else []),
        ]
        for loop in reversed(view.m[:-2]):
            index, i = divmod(index, loop.size)
            at.append((loop, i))
        return (
            view.lhs_offset + sum(loop.lhs * i for loop, i in at),
            view.out_offset + sum(loop.out * i for loop, i in at),
            (view.residual.offset if view.residual else 0)
            + sum(loop.residual * i for loop, i in at),
        )

    def _pixel_dims(self, which: str) -> Dims:
        m = self.gemm.m
        inner = getattr(m[-1], which)
        outer = getattr(m[-2], which) if len(m) > 1 else 0
        return ((self.rep, 0), (self.th, outer), (self.tw, inner))

    def input_patterns(self, tile: int, slices: list[int]) -> Iterator[tuple[str, Pattern]]:
        """The windows of a tile, an object of K after the other, then its residual."""
        view, held = self.gemm, self.kc * self.staged
        lhs, _, res = self.tile_offsets(tile)
        pixels = self._pixel_dims("lhs")
        if view.run % held == 0:
            dims = (*view.k_outer, (view.run // held, held), *pixels, (held, 1))
        else:
            dims = (*pixels, *view.k_outer, (view.run, 1))
        yield view.lhs.name, Pattern(lhs, dims)
        if view.residual is None:
            return
        channels = self.residual_channels * self.staged
        pixels = (*self._pixel_dims("residual"), (channels, 1))
        for (start,) in list(self.residual_starts(slices))[:: self.staged]:
            yield view.residual.argument.name, Pattern(res + start, pixels)

    def output_patterns(self, tile: int) -> list[Pattern]:
        """The tile's pixels."""
        return [Pattern(self.tile_offsets(tile)[1], self._pixel_dims("out"))]

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [n][K] to blocks of s x t weights."""
        view, n, kc = self.gemm, self.n, self.kc
        _, s, t = self.matmul.rst
        source = next(c.dest for c in reversed(view.prologue) if c.dest in ("rhs_nk", "rhs_padded"))
        split = (self.slices, n // t, t, self.chunks, kc // s, s)
        blocks = (self.slices, self.chunks, n // t, kc // s, s, t)
        zeros, dtype = (0,) * 6, view.dtype
        return (
            HostCopy(
                source, split, dtype, zeros, split, (0, 3, 1, 4, 5, 2), dest, blocks, dtype, zeros
            ),
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
    whole: list[tuple[int, int, int]] = []
    for tw in _spans(columns, r):
        for th in _spans(rows, r):
            if th * tw <= _MAX_PIXELS and th * tw % r == 0:
                whole.append((th, tw, 1))
    yield from whole
    if not whole:
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


def candidates(view: GemmView, device: Device) -> Iterator[GemmTiling]:
    """Tilings worth checking."""
    arch = device.arch
    r, s, t = arch.matmul[view.dtype]
    channels = [d for d in divisors(view.n) if d % max(s, t) == 0 and d <= _MAX_CHANNELS]
    depths = [d for d in divisors(view.run) if d % s == 0 and d <= 512]
    # The deepest are the fastest; the shallowest carry a residual of any number of channels.
    depths = sorted({*depths[:1], *_apart(depths, 5 / 4)[-8:]})
    shapes = _distinct(view, _pixel_tiles(view, r))
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    for n in channels:
        for kc in depths:
            for th, tw, rep in shapes:
                pixels = th * tw * rep
                a, acc = pixels * kc * size, pixels * n * 4
                for resident, b_depth in BUFFERINGS:
                    filters = b_depth * n * (view.k if resident else kc) * size
                    # Where sums are long, the only output is sent while the next ones are made.
                    once = not resident and view.k >= _LONG_SUM
                    for out_depth in (2, 1) if once else (2,):
                        if fits_roughly(arch, a, filters, pixels * n * out, acc, out_depth):
                            yield GemmTiling(
                                device, n, kc, resident, b_depth, view, th, tw, rep, out_depth=out_depth
                            )  # fmt: skip
                            break
                    else:
                        continue
                    if resident and b_depth == 2:
                        # With room for two whole slices nothing else is faster.
                        break


def plain(view: GemmView, device: Device) -> Iterator[GemmTiling]:
    """Tilings whose filter is streamed, of sizes that most problems have: other problems may share theirs."""
    arch = device.arch
    r, _, t = arch.matmul[view.dtype]
    size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
    channels = [n for n in (16, 32, 64, 128, 256) if n % t == 0 and view.n % n == 0]
    depths = [kc for kc in (32, 64, 128, 256) if view.run % kc == 0]
    shapes = [s for s in _distinct(view, _pixel_tiles(view, r)) if prod(s) % (2 * r) == 0]
    for n, kc, (th, tw, rep) in product(channels, depths, shapes):
        pixels = th * tw * rep
        a, b, acc = pixels * kc * size, 2 * n * kc * size, pixels * n * 4
        if fits_roughly(arch, a, b, pixels * n * out, acc):
            yield GemmTiling(device, n, kc, False, 2, view, th, tw, rep)


def best(view: GemmView, device: Device, count: int = 1) -> list[tuple[GemmTiling, int]]:
    """The best tilings, the best first, and their predicted cycles; ConfigRefused if none fits."""
    refused = ConfigRefused("tile", f"tile: no tiling of {view.problem.describe()}")
    return finalists(candidates(view, device), refused, count_tasks, count)

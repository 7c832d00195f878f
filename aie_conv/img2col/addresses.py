"""Where the tiles of an implicit GEMM lie: the shim walks the overlapping windows of the input."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from aie_conv.img2col.view import GemmView
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern
from aie_conv.mapping.addresses import residual_starts
from aie_conv.mapping.blocks import convert_chunks, last_of_block
from aie_conv.mapping.mapping import Dims


def pixel_dims(view: GemmView, which: str, tile: tuple[int, int, int]) -> Dims:
    """How a tile's pixels, (rows, columns, repeats), lie in "lhs", "out" or "residual"."""
    (th, tw, repeats), inner = tile, view.m[-1]
    outer = getattr(view.m[-2], which) if len(view.m) > 1 else 0
    return ((repeats, 0), (th, outer), (tw, getattr(inner, which)))


def input_dims(
    view: GemmView, tile: tuple[int, int, int], run: int, parts: Dims = ()
) -> tuple[Dims, Dims]:
    """How the shim walks a tile's windows, in objects of ``run`` elements of K.

    Args:
        view: what is run.
        tile: rows, columns and repeats of pixels.
        run: elements of K in an object.
        parts: of an object, for rows of cores with inputs of their own.

    Returns:
        Where objects divide the input's contiguous runs, and where one object holds all of K.
    """
    pixels = pixel_dims(view, "lhs", tile)
    return (
        (*view.k_outer, (view.run // run, run), *parts, *pixels, (run, 1)),
        (*parts, *pixels, *view.k_outer, (view.run, 1)),
    )


def output_dims(view: GemmView, tile: tuple[int, int, int], rows: int, n: int) -> Dims:
    """How a tile's output lies, of N tiles of ``n`` channels of so many rows of cores."""
    return ((rows, n), *pixel_dims(view, "out", tile), (n, 1))


def residual_dims(view: GemmView, tile: tuple[int, int, int], channels: int) -> Dims:
    """How an object's channels of the residual lie."""
    return (*pixel_dims(view, "residual", tile), (channels, 1))


@dataclass(frozen=True)
class GemmAddresses:
    """The addresses of one mapping; see :class:`aie_conv.mapping.mapping.Addresses`.

    Attributes:
        view: what is run.
        block: elements of K and output channels of the instruction.
        tile: (rows, columns, repeats) of output pixels.
        n, k: output channels of an N tile, and channels of K in a step.
        k_chunks: steps in an object of the mem tile.
        residual: channels of the residual in one object, and objects that bring a tile's.
        parts: rows of cores that an object of the input has a part for.
    """

    view: GemmView
    block: tuple[int, int]
    tile: tuple[int, int, int]
    n: int
    k: int
    k_chunks: int
    residual: tuple[int, int]
    parts: int = 1

    @property
    def residual_over_read(self) -> int:
        """None."""
        return 0

    @property
    def over_read(self) -> int:
        """Nothing: the windows end with the input."""
        return 0

    @property
    def n_tile_runs(self) -> tuple[tuple[int, int, int], ...]:
        """They do not overlap."""
        return ((0, self.view.groups * (self.view.n // self.n), 0),)

    def channel_of(self, n_tile: int) -> int:
        """First output channel of an N tile."""
        return n_tile * self.n

    def offsets(self, index: int) -> tuple[int, int, int]:
        """Element offsets of a tile in input, output and residual."""
        view = self.view
        (rows, columns), (th, tw, _) = view.grid, self.tile
        across, down = -(-columns // tw), -(-rows // th)
        index, ix = divmod(index, across)
        index, iy = divmod(index, down)
        starts = [
            (view.m[-1], min(ix * tw, columns - tw)),
            *([(view.m[-2], min(iy * th, rows - th))] if len(view.m) > 1 else []),
        ]
        for loop in reversed(view.m[:-2]):
            index, i = divmod(index, loop.size)
            starts.append((loop, i))
        return (
            view.lhs_offset + sum(loop.lhs * i for loop, i in starts),
            view.out_offset + sum(loop.out * i for loop, i in starts),
            (view.residual.offset if view.residual else 0)
            + sum(loop.residual * i for loop, i in starts),
        )

    def input_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[tuple[str, Pattern]]:
        """The windows of a tile, then its residual."""
        view = self.view
        lhs, _, res = self.offsets(tile)
        per_group = view.n // self.n
        starts = [lhs + n_tile // per_group * view.group_lhs for n_tile in n_tiles[: self.parts]]
        for pattern in self._windows(starts):
            yield view.lhs.name, pattern
        if view.residual is None:
            return
        objects = residual_starts(
            self.n, *self.residual, n_tiles, self.channel_of, unicast=self.parts > 1
        )
        dims = residual_dims(view, self.tile, self.residual[0] * self.k_chunks)
        for channels in list(objects)[:: self.k_chunks]:
            for channel in channels:
                yield view.residual.argument.name, Pattern(res + channel, dims)

    def _windows(self, starts: Sequence[int]) -> Iterator[Pattern]:
        """A tile's windows, from a start for each part of an object."""
        view, run = self.view, self.k * self.k_chunks
        apart = starts[1] - starts[0] if len(starts) > 1 else 0
        if list(starts) == [starts[0] + i * apart for i in range(len(starts))]:
            parts = ((len(starts), apart),) if len(starts) > 1 else ()
            split, joined = input_dims(view, self.tile, run, parts)
            yield Pattern(starts[0], split if view.run % run == 0 else joined)
            return
        split, joined = input_dims(view, self.tile, run)
        if view.run % run:
            yield from (Pattern(start, joined) for start in starts)
            return
        steps = (*view.k_outer, (view.run // run, run))
        for step in product(*(range(0, size * stride, stride) for size, stride in steps)):
            yield from (Pattern(start + sum(step), split[len(steps) :]) for start in starts)

    def output_patterns(self, tile: int, n_tiles: Sequence[int]) -> Iterator[Pattern]:
        """The tile's pixels of the N tiles of the rows."""
        offset, n = self.offsets(tile)[1], self.n
        starts = [self.channel_of(n_tile) for n_tile in n_tiles]
        if starts == [starts[0] + row * n for row in range(len(starts))]:
            yield Pattern(offset + starts[0], output_dims(self.view, self.tile, len(starts), n))
            return
        for start in starts:
            yield Pattern(offset + start, output_dims(self.view, self.tile, 1, n)[1:])

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [groups][n][K] to blocks of s x t weights, or of t x s in chunks of bfp16."""
        view, n, k = self.view, self.n, self.k
        s, t = self.block
        source = view.filter
        count, chunks = view.groups * (view.n // n), view.k // k
        split = (count, n // t, t, chunks, k // s, s)
        order = (0, 3, 1, 4, *last_of_block(view.unit, 5, 2))
        blocks = tuple(split[i] for i in order)
        zeros, dtype = (0,) * 6, view.dtype
        made = HostCopy(source, split, dtype, zeros, split, order, dest, blocks, dtype, zeros)
        return convert_chunks(view.unit, made, n * k)

    def describe(self, steps: str) -> list[str]:
        """The tile in words."""
        th, tw, repeats = self.tile
        times = f", each {repeats} times over" if repeats > 1 else ""
        return [
            f"tile of a core   {th} x {tw} output pixels{times}, {self.n} output channels, {steps}"
        ]

"""Direct convolution by one program for many shapes: the sizes of a tile are run-time parameters.

A frame (:class:`aie_conv.direct.steered_tile.Frame`) fixes the bytes of objects that FIFOs carry. Whatever
fits them, a 3x3 window as well as a 1x1 one, runs in the same configuration of the array, so that a network
needs few configurations.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product
from math import prod

from aie_conv.codegen.steered import Word
from aie_conv.direct.steered_tile import SteeredTile
from aie_conv.layout.hostcopy import HostCopy
from aie_conv.layout.pattern import Pattern, simplify
from aie_conv.lazy import cached_property
from aie_conv.mapping.cut import Dims
from aie_conv.mapping.tiling import STEP_CYCLES
from aie_conv.problem import DTYPE_BYTES

_JAM = 4
"""How much a call waits for its tasks to be issued: the time is this norm of both alone."""


@dataclass(frozen=True)
class SteeredTiling(SteeredTile):
    """One way to run a direct convolution in a frame: its parameters, cost and addresses."""

    def run_time(self, variant: int) -> tuple[int, ...]:
        """The run-time parameters of a call, by :class:`Word`, and the two tables behind them."""
        kernel = self.matmul
        r, s, t = kernel.rst
        words = [0] * self.words
        words[Word.PASSES], words[Word.TILES] = self.passes, self.column_tiles
        words[Word.CHUNKS], words[Word.VARIANT] = self._spans, variant
        words[Word.OBJECTS], words[Word.UNITS] = self.objects, self.units
        words[Word.STEPS], words[Word.SPAN] = kernel.steps, self.span
        words[Word.PART], words[Word.FIRST_SPAN] = self.share * self.k_elements, self._first_span
        words[Word.OWN_OBJECT], words[Word.INSIDE] = self.tail_objects, 1 - self.tail_objects
        words[Word.BETWEEN] = self.phases - 1
        words[Word.PIXEL_GROUPS] = kernel.pixel_groups
        words[Word.CHANNEL_GROUPS] = kernel.channel_groups
        words[Word.CHANNELS], words[Word.UNIT_PIXELS] = self.n // t, self.unit_pixels
        for row in range(self.rows):
            words[Word.BEFORE.of(row)] = self.phase_of(row)
            words[Word.AFTER.of(row)] = self.phases - 1 - self.phase_of(row)
        for column in range(self.columns):
            own = self.tiles_of(column)
            words[Word.TILES_OF.of(column)] = own
            words[Word.IDLE.of(column)] = (self.column_tiles - own) * self.filter_objects
        residual = self.view.residual
        if residual is not None:
            of_block = s * self.size // DTYPE_BYTES[residual.dtype]
            words[Word.RESIDUAL_BLOCKS] = self.residual_channels // of_block
            words[Word.RESIDUAL_PIXELS] = self.residual_pixels
            words[Word.RESIDUAL_CALLS] = self.residual_calls
            for row in range(self.rows):
                first, inside = divmod(row * self.n, self.residual_channels)
                words[Word.SKIP_FIRST.of(row)] = first
                words[Word.RESIDUAL_AT.of(row)] = inside // of_block
                words[Word.SKIP_LAST.of(row)] = self._shared_residual - 1 - first
        block, depth, (down, across) = r * s, self.kc // s, self.window.step
        taps = self.window.tap_offsets()
        steps = [(tap * depth + i) * block for tap in taps for i in range(depth)]
        pixels = [
            (i * down * self.wide + j * across) * depth * block for i, j in self._strip_places()
        ]
        words[kernel.step_table :] = kernel.tables(steps, pixels, self.epilogue.constants)
        return tuple(words)

    def _strip_places(self) -> Iterator[tuple[int, int]]:
        """Row and column of each pixel of a strip, an object of the output after the other."""
        high, wide = self.unit_shape
        for i, j in product(range(0, self.height, high), range(0, self.width, wide)):
            yield from product(range(i, i + high), range(j, j + wide))

    def filter_copies(self, dest: str) -> tuple[HostCopy, ...]:
        """From [groups][n][taps][channels] to objects of [channel groups][steps of K][x][s][t]."""
        view, dtype = self.direct, self.direct.dtype
        (_, x), (_, s, t) = self.matmul.group, self.matmul.rst
        outer, taps = prod(size for size, _ in self.k_outer), prod(self.window.taps)
        parts, groups = view.channels // self.kc, self.share // (x * t)
        # Where an object of the filter holds several chunks there is one object for all channels.
        split = (self.slices, self.objects, groups, x, t, outer, taps, parts, self.kc // s, s)
        order = (0, 5, 7, 1, 2, 6, 8, 3, 9, 4)
        blocks, zeros = tuple(split[i] for i in order), (0,) * 10
        made = HostCopy(view.filter, split, dtype, zeros, split, order, dest, blocks, dtype, zeros)
        chunk, span = self.share * self.k_elements, self.span
        if chunk * span == self.part and self.chunks % span == 0:
            return (made,)
        made = replace(made, dest=f"{dest}_tight")
        count, starts = self.slices * self.objects, [0]
        if self.chunks % span == 0:
            count, ends = count * self._spans, [span]
        else:
            # Then an object of the filter is for all channels; the first has fewer chunks.
            ends = [self._first_span + i * span for i in range(self._spans)]
            starts += ends[:-1]
        tight, padded = (count, ends[-1] * chunk), (count, len(ends) * self.part)
        return (
            made,
            *(
                HostCopy(
                    made.dest, tight, dtype, (0, first * chunk), (count, (last - first) * chunk), (0, 1),
                    dest, padded, dtype, (0, number * self.part),
                )
                for number, (first, last) in enumerate(zip(starts, ends, strict=True))
            ),
        )  # fmt: skip

    # -- cost -------------------------------------------------------------------------------------
    @cached_property
    def tile_cycles(self) -> int:
        """Cycles of a core for one tile."""
        kernel = self.matmul
        made = int(self.objects * self.chunks * kernel.cycles() * self._slowdown)
        made += (self.chunks + self.filter_objects) * STEP_CYCLES
        if self.phases > 1:
            # Two phases work at a time: an object comes to all rows of cores when the one before the
            # last has left all.
            object_ = int(self.a_elements * self.size / self._stream_bytes_a_cycle)
            made = (made + self.chunks * object_) * self.phases // 2
        finish = self.units * self.residual_calls * (self.epilogue.cycles() + STEP_CYCLES)
        if self.residual_objects:
            # A core waits for the residual of the rows before it, two objects of which have come.
            object_ = int(self.a_elements * self.size / self._stream_bytes_a_cycle)
            first = finish // (self.units * self.residual_calls)
            finish = max(finish, max(0, self.residual_objects - 2) * object_ + first)
        return made + finish + 40

    @cached_property
    def _issue(self) -> int:
        """About how long it takes to issue a call's tasks: those that no iteration brings together."""
        slices = [self.slice_of(0, row) for row in range(self.rows)]
        patterns = [pattern for _, pattern in self.input_patterns(0, slices)]
        patterns += self.slice_outputs(0, slices)
        each = 0.0
        for pattern in patterns:
            dims = simplify(pattern.dims)
            each += prod(size for size, _ in dims[:-4]) if len(dims) > 3 else 1 / 8
        channels = 2 * self.busy_columns + self.filter_columns
        tasks = channels + int(self.passes * self.computed_tiles * each)
        return tasks * self.task_cycles

    @cached_property
    def cycles(self) -> int:
        """Predicted cycles; see :class:`Tiling`."""
        return int((super().cycles ** _JAM + self._issue**_JAM) ** (1 / _JAM))

    # -- addresses --------------------------------------------------------------------------------
    @cached_property
    def _input_dims(self) -> Dims:
        """How the shim walks a tile's input: steps of K, phases, strips, their pixels, channels."""
        rows, columns = self._axes
        row = rows.step * rows.pitch
        strip = self._strip_apart * row
        pixels = ((self.window.rows, rows.pitch), (self.wide, columns.pitch))
        if self.interleaved:
            high, units = self.unit_shape[0], self.units
            apart = (units, self.strips * high * row)
            pixels = (apart, (high, rows.pitch), (self.wide, columns.pitch))
        elif self.strip_pixels % self.wide:
            # Whole rows of the input follow one another: so do their pixels.
            pixels = ((self.strip_pixels, columns.pitch),)
        steps = (*self.k_outer, (self.channel_steps, self.kc))
        phases = (self.phases, self.strips * self.height * row)
        return (*steps, phases, (self.strips, strip), *pixels, (self.kc, 1))

    @cached_property
    def input_slack(self) -> int:
        """Elements behind the input that the shim reads: pixels of a strip that no window needs."""
        view = self.direct
        last = (view.rows.size - self.rows_out) * view.rows.lhs
        last += (view.columns.size - self.width) * view.columns.lhs
        last += sum((loop.size - 1) * loop.lhs for loop in view.outer)
        last += sum((size - 1) * stride for size, stride in self._input_dims)
        return max(0, view.lhs_offset + last + 1 - view.lhs.elements)

    def input_patterns(self, tile: int, slices: list[int]) -> Iterator[tuple[str, Pattern]]:
        """The strips of a tile, a chunk of K after the other, then its residual."""
        view = self.direct
        row, column, outer = self._origin(tile)
        base = view.lhs_offset + row * view.rows.lhs + column * view.columns.lhs
        base += sum(loop.lhs * i for loop, i in zip(view.outer, outer, strict=True))
        yield view.lhs.name, Pattern(base, self._input_dims)
        if view.residual is not None:
            yield from self._residual_patterns(row, column, outer, slices)

    def _residual_patterns(
        self, row: int, column: int, outer: tuple[int, ...], slices: list[int]
    ) -> Iterator[tuple[str, Pattern]]:
        """For the parts of each unit of the output their residual, the channels of all rows of cores."""
        view, residual = self.direct, self.direct.residual
        assert residual is not None
        base = residual.offset + row * view.rows.residual + column * view.columns.residual
        base += sum(loop.residual * i for loop, i in zip(view.outer, outer, strict=True))
        base += self.channel_of(slices[0])
        w = self.residual_channels
        row, column, wide = view.rows.residual, view.columns.residual, self.unit_shape[1]
        for at, (strips, *_) in self._units(row, column):
            for call in range(self.residual_calls):
                down, across = divmod(call * self.residual_pixels, wide)
                pixels = (
                    (max(1, self.residual_pixels // wide), row),
                    (min(self.residual_pixels, wide), column),
                )
                dims = ((self._shared_residual, w), strips, *pixels, (w, 1))
                yield (
                    residual.argument.name,
                    Pattern(base + at + down * row + across * column, dims),
                )

    def _units(self, row: int, column: int) -> Iterator[tuple[int, Dims]]:
        """Where each unit's pixels begin and lie, in a buffer with these strides, strip by strip."""
        high, wide = self.unit_shape
        pixels = ((self.strips, self._strip_apart * row), (high, row), (wide, column))
        apart = self.strips * high if self.interleaved else high
        for i, j in product(range(self.height // high), range(self.width // wide)):
            yield i * apart * row + j * wide * column, pixels

    def slice_outputs(self, tile: int, slices: list[int]) -> Iterator[Pattern]:
        """Where each unit of a tile's output goes, the slices of the rows in their order."""
        view = self.direct
        row, column, outer = self._origin(tile)
        base = view.out_offset + row * view.rows.out + column * view.columns.out
        base += sum(loop.out * i for loop, i in zip(view.outer, outer, strict=True))
        starts = [self.channel_of(slice_) for slice_ in slices]
        own = min(len(starts), self.slices)
        evenly = len({b - a for a, b in pairwise(starts[:own])}) <= 1
        phase = self.strips * self.height * view.rows.out if self.phases > 1 else 0
        for down, pixels in self._units(view.rows.out, view.columns.out):
            at = base + down
            if evenly:
                apart = starts[1] - starts[0] if own > 1 else 0
                rows = ((len(starts) // own, phase), (own, apart))
                yield Pattern(at + starts[0], (*rows, *pixels, (self.n, 1)))
                continue
            for start in starts:
                yield Pattern(at + start, (*pixels, (self.n, 1)))

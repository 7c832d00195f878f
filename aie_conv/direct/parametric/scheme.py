"""The mappings of a program for many shapes: what fits a layout, and what it costs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property, partial
from math import prod
from typing import Any

from aie_conv.arch import Device
from aie_conv.codegen.joined_epilogue import functions_of
from aie_conv.codegen.parametric import ParametricKernel
from aie_conv.codegen.parametric_epilogue import ParametricEpilogue, vector_offsets
from aie_conv.direct.geometry import window_limit
from aie_conv.direct.parametric.addresses import StripAddresses
from aie_conv.direct.parametric.ending import Ending, ending_of, look_up_pass
from aie_conv.direct.parametric.layout import (
    ParametricParameters,
    ParametricTile,
    ResidualTile,
    bias_elements,
    make_residual,
    make_tile,
)
from aie_conv.direct.parametric.limits import (
    CoreBlocks,
    array_limits,
    channel_limits,
    pixel_limits,
    residual_limits,
)
from aie_conv.direct.parametric.program import ParametricProgram
from aie_conv.direct.view import DirectView
from aie_conv.layout.pattern import simplify
from aie_conv.mapping.blocks import chunk_elements
from aie_conv.mapping.build import ACCUMULATOR_BYTES, memtile_fits, present
from aie_conv.mapping.check import Limit, device_limits, limit, tail_limits
from aie_conv.mapping.cost import (
    STEP_CYCLES,
    TILE_CYCLES,
    Cost,
    Work,
    bank_slowdown,
    norm,
    price,
    residual_wait,
    stream_rate,
    task_cycles,
)
from aie_conv.mapping.mapping import (
    CoreTile,
    FilterStream,
    Grid,
    L1Buffers,
    Mapping,
    MemTile,
    ResidualStream,
    Sizes,
)
from aie_conv.mapping.numbers import ceil_div, each, every, least, most, truncated, where
from aie_conv.problem import DTYPE_BYTES

_DEPTHS = 3, 4
"""Buffers of input and filter in a mem tile where it has room: fastest in the mean of ResNet-50's layers.

With more of them an operand that comes early takes the host's memory from one that is waited for.
"""

_JAM = 4
"""How much a call waits for its tasks to be issued: the time is this norm of both alone."""


@dataclass(frozen=True)
class ParametricScheme:
    """The mappings of a direct convolution in layouts; see :class:`aie_conv.mapping.search.Scheme`."""

    view: DirectView
    device: Device

    @property
    def kind(self) -> type[ParametricParameters]:
        """The class of the parameters."""
        return ParametricParameters

    @cached_property
    def rst(self) -> tuple[int, int, int]:
        """The matrix instruction's shape; a tile has a strip for each of its rows."""
        return self.device.arch.matmul[self.view.unit]

    def _kernel(self, strip: int, filter_: int, sums: int, seven_pixels: bool) -> ParametricKernel:
        """The core's product in a layout."""
        arch, unit = self.device.arch, self.view.unit
        return ParametricKernel(arch, unit, self.rst[0] * strip, filter_, sums, seven_pixels)

    def _of_kernel(self, p: ParametricParameters) -> tuple[int, int, int]:
        """Words of parameters, and blocks of pixels and of channels of a group, of a layout's product."""
        layout = (
            p.input_row_elements, p.filter_elements, p.accumulator_elements, p.seven_pixels,
        )  # fmt: skip
        return each(self._numbers_of, *layout)

    @cached_property
    def _numbers_of(self) -> Callable[..., tuple[int, int, int]]:
        """The same of one layout; every row of a search asks for one of a few."""

        @cache
        def numbers(*layout: Any) -> tuple[int, int, int]:
            kernel = self._kernel(*layout)
            return kernel.block.words, *kernel.group

        return numbers

    def _grid(self, p: ParametricParameters, tile: ParametricTile) -> Grid:
        """All columns: one without tiles of its own repeats the first; all rows of cores."""
        view, device = self.view, self.device
        outer = prod(loop.size for loop in view.outer)
        tiles = (
            outer * ceil_div(view.rows.size, tile.rows_out) * ceil_div(view.columns.size, p.width)
        )
        rows = device.arch.core_rows
        return Grid(
            tiles=tiles,
            columns=device.columns,
            rows=rows,
            column_tiles=ceil_div(tiles, device.columns // p.column_shares),
            # The last columns have fewer tiles, or none.
            computed_tiles=tiles,
            groups=view.groups,
            group_n_tiles=ceil_div(view.n, p.tile_n),
            unicast=False,
            filter_columns=least(device.columns, rows * p.filter_groups),
            filter_groups=p.filter_groups,
            column_shares=p.column_shares,
            overlaps=view.groups == 1,
        )

    def _filters(self, p: ParametricParameters, tile: ParametricTile) -> FilterStream:
        """Objects of equal length: per-channel operands lie at the end of one with room for them."""
        view, object_ = self.view, p.filter_elements
        dtypes = [dtype for _, dtype, _ in view.vectors]
        places, _ = vector_offsets(p.tile_n, dtypes, DTYPE_BYTES[view.dtype])
        weights = tile.k_objects * tile.channel_objects * object_
        bias = p.bias_elements if view.vectors else 0
        used = tile.first_k_chunks * self._chunk(p, tile)
        tail = where((bias > 0) & (used + bias > object_), object_, 0)
        return FilterStream(
            weights=weights,
            header=object_,
            tail=tail,
            n_tile_elements=object_ + where(view.sent is None, weights + tail, 0),
            # At the end of the first object if they fit, else of one of their own behind all others.
            bias_at=object_ - bias + where(tail > 0, weights, 0),
            bias_offsets=tuple(zip((i for i, _, _ in view.vectors), places, strict=True)),
            parameters_at=0,
            input_objects=tile.channel_objects,
            k_chunks=p.object_k_chunks,
            tail_objects=tail // object_,
            objects=tile.k_objects * tile.channel_objects + tail // object_,
        )

    def _chunk(self, p: ParametricParameters, tile: ParametricTile) -> int:
        """Elements of the weights of an object of the filter for one object of the input."""
        weights = p.object_channels * tile.k_elements
        return chunk_elements(self.view.unit, self.view.dtype, weights)

    @property
    def _keeps_vectors(self) -> bool:
        """Whether cores have room for per-channel operands."""
        return bool(self.view.vectors)

    def sizes(self, p: ParametricParameters) -> Sizes:
        """All numbers."""
        view, device = self.view, self.device
        tile = make_tile(view, device, p)
        residual = make_residual(view, device, p, tile)
        words, _, _ = self._of_kernel(p)
        grid, filters = self._grid(p, tile), self._filters(p, tile)
        sums = p.accumulator_elements
        return Sizes(
            tile=CoreTile(
                pixels=tile.strips * tile.outputs,
                n=p.tile_n,
                k_steps=tile.k_steps,
                k_elements=tile.k_elements,
                input_objects=tile.k_steps * p.time_shared,
                output_objects=tile.output_objects,
            ),
            grid=grid,
            l1=L1Buffers(
                input=self.rst[0] * p.input_row_elements,
                filter=p.filter_elements,
                output=p.output_elements,
                accumulators=sums,
                accumulator_bytes=sums * ACCUMULATOR_BYTES + 4 * words,
                bias=p.bias_elements if self._keeps_vectors else 0,
                filter_depth=p.filter_buffers,
                output_depth=p.output_buffers,
                # One object is kept while the next round's comes into the other buffer.
                resident=filters.objects == 1,
                parameter_words=words,
                parameter_buffers=0,
            ),
            memtile=self._memtile(p, grid),
            filters=filters,
            residual=ResidualStream(
                residual.channels,
                tile.output_objects * residual.calls * residual.objects,
            ),
        )

    def _memtile(self, p: ParametricParameters, grid: Grid) -> MemTile:
        """Objects as they come, in as many buffers as there is room for."""
        view, (r, s, t), input_ = self.view, self.rst, self.rst[0] * p.input_row_elements
        size, out = DTYPE_BYTES[view.dtype], DTYPE_BYTES[view.problem.out.dtype]
        bytes_ = (
            input_ * size,
            grid.shared_rows * p.filter_elements * size,
            grid.rows * p.output_elements * out,
        )
        deep = memtile_fits(self.device, grid, 1, bytes_, _DEPTHS)
        depths = [where(deep, depth, 2) for depth in _DEPTHS]
        return MemTile(
            input=input_,
            input_parts=1,
            input_depth=depths[0],
            filter=p.filter_elements,
            filter_depth=depths[1],
            k_chunks=p.k_chunks,
            input_reuse=p.input_reuse,
            filter_reuse=p.filter_reuse,
            reusable_rounds=1,
            # Strips side by side, in blocks of the instruction's channels, whatever their pixels are.
            input_dims=(
                (p.input_row_elements // s, s),
                (r, p.input_row_elements),
                (s, 1),
            ),
            # From strips side by side, in blocks, back to pixels.
            output_dims=((r, t), (p.output_elements // (r * t), r * t), (t, 1)),
        )

    # -- limits -----------------------------------------------------------------------------------
    def limits(self, p: ParametricParameters, s: Sizes) -> Iterator[Limit]:
        """Of the layout, of the problem, and of the device."""
        view, tile = self.view, make_tile(self.view, self.device, p)
        yield window_limit(view, p)
        blocks = self._blocks(p)
        yield from array_limits(view, p, s)
        yield from self._channel_limits(p, s, tile)
        yield from pixel_limits(view, p, s, tile, blocks)
        bias = bias_elements(view, p.tile_n)
        yield limit(
            "per-channel operands",
            bias <= p.bias_elements,
            lambda: f"{bias} elements for {p.tile_n}",
        )
        over_read = each(lambda *row: self._addresses_of(*row).over_read, *_columns(p))
        # The host writes what is over-read at each call: no more than it is given, or a strip's pixels hold.
        limit_ = most(view.lhs.elements, tile.input_pixels * view.channels)
        yield limit("over-read", over_read <= limit_, lambda: f"{over_read} elements of {limit_}")
        yield from tail_limits(s)
        residual = make_residual(view, self.device, p, tile)
        yield from residual_limits(view, p, s, residual, blocks)
        # The table that follows is among the parameters.
        problem = replace(view.problem, epilogue=self._ending.epilogue)
        computed = replace(view, problem=problem)
        yield from device_limits(self.device, computed, p, s, stageable=p.k_chunks == 1)

    def _blocks(self, p: ParametricParameters) -> CoreBlocks:
        """What the core's code works on at a time."""
        _, y, x = self._of_kernel(p)
        return CoreBlocks(self.rst, (y, x), self._bare_epilogue.channel_step)

    def _channel_limits(
        self, p: ParametricParameters, s: Sizes, tile: ParametricTile
    ) -> Iterator[Limit]:
        """Of N tiles, chunks of K and objects of the filter."""
        return channel_limits(self.view, p, s, tile, self._blocks(p), self._chunk(p, tile))

    # -- cost -------------------------------------------------------------------------------------
    def price(self, p: ParametricParameters, s: Sizes) -> Cost:
        """What it costs."""
        work, issue = self._work(p, s)
        # They are mostly members of regions.
        cost = price(self.device, self.view, s, work, follows=True)
        cycles = truncated(every(lambda *both: norm(_JAM, *both), cost.cycles, issue))
        return replace(cost, cycles=cycles)

    def _work(self, p: ParametricParameters, s: Sizes) -> tuple[Work, int]:
        """What a cost needs besides the sizes, and about how long it takes to issue a call's tasks.

        The tasks are those that no iteration brings together.
        """
        size, out = DTYPE_BYTES[self.view.dtype], DTYPE_BYTES[self.view.problem.out.dtype]
        residual = self.view.residual
        sizes = {self.view.lhs.name: size}
        if residual is not None:
            sizes[residual.argument.name] = DTYPE_BYTES[residual.dtype]
        rows = self.device.arch.core_rows

        def runs(*row: Any) -> tuple[float, ...]:
            addresses = self._addresses_of(*row)
            last = addresses.n_tile_runs[0][1]
            n_tiles = [i % last if last < rows else i for i in range(rows)]
            inputs = list(addresses.input_patterns(0, n_tiles))
            outputs = list(addresses.output_patterns(0, n_tiles))
            tasks = 0.0
            for pattern in (*(pattern for _, pattern in inputs), *outputs):
                dims = simplify(pattern.dims)
                tasks += prod(n for n, _ in dims[:-4]) if len(dims) > 3 else 1 / 8
            name, last_pattern = inputs[-1]
            return (
                tasks,
                *inputs[0][1].runs(size),
                *last_pattern.runs(sizes[name]),
                *outputs[0].runs(out),
            )

        tasks, a, b, c, d, e, f = each(runs, *_columns(p))
        grid = s.grid
        count = 2 * grid.busy_columns + grid.filter_columns
        tiles = grid.column_shares * grid.computed_tiles
        count = count + truncated(grid.rounds * tiles * tasks)
        work = Work(self._tile_cycles(p, s), (a, b), (c, d), (e, f))
        return work, count * task_cycles(self.device.arch)

    def _tile_cycles(self, p: ParametricParameters, s: Sizes) -> int:
        """Cycles of a core for one tile."""
        view, device, t = self.view, self.device, self.rst[2]
        tile = make_tile(view, device, p)
        residual = make_residual(view, device, p, tile)
        steps = self._object_cycles(p, tile)
        products = tile.channel_objects * tile.k_steps * steps * bank_slowdown(device, view, s)
        products = truncated(products) + (tile.k_steps + s.filters.objects) * STEP_CYCLES
        # Two that share time work at once: an object comes to all rows of cores when the one before the
        # last has left all.
        object_ = truncated(s.l1.input * DTYPE_BYTES[view.dtype] / stream_rate(device.arch))
        turns = (products + tile.k_steps * object_) * p.time_shared // 2
        products = where(p.time_shared > 1, turns, products)
        call = each(self._epilogue_cycles, residual.pixels, p.tile_n // t)
        calls = tile.output_objects * residual.calls
        finish = calls * (call + STEP_CYCLES)
        if self._ending.table is not None:
            looks = each(partial(self._ending.cycles_of, device.arch), p.output_elements)
            finish = finish + tile.output_objects * looks
        return products + residual_wait(device, view, s, finish, finish // calls) + TILE_CYCLES

    def _object_cycles(self, p: ParametricParameters, tile: ParametricTile) -> int:
        """Cycles of a core for one object of the input with one of the filter."""
        _, y, x = self._of_kernel(p)
        _, s, t = self.rst

        def product(steps: int, pixel_groups: int, channel_groups: int, *layout: Any) -> int:
            return self._kernel(*layout).cycles_of(steps, pixel_groups, channel_groups)

        return each(
            product, tile.k_elements // s, ceil_div(tile.outputs, y), p.object_channels // (x * t),
            p.input_row_elements, p.filter_elements, p.accumulator_elements, p.seven_pixels,
        )  # fmt: skip

    # -- one mapping ------------------------------------------------------------------------------
    def _epilogue(
        self, layout: tuple[int, int, int], kernel: ParametricKernel
    ) -> ParametricEpilogue:
        """The epilogue in a layout: elements of an object of the output and of the input, and kept ones."""
        view, (output, input_, bias) = self.view, layout
        return ParametricEpilogue(
            arch=self.device.arch,
            epilogue=self._ending.epilogue,
            accumulator=view.problem.accumulator,
            out_dtype=view.problem.out.dtype,
            operand_dtype=view.dtype,
            rst=self.rst,
            sums=kernel.sums,
            output=output,
            a_elements=input_,
            bias=bias,
            block=kernel.block,
            residual=view.residual.index if view.residual else None,
            vector_bytes=self.device.arch.vector_load_bytes,
        )

    @cached_property
    def _ending(self) -> Ending:
        return ending_of(self.view.problem)

    @cached_property
    def _bare_epilogue(self) -> ParametricEpilogue:
        """The epilogue without a layout, for what does not depend on it."""
        kernel = self._kernel(self.rst[1], 4096, 4096, False)
        return self._epilogue((0, 0, 0), kernel)

    def _epilogue_cycles(self, output_pixels: int, channel_blocks: int) -> int:
        """Cycles of a call of all functions of the epilogue."""
        functions = functions_of(self._bare_epilogue)
        return sum(each.cycles_of(output_pixels, channel_blocks) for each in functions)

    @cached_property
    def _addresses_of(self) -> Callable[..., StripAddresses]:
        """Addresses by parameters: limits, prices and mappings ask for those of the same rows."""
        return cache(self._addresses)

    def _addresses(self, *row: Any) -> StripAddresses:
        """The addresses of parameters in the order of their fields."""
        p = ParametricParameters(
            **{f.name: value for f, value in zip(fields(ParametricParameters), row, strict=True)}
        )
        view, device = self.view, self.device
        tile = make_tile(view, device, p)
        residual = make_residual(view, device, p, tile)
        _, _, group = self._of_kernel(p)
        rows = device.arch.core_rows
        return StripAddresses(
            view, p, tile, residual, rows, group, self.rst[1:], self._taps_at_once
        )

    @property
    def _taps_at_once(self) -> int:
        """Taps that a step takes of a filter of each channel's own."""
        return 1

    def stages(self, p: ParametricParameters, s: Sizes) -> list[int]:
        """None: a mem tile's repeats are no run-time parameters."""
        del p, s
        return []

    def build(self, p: ParametricParameters, s: Sizes, cost: Cost) -> Mapping:
        """The mapping."""
        view, device = self.view, self.device
        kernel = self._kernel(
            p.input_row_elements, p.filter_elements, p.accumulator_elements, p.seven_pixels
        )
        epilogue = self._epilogue((p.output_elements, s.l1.input, p.bias_elements), kernel)
        addresses = self._addresses_of(*_columns(p))
        tile, residual = addresses.tile, addresses.residual
        program = self._program(kernel, epilogue, p, tile, residual)
        return Mapping(device, view, p, present(s), kernel, epilogue, program, addresses, cost)

    def _program(
        self,
        kernel: ParametricKernel,
        epilogue: ParametricEpilogue,
        p: ParametricParameters,
        tile: ParametricTile,
        residual: ResidualTile,
    ) -> ParametricProgram:
        """What the cores run."""
        look_up = look_up_pass(self.device.arch, kernel, p.output_elements)
        table = self._ending.table
        return ParametricProgram(self.device, kernel, epilogue, p, tile, residual, look_up, table)


def _columns(p: ParametricParameters) -> list[Any]:
    """Parameters in the order of their fields."""
    return [getattr(p, f.name) for f in fields(p)]

"""A scalar plan one level up, as mlir-air sees it: a launch, a segment and a herd around ``linalg.generic``.

Two forms of ``air.dma_memcpy_nd`` are written, by the version of mlir-air: March's (commit d1ade562) has
offsets, sizes and strides as operands alone; August's (e972f29) has the same operands, and attributes which
say that all of them are operands (they came on 2026-08-01, 3d7055570). March's tools pass over the attributes
and read the operands, so that they read either form alike; August's refuse March's form for want of the
attributes. The ``air`` operations are in MLIR's generic form.

Memory spaces: 0 (default) is DDR, 1 the memory tiles, 2 the cores. In DDR every buffer is flat; an
access is an offset with sizes and strides, in elements. In the memory tiles a buffer has a dimension for the
columns and rows of the array, which an access names, and one for what is inside; a core's buffer is always
copied as a whole, which is written without offsets. A pass and a tile are loops of the segment, and
so is a step of the sum, whose accumulators the segment keeps in the cores' memory: one for each core.
"""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from math import prod

from aie_conv.codegen.epilogue_blocks import number
from aie_conv.codegen.scalar import ScalarKernel
from aie_conv.direct.addresses import TileAddresses
from aie_conv.direct.geometry import outer_steps
from aie_conv.direct.view import Axis
from aie_conv.errors import Unsupported
from aie_conv.ir.attributes import Raw
from aie_conv.ir.builder import Builder, Function
from aie_conv.ir.core import DYNAMIC, INDEX, Block, Op, Type, Value, memref, scalar
from aie_conv.ir.text import print_module
from aie_conv.mapping.loops import MLoop
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.plan import Argument
from aie_conv.problem import Step


@dataclass(frozen=True)
class _Part:
    """Part of a memref.

    Attributes:
        offset: of what is inside the leading dimensions.
        dims: (size, stride) pairs in elements, outermost first.
        lead: indices of the memref's leading dimensions.
    """

    memref: Value
    offset: Value
    dims: tuple[tuple[int, int], ...]
    lead: tuple[Value, ...] = ()


@dataclass(frozen=True)
class _Whole:
    """A memref as it is."""

    memref: Value


VERSIONS = {
    "march": "March 2026 (d1ade562): sizes and strides are operands; its aircc loses offsets inside memory"
    " tiles (docs/hardware.md)",
    "august": "August 2026 (e972f29): sizes and strides are operands, and attributes say so;"
    " March's tools read it alike",
}
"""The versions of mlir-air that a module can be written for."""


def air_module(plan: ArrayPlan, version: str = "august") -> str:
    """The plan's module for mlir-air; its first line says for which version.

    The function ``conv`` takes flat buffers: the plan's input, the filter as the plan's N tiles hold it
    ([N tiles][weights], see :attr:`TileAddresses.pack`), each per-channel operand, the
    residual if there is one, and the result. Its herd has the plan's columns x rows of cores, its
    buffers are the plan's tiles.

    Args:
        plan: the plan.
        version: one of :data:`VERSIONS`.

    Raises:
        Unsupported: the plan is none of scalar loops: vector code has no ``linalg.generic``.
    """
    addresses = plan.mapping.addresses
    if plan.style != "scalar" or not isinstance(addresses, TileAddresses):
        raise Unsupported(
            f"air: a plan of route {plan.route}{f' ({plan.style})' if plan.style else ''} has no"
            " linalg.generic: use --amd-aie-route=direct --amd-aie-direct=scalar"
        )
    module = _Module(plan.mapping, addresses, static=version != "march").module()
    return f"// for mlir-air of {VERSIONS[version]}\n{print_module(module)}"


def air_arguments(mapping: Mapping) -> tuple[Argument, ...]:
    """The buffers that ``conv`` of :func:`air_module` takes, by the names of host values."""
    view = mapping.view
    vectors = (Argument(name, dtype, view.groups * view.n) for _, dtype, name in view.vectors)
    residual = (view.residual.argument,) if view.residual else ()
    elements = mapping.grid.n_tiles * mapping.filters.weights
    filters = Argument("weights", view.dtype, elements)
    return (view.lhs, filters, *vectors, *residual, view.result)


class _Module:
    """Writes the module of one mapping."""

    def __init__(self, mapping: Mapping, addresses: TileAddresses, *, static: bool) -> None:
        self._m = mapping
        self._static = static
        self._addresses = addresses
        self._dmas = 0
        arguments = air_arguments(mapping)
        kinds = [(f"arg{i}", memref(a.dtype, a.elements)) for i, a in enumerate(arguments)]
        self._f = Function("conv", kinds, private=False)
        self._w = self._f.builder
        self._result: Value | None = None

    def module(self) -> Op:
        """The module, of one function."""
        with (
            self._region("launch", [self._w.constant(1)], self._f.arguments) as (_, inside),
            self._region("segment", [], inside) as (_, buffers),
        ):
            self._segment(buffers)
        return Op("module", 0, blocks=[Block(ops=[self._f.finish()])])

    # -- operations of air ------------------------------------------------------------------------
    @contextmanager
    def _region(
        self, name: str, sizes: Sequence[Value], operands: Sequence[Value]
    ) -> Generator[tuple[list[Value], list[Value]]]:
        """A region over an iteration space; gives its indices, and the memrefs inside."""
        w = self._w
        ids = [Value(INDEX, w.name("id")) for _ in sizes]
        spans = [Value(INDEX, w.name("size")) for _ in sizes]
        inside = [Value(m.type, w.name("m")) for m in operands]
        groups = Raw(f"array<i32: 0, {len(sizes)}, {len(operands)}>")
        attrs = {"operandSegmentSizes": groups, "sym_name": f"{name}_0"}
        body = Block([*ids, *spans, *inside])
        w.op(f"air.{name}", *sizes, *operands, attrs=attrs, blocks=[body])
        with w.inside(body):
            yield ids, inside
            w.op(f"air.{name}_terminator")

    def _copy(self, dest: _Part | _Whole, source: _Part | _Whole) -> None:
        """``air.dma_memcpy_nd``: elements in order from ``source`` to ``dest``."""
        self._dmas += 1
        attrs: dict[str, object] = {}
        operands: list[Value] = []
        segments = [0]
        for side, part in (("dst", dest), ("src", source)):
            lists = self._lists(part) if isinstance(part, _Part) else {}
            operands.append(part.memref)
            segments.append(1)
            for what in ("offsets", "sizes", "strides"):
                values = lists.get(what, [])
                operands += values
                segments.append(len(values))
                if self._static:
                    marks = ", ".join([str(DYNAMIC)] * len(values))
                    attrs[f"static_{side}_{what}"] = Raw(
                        f"array<i64: {marks}>" if marks else "array<i64>"
                    )
        attrs["operandSegmentSizes"] = Raw(f"array<i32: {', '.join(map(str, segments))}>")
        attrs["id"] = self._dmas
        self._w.op("air.dma_memcpy_nd", *operands, attrs=attrs)

    def _lists(self, part: _Part) -> dict[str, list[Value]]:
        """Offsets, sizes and strides of a part; each offset counts in its own stride."""
        constant = self._w.constant
        shape = part.memref.type.shape
        ahead = [prod(shape[i + 1 :]) for i in range(len(part.lead))]
        # The innermost stride is 1, so that the offset inside stands there.
        inside = [*(constant(0) for _ in part.dims[1:]), part.offset]
        return {
            "offsets": [*part.lead, *inside],
            "sizes": [constant(size) for size in (*[1] * len(ahead), *(n for n, _ in part.dims))],
            "strides": [constant(step) for step in (*ahead, *(s for _, s in part.dims))],
        }

    # -- numbers ----------------------------------------------------------------------------------
    def _do(self, op: str, left: Value, right: Value | int) -> Value:
        other = self._w.constant(right) if isinstance(right, int) else right
        return self._w.value("i", f"arith.{op}", left, other)

    def _n_tile(self, round_: Value, row: Value) -> Value:
        """The N tile of a row of cores, as :meth:`Grid.n_tile_of`."""
        grid = self._m.grid
        if grid.unicast:
            number = self._w.sum(self._w.times(round_, grid.rows), row)
            return self._do("minsi", number, grid.n_tiles - 1)
        per = grid.rounds // grid.groups
        group, inside = self._do("divui", round_, per), self._do("remui", round_, per)
        number = self._w.sum(self._w.times(inside, grid.rows), row)
        number = self._do("minsi", number, grid.group_n_tiles - 1)
        return self._w.sum(self._w.times(group, grid.group_n_tiles), number)

    def _channel(self, n_tile: Value) -> Value:
        """First output channel of an N tile, as :meth:`NTiles.channel_of`."""
        n_tiles = self._addresses.n_tiles
        if self._addresses.view.depthwise:
            block = self._w.times(self._do("remui", n_tile, n_tiles.band), n_tiles.n)
            return self._do("minsi", block, n_tiles.last)
        return self._w.times(n_tile, n_tiles.n)

    def _first_row(self, n_tile: Value) -> Value:
        """First output row of an N tile's band."""
        rows = self._addresses.geometry.band_rows
        first = self._w.times(self._do("divui", n_tile, self._addresses.n_tiles.band), rows)
        return self._do("minsi", first, self._addresses.view.rows.size - rows)

    def _input_channel(self, n_tile: Value) -> Value:
        """Where the input of an N tile's channels begins, as :meth:`NTiles.input_of`."""
        n_tiles = self._addresses.n_tiles
        if self._addresses.view.depthwise:
            return self._channel(n_tile)
        return self._w.times(self._do("divui", n_tile, n_tiles.group), n_tiles.group_input)

    def _origin(self, column: Value, number: Value) -> tuple[Value, Value, list[Value]]:
        """First row and column of a column's tile, and the indices of the outer loops."""
        grid, g, w = self._m.grid, self._addresses.geometry, self._w
        view = self._addresses.view
        tile = w.sum(w.times(column, grid.column_tiles), number)
        tile = self._do("minsi", tile, grid.tiles - 1)
        across = -(-view.columns.size // g.width)
        down = -(-g.band_rows // g.rows_out)
        ix, tile = self._do("remui", tile, across), self._do("divui", tile, across)
        iy, tile = self._do("remui", tile, down), self._do("divui", tile, down)
        indices: list[Value] = []
        for loop in reversed(view.outer):
            indices.insert(0, self._do("remui", tile, loop.size))
            tile = self._do("divui", tile, loop.size)
        row = self._do("minsi", w.times(iy, g.rows_out), g.band_rows - g.rows_out)
        left = self._do("minsi", w.times(ix, g.width), view.columns.size - g.width)
        return row, left, indices

    def _total(self, terms: Sequence[tuple[Value, int]], start: int) -> Value:
        """``start`` plus the sum of values times constants."""
        total = self._w.constant(start)
        for value, factor in terms:
            if factor:
                total = self._w.sum(total, self._w.times(value, factor))
        return total

    # -- the segment ------------------------------------------------------------------------------
    def _alloc(self, shape: tuple[int, ...], dtype: str, space: int) -> Value:
        return self._w.value("m", "memref.alloc", to=memref(dtype, *shape, space=space))

    def _dealloc(self, buffers: Sequence[Value]) -> None:
        for buffer in buffers:
            self._w.op("memref.dealloc", buffer)

    def _segment(self, buffers: list[Value]) -> None:
        m, g, w = self._m, self._addresses.geometry, self._w
        view, grid, n = m.view, m.grid, m.tile.n
        cores, tile_shape = (grid.columns, grid.rows), (g.rows_out, g.width, n)
        lhs, filters, *operands, out = buffers
        self._result = out
        a = self._alloc((grid.columns, m.memtile.input_parts, m.l1.input), view.dtype, 1)
        b = self._alloc((grid.rows, n * m.tile.k_elements), view.dtype, 1)
        result = self._alloc((*cores, prod(tile_shape)), out.type.elem, 1)
        acc = self._alloc((*cores, *tile_shape), m.kernel.accumulator, 2)
        vectors = [
            self._alloc((grid.rows, n), m.type.elem, 1) for m in operands[: len(view.vectors)]
        ]
        residuals = [
            self._alloc((*cores, prod(tile_shape)), m.type.elem, 1)
            for m in operands[len(view.vectors) :]
        ]
        with self._loop("pass", grid.rounds) as p, self._loop("tile", grid.column_tiles) as tile:
            self._clear(acc)
            with self._loop("step", m.tile.k_steps) as q:
                with (
                    self._loop("col", grid.columns) as c,
                    self._loop("row", m.memtile.input_parts) as r,
                ):
                    self._bring_input((p, tile, q), (c, r), lhs, a)
                with self._loop("row", grid.rows) as r:
                    self._bring_filter((p, q, r), filters, b)
                self._multiply(a, b, acc)
            with self._loop("row", grid.rows) as r:
                for source, dest in zip(operands, vectors, strict=False):
                    start = self._channel(self._n_tile(p, r))
                    run = ((n, 1),)
                    inside = _Part(dest, w.constant(0), run, (r,))
                    self._copy(inside, _Part(source, start, run))
            with self._loop("col", grid.columns) as c, self._loop("row", grid.rows) as r:
                for source, dest in zip(operands[len(view.vectors) :], residuals, strict=True):
                    self._move_tile((p, tile), (c, r), dest, source)
            self._finish(acc, [*vectors, *residuals], result)
            with self._loop("col", grid.columns) as c, self._loop("row", grid.rows) as r:
                self._move_tile((p, tile), (c, r), result, out)

    def _loop(self, stem: str, size: int) -> AbstractContextManager[Value]:
        w = self._w
        return w.loop(stem, w.constant(0), w.constant(size), w.constant(1))

    def _bring_filter(self, step: tuple[Value, Value, Value], filters: Value, b: Value) -> None:
        """One step's filter of the N tile of a row of cores."""
        m = self._m
        p, q, r = step
        elements = m.tile.n * m.tile.k_elements
        run = ((elements, 1),)
        start = self._total([(self._n_tile(p, r), m.filters.weights), (q, elements)], 0)
        inside = _Part(b, self._w.constant(0), run, (r,))
        self._copy(inside, _Part(filters, start, run))

    def _bring_input(
        self, steps: tuple[Value, Value, Value], core: tuple[Value, Value], lhs: Value, a: Value
    ) -> None:
        """The rows that a tile's windows touch; rows outside the input repeat the nearest one."""
        g, w = self._addresses.geometry, self._w
        (p, tile, q), (c, r) = steps, core
        view, window = self._addresses.view, g.window
        pitch = [
            axis.lhs // s for axis, s in zip((view.rows, view.columns), window.step, strict=True)
        ]
        row, left, outer = self._origin(c, tile)
        n_tile = self._n_tile(p, r)
        terms = [(left, view.columns.lhs), (self._first_row(n_tile), view.rows.lhs)]
        terms += [(self._input_channel(n_tile), 1)]
        terms += [(i, loop.lhs) for i, loop in zip(outer, view.outer, strict=True)]
        rest, (k, channel_steps) = q, self._addresses.channels
        for size, stride in reversed(
            (*outer_steps(view, self._addresses.window), (channel_steps, k))
        ):
            terms.append((self._do("remui", rest, size), stride))
            rest = self._do("divui", rest, size)
        base = self._total(terms, view.lhs_offset)
        first = w.times(row, window.step[0])
        last = (g.band_rows - 1) * window.step[0] + (window.taps[0] - 1) * window.dilation[0]
        inside = window.columns * k
        with self._loop("line", window.rows) as y:
            wanted = self._do("minsi", w.sum(first, y), last)
            wanted = self._do("maxsi", wanted, 0)
            source = w.sum(base, w.times(wanted, pitch[0]))
            pixels = ((window.columns, pitch[1]), (k, 1))
            dest = _Part(a, w.times(y, inside), ((inside, 1),), (c, r))
            self._copy(dest, _Part(lhs, source, pixels))

    def _move_tile(
        self, steps: tuple[Value, Value], core: tuple[Value, Value], here: Value, there: Value
    ) -> None:
        """A core's tile of the result to DDR, or of the residual from it, row by row.

        Rows in front of the output are its first row; in the result that is then overwritten.
        """
        g, n, w = self._addresses.geometry, self._m.tile.n, self._w
        (p, tile), (c, r) = steps, core
        view = self._addresses.view
        writes = there is self._result
        offset = view.residual.offset if view.residual and not writes else view.out_offset

        def stride(loop: Axis | MLoop) -> int:
            return loop.out if writes else loop.residual

        row, left, outer = self._origin(c, tile)
        n_tile = self._n_tile(p, r)
        terms = [(left, stride(view.columns)), (self._first_row(n_tile), stride(view.rows))]
        terms += [(self._channel(n_tile), 1)]
        terms += [(i, stride(loop)) for i, loop in zip(outer, view.outer, strict=True)]
        base = self._total(terms, offset)
        inside = g.width * n
        with self._loop("line", g.rows_out) as y:
            wanted = self._do("maxsi", w.sum(row, y), 0)
            address = w.sum(base, w.times(wanted, stride(view.rows)))
            outside = _Part(there, address, ((g.width, stride(view.columns)), (n, 1)))
            inner = _Part(here, w.times(y, inside), ((inside, 1),), (c, r))
            self._copy(*((outside, inner) if writes else (inner, outside)))

    # -- the herds --------------------------------------------------------------------------------
    @contextmanager
    def _herd(self, operands: list[Value]) -> Generator[tuple[Value, Value, list[Value]]]:
        """A herd of all cores: its column, its row, and the operands inside."""
        w, grid = self._w, self._m.grid
        sizes = [w.constant(grid.columns), w.constant(grid.rows)]
        with self._region("herd", sizes, operands) as ((c, r), inside):
            yield c, r, inside

    def _accumulator(self, acc: Value, c: Value, r: Value) -> Value:
        """A core's part of the accumulators."""
        height, width, n = acc.type.shape[2:]
        lies = (width * n, n, 1)
        part_type = Type("memref", acc.type.elem, (height, width, n), lies, DYNAMIC, 2)
        said = {
            "static_offsets": [DYNAMIC, DYNAMIC, 0, 0, 0],
            "static_sizes": [1, 1, height, width, n],
            "static_strides": [1, 1, 1, 1, 1],
        }
        return self._w.value("acc", "memref.subview", acc, c, r, to=part_type, **said)

    def _clear(self, acc: Value) -> None:
        w = self._w
        with self._herd([acc]) as (c, r, (mine,)):
            part = self._accumulator(mine, c, r)
            w.op("linalg.fill", w.constant(0, scalar(acc.type.elem), "k"), part)

    def _multiply(self, a: Value, b: Value, acc: Value) -> None:
        """Bring the cores their objects and add their products."""
        m, n, w = self._m, self._addresses.n_tiles.n, self._w
        kernel, window, depthwise = (
            m.kernel,
            self._addresses.geometry.window,
            self._addresses.view.depthwise,
        )
        assert isinstance(kernel, ScalarKernel)
        with self._herd([a, b, acc]) as (c, r, (a_l2, b_l2, mine)):
            # The rows that the loops read; behind them the plan may have padding.
            rows = self._alloc(kernel.generic.inputs[0].shape, a.type.elem, 2)
            part = r if m.memtile.input_parts > 1 else w.constant(0)
            run = ((rows.type.elements, 1),)
            self._copy(_Whole(rows), _Part(a_l2, w.constant(0), run, (c, part)))
            taps = prod(window.taps)
            depth = (
                (*window.taps, n) if depthwise else (n, *window.taps, self._addresses.channels[0])
            )
            filters = self._alloc(depth, b.type.elem, 2)
            dims = ((taps * n, 1),)
            if not depthwise:
                # Behind each channel's taps the plan may have padding.
                dims = ((n, m.tile.k_elements), (taps * self._addresses.channels[0], 1))
            self._copy(_Whole(filters), _Part(b_l2, w.constant(0), dims, (r,)))
            kernel.generic.linalg(w, [rows, filters, self._accumulator(mine, c, r)])
            self._dealloc([rows, filters])

    def _finish(self, acc: Value, operands: list[Value], result: Value) -> None:
        """The dispatch's own operations on every result."""
        n, w = self._addresses.n_tiles.n, self._w
        shape, vectors = acc.type.shape[2:], len(self._m.view.vectors)
        size = prod(shape)
        with self._herd([acc, *operands, result]) as (c, r, (mine, *inputs, out)):
            local: list[Value] = []
            for number, m in enumerate(inputs):
                vector = number < vectors
                local.append(self._alloc((n,) if vector else shape, m.type.elem, 2))
                run, lead = (((n, 1),), (r,)) if vector else (((size, 1),), (c, r))
                self._copy(_Whole(local[-1]), _Part(m, w.constant(0), run, lead))
            part = self._accumulator(mine, c, r)
            done = self._alloc(shape, out.type.elem, 2)
            self._epilogue(part, local, done)
            self._copy(_Part(out, w.constant(0), ((size, 1),), (c, r)), _Whole(done))
            self._dealloc([*local, done])

    def _epilogue(self, acc: Value, inputs: list[Value], done: Value) -> None:
        """``linalg.generic`` of the epilogue's steps over (rows, columns, channels)."""
        w, view = self._w, self._m.view
        epilogue = view.problem.epilogue
        every = Raw("affine_map<(d0, d1, d2) -> (d0, d1, d2)>")
        channel = Raw("affine_map<(d0, d1, d2) -> (d2)>")
        maps = [every, *(channel if len(m.type.shape) == 1 else every for m in inputs), every]
        attrs = {"indexing_maps": maps, "iterator_types": ["parallel"] * 3}
        operands = (acc, *inputs, done)
        body = Block([Value(scalar(m.type.elem), w.name("x")) for m in operands])
        order = [index for index, _, _ in view.vectors]
        order += [view.residual.index] if view.residual else []
        by_index = dict(zip(order, body.args[1:-1], strict=True))
        values = [body.args[0], *(by_index[i] for i in range(len(epilogue.inputs)))]
        with w.inside(body):
            for step in epilogue.steps:
                values.append(_write_step(w, step, [values[a] for a in step.args]))
            w.op("linalg.yield", values[epilogue.result])
        w.op("linalg.generic", *operands, attrs=attrs, blocks=[body])


def _write_step(w: Builder, step: Step, args: list[Value]) -> Value:
    """A step as an operation on scalars."""
    kind = scalar(step.dtype)
    if step.op == "arith.constant":
        return w.constant(number(step), kind, "e")
    if step.op in ("arith.cmpf", "arith.cmpi"):
        return w.value("e", step.op, *args, predicate=str(step.attr))
    same = step.op == "arith.select" or args[0].type == kind
    return w.value("e", step.op, *args, to=None if same else kind)

"""A scalar plan one level up, as mlir-air sees it: a launch, a segment and a herd around ``linalg.generic``.

Written for mlir-air of 22 August 2026 (commit e972f29), whose ``air.dma_memcpy_nd`` has its static
offsets, sizes and strides as attributes. The ``air`` operations are in MLIR's generic form.

Memory spaces: 0 (default) is DDR, 1 the memory tiles, 2 the cores. In DDR every buffer is flat; an
access is an offset with sizes and strides, in elements. A pass and a tile are loops of the segment, and
so is a step of the sum, whose accumulators the segment keeps in the cores' memory: one for each core.
"""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from math import prod

from aie_conv.codegen.scalar import ScalarKernel
from aie_conv.codegen.text import Writer
from aie_conv.direct.addresses import TileAddresses
from aie_conv.direct.geometry import outer_steps
from aie_conv.direct.view import Axis
from aie_conv.errors import Unsupported
from aie_conv.mapping.loops import MLoop
from aie_conv.mapping.mapping import Mapping
from aie_conv.mapping.plan import ArrayPlan
from aie_conv.plan import Argument
from aie_conv.problem import Step

_DYNAMIC = -(2**63)
"""What stands in a static list for a value that is an operand."""


@dataclass(frozen=True)
class _Memref:
    """A value that is a memref."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    space: int

    @property
    def type(self) -> str:
        sizes = "".join(f"{size}x" for size in self.shape)
        return f"memref<{sizes}{self.dtype}{f', {self.space}' if self.space else ''}>"


@dataclass(frozen=True)
class _Part:
    """Part of a memref: an offset, and (size, stride) pairs in elements, outermost first."""

    memref: _Memref
    offset: str
    dims: tuple[tuple[int, int], ...]


def air_module(plan: ArrayPlan) -> str:
    """The plan's module for mlir-air (written for commit e972f29 of 22 August 2026).

    The function ``conv`` takes flat buffers: the plan's input, the filter as the plan's N tiles hold it
    ([N tiles][weights], see :attr:`TileAddresses.pack`), each per-channel operand, the
    residual if there is one, and the result. Its herd has the plan's columns x rows of cores, its
    buffers are the plan's tiles.

    Raises:
        Unsupported: the plan is none of scalar loops: vector code has no ``linalg.generic``.
    """
    addresses = plan.mapping.addresses
    if plan.style != "scalar" or not isinstance(addresses, TileAddresses):
        raise Unsupported(
            f"air: a plan of route {plan.route}{f' ({plan.style})' if plan.style else ''} has no"
            " linalg.generic: use --amd-aie-route=direct --amd-aie-direct=scalar"
        )
    return _Module(plan.mapping, addresses).text()


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

    def __init__(self, mapping: Mapping, addresses: TileAddresses) -> None:
        self._m = mapping
        self._at = addresses
        self._w = Writer(1)
        self._dmas = 0
        self._result = ""

    def text(self) -> str:
        w = self._w
        outer = [
            _Memref(f"%arg{i}", (a.elements,), a.dtype, 0)
            for i, a in enumerate(air_arguments(self._m))
        ]
        head = ", ".join(f"{m.name}: {m.type}" for m in outer)
        with w.block(f"func.func @conv({head})"):
            one = w.constant(1)
            _, inside = self._open("launch", [one], outer)
            _, buffers = self._open("segment", [], inside)
            self._segment(buffers)
            self._close("segment", 0, inside)
            self._close("launch", 1, outer)
            w.line("func.return")
        return f"module {{\n{w.text()}}}\n"

    # -- operations of air ------------------------------------------------------------------------
    def _open(
        self, name: str, sizes: list[str], operands: Sequence[_Memref]
    ) -> tuple[list[str], list[_Memref]]:
        """Open a region over an iteration space; returns its indices, and the memrefs inside."""
        w = self._w
        ids = [w.fresh("id") for _ in sizes]
        spans = [w.fresh("size") for _ in sizes]
        inside = [_Memref(w.fresh("m"), m.shape, m.dtype, m.space) for m in operands]
        given = ", ".join((*sizes, *(m.name for m in operands)))
        groups = f"array<i32: 0, {len(sizes)}, {len(operands)}>"
        label = f', sym_name = "{name}_0"'
        w.line(f'"air.{name}"({given}) <{{operandSegmentSizes = {groups}{label}}}> ({{')
        arguments = [f"{i}: index" for i in (*ids, *spans)]
        arguments += [f"{m.name}: {m.type}" for m in inside]
        w.line(f"^bb0({', '.join(arguments)}):")
        return ids, inside

    def _close(self, name: str, sizes: int, operands: Sequence[_Memref]) -> None:
        w = self._w
        w.line(f'"air.{name}_terminator"() : () -> ()')
        types = ", ".join((*["index"] * sizes, *(m.type for m in operands)))
        w.line(f"}}) : ({types}) -> ()")

    def _copy(self, dest: _Part, source: _Part) -> None:
        """``air.dma_memcpy_nd``: elements in order from ``source`` to ``dest``."""
        self._dmas += 1
        operands: list[str] = []
        types: list[str] = []
        groups, lists = [0], []
        for side, part in (("dst", dest), ("src", source)):
            # The innermost offset alone is not zero: its stride is 1.
            operands += [part.memref.name, part.offset]
            types += [part.memref.type, "index"]
            groups += [1, 1, 0, 0]
            zeros = [0] * (len(part.dims) - 1)
            values = {
                "offsets": [*zeros, _DYNAMIC],
                "sizes": [size for size, _ in part.dims],
                "strides": [stride for _, stride in part.dims],
            }
            lists += [
                f"static_{side}_{what} = array<i64: {', '.join(map(str, numbers))}>"
                for what, numbers in values.items()
            ]
        properties = [f"operandSegmentSizes = array<i32: {', '.join(map(str, groups))}>", *lists]
        self._w.line(
            f'"air.dma_memcpy_nd"({", ".join(operands)}) <{{{", ".join(properties)}}}>'
            f" {{id = {self._dmas} : i32}} : ({', '.join(types)}) -> ()"
        )

    # -- numbers ----------------------------------------------------------------------------------
    def _do(self, op: str, left: str, right: str | int) -> str:
        other = self._w.constant(right) if isinstance(right, int) else right
        return self._w.value("i", f"arith.{op} {left}, {other} : index")

    def _n_tile(self, round_: str, row: str) -> str:
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

    def _channel(self, n_tile: str) -> str:
        """First output channel of an N tile, as :meth:`NTiles.channel_of`."""
        n_tiles = self._at.n_tiles
        if self._at.view.depthwise:
            block = self._w.times(self._do("remui", n_tile, n_tiles.band), n_tiles.n)
            return self._do("minsi", block, n_tiles.last)
        return self._w.times(n_tile, n_tiles.n)

    def _first_row(self, n_tile: str) -> str:
        """First output row of an N tile's band."""
        rows = self._at.geometry.band_rows
        first = self._w.times(self._do("divui", n_tile, self._at.n_tiles.band), rows)
        return self._do("minsi", first, self._at.view.rows.size - rows)

    def _input_channel(self, n_tile: str) -> str:
        """Where the input of an N tile's channels begins, as :meth:`NTiles.input_of`."""
        n_tiles = self._at.n_tiles
        if self._at.view.depthwise:
            return self._channel(n_tile)
        return self._w.times(self._do("divui", n_tile, n_tiles.group), n_tiles.group_input)

    def _origin(self, column: str, number: str) -> tuple[str, str, list[str]]:
        """First row and column of a column's tile, and the indices of the outer loops."""
        grid, g, w = self._m.grid, self._at.geometry, self._w
        view = self._at.view
        tile = w.sum(w.times(column, grid.column_tiles), number)
        tile = self._do("minsi", tile, grid.tiles - 1)
        across = -(-view.columns.size // g.width)
        down = -(-g.band_rows // g.rows_out)
        ix, tile = self._do("remui", tile, across), self._do("divui", tile, across)
        iy, tile = self._do("remui", tile, down), self._do("divui", tile, down)
        at: list[str] = []
        for loop in reversed(view.outer):
            at.insert(0, self._do("remui", tile, loop.size))
            tile = self._do("divui", tile, loop.size)
        row = self._do("minsi", w.times(iy, g.rows_out), g.band_rows - g.rows_out)
        left = self._do("minsi", w.times(ix, g.width), view.columns.size - g.width)
        return row, left, at

    def _total(self, terms: Sequence[tuple[str, int]], start: int) -> str:
        """``start`` plus the sum of values times constants."""
        total = self._w.constant(start)
        for value, factor in terms:
            if factor:
                total = self._w.sum(total, self._w.times(value, factor))
        return total

    # -- the segment ------------------------------------------------------------------------------
    def _alloc(self, shape: tuple[int, ...], dtype: str, space: int, name: str = "") -> _Memref:
        made = _Memref(name or self._w.fresh("m"), shape, dtype, space)
        self._w.line(f"{made.name} = memref.alloc() : {made.type}")
        return made

    def _segment(self, buffers: list[_Memref]) -> None:
        m, g, w = self._m, self._at.geometry, self._w
        view, grid, n = m.view, m.grid, m.tile.n
        cores, tile_shape = (grid.columns, grid.rows), (g.rows_out, g.width, n)
        lhs, filters, *given, out = buffers
        self._result = out.name
        a = self._alloc((grid.columns, m.memtile.input_parts, m.l1.input), view.dtype, 1)
        b = self._alloc((grid.rows, n * m.tile.k_elements), view.dtype, 1)
        result = self._alloc((*cores, *tile_shape), out.dtype, 1)
        acc = self._alloc((*cores, *tile_shape), m.kernel.accumulator, 2)
        vectors = [self._alloc((grid.rows, n), m.dtype, 1) for m in given[: len(view.vectors)]]
        residuals = [
            self._alloc((*cores, *tile_shape), m.dtype, 1) for m in given[len(view.vectors) :]
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
                for source, dest in zip(given, vectors, strict=False):
                    start = self._channel(self._n_tile(p, r))
                    place = w.times(r, n)
                    self._copy(_Part(dest, place, ((n, 1),)), _Part(source, start, ((n, 1),)))
            with self._loop("col", grid.columns) as c, self._loop("row", grid.rows) as r:
                for source, dest in zip(given[len(view.vectors) :], residuals, strict=True):
                    self._move_tile((p, tile), (c, r), dest, source)
            self._finish(acc, [*vectors, *residuals], result)
            with self._loop("col", grid.columns) as c, self._loop("row", grid.rows) as r:
                self._move_tile((p, tile), (c, r), result, out)

    def _loop(self, stem: str, size: int) -> AbstractContextManager[str]:
        w = self._w
        return w.loop(stem, w.constant(0), w.constant(size), w.constant(1))

    def _bring_filter(self, at: tuple[str, str, str], filters: _Memref, b: _Memref) -> None:
        """One step's filter of the N tile of a row of cores."""
        m = self._m
        p, q, r = at
        elements = m.tile.n * m.tile.k_elements
        run = ((elements, 1),)
        start = self._total([(self._n_tile(p, r), m.filters.weights), (q, elements)], 0)
        self._copy(_Part(b, self._w.times(r, elements), run), _Part(filters, start, run))

    def _bring_input(
        self, steps: tuple[str, str, str], core: tuple[str, str], lhs: _Memref, a: _Memref
    ) -> None:
        """The rows that a tile's windows touch; rows outside the input repeat the nearest one."""
        m, g, w = self._m, self._at.geometry, self._w
        (p, tile, q), (c, r) = steps, core
        view, window = self._at.view, g.window
        pitch = [
            axis.lhs // s for axis, s in zip((view.rows, view.columns), window.step, strict=True)
        ]
        row, left, outer = self._origin(c, tile)
        n_tile = self._n_tile(p, r)
        terms = [(left, view.columns.lhs), (self._first_row(n_tile), view.rows.lhs)]
        terms += [(self._input_channel(n_tile), 1)]
        terms += [(i, loop.lhs) for i, loop in zip(outer, view.outer, strict=True)]
        rest, (k, channel_steps) = q, self._at.channels
        for size, stride in reversed((*outer_steps(view, self._at.window), (channel_steps, k))):
            terms.append((self._do("remui", rest, size), stride))
            rest = self._do("divui", rest, size)
        base = self._total(terms, view.lhs_offset)
        place = self._total([(c, m.memtile.input_parts * m.l1.input), (r, m.l1.input)], 0)
        first = w.times(row, window.step[0])
        last = (g.band_rows - 1) * window.step[0] + (window.taps[0] - 1) * window.dilation[0]
        inside = window.columns * k
        with self._loop("line", window.rows) as y:
            wanted = self._do("minsi", w.sum(first, y), last)
            wanted = self._do("maxsi", wanted, 0)
            source = w.sum(base, w.times(wanted, pitch[0]))
            pixels = ((window.columns, pitch[1]), (k, 1))
            dest = w.sum(place, w.times(y, inside))
            self._copy(_Part(a, dest, ((inside, 1),)), _Part(lhs, source, pixels))

    def _move_tile(
        self, steps: tuple[str, str], core: tuple[str, str], here: _Memref, there: _Memref
    ) -> None:
        """A core's tile of the result to DDR, or of the residual from it, row by row.

        Rows in front of the output are its first row; in the result that is then overwritten.
        """
        g, n, w = self._at.geometry, self._m.tile.n, self._w
        (p, tile), (c, r) = steps, core
        view = self._at.view
        writes = there.name == self._result
        offset = view.residual.offset if view.residual and not writes else view.out_offset

        def stride(loop: Axis | MLoop) -> int:
            return loop.out if writes else loop.residual

        row, left, outer = self._origin(c, tile)
        n_tile = self._n_tile(p, r)
        terms = [(left, stride(view.columns)), (self._first_row(n_tile), stride(view.rows))]
        terms += [(self._channel(n_tile), 1)]
        terms += [(i, stride(loop)) for i, loop in zip(outer, view.outer, strict=True)]
        base = self._total(terms, offset)
        size, inside = g.pixels * n, g.width * n
        place = self._total([(c, self._m.grid.rows * size), (r, size)], 0)
        with self._loop("line", g.rows_out) as y:
            wanted = self._do("maxsi", w.sum(row, y), 0)
            at = w.sum(base, w.times(wanted, stride(view.rows)))
            outside = _Part(there, at, ((g.width, stride(view.columns)), (n, 1)))
            inner = _Part(here, w.sum(place, w.times(y, inside)), ((inside, 1),))
            self._copy(*((outside, inner) if writes else (inner, outside)))

    # -- the herds --------------------------------------------------------------------------------
    @contextmanager
    def _herd(self, operands: list[_Memref]) -> Generator[tuple[str, str, list[_Memref]]]:
        """A herd of all cores: its column, its row, and the operands inside."""
        w = self._w
        sizes = [w.constant(self._m.grid.columns), w.constant(self._m.grid.rows)]
        (c, r), inside = self._open("herd", sizes, operands)
        yield c, r, inside
        self._close("herd", len(sizes), inside)

    def _accumulator(self, acc: _Memref, c: str, r: str, name: str) -> str:
        """A core's accumulator as ``name``; returns its type."""
        height, width, n = acc.shape[2:]
        lies = f"strided<[{width * n}, {n}, 1], offset: ?>"
        made = f"memref<{height}x{width}x{n}x{acc.dtype}, {lies}, 2>"
        self._w.line(
            f"{name} = memref.subview {acc.name}[{c}, {r}, 0, 0, 0] [1, 1, {height}, {width}, {n}]"
            f" [1, 1, 1, 1, 1] : {acc.type} to {made}"
        )
        return made

    def _clear(self, acc: _Memref) -> None:
        w = self._w
        with self._herd([acc]) as (c, r, (mine,)):
            made = self._accumulator(mine, c, r, "%c")
            zero = "0" if acc.dtype.startswith("i") else "0.000000e+00"
            value = w.value("k", f"arith.constant {zero} : {acc.dtype}")
            w.line(f"linalg.fill ins({value} : {acc.dtype}) outs(%c : {made})")

    def _multiply(self, a: _Memref, b: _Memref, acc: _Memref) -> None:
        """Bring the cores their objects and add their products."""
        m, w, n = self._m, self._w, self._m.tile.n
        kernel, window, depthwise = m.kernel, self._at.geometry.window, self._at.view.depthwise
        assert isinstance(kernel, ScalarKernel)
        with self._herd([a, b, acc]) as (c, r, (a_l2, b_l2, mine)):
            # The rows that the loops read; behind them the plan may have padding.
            own = self._alloc(kernel.generic.inputs[0].shape, a.dtype, 2, "%a")
            terms = [(c, m.memtile.input_parts * m.l1.input)]
            terms += [(r, m.l1.input)] if m.memtile.input_parts > 1 else []
            whole = ((prod(own.shape), 1),)
            self._copy(_Part(own, w.constant(0), whole), _Part(a_l2, self._total(terms, 0), whole))
            taps = prod(window.taps)
            depth = (*window.taps, n) if depthwise else (n, *window.taps, self._at.channels[0])
            filters = self._alloc(depth, b.dtype, 2, "%b")
            dims = ((taps * n, 1),)
            if not depthwise:
                # Behind each channel's taps the plan may have padding.
                dims = ((n, m.tile.k_elements), (taps * self._at.channels[0], 1))
            start = w.times(r, n * m.tile.k_elements)
            whole = ((prod(depth), 1),)
            self._copy(_Part(filters, w.constant(0), whole), _Part(b_l2, start, dims))
            plain = f"outs(%c : memref<{'x'.join(map(str, acc.shape[2:]))}x{acc.dtype}, 2>)"
            made = self._accumulator(mine, c, r, "%c")
            for line in kernel.generic.operation(2).splitlines():
                w.line(line.replace(plain, f"outs(%c : {made})"))
            w.line(f"memref.dealloc {own.name} : {own.type}")
            w.line(f"memref.dealloc {filters.name} : {filters.type}")

    def _finish(self, acc: _Memref, given: list[_Memref], result: _Memref) -> None:
        """The dispatch's own operations on every result."""
        n, w = self._m.tile.n, self._w
        shape, vectors = acc.shape[2:], len(self._m.view.vectors)
        size = prod(shape)
        with self._herd([acc, *given, result]) as (c, r, (mine, *inputs, out)):
            place = self._total([(c, self._m.grid.rows * size), (r, size)], 0)
            whole = ((size, 1),)
            own: list[_Memref] = []
            for number, m in enumerate(inputs):
                vector = number < vectors
                own.append(self._alloc((n,) if vector else shape, m.dtype, 2))
                run = ((n, 1),) if vector else whole
                start = w.times(r, n) if vector else place
                self._copy(_Part(own[-1], w.constant(0), run), _Part(m, start, run))
            made = self._accumulator(mine, c, r, "%c")
            done = self._alloc(shape, out.dtype, 2)
            self._epilogue(made, own, done)
            self._copy(_Part(out, place, whole), _Part(done, w.constant(0), whole))
            for m in (*own, done):
                w.line(f"memref.dealloc {m.name} : {m.type}")

    def _epilogue(self, acc: str, given: list[_Memref], done: _Memref) -> None:
        """``linalg.generic`` of the epilogue's steps over (rows, columns, channels)."""
        w, view = self._w, self._m.view
        epilogue = view.problem.epilogue
        every, channel = (
            "affine_map<(d0, d1, d2) -> (d0, d1, d2)>",
            "affine_map<(d0, d1, d2) -> (d2)>",
        )
        maps = [every, *(channel if len(m.shape) == 1 else every for m in given), every]
        inputs = ", ".join(("%c", *(m.name for m in given)))
        types = ", ".join((acc, *(m.type for m in given)))
        head = (
            f"linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types ="
            f' ["parallel", "parallel", "parallel"]}} ins({inputs} : {types})'
            f" outs({done.name} : {done.type})"
        )
        accumulator = view.problem.accumulator
        with w.block(head):
            first, last = w.fresh("sum"), w.fresh("old")
            names = [w.fresh("x") for _ in given]
            pairs = [(first, accumulator), *zip(names, (m.dtype for m in given), strict=True)]
            pairs.append((last, done.dtype))
            w.line(f"^bb0({', '.join(f'{name}: {ty}' for name, ty in pairs)}):")
            order = [index for index, _, _ in view.vectors]
            order += [view.residual.index] if view.residual else []
            by_index = dict(zip(order, names, strict=True))
            values = [first, *(by_index[i] for i in range(len(epilogue.inputs)))]
            for step in epilogue.steps:
                sources = [epilogue.value_dtype(arg, accumulator) for arg in step.args]
                values.append(w.value("e", _written(step, [values[a] for a in step.args], sources)))
            w.line(f"linalg.yield {values[epilogue.result]} : {done.dtype}")


def _written(step: Step, args: list[str], sources: list[str]) -> str:
    """A step as an operation on scalars."""
    if step.op == "arith.constant":
        if step.dtype == "i1":
            return f"{step.op} {'true' if step.attr else 'false'}"
        floating = step.dtype in ("bf16", "f32")
        value = f"{float(step.attr or 0):.9e}" if floating else str(int(step.attr or 0))
        return f"{step.op} {value} : {step.dtype}"
    if step.op in ("arith.cmpf", "arith.cmpi"):
        return f"{step.op} {step.attr}, {', '.join(args)} : {sources[0]}"
    if step.op == "arith.select" or sources[0] == step.dtype:
        return f"{step.op} {', '.join(args)} : {step.dtype}"
    return f"{step.op} {args[0]} : {sources[0]} to {step.dtype}"

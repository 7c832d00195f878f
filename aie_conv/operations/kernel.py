"""What a core runs on one tile of an operation."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from itertools import product
from math import prod

from aie_conv.codegen.activations import activations
from aie_conv.codegen.epilogue import check
from aie_conv.codegen.epilogue_blocks import BlockEpilogue, Constants
from aie_conv.codegen.epilogue_cycles import moves_of
from aie_conv.codegen.matrix_unit import bitcast
from aie_conv.codegen.step_work import ROUNDED
from aie_conv.errors import Unsupported
from aie_conv.ir.builder import ALIGNMENT, Builder, Function
from aie_conv.ir.core import Op, Type, Value, memref, scalar, vector
from aie_conv.operations.gathered import slots
from aie_conv.operations.rounding import SAVED, round_halves, roundings, rounds_in_halves
from aie_conv.operations.tile import OperandSection, OperationTile
from aie_conv.operations.trips import LoopTrip, TilePlace, merge_trips
from aie_conv.operations.windows import WRITTEN_OUT, SlidingWindows, sliding_windows
from aie_conv.problem import DTYPE_BYTES, OperationProblem

_MOVED = 16
"""Elements of a move that are loaded before they are stored."""

CALL_CYCLES = 30
"""To call a function and to return."""

_DRAIN_CYCLES = 14
"""To fill and drain a loop."""


def lanes(problem: OperationProblem) -> int:
    """Lanes of a vector at most: 64 bytes of what is computed, two vectors of wider types."""
    dtypes = {problem.lhs.dtype, problem.accumulator, problem.out.dtype}
    dtypes |= {step.dtype for step in problem.epilogue.steps} - {"i1"}
    dtypes |= {entry.operand.dtype for entry in problem.epilogue.inputs}
    widest = max(DTYPE_BYTES[dtype] for dtype in dtypes)
    return {1: 64, 2: 32, 4: 32}[widest]


def check_code(problem: OperationProblem) -> None:
    """Refuse what the cores do not compute to the bit, but for activation functions of bf16.

    Raises:
        Unsupported: the message names the operation.
    """
    check(problem.epilogue, problem.accumulator)
    read = {problem.lhs.dtype, *(entry.operand.dtype for entry in problem.epilogue.inputs)}
    if "f32" in read and activations(problem.epilogue, problem.accumulator):
        raise Unsupported("epilogue: functions of f32 are computed in bf16 only")


def section_start(w: Builder, section: OperandSection) -> Value:
    """Where a section begins, in its elements."""
    return w.constant(section.start // DTYPE_BYTES[section.dtype])


def _load_one(w: Builder, section: OperandSection, source: Value, place: Value) -> Value:
    """An element of a section; of a wider object's a part of one of its elements."""
    size, unit = DTYPE_BYTES[section.dtype], DTYPE_BYTES[source.type.elem]
    if size == unit:
        element = w.value("v", "memref.load", source, place)
    else:
        parts, wide = w.constant(unit // size), scalar(source.type.elem)
        near = w.value("i", "arith.divui", place, parts)
        shift = w.times(w.value("i", "arith.remui", place, parts), 8 * size)
        shift = w.value("n", "arith.index_cast", shift, to=wide)
        word = w.value("v", "memref.load", source, near)
        word = w.value("v", "arith.shrui", word, shift)
        element = w.value("v", "arith.trunci", word, to=scalar(f"i{8 * size}"))
    if element.type.elem != section.dtype:
        element = w.value("v", "arith.bitcast", element, to=scalar(section.dtype))
    return element


def load_section(
    w: Builder, lanes: int, section: OperandSection, source: Value, place: Value
) -> Value:
    """Lanes of a section, or one element for all of them; ``place`` is in its elements."""
    kind = vector(section.dtype, lanes)
    size, unit = DTYPE_BYTES[section.dtype], DTYPE_BYTES[source.type.elem]
    if section.pitches[-1] == 0:
        element = _load_one(w, section, source, place)
        return w.value("v", "vector.broadcast", element, to=kind)
    if size > unit:
        place = w.times(place, size // unit)
    elif size < unit:
        place = w.value("i", "arith.divui", place, w.constant(unit // size))
    total = lanes * size
    loaded = w.load("v", source, place, total // unit, min(ALIGNMENT, total & -total))
    return bitcast(w, loaded, kind)


def write_function(
    name: str,
    arguments: Sequence[tuple[str, Type]],
    write: Callable[..., None],
) -> Op:
    """A function of buffers."""
    f = Function(name, arguments)
    write(f.builder, *f.arguments)
    return f.finish()


def aligned(lanes: int, buffer: Value) -> int:
    """To how many bytes a vector of a buffer's elements is aligned."""
    size = lanes * DTYPE_BYTES[buffer.type.elem]
    return min(ALIGNMENT, size & -size)


@dataclass(frozen=True)
class OperationCode(BlockEpilogue):
    """The functions of one tile whose lanes have nothing to do with each other.

    Attributes:
        tile: the tile.
    """

    tile: OperationTile

    # -- functions --------------------------------------------------------------------------------
    def functions(self) -> list[Op]:
        """``compute(in, out)``; of chunks ``first`` and ``more(in, sums)``, ``last(sums, out)``."""
        problem, tile = self.tile.view.problem, self.tile
        source = memref(tile.object_dtype, tile.object_elements)
        out = memref(problem.out.dtype, tile.outputs)
        if tile.chunks == 1:
            if self.in_program:
                return []
            write = self._move_elements if tile.view.by_elements else self.compute
            return [write_function("compute", [("source", source), ("out", out)], write)]
        sums = memref(problem.accumulator, tile.outputs)
        return [
            write_function("first", [("source", source), ("sums", sums)], self._first),
            write_function("more", [("source", source), ("sums", sums)], self._more),
            write_function("last", [("sums", sums), ("out", out)], self._last),
        ]

    @property
    def in_program(self) -> bool:
        """Whether the program has the code itself: of few operations, for which a call would be dear."""
        tile = self.tile
        return tile.chunks == 1 and not tile.view.by_elements and not tile.tables

    def compute(self, w: Builder, *buffers: Value) -> None:
        """Each tile's vector in one body: their loads are of different buffers."""
        constants, count = self._constants(w), self.tile.together
        tiles = list(zip(buffers[:count], buffers[count:], strict=True))

        def body(place: TilePlace) -> None:
            if self._sliding is not None:
                self._slide(w, tiles, place, self._sliding, constants)
                return
            for source, out in tiles:
                value = self._reduce(w, source, place)
                self._finish(w, (source, out), place, value, constants)

        self._nest(w, buffers[0], self._trips(), body)

    @cached_property
    def _sliding(self) -> SlidingWindows | None:
        """How windows are walked that overlap."""
        return sliding_windows(self.tile) if self.tile.view.problem.combine else None

    def _slide(
        self,
        w: Builder,
        tiles: Sequence[tuple[Value, Value]],
        place: TilePlace,
        sliding: SlidingWindows,
        constants: Constants,
    ) -> None:
        """Write a loop along an axis that keeps what windows share, of each tile's buffers."""
        begin, kept = place.sections[0], len(sliding.kept)
        start = [
            self._column(w, source, w.plus(begin, column), sliding)
            for source, _ in tiles
            for column in sliding.kept
        ]
        zero = w.constant(0, self._type(self.accumulator), "k") if self._from_zero else None
        trip = LoopTrip(sliding.outputs, *self._steps(sliding.axis))
        bounds = w.constant(0), w.constant(trip.count), w.constant(1)
        with w.carrying("i", bounds, start) as loop:
            at, last = place.moved(w, loop.iv, trip), list[Value]()
            for number, buffers in enumerate(tiles):
                window = loop.values[number * kept : (number + 1) * kept]
                window += [
                    self._column(w, buffers[0], w.plus(at.sections[0], column), sliding)
                    for column in sliding.fresh
                ]
                summed = window if zero is None else [zero, *window]
                self._finish(w, buffers, at, reduce(partial(self._combine, w), summed), constants)
                last += window[-kept:]
            loop.values = last

    def _column(self, w: Builder, source: Value, place: Value, sliding: SlidingWindows) -> Value:
        """What is combined of a window's column."""
        elements = [self._element(w, source, place, other) for other in sliding.others]
        return reduce(partial(self._combine, w), elements)

    def _finish(
        self,
        w: Builder,
        buffers: tuple[Value, Value],
        place: TilePlace,
        value: Value,
        constants: Constants,
    ) -> None:
        """Write what stands behind a value, and store it."""
        source, out = buffers
        inputs = {
            number: self._input(w, number, source, place)
            for number in range(len(self.epilogue.inputs))
        }
        result = self._values(w, value, inputs, constants)
        w.store(result, out, place.out, aligned(self.lanes, out))

    def _move_elements(self, w: Builder, source: Value, out: Value) -> None:
        """Move elements one by one: several are loaded before they are stored, since loads take long."""
        *outer, inner = self._trips()
        if inner.table is not None:
            outer, inner = [*outer, inner], LoopTrip(1, [0], 0)
        count = max(n for n in range(1, _MOVED + 1) if inner.count % n == 0)
        (step,) = inner.steps

        def body(place: TilePlace) -> None:
            elements = [
                w.value("v", "memref.load", source, w.plus(place.sections[0], n * step))
                for n in range(count)
            ]
            for n, element in enumerate(elements):
                if element.type.elem != out.type.elem:
                    element = w.value("v", "arith.bitcast", element, to=scalar(out.type.elem))
                w.op("memref.store", element, out, w.plus(place.out, n * inner.out))

        run = LoopTrip(inner.count // count, [step * count], inner.out * count)
        self._nest(w, source, [*outer, run], body)

    def _first(self, w: Builder, source: Value, sums: Value) -> None:
        def body(place: TilePlace) -> None:
            w.store(self._reduce(w, source, place), sums, place.out, aligned(self.lanes, sums))

        self._nest(w, source, self._trips(), body)

    def _more(self, w: Builder, source: Value, sums: Value) -> None:
        def body(place: TilePlace) -> None:
            value = self._load(w, sums, place.out, self.lanes)
            value = self._combine(w, value, self._reduce(w, source, place))
            w.store(value, sums, place.out, aligned(self.lanes, sums))

        self._nest(w, source, self._trips(), body)

    def _last(self, w: Builder, sums: Value, out: Value) -> None:
        constants = self._constants(w)

        def body(place: TilePlace) -> None:
            value = self._load(w, sums, place.out, self.lanes)
            w.store(self._values(w, value, {}, constants), out, place.out, aligned(self.lanes, out))

        self._nest(w, sums, self._trips(), body)

    # -- loops ------------------------------------------------------------------------------------
    def _steps(self, axis: int) -> tuple[list[int], int]:
        """From one output of an axis to the next, in each input's section and in the output's object."""
        steps = [
            section.pitches[axis] * (self.tile.view.axes[axis].step if number == 0 else 1)
            for number, section in enumerate(self.tile.sections)
        ]
        return steps, prod(self.tile.sizes[axis + 1 :])

    def _trips(self) -> list[LoopTrip]:
        """Loops of a tile, the longest innermost: that one is pipelined. A walk is none of them."""
        tile = self.tile
        axes = tile.view.axes
        walked = -1 if self._sliding is None else self._sliding.axis
        loops = [
            self._trip(axis, size, *self._steps(axis))
            for axis, size in enumerate(tile.sizes[:-1])
            if axis != walked and (size > 1 or axes[axis].places)
        ]
        width = tile.sizes[-1] // self.lanes
        steps = [step * self.lanes for step in self._steps(len(axes) - 1)[0]]
        if width > 1 or not loops or axes[-1].places:
            loops.append(self._trip(len(axes) - 1, width, steps, self.lanes))
        merged = merge_trips(loops)
        longest = max(range(len(merged)), key=lambda n: (merged[n].count, n))
        return [*merged[:longest], *merged[longest + 1 :], merged[longest]]

    def _trip(self, axis: int, count: int, steps: list[int], out: int) -> LoopTrip:
        """A loop along an axis."""
        table = next((table for table in self.tile.tables if table.axis == axis), None)
        if table is None:
            return LoopTrip(count, steps, out)
        rows, size = tuple(slots(self.tile.view.axes[axis])), self.tile.sizes[axis]
        return LoopTrip(count, steps, out, table, rows, size)

    def _nest(
        self,
        w: Builder,
        source: Value,
        trips: Sequence[LoopTrip],
        body: Callable[[TilePlace], None],
    ) -> None:
        """Write a body for every vector of the output, in loops."""
        zero, one = w.constant(0), w.constant(1)
        sections = [section_start(w, section) for section in self.tile.sections]
        place = TilePlace(sections, zero)
        with ExitStack() as stack:
            for trip in trips:
                if trip.count == 1 and trip.table is None:
                    continue
                iv = stack.enter_context(w.loop("i", zero, w.constant(trip.count), one))
                place = place.moved(w, iv, trip, source)
            body(place)

    # -- values -----------------------------------------------------------------------------------
    def _input(self, w: Builder, number: int, source: Value, place: TilePlace) -> Value:
        section = self.tile.sections[number + 1]
        return load_section(w, self.lanes, section, source, place.sections[number + 1])

    def _round_to_bf16(self, w: Builder, value: Value) -> Value:
        """f32 to bf16, in halves where that takes less."""
        if rounds_in_halves(self.tile.view.problem, self.lanes):
            return round_halves(w, value, self.lanes)
        return super()._round_to_bf16(w, value)

    def _element(self, w: Builder, source: Value, place: Value, offset: int) -> Value:
        """Lanes of the first input, as the type that is combined."""
        section = self.tile.sections[0]
        value = load_section(w, self.lanes, section, source, w.plus(place, offset))
        if value.type.elem == self.accumulator:
            return value
        extend = "arith.extf" if self.accumulator == "f32" else "arith.extsi"
        return w.value("e", extend, value, to=self._type(self.accumulator))

    def _combine(self, w: Builder, left: Value, right: Value) -> Value:
        return self.combined(w, self.tile.view.problem.combine, left, right)

    def _reduce(self, w: Builder, source: Value, place: TilePlace) -> Value:
        """What is combined of an object for the lanes of a place."""
        tile, section = self.tile, self.tile.sections[0]
        if not tile.view.problem.combine:
            return self._element(w, source, place.sections[0], 0)
        pitches = [
            (taps, axis.dilation * pitch)
            for taps, axis, pitch in zip(tile.taps, tile.view.axes, section.pitches, strict=True)
            if taps > 1
        ]
        looped: list[tuple[int, int]] = []
        while prod(taps for taps, _ in pitches) > WRITTEN_OUT:
            looped.append(pitches.pop(pitches.index(max(pitches))))
        offsets = [
            sum(number * pitch for number, (_, pitch) in zip(numbers, pitches, strict=True))
            for numbers in product(*(range(taps) for taps, _ in pitches))
        ]
        zero = self._from_zero or (self._is_sum and bool(looped))
        start = w.constant(0, self._type(self.accumulator), "k") if zero else None
        if looped and start is None:
            # Combining it twice makes no difference to a maximum or minimum.
            start = self._element(w, source, place.sections[0], 0)
        return self._taps(w, source, place.sections[0], (looped, offsets), start)

    @property
    def _from_zero(self) -> bool:
        """Whether a sum begins with zero: that of negative zeros is positive."""
        return self._is_sum and self.accumulator == "f32"

    @property
    def _is_sum(self) -> bool:
        return self.tile.view.problem.combine in ("arith.addf", "arith.addi")

    def _taps(
        self,
        w: Builder,
        source: Value,
        place: Value,
        taps: tuple[list[tuple[int, int]], list[int]],
        start: Value | None,
    ) -> Value:
        """Combine taps: loops over the first ones, the others written out."""
        looped, offsets = taps
        if looped and start is not None:
            (count, pitch), *rest = looped
            bounds = w.constant(0), w.constant(count), w.constant(1)
            with w.carrying("k", bounds, [start]) as loop:
                moved = w.sum(place, w.times(loop.iv, pitch))
                loop.values = [self._taps(w, source, moved, (rest, offsets), loop.values[0])]
            return loop.results[0]
        total = start
        for offset in offsets:
            value = self._element(w, source, place, offset)
            total = value if total is None else self._combine(w, total, value)
        if total is None:
            raise ValueError("a reduction of nothing")
        return total

    # -- what it costs ----------------------------------------------------------------------------
    def cycles(self) -> int:
        """Cycles of a step's objects, an estimate."""
        tile, problem = self.tile, self.tile.view.problem
        if tile.view.by_elements:
            return self._cycles_of_elements()
        walk, vectors = self._sliding, tile.outputs // self.lanes
        taps = prod(axis.taps for axis in tile.view.axes)
        reads, combined = (taps, taps - 1) if walk is None else (walk.loads, walk.combined)
        wide, float_sum = self._combined_registers, problem.combine == "arith.addf"
        moves = 0 if float_sum else (combined + reads * self._extends) * wide
        loads = reads * self._pieces(tile.sections[0].dtype)
        loads += sum(self._pieces(section.dtype) for section in tile.sections[1:])
        size = self.lanes * self._computed_bytes
        work = moves_of(self.epilogue, self.accumulator, size, self.multiplies_shorts)
        if rounds_in_halves(problem, self.lanes):
            work -= SAVED * roundings(problem) * self.lanes // 16
        # Loads of one buffer follow each other.
        more = max(self._pieces(problem.out.dtype), moves + work, combined * wide * float_sum)
        cycles = vectors * max(loads, tile.together * more)
        inner = self._trips()[-1].count if walk is None else walk.outputs
        drained = _DRAIN_CYCLES
        if walk is not None:
            first = walk.first_loads * self._pieces(tile.sections[0].dtype)
            drained += max(first, tile.together * first * wide) + _DRAIN_CYCLES // 2
        cycles += -(-vectors // max(1, inner)) * drained
        return (0 if self.in_program else CALL_CYCLES) + cycles

    @property
    def _extends(self) -> bool:
        """Whether elements are made wider before they are combined."""
        return self.accumulator != self.tile.sections[0].dtype

    def _pieces(self, dtype: str) -> int:
        """Loads or stores of a vector."""
        return -(-self.lanes * DTYPE_BYTES[dtype] // self.arch.vector_load_bytes)

    @property
    def _combined_registers(self) -> int:
        """Operations that combine two vectors; floats are compared as f32."""
        width = DTYPE_BYTES["f32" if self.accumulator == "bf16" else self.accumulator]
        return max(1, self.lanes * width // 64)

    @property
    def _computed_bytes(self) -> int:
        """Bytes of an element as the steps compute it: arithmetic of bf16 is f32's."""
        steps = self.epilogue.steps
        if any(step.op in ROUNDED for step in steps):
            return DTYPE_BYTES["f32"]
        dtypes = {self.accumulator, *(step.dtype for step in steps)} - {"i1"}
        return max(DTYPE_BYTES[dtype] for dtype in dtypes)

    def _cycles_of_elements(self) -> int:
        """The same of elements that are moved one by one."""
        inner = max(1, self._trips()[-1].count)
        drains = self.tile.outputs // inner * _DRAIN_CYCLES
        return CALL_CYCLES + self.tile.outputs * 2 + drains

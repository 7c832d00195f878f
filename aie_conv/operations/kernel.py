"""What a core runs on one tile of an operation."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from aie_conv.codegen.activations import activations
from aie_conv.codegen.epilogue import check
from aie_conv.codegen.epilogue_blocks import BlockEpilogue
from aie_conv.codegen.epilogue_cycles import moves_of
from aie_conv.codegen.matrix_unit import bitcast
from aie_conv.codegen.step_work import ROUNDED
from aie_conv.errors import Unsupported
from aie_conv.ir.builder import ALIGNMENT, Builder, Function
from aie_conv.ir.core import INDEX, Op, Type, Value, memref, scalar, vector
from aie_conv.operations.gathered import PlaceTable, slots
from aie_conv.operations.tile import OperandSection, OperationTile
from aie_conv.problem import DTYPE_BYTES, OperationProblem

_UNROLLED = 32
"""Taps of a window that are written one behind the other; of more there are loops."""

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


@dataclass(frozen=True)
class LoopTrip:
    """A loop of a tile.

    Attributes:
        count: its trips.
        steps: elements from one to the next in each input's section.
        out: the same in the output's object.
        table: where the loop's tiles find elements, if it gathers, by entries of the object's.
        slots: for each input which of the table's rows is its; -1 of those that step.
        row: entries of a row of the table.
    """

    count: int
    steps: list[int]
    out: int
    table: PlaceTable | None = None
    slots: tuple[int, ...] = ()
    row: int = 0

    @property
    def moves(self) -> list[int]:
        """All of the steps."""
        return [*self.steps, self.out]


@dataclass(frozen=True)
class TilePlace:
    """Where a vector of the output lies, and what it is computed of, in elements.

    Attributes:
        sections: of each input's section.
        out: of the output's object.
    """

    sections: list[Value]
    out: Value

    def moved(
        self, w: Builder, iv: Value, trip: LoopTrip, source: Value | None = None
    ) -> "TilePlace":
        """Where a trip of a loop is; ``source`` is the object with the loop's table, if it has one."""
        sections = list[Value]()
        for number, (place, step) in enumerate(zip(self.sections, trip.steps, strict=True)):
            if trip.table is not None and source is not None and trip.slots[number] >= 0:
                first = trip.table.start // trip.table.width + trip.slots[number] * trip.row
                entry = _entry(w, source, trip.table, w.plus(iv, first))
                sections.append(w.sum(place, entry))
            else:
                sections.append(w.sum(place, w.times(iv, step)) if step else place)
        out = w.sum(self.out, w.times(iv, trip.out)) if trip.out else self.out
        return TilePlace(sections, out)


def _entry(w: Builder, source: Value, table: PlaceTable, entry: Value) -> Value:
    """How far a gathered element lies behind its section's first, in its elements."""
    if DTYPE_BYTES[source.type.elem] == table.width:
        return w.word(source, entry)
    # Two bytes of an object of bytes; an entry is less than 2^15.
    byte, wide = w.times(entry, 2), scalar("i32")
    low, high = (w.value("b", "memref.load", source, w.plus(byte, n)) for n in range(2))
    low = w.value("b", "arith.extui", low, to=wide)
    high = w.value("b", "arith.extui", high, to=wide)
    high = w.value("b", "arith.muli", high, w.constant(256, wide))
    return w.value("n", "arith.index_cast", w.sum(low, high), to=INDEX)


def merge_trips(loops: Sequence[LoopTrip]) -> list[LoopTrip]:
    """Loops with those as one that walk on where the next one ends."""
    merged: list[LoopTrip] = []
    for loop in loops:
        before = merged[-1] if merged else None
        tables = loop.table is not None or (before is not None and before.table is not None)
        if (
            before is not None
            and not tables
            and all(
                far == loop.count * near for far, near in zip(before.moves, loop.moves, strict=True)
            )
        ):
            merged[-1] = replace(loop, count=before.count * loop.count)
        else:
            merged.append(loop)
    return merged


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
        sources, outs = buffers[:count], buffers[count:]

        def body(place: TilePlace) -> None:
            for source, out in zip(sources, outs, strict=True):
                value = self._reduce(w, source, place)
                inputs = {
                    number: self._input(w, number, source, place)
                    for number in range(len(self.epilogue.inputs))
                }
                result = self._values(w, value, inputs, constants)
                w.store(result, out, place.out, aligned(self.lanes, out))

        self._nest(w, sources[0], self._trips(), body)

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
    def _trips(self) -> list[LoopTrip]:
        """Loops of a tile, the longest innermost: that one is pipelined."""
        tile = self.tile
        axes = tile.view.axes
        dense = [prod(tile.sizes[axis + 1 :]) for axis in range(len(axes))]
        steps_of = [
            [
                section.pitches[axis] * (axes[axis].step if number == 0 else 1)
                for number, section in enumerate(tile.sections)
            ]
            for axis in range(len(axes))
        ]
        loops = [
            self._trip(axis, size, steps_of[axis], dense[axis])
            for axis, size in enumerate(tile.sizes[:-1])
            if size > 1 or axes[axis].places
        ]
        width = tile.sizes[-1] // self.lanes
        steps = [step * self.lanes for step in steps_of[-1]]
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
        while prod(taps for taps, _ in pitches) > _UNROLLED:
            looped.append(pitches.pop(pitches.index(max(pitches))))
        offsets = [
            sum(number * pitch for number, (_, pitch) in zip(numbers, pitches, strict=True))
            for numbers in product(*(range(taps) for taps, _ in pitches))
        ]
        zero = self._is_sum and (self.accumulator == "f32" or bool(looped))
        start = w.constant(0, self._type(self.accumulator), "k") if zero else None
        if looped and start is None:
            # Combining it twice makes no difference to a maximum or minimum.
            start = self._element(w, source, place.sections[0], 0)
        return self._taps(w, source, place.sections[0], (looped, offsets), start)

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
        vectors = tile.outputs // self.lanes
        taps = prod(axis.taps for axis in tile.view.axes)
        first = tile.sections[0]
        pieces = -(-self.lanes * DTYPE_BYTES[first.dtype] // self.arch.vector_load_bytes)
        wide = max(1, self.lanes * DTYPE_BYTES[self.accumulator] // 64)
        extends = self.accumulator != first.dtype
        float_sum = problem.combine == "arith.addf"
        moves = (taps - 1) * (0 if float_sum else wide) + taps * wide * extends
        loads = taps * pieces + sum(
            -(-self.lanes * DTYPE_BYTES[section.dtype] // self.arch.vector_load_bytes)
            for section in tile.sections[1:]
        )
        work = moves_of(self.epilogue, self.accumulator, self.lanes * self._computed_bytes)
        stored = -(-self.lanes * DTYPE_BYTES[problem.out.dtype] // self.arch.vector_load_bytes)
        # Loads of one buffer follow each other.
        more = max(stored, moves + work, taps * wide if float_sum else 0)
        cycles = max(loads, tile.together * more)
        inner = self._trips()[-1].count
        drains = -(-vectors // max(1, inner)) * _DRAIN_CYCLES
        return (0 if self.in_program else CALL_CYCLES) + vectors * cycles + drains

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

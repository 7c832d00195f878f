"""What a core runs on one tile of an operation by rows: passes over each row's elements.

Vectors walk rows or lie across them. Along a row, each lane combines its share of the elements, and the
lanes are combined with one another at last, all of them to the same value: what is computed of it is there
in every lane. Across rows each lane has a row of its own.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from math import prod

from aie_conv.codegen.epilogue import check_types
from aie_conv.codegen.epilogue_blocks import TAKEN, BlockEpilogue
from aie_conv.codegen.float_math import WORK, FloatMath
from aie_conv.codegen.replacements import Replacements
from aie_conv.codegen.step_work import step_work
from aie_conv.errors import Unsupported
from aie_conv.ir.builder import Builder
from aie_conv.ir.core import Op, Value, memref, vector
from aie_conv.operations.kernel import aligned, load_section, section_start, write_function
from aie_conv.operations.passes import RowPass, RowPasses
from aie_conv.operations.tile import OperationTile
from aie_conv.operations.trips import LoopTrip, TilePlace, merge_trips
from aie_conv.problem import DTYPE_BYTES, REDUCE, OperationProblem, Step

_COMBINED = frozenset(
    f"arith.{name}" for name in ("addf", "addi", "maximumf", "minimumf", "maxsi", "minsi")
)
_NEUTRAL = {
    ("arith.maximumf", "f32"): -(1 << 23), ("arith.minimumf", "f32"): 0x7F800000,
    ("arith.maximumf", "bf16"): -(1 << 7), ("arith.minimumf", "bf16"): 0x7F80,
}  # fmt: skip
"""Bits of infinities, as signed integers."""

_ROW_CYCLES, _LOOP_CYCLES = 30, 18
"""Of a row, and of a pass, besides what is computed: to fill and drain loops."""


def check_rows(problem: OperationProblem) -> None:
    """Refuse what the cores do not compute of rows.

    Raises:
        Unsupported: the message names the operation.
    """
    epilogue = problem.epilogue
    for number, step in enumerate(epilogue.steps):
        if step.op == REDUCE and step.attr not in _COMBINED:
            raise Unsupported(f"rows: a reduction by {step.attr}")
        known = step.op in TAKEN or step.op in WORK or step.op == REDUCE
        if not known and not _is_root(problem, step):
            what = "rows" if problem.by_rows else "epilogue"
            raise Unsupported(f"{what}: {step.op} is not one of the cores' operations")
        check_types(epilogue, number, problem.accumulator)


def _is_root(problem: OperationProblem, step: Step) -> bool:
    """Whether it is a power of 1/2."""
    if step.op != "math.powf":
        return False
    exponent = step.args[1] - 1 - len(problem.epilogue.inputs)
    return exponent >= 0 and problem.epilogue.steps[exponent].attr == 0.5


@dataclass(frozen=True)
class RowCode(BlockEpilogue):
    """The function of a tile by rows, or of one whose functions are of f32.

    Attributes:
        tile: the tile.
    """

    tile: OperationTile

    @cached_property
    def _replaced(self) -> Replacements:
        """Nothing: functions are of f32 here."""
        return Replacements({}, {}, {}, frozenset())

    @cached_property
    def _passes(self) -> RowPasses:
        return RowPasses(self.tile.view.problem)

    @property
    def _along(self) -> bool:
        """Whether vectors walk rows."""
        return self.tile.view.axes[-1].along

    # -- loops ------------------------------------------------------------------------------------
    def _loops(self, along: bool) -> list[LoopTrip]:
        """Over rows, or over the vectors of a row."""
        tile, last = self.tile, len(self.tile.sizes) - 1
        trips: list[LoopTrip] = []
        for number, (axis, size) in enumerate(zip(tile.view.axes, tile.sizes, strict=True)):
            wide = self.lanes if number == last else 1
            if axis.along == along and size > wide:
                steps = [section.pitches[number] * wide for section in tile.sections]
                trips.append(LoopTrip(size // wide, steps, tile.stored_pitches[number] * wide))
        return merge_trips(trips)

    def functions(self) -> list[Op]:
        """``compute(in, out)``."""
        tile = self.tile
        source = memref(tile.object_dtype, tile.object_elements)
        out = memref(self.out_dtype, tile.outputs)
        return [write_function("compute", [("source", source), ("out", out)], self._compute)]

    def _compute(self, w: Builder, source: Value, out: Value) -> None:
        first = 1 + len(self.epilogue.inputs)
        constants = {first + int(str(i)): value for i, value in self._constants(w).items()}
        zero, one = w.constant(0), w.constant(1)
        place = TilePlace([section_start(w, section) for section in self.tile.sections], zero)
        with ExitStack() as stack:
            for trip in self._loops(along=False):
                iv = stack.enter_context(w.loop("i", zero, w.constant(trip.count), one))
                place = place.moved(w, iv, trip)
            self._row(w, (source, out), place, constants)

    def _row(
        self, w: Builder, buffers: tuple[Value, Value], place: TilePlace, values: dict[int, Value]
    ) -> None:
        """One vector of rows, or one row."""
        values, (source, out) = dict(values), buffers
        *inner, last = self._passes.passes
        for each in inner:
            self._narrow_values(w, each, source, place, values)
            self._reduced(w, each, source, place, values)
        self._narrow_values(w, last, source, place, values)
        result = self.epilogue.result
        if not self._passes.wide[result]:
            self._store_row(w, values[result], out, place)
            return

        def body(inside: TilePlace, _carried: Sequence[Value]) -> list[Value]:
            known = self._wide_values(w, last, source, inside, values)
            w.store(known[result], out, inside.out, aligned(self.lanes, out))
            return []

        self._walk(w, self._loops(along=True), place, [], body)

    def _store_row(self, w: Builder, value: Value, out: Value, place: TilePlace) -> None:
        if not self._along:
            w.store(value, out, place.out, aligned(self.lanes, out))
            return
        element = w.value("r", "vector.extract", value, position=[0])
        w.op("memref.store", element, out, place.out)

    def _walk(
        self,
        w: Builder,
        trips: Sequence[LoopTrip],
        place: TilePlace,
        values: list[Value],
        body: Callable[[TilePlace, Sequence[Value]], list[Value]],
    ) -> list[Value]:
        """Write a body for every vector of a row, which gives the values that are carried on."""
        if not trips:
            return body(place, values)
        trip, *rest = trips
        bounds = w.constant(0), w.constant(trip.count), w.constant(1)
        if not values:
            with w.loop("k", *bounds) as iv:
                self._walk(w, rest, place.moved(w, iv, trip), [], body)
            return []
        with w.carrying("k", bounds, values) as loop:
            inside = place.moved(w, loop.iv, trip)
            loop.values = self._walk(w, rest, inside, list(loop.values), body)
        return loop.results

    # -- values -----------------------------------------------------------------------------------
    def _reduced(
        self, w: Builder, each: RowPass, source: Value, place: TilePlace, values: dict[int, Value]
    ) -> None:
        """Add the reductions of a pass to the values of a row."""
        steps = [self._passes.step(number) for number in each.reduced]
        reductions = [(str(step.attr), step.args[0], step.dtype) for step in steps if step]

        def body(inside: TilePlace, carried: Sequence[Value]) -> list[Value]:
            known = self._wide_values(w, each, source, inside, values)
            return [
                self.combined(w, op, total, known[value])
                for (op, value, _), total in zip(reductions, carried, strict=True)
            ]

        start = [self._neutral(w, op, dtype) for op, _, dtype in reductions]
        totals = self._walk(w, self._loops(along=True), place, start, body)
        for number, (op, _, _), total in zip(each.reduced, reductions, totals, strict=True):
            values[number] = self._across(w, op, total) if self._along else total

    def _neutral(self, w: Builder, op: str, dtype: str) -> Value:
        """What combining starts from."""
        bits = _NEUTRAL.get((op, dtype))
        if bits is not None:
            integers = w.constant(bits, self._type("i32" if dtype == "f32" else "i16"), "k")
            return w.value("k", "vector.bitcast", integers, to=self._type(dtype))
        least = 1 << (8 * DTYPE_BYTES[dtype] - 1)
        number = {"arith.maxsi": -least, "arith.minsi": least - 1}.get(op, 0)
        return w.constant(number, self._type(dtype), "k")

    def _across(self, w: Builder, op: str, value: Value) -> Value:
        """All lanes combined, in each lane."""
        shift = self.lanes // 2
        while shift:
            turned = [(lane + shift) % self.lanes for lane in range(self.lanes)]
            value = self.combined(w, op, value, w.shuffle("x", value, value, turned))
            shift //= 2
        return value

    def _narrow_values(
        self, w: Builder, each: RowPass, source: Value, place: TilePlace, values: dict[int, Value]
    ) -> None:
        """Add what a pass needs of a row to its values; reciprocals are negative numbers."""
        for number in each.narrow:
            if number not in values:
                values[number] = self._row_value(w, number, source, place, values)
        for number in each.divisors:
            if -number not in values:
                one = w.constant(1.0, self._type("f32"), "k")
                divisor = self._as_f32(w, values[number])
                values[-number] = self._wide_operation(w, "arith.divf", [one, divisor])

    def _wide_values(
        self, w: Builder, each: RowPass, source: Value, place: TilePlace, row: dict[int, Value]
    ) -> dict[int, Value]:
        values = dict(row)
        for number in each.wide:
            values[number] = self._row_value(w, number, source, place, values)
        return values

    def _row_value(
        self, w: Builder, number: int, source: Value, place: TilePlace, values: dict[int, Value]
    ) -> Value:
        step = self._passes.step(number)
        if step is None:
            section = self.tile.sections[number]
            return load_section(w, self.lanes, section, source, place.sections[number])
        if step.op in WORK or step.op == "math.powf":
            x = self._as_f32(w, values[step.args[0]])
            math = FloatMath(w, self.lanes, lambda op, args: self._wide_operation(w, op, args))
            y = math.apply(step.op, x) if step.op in WORK else math.half_power(x)
            return self._as_dtype(w, y, step.dtype)
        if self._passes.wide[number] and self._passes.divides_by_row(number):
            factors = [self._as_f32(w, values[step.args[0]]), values[-step.args[1]]]
            product = self._wide_operation(w, "arith.mulf", factors)
            return self._as_dtype(w, product, step.dtype)
        return self._step(w, number - 1 - len(self.epilogue.inputs), values)

    def _as_f32(self, w: Builder, value: Value) -> Value:
        if value.type.elem == "f32":
            return value
        return w.value("e", "arith.extf", value, to=vector("f32", self.lanes))

    def _as_dtype(self, w: Builder, value: Value, dtype: str) -> Value:
        return value if dtype == "f32" else self._round_to_bf16(w, value)

    # -- what it costs ----------------------------------------------------------------------------
    def cycles(self) -> int:
        """Cycles of a tile's objects, an estimate."""
        tile = self.tile
        vectors = prod(trip.count for trip in self._loops(along=True))
        rows = prod(trip.count for trip in self._loops(along=False))
        wide = max(1, self.lanes * 4 // 64)
        turns = self.lanes.bit_length() - 1 if self._along else 0
        total = 0
        for each in self._passes.passes:
            loads = sum(
                -(-self.lanes * DTYPE_BYTES[tile.sections[n].dtype] // self.arch.vector_load_bytes)
                for n in each.wide
                if self._passes.step(n) is None
            )
            work = sum(self._work(n) for n in each.wide) + len(each.reduced)
            inside = max(-(-loads // 2), wide * work, 1)
            narrow = sum(self._work(n) for n in each.narrow) + 32 * len(each.divisors)
            narrow += 3 * turns * len(each.reduced)
            total += vectors * inside + wide * narrow + _LOOP_CYCLES
        return 30 + rows * (total + _ROW_CYCLES)

    def _work(self, number: int) -> int:
        """Vector operations of a value for 64 bytes of lanes."""
        step = self._passes.step(number)
        if step is None:
            return 0
        if self._passes.wide[number] and self._passes.divides_by_row(number):
            return 3 + 8 * (step.dtype == "bf16")
        return (
            WORK.get(step.op, 0) + 8 * (step.dtype == "bf16")
            if step.op in WORK
            else step_work(step)
        )

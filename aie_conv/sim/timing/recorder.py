"""Records what each operation of core code does on the core, for its schedule.

The lowerings say how many machine operations an operation of the IR becomes on each slot
(costs.OperationCost); here they get their operands, results and latencies' kinds.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import ceil

from aie_conv.ir.core import Op, Value
from aie_conv.sim.model.placement import Place, weights
from aie_conv.sim.timing.blocktime import cycles, loop_time
from aie_conv.sim.timing.costs import OperationCost
from aie_conv.sim.timing.trace import (
    ACCUMULATOR,
    Alias,
    Fixed,
    Item,
    Rules,
    TraceLoop,
    TraceStep,
    canonical,
    fused_all,
    is_straight,
)

FLOATS = frozenset(("bf16", "f32"))
CONVERSIONS_UP = frozenset(("aievec.ups", "arith.extf"))
"""Operations that VLDA.UPS or VLDA.CONV does with the load before it."""


class Recorder:
    """One function's items.

    Attributes:
        rules: what times them.
        items: the block that is being recorded.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.items: list[Item] = []
        self.values: dict[Value, int] = {}
        self.buffers: dict[Value, int] = {}
        self.places: dict[int, Place] = {}
        self.conversions: dict[tuple[int, int], int] = {}
        self.count = 0

    def _fresh(self) -> int:
        self.count += 1
        return self.count

    def _buffer(self, value: Value) -> int:
        return self.buffers.setdefault(value, len(self.buffers))

    def locate(self, value: Value, place: Place | None) -> None:
        """Say where a buffer lies, if it is known."""
        if place is not None:
            self.places[self._buffer(value)] = place

    def place_of(self, value: Value) -> Place | None:
        """Where a buffer lies, if it is known."""
        return self.places.get(self.buffers.get(value, -1))

    # -- straight code --------------------------------------------------------------------------
    def record(self, op: Op, cost: OperationCost) -> None:
        """Append an operation without blocks."""
        memory = next((v for v in op.operands if v.type.kind == "memref"), None)
        if op.results and op.results[0].type.kind == "memref" and memory is not None:
            self.buffers[op.results[0]] = self._buffer(memory)
            return
        if cost.inner:
            self.fixed(cost.inner)
        buffer = -1 if memory is None or not (cost.load or cost.store) else self._buffer(memory)
        uses = self._uses(op, cost)
        target = self._fresh()
        before = len(self.items)
        self._steps(op, cost, uses, target, buffer)
        if len(self.items) == before:
            self._alias(op, uses, target)
            return
        for result in op.results:
            self.values[result] = target

    def _alias(self, op: Op, uses: tuple[tuple[int, str], ...], target: int) -> None:
        """The results are made of the operands at no cost."""
        sources = tuple(dict.fromkeys(value for value, _ in uses))
        if not sources:
            return
        if len(sources) > 1:
            self.items.append(Alias(target, sources))
        for result in op.results:
            self.values[result] = sources[0] if len(sources) == 1 else target

    def _uses(self, op: Op, cost: OperationCost) -> tuple[tuple[int, str], ...]:
        uses: list[tuple[int, str]] = []
        for place, value in enumerate(op.operands):
            number = self.values.get(value)
            if number is None:
                continue
            adds = bool(cost.macs) and place == cost.accumulator
            if adds and not cost.adds:
                continue
            uses.append((number, ACCUMULATOR if adds else ""))
        return tuple(uses)

    def _steps(
        self,
        op: Op,
        cost: OperationCost,
        uses: tuple[tuple[int, str], ...],
        result: int,
        buffer: int,
    ) -> None:
        vector = any(v.type.kind == "vector" for v in (*op.results, *op.operands))
        if not vector:
            self._scalars(cost, uses, result, buffer)
            return
        if cost.mac:
            self._products(op, cost, uses, result)
            return
        size = self.rules.core.vector_bytes
        if op.name in CONVERSIONS_UP or cost.widens:
            count = ceil(cost.mv + cost.load)
            wide = op.results[0].type.bits / 8 / count
            step = TraceStep("move", "ups", uses, result, accumulator=wide)
            self.items += [step] * count
            return
        between = result
        if cost.load:
            between = self._fresh() if cost.mv else result
            self.items += [TraceStep("load", "load", uses, between, buffer, size)] * ceil(cost.load)
            uses = ((between, ""),)
        if cost.mv:
            between = self._fresh() if cost.store else result
            self.items += [TraceStep("move", "move", uses, between, vector=64)] * ceil(cost.mv)
            uses = ((between, ""),)
        if cost.store:
            kind = "srs" if op.results else "store"
            target = result if op.results else -1
            wide = size if op.results else 0
            self.items += [TraceStep("store", kind, uses, target, buffer, wide)] * ceil(cost.store)
        if cost.alu or cost.address:
            self._scalars(cost, uses, result, -1)

    def _products(
        self, op: Op, cost: OperationCost, uses: tuple[tuple[int, str], ...], result: int
    ) -> None:
        """Operations of the vector unit: multiply-accumulates, or sums of accumulators."""
        float_side = cost.floats or any(
            v.type.elem in FLOATS for v in (*op.operands[:2], *op.results)
        )
        count = ceil(cost.mac)
        wide = op.results[0].type.bits / 8
        if not cost.macs:
            kind = "float add" if float_side else "mac"
            step = TraceStep(
                "vector", kind, uses, result, accumulator=min(wide, 64 * count) / count
            )
            self.items += [step] * count
            return
        kind = "float mac" if float_side else "mac"
        moved: list[int] = []
        if cost.mv:
            plain = tuple(use for use in uses if not use[1])
            moved = [self._fresh() for _ in range(ceil(cost.mv))]
            self.items += [TraceStep("move", "move", plain, value, vector=64) for value in moved]
            uses = tuple(use for use in uses if use[1])
        if cost.converts:
            uses = tuple(
                (value, role) if role else (self._converted(value, cost.converts), "")
                for value, role in uses
            )
        # Several on one accumulator follow each other: each adds to what the one before left.
        for left in range(count, 0, -1):
            target = result if left == 1 else self._fresh()
            # Each has what was moved for it.
            first, last = ((count - left + i) * len(moved) // count for i in range(2))
            operands = tuple((value, "") for value in moved[first : max(last, first + 1)])
            self.items.append(
                TraceStep("vector", kind, (*operands, *uses), target, accumulator=wide)
            )
            uses = (*(use for use in uses if not use[1]), (target, ACCUMULATOR))

    def _converted(self, value: int, count: int) -> int:
        """An operand in the matrix unit's own format, made once in a block."""
        key = (id(self.items), value)
        if key not in self.conversions:
            wide, narrow = self._fresh(), self._fresh()
            step = TraceStep("vector", "float mac", ((value, ""),), wide, accumulator=128)
            self.items += [step] * count
            self.items.append(TraceStep("move", "move", ((wide, ""),), narrow, vector=64))
            self.conversions[key] = narrow
        return self.conversions[key]

    def _scalars(
        self, cost: OperationCost, uses: tuple[tuple[int, str], ...], result: int, buffer: int
    ) -> None:
        if cost.load:
            step = TraceStep("lda", "scalar load", uses, result, buffer, latency=cost.latency)
            self.items += [step] * ceil(cost.load)
        if cost.store:
            step = TraceStep("store", "scalar store", uses, -1, buffer, latency=cost.latency)
            self.items += [step] * ceil(cost.store)
        if cost.alu:
            count = ceil(cost.alu)
            kind = "scalar"
            step = TraceStep("scalar", kind, uses, result, latency=cost.latency)
            self.items += [step] * count
        if cost.address:
            step = TraceStep("address", "address", uses, result)
            self.items += [step] * ceil(cost.address)

    def fixed(self, cycles: float) -> None:
        """Append code of known length."""
        if cycles:
            self.items.append(Fixed(cycles))

    # -- blocks ---------------------------------------------------------------------------------
    @contextmanager
    def inside(self, carried: Sequence[Value] = ()) -> Generator[list[Item]]:
        """Record a nested block, into which a loop carries values; gives its items."""
        for value in carried:
            self._number(value)
        outer, self.items = self.items, []
        inner = self.items
        try:
            yield inner
        finally:
            self.items = outer

    def _number(self, value: Value) -> int:
        """The value's number; one for a value that nothing here made."""
        if value not in self.values:
            self.values[value] = self._fresh()
        return self.values[value]

    def loop(self, op: Op, body: Sequence[Item], trips: int) -> None:
        """Append a loop of so many trips around a recorded body."""
        self.items.append(self._loop(op, body, trips))

    def _loop(self, op: Op, body: Sequence[Item], trips: int) -> TraceLoop:
        block = op.blocks[0]
        kinds = [value.type.kind for value in op.operands[3:]]
        carried = [i for i, kind in enumerate(kinds) if kind != "memref"]
        inits, args, yields, results = (
            tuple(self._number(values[i]) for i in carried)
            for values in (
                op.operands[3:],
                block.args[1:],
                block.ops[-1].operands if kinds else (),
                op.results,
            )
        )
        return TraceLoop(tuple(body), trips, inits, args, yields, results)

    def counted_loop(self, op: Op, body: Sequence[Item]) -> int:
        """Append a loop whose trips are known at run time only; gives its number among its block's loops.

        The block is timed with as many trips as fill the loop's pipeline.
        """
        # The counter is set from the bounds, and the loop does not begin before.
        bounds = (self.values.get(value) for value in op.operands[:3])
        uses = tuple((number, "") for number in bounds if number is not None)
        self.items.append(TraceStep("scalar", "scalar", uses, latency=self.rules.scalar.alu))
        loop = self._loop(op, body, 1)
        items, rules = self._ready([loop])
        ready, trips = items[0], 1
        if isinstance(ready, TraceLoop) and is_straight(ready.body):
            trips = loop_time(ready, rules).stages
        self.items.append(replace(loop, trips=trips))
        return sum(isinstance(item, TraceLoop) for item in self.items) - 1

    def differences(
        self, items: Sequence[Item], places: Sequence[int]
    ) -> list[tuple[list[float], float]]:
        """What a block takes more if one of its loops runs another number of times than it holds.

        The loops beside it run as often as the block holds or once, whichever makes more of it: short loops
        do not hide what is beside them.

        Args:
            items: the whole block.
            places: the numbers of those loops among the block's loops.

        Returns:
            for each of them: cycles for no trip, one trip and so on below its own, and for each above.
        """
        ready, rules = self._ready(items)
        numbers = [index for index, item in enumerate(ready) if isinstance(item, TraceLoop)]
        counted = [numbers[place] for place in places]
        return [_differences(ready, index, [other for other in counted if other != index], rules)
                for index in counted]  # fmt: skip

    def cycles(self, items: Sequence[Item]) -> float:
        """Cycles of a recorded block."""
        return cycles(*self._ready(items))

    def _ready(self, items: Sequence[Item]) -> tuple[tuple[Item, ...], Rules]:
        """A block as it is timed, and the rules with the banks of the memory that it touches."""
        renumbered, numbers = canonical(fused_all(items))
        places = [
            (numbers[number], place) for number, place in self.places.items() if number in numbers
        ]
        return renumbered, replace(self.rules, weights=weights(places))


def _differences(
    items: tuple[Item, ...], index: int, others: Sequence[int], rules: Rules
) -> tuple[list[float], float]:
    """What a block takes more if its loop at ``index`` runs fewer times, and for each time more."""

    def alone(beside: tuple[Item, ...]) -> list[float]:
        loop = beside[index]
        assert isinstance(loop, TraceLoop)
        times = [cycles(_running(beside, index, n), rules) for n in range(loop.trips + 2)]
        return [each - times[-2] for each in times]

    times_alone = alone(items)
    if others:
        once = items
        for other in others:
            once = _running(once, other, 1)
        times_alone = [max(pair) for pair in zip(times_alone, alone(once), strict=True)]
    return times_alone[:-2], times_alone[-1]


def _running(items: tuple[Item, ...], index: int, trips: int) -> tuple[Item, ...]:
    """A block of which one loop runs so often."""
    loop = items[index]
    assert isinstance(loop, TraceLoop)
    through = (Alias(new, (old,)) for new, old in zip(loop.results, loop.inits, strict=True))
    run = (replace(loop, trips=trips),) if trips else tuple(through)
    return (*items[:index], *run, *items[index + 1 :])

"""The cycles of core code: loops by their schedules, and what stands between them.

Straight code and the filling and draining of pipelined loops are packed together; what is nested or called
is timed by itself. Equal code is timed once.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from aie_conv.arch.machine import CoreTiming
from aie_conv.sim.timing.modulo import modulo_schedule, rolled
from aie_conv.sim.timing.schedule import (
    InstructionBundle,
    LoopBody,
    Schedule,
    conflicts,
    pack,
    pressure,
    reserve,
)
from aie_conv.sim.timing.trace import (
    Alias,
    Fixed,
    Item,
    Rules,
    TraceLoop,
    TraceStep,
    is_address,
    is_straight,
    is_vector,
    usage,
)


class _Flat:
    """Straight machine code under construction, with who made each value."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.steps: list[TraceStep] = []
        self.edges: list[tuple[int, int, int, int]] = []
        self.env: dict[int, tuple[int, ...]] = {}
        self.stored: dict[int, int] = {}
        self.carried: list[tuple[int, int, str]] = []

    def add(self, item: TraceStep | Alias, fresh: set[int]) -> None:
        """Append one item; ``fresh`` holds the values that this pass over the code has begun."""
        env = self.env
        if isinstance(item, Alias):
            merged = [source for value in item.uses for source in env.get(value, ())]
            env[item.defines] = tuple(dict.fromkeys(merged))
            return
        index = len(self.steps)
        self.steps.append(item)
        for value, role in item.uses:
            for source in env.get(value, ()):
                if source < 0:
                    self.carried.append((-source - 1, index, role))
                else:
                    latency = self.rules.latency(self.steps[source], role)
                    self.edges.append((source, index, latency, 0))
        if item.buffer >= 0:
            before = self.stored.get(item.buffer)
            if before is not None and item.kind not in ("store", "scalar store"):
                self.edges.append((before, index, self.rules.core.store_latency, 0))
            if item.kind in ("store", "scalar store"):
                self.stored[item.buffer] = index
        if item.defines >= 0:
            old = env.get(item.defines, ()) if item.defines in fresh else ()
            env[item.defines] = (*old, index)
            fresh.add(item.defines)

    def body(self) -> LoopBody:
        """What was collected."""
        core = self.rules.core
        steps = self.steps
        sizes = tuple(
            (s.vector / (64 * core.vector_registers), s.accumulator / core.accumulator_bytes)
            for s in steps
        )
        return LoopBody(
            tuple(s.unit for s in steps), tuple(s.buffer for s in steps), tuple(self.edges), sizes
        )


@dataclass(frozen=True)
class LoopTime:
    """How an innermost loop runs.

    Attributes:
        interval: cycles from one iteration to the next, waits for banks and spills included.
        stages: iterations in flight; 1 if the loop is not pipelined.
        length: cycles of one iteration from its first to its last operation.
        stalls, spills: expected cycles an iteration for banks and for registers that do not fit.
        schedule: of a pipelined loop.
    """

    interval: float
    stages: int
    length: int
    stalls: float
    spills: float
    schedule: Schedule | None = None


def _issue(item: TraceStep | Alias, *, vector: bool) -> TraceStep | Alias:
    """An item as it takes a slot: vector code's loads and stores compute addresses besides, which wait for
    what they are computed of all the same."""
    if vector and is_address(item) and isinstance(item, TraceStep):
        return Alias(item.defines, tuple(value for value, _ in item.uses))
    return item


def _loop_flat(loop: TraceLoop, rules: Rules, *, vector: bool) -> _Flat:
    """One iteration, with edges to the next."""
    flat = _Flat(rules)
    for number, arg in enumerate(loop.args):
        flat.env[arg] = (-number - 1,)
    fresh: set[int] = set()
    for item in loop.body:
        if isinstance(item, (TraceStep, Alias)):
            flat.add(_issue(item, vector=vector), fresh)
    for number, target, role in flat.carried:
        for source in flat.env.get(loop.yields[number], ()):
            if source >= 0:
                latency = rules.latency(flat.steps[source], role)
                flat.edges.append((source, target, latency, 1))
    return flat


@lru_cache(maxsize=4096)
def loop_time(loop: TraceLoop, rules: Rules) -> LoopTime:
    """An innermost loop: pipelined where the compiler does so, else one iteration after the other."""
    vector = is_vector(loop.body)
    body = _loop_flat(loop, rules, vector=vector).body()
    profile, weights = rules.profile, dict(rules.weights)
    # A carried accumulator keeps its register while the product that replaces it is on its way.
    kept = {source for source, _, _, distance in body.edges if distance}
    carried = sum(body.sizes[source][1] for source in kept)
    if profile.pipelined and vector and carried <= profile.accumulator_share + 1e-9:
        schedule, spills = _in_registers(body, carried, rules.core)
        loads = sum(unit in ("load", "lda") for unit in body.units)
        stalls = conflicts(body, schedule, weights)
        stalls += profile.same_bank_pairs * max(0, loads - schedule.interval)
        interval = schedule.interval + stalls + spills
        return LoopTime(interval, schedule.stages, schedule.length, stalls, spills, schedule)
    schedule = rolled(body)
    stalls, spills = conflicts(body, schedule, weights), _spills((0.0, carried), rules.core)
    return LoopTime(schedule.interval + stalls + spills, 1, schedule.length, stalls, spills)


def _in_registers(body: LoopBody, carried: float, core: CoreTiming) -> tuple[Schedule, float]:
    """A schedule, and what it spills: where registers are short, a slower one may need fewer.

    Args:
        body: the loop's.
        carried: share of the accumulator file that its carried values take.
        core: with its registers.
    """
    least, best, spills = 1, None, 0.0
    while best is None or (spills and least < best.interval + spills):
        schedule = modulo_schedule(body, True, least)
        pressures = pressure(body, schedule)
        more = _spills((pressures[0], max(pressures[1], carried)), core)
        if best is None or schedule.interval + more < best.interval + spills:
            best, spills = schedule, more
        least = max(least, schedule.interval) + max(1, best.interval // 16)
    return best, spills


def _spills(pressures: tuple[float, float], core: CoreTiming) -> float:
    """Cycles an iteration to write what does not fit into the register files and read it again."""
    vectors = max(0.0, pressures[0] - 1) * core.vector_registers * 64
    accumulators = max(0.0, pressures[1] - 1) * core.accumulator_bytes
    return 2 * ceil((vectors + accumulators) / core.vector_bytes - 1e-9)


class _Clock:
    """Adds up a block of items.

    Straight code and the filling and draining of pipelined loops are packed together, up to a call or a
    loop that is not pipelined. A pipelined loop is three parts: its filling, which code before it may
    share, the loop itself, which nothing shares, and its draining, which code behind it may share.
    """

    def __init__(self, rules: Rules, *, vector: bool) -> None:
        self.rules = rules
        self.vector = vector
        self.total = 0.0
        self._clear()

    def _clear(self) -> None:
        self.flat = _Flat(self.rules)
        self.times: list[int] = []
        self.rows: dict[int, InstructionBundle] = {}
        self.floor = 0
        self.end = 0
        self.extra = 0.0

    def close(self) -> None:
        """Place what was collected; what comes next starts behind it."""
        self._place(self.rows)
        self.total += self.end + self.extra
        self._clear()

    def _place(self, rows: dict[int, InstructionBundle]) -> None:
        """Place all operations that have no time yet."""
        flat = self.flat
        if len(self.times) == len(flat.steps):
            return
        first = len(self.times)
        units = tuple(step.unit for step in flat.steps[first:])
        buffers = tuple(step.buffer for step in flat.steps[first:])
        edges: list[tuple[int, int, int, int]] = []
        ready = [self.floor] * len(units)
        for source, target, latency, _ in flat.edges:
            if target < first:
                continue
            if source < first:
                ready[target - first] = max(ready[target - first], self.times[source] + latency)
            else:
                edges.append((source - first, target - first, latency, 0))
        times = pack(LoopBody(units, buffers, tuple(edges)), tuple(ready), rows, True)
        self.times += times
        self.end = max(self.end, max(times) + 1)

    def block(self, items: Sequence[Item], fresh: set[int]) -> None:
        """Add a block's items."""
        for item in items:
            if isinstance(item, (TraceStep, Alias)):
                self.flat.add(_issue(item, vector=self.vector), fresh)
            elif isinstance(item, Fixed):
                self.close()
                self.total += item.cycles
            else:
                self._loop(item, fresh)

    def _loop(self, loop: TraceLoop, fresh: set[int]) -> None:
        profile = self.rules.profile
        if not is_straight(loop.body):
            self._nest(loop)
            return
        timed = loop_time(loop, self.rules)
        schedule = timed.schedule
        if schedule is None or not profile.merged:
            self.close()
            self.total += (loop.trips - 1) * timed.interval + self.rules.core.loop_setup
            self.total += timed.interval if schedule is None else timed.length
        elif loop.trips < timed.stages:
            self._unroll(loop)
        else:
            self._pipeline(loop, timed, schedule)
        fresh.update(loop.results)

    def _unroll(self, loop: TraceLoop) -> None:
        """Too few trips to fill the pipeline: straight code."""
        self._bind(loop.args, loop.inits)
        for _ in range(loop.trips):
            began: set[int] = set()
            for item in loop.body:
                if isinstance(item, (TraceStep, Alias)):
                    self.flat.add(_issue(item, vector=True), began)
            self._bind(loop.args, loop.yields)
        self._bind(loop.results, loop.args)

    def _pipeline(self, loop: TraceLoop, timed: LoopTime, schedule: Schedule) -> None:
        """Start the loop as early as the code before it and the slots allow."""
        interval, stages = schedule.interval, timed.stages
        body = _loop_flat(loop, self.rules, vector=True)
        needs = self._needs(loop, body)
        placed = len(self.times)
        floor, end = self.floor, self.end
        start = floor
        while True:
            rows = {cycle: bundle.copy() for cycle, bundle in self.rows.items()}
            fill = [
                (start + turn * interval + time, index)
                for turn in range(stages - 1)
                for index, time in enumerate(schedule.times)
                if turn * interval + time < (stages - 1) * interval
            ]
            if reserve(rows, body.body(), schedule.slots, fill, True):
                self._place(rows)
                kernel = start + (stages - 1) * interval
                late = [
                    self.times[source] + latency - schedule.times[target]
                    for source, target, latency in needs
                ]
                last = max(self.times[placed:], default=-1)
                if max(late, default=start) <= start and last < kernel:
                    break
                del self.times[placed:]
                self.end = end
            start += 1
        last_turn = start + (loop.trips - 1) * interval
        self.floor = start + loop.trips * interval
        drain = [
            (start + turn * interval + time, index)
            for turn in range(loop.trips - stages + 1, loop.trips)
            for index, time in enumerate(schedule.times)
            if start + turn * interval + time >= self.floor
        ]
        self.rows = {}
        reserve(self.rows, body.body(), schedule.slots, drain, True)
        self.end = max(self.floor, last_turn + schedule.length)
        self.extra += loop.trips * (timed.interval - interval) + self.rules.core.loop_setup
        self._hand_on(loop, body, schedule, last_turn)

    def _needs(self, loop: TraceLoop, body: "_Flat") -> list[tuple[int, int, int]]:
        """(operation before the loop, operation in it, latency) for the values that go in."""
        needs: list[tuple[int, int, int]] = []
        for number, target, role in body.carried:
            for source in self.flat.env.get(loop.inits[number], ()):
                if source >= 0:
                    needs.append(
                        (source, target, self.rules.latency(self.flat.steps[source], role))
                    )
        return needs

    def _hand_on(self, loop: TraceLoop, body: "_Flat", schedule: Schedule, last_turn: int) -> None:
        """What comes out of the loop stands where its last iteration made it."""
        flat = self.flat
        known: dict[int, int] = {}
        for result, value in zip(loop.results, loop.yields, strict=True):
            sources: list[int] = []
            for source in body.env.get(value, ()):
                if source < 0:
                    sources += flat.env.get(loop.inits[-source - 1], ())
                    continue
                if source not in known:
                    known[source] = len(flat.steps)
                    flat.steps.append(body.steps[source])
                    self.times.append(last_turn + schedule.times[source])
                sources.append(known[source])
            flat.env[result] = tuple(sources)

    def _bind(self, names: Sequence[int], values: Sequence[int]) -> None:
        definitions = [self.flat.env.get(value, ()) for value in values]
        self.flat.env.update(zip(names, definitions, strict=True))

    def _nest(self, loop: TraceLoop) -> None:
        self.close()
        profile = self.rules.profile
        once = cycles(loop.body, self.rules)
        if profile.outer_pipelined:
            bound = min(once, _fullest(usage(loop.body)))
            self.total += (loop.trips - 1) * bound + once
        else:
            # The first pipelined loop of a trip starts to fill while the last one's results are stored.
            inner = any(
                isinstance(item, TraceLoop) and is_straight(item.body) for item in loop.body
            )
            hidden = profile.outer_overlap if inner and is_vector(loop.body) else 0.0
            self.total += loop.trips * (once + profile.outer_branch) - (loop.trips - 1) * hidden
        self.total += self.rules.core.loop_setup


def _fullest(count: Counter[str]) -> float:
    loads = (count["load"] + count["lda"]) / 2
    rest = max(count[unit] for unit in ("lda", "store", "move", "vector", "scalar"))
    return max(loads, rest) + count["fixed"]


@lru_cache(maxsize=8192)
def cycles(items: tuple[Item, ...], rules: Rules) -> float:
    """Cycles of one pass through a block."""
    clock = _Clock(rules, vector=is_vector(items))
    clock.block(items, set())
    clock.close()
    return clock.total

"""Modulo schedules: a loop's body of which a new iteration starts every ``interval`` cycles (Rau's iterative
modulo scheduling)."""

import heapq
from functools import lru_cache
from math import ceil

from aie_conv.sim.timing.schedule import (
    SLOTS,
    InstructionBundle,
    LoopBody,
    Schedule,
    heights,
    list_schedule,
    pressure,
)

TRIES = 6
"""Placements allowed for each operation before a larger interval is tried."""


@lru_cache(maxsize=4096)
def modulo_schedule(body: LoopBody, apart: bool, least: int = 1) -> Schedule:
    """A loop's body, a new iteration every ``interval`` cycles, ``least`` or more.

    The interval starts at the largest of its lower bounds and grows until a schedule is found; one
    iteration after the other always is one.
    """
    interval = max(least, body.resource_interval(apart=apart), body.recurrence_interval())
    flat = list_schedule(body, apart)
    while interval < flat.length:
        schedule = _try_interval(body, interval, apart)
        if schedule is not None:
            return _settle(body, schedule, apart)
        interval += 1
    return rolled(body)


def rolled(body: LoopBody) -> Schedule:
    """A loop that is not pipelined: one iteration after the other, operations in the order in which
    they could start at the earliest.

    The interval is the length, or more where a carried result comes late.
    """
    count = len(body.units)
    earliest = [0] * count
    for source, target, latency, far in sorted(body.edges, key=lambda edge: edge[1]):
        if not far:
            earliest[target] = max(earliest[target], earliest[source] + latency)
    order = sorted(range(count), key=lambda index: (earliest[index], index))
    place = {index: number for number, index in enumerate(order)}
    edges: dict[tuple[int, int], int] = {}
    for source, target, latency, far in body.edges:
        if not far:
            pair = place[source], place[target]
            edges[pair] = max(edges.get(pair, 0), latency)
    for index in range(count - 1):
        edges.setdefault((index, index + 1), 0)
    moved = LoopBody(
        tuple(body.units[index] for index in order),
        tuple(body.buffers[index] for index in order),
        tuple((source, target, latency, 0) for (source, target), latency in edges.items()),
    )
    flat = list_schedule(moved, True)
    times = tuple(flat.times[place[index]] for index in range(count))
    least = flat.length
    for source, target, latency, distance in body.edges:
        if distance:
            least = max(least, ceil((times[source] + latency - times[target]) / distance))
    return Schedule(least, times, tuple(flat.slots[place[index]] for index in range(count)))


def _try_interval(body: LoopBody, interval: int, apart: bool) -> Schedule | None:
    """A schedule of that interval, or None after a bounded search."""
    height = heights(body, interval)
    return None if height is None else _Table(body, interval, apart, height).fill()


class _Table:
    """A modulo reservation table that is being filled; an operation may throw out others."""

    def __init__(self, body: LoopBody, interval: int, apart: bool, height: list[int]) -> None:
        count = len(body.units)
        self.body = body
        self.interval = interval
        self.apart = apart
        self.into: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self.out: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        for source, target, latency, distance in body.edges:
            if source != target:
                gap = latency - interval * distance
                self.into[target].append((source, gap))
                self.out[source].append((target, gap))
        self.rows = [InstructionBundle() for _ in range(interval)]
        self.times = [-1] * count
        self.before = [-1] * count
        self.slots = [""] * count
        self.height = height
        self.heap = [(-height[i], i) for i in range(count)]
        heapq.heapify(self.heap)

    def fill(self) -> Schedule | None:
        """Place everything, the longest way to the end first; None if it takes too many tries."""
        for _ in range(TRIES * len(self.times)):
            if not self.heap:
                break
            _, i = heapq.heappop(self.heap)
            if self.times[i] < 0:
                self._put(i, *self._place(i))
        if any(time < 0 for time in self.times):
            return None
        least = min(self.times, default=0)
        shift = least - least % self.interval
        times = tuple(time - shift for time in self.times)
        return Schedule(self.interval, times, tuple(self.slots))

    def _place(self, i: int) -> tuple[int, str]:
        """A cycle and a slot: the first that is free, else one that others have to leave."""
        times = self.times
        known = [times[source] + gap for source, gap in self.into[i] if times[source] >= 0]
        start = max(0, *known) if known else 0
        unit, buffer = self.body.units[i], self.body.buffers[i]
        for cycle in range(start, start + self.interval):
            slot = self.rows[cycle % self.interval].slot(unit, buffer, apart=self.apart)
            if slot is not None:
                return cycle, slot
        cycle, slot = max(start, self.before[i] + 1), SLOTS[unit][0]
        row = self.rows[cycle % self.interval]
        rivals = {row.slots[slot]} if slot in row.slots else set[int]()
        if self.apart and buffer in row.buffers:
            rivals.add(row.buffers[buffer])
        for rival in rivals:
            self._remove(rival)
        return cycle, slot

    def _put(self, i: int, cycle: int, slot: str) -> None:
        """Place an operation; those whose dependences it breaks have to go."""
        row, buffer = self.rows[cycle % self.interval], self.body.buffers[i]
        self.times[i] = self.before[i] = cycle
        self.slots[i] = slot
        row.slots[slot] = i
        if buffer >= 0:
            row.buffers[buffer] = i
        for target, gap in self.out[i]:
            if 0 <= self.times[target] < cycle + gap:
                self._remove(target)
        for source, gap in self.into[i]:
            if self.times[source] >= 0 and self.times[source] + gap > cycle:
                self._remove(source)

    def _remove(self, i: int) -> None:
        row, buffer = self.rows[self.times[i] % self.interval], self.body.buffers[i]
        del row.slots[self.slots[i]]
        if row.buffers.get(buffer) == i:
            del row.buffers[buffer]
        self.times[i] = -1
        heapq.heappush(self.heap, (-self.height[i], i))


def _settle(body: LoopBody, schedule: Schedule, apart: bool) -> Schedule:
    """The same interval with loads and moves later, as compilers that count registers place them: what
    comes early holds a register for nothing. Of two ways, whichever holds fewer registers."""
    late = schedule
    for units in (("move",), ("load", "lda")):
        late = _delay(body, late, units, apart)
    schedules = [schedule, _sunk(body, schedule, apart), _sunk(body, late, apart)]
    return min(schedules, key=lambda each: pressure(body, each)[0])


class _Placed:
    """A modulo schedule that operations are taken out of and put back into."""

    def __init__(self, body: LoopBody, schedule: Schedule, apart: bool) -> None:
        self.body, self.interval, self.apart = body, schedule.interval, apart
        self.times, self.slots = list(schedule.times), list(schedule.slots)
        self.rows = [InstructionBundle() for _ in range(self.interval)]
        for index in range(len(self.times)):
            self._note(index)
        self.after: list[list[tuple[int, int]]] = [[] for _ in self.times]
        self.before: list[list[tuple[int, int]]] = [[] for _ in self.times]
        for source, target, latency, distance in body.edges:
            if source != target:
                self.after[source].append((target, self.interval * distance - latency))
                self.before[target].append((source, latency - self.interval * distance))

    def _note(self, index: int) -> None:
        row = self.rows[self.times[index] % self.interval]
        row.slots[self.slots[index]] = index
        if self.body.buffers[index] >= 0:
            row.buffers[self.body.buffers[index]] = index

    def remove(self, index: int) -> None:
        """Free an operation's slot; its time stays known."""
        row = self.rows[self.times[index] % self.interval]
        del row.slots[self.slots[index]]
        row.buffers.pop(self.body.buffers[index], None)

    def put(self, index: int, last: int, first: int) -> bool:
        """Place a removed operation as late as slots allow; False if they do not."""
        for time in range(last, first - 1, -1):
            row = self.rows[time % self.interval]
            slot = row.slot(self.body.units[index], self.body.buffers[index], apart=self.apart)
            if slot is not None:
                self.times[index], self.slots[index] = time, slot
                self._note(index)
                return True
        return False

    def deadline(self, index: int) -> int:
        """The last cycle at which an operation may start for its users."""
        ends = (self.times[target] + slack for target, slack in self.after[index])
        return min(ends, default=self.times[index])

    def schedule(self) -> Schedule:
        """What stands now."""
        return Schedule(self.interval, tuple(self.times), tuple(self.slots))


def _sunk(body: LoopBody, schedule: Schedule, apart: bool) -> Schedule:
    """The schedule with each load and move put off alone, the last first, as far as slots are free."""
    placed = _Placed(body, schedule, apart)
    for index in sorted(range(len(body.units)), key=lambda i: -schedule.times[i]):
        if body.units[index] in ("load", "lda", "move") and placed.after[index]:
            placed.remove(index)
            placed.put(index, placed.deadline(index), placed.times[index])
    return placed.schedule()


def _delay(body: LoopBody, schedule: Schedule, units: tuple[str, ...], apart: bool) -> Schedule:
    """The schedule with all operations of some units placed anew, the last deadline first."""
    placed = _Placed(body, schedule, apart)
    moved = {index for index, unit in enumerate(body.units) if unit in units}
    for index in moved:
        placed.remove(index)
    waiting = {index: sum(target in moved for target, _ in placed.after[index]) for index in moved}
    ready = [(-placed.deadline(index), index) for index in moved if not waiting[index]]
    heapq.heapify(ready)
    while ready:
        late, index = heapq.heappop(ready)
        needed = (placed.times[s] + gap for s, gap in placed.before[index] if s not in moved)
        if not placed.put(index, -late, max(0, *needed, 0)):
            return schedule
        for source, _ in placed.before[index]:
            if source in moved:
                waiting[source] -= 1
                if not waiting[source]:
                    heapq.heappush(ready, (-placed.deadline(source), source))
    return schedule if any(waiting.values()) else placed.schedule()

"""Static schedules of straight code and of loop bodies on a core's issue slots.

A core issues one bundle a cycle with at most one operation a slot and never waits for a result, so the
compiler's schedule is the time. ``list_schedule`` packs straight code, ``modulo_schedule`` a loop's body
so that a new iteration starts every ``interval`` cycles (Rau's iterative modulo scheduling).
"""

import heapq
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

SLOTS: dict[str, tuple[str, ...]] = {
    "load": ("ldb", "lda"),
    "lda": ("lda",),
    "store": ("st",),
    "move": ("mv",),
    "vector": ("vec",),
    "scalar": ("alu",),
    "address": ("alu", "ptr"),
}
"""Unit -> the issue slots that do it [llvm-aie AIE2Slots.td]; ``ptr`` stands for the pointer updates
that the load and store slots do besides."""

SEARCH = 12
"""Operations of one unit looked at in a cycle for one that disturbs no other access."""

TRIES = 6
"""Placements allowed for each operation before a larger interval is tried."""


@dataclass(frozen=True)
class Body:
    """Straight machine code.

    Attributes:
        units: what each operation needs, a key of SLOTS, in program order.
        buffers: the memory that each operation touches, -1 for none.
        edges: (from, to, latency, distance): ``to`` of ``distance`` iterations later starts at least
            ``latency`` cycles after ``from``. Edges of distance 0 go forward in program order.
        sizes: share of the register file that each result takes, (vector, accumulator), in files.
    """

    units: tuple[str, ...]
    buffers: tuple[int, ...]
    edges: tuple[tuple[int, int, int, int], ...]
    sizes: tuple[tuple[float, float], ...] = ()

    def resource_interval(self, *, apart: bool) -> int:
        """Least interval by the fullest slot; ``apart`` if two loads of one buffer never meet."""
        count: dict[str, int] = {}
        for unit in self.units:
            count[unit] = count.get(unit, 0) + 1
        loads = count.get("load", 0) + count.get("lda", 0)
        bounds = [1, count.get("lda", 0), ceil(loads / 2), ceil(count.get("address", 0) / 2)]
        bounds += [count.get(unit, 0) for unit in ("store", "move", "vector", "scalar")]
        if apart:
            touched: dict[int, int] = {}
            for buffer in self.buffers:
                if buffer >= 0:
                    touched[buffer] = touched.get(buffer, 0) + 1
            bounds += touched.values()
        return max(bounds)

    def recurrence_interval(self) -> int:
        """Least interval by the cycles of dependences."""
        low, high = 1, max(1, sum(max(0, edge[2]) for edge in self.edges))
        while low < high:
            middle = (low + high) // 2
            if _heights(self, middle) is None:
                low = middle + 1
            else:
                high = middle
        return low


@dataclass(frozen=True)
class Schedule:
    """When each operation starts.

    Attributes:
        interval: cycles between iterations; of straight code its length.
        times: start of each operation of the first iteration.
        slots: the slot each one takes.
    """

    interval: int
    times: tuple[int, ...]
    slots: tuple[str, ...]

    @property
    def length(self) -> int:
        """Cycles from the first to the last operation of one iteration."""
        return max(self.times, default=-1) + 1

    @property
    def stages(self) -> int:
        """Iterations that overlap; one less is the length of the filling, in intervals."""
        return max(1, ceil(self.length / self.interval))


def _heights(body: Body, interval: int) -> list[int] | None:
    """Longest way from each operation to the end of its iteration; None if dependences form a cycle
    that is longer than ``interval`` allows."""
    height = [0] * len(body.units)
    # Program order reversed settles all edges of distance 0 in one pass.
    edges = sorted(body.edges, key=lambda edge: -edge[0])
    carried = sum(1 for edge in edges if edge[3])
    for _ in range(carried + 2):
        changed = False
        for source, target, latency, distance in edges:
            through = height[target] + latency - interval * distance
            if through > height[source]:
                height[source] = through
                changed = True
        if not changed:
            return height
    return None


class Bundle:
    """What one cycle (of a modulo schedule: one row of the table) already holds."""

    __slots__ = ("buffers", "slots")

    def __init__(self) -> None:
        self.slots: dict[str, int] = {}
        self.buffers: dict[int, int] = {}

    def copy(self) -> "Bundle":
        """A bundle that holds the same."""
        made = Bundle()
        made.slots.update(self.slots)
        made.buffers.update(self.buffers)
        return made

    def slot(self, unit: str, buffer: int, *, apart: bool) -> str | None:
        """A free slot for an operation; None if there is none."""
        if apart and buffer >= 0 and buffer in self.buffers:
            return None
        return next((slot for slot in SLOTS[unit] if slot not in self.slots), None)


@lru_cache(maxsize=4096)
def list_schedule(body: Body, apart: bool) -> Schedule:
    """Straight code, the operation with the longest way to the end first.

    Args:
        body: its edges of distance 0 count, the others do not.
        apart: two accesses of one buffer are not put into one cycle.
    """
    rows: dict[int, Bundle] = {}
    times = pack(body, (0,) * len(body.units), rows, apart)
    slots = [""] * len(times)
    for bundle in rows.values():
        for slot, at in bundle.slots.items():
            slots[at] = slot
    return Schedule(max(1, max(times, default=0) + 1), tuple(times), tuple(slots))


def reserve(
    rows: dict[int, Bundle],
    body: Body,
    slots: tuple[str, ...],
    starts: list[tuple[int, int]],
    apart: bool,
) -> bool:
    """Put operations of ``body`` at given (cycle, operation) into bundles; False if one is taken."""
    for cycle, at in starts:
        row = rows.setdefault(cycle, Bundle())
        buffer = body.buffers[at]
        if slots[at] in row.slots or (apart and buffer >= 0 and buffer in row.buffers):
            return False
        row.slots[slots[at]] = -1
        if buffer >= 0:
            row.buffers[buffer] = -1
    return True


def pack(body: Body, start: tuple[int, ...], rows: dict[int, Bundle], apart: bool) -> list[int]:
    """Times of straight code around what ``rows`` already hold, which is added to them.

    Args:
        body: its edges of distance 0 count.
        start: cycle before which each operation may not start.
        rows: bundles by cycle.
        apart: two accesses of one buffer are not put into one cycle.
    """
    count = len(body.units)
    edges = [edge for edge in body.edges if not edge[3]]
    height = [0] * count
    waiting = [0] * count
    after: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for source, target, latency, _ in sorted(edges, key=lambda edge: -edge[0]):
        height[source] = max(height[source], height[target] + latency)
        waiting[target] += 1
        after[source].append((target, latency))
    earliest = list(start)
    times = [-1] * count
    later = [(earliest[i], i) for i in range(count) if not waiting[i]]
    heapq.heapify(later)
    ready: dict[str, list[tuple[int, int]]] = {unit: [] for unit in SLOTS}
    cycle, left = min(start, default=0), count
    while left:
        bundle = rows.setdefault(cycle, Bundle())
        # A result of latency 0 lets its user into the same bundle: look again until nothing fits.
        while True:
            while later and later[0][0] <= cycle:
                _, i = heapq.heappop(later)
                heapq.heappush(ready[body.units[i]], (-height[i], i))
            chosen = _fill(body, ready, bundle, apart)
            for i, _ in chosen:
                times[i] = cycle
                left -= 1
                for target, latency in after[i]:
                    earliest[target] = max(earliest[target], cycle + latency)
                    waiting[target] -= 1
                    if not waiting[target]:
                        heapq.heappush(later, (earliest[target], target))
            if not (chosen and later and later[0][0] <= cycle):
                break
        cycle += 1
        if later and not any(ready.values()):
            cycle = max(cycle, later[0][0])
    return times


def _fill(
    body: Body, ready: dict[str, list[tuple[int, int]]], bundle: Bundle, apart: bool
) -> list[tuple[int, str]]:
    """Take from ``ready`` what fits into one bundle."""
    chosen: list[tuple[int, str]] = []
    heaps = [heap for heap in ready.values() if heap]
    while heaps:
        # The loads of both kinds compete for one slot: the more urgent operation goes first.
        heap = min(heaps)
        taken = _take(body, heap, bundle, apart)
        if taken is None:
            heaps.remove(heap)
            continue
        chosen.append(taken)
        if not heap:
            heaps.remove(heap)
    return chosen


def _take(
    body: Body, heap: list[tuple[int, int]], bundle: Bundle, apart: bool
) -> tuple[int, str] | None:
    """The most urgent operation of one unit that fits, out of the first few."""
    aside: list[tuple[int, int]] = []
    found: tuple[int, str] | None = None
    while heap and len(aside) < SEARCH:
        entry = heapq.heappop(heap)
        unit, buffer = body.units[entry[1]], body.buffers[entry[1]]
        slot = bundle.slot(unit, buffer, apart=apart)
        if slot is not None:
            bundle.slots[slot] = entry[1]
            if buffer >= 0:
                bundle.buffers[buffer] = entry[1]
            found = (entry[1], slot)
            break
        aside.append(entry)
        if all(slot in bundle.slots for slot in SLOTS[unit]):
            break
    for entry in aside:
        heapq.heappush(heap, entry)
    return found


@lru_cache(maxsize=4096)
def modulo_schedule(body: Body, apart: bool) -> Schedule:
    """A loop's body, a new iteration every ``interval`` cycles.

    The interval starts at the larger of its two lower bounds and grows until a schedule is found; one
    iteration after the other always is one.
    """
    interval = max(body.resource_interval(apart=apart), body.recurrence_interval())
    flat = list_schedule(body, apart)
    while interval < flat.length:
        found = _try_interval(body, interval, apart)
        if found is not None:
            return _settled(body, found, apart)
        interval += 1
    return rolled(body)


def rolled(body: Body) -> Schedule:
    """A loop that is not pipelined: one iteration after the other, operations in the order in which
    they could start at the earliest.

    The interval is the length, or more where a carried result comes late.
    """
    count = len(body.units)
    earliest = [0] * count
    for source, target, latency, far in sorted(body.edges, key=lambda edge: edge[1]):
        if not far:
            earliest[target] = max(earliest[target], earliest[source] + latency)
    order = sorted(range(count), key=lambda at: (earliest[at], at))
    place = {at: number for number, at in enumerate(order)}
    edges: dict[tuple[int, int], int] = {}
    for source, target, latency, far in body.edges:
        if not far:
            pair = place[source], place[target]
            edges[pair] = max(edges.get(pair, 0), latency)
    for at in range(count - 1):
        edges.setdefault((at, at + 1), 0)
    moved = Body(
        tuple(body.units[at] for at in order),
        tuple(body.buffers[at] for at in order),
        tuple((source, target, latency, 0) for (source, target), latency in edges.items()),
    )
    flat = list_schedule(moved, True)
    times = tuple(flat.times[place[at]] for at in range(count))
    least = flat.length
    for source, target, latency, distance in body.edges:
        if distance:
            least = max(least, ceil((times[source] + latency - times[target]) / distance))
    return Schedule(least, times, tuple(flat.slots[place[at]] for at in range(count)))


def _try_interval(body: Body, interval: int, apart: bool) -> Schedule | None:
    """A schedule of that interval, or None after a bounded search."""
    height = _heights(body, interval)
    return None if height is None else _Table(body, interval, apart, height).fill()


class _Table:
    """A modulo reservation table that is being filled; an operation may throw out others."""

    def __init__(self, body: Body, interval: int, apart: bool, height: list[int]) -> None:
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
        self.rows = [Bundle() for _ in range(interval)]
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


def _settled(body: Body, schedule: Schedule, apart: bool) -> Schedule:
    """The same interval with loads and moves later, as compilers that count registers place them: what
    comes early holds a register for nothing. Of two ways, whichever holds fewer registers."""
    late = schedule
    for units in (("move",), ("load", "lda")):
        late = _delayed(body, late, units, apart)
    found = [schedule, _sunk(body, schedule, apart), _sunk(body, late, apart)]
    return min(found, key=lambda each: pressure(body, each)[0])


class _Placed:
    """A modulo schedule that operations are taken out of and put back into."""

    def __init__(self, body: Body, schedule: Schedule, apart: bool) -> None:
        self.body, self.interval, self.apart = body, schedule.interval, apart
        self.times, self.slots = list(schedule.times), list(schedule.slots)
        self.rows = [Bundle() for _ in range(self.interval)]
        for at in range(len(self.times)):
            self._note(at)
        self.after: list[list[tuple[int, int]]] = [[] for _ in self.times]
        self.before: list[list[tuple[int, int]]] = [[] for _ in self.times]
        for source, target, latency, distance in body.edges:
            if source != target:
                self.after[source].append((target, self.interval * distance - latency))
                self.before[target].append((source, latency - self.interval * distance))

    def _note(self, at: int) -> None:
        row = self.rows[self.times[at] % self.interval]
        row.slots[self.slots[at]] = at
        if self.body.buffers[at] >= 0:
            row.buffers[self.body.buffers[at]] = at

    def remove(self, at: int) -> None:
        """Free an operation's slot; its time stays known."""
        row = self.rows[self.times[at] % self.interval]
        del row.slots[self.slots[at]]
        row.buffers.pop(self.body.buffers[at], None)

    def put(self, at: int, last: int, first: int) -> bool:
        """Place a removed operation as late as slots allow; False if they do not."""
        for time in range(last, first - 1, -1):
            row = self.rows[time % self.interval]
            slot = row.slot(self.body.units[at], self.body.buffers[at], apart=self.apart)
            if slot is not None:
                self.times[at], self.slots[at] = time, slot
                self._note(at)
                return True
        return False

    def deadline(self, at: int) -> int:
        """The last cycle at which an operation may start for its users."""
        ends = (self.times[target] + slack for target, slack in self.after[at])
        return min(ends, default=self.times[at])

    def schedule(self) -> Schedule:
        """What stands now."""
        return Schedule(self.interval, tuple(self.times), tuple(self.slots))


def _sunk(body: Body, schedule: Schedule, apart: bool) -> Schedule:
    """The schedule with each load and move put off alone, the last first, as far as slots are free."""
    placed = _Placed(body, schedule, apart)
    for at in sorted(range(len(body.units)), key=lambda i: -schedule.times[i]):
        if body.units[at] in ("load", "lda", "move") and placed.after[at]:
            placed.remove(at)
            placed.put(at, placed.deadline(at), placed.times[at])
    return placed.schedule()


def _delayed(body: Body, schedule: Schedule, units: tuple[str, ...], apart: bool) -> Schedule:
    """The schedule with all operations of some units placed anew, the last deadline first."""
    placed = _Placed(body, schedule, apart)
    moved = {at for at, unit in enumerate(body.units) if unit in units}
    for at in moved:
        placed.remove(at)
    waiting = {at: sum(target in moved for target, _ in placed.after[at]) for at in moved}
    ready = [(-placed.deadline(at), at) for at in moved if not waiting[at]]
    heapq.heapify(ready)
    while ready:
        late, at = heapq.heappop(ready)
        needed = (placed.times[s] + gap for s, gap in placed.before[at] if s not in moved)
        if not placed.put(at, -late, max(0, *needed, 0)):
            return schedule
        for source, _ in placed.before[at]:
            if source in moved:
                waiting[source] -= 1
                if not waiting[source]:
                    heapq.heappush(ready, (-placed.deadline(source), source))
    return schedule if any(waiting.values()) else placed.schedule()


def conflicts(body: Body, schedule: Schedule, weights: dict[tuple[int, int], float]) -> float:
    """Expected cycles an iteration in which the core waits for a memory bank.

    Args:
        body: the code; only accesses of memory count.
        schedule: its schedule.
        weights: probability that accesses of two buffers meet in a bank, by (lower, higher) number;
            1 within one buffer and 0 between two if nothing is said.
    """
    rows: dict[int, list[int]] = {}
    for time, buffer in zip(schedule.times, body.buffers, strict=True):
        if buffer >= 0:
            rows.setdefault(time % schedule.interval, []).append(buffer)
    total = 0.0
    for buffers in rows.values():
        for at, one in enumerate(buffers):
            free = 1.0
            for other in buffers[:at]:
                pair = (min(one, other), max(one, other))
                free *= 1 - weights.get(pair, 1.0 if one == other else 0.0)
            total += 1 - free
    return total


def pressure(body: Body, schedule: Schedule) -> tuple[float, float]:
    """Most of the vector and of the accumulator file that is live at once, in files.

    A register is taken from the cycle in which the result arrives: a load in flight takes none. A result
    with one user can be made as late as that allows, so it counts in the cycle of its use alone.
    """
    if not body.sizes:
        return 0.0, 0.0
    interval = schedule.interval
    last = list(schedule.times)
    arrives = [time + 1 for time in schedule.times]
    users = Counter(source for source, _, _, _ in body.edges)
    for source, target, latency, distance in body.edges:
        last[source] = max(last[source], schedule.times[target] + interval * distance)
        arrives[source] = max(arrives[source], schedule.times[source] + max(1, latency))
    live = [[0.0, 0.0] for _ in range(interval)]
    for i, (vector, accumulator) in enumerate(body.sizes):
        if vector or accumulator:
            begins = last[i] if users[i] == 1 else min(arrives[i], last[i])
            for time in range(begins, last[i] + 1):
                live[time % interval][0] += vector
                live[time % interval][1] += accumulator
    return max(row[0] for row in live), max(row[1] for row in live)

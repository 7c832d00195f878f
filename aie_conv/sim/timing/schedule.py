"""Static schedules of code on a core's issue slots; :mod:`aie_conv.sim.timing.modulo` has those of loops.

A core issues one bundle a cycle with at most one operation a slot and never waits for a result, so the
compiler's schedule is the time.
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


@dataclass(frozen=True)
class LoopBody:
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
            if heights(self, middle) is None:
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


def heights(body: LoopBody, interval: int) -> list[int] | None:
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


class InstructionBundle:
    """What one cycle (of a modulo schedule: one row of the table) already holds."""

    __slots__ = ("buffers", "slots")

    def __init__(self) -> None:
        self.slots: dict[str, int] = {}
        self.buffers: dict[int, int] = {}

    def copy(self) -> "InstructionBundle":
        """A bundle that holds the same."""
        bundle = InstructionBundle()
        bundle.slots.update(self.slots)
        bundle.buffers.update(self.buffers)
        return bundle

    def slot(self, unit: str, buffer: int, *, apart: bool) -> str | None:
        """A free slot for an operation; None if there is none."""
        if apart and buffer >= 0 and buffer in self.buffers:
            return None
        return next((slot for slot in SLOTS[unit] if slot not in self.slots), None)


@lru_cache(maxsize=4096)
def list_schedule(body: LoopBody, apart: bool) -> Schedule:
    """Straight code, the operation with the longest way to the end first.

    Args:
        body: its edges of distance 0 count, the others do not.
        apart: two accesses of one buffer are not put into one cycle.
    """
    rows: dict[int, InstructionBundle] = {}
    times = pack(body, (0,) * len(body.units), rows, apart)
    slots = [""] * len(times)
    for bundle in rows.values():
        for slot, index in bundle.slots.items():
            slots[index] = slot
    return Schedule(max(1, max(times, default=0) + 1), tuple(times), tuple(slots))


def reserve(
    rows: dict[int, InstructionBundle],
    body: LoopBody,
    slots: tuple[str, ...],
    starts: list[tuple[int, int]],
    apart: bool,
) -> bool:
    """Put operations of ``body`` at given (cycle, operation) into bundles; False if one is taken."""
    for cycle, index in starts:
        row = rows.setdefault(cycle, InstructionBundle())
        buffer = body.buffers[index]
        if slots[index] in row.slots or (apart and buffer >= 0 and buffer in row.buffers):
            return False
        row.slots[slots[index]] = -1
        if buffer >= 0:
            row.buffers[buffer] = -1
    return True


def pack(
    body: LoopBody, start: tuple[int, ...], rows: dict[int, InstructionBundle], apart: bool
) -> list[int]:
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
        bundle = rows.setdefault(cycle, InstructionBundle())
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
    body: LoopBody, ready: dict[str, list[tuple[int, int]]], bundle: InstructionBundle, apart: bool
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
    body: LoopBody, heap: list[tuple[int, int]], bundle: InstructionBundle, apart: bool
) -> tuple[int, str] | None:
    """The most urgent operation of one unit that fits, out of the first few."""
    aside: list[tuple[int, int]] = []
    taken: tuple[int, str] | None = None
    while heap and len(aside) < SEARCH:
        entry = heapq.heappop(heap)
        unit, buffer = body.units[entry[1]], body.buffers[entry[1]]
        slot = bundle.slot(unit, buffer, apart=apart)
        if slot is not None:
            bundle.slots[slot] = entry[1]
            if buffer >= 0:
                bundle.buffers[buffer] = entry[1]
            taken = (entry[1], slot)
            break
        aside.append(entry)
        if all(slot in bundle.slots for slot in SLOTS[unit]):
            break
    for entry in aside:
        heapq.heappush(heap, entry)
    return taken


def conflicts(body: LoopBody, schedule: Schedule, weights: dict[tuple[int, int], float]) -> float:
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
        for index, one in enumerate(buffers):
            free = 1.0
            for other in buffers[:index]:
                pair = (min(one, other), max(one, other))
                free *= 1 - weights.get(pair, 1.0 if one == other else 0.0)
            total += 1 - free
    return total


def pressure(body: LoopBody, schedule: Schedule) -> tuple[float, float]:
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

"""Deterministic data-flow engine: processes, pools of objects, and who waits for whom.

Every core and every DMA flow is a generator that yields what it waits for. Because each pool has
one producer and one consumer, the result does not depend on the order in which processes run;
time stamps travel with the objects, so the cycle estimate does not depend on it either.
"""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from aie_conv.errors import DeviceError

Waiting = Generator["Event", None, None]


class Event:
    """Something processes wait for; the text says what, for the report of a deadlock."""

    __slots__ = ("text", "waiters")

    def __init__(self, text: str) -> None:
        self.text = text
        self.waiters: list[Process] = []


@dataclass(eq=False)
class Process:
    """A running generator; ``waits`` is the event it stopped at."""

    name: str
    steps: Waiting
    waits: Event | None = None
    done: bool = False
    background: bool = False


class Engine:
    """Runs processes until none can go on."""

    def __init__(self) -> None:
        self.ready: deque[Process] = deque()
        self.processes: list[Process] = []

    def start(self, name: str, steps: Waiting, *, background: bool = False) -> Process:
        """Add a process; a background one may wait for ever."""
        process = Process(name, steps, background=background)
        self.processes.append(process)
        self.ready.append(process)
        return process

    def wake(self, event: Event) -> None:
        """Let those who wait for ``event`` look again."""
        if event.waiters:
            self.ready.extend(event.waiters)
            event.waiters.clear()

    def run(self) -> None:
        """Run until every process is done or waits."""
        ready = self.ready
        while ready:
            process = ready.popleft()
            process.waits = None
            try:
                event = next(process.steps)
            except StopIteration:
                process.done = True
                continue
            process.waits = event
            event.waiters.append(process)

    def deadlock(self, who: Process) -> DeviceError:
        """The error that says who waits for what, beginning with ``who``."""
        others = [p for p in self.processes if p is not who and p.waits and not p.background]
        flows = [
            p for p in self.processes if p.background and p.waits and "idle" not in p.waits.text
        ]
        lines = [f"{p.name} waits for {p.waits.text}" for p in (who, *others, *flows) if p.waits]
        shown = "; ".join(lines[:12])
        more = f"; and {len(lines) - 12} more" if len(lines) > 12 else ""
        return DeviceError(f"simulator: deadlock: {shown}{more}")


def aligned(size: int) -> np.ndarray:
    """``size`` bytes at a 64-byte boundary."""
    raw = np.empty(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size]


@dataclass(eq=False)
class Pool:
    """A ring of equally large objects between one producer and one consumer.

    Attributes:
        slots: the memory of each object (flat bytes).
        filled, freed: time at which each slot was last handed over.
        taken_in, put, taken_out, returned: counts of objects the producer acquired and released, and
            the consumer acquired and released.
    """

    name: str
    slots: list[np.ndarray]
    engine: Engine
    addresses: list[int] = field(default_factory=list)
    filled: list[float] = field(default_factory=list)
    freed: list[float] = field(default_factory=list)
    taken_in: int = 0
    put: int = 0
    taken_out: int = 0
    returned: int = 0

    def __post_init__(self) -> None:
        self.addresses = [slot.ctypes.data for slot in self.slots]
        self.filled_event = Event(f"a full object of {self.name}")
        self.freed_event = Event(f"a free object of {self.name}")
        self.begin()

    def begin(self) -> None:
        """Before a call: clocks at 0, and what nobody holds filled with 0xFF."""
        depth = len(self.slots)
        self.filled = [0.0] * depth
        self.freed = [0.0] * depth
        for number in range(self.taken_in, self.returned + depth):
            self.slots[number % depth].fill(0xFF)

    @property
    def depth(self) -> int:
        """Number of objects."""
        return len(self.slots)

    def room(self) -> int:
        """Objects the producer could acquire now."""
        return self.depth - (self.taken_in - self.returned)

    def ready(self) -> int:
        """Objects the consumer could acquire now."""
        return self.put - self.taken_out

    def hand_over(self, time: float) -> None:
        """The producer releases its oldest object."""
        self.filled[self.put % len(self.slots)] = time
        self.put += 1
        if self.filled_event.waiters:
            self.engine.wake(self.filled_event)

    def hand_back(self, time: float) -> None:
        """The consumer releases its oldest object."""
        self.freed[self.returned % len(self.slots)] = time
        self.returned += 1
        if self.freed_event.waiters:
            self.engine.wake(self.freed_event)

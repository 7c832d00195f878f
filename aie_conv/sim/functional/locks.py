"""Locks while a program runs: counters that DMAs and cores wait for, with the time of each unit."""

from collections.abc import Generator
from dataclasses import dataclass, field

from aie_conv.errors import DeviceError
from aie_conv.sim.functional.engine import Engine, Event
from aie_conv.sim.model.dma import Semaphore

HIGHEST = 63
"""The highest value of a lock [AM020: six bits]."""


@dataclass(eq=False)
class _Request:
    """An acquire that waits: since when, for how much, and when it got it (negative until then)."""

    time: float
    count: int
    event: Event
    granted: float = -1.0


@dataclass(eq=False)
class LockState:
    """A lock's units, each with the time from which it can be taken.

    Who asked first gets it first. The hardware does not promise that: where two channels wait for one lock,
    either may get it.
    """

    lock: Semaphore
    engine: Engine
    units: list[float] = field(default_factory=list[float])
    requests: list[_Request] = field(default_factory=list[_Request])

    def __post_init__(self) -> None:
        self.units = [0.0] * self.lock.first

    def begin(self) -> None:
        """Before a call: clocks at 0."""
        self.units = [0.0] * len(self.units)
        for request in self.requests:
            request.time = 0.0

    def acquire(self, count: int, time: float) -> Generator[Event, None, float]:
        """Wait for ``count`` units from ``time`` on and take them; gives the time at which."""
        request = _Request(time, count, Event(""))
        self.requests.append(request)
        self._grant()
        while request.granted < 0:
            yield request.event
        return request.granted

    def release(self, count: int, time: float, who: str) -> None:
        """Give ``count`` units back, at a time.

        Raises:
            DeviceError: the lock would count further than it can.
        """
        if len(self.units) + count > HIGHEST:
            raise DeviceError(
                f"{who}: releases {count} to {self.lock}, which has {len(self.units)}: a lock counts to "
                f"{HIGHEST}"
            )
        self.units = sorted([*self.units, *[time] * count])
        self._grant()

    def _grant(self) -> None:
        for request in sorted(self.requests, key=lambda one: one.time):
            if request.count <= len(self.units):
                request.granted = max(request.time, self.units[request.count - 1])
                del self.units[: request.count]
                self.requests.remove(request)
                self.engine.wake(request.event)
            else:
                request.event.text = f"{self.lock} to be {request.count}, it is {len(self.units)}"

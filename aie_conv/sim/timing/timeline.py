"""What every part of the array does at every moment of a run: filled by the simulator on request.

A lane is one core, one DMA channel (the sending end of a stream and all that receive from it), or the
command sequence. Its intervals follow one another without a gap from 0 to the run's last cycle:
whoever writes to a lane says what it did until a time, never from when.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from aie_conv.sim.model.module import Tile

_LEAST = 1e-6
"""Cycles below which a difference is one of rounding."""


class State(IntEnum):
    """What a lane does."""

    BUSY = 0
    """A core computes, a channel moves words, the sequence executes a command."""
    DATA = 1
    """Waits for a filled object, or for what it reads from the host's memory."""
    SPACE = 2
    """Waits for a free object, or for the host's memory to take what it writes."""
    COMMAND = 3
    """A channel of the shim waits for its next task."""
    TOKEN = 4
    """The sequence waits for a task to end."""
    START = 5
    """Takes a lock, loads a descriptor or starts a transfer."""
    IDLE = 6
    """Has nothing more to do in this run."""


class LaneInterval(NamedTuple):
    """``start`` to ``end`` in cycles; ``what`` is the function, FIFO or command."""

    start: float
    end: float
    state: State
    what: str


@dataclass(eq=False)
class Lane:
    """One row of the timeline.

    Attributes:
        name: as in RunStats: "core (0, 2)", the stream's "mem tile (0, 1) @a1", "runtime sequence".
        kind: "core", "dma" or "sequence".
        tile: where it sits; None for the sequence.
        fifo: the object FIFO of a channel.
        late: busy cycles behind the run's end (a core goes on once its last object is taken).
    """

    name: str
    kind: str
    tile: Tile | None = None
    fifo: str = ""
    late: float = 0.0
    _ends: list[float] = field(default_factory=list)
    _states: list[State] = field(default_factory=list)
    _what: list[str] = field(default_factory=list)

    @property
    def clock(self) -> float:
        """Where the last interval ends."""
        return self._ends[-1] if self._ends else 0.0

    def until(self, time: float, state: State, what: str = "") -> None:
        """It did this from where it was until ``time``; nothing if that is past."""
        if time <= self.clock + _LEAST:
            return
        if self._states and self._states[-1] is state and self._what[-1] == what:
            self._ends[-1] = time
            return
        self._ends.append(time)
        self._states.append(state)
        self._what.append(what)

    def wait(self, time: float, cost: float, state: State, what: str) -> None:
        """It waited for something that could begin at ``time``, ``cost`` of it to start."""
        self.until(time - cost, state, what)
        self.until(time, State.START, what)

    def close(self, cycles: float) -> None:
        """Cut or fill the lane so that it ends at ``cycles``."""
        while self._ends and self._ends[-1] > cycles:
            end, state, what = self._ends.pop(), self._states.pop(), self._what.pop()
            start = max(self.clock, cycles)
            if state is State.BUSY:
                self.late += end - start
            self.until(cycles, state, what)
        self.until(cycles, State.IDLE)
        if self._ends:
            self._ends[-1] = cycles

    def __iter__(self) -> Iterator[LaneInterval]:
        start = 0.0
        for end, state, what in zip(self._ends, self._states, self._what, strict=True):
            yield LaneInterval(start, end, state, what)
            start = end

    def __len__(self) -> int:
        return len(self._ends)

    def totals(self) -> dict[State, float]:
        """Cycles in each state; they add up to the run's."""
        totals = dict.fromkeys(State, 0.0)
        for start, end, state, _ in self:
            totals[state] += end - start
        return totals


@dataclass(eq=False)
class Timeline:
    """A run's lanes; pass an empty one to :meth:`Simulator.run`.

    Attributes:
        cycles: those of the run's RunStats.
        lanes: the sequence, then the channels, then the cores.
    """

    cycles: int = 0
    lanes: list[Lane] = field(default_factory=list)

    def lane(self, name: str, kind: str, tile: Tile | None = None, fifo: str = "") -> Lane:
        """Add a lane."""
        lane = Lane(name, kind, tile, fifo)
        self.lanes.append(lane)
        return lane

    def close(self, cycles: int) -> None:
        """The run is over."""
        self.cycles = cycles
        for lane in self.lanes:
            lane.close(cycles)

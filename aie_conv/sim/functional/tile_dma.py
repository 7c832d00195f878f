"""DMA channels of mem and core tiles that run descriptors over their tile's memory, ordered by locks.

A channel takes the lock of its next descriptor as soon as the one before is done, with data or without, as
the hardware does. What it moves is then told to the flow at its stream: :class:`DescriptorSender` and
:class:`DescriptorReceiver` are its ends.
"""

from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

import numpy as np

from aie_conv.arch.rates import ChannelRates
from aie_conv.errors import DeviceError
from aie_conv.ir.core import Value
from aie_conv.sim.functional.commands import TileTask
from aie_conv.sim.functional.engine import Engine, Event, Waiting
from aie_conv.sim.functional.flow_ends import ByteDims
from aie_conv.sim.functional.locks import LockState
from aie_conv.sim.functional.strided import extent, total_bytes, unit_of, view
from aie_conv.sim.model.dma import ChannelProgram, DmaPort, LockUse, Semaphore, TileDescriptor
from aie_conv.sim.timing.timeline import State


@dataclass(eq=False)
class TileRun:
    """A task in a channel's queue; ``finished`` is negative until it is done."""

    task: TileTask
    pushed: float
    finished: float = -1.0


@dataclass(frozen=True)
class _Access:
    """What a descriptor did to a buffer: when, to which bytes."""

    who: str
    start: float
    end: float
    writes: bool
    offset: int
    dims: ByteDims

    @property
    def last(self) -> int:
        """The byte behind the last."""
        return self.offset + extent(self.dims)


class ResidentBuffer:
    """A buffer's bytes, and who of the DMAs touched them when."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data
        self._accesses: list[_Access] = []

    def begin(self) -> None:
        """Before a call: nobody touched them."""
        self._accesses.clear()

    def record(self, access: _Access) -> None:
        """Take down an access that is over.

        Raises:
            DeviceError: it met one that reads what it writes, or writes what it reads: nothing keeps them
                apart, and only by chance did they come in this order.
        """
        for other in self._accesses:
            if (
                other.writes != access.writes
                and access.start < other.end
                and access.offset < other.last
                and other.offset < access.last
                and self._meet(access, other)
            ):
                raise DeviceError(
                    f"simulator: race: {access.who} {'writes' if access.writes else 'reads'} bytes that "
                    f"{other.who} {'writes' if other.writes else 'reads'} at the same time or later: let "
                    "locks order them"
                )
        self._accesses.append(access)

    def _meet(self, one: _Access, two: _Access) -> bool:
        """Whether they touch a byte in common."""
        touched = np.zeros(len(self.data), np.uint8)
        view(touched, one.offset, one.dims, 1)[...] = 1
        return bool(view(touched, two.offset, two.dims, 1).any())


@dataclass(eq=False)
class _Move:
    """A descriptor under way: its memory and its walk, and since when it can move."""

    descriptor: TileDescriptor
    memory: ResidentBuffer
    offset: int
    dims: ByteDims
    time: float

    @property
    def size(self) -> int:
        """Bytes on the stream."""
        return total_bytes(self.dims)

    def array(self) -> np.ndarray:
        """The walk as an array over the memory."""
        data = self.memory.data
        unit = unit_of(self.offset, self.dims, data.ctypes.data)
        return view(data, self.offset, self.dims, unit)


@dataclass(eq=False)
class TileChannel:
    """A channel: what it is configured with, or the queue of its tasks.

    Attributes:
        move: the descriptor that holds its lock and waits for its stream; None between two.
        place: which of its descriptors that is, for :mod:`aie_conv.sim.functional.standing`.
    """

    port: DmaPort
    program: ChannelProgram | None
    engine: Engine
    locks: Mapping[Semaphore, LockState]
    memories: Mapping[Value, ResidentBuffer]
    queue: deque[TileRun] = field(default_factory=deque[TileRun])
    tokens: deque[float] = field(default_factory=deque[float])
    move: _Move | None = None
    place: int = 0
    clock: float = 0.0

    def __post_init__(self) -> None:
        self.pushed = Event(f"idle: a task of {self.port}")
        self.token = Event(f"a token of {self.port}")
        self.ready = Event(f"idle: a descriptor of {self.port}")
        self.done = Event(f"idle: the stream of {self.port}")

    def begin(self) -> None:
        """Before a call: the clock at 0."""
        self.clock = 0.0
        if self.move is not None:
            self.move.time = 0.0

    def push(self, run: TileRun) -> None:
        """Queue a task."""
        self.queue.append(run)
        self.engine.wake(self.pushed)

    def process(self) -> Waiting:
        """The process that runs the descriptors."""
        program = self.program
        while program is not None:
            for self.place, descriptor in enumerate(program.parts):
                yield from self._run(descriptor, descriptor.offset, 0.0)
            program = program if program.endless else None
        while True:
            while not self.queue:
                yield self.pushed
            run = self.queue.popleft()
            self.done.text = f"the stream of {self.port} for {run.task.what}"
            for number in range(run.task.runs):
                for one in run.task.parts:
                    yield from self._run(one, one.offset + number * one.step, run.pushed)
            self.done.text = f"idle: the stream of {self.port}"
            run.finished = self.clock
            if run.task.issues_token:
                self.tokens.append(self.clock)
                self.engine.wake(self.token)

    def _run(self, descriptor: TileDescriptor, offset: int, pushed: float) -> Waiting:
        """Take a descriptor's lock, and let its stream move it."""
        time = max(self.clock, pushed)
        if (use := descriptor.acquire) is not None:
            time = yield from self.locks[use.lock].acquire(use.count, time)
        memory = self.memories[descriptor.buffer]
        self.move = _Move(descriptor, memory, offset, descriptor.dims, time)
        self.engine.wake(self.ready)
        while self._moving():
            yield self.done

    def _moving(self) -> bool:
        return self.move is not None

    def finish(self, time: float) -> None:
        """The stream is through with the descriptor."""
        move = self.move
        if move is None:
            return
        self.clock = time
        self.move = None
        writes = self.port.direction == "S2MM"
        who = f"{move.descriptor.what} of {self.port}"
        move.memory.record(_Access(who, move.time, time, writes, move.offset, move.dims))
        self._release(move.descriptor.release, time, who)
        self.engine.wake(self.done)

    def _release(self, use: LockUse | None, time: float, who: str) -> None:
        if use is not None:
            self.locks[use.lock].release(use.count, time, f"simulator: {who}")


class DescriptorSender:
    """Sends what a channel's descriptors walk."""

    waits = State.DATA

    def __init__(self, channel: TileChannel, rates: ChannelRates) -> None:
        self.word_cycles = rates.word
        self.start: float = rates.bd_start
        self.channel = channel

    def next(self) -> Generator[Event, None, tuple[np.ndarray, float]]:
        """See Sender."""
        channel = self.channel
        while channel.move is None:
            yield channel.ready
        data = np.ascontiguousarray(channel.move.array()).reshape(-1).view(np.uint8)
        return data, channel.move.time + self.start

    def done(self, time: float) -> None:
        """See Sender."""
        self.channel.finish(time)


class DescriptorReceiver:
    """Fills what a channel's descriptors walk."""

    waits = State.SPACE
    start: float = 0.0

    def __init__(self, channel: TileChannel, rates: ChannelRates) -> None:
        self.channel = channel
        self.latency = rates.latency
        self.space = 0
        self.size = 0
        self.staging = np.empty(0, np.uint8)

    def reserve(self) -> Generator[Event, None, float]:
        """See Receiver."""
        if self.space:
            return 0.0
        channel = self.channel
        while channel.move is None:
            yield channel.ready
        self.space = self.size = channel.move.size
        self.staging = np.empty(self.size, np.uint8)
        return channel.move.time

    def fill(self, data: np.ndarray, time: float) -> None:
        """See Receiver."""
        begin = self.size - self.space
        self.staging[begin : begin + len(data)] = data
        self.space -= len(data)
        move = self.channel.move
        if self.space or move is None:
            return
        array = move.array()
        array[...] = self.staging.view(array.dtype).reshape(array.shape)
        self.channel.finish(time + self.latency)

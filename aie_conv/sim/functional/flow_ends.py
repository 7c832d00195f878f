"""What sends and what receives in a channel: objects of pools, and the tasks of the host.

A sender gives units (objects, parts of objects, or host tasks); a receiver cuts its own objects out of
their bytes, whatever the units were.
"""

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aie_conv.arch.rates import ChannelRates
from aie_conv.sim.functional.engine import Engine, Event, Pool
from aie_conv.sim.functional.strided import copy_pair, total_bytes, unit_of, view
from aie_conv.sim.timing.timeline import State

ByteDims = Sequence[tuple[int, int]]


@dataclass(eq=False)
class TransferTask:
    """One host transfer: a walk over an argument's bytes.

    Attributes:
        fifo: the FIFO (and so the channel) it belongs to.
        what: the operation, for messages.
        memory: the argument's bytes.
        offset, dims: first byte and merged byte dimensions.
        issues_token: a token comes when it is done.
        instant: its bytes take no time, neither to start nor to move.
        pushed, finished: times; ``finished`` is negative until it is done.
    """

    fifo: str
    what: str
    memory: np.ndarray
    offset: int
    dims: ByteDims
    size: int
    issues_token: bool
    instant: bool = False
    pushed: float = 0.0
    finished: float = -1.0

    def array(self) -> np.ndarray:
        """The walk as an array over the argument's memory."""
        unit = unit_of(self.offset, self.dims, self.memory.ctypes.data)
        return view(self.memory, self.offset, self.dims, unit)

    @property
    def linear(self) -> bool:
        """One run of bytes."""
        return len(self.dims) == 1

    def bytes(self) -> np.ndarray:
        """The bytes it reads, in stream order; a copy unless they are one run."""
        if self.linear:
            return self.memory[self.offset : self.offset + self.size]
        return np.ascontiguousarray(self.array()).reshape(-1).view(np.uint8)


class DmaChannel:
    """The host's end of a FIFO: queued tasks, finished tasks, tokens."""

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self.engine = engine
        self.queue: deque[TransferTask] = deque()
        self.tokens: deque[float] = deque()
        self.pushed = Event(f"idle: a host task of @{name}")
        self.token = Event(f"a token of @{name}")

    def push(self, task: TransferTask) -> None:
        """Queue a task."""
        self.queue.append(task)
        self.engine.wake(self.pushed)

    def finish(self, task: TransferTask, time: float) -> None:
        """A task is done."""
        task.finished = time
        if task.issues_token:
            self.tokens.append(time)
            self.engine.wake(self.token)


class Sender(Protocol):
    """Gives units of bytes; :meth:`done` hands the unit back.

    ``waits`` is what it waits for, and ``start`` the part of the last time it gave that is a start.
    """

    word_cycles: float
    waits: State
    start: float

    def next(self) -> Generator[Event, None, tuple[np.ndarray, float]]:
        """Wait for a unit; its bytes and the time from which they can move."""
        ...

    def done(self, time: float) -> None:
        """The unit has been sent."""
        ...


class Receiver(Protocol):
    """Takes bytes; ``space`` is what the current object still takes, the others as of a sender."""

    space: int
    waits: State
    start: float

    def reserve(self) -> Generator[Event, None, float]:
        """Wait until at least one byte can be taken; the time from which."""
        ...

    def fill(self, data: np.ndarray, time: float) -> None:
        """Take at most ``space`` bytes, the last of them at ``time``."""
        ...


@dataclass(frozen=True)
class Padded:
    """An object with zeros around it: its bytes, the first that is data, and both walks."""

    size: int
    start: int
    source: ByteDims
    target: ByteDims


@dataclass(eq=False)
class MemoryWalk:
    """How a channel goes through an object: merged byte dimensions, and zeros around it.

    Attributes:
        dims: None if the object goes as it lies; they may read bytes several times.
        padded: None without zeros.
    """

    dims: ByteDims | None = None
    padded: Padded | None = None

    def sent(self, stored: int) -> int:
        """Bytes on the stream of an object of ``stored`` bytes."""
        if self.padded:
            return self.padded.size
        return total_bytes(self.dims) if self.dims else stored


class PoolSender:
    """Sends the objects of pools, one pool after the other (the parts of a join)."""

    waits = State.DATA

    def __init__(
        self, pools: list[Pool], walk: MemoryWalk, rates: ChannelRates, repeat: int = 1
    ) -> None:
        self.word_cycles = rates.word
        self.start: float = rates.bd_start
        self.pools = pools
        self.walk = walk
        self.repeat = repeat
        self.turn = 0
        self.sent = 0
        self.staged: dict[tuple[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    @property
    def unit(self) -> int:
        """Bytes of a unit on the stream; 0 if the pools differ."""
        sizes = {self.walk.sent(len(pool.slots[0])) for pool in self.pools}
        return sizes.pop() if len(sizes) == 1 else 0

    def next(self) -> Generator[Event, None, tuple[np.ndarray, float]]:
        """See Sender."""
        pool = self.pools[self.turn]
        if self.sent == 0:
            while pool.ready() <= 0:
                yield pool.filled_event
            pool.taken_out += 1
        slot = (pool.taken_out - 1) % len(pool.slots)
        return self.gather(self.turn, slot), pool.filled[slot] + self.start

    def gather(self, turn: int, slot: int) -> np.ndarray:
        """The stream bytes of one slot."""
        memory = self.pools[turn].slots[slot]
        if self.walk.dims is None and self.walk.padded is None:
            return memory
        staged = self.staged.get((turn, slot))
        if staged is None:
            staged = self.staged[turn, slot] = self._stage(memory)
        flat, target, source = staged
        np.copyto(target, source)
        return flat

    def _stage(self, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        padded = self.walk.padded
        if padded is None:
            flat = np.empty(self.walk.sent(len(memory)), np.uint8)
            dims = self.walk.dims or [(len(memory), 1)]
            return flat, *copy_pair((memory, dims), (flat, [(len(flat), 1)]))
        flat = np.zeros(padded.size, np.uint8)
        unit = min(
            unit_of(0, padded.source, memory.ctypes.data),
            unit_of(padded.start, padded.target, flat.ctypes.data),
        )
        source = view(memory, 0, padded.source, unit)
        return flat, view(flat, padded.start, padded.target, unit), source

    def done(self, time: float) -> None:
        """See Sender."""
        self.sent += 1
        if self.sent == self.repeat:
            self.sent = 0
            self.pools[self.turn].hand_back(time)
            self.turn = (self.turn + 1) % len(self.pools)


class HostSender:
    """Sends what the host's read tasks name."""

    waits = State.COMMAND

    def __init__(self, channel: DmaChannel, rates: ChannelRates) -> None:
        self.word_cycles = rates.read_word
        self.rates = rates
        self.channel = channel
        self.task: TransferTask | None = None
        self.count = 0
        self.start: float = 0.0

    def next(self) -> Generator[Event, None, tuple[np.ndarray, float]]:
        """See Sender."""
        while not self.channel.queue:
            yield self.channel.pushed
        self.task = self.channel.queue.popleft()
        self.start = self.rates.read_next if self.count else self.rates.read_start
        self.start = 0.0 if self.task.instant else self.start
        self.count += 1
        return self.task.bytes(), self.task.pushed + self.start

    def done(self, time: float) -> None:
        """See Sender."""
        if self.task is not None:
            self.channel.finish(self.task, time)
            self.task = None


class PoolReceiver:
    """Cuts objects for pools, one pool after the other (the parts of a distribute)."""

    waits = State.SPACE
    start: float = 0.0

    def __init__(self, pools: list[Pool], walk: MemoryWalk, rates: ChannelRates) -> None:
        self.pools = pools
        self.walk = walk
        self.latency = rates.latency
        self.turn = 0
        self.space = 0
        self.offset = 0
        self.memory = pools[0].slots[0]
        self.staging = np.empty(max(len(p.slots[0]) for p in pools), np.uint8)

    @property
    def unit(self) -> int:
        """Bytes of an object; 0 if the pools differ."""
        sizes = {len(pool.slots[0]) for pool in self.pools}
        return sizes.pop() if len(sizes) == 1 else 0

    @property
    def size(self) -> int:
        """Bytes of the current object."""
        return len(self.memory)

    def reserve(self) -> Generator[Event, None, float]:
        """See Receiver."""
        if self.space:
            return 0.0
        pool = self.pools[self.turn]
        while pool.room() <= 0:
            yield pool.freed_event
        slot = pool.taken_in % len(pool.slots)
        pool.taken_in += 1
        self.memory = pool.slots[slot]
        self.space, self.offset = len(self.memory), 0
        return pool.freed[slot]

    def fill(self, data: np.ndarray, time: float) -> None:
        """See Receiver."""
        count = len(data)
        target = self.staging if self.walk.dims else self.memory
        target[self.offset : self.offset + count] = data
        self.offset += count
        self.space -= count
        if self.space:
            return
        if self.walk.dims:
            size = len(self.memory)
            into, flat = copy_pair(
                (self.staging[:size], [(size, 1)]), (self.memory, self.walk.dims)
            )
            np.copyto(into, flat)
        self.pools[self.turn].hand_over(time + self.latency)
        self.turn = (self.turn + 1) % len(self.pools)


class HostReceiver:
    """Fills the host's write tasks; each takes exactly its own number of bytes."""

    waits = State.COMMAND

    def __init__(self, channel: DmaChannel, rates: ChannelRates) -> None:
        self.rates = rates
        self.start: float = rates.write_start
        self.count = 0
        self.channel = channel
        self.task: TransferTask | None = None
        self.space = 0
        self.offset = 0
        self.staging = np.empty(0, np.uint8)

    def reserve(self) -> Generator[Event, None, float]:
        """See Receiver."""
        if self.task is not None:
            return 0.0
        while not self.channel.queue:
            yield self.channel.pushed
        self.task = task = self.channel.queue.popleft()
        self.space, self.offset = task.size, 0
        if task.linear:
            self.staging = task.memory[task.offset : task.offset + task.size]
        else:
            self.staging = np.empty(task.size, np.uint8)
        self.start = self.rates.write_next if self.count else self.rates.write_start
        self.start = 0.0 if task.instant else self.start
        self.count += 1
        return task.pushed + self.start

    def fill(self, data: np.ndarray, time: float) -> None:
        """See Receiver."""
        count = len(data)
        self.staging[self.offset : self.offset + count] = data
        self.offset += count
        self.space -= count
        task = self.task
        if self.space or task is None:
            return
        if not task.linear:
            array = task.array()
            array[...] = self.staging.view(array.dtype).reshape(array.shape)
        self.task = None
        self.channel.finish(task, time)

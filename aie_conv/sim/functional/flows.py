"""Movement of data: what sends, what receives, and the process that joins them in one channel.

A flow takes units (objects, parts of objects, or host tasks) from its sender and gives their bytes
to every receiver at once (a broadcast waits for the slowest). Bytes are a stream: a receiver cuts
its own objects out of it, whatever the sender's units were.
"""

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from aie_conv.arch.rates import WORD_BYTES, ChannelRates
from aie_conv.sim.functional.engine import Engine, Event, Pool, Waiting
from aie_conv.sim.functional.strided import copy_pair, total_bytes, unit_of, view
from aie_conv.sim.timing.hostmemory import HostMemory
from aie_conv.sim.timing.timeline import Lane, State

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
        pushed, finished: times; ``finished`` is negative until it is done.
    """

    fifo: str
    what: str
    memory: np.ndarray
    offset: int
    dims: ByteDims
    size: int
    issues_token: bool
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


@dataclass(eq=False)
class Flow:
    """One stream: a sender's channel and all who receive from it; ``lane`` records it, if any.

    ``memory`` is the host's, which a stream from or to it shares with the others.
    """

    name: str
    sender: PoolSender | HostSender
    receivers: list[PoolReceiver | HostReceiver]
    rates: ChannelRates
    memory: HostMemory
    words: int = 0
    clock: float = 0.0
    lane: Lane | None = None
    pairs: dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def begin(self) -> None:
        """Before a call: the clock at 0, nothing sent yet, no lane."""
        self.clock, self.words, self.lane = 0.0, 0, None
        for end in (self.sender, *self.receivers):
            if isinstance(end, HostSender | HostReceiver):
                end.count = 0

    def process(self) -> Waiting:
        """The process that moves the data."""
        return self._objects() if self._whole_objects() else self._stream()

    def _whole_objects(self) -> bool:
        """Units and objects have one size, and a single strided copy does each."""
        sender = self.sender
        if not isinstance(sender, PoolSender) or sender.walk.padded or not sender.unit:
            return False
        return all(
            isinstance(r, PoolReceiver)
            and r.unit == sender.unit
            and (r.walk.dims is None or sender.walk.dims is None)
            for r in self.receivers
        )

    def _stream(self) -> Waiting:
        sender, receivers = self.sender, self.receivers
        word_cycles = sender.word_cycles
        while True:
            data, time = yield from sender.next()
            lane = self.lane
            self.clock = max(self.clock, time)
            if lane is not None:
                lane.wait(time, sender.start, sender.waits, lane.fifo)
            offset, size = 0, len(data)
            while offset < size:
                take = size - offset
                for receiver in receivers:
                    free = yield from receiver.reserve()
                    self.clock = max(self.clock, free)
                    if lane is not None:
                        lane.wait(free, receiver.start, receiver.waits, lane.fifo)
                    take = min(take, receiver.space)
                words = -(-take // WORD_BYTES)
                self.clock = self._arrival(words * word_cycles, take)
                self.words += words
                if lane is not None:
                    self._record_stream(lane, words)
                for receiver in receivers:
                    receiver.fill(data[offset : offset + take], self.clock)
                offset += take
            sender.done(self.clock)

    def _arrival(self, cycles: float, count: int) -> float:
        """When so many bytes are through that take ``cycles`` if nothing else wants the memory."""
        sender, receiver = self.sender, self.receivers[0]
        if isinstance(sender, HostSender) and sender.task is not None:
            factor = self.memory.factor(sender.task.dims)
            return self.memory.move(self.clock, count, cycles, reads=True, factor=factor)
        if isinstance(receiver, HostReceiver) and receiver.task is not None:
            cycles *= self.rates.write_word / self.rates.word
            factor = self.memory.factor(receiver.task.dims)
            return self.memory.move(self.clock, count, cycles, reads=False, factor=factor)
        return self.clock + cycles

    def _objects(self) -> Waiting:
        """The fast form of :meth:`_stream` for whole objects between memories."""
        sender = self.sender
        targets = [r for r in self.receivers if isinstance(r, PoolReceiver)]
        if not isinstance(sender, PoolSender):
            return
        words = -(-sender.unit // WORD_BYTES)
        cycles = self.rates.bd_start + words * self.rates.word
        while True:
            pool = sender.pools[sender.turn]
            while pool.taken_out >= pool.put:
                yield pool.filled_event
            slot = pool.taken_out % len(pool.slots)
            pool.taken_out += 1
            for _ in range(sender.repeat):
                start = max(self.clock, pool.filled[slot])
                for i, target in enumerate(targets):
                    into = target.pools[target.turn]
                    while into.taken_in - into.returned >= len(into.slots):
                        yield into.freed_event
                    place = into.taken_in % len(into.slots)
                    start = max(start, into.freed[place])
                    into.taken_in += 1
                    pair = self.pairs.get((sender.turn, slot, i, target.turn, place))
                    if pair is None:
                        pair = self._pair((sender.turn, slot, i, target.turn, place))
                    np.copyto(pair[0], pair[1])
                self.clock = start + cycles
                self.words += words
                if self.lane is not None:
                    self._record_object(self.lane, pool.filled[slot], start)
                for target in targets:
                    target.pools[target.turn].hand_over(self.clock + self.rates.latency)
                    target.turn = (target.turn + 1) % len(target.pools)
            pool.hand_back(self.clock)
            sender.turn = (sender.turn + 1) % len(sender.pools)

    def _record_stream(self, lane: Lane, words: int) -> None:
        """Record words at their full rate, behind what the host's memory made them wait."""
        writes = isinstance(self.receivers[0], HostReceiver)
        rate = self.rates.write_word if writes else self.sender.word_cycles
        wait = State.SPACE if writes else State.DATA
        lane.until(self.clock - words * rate, wait, lane.fifo)
        lane.until(self.clock, State.BUSY, lane.fifo)

    def _record_object(self, lane: Lane, filled: float, start: float) -> None:
        """Record an object: it waited for data, then for space, started and went."""
        lane.until(min(filled, start), State.DATA, lane.fifo)
        lane.until(start, State.SPACE, lane.fifo)
        lane.until(start + self.rates.bd_start, State.START, lane.fifo)
        lane.until(self.clock, State.BUSY, lane.fifo)

    def _pair(self, key: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        turn, slot, i, to_turn, place = key
        receiver = self.receivers[i]
        if not isinstance(receiver, PoolReceiver) or not isinstance(self.sender, PoolSender):
            raise TypeError("whole objects move between pools")
        source = self.sender.pools[turn].slots[slot]
        target = receiver.pools[to_turn].slots[place]
        pair = copy_pair(
            (source, self.sender.walk.dims or [(len(source), 1)]),
            (target, receiver.walk.dims or [(len(target), 1)]),
        )
        self.pairs[key] = pair
        return pair

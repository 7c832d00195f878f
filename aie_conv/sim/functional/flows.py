"""Movement of data: the process that joins a sender and its receivers in one channel.

A flow takes units (objects, parts of objects, or host tasks) from its sender and gives their bytes
to every receiver at once (a broadcast waits for the slowest). Bytes are a stream: a receiver cuts
its own objects out of it, whatever the sender's units were.
"""

from dataclasses import dataclass, field

import numpy as np

from aie_conv.arch.rates import WORD_BYTES, ChannelRates
from aie_conv.sim.functional.engine import Waiting
from aie_conv.sim.functional.flow_ends import HostReceiver, HostSender, PoolReceiver, PoolSender
from aie_conv.sim.functional.strided import copy_pair
from aie_conv.sim.functional.tile_dma import DescriptorReceiver, DescriptorSender
from aie_conv.sim.timing.hostmemory import HostMemory
from aie_conv.sim.timing.timeline import Lane, State


@dataclass(eq=False)
class Flow:
    """One stream: a sender's channel and all who receive from it; ``lane`` records it, if any.

    ``memory`` is the host's, which a stream from or to it shares with the others.
    """

    name: str
    sender: PoolSender | HostSender | DescriptorSender
    receivers: list[PoolReceiver | HostReceiver | DescriptorReceiver]
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
            if sender.task.instant:
                return self.clock
            factor = self.memory.factor(sender.task.dims)
            return self.memory.move(self.clock, count, cycles, reads=True, factor=factor)
        if isinstance(receiver, HostReceiver) and receiver.task is not None:
            if receiver.task.instant:
                return self.clock
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

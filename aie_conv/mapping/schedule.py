"""The runtime sequence of one operation, or of several that follow one another in one call.

Tokens are all that orders tasks of different channels. So an operation's tasks are pushed behind those of
the one before it, and a task waits for the tokens of those earlier ones that write what it reads, or read or
write what it writes. What no earlier operation touches, its filter for instance, is on its way before. Of
what has to wait, the descriptors are written before, so that only the push is left behind the token.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from aie_conv.layout.chain import Chain, Part
from aie_conv.layout.footprint import are_apart
from aie_conv.mapping.streams import Channel


@dataclass(frozen=True, eq=False)
class StartChain:
    """Write a chain's descriptors and start it; ``ids`` are theirs."""

    symbol: str
    ids: tuple[int, ...]
    chain: Chain


@dataclass(frozen=True)
class AwaitChain:
    """Wait for the oldest token of a channel, which is that of ``push``."""

    push: StartChain


@dataclass(frozen=True, eq=False)
class ConfigureChain:
    """Write the descriptors of a push that comes later; without it the push writes them."""

    push: StartChain


SequenceCommand = ConfigureChain | StartChain | AwaitChain


@dataclass(frozen=True, eq=False)
class _Open:
    """A push whose token was not waited for yet."""

    push: StartChain
    channel: Channel
    operation: int


def _shim(symbol: str) -> str:
    """The column of a channel, whose three channels share descriptors."""
    return symbol.rpartition("_")[2]


def may_meet(one: Chain, other: Chain) -> bool:
    """Whether two chains may touch the same elements: by each part's first and last, and by their strides."""
    return any(_parts_may_meet(a, b) for a in one for b in other if a.name == b.name)


def _parts_may_meet(one: Part, other: Part) -> bool:
    a, b = one.task.extent, other.task.extent
    if a.stop <= b.start or b.stop <= a.start:
        return False
    return not are_apart(one.task.footprint, other.task.footprint)


_CONFIGURED = 2
"""Chains of a channel whose descriptors are written before the first of them can be pushed."""


class _Queues:
    """The channels' queues while a sequence is written.

    Attributes:
        written: the sequence so far.
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._open: dict[str, deque[_Open]] = {}
        self._holders: dict[str, dict[int, _Open]] = {}
        self._configured: dict[str, deque[_Open]] = {}
        self._operation = -1
        self.written: list[SequenceCommand] = []

    def begin(self) -> None:
        """What is pushed from here on belongs to the next operation."""
        self._operation += 1

    def _of(self, channel: Channel) -> deque[_Open]:
        return self._open.setdefault(channel.symbol, deque())

    def _earlier(self) -> list[_Open]:
        """What earlier operations have open."""
        return [o for each in self._open.values() for o in each if o.operation < self._operation]

    def _conflict(self, channel: Channel, chain: Chain) -> _Open | None:
        """A push of an earlier operation whose bytes have to be there, or read, before this chain runs."""
        for other in self._earlier():
            writes = channel.writes or other.channel.writes
            if writes and may_meet(chain, other.push.chain):
                return other
        return None

    def _holders_of(self, channel: Channel) -> dict[int, _Open]:
        """The descriptors in use of a channel's shim, and by whom."""
        return self._holders.setdefault(_shim(channel.symbol), {})

    def _free(self, channel: Channel) -> list[int]:
        """The channel's descriptors that nobody uses."""
        used = self._holders_of(channel)
        return [i for i in channel.ids if i not in used]

    def _holder(self, channel: Channel) -> _Open:
        """A push that holds descriptors of a channel: its own oldest one, or an earlier operation's."""
        if self._of(channel):
            return self._of(channel)[0]
        used = self._holders_of(channel)
        return next(used[i] for i in channel.ids if i in used)

    def blocker(self, channel: Channel, chain: Chain) -> _Open | None:
        """What has to be waited for first before a chain is pushed; None where it can be at once."""
        conflict = self._conflict(channel, chain)
        if conflict is not None:
            return conflict
        if len(self._of(channel)) == self._depth:
            return self._of(channel)[0]
        if self._configured_of(channel):
            return None
        return self._holder(channel) if len(self._free(channel)) < len(chain) else None

    def is_ahead(self, channel: Channel, chain: Chain) -> bool:
        """Whether a chain may be pushed while the operation before ends.

        What it waits for then is older pushes of its own channel alone, and of a channel that writes, whose
        tokens come last, not even these.
        """
        if self._conflict(channel, chain) is not None:
            return False
        own = self._of(channel)
        older = [o for o in own if o.operation < self._operation]
        if len(own) - len(older) == self._depth:
            return False
        blocker = self.blocker(channel, chain)
        return blocker is None or (blocker in older and not channel.writes)

    def wait(self, open_: _Open) -> None:
        """Wait for a push, and so for those before it in its channel."""
        queue = self._open[open_.push.symbol]
        while open_ in queue:
            self._wait_oldest(queue)

    def _wait_oldest(self, queue: deque[_Open]) -> None:
        oldest = queue.popleft()
        self.written.append(AwaitChain(oldest.push))
        for i in oldest.push.ids:
            del self._holders_of(oldest.channel)[i]

    def push(self, channel: Channel, chain: Chain) -> None:
        """Push a channel's next chain, and wait for what has to end before."""
        while (blocker := self.blocker(channel, chain)) is not None:
            self.wait(blocker)
        configured = self._configured_of(channel)
        opened = configured.popleft() if configured else self._describe(channel, chain)
        self.written.append(opened.push)
        self._of(channel).append(opened)

    def _configured_of(self, channel: Channel) -> deque[_Open]:
        """What is written for a channel and not pushed."""
        return self._configured.setdefault(channel.symbol, deque())

    def configured(self, channel: Channel) -> int:
        """How many chains are written for a channel and not pushed."""
        return len(self._configured_of(channel))

    def _describe(self, channel: Channel, chain: Chain) -> _Open:
        """Take descriptors for a chain."""
        start = StartChain(channel.symbol, tuple(self._free(channel)[: len(chain)]), chain)
        opened = _Open(start, channel, self._operation)
        self._holders_of(channel).update(dict.fromkeys(start.ids, opened))
        return opened

    def waits_for_bytes(self, channel: Channel, chain: Chain) -> bool:
        """Whether an earlier operation has to be through with a chain's bytes first."""
        return self._conflict(channel, chain) is not None

    def configure(self, channel: Channel, chain: Chain) -> None:
        """Write the descriptors of a channel's next chain, which has to wait.

        Where the channel reads, an earlier operation's pushes in it are waited for, if they hold them: their
        tokens come before those of what the operation writes.
        """
        queue = self._of(channel)
        while len(self._free(channel)) < len(chain):
            if channel.writes or not queue or queue[0].operation == self._operation:
                return
            self._wait_oldest(queue)
        opened = self._describe(channel, chain)
        self._configured_of(channel).append(opened)
        self.written.append(ConfigureChain(opened.push))

    def drain(self, order: Sequence[str]) -> None:
        """Wait for all that is open, of these channels in turn."""
        for symbol in order:
            queue = self._open.get(symbol, deque())
            while queue:
                self._wait_oldest(queue)


def _configure_waiting(queues: _Queues, streams: Sequence[Channel], pushed: Sequence[int]) -> None:
    """Write the descriptors of channels' next chains where the first has to wait for bytes.

    The token that one waits for comes while those of the others are written.
    """
    for place in range(_CONFIGURED):
        for channel, number in zip(streams, pushed, strict=True):
            chains = [chain for _, chain in channel.chains[number : number + place + 1]]
            if len(chains) <= place or queues.configured(channel) > place:
                continue
            if queues.waits_for_bytes(channel, chains[0]):
                queues.configure(channel, chains[place])


def _push_ahead(queues: _Queues, streams: Sequence[Channel]) -> list[int]:
    """Push what may come while the operation before ends; how many chains of each channel that is."""
    pushed = [0] * len(streams)
    going = [bool(channel.chains) for channel in streams]
    while any(going):
        for rank, channel in enumerate(streams):
            if not going[rank]:
                continue
            chain = channel.chains[pushed[rank]][1]
            going[rank] = queues.is_ahead(channel, chain)
            if going[rank]:
                if queues.blocker(channel, chain) is not None:
                    _configure_waiting(queues, streams, pushed)
                queues.push(channel, chain)
                pushed[rank] += 1
                going[rank] = pushed[rank] < len(channel.chains)
    return pushed


def _push_all(queues: _Queues, streams: Sequence[Channel], pushed: Sequence[int]) -> None:
    """Push an operation's chains in the order of their steps, but for those that are pushed.

    What a push waits for lies before it in its own stream, and all that others send or take by then
    is pushed: a chain that goes on for long holds up its own channel alone. Where nothing waits, what
    may be late comes behind what cores need sooner.
    """
    order = sorted(
        (step, rank, number)
        for rank, channel in enumerate(streams)
        for number, (step, _) in enumerate(channel.chains)
        if number >= pushed[rank]
    )
    late = deque[tuple[int, int, int]]()
    pushed = list(pushed)

    def push(rank: int, number: int) -> None:
        chain = streams[rank].chains[number][1]
        if queues.waits_for_bytes(streams[rank], chain):
            _configure_waiting(queues, streams, pushed)
        queues.push(streams[rank], chain)
        pushed[rank] = number + 1

    for step, rank, number in order:
        channel = streams[rank]
        if channel.late:
            late.append((step - step % channel.late + channel.late, rank, number))
            continue
        chain = channel.chains[number][1]
        while late and (late[0][0] <= step or queues.blocker(channel, chain) is not None):
            push(*late.popleft()[1:])
        push(rank, number)
    for _, rank, number in late:
        push(rank, number)


def schedule_operations(
    operations: Sequence[Sequence[Channel]], depth: int
) -> list[list[SequenceCommand]]:
    """The commands of operations that follow one another in one call.

    Args:
        operations: the channels of each; their parts name the buffers of the whole sequence.
        depth: chains that a channel's queue holds.

    Returns:
        A list for each operation: the chains in it are all that operation's; what it waits for may be
        earlier ones', and the last one's list ends with the tokens of all that is left.
    """
    queues = _Queues(depth)
    result: list[list[SequenceCommand]] = []
    for streams in operations:
        queues.begin()
        pushed = _push_ahead(queues, streams) if result else [0] * len(streams)
        _push_all(queues, streams, pushed)
        result.append(queues.written)
        queues.written = []
    queues.drain(list(dict.fromkeys(c.symbol for streams in operations for c in streams)))
    result[-1] += queues.written
    return result


def schedule(streams: Sequence[Channel], depth: int) -> list[SequenceCommand]:
    """The commands of one operation: its chains by their steps, never more than ``depth`` queued."""
    (commands,) = schedule_operations([streams], depth)
    return commands

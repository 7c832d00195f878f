"""Where every core and FIFO stands when nothing moves, and that a call ends where it began.

On the device the cores are started once and serve every call. So at the end of a call each of them must
wait where it waited before, hold what it held, and find its FIFOs as they were: or the next call finds
another array than this one did.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aie_conv.errors import DeviceError
from aie_conv.ir.core import Op
from aie_conv.sim.functional.corerun import CoreRun, waited_for
from aie_conv.sim.functional.flow_ends import HostReceiver, PoolReceiver, PoolSender
from aie_conv.sim.functional.flows import Flow
from aie_conv.sim.functional.network import Network
from aie_conv.sim.functional.tile_dma import DescriptorReceiver


@dataclass(frozen=True)
class CoreState:
    """Where a core stands.

    Attributes:
        waits: the acquire that it waits at; None if its program ended.
        trips: of each loop around that acquire, but for those that run for ever and count nothing,
            the operation and its induction variable.
        objects: those held, by (FIFO, side).
    """

    waits: Op | None
    trips: tuple[tuple[Op, int], ...]
    objects: tuple[tuple[tuple[str, str], int], ...]


@dataclass(frozen=True)
class ArrayState:
    """Where an array stands: its cores, the objects of each pool in use, and the turns of its DMAs.

    ``locks`` are their values; ``channels`` of tiles that run descriptors: which one,
    and whether it has its lock.
    """

    cores: tuple[CoreState, ...]
    pools: tuple[tuple[int, int, int], ...]
    turns: tuple[tuple[int, ...], ...]
    locks: tuple[int, ...]
    channels: tuple[tuple[int, bool], ...]


def state_of(network: Network, cores: Sequence[CoreRun]) -> ArrayState:
    """The state of an array in which nothing moves."""
    return ArrayState(
        tuple(_core(core) for core in cores),
        tuple(
            (pool.taken_in - pool.put, pool.put - pool.taken_out, pool.taken_out - pool.returned)
            for pool in network.pools
        ),
        tuple(_turns(flow.sender, *flow.receivers) for flow in network.flows),
        tuple(len(lock.units) for lock in network.locks.values()),
        tuple((one.place, one.move is not None) for one in network.tile_channels.values()),
    )


def _core(core: CoreRun) -> CoreState:
    objects = tuple((end, len(port.acquired)) for end, port in core.ports.items())
    trips = tuple((step.op, value) for step, value in core.loops if not step.endless)
    return CoreState(core.waits, trips, objects)


def _turns(*ends: object) -> tuple[int, ...]:
    turns: list[int] = []
    for end in ends:
        if isinstance(end, PoolSender):
            turns += [end.turn, end.sent]
        elif isinstance(end, PoolReceiver | DescriptorReceiver):
            turns += [0 if isinstance(end, DescriptorReceiver) else end.turn, end.space]
    return tuple(turns)


def check_state(before: ArrayState, network: Network, cores: Sequence[CoreRun]) -> None:
    """Raise DeviceError where an array does not stand as it did before the call.

    Args:
        before: its state then.
        network: its FIFOs.
        cores: its cores.
    """
    after = state_of(network, cores)
    _check_left_over(before, after, network, cores)
    for channel, first, last in zip(
        network.tile_channels.values(), before.channels, after.channels, strict=True
    ):
        if first != last:
            raise DeviceError(
                f"simulator: {channel.port}: after the call it is at another of its descriptors than before "
                "it: move as many as come"
            )
    for lock, first, last in zip(network.locks.values(), before.locks, after.locks, strict=True):
        if first != last:
            raise DeviceError(
                f"simulator: {lock.lock}: after the call it is {last}, before it {first}: release what is "
                "acquired"
            )
    for core, first, last in zip(cores, before.cores, after.cores, strict=True):
        _check_core(core.core.name, first, last)
    for pool, first, last in zip(network.pools, before.pools, after.pools, strict=True):
        if first != last:
            raise DeviceError(
                f"simulator: {pool.name}: after the call {_objects(last)}, before it {_objects(first)}: "
                "let a call take and give as many objects as come"
            )
    for flow, first, last in zip(network.flows, before.turns, after.turns, strict=True):
        if first != last:
            raise DeviceError(
                f"simulator: {flow.name}: the call ends amid the parts or repetitions of an object: "
                "move whole objects"
            )


def _check_left_over(
    before: ArrayState, after: ArrayState, network: Network, cores: Sequence[CoreRun]
) -> None:
    """The plainest case: full objects that the next call would take for its own."""
    more = {
        pool: (last[1] - first[1], last[2] - first[2])
        for pool, first, last in zip(network.pools, before.pools, after.pools, strict=True)
    }
    # The DMA may have taken the first of them, and wait for a command.
    left = [
        (pool, sum(more[pool]), f"more comes out than {_taker(flow)} takes")
        for flow in network.flows
        if isinstance(flow.sender, PoolSender)
        for pool in flow.sender.pools
    ]
    left += [
        (port.pool, more[port.pool][0], "the host sends more than the core takes")
        for core in cores
        for port in core.ports.values()
        if not port.produces
    ]
    for pool, count, why in left:
        if count > 0:
            raise DeviceError(
                f"simulator: {pool.name}: data left over: {count} objects not taken: {why}"
            )


def _taker(flow: Flow) -> str:
    return "the host" if isinstance(flow.receivers[0], HostReceiver) else "who reads it"


def _check_core(name: str, before: CoreState, after: CoreState) -> None:
    if after.waits is None:
        raise DeviceError(
            f"simulator: {name}: its program ended, so the next call would find no core: let its "
            "outermost loop run for ever"
        )
    for (end, first), (_, last) in zip(before.objects, after.objects, strict=True):
        if first != last:
            raise DeviceError(
                f"simulator: {name}: after the call it holds {last} objects of @{end[0]}, before it "
                f"{first}: release what it acquires"
            )
    if (before.waits, before.trips) != (after.waits, after.trips):
        raise DeviceError(
            f"simulator: {name}: after the call it waits at {_place(after)}, a call begins at "
            f"{_place(before)}: check how many objects the call sends"
        )


def _place(state: CoreState) -> str:
    if state.waits is None:
        return "its program's end"
    loops = "".join(f", %{op.blocks[0].args[0].name} = {value}" for op, value in state.trips)
    return f"line {state.waits.line} for {waited_for(state.waits)}{loops}"


def _objects(counts: tuple[int, int, int]) -> str:
    names = ("being filled", "full", "being read")
    return ", ".join(f"{n} {name}" for n, name in zip(counts, names, strict=True) if n) or "none"

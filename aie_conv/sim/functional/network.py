"""Builds pools, channels and flows from a model: the data paths of one program."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from math import prod

import numpy as np

from aie_conv.arch.machine import Machine, current
from aie_conv.arch.rates import ChannelRates, channel_rates
from aie_conv.errors import VerifyError
from aie_conv.ir.core import ELEMENT_BITS, Value
from aie_conv.sim.functional.engine import Engine, Pool, aligned
from aie_conv.sim.functional.flow_ends import (
    DmaChannel,
    HostReceiver,
    HostSender,
    MemoryWalk,
    Padded,
    PoolReceiver,
    PoolSender,
)
from aie_conv.sim.functional.flows import Flow
from aie_conv.sim.functional.locks import LockState
from aie_conv.sim.functional.strided import byte_dims, merged, merged_pair
from aie_conv.sim.functional.tile_dma import (
    DescriptorReceiver,
    DescriptorSender,
    ResidentBuffer,
    TileChannel,
)
from aie_conv.sim.model.dma import DmaPort, DmaStream, Semaphore
from aie_conv.sim.model.module import Dims, Fifo, Link, Model, Tile, walk
from aie_conv.sim.timing.hostmemory import HostMemory


@dataclass(eq=False)
class Network:
    """The data paths: pools at each end of each FIFO, host channels, flows.

    Attributes:
        rates: what its clock charges; ``memory``: the host's, shared by all shim channels.
        produced, consumed: pools by FIFO, and by FIFO and consumer number.
        channels: of the shims, by the FIFOs' and allocations' names.
        locks, tile_channels, memories: what the module writes out besides FIFOs.
    """

    engine: Engine
    rates: ChannelRates
    memory: HostMemory
    produced: dict[str, list[Pool]] = field(default_factory=dict)
    consumed: dict[tuple[str, int], list[Pool]] = field(default_factory=dict)
    channels: dict[str, DmaChannel] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    locks: dict[Semaphore, LockState] = field(default_factory=dict[Semaphore, LockState])
    tile_channels: dict[DmaPort, TileChannel] = field(default_factory=dict[DmaPort, TileChannel])
    memories: dict[Value, ResidentBuffer] = field(default_factory=dict[Value, ResidentBuffer])

    def token_source(self, channel: str) -> DmaChannel | TileChannel:
        """Where tokens of a channel come from, by its name in the commands."""
        if channel.startswith("@"):
            return self.channels[channel[1:]]
        return next(one for port, one in self.tile_channels.items() if str(port) == channel)

    def begin(self) -> None:
        """Before a call: all clocks at 0, and what nobody holds of FIFOs' memory filled with 0xFF."""
        ends = (self.pools, self.flows, self.locks.values(), self.tile_channels.values())
        for one in (*chain.from_iterable(ends), *self.memories.values()):
            one.begin()
        self.memory.used.clear()

    @property
    def pools(self) -> list[Pool]:
        """Every pool once."""
        ends = [*self.produced.values(), *self.consumed.values()]
        return list(dict.fromkeys(pool for pools in ends for pool in pools))


def acquired(model: Model, tile: Tile, fifo: Fifo) -> int:
    """The most objects of ``fifo`` that the program on ``tile`` acquires at once; 0 if none."""
    core = next((core for core in model.cores if core.tile == tile), None)
    if core is None:
        return 0
    sizes = [
        op.attrs["size"]
        for op in walk(core.op.blocks[0])
        if op.name == "aie.objectfifo.acquire" and op.attrs["objFifo_name"] == fifo.name
    ]
    return max(sizes, default=0)


def depth_at(model: Model, fifo: Fifo, end: int) -> int:
    """Objects at an end (0: the producer); the tools lower a single depth on core tiles."""
    tile = (fifo.producer, *fifo.consumers)[end]
    depth = fifo.depths[end]
    if fifo.exact or tile.kind != "core":
        return depth
    most = acquired(model, tile, fifo)
    if most == 0 or (depth == 1 and most == 1):
        return depth
    return min(depth, most + 1)


def _ring(engine: Engine, name: str, size: int, depth: int) -> Pool:
    return Pool(name, [aligned(size) for _ in range(depth)], engine)


def link_depth(model: Model, link: Link) -> int:
    """Objects in a link's memory: those of the FIFO that owns the buffers, the whole or the one in."""
    joined = len(link.ins) > 1
    return depth_at(model, model.fifos[link.outs[0] if joined else link.ins[0]], 0 if joined else 1)


def _link_pools(model: Model, network: Network, link: Link) -> None:
    """The shared memory of a link: one pool a part."""
    depth = link_depth(model, link)
    joined = len(link.ins) > 1
    parts = [model.fifos[name] for name in (link.ins if joined else link.outs)]
    pools: list[Pool] = []
    for part in parts:
        tile = part.consumers[0] if joined else part.producer
        size = part.bytes if joined else part.stored_bytes
        pools.append(_ring(network.engine, f"@{part.name} in {tile}", size, depth))
    for i, name in enumerate(link.ins):
        network.consumed[name, 0] = [pools[i]] if joined else pools
    for i, name in enumerate(link.outs):
        network.produced[name] = pools if joined else [pools[i]]


def _own_pools(model: Model, network: Network, fifo: Fifo) -> None:
    """Pools of the ends that no link and no host task serves."""
    engine = network.engine
    if fifo.shared:
        pool = _ring(engine, f"@{fifo.name}", fifo.bytes, depth_at(model, fifo, 0))
        network.produced[fifo.name] = network.consumed[fifo.name, 0] = [pool]
        return
    if fifo.name not in network.produced and fifo.producer.kind != "shim":
        depth = depth_at(model, fifo, 0)
        pool = _ring(engine, f"@{fifo.name} in {fifo.producer}", fifo.stored_bytes, depth)
        network.produced[fifo.name] = [pool]
    for i, tile in enumerate(fifo.consumers):
        if (fifo.name, i) in network.consumed or tile.kind == "shim":
            continue
        depth = depth_at(model, fifo, i + 1)
        pool = _ring(engine, f"@{fifo.name} in {tile}", fifo.bytes, depth)
        network.consumed[fifo.name, i] = [pool]


def stream_dims(dims: Dims, fifo: Fifo, size: int) -> list[tuple[int, int]] | None:
    """A walk over objects of ``size`` bytes, in bytes; None if the object goes as it lies."""
    if not dims:
        return None
    dims_left = merged(byte_dims(dims, ELEMENT_BITS[fifo.elem.elem] // 8))
    return None if dims_left == [(size, 1)] else dims_left


def _pad(fifo: Fifo) -> Padded | None:
    """Where the walked elements lie among the zeros; None without any zeros."""
    if not any(before or after for before, after in fifo.pad):
        return None
    size = ELEMENT_BITS[fifo.elem.elem] // 8
    wide = [b + n + a for (n, _), (b, a) in zip(fifo.to_stream, fifo.pad, strict=True)]
    steps = [prod(wide[i + 1 :]) * size for i in range(len(wide))]
    start = sum(before * step for (before, _), step in zip(fifo.pad, steps, strict=True))
    rows = [
        (n, skipped * size, step) for (n, skipped), step in zip(fifo.to_stream, steps, strict=True)
    ]
    source, target = merged_pair([*rows, (size, 1, 1)])
    return Padded(prod(wide) * size, start, source, target)


def _flow(network: Network, fifo: Fifo) -> None:
    if fifo.shared:
        return
    channel = None
    ends = (fifo.producer, *fifo.consumers)
    if any(tile.kind == "shim" for tile in ends):
        channel = network.channels[fifo.name] = DmaChannel(fifo.name, network.engine)
    if fifo.producer.kind == "shim" and channel:
        sender: PoolSender | HostSender = HostSender(channel, network.rates)
    else:
        walked = MemoryWalk(stream_dims(fifo.to_stream, fifo, fifo.stored_bytes), _pad(fifo))
        sender = PoolSender(network.produced[fifo.name], walked, network.rates, fifo.repeat)
    receivers: list[PoolReceiver | HostReceiver | DescriptorReceiver] = []
    for i, tile in enumerate(fifo.consumers):
        if tile.kind == "shim" and channel:
            receivers.append(HostReceiver(channel, network.rates))
            continue
        dims = fifo.from_stream[i] if fifo.from_stream else ()
        walked = MemoryWalk(stream_dims(dims, fifo, fifo.bytes))
        receivers.append(PoolReceiver(network.consumed[fifo.name, i], walked, network.rates))
    name = f"{fifo.producer} @{fifo.name}"
    network.flows.append(Flow(name, sender, receivers, network.rates, network.memory))


def _tiles(model: Model, network: Network, buffers: Mapping[Value, np.ndarray]) -> None:
    """Locks, and the tiles' channels that run descriptors, with the memory that these walk."""
    engine, dma = network.engine, model.dma
    network.locks = {lock: LockState(lock, engine) for lock in dma.locks.values()}
    network.memories = {
        value: ResidentBuffer(data[: value.type.bytes]) for value, data in buffers.items()
    }
    for stream in dma.streams():
        for port in (stream.source, *stream.sinks):
            if port.tile.kind != "shim":
                network.tile_channels[port] = TileChannel(
                    port, dma.programs.get(port), engine, network.locks, network.memories
                )


def _stream(model: Model, network: Network, stream: DmaStream) -> None:
    """The flow of an aie.flow."""
    names = {port: name for name, port in model.dma.allocations.items()}

    def host(port: DmaPort) -> DmaChannel:
        name = names.get(port)
        if name is None:
            raise VerifyError(
                f"line {stream.line}: aie.flow: {port} has no aie.shim_dma_allocation, so no task reaches it"
            )
        channel = network.channels[name] = DmaChannel(name, network.engine)
        return channel

    rates, tiles = network.rates, network.tile_channels
    source = stream.source
    sender: HostSender | DescriptorSender = (
        HostSender(host(source), rates)
        if source.tile.kind == "shim"
        else DescriptorSender(tiles[source], rates)
    )
    receivers: list[PoolReceiver | HostReceiver | DescriptorReceiver] = [
        HostReceiver(host(sink), rates)
        if sink.tile.kind == "shim"
        else DescriptorReceiver(tiles[sink], rates)
        for sink in stream.sinks
    ]
    network.flows.append(Flow(str(source), sender, receivers, rates, network.memory))


def build_network(
    model: Model,
    engine: Engine,
    machine: Machine | None = None,
    buffers: Mapping[Value, np.ndarray] | None = None,
) -> Network:
    """Pools, channels and flows of a model, empty.

    Args:
        model: what the module declares.
        engine: runs what moves.
        machine: charges its clock; the current one if None.
        buffers: the bytes of the module's buffers, which its descriptors walk.

    Raises:
        VerifyError: a path that cannot be.
    """
    arch, machine = model.arch, machine or current()
    memory = HostMemory(machine, arch.name, arch.clock_hz)
    network = Network(engine, channel_rates(machine, arch.name), memory)
    for link in model.links:
        _link_pools(model, network, link)
    for fifo in model.fifos.values():
        if fifo.producer.kind == "shim" and any(t.kind == "shim" for t in fifo.consumers):
            raise VerifyError(f"line {fifo.line}: @{fifo.name}: from shim to shim")
        _own_pools(model, network, fifo)
    for fifo in model.fifos.values():
        _flow(network, fifo)
    _tiles(model, network, buffers or {})
    for stream in model.dma.streams():
        _stream(model, network, stream)
    return network

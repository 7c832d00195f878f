"""Which tile holds what, and the streams between them: read from a program, not from its plan."""

from collections.abc import Iterator
from dataclasses import dataclass

from aie_conv.arch.rates import WORD_BYTES
from aie_conv.sim import RunStats, Simulator
from aie_conv.sim.functional.commands import transfers
from aie_conv.sim.functional.engine import Engine, Pool
from aie_conv.sim.functional.network import Network, build_network
from aie_conv.sim.model.module import Fifo, Model, Tile

ROLES = ("input", "filter", "other", "output")
"""What a stream carries: the sequence's first argument, its second, another one, what is written."""


@dataclass(frozen=True)
class Held:
    """``count`` buffers of ``bytes`` each in a tile's memory; ``role`` of ROLES, or "own"."""

    name: str
    role: str
    count: int
    bytes: int


@dataclass(frozen=True)
class TileMemory:
    """A tile: what it holds, of how many bytes."""

    tile: Tile
    holds: tuple[Held, ...]
    capacity: int

    @property
    def used(self) -> int:
        """Bytes."""
        return sum(item.count * item.bytes for item in self.holds)


@dataclass(frozen=True)
class Stream:
    """One object FIFO with a DMA: its ends, one object's bytes, and the bytes that a run sent.

    Attributes:
        carries: the sequence's arguments whose bytes go through it.
    """

    name: str
    role: str
    carries: tuple[str, ...]
    source: Tile
    targets: tuple[Tile, ...]
    object_bytes: int
    bytes: int


@dataclass(frozen=True)
class ArrayMap:
    """The part of the array that a program uses."""

    columns: int
    core_rows: int
    places: tuple[TileMemory, ...]
    streams: tuple[Stream, ...]


def array_map(simulator: Simulator, stats: RunStats) -> ArrayMap:
    """Read a program's map; ``stats`` of a run say what each stream sent."""
    model = simulator.model
    arguments = _arguments(simulator)
    network = build_network(model, Engine())
    holdings: dict[Tile, list[Held]] = {}
    seen: set[int] = set()
    for fifo, tile, pool in _ends(model, network):
        if id(pool) not in seen:
            seen.add(id(pool))
            role = _role(simulator, arguments[fifo.name])
            holdings.setdefault(tile, []).append(
                Held(fifo.name, role, pool.depth, len(pool.slots[0]))
            )
    for value, (tile, op) in model.buffers.items():
        name = str(op.attrs.get("sym_name", value.name))
        holdings.setdefault(tile, []).append(Held(name, "own", 1, value.type.bytes))
    for core in model.cores:
        holdings.setdefault(core.tile, []).append(Held("stack", "own", 1, core.stack))
    capacity = {"core": model.arch.core_data_bytes, "mem": model.arch.memtile_bytes, "shim": 0}
    tiles = sorted({*model.tiles.values(), *holdings})
    places = (
        TileMemory(tile, tuple(holdings.get(tile, ())), capacity[tile.kind]) for tile in tiles
    )
    streams = (
        Stream(
            name,
            _role(simulator, arguments[name]),
            tuple(_names(simulator, arguments[name])),
            fifo.producer,
            fifo.consumers,
            fifo.bytes,
            WORD_BYTES * stats.dma_words[f"{fifo.producer} @{name}"],
        )
        for name, fifo in model.fifos.items()
        if not fifo.shared
    )
    return ArrayMap(model.columns, model.arch.core_rows, tuple(places), tuple(streams))


def _ends(model: Model, network: Network) -> Iterator[tuple[Fifo, Tile, Pool]]:
    """Every end of a FIFO in memory; those of a link come once for each of its sides."""
    for fifo in model.fifos.values():
        for pool in network.produced.get(fifo.name, ()):
            yield fifo, fifo.producer, pool
    for fifo in model.fifos.values():
        for number, tile in enumerate(fifo.consumers):
            for pool in network.consumed.get((fifo.name, number), ()):
                yield fifo, tile, pool


def _arguments(simulator: Simulator) -> dict[str, frozenset[int]]:
    """The sequence's arguments that go through each FIFO, links followed."""
    by_fifo: dict[str, set[int]] = {name: set() for name in simulator.model.fifos}
    for transfer in transfers(simulator.commands):
        by_fifo[transfer.end.name].add(transfer.argument)
    links = simulator.model.links
    for _ in links:  # as many rounds as a chain of links can be long
        for link in links:
            joined = set().union(*(by_fifo[name] for name in (*link.ins, *link.outs)))
            for name in (*link.ins, *link.outs):
                by_fifo[name] |= joined
    return {name: frozenset(numbers) for name, numbers in by_fifo.items()}


def _role(simulator: Simulator, arguments: frozenset[int]) -> str:
    writes = {t.argument for t in transfers(simulator.commands) if t.writes}
    if not arguments:
        return "other"
    first = min(arguments)
    return "output" if first in writes else ROLES[min(first, 2)]


def _names(simulator: Simulator, arguments: frozenset[int]) -> list[str]:
    sequence = simulator.model.sequence
    args = sequence.blocks[0].args if sequence else []
    return [args[number].name for number in sorted(arguments)]

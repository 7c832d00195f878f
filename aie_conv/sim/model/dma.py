"""What a module says of its DMAs word by word: locks, flows, descriptors of tiles, names of shim channels.

Object FIFOs stand for all of it where they are used (:mod:`aie_conv.sim.model.module`); this is for memory
that the runtime sequence's own descriptors fill and read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from aie_conv.errors import VerifyError
from aie_conv.ir.core import ELEMENT_BITS, Block, Op, Value
from aie_conv.sim.functional.strided import merged
from aie_conv.sim.model.tile import Tile


@dataclass(frozen=True, order=True)
class DmaPort:
    """One channel of a tile's DMA; ``direction`` is "S2MM" (into the tile) or "MM2S"."""

    tile: Tile
    direction: str
    number: int

    def __str__(self) -> str:
        return f"{self.tile} {self.direction} {self.number}"


@dataclass(frozen=True, eq=False)
class Semaphore:
    """A lock: a counter of its tile that begins at ``first``."""

    tile: Tile
    number: int
    first: int
    name: str

    def __str__(self) -> str:
        return f"lock @{self.name} of {self.tile}"


@dataclass(frozen=True)
class LockUse:
    """An acquire, which waits until the lock is at least ``count`` and takes it away, or a release."""

    op: Op
    lock: Semaphore
    count: int


@dataclass(frozen=True, eq=False)
class TileDescriptor:
    """An aie.dma_bd over a tile's own memory, with its locks.

    Attributes:
        buffer: what it walks.
        offset: first byte.
        sizes, strides: in elements, outermost first; none for one run of ``length`` elements.
        iterates: the outermost dimension is its iteration, by whose stride it moves on from run to run.
        acquire, release: its locks, if it has any.
        id: its number, where the text says it.
    """

    op: Op
    buffer: Value
    offset: int
    length: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    iterates: bool
    acquire: LockUse | None
    release: LockUse | None
    id: int | None

    @property
    def what(self) -> str:
        """For messages."""
        number = "" if self.id is None else f" id {self.id}"
        return f"line {self.op.line}: dma_bd{number}"

    @property
    def element(self) -> int:
        """Bytes of an element."""
        return ELEMENT_BITS[self.buffer.type.elem] // 8

    @property
    def iterations(self) -> int:
        """In how many runs it moves on; 1 if it does not."""
        return self.sizes[0] if self.iterates else 1

    @property
    def step(self) -> int:
        """Bytes by which it moves on from run to run."""
        return self.strides[0] * self.element if self.iterates else 0

    @property
    def dims(self) -> list[tuple[int, int]]:
        """The walk of one run in merged byte dimensions."""
        first = int(self.iterates)
        if not self.sizes:
            return [(self.length * self.element, 1)]
        pairs = zip(self.sizes[first:], self.strides[first:], strict=True)
        return merged([*((n, step * self.element) for n, step in pairs), (self.element, 1)])


@dataclass(frozen=True)
class ChannelProgram:
    """The descriptors that a channel is configured with, and whether it begins again behind the last."""

    op: Op
    port: DmaPort
    parts: tuple[TileDescriptor, ...]
    endless: bool


@dataclass(frozen=True)
class DmaStream:
    """aie.flow operations from one channel to others."""

    line: int
    source: DmaPort
    sinks: tuple[DmaPort, ...]


@dataclass
class DmaModel:
    """What a module says of DMAs.

    Attributes:
        tiles, buffers: the module's, by value.
        allocations: the shim channels that have names, by these.
        flows: (line, from, to).
    """

    tiles: Mapping[Value, Tile]
    buffers: Mapping[Value, tuple[Tile, Op]]
    locks: dict[Value, Semaphore] = field(default_factory=dict[Value, Semaphore])
    programs: dict[DmaPort, ChannelProgram] = field(default_factory=dict[DmaPort, ChannelProgram])
    allocations: dict[str, DmaPort] = field(default_factory=dict[str, DmaPort])
    flows: list[tuple[int, DmaPort, DmaPort]] = field(
        default_factory=list[tuple[int, DmaPort, DmaPort]]
    )

    def streams(self) -> list[DmaStream]:
        """The flows, one for each source."""
        sinks: dict[DmaPort, list[DmaPort]] = {}
        lines: dict[DmaPort, int] = {}
        for line, source, sink in self.flows:
            sinks.setdefault(source, []).append(sink)
            lines.setdefault(source, line)
        return [DmaStream(lines[source], source, tuple(to)) for source, to in sinks.items()]

    def of(self, tile: Tile) -> list[DmaPort]:
        """The channels of a tile at which a flow begins or ends."""
        ends = [port for _, *pair in self.flows for port in pair]
        return sorted({port for port in ends if port.tile == tile})

    def _tile(self, op: Op, place: int = 0) -> Tile:
        """The tile that an operand is."""
        tile = self.tiles.get(op.operands[place])
        if tile is None:
            raise VerifyError(f"line {op.line}: {op.name}: %{op.operands[place].name} is no tile")
        return tile

    # -- declarations ---------------------------------------------------------------------------
    def read_lock(self, op: Op) -> None:
        """An aie.lock."""
        tile, number = self._tile(op), op.attrs["lockID"]
        for other in self.locks.values():
            if (other.tile, other.number) == (tile, number):
                raise VerifyError(f"line {op.line}: {other} is number {number} too")
        name = op.attrs.get("sym_name", op.results[0].name)
        self.locks[op.results[0]] = Semaphore(tile, number, op.attrs.get("init", 0), name)

    def read_flow(self, op: Op) -> None:
        """An aie.flow between DMA channels."""
        attrs = op.attrs
        if {attrs["source_bundle"], attrs["dest_bundle"]} != {"DMA"}:
            raise VerifyError(f"line {op.line}: {op.name}: only flows between DMAs are simulated")
        source, sink = (self._tile(op, place) for place in (0, 1))
        ends = (
            DmaPort(source, "MM2S", attrs["source_channel"]),
            DmaPort(sink, "S2MM", attrs["dest_channel"]),
        )
        for line, _, other in self.flows:
            if other == ends[1]:
                raise VerifyError(
                    f"line {op.line}: {op.name}: {other} already takes the flow of line {line}"
                )
        self.flows.append((op.line, *ends))

    def read_allocation(self, op: Op) -> None:
        """An aie.shim_dma_allocation."""
        port = self._port(op, op.attrs["channel_index"])
        if port.tile.kind != "shim":
            raise VerifyError(f"line {op.line}: {op.name}: {port.tile} is no shim tile")
        name = op.attrs["sym_name"]
        for other, taken in self.allocations.items():
            if other == name or taken == port:
                raise VerifyError(f"line {op.line}: {op.name} @{name}: {taken} is @{other} already")
        self.allocations[name] = port

    def read_memory(self, op: Op) -> None:
        """An aie.mem or aie.memtile_dma: what the channels of a tile are configured with."""
        tile, want = self._tile(op), {"aie.mem": "core", "aie.memtile_dma": "mem"}
        if tile.kind != want[op.name]:
            raise VerifyError(f"line {op.line}: {op.name} on {tile}")
        blocks, label = labelled(op), ""
        while blocks[label].ops[-1].name == "aie.dma_start":
            *others, start = blocks.pop(label).ops
            label = start.attrs["chain"]
            self._program(op, start, blocks)
            if others or label not in blocks:
                raise VerifyError(
                    f"line {start.line}: {start.name}: it stands alone, and leads to a block"
                )
        if [inner.name for inner in blocks.pop(label).ops] != ["aie.end"] or blocks:
            raise VerifyError(f"line {op.line}: {op.name}: a block that nothing leads to")

    def _program(self, op: Op, start: Op, blocks: dict[str, Block]) -> None:
        port = DmaPort(self._tile(op), start.attrs["direction"], start.attrs["channel_index"])
        if port in self.programs:
            raise VerifyError(f"line {start.line}: {start.name}: {port} has a program")
        first = start.attrs["dest"]
        chain, end = follow(start, blocks, first)
        if end not in ("", first):
            raise VerifyError(
                f"line {start.line}: {start.name}: it comes back amid its descriptors"
            )
        parts = tuple(self.descriptor(block, port.tile, iterates=False) for block in chain)
        self.programs[port] = ChannelProgram(start, port, parts, end == first)

    # -- descriptors ----------------------------------------------------------------------------
    def _port(self, op: Op, number: int) -> DmaPort:
        return DmaPort(self._tile(op), op.attrs["direction"], number)

    def task_port(self, op: Op) -> DmaPort:
        """The channel of an aiex.dma_configure_task."""
        return self._port(op, op.attrs["channel"])

    def use(self, op: Op, tile: Tile) -> LockUse:
        """An aie.use_lock of a lock that a tile has."""
        lock = self.locks.get(op.operands[0])
        if lock is None:
            raise VerifyError(f"line {op.line}: {op.name}: its operand is no lock")
        if lock.tile != tile:
            raise VerifyError(f"line {op.line}: {op.name}: {lock} is used on {tile}: use its own")
        return LockUse(op, lock, op.attrs["value"])

    def descriptor(self, block: Block, tile: Tile, *, iterates: bool) -> TileDescriptor:
        """The descriptor that a block holds, of a tile's DMA.

        Args:
            block: an aie.dma_bd, with an acquire in front and a release behind it, or neither, and its end.
            tile: whose DMA runs it.
            iterates: it is a task's, where the fourth dimension is the iteration.

        Raises:
            VerifyError: a block of another form, or memory of another tile.
        """
        *ops, _ = block.ops
        names = [op.attrs.get("action", op.name) for op in ops]
        locked = names == ["AcquireGreaterEqual", "aie.dma_bd", "Release"]
        if not locked and names != ["aie.dma_bd"]:
            raise VerifyError(
                f"line {block.ops[0].line}: {block.ops[0].name}: a descriptor is one aie.dma_bd, with an "
                "acquire in front and a release behind it, or neither"
            )
        op = ops[1] if locked else ops[0]
        buffer = op.operands[0]
        where = self.buffers.get(buffer)
        if where is None or where[0] != tile:
            raise VerifyError(
                f"line {op.line}: {op.name}: %{buffer.name} is no buffer of {tile}: its descriptors reach "
                "no other memory"
            )
        dims = op.attrs["dimensions"]
        element = ELEMENT_BITS[buffer.type.elem] // 8
        sizes, strides = tuple(zip(*dims, strict=True)) if dims else ((), ())
        moves = iterates and len(dims) == 4
        if dims and prod(sizes[int(moves) :]) != op.attrs["len"]:
            raise VerifyError(
                f"line {op.line}: {op.name}: length {op.attrs['len']}: its dimensions have "
                f"{prod(sizes[int(moves) :])} elements"
            )
        uses = [self.use(ops[place], tile) if locked else None for place in (0, -1)]
        return TileDescriptor(
            op, buffer, op.attrs["offset"] * element, op.attrs["len"], sizes, strides, moves,
            uses[0], uses[1], op.attrs.get("bd_id"),
        )  # fmt: skip


def labelled(op: Op) -> dict[str, Block]:
    """The blocks of a chain by their labels; the first is ""."""
    blocks = dict(zip(op.attrs["labels"], op.blocks, strict=True))
    for label, block in blocks.items():
        if not block.ops:
            raise VerifyError(f"line {op.line}: {op.name}: block {label} is empty")
    return blocks


def follow(op: Op, blocks: dict[str, Block], first: str) -> tuple[list[Block], str]:
    """Blocks that follow one another from ``first`` on, taken out of ``blocks``.

    Returns:
        They, and the label of the one among them that the last leads back to; "" if the last is an end.

    Raises:
        VerifyError: a label that is not there.
    """
    chain: list[Block] = []
    label, seen = first, set[str]()
    while True:
        block = blocks.pop(label, None)
        if block is None:
            raise VerifyError(
                f"line {op.line}: {op.name}: next_bd {label}: no such block, or again"
            )
        chain.append(block)
        seen.add(label)
        last = block.ops[-1]
        if last.name == "aie.end":
            return chain, ""
        if last.name != "aie.next_bd":
            raise VerifyError(f"line {op.line}: {op.name}: a block ends in aie.next_bd or aie.end")
        label = last.attrs["dest"]
        if label in seen:
            return chain, label


def lock_uses(parts: Sequence[TileDescriptor]) -> Iterator[LockUse]:
    """The acquires and releases of descriptors."""
    for one in parts:
        yield from (use for use in (one.acquire, one.release) if use is not None)

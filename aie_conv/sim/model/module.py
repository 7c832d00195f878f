"""What an AIE module describes: tiles, object FIFOs, links, buffers, cores, and their memory.

Locks, flows and descriptors that are written out are read in :mod:`aie_conv.sim.model.dma`.

A FIFO becomes one *pool* of objects at each end that has memory, and one *flow* of data between
them; a link makes the input FIFO's consumer pool the output FIFO's producer pool, cut into parts
where it distributes or joins. The runtime sequence stands at the ends on shim tiles.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from aie_conv.arch import Arch, device_names, get_device
from aie_conv.errors import VerifyError
from aie_conv.ir.core import ELEMENT_BITS, Block, Op, Type, Value
from aie_conv.sim.model.dma import DmaModel
from aie_conv.sim.model.tile import Tile

Dims = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ShimEnd:
    """A channel of a shim's DMA by the name that the runtime sequence calls it: a FIFO's or an allocation's.

    ``writes`` is whether it writes to the host's memory.
    """

    name: str
    tile: Tile
    writes: bool


@dataclass
class Fifo:
    """An object FIFO as declared.

    Attributes:
        depths: of the producer, then of each consumer.
        exact: the depths were given as an array (a single number may be lowered on core tiles).
        to_stream, from_stream: (size, stride) in elements, outermost first; () if none.
        pad: (before, after) in elements for each dimension of ``to_stream``.
        stored_bytes: bytes of one object in the producer's memory; a link whose FIFO out pads may
            keep a smaller object there than it sends, and one whose FIFO in has larger objects
            keeps and sends those.
    """

    name: str
    line: int
    producer: Tile
    consumers: tuple[Tile, ...]
    elem: Type
    depths: list[int]
    exact: bool
    to_stream: Dims = ()
    from_stream: tuple[Dims, ...] = ()
    pad: tuple[tuple[int, int], ...] = ()
    repeat: int = 1
    via_dma: bool = False
    stored_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        """Without a link that pads, an object is stored as it is sent."""
        self.stored_bytes = self.bytes

    @property
    def bytes(self) -> int:
        """Bytes of one object as declared, and so as it is sent (after padding)."""
        return self.elem.bytes

    @property
    def shared(self) -> bool:
        """No DMA: two cores next to each other work on one memory."""
        if len(self.consumers) != 1 or self.via_dma or self.to_stream or self.repeat != 1:
            return False
        if any(self.from_stream):
            return False
        a, b = self.producer, self.consumers[0]
        near = abs(a.col - b.col) + abs(a.row - b.row) == 1
        return a.kind == b.kind == "core" and near


@dataclass
class Link:
    """``[ins] -> [outs]`` with the offsets (in elements) of the parts in the larger object."""

    line: int
    ins: tuple[str, ...]
    outs: tuple[str, ...]
    offsets: tuple[int, ...]


@dataclass
class CoreModel:
    """One core: its tile, program, stack and buffers."""

    tile: Tile
    op: Op
    stack: int

    @property
    def name(self) -> str:
        """For messages."""
        return f"core ({self.tile.col}, {self.tile.row})"


@dataclass
class Model:
    """Everything a module declares, by name.

    ``dma`` is what it says besides object FIFOs, ``array`` all of it but the runtime sequence.
    """

    ir_name: str
    arch: Arch
    columns: int
    tiles: dict[Value, Tile] = field(default_factory=dict)
    fifos: dict[str, Fifo] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    functions: dict[str, Op] = field(default_factory=dict)
    buffers: dict[Value, tuple[Tile, Op]] = field(default_factory=dict)
    cores: list[CoreModel] = field(default_factory=list)
    sequence: Op | None = None
    array: tuple[Op, ...] = ()
    dma: DmaModel = field(init=False)

    def __post_init__(self) -> None:
        """Locks and flows name tiles and buffers."""
        self.dma = DmaModel(self.tiles, self.buffers)

    def shim_end(self, name: str) -> ShimEnd | None:
        """The shim channel of an object FIFO or of an allocation; None if nothing of that name has one."""
        port = self.dma.allocations.get(name)
        if port is not None:
            return ShimEnd(name, port.tile, port.direction == "S2MM")
        fifo = self.fifos.get(name)
        if fifo is None:
            return None
        if fifo.producer.kind == "shim":
            return ShimEnd(name, fifo.producer, writes=False)
        shim = next((tile for tile in fifo.consumers if tile.kind == "shim"), None)
        return None if shim is None else ShimEnd(name, shim, writes=True)

    def link_into(self, fifo: str) -> Link | None:
        """The link that ``fifo`` goes into at its consumer's tile."""
        return next((link for link in self.links if fifo in link.ins), None)

    def link_out_of(self, fifo: str) -> Link | None:
        """The link that ``fifo`` comes out of at its producer's tile."""
        return next((link for link in self.links if fifo in link.outs), None)


def walk(block: Block) -> Iterator[Op]:
    """Every operation under a block, outermost first."""
    for op in block.ops:
        yield op
        for inner in op.blocks:
            yield from walk(inner)


def build_model(module: Op) -> Model:
    """Read the declarations of a module with one aie.device.

    Raises:
        VerifyError: no device, unknown tiles or FIFOs, or a form the simulator does not take.
    """
    devices = [op for op in module.blocks[0].ops if op.name == "aie.device"]
    if len(devices) != 1:
        raise VerifyError(f"module: {len(devices)} aie.device operations: exactly one is simulated")
    device = devices[0]
    arch, columns = _target(str(device.attrs["device"]))
    model = Model(str(device.attrs["device"]), arch, columns)
    for op in device.blocks[0].ops:
        reader = _DECLARE.get(op.name)
        if reader is None:
            raise VerifyError(f"line {op.line}: {op.name} does not belong into an aie.device")
        reader(model, op)
    _check_links(model)
    model.array = tuple(op for op in device.blocks[0].ops if op is not model.sequence)
    return model


def _target(ir_name: str) -> tuple[Arch, int]:
    """Architecture and columns of a device by its IR name."""
    for name in device_names():
        device = get_device(name)
        if device.ir_name == ir_name:
            return device.arch, device.columns
    known = ", ".join(get_device(name).ir_name for name in device_names())
    raise VerifyError(f"aie.device({ir_name}): unknown device: use one of {known}")


def _tile(model: Model, op: Op) -> None:
    tile = Tile(op.attrs["col"], op.attrs["row"])
    if not (0 <= tile.col < model.columns and 0 <= tile.row < 2 + model.arch.core_rows):
        raise VerifyError(f"line {op.line}: {model.ir_name} has no tile ({tile.col}, {tile.row})")
    if tile in model.tiles.values():
        raise VerifyError(f"line {op.line}: {tile} is declared twice")
    model.tiles[op.results[0]] = tile


_REFUSED = ("plio", "disable_synchronization", "aie_stream", "iter_count")


def _fifo(model: Model, op: Op) -> None:
    name = op.attrs["sym_name"]
    if name in model.fifos:
        raise VerifyError(f"line {op.line}: object FIFO @{name} is declared twice")
    for attribute in _REFUSED:
        if op.attrs.get(attribute) not in (None, False):
            raise VerifyError(
                f"line {op.line}: @{name}: {attribute} is not simulated: leave it out"
            )
    if op.attrs.get("initValues"):
        raise VerifyError(
            f"line {op.line}: @{name}: initial values are not simulated: leave them out"
        )
    elem = op.attrs["elemType"]
    if elem.bits < 8:
        raise VerifyError(
            f"line {op.line}: @{name}: an object of {elem} has no bytes: give it some"
        )
    tiles = [model.tiles[value] for value in op.operands]
    depth = op.attrs["elemNumber"]
    depths = list(depth) if isinstance(depth, list) else [depth] * len(tiles)
    if len(depths) != len(tiles) or min(depths) < 1:
        raise VerifyError(f"line {op.line}: @{name}: depths {depths} for {len(tiles)} ends")
    model.fifos[name] = Fifo(
        name=name,
        line=op.line,
        producer=tiles[0],
        consumers=tuple(tiles[1:]),
        elem=elem,
        depths=depths,
        exact=isinstance(depth, list),
        to_stream=tuple(op.attrs["dimensionsToStream"]),
        from_stream=tuple(tuple(dims) for dims in op.attrs["dimensionsFromStreamPerConsumer"]),
        pad=tuple(op.attrs.get("padDimensions", ())),
        repeat=op.attrs.get("repeat_count", 1),
        via_dma=bool(op.attrs.get("via_DMA", False)),
    )


def _link(model: Model, op: Op) -> None:
    ins, outs = tuple(op.attrs["fifoIns"]), tuple(op.attrs["fifoOuts"])
    offsets = tuple(op.attrs["src_offsets"] if len(ins) > 1 else op.attrs["dst_offsets"])
    if not ins or not outs:
        raise VerifyError(f"line {op.line}: a link needs FIFOs on both sides")
    if len(ins) > 1 and len(outs) > 1:
        raise VerifyError(f"line {op.line}: a link may not join and distribute at once")
    parts = max(len(ins), len(outs))
    if not offsets and parts == 1:
        offsets = (0,)
    if len(offsets) != parts:
        raise VerifyError(f"line {op.line}: link of {parts} parts has {len(offsets)} offsets")
    model.links.append(Link(op.line, ins, outs, offsets))


def _function(model: Model, op: Op) -> None:
    name = op.attrs["sym_name"]
    if name in model.functions:
        raise VerifyError(f"line {op.line}: function @{name} is declared twice")
    model.functions[name] = op


def _buffer(model: Model, op: Op) -> None:
    model.buffers[op.results[0]] = (model.tiles[op.operands[0]], op)


def _core(model: Model, op: Op) -> None:
    tile = model.tiles[op.operands[0]]
    if tile.kind != "core":
        raise VerifyError(f"line {op.line}: aie.core on {tile}")
    if any(core.tile == tile for core in model.cores):
        raise VerifyError(f"line {op.line}: {tile} has two programs")
    model.cores.append(CoreModel(tile, op, op.attrs.get("stack_size", 1024)))


def _sequence(model: Model, op: Op) -> None:
    if model.sequence is not None:
        raise VerifyError(f"line {op.line}: a second aie.runtime_sequence")
    model.sequence = op


_DECLARE: dict[str, Callable[[Model, Op], None]] = {
    "aie.tile": _tile,
    "aie.objectfifo": _fifo,
    "aie.objectfifo.link": _link,
    "func.func": _function,
    "aie.buffer": _buffer,
    "aie.core": _core,
    "aie.runtime_sequence": _sequence,
    "aie.external_buffer": lambda model, op: None,
    "aie.lock": lambda model, op: model.dma.read_lock(op),
    "aie.flow": lambda model, op: model.dma.read_flow(op),
    "aie.shim_dma_allocation": lambda model, op: model.dma.read_allocation(op),
    "aie.mem": lambda model, op: model.dma.read_memory(op),
    "aie.memtile_dma": lambda model, op: model.dma.read_memory(op),
}


def _check_links(model: Model) -> None:
    """Links join FIFOs that exist, at one tile, with sizes that fit."""
    used: set[tuple[str, str]] = set()
    for link in model.links:
        for side, names in (("into", link.ins), ("out of", link.outs)):
            for name in names:
                if name not in model.fifos:
                    raise VerifyError(f"line {link.line}: link of unknown object FIFO @{name}")
                if (side, name) in used:
                    raise VerifyError(
                        f"line {link.line}: @{name} goes {side} two links: give it one"
                    )
                used.add((side, name))
        ends = {model.fifos[name].consumers for name in link.ins}
        ends |= {(model.fifos[name].producer,) for name in link.outs}
        if len(ends) != 1 or len(next(iter(ends))) != 1:
            raise VerifyError(
                f"line {link.line}: link [{', '.join(link.ins)}] -> [{', '.join(link.outs)}]: "
                "the FIFOs must meet at one tile"
            )
        tile = next(iter(ends))[0]
        if len(link.offsets) > 1 and tile.kind != "mem":
            raise VerifyError(f"line {link.line}: join and distribute need a mem tile, not {tile}")
        _check_parts(model, link)


def _check_parts(model: Model, link: Link) -> None:
    """The parts lie side by side in the whole object and fill it."""
    joined = len(link.ins) > 1
    joint = model.fifos[link.outs[0] if joined else link.ins[0]]
    parts = [model.fifos[name] for name in (link.ins if joined else link.outs)]
    if len(parts) == 1 and parts[0].pad:
        _check_expanding(link, joint, parts[0])
        return
    if len(link.ins) == len(link.outs) and joint.bytes > parts[0].bytes:
        _check_cut(link, joint, parts[0])
        return
    begin = 0
    for part, offset in zip(parts, link.offsets, strict=True):
        start = offset * ELEMENT_BITS[joint.elem.elem] // 8
        if start != begin:
            raise VerifyError(
                f"line {link.line}: @{part.name} begins at byte {start} of @{joint.name}, "
                f"expected {begin}: parts must follow one another"
            )
        begin += part.bytes
    if begin != joint.bytes:
        raise VerifyError(
            f"line {link.line}: object size mismatch: the parts of @{joint.name} hold {begin} bytes, "
            f"the object {joint.bytes}: the tools would transfer the larger size at both ends of a "
            "link; one FIFO out with padDimensions (of zeros) may be larger than the FIFO in"
        )


def _check_cut(link: Link, source: Fifo, out: Fifo) -> None:
    """A relay whose FIFO in has the larger objects keeps and sends those; receivers cut them.

    So mlir-aie lowers it (tried, with repeat_count as well): both of the mem tile's descriptors have the
    length of the FIFO in's object, those of the FIFO out's consumers their own.
    """
    if source.bytes % out.bytes or source.elem.elem != out.elem.elem:
        raise VerifyError(
            f"line {link.line}: object size mismatch: @{source.name} of {source.elem} is sent to "
            f"@{out.name} of {out.elem}: give whole objects of one element type"
        )
    out.stored_bytes = source.bytes


def _check_expanding(link: Link, source: Fifo, out: Fifo) -> None:
    """A relay whose FIFO out pads keeps the objects of the FIFO in and sends larger ones.

    So mlir-aie lowers it (tried: length of the S2MM descriptor is the FIFO in's object, of the MM2S
    one the FIFO out's), also where every padding is zero and the dimensions read elements twice.
    """
    if out.bytes < source.bytes:
        raise VerifyError(
            f"line {link.line}: object size mismatch: @{out.name} pads and is smaller ({out.bytes} "
            f"bytes) than @{source.name} ({source.bytes}): the tools would send the larger size"
        )
    if out.elem.elem != source.elem.elem:
        raise VerifyError(
            f"line {link.line}: @{out.name} pads elements of {out.elem.elem} and @{source.name} "
            f"holds {source.elem.elem}: give both one element type"
        )
    out.stored_bytes = source.bytes

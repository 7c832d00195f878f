"""Every limit of the hardware, checked on the model before anything runs.

The numbers come from aie_conv.arch (AM020/AM027, mlir-aie's target model); the rules from mlir-aie's
verifiers, and from its lowering where it has none. Each check is one function in a table.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod

from aie_conv.arch import Arch
from aie_conv.errors import VerifyError
from aie_conv.ir.core import ELEMENT_BITS
from aie_conv.recent import Recent
from aie_conv.sim.functional.commands import Command, TileTask
from aie_conv.sim.functional.network import depth_at, link_depth
from aie_conv.sim.model.dma import DmaPort
from aie_conv.sim.model.module import Dims, Fifo, Model, walk
from aie_conv.sim.model.program_size import Code, ProgramSizes
from aie_conv.sim.model.tile import Tile
from aie_conv.sim.model.verify_code import verify_code
from aie_conv.sim.model.verify_dma import BD_LENGTH_BITS, LOCKS, verify_dma, verify_tasks
from aie_conv.sim.model.verify_host import verify_host

_DIRECTION = {"in": "S2MM", "out": "MM2S"}
_DIMS = {"core": 3, "mem": 4}
"""Address dimensions of a descriptor [AM020]."""

_PAD_WORDS = (63, 31, 15)
"""Largest zero padding of the innermost dimensions, before or after [AM020: 6, 5 and 4 bits]."""


@dataclass
class Use:
    """What a tile's DMA and memory hold.

    Attributes:
        channels: for each direction, (FIFO, buffer descriptors) in channel order.
        memory: (what, bytes).
        locks: those of FIFOs and those written out.
    """

    channels: dict[str, list[tuple[str, int]]] = field(
        default_factory=lambda: {"in": [], "out": []}
    )
    memory: list[tuple[str, int]] = field(default_factory=list)
    locks: int = 0


def tile_use(model: Model, programs: ProgramSizes) -> dict[Tile, Use]:
    """Channels, descriptors, memory and locks of every tile, as the tools would lay them out."""
    uses: dict[Tile, Use] = defaultdict(Use)
    for link in model.links:
        depth = link_depth(model, link)
        joined = len(link.ins) > 1
        joint = model.fifos[link.outs[0] if joined else link.ins[0]]
        tile = joint.producer if joined else joint.consumers[0]
        size = joint.bytes
        uses[tile].memory.append((f"@{joint.name} (x{depth})", depth * size))
        uses[tile].locks += 2 * max(len(link.ins), len(link.outs))
    for fifo in model.fifos.values():
        _fifo_use(model, uses, fifo)
    for tile, op in model.buffers.values():
        size = op.results[0].type.bytes
        uses[tile].memory.append((f"buffer {op.attrs.get('sym_name', op.results[0].name)}", size))
    for lock in model.dma.locks.values():
        uses[lock.tile].locks += 1
    for core in model.cores:
        uses[core.tile].memory.append(("stack", core.stack))
        if tables := programs.table_bytes(core):
            uses[core.tile].memory.append(("constants", tables))
        if core.op.attrs.get("dynamic_objfifo_lowering"):
            ends = sum(core.tile in (f.producer, *f.consumers) for f in model.fifos.values())
            uses[core.tile].memory.append(("FIFO counters", 4 * ends))
    return uses


def _fifo_use(model: Model, uses: dict[Tile, Use], fifo: Fifo) -> None:
    out, into = model.link_out_of(fifo.name), model.link_into(fifo.name)
    if fifo.shared:
        depth = depth_at(model, fifo, 0)
        uses[fifo.producer].memory.append((f"@{fifo.name} (x{depth})", depth * fifo.bytes))
        uses[fifo.producer].locks += 2
        return
    depth = link_depth(model, out) if out else depth_at(model, fifo, 0)
    parts = len(out.ins) if out and len(out.ins) > 1 else 1
    uses[fifo.producer].channels["out"].append((fifo.name, depth * parts * fifo.repeat))
    if out is None and fifo.producer.kind != "shim":
        uses[fifo.producer].memory.append((f"@{fifo.name} (x{depth})", depth * fifo.stored_bytes))
        uses[fifo.producer].locks += 2
    for i, tile in enumerate(fifo.consumers):
        depth = link_depth(model, into) if into else depth_at(model, fifo, i + 1)
        parts = len(into.outs) if into and len(into.outs) > 1 else 1
        uses[tile].channels["in"].append((fifo.name, depth * parts))
        if into is None and tile.kind != "shim":
            uses[tile].memory.append((f"@{fifo.name} (x{depth})", depth * fifo.bytes))
            uses[tile].locks += 2


# -- tiles ----------------------------------------------------------------------------------------
def _check_channels(model: Model, tile: Tile, use: Use) -> None:
    limits = {
        "shim": model.arch.shim_dma_channels,
        "mem": model.arch.memtile_dma_channels,
        "core": model.arch.core_dma_channels,
    }
    for side, channels in use.channels.items():
        if len(channels) > limits[tile.kind]:
            names = ", ".join(f"@{name}" for name, _ in channels)
            raise VerifyError(
                f"{tile}: {len(channels)} {_DIRECTION[side]} DMA channels used by {names}: there "
                f"are {limits[tile.kind]}: share or drop FIFOs"
            )


def _check_descriptors(model: Model, tile: Tile, use: Use) -> None:
    if tile.kind == "shim":
        return
    if tile.kind == "core":
        groups = {"": [bd for channels in use.channels.values() for _, bd in channels]}
        limit = model.arch.core_bds
    else:
        groups = {"even ": [], "odd ": []}
        for channels in use.channels.values():
            for number, (_, bds) in enumerate(channels):
                groups["odd " if number % 2 else "even "].append(bds)
        limit = model.arch.memtile_bds // 2
    for group, counts in groups.items():
        if sum(counts) > limit:
            raise VerifyError(
                f"{tile}: {sum(counts)} buffer descriptors on its {group}channels: there are "
                f"{limit}: use less depth or fewer parts"
            )


def _check_memory(model: Model, tile: Tile, use: Use) -> None:
    limit = model.arch.core_data_bytes if tile.kind == "core" else model.arch.memtile_bytes
    total = sum(size for _, size in use.memory)
    if total > limit:
        worst = ", ".join(
            f"{what} {size}" for what, size in sorted(use.memory, key=lambda item: -item[1])[:4]
        )
        raise VerifyError(
            f"{tile}: memory: {total} bytes of {limit}: largest: {worst}: use smaller objects or "
            "less depth"
        )


def _check_locks(_model: Model, tile: Tile, use: Use) -> None:
    if tile.kind != "shim" and use.locks > LOCKS[tile.kind]:
        raise VerifyError(
            f"{tile}: {use.locks} locks: there are {LOCKS[tile.kind]}: use fewer FIFOs"
        )


def _fifo_channels(model: Model) -> dict[DmaPort, int]:
    """The channels that the tools give FIFOs, the first ones of each tile, and their descriptors."""
    uses: dict[Tile, Use] = defaultdict(Use)
    for fifo in model.fifos.values():
        _fifo_use(model, uses, fifo)
    return {
        DmaPort(tile, _DIRECTION[side], number): count
        for tile, use in uses.items()
        for side, channels in use.channels.items()
        for number, (_, count) in enumerate(channels)
    }


# -- FIFOs ----------------------------------------------------------------------------------------
def _check_fifo(model: Model, fifo: Fifo) -> None:
    if fifo.shared:
        return
    _check_length(fifo, fifo.producer, max(fifo.bytes, fifo.stored_bytes))
    _check_walk(model, fifo, fifo.producer, "dimensionsToStream", fifo.to_stream)
    _check_pad(fifo)
    for i, tile in enumerate(fifo.consumers):
        _check_length(fifo, tile, fifo.bytes)
        dims = fifo.from_stream[i] if fifo.from_stream else ()
        _check_walk(model, fifo, tile, "dimensionsFromStream", dims)
    if fifo.repeat > 1 and fifo.producer.kind == "shim":
        raise VerifyError(f"@{fifo.name}: repeat_count: a shim producer has none: repeat the task")


def _check_length(fifo: Fifo, tile: Tile, size: int) -> None:
    if size % 4:
        raise VerifyError(
            f"@{fifo.name}: 4-byte granularity: an object of {size} bytes: make it a multiple of 4"
        )
    bits = BD_LENGTH_BITS.get(tile.kind)
    if bits is not None and size // 4 >= 1 << bits:
        raise VerifyError(
            f"@{fifo.name}: BD length: {size // 4} words on {tile}: its field has {bits} bits"
        )


def _check_walk(model: Model, fifo: Fifo, tile: Tile, which: str, dims: Dims) -> None:
    if not dims:
        return
    who = f"@{fifo.name}: {which} on {tile}"
    if tile.kind == "shim":
        raise VerifyError(f"{who}: a shim end takes no dimensions: put them into the host transfer")
    if len(dims) > _DIMS[tile.kind]:
        raise VerifyError(f"{who}: {len(dims)} dimensions: its descriptors have {_DIMS[tile.kind]}")
    arch = model.arch
    core = tile.kind == "core"
    wrap = arch.core_wrap_bits if core else arch.memtile_wrap_bits
    step = arch.core_step_bits if core else arch.memtile_step_bits
    element = ELEMENT_BITS[fifo.elem.elem] // 8
    for number, (size, stride) in enumerate(reversed(dims)):
        if size < 1 or stride < 1 or size > arch.static_bd_size_limit:
            raise VerifyError(
                f"{who}: size {size}, stride {stride}: sizes are 1 to {arch.static_bd_size_limit}, "
                "strides at least 1"
            )
        if number == 0:
            _check_innermost(who, size, stride, element)
        elif stride * element % 4:
            raise VerifyError(f"{who}: 4-byte granularity: stride {stride} x {element} bytes")
        words = size * element // 4 if number == 0 else size
        if number < len(dims) - 1 and words >= 1 << wrap:
            raise VerifyError(f"{who}: wrap: size {words} does not fit its {wrap}-bit field")
        if number and stride * element // 4 > 1 << step:
            raise VerifyError(f"{who}: step: stride {stride} does not fit its {step}-bit field")
    _check_reach(model, fifo, who, dims, which)


def _check_innermost(who: str, size: int, stride: int, element: int) -> None:
    if element != 4 and stride != 1:
        raise VerifyError(
            f"{who}: 4-byte granularity: innermost stride {stride} of {element}-byte "
            "elements must be 1"
        )
    if size * element % 4:
        raise VerifyError(f"{who}: 4-byte granularity: innermost run of {size * element} bytes")


def _check_reach(model: Model, fifo: Fifo, who: str, dims: Dims, which: str) -> None:
    """The walk covers as many elements as are sent, and stays inside the memory it walks."""
    out = model.link_out_of(fifo.name)
    bits = ELEMENT_BITS[fifo.elem.elem]
    sends = which == "dimensionsToStream"
    size = fifo.stored_bytes if sends else fifo.bytes
    if sends and out and len(out.ins) > 1:
        size = model.fifos[out.ins[0]].bytes  # the dimensions walk each part of a join
    elements = size * 8 // bits
    total = prod(n for n, _ in dims)
    if total != elements and not (sends and fifo.pad):
        raise VerifyError(f"{who}: object size mismatch: it walks {total} elements of {elements}")
    last = sum((n - 1) * stride for n, stride in dims)
    if last >= elements:
        raise VerifyError(f"{who}: out of bounds: it reaches element {last} of {elements}")


def _check_pad(fifo: Fifo) -> None:
    if not fifo.pad:
        return
    who = f"@{fifo.name}: padDimensions"
    if fifo.producer.kind != "mem":
        raise VerifyError(f"{who}: only a mem tile's MM2S pads")
    if len(fifo.pad) != len(fifo.to_stream):
        raise VerifyError(f"{who}: {len(fifo.pad)} pairs for {len(fifo.to_stream)} dimensions")
    if len(fifo.pad) > len(_PAD_WORDS):
        raise VerifyError(
            f"{who}: {len(fifo.pad)} dimensions: descriptors pad {len(_PAD_WORDS)}, and aie-rt takes "
            "no more even where they are zero"
        )
    element = ELEMENT_BITS[fifo.elem.elem] // 8
    for number, pair in enumerate(reversed(fifo.pad)):
        limit = _PAD_WORDS[number]
        for amount in pair:
            words = amount * element / 4 if number == 0 else amount
            if words != int(words):
                raise VerifyError(f"{who}: 4-byte granularity: {amount} x {element} bytes")
            if words > limit:
                raise VerifyError(f"{who}: {words:.0f} in dimension {number}: at most {limit}")
    padded = prod(b + n + a for (n, _), (b, a) in zip(fifo.to_stream, fifo.pad, strict=True))
    if padded != fifo.elem.elements:
        raise VerifyError(
            f"{who}: object size mismatch: {padded} elements after padding, the object has "
            f"{fifo.elem.elements}"
        )


# -- cores ----------------------------------------------------------------------------------------
def _check_core_ports(model: Model) -> None:
    """Acquires and releases name a FIFO that ends at the core, with its type and depth."""
    for core in model.cores:
        for op in walk(core.op.blocks[0]):
            if op.name not in ("aie.objectfifo.acquire", "aie.objectfifo.release"):
                continue
            who = f"{core.name}: line {op.line}: {op.name} @{op.attrs['objFifo_name']}"
            fifo = model.fifos.get(op.attrs["objFifo_name"])
            if fifo is None:
                raise VerifyError(f"{who}: there is no such object FIFO")
            produces = op.attrs["port"] == "Produce"
            ends = (fifo.producer,) if produces else fifo.consumers
            if core.tile not in ends:
                raise VerifyError(f"{who}: the core is not at its {op.attrs['port']} end")
            end = 0 if produces else 1 + fifo.consumers.index(core.tile)
            depth = fifo.depths[end]
            if not 1 <= op.attrs["size"] <= depth:
                raise VerifyError(f"{who}: {op.attrs['size']} objects of a FIFO of depth {depth}")
            if op.results and (op.results[0].type.shape, op.results[0].type.elem) != (
                fifo.elem.shape,
                fifo.elem.elem,
            ):
                raise VerifyError(
                    f"{who}: object size mismatch: {op.results[0].type} of {fifo.elem}"
                )


_TILE_CHECKS: tuple[Callable[[Model, Tile, Use], None], ...] = (
    _check_channels,
    _check_descriptors,
    _check_memory,
    _check_locks,
)


def verify_model(model: Model, commands: list[Command]) -> None:
    """Check all limits.

    Raises:
        VerifyError: the first breach: who, which limit by name and number, what to do.
    """
    key = model.ir_name, model.array
    if _VERIFIED.get(key) is not model.arch:
        verify_array(model)
        _VERIFIED.put(key, model.arch)
    tasks = [command for command in commands if isinstance(command, TileTask)]
    if tasks:
        verify_tasks(model, tasks, _fifo_channels(model))
    verify_host(model, commands)


_VERIFIED: Recent[Arch] = Recent(16)
"""Arrays that keep to every limit: their device and operations, which programs share (see
:mod:`aie_conv.ir.shared`)."""


def verify_array(model: Model, elsewhere: Mapping[str, Code] | None = None) -> None:
    """Check what is there whatever the runtime sequence does.

    Args:
        model: the program.
        elsewhere: see :class:`ProgramSizes`.

    Raises:
        VerifyError: the first breach.
    """
    for fifo in model.fifos.values():
        _check_fifo(model, fifo)
    _check_core_ports(model)
    verify_code(model)
    programs = ProgramSizes(model, elsewhere)
    for tile, use in sorted(tile_use(model, programs).items(), key=lambda item: item[0]):
        for check in _TILE_CHECKS:
            check(model, tile, use)
    for core in model.cores:
        programs.check(core)
    verify_dma(model, _fifo_channels(model))

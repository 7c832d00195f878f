"""Limits of locks, flows and descriptors that a module writes out.

Where object FIFOs are at the same tile, the tools give these the first channels, descriptors and locks
(mlir-aie 1e400306, AIEObjectFifoStatefulTransform.cpp, AIEAssignBufferDescriptorIDs.cpp).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from aie_conv.arch import Arch
from aie_conv.errors import VerifyError
from aie_conv.sim.functional.commands import TileTask
from aie_conv.sim.functional.locks import HIGHEST
from aie_conv.sim.functional.strided import extent
from aie_conv.sim.model.dma import DmaModel, DmaPort, LockUse, TileDescriptor, lock_uses
from aie_conv.sim.model.module import Model, walk
from aie_conv.sim.model.tile import Tile

LOCKS: Mapping[str, int] = {"core": 16, "mem": 64, "shim": 16}
"""Locks of a tile [AM020]."""

BD_LENGTH_BITS: Mapping[str, int] = {"core": 14, "mem": 17}
"""Bits of a descriptor's length in words [aie-rt register database]."""

QUEUED_IDS = 16
"""Descriptors that a task can begin with: the March tools write four bits of their number to the queue of any
tile (AIEDmaToNpu.cpp; six are needed on mem tiles, and August writes them)."""

_ITERATIONS = 64
"""Runs that a descriptor moves on in [mlir-aie: 6-bit field, stored minus one]."""

_REPEATS = 256
"""Runs of a task [mlir-aie: 8-bit field, stored minus one]."""


def verify_dma(model: Model, fifo_channels: Mapping[DmaPort, int]) -> None:
    """Check locks, flows, and what channels are configured with.

    Args:
        model: what the module declares.
        fifo_channels: the channels that object FIFOs take, each with its descriptors.

    Raises:
        VerifyError: the first breach.
    """
    dma = model.dma
    _check_locks(model)
    _check_ports(model, fifo_channels)
    for port, program in dma.programs.items():
        _check_flow(dma, port, f"line {program.op.line}: dma_start")
        for one in program.parts:
            _check_walk(model.arch, port, one)
    limits = _descriptors(model.arch)
    for (tile, _), count in _configured(model, fifo_channels).items():
        if tile.kind in limits and count > limits[tile.kind]:
            raise VerifyError(
                f"{tile}: {count} buffer descriptors: there are {limits[tile.kind]} for its channels"
            )


def verify_tasks(
    model: Model, tasks: Sequence[TileTask], fifo_channels: Mapping[DmaPort, int]
) -> None:
    """Check the tasks that a runtime sequence gives the channels of tiles.

    Args:
        model: what the module declares.
        tasks: they.
        fifo_channels: the channels that object FIFOs take, each with its descriptors.

    Raises:
        VerifyError: the first breach.
    """
    configured = _configured(model, fifo_channels)
    for task in tasks:
        _check_task(model, task)
        _check_numbers(model.arch, configured, task)


def _check_locks(model: Model) -> None:
    dma = model.dma
    for lock in dma.locks.values():
        limit = LOCKS[lock.tile.kind]
        if not 0 <= lock.number < limit:
            raise VerifyError(f"{lock}: number {lock.number}: its locks are 0 to {limit - 1}")
        if not 0 <= lock.first <= HIGHEST:
            raise VerifyError(f"{lock}: it begins at {lock.first}: a lock counts 0 to {HIGHEST}")
    for use in _uses(model):
        if not 1 <= use.count <= HIGHEST:
            raise VerifyError(
                f"line {use.op.line}: {use.op.name}: {use.count} of {use.lock}: 1 to {HIGHEST}"
            )


def _uses(model: Model) -> Iterator[LockUse]:
    """Every acquire and release of cores and of configured channels."""
    for core in model.cores:
        for op in walk(core.op.blocks[0]):
            if op.name == "aie.use_lock":
                yield model.dma.use(op, core.tile)
    for program in model.dma.programs.values():
        yield from lock_uses(program.parts)


def _check_ports(model: Model, fifo_channels: Mapping[DmaPort, int]) -> None:
    """Flows use channels that there are, and that no object FIFO has."""
    arch = model.arch
    limits = {
        "core": arch.core_dma_channels,
        "mem": arch.memtile_dma_channels,
        "shim": arch.shim_dma_channels,
    }
    taken = {(port.tile, port.direction, port.number) for port in fifo_channels}
    for line, *ends in model.dma.flows:
        for port in ends:
            if not 0 <= port.number < limits[port.tile.kind]:
                raise VerifyError(
                    f"line {line}: aie.flow: {port}: its channels are 0 to {limits[port.tile.kind] - 1}"
                )
            if (port.tile, port.direction, port.number) in taken:
                raise VerifyError(
                    f"line {line}: aie.flow: {port}: an object FIFO has this channel: the tools give them "
                    "the first ones of a tile"
                )


def _check_flow(dma: DmaModel, port: DmaPort, who: str) -> None:
    """A channel that moves something has a flow."""
    if port not in dma.of(port.tile):
        raise VerifyError(f"{who}: no aie.flow begins or ends at {port}")


def _check_task(model: Model, task: TileTask) -> None:
    port = task.port
    if port.tile.kind == "shim":
        raise VerifyError(
            f"{task.what}: name a shim's channel: use aiex.dma_configure_task_for of its FIFO or allocation"
        )
    _check_flow(model.dma, port, task.what)
    if port in model.dma.programs:
        raise VerifyError(f"{task.what}: the channel runs what it is configured with: give it none")
    if task.issues_token:
        raise VerifyError(
            f"{task.what}: it issues a token: the tools route those of shim tiles alone, so nobody gets it: "
            "let a shim's channel wait for its data"
        )
    if not 1 <= task.runs <= _REPEATS:
        raise VerifyError(f"{task.what}: {task.runs} runs: 1 to {_REPEATS}")
    for one in task.parts:
        _check_walk(model.arch, port, one)
        if one.iterates and one.iterations != task.runs:
            raise VerifyError(
                f"{one.what}: iteration: size {one.iterations} in a task that runs {task.runs} times: they "
                "must be equal (the fourth dimension of a task is its iteration)"
            )
    for use in lock_uses(task.parts):
        if not 1 <= use.count <= HIGHEST:
            raise VerifyError(
                f"line {use.op.line}: {use.op.name}: {use.count} of {use.lock}: 1 to {HIGHEST}"
            )


# -- descriptors ----------------------------------------------------------------------------------
def _check_walk(arch: Arch, port: DmaPort, one: TileDescriptor) -> None:
    """Its fields hold its numbers, and it stays in its buffer."""
    kind, who = port.tile.kind, f"{one.what} of {port}"
    element = one.element
    words = one.length * element // 4
    if one.length < 1 or one.length * element % 4 or one.offset % 4:
        raise VerifyError(
            f"{who}: 4-byte granularity: {one.length * element} bytes from byte {one.offset}: use "
            "multiples of 4, at least one"
        )
    if words >= 1 << BD_LENGTH_BITS[kind]:
        raise VerifyError(
            f"{who}: BD length: {words} words: its field has {BD_LENGTH_BITS[kind]} bits"
        )
    _check_dims(arch, kind, who, one)
    reach = one.step * (one.iterations - 1) + extent(one.dims)
    if one.offset < 0 or one.offset + reach > one.buffer.type.bytes:
        raise VerifyError(
            f"{who}: out of bounds: it reaches byte {one.offset + reach} of {one.buffer.type.bytes}"
        )


def _check_dims(arch: Arch, kind: str, who: str, one: TileDescriptor) -> None:
    core = kind == "core"
    wrap, step = (
        (arch.core_wrap_bits, arch.core_step_bits)
        if core
        else (arch.memtile_wrap_bits, arch.memtile_step_bits)
    )
    most = 3 if core or one.op.attrs.get("bd_id") is not None else 4
    sizes, strides, element = one.sizes, one.strides, one.element
    inner = len(sizes) - int(one.iterates)
    if inner > most:
        raise VerifyError(f"{who}: {inner} dimensions: its descriptors have {most}")
    if one.iterates and not 1 <= one.iterations <= _ITERATIONS:
        raise VerifyError(f"{who}: iteration: size {one.iterations}: at most {_ITERATIONS}")
    pairs = list(zip(reversed(sizes), reversed(strides), strict=True))
    for number, (size, stride) in enumerate(pairs):
        if size < 1 or stride < 1:
            raise VerifyError(f"{who}: size {size}, stride {stride}: both are at least 1")
        if number == 0:
            _check_run(who, size, stride, element)
        elif stride * element % 4:
            raise VerifyError(f"{who}: 4-byte granularity: stride {stride} x {element} bytes")
        count = size * element // 4 if number == 0 else size
        if number < inner - 1 and count >= 1 << wrap:
            raise VerifyError(f"{who}: wrap: size {count} does not fit its {wrap}-bit field")
        if stride * element // 4 > 1 << step:
            raise VerifyError(f"{who}: step: stride {stride} does not fit its {step}-bit field")


def _check_run(who: str, size: int, stride: int, element: int) -> None:
    if element < 4 and stride != 1:
        raise VerifyError(
            f"{who}: 4-byte granularity: innermost stride {stride} of {element}-byte elements must be 1"
        )
    if element > 4 or size * element % 4:
        raise VerifyError(f"{who}: 4-byte granularity: innermost run of {size * element} bytes")


# -- numbers of descriptors -----------------------------------------------------------------------
def _group(port: DmaPort) -> tuple[Tile, int]:
    """The descriptors that a channel can use: a mem tile's even and odd channels have their own."""
    return port.tile, port.number % 2 if port.tile.kind == "mem" else 0


def _descriptors(arch: Arch) -> dict[str, int]:
    """Descriptors of a group by the kind of tile."""
    return {"core": arch.core_bds, "mem": arch.memtile_bds // 2}


def _configured(model: Model, fifo_channels: Mapping[DmaPort, int]) -> Counter[tuple[Tile, int]]:
    """Descriptors of each group that are written when the array is configured: the first of the group."""
    counts: Counter[tuple[Tile, int]] = Counter()
    for port, count in fifo_channels.items():
        counts[_group(port)] += count
    for port, program in model.dma.programs.items():
        counts[_group(port)] += len(program.parts)
    return counts


def _check_numbers(arch: Arch, configured: Counter[tuple[Tile, int]], task: TileTask) -> None:
    """A task takes numbers that its channel can use, that nothing else has, and that the queue takes."""
    limits = _descriptors(arch)
    tile, odd = group = _group(task.port)
    first = odd * limits["mem"]
    last = first + limits[tile.kind] - 1
    for one in task.parts:
        if one.id is None or not first <= one.id <= last:
            raise VerifyError(f"{one.what} of {task.port}: its ids are {first} to {last}")
        if one.id - first < configured[group]:
            raise VerifyError(
                f"{one.what} of {task.port}: the tools use ids {first} to "
                f"{first + configured[group] - 1} for what is configured there"
            )
    if (task.parts[0].id or 0) >= QUEUED_IDS:
        raise VerifyError(
            f"{task.parts[0].what} of {task.port}: a task cannot begin with it: the tools write four "
            f"bits of its number to the queue: begin with one below {QUEUED_IDS}, on an even channel"
        )

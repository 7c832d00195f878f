"""The runtime sequence: its commands read, and the process that pushes tasks and awaits them."""

from collections.abc import Callable, Collection, Iterator
from math import prod

import numpy as np

from aie_conv.errors import VerifyError
from aie_conv.ir.core import ELEMENT_BITS, Block, Op, Type, Value
from aie_conv.sim.functional.commands import (
    Command,
    Start,
    TaskChain,
    TileTask,
    Transfer,
    Wait,
    channel_of,
)
from aie_conv.sim.functional.engine import Engine, Waiting
from aie_conv.sim.functional.flow_ends import TransferTask
from aie_conv.sim.functional.network import Network
from aie_conv.sim.functional.strided import total_bytes
from aie_conv.sim.functional.tile_dma import TileRun
from aie_conv.sim.model.dma import follow, labelled
from aie_conv.sim.model.module import Model, ShimEnd
from aie_conv.sim.model.tile import Tile
from aie_conv.sim.timing.timeline import Lane, State


def read_sequence(model: Model) -> list[Command]:
    """The commands of the runtime sequence.

    Raises:
        VerifyError: an operation that does not belong there, or metadata that names no shim channel.
    """
    if model.sequence is None:
        raise VerifyError("module: no aie.runtime_sequence: nothing would run")
    block = model.sequence.blocks[0]
    commands: list[Command] = []
    chains: dict[Value, TaskChain | TileTask] = {}
    numbers = _Numbers()
    for op in block.ops:
        if op.name == "aiex.npu.dma_wait":
            commands.append(Wait(op, f"@{_shim_end(model, op, 'symbol').name}"))
        elif op.name == "aiex.npu.dma_memcpy_nd":
            commands.append(_transfer(model, op))
        elif op.name in _CONFIGURE:
            chain = chains[op.results[0]] = _CONFIGURE[op.name](model, op, numbers)
            commands.append(chain)
        elif op.name in _TASK_STATES:
            chain = chains.get(op.operands[0])
            if chain is None:
                raise VerifyError(f"line {op.line}: {op.name}: its operand is no configured task")
            commands += _move_on(op, chain, numbers)
        elif op.name != "arith.constant":
            raise VerifyError(f"line {op.line}: {op.name} in the runtime sequence is not simulated")
    return commands


_TASK_STATES = ("aiex.dma_start_task", "aiex.dma_await_task", "aiex.dma_free_task")


def _move_on(op: Op, chain: TaskChain | TileTask, numbers: "_Numbers") -> list[Command]:
    """A task is started, awaited, or only gives its descriptors' numbers back."""
    if op.name == "aiex.dma_start_task":
        return [Start(op, chain)]
    numbers.free(chain)
    return [Wait(op, channel_of(chain), chain)] if op.name == "aiex.dma_await_task" else []


class _Numbers:
    """The numbers of shims' descriptors whose text names none: the tools take each tile's lowest free one."""

    def __init__(self) -> None:
        self._taken: dict[Tile, set[int]] = {}

    def take(self, op: Op, tile: Tile) -> int:
        """The number of a descriptor."""
        taken = self._taken.setdefault(tile, set())
        free = (number for number in range(len(taken) + 1) if number not in taken)
        number = int(op.attrs.get("bd_id", next(free)))
        taken.add(number)
        return number

    def free(self, chain: TaskChain | TileTask) -> None:
        """What is awaited or freed gives its numbers back."""
        if isinstance(chain, TaskChain):
            self._taken[chain.end.tile] -= {part.id for part in chain.parts}


def _shim_end(model: Model, op: Op, attribute: str) -> ShimEnd:
    name = str(op.attrs.get(attribute))
    end = model.shim_end(name)
    if end is None and name in model.fifos:
        raise VerifyError(f"line {op.line}: {op.name}: @{name} has no end on a shim tile")
    if end is None:
        raise VerifyError(f"line {op.line}: {op.name}: there is no object FIFO @{name}")
    return end


def _transfer(model: Model, op: Op) -> Transfer:
    end = _shim_end(model, op, "metadata")
    argument, memref = _argument(model, op)
    sizes, strides, offsets = (tuple(op.attrs[k]) for k in ("sizes", "strides", "offsets"))
    if {len(sizes), len(strides), len(offsets)} != {4}:
        raise VerifyError(f"line {op.line}: {op.name}: offsets, sizes and strides have 4 numbers")
    if min(offsets) < 0:
        # Along a stride of 0 the sum would not show it.
        raise VerifyError(f"line {op.line}: {op.name}: offset {min(offsets)}: it is at least 0")
    element = ELEMENT_BITS[memref.elem] // 8
    first = sum(o * s for o, s in zip(offsets, strides, strict=True)) * element
    return Transfer(
        op,
        end,
        argument,
        memref,
        first,
        sizes,
        strides,
        element,
        int(op.attrs.get("id", 0)),
        end.writes,
        end.writes or bool(op.attrs.get("issue_token", False)),
    )


def _argument(model: Model, op: Op) -> tuple[int, Type]:
    """Which argument of the sequence an operation's memref is."""
    args = model.sequence.blocks[0].args if model.sequence else []
    if op.operands[0] not in args:
        raise VerifyError(f"line {op.line}: {op.name}: its memref must be a sequence argument")
    return args.index(op.operands[0]), op.operands[0].type


def _blocks(op: Op) -> Iterator[Block]:
    """The descriptors' blocks of a task in turn; behind them, that there are no others."""
    blocks = labelled(op)
    chain, back = follow(op, blocks, "")
    if back:
        raise VerifyError(f"line {op.line}: {op.name}: next_bd {back}: no such block, or again")
    yield from chain
    if blocks:
        raise VerifyError(f"line {op.line}: {op.name}: a block that no aie.next_bd leads to")


def _chain(model: Model, op: Op, numbers: _Numbers) -> TaskChain:
    end = _shim_end(model, op, "fifo")
    parts: list[Transfer] = []
    runs, token = _runs(op)
    for block in _blocks(op):
        if len(block.ops) != 2 or block.ops[0].name != "aie.dma_bd":
            raise VerifyError(
                f"line {op.line}: {op.name}: a block holds one aie.dma_bd and an aie.next_bd or "
                "aie.end"
            )
        number = numbers.take(block.ops[0], end.tile)
        parts.append(_descriptor(model, block.ops[0], end, number, runs))
    return TaskChain(op, end, tuple(parts), runs, token)


def _runs(op: Op) -> tuple[int, bool]:
    """How often a task runs, and whether it issues a token then."""
    return int(op.attrs.get("repeat_count", 0)) + 1, bool(op.attrs.get("issue_token", False))


def _tile_task(model: Model, op: Op, numbers: _Numbers) -> TileTask:
    del numbers  # those of tiles' own descriptors are in the text
    port = model.dma.task_port(op)
    parts = tuple(model.dma.descriptor(block, port.tile, iterates=True) for block in _blocks(op))
    return TileTask(op, port, parts, *_runs(op))


_CONFIGURE: dict[str, Callable[[Model, Op, _Numbers], TaskChain | TileTask]] = {
    "aiex.dma_configure_task_for": _chain,
    "aiex.dma_configure_task": _tile_task,
}


def _descriptor(model: Model, op: Op, end: ShimEnd, number: int, runs: int) -> Transfer:
    """A descriptor; of fewer than four dimensions, each run of the chain walks the same."""
    argument, memref = _argument(model, op)
    length = op.attrs["len"]
    dims = op.attrs["dimensions"] or [(length, 1)]
    if len(dims) > 4:
        raise VerifyError(f"line {op.line}: {op.name}: {len(dims)} dimensions: at most four")
    if len(dims) < 4:
        dims = [(runs, 0), *[(1, 0)] * (3 - len(dims)), *dims]
    sizes, strides = zip(*dims, strict=True)
    if length != prod(sizes[1:]):
        raise VerifyError(
            f"line {op.line}: {op.name}: length {length}: its three inner dimensions have "
            f"{prod(sizes[1:])} elements"
        )
    element = ELEMENT_BITS[memref.elem] // 8
    return Transfer(
        op,
        end,
        argument,
        memref,
        op.attrs["offset"] * element,
        sizes,
        strides,
        element,
        number,
        end.writes,
        issues_token=False,
    )


class SequenceRun:
    """Runs the commands of a sequence on the host's arrays.

    Attributes:
        tasks: what was pushed, each run of a chain's descriptors by itself.
        starts: where among them each command's begin.
        runs: the tasks of tiles' channels that were pushed.
        clock: of the process, in cycles.
        instant: numbers of the arguments whose transfers take no time.
    """

    def __init__(
        self,
        commands: list[Command],
        network: Network,
        engine: Engine,
        memories: list[np.ndarray],
        lane: Lane | None = None,
        instant: Collection[int] = (),
    ) -> None:
        self.instant = frozenset(instant)
        self.commands = commands
        self.network = network
        self.engine = engine
        self.memories = memories
        self.lane = lane
        self.tasks: list[TransferTask] = []
        self.starts: list[int] = []
        self.runs: list[TileRun] = []
        self.clock = 0.0

    def process(self) -> Waiting:
        """The process that pushes tasks and waits for tokens."""
        for command in self.commands:
            if isinstance(command, Wait):
                channel = self.network.token_source(command.channel)
                while not channel.tokens:
                    yield channel.token
                token = channel.tokens.popleft()
                self.clock = max(self.clock, token) + self.network.rates.wait
                if self.lane is not None:
                    self.lane.until(token, State.TOKEN, command.channel.lstrip("@"))
                    self.lane.until(self.clock, State.BUSY, f"dma_wait {command.channel}")
                continue
            if isinstance(command, Start):
                self._spend(self.network.rates.start, f"dma_start_task {channel_of(command.chain)}")
                self._start(command.chain)
                continue
            # Writing one descriptor of a chain costs as much as a whole dma_memcpy_nd does, which
            # writes one and pushes it; the push of the chain is in that.
            rates = self.network.rates
            chain = isinstance(command, TaskChain | TileTask)
            cycles = rates.issue * len(command.parts) - rates.start if chain else rates.issue
            name = "dma_configure_task_for" if chain else "dma_memcpy_nd"
            self._spend(cycles, f"{name} {channel_of(command)}")
            if not chain:
                self.starts.append(len(self.tasks))
                self._push(command, command.offset, command.dims, command.issues_token)

    def _spend(self, cycles: float, what: str) -> None:
        """Cycles of the sequence."""
        self.clock += cycles
        if self.lane is not None:
            self.lane.until(self.clock, State.BUSY, what)

    def _start(self, chain: TaskChain | TileTask) -> None:
        """Queue a chain: its descriptors in turn, each moved on in every run."""
        if isinstance(chain, TileTask):
            self.runs.append(TileRun(chain, self.clock))
            self.network.tile_channels[chain.port].push(self.runs[-1])
            return
        self.starts.append(len(self.tasks))
        for run in range(chain.runs):
            for part in chain.parts:
                last = run == chain.runs - 1 and part is chain.parts[-1]
                offset = part.offset + run * part.strides[0] * part.element
                self._push(part, offset, part.inner, last and chain.issues_token)

    def _push(
        self, transfer: Transfer, offset: int, dims: list[tuple[int, int]], issues_token: bool
    ) -> None:
        task = TransferTask(
            transfer.end.name,
            transfer.what,
            self.memories[transfer.argument],
            offset,
            dims,
            total_bytes(dims),
            issues_token,
            transfer.argument in self.instant,
            self.clock,
        )
        self.tasks.append(task)
        self.network.channels[transfer.end.name].push(task)

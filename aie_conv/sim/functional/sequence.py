"""The runtime sequence: host transfers as tasks, and the process that pushes and awaits them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from aie_conv.errors import VerifyError
from aie_conv.ir.core import ELEMENT_BITS, Op, Type, Value
from aie_conv.sim.functional.engine import Engine, Waiting
from aie_conv.sim.functional.flows import TransferTask
from aie_conv.sim.functional.network import Network
from aie_conv.sim.functional.strided import merged, total_bytes
from aie_conv.sim.model.module import Fifo, Model
from aie_conv.sim.timing.timeline import Lane, State


@dataclass(frozen=True)
class Transfer:
    """An aiex.npu.dma_memcpy_nd in numbers, or an aie.dma_bd of a chain.

    Attributes:
        argument: which argument of the sequence.
        offset: first byte.
        sizes, strides: in elements, outermost first ([d3, d2, d1, d0]).
        element: bytes of an element.
    """

    op: Op
    fifo: Fifo
    argument: int
    memref: Type
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    element: int
    id: int
    writes: bool
    issues_token: bool

    @property
    def what(self) -> str:
        """For messages."""
        name = self.op.name.rpartition(".")[2]
        return f"line {self.op.line}: {name} id {self.id} of @{self.fifo.name}"

    @property
    def dims(self) -> list[tuple[int, int]]:
        """The walk in merged byte dimensions."""
        return self._walk(0)

    @property
    def inner(self) -> list[tuple[int, int]]:
        """The walk of one iteration."""
        return self._walk(1)

    def _walk(self, first: int) -> list[tuple[int, int]]:
        pairs = zip(self.sizes[first:], self.strides[first:], strict=True)
        return merged([*((n, step * self.element) for n, step in pairs), (self.element, 1)])

    @property
    def bytes(self) -> int:
        """Bytes it moves."""
        return total_bytes(self.dims)


@dataclass(frozen=True, eq=False)
class TaskChain:
    """An aiex.dma_configure_task_for: descriptors written, to run in turn as one task.

    Attributes:
        parts: of each descriptor what it walks in all runs of the chain; the outermost dimension is
            its iteration, by whose stride it moves on from one run to the next.
        runs: how often the whole chain runs.
    """

    op: Op
    fifo: Fifo
    parts: tuple[Transfer, ...]
    runs: int
    issues_token: bool

    @property
    def what(self) -> str:
        """For messages."""
        return f"line {self.op.line}: chain of {len(self.parts)} of @{self.fifo.name}"


@dataclass(frozen=True)
class Start:
    """An aiex.dma_start_task."""

    op: Op
    chain: TaskChain


@dataclass(frozen=True)
class Wait:
    """An aiex.npu.dma_wait, or the aiex.dma_await_task of a chain."""

    op: Op
    fifo: str
    chain: TaskChain | None = None


Command = Transfer | TaskChain | Start | Wait


def transfers(commands: Iterable[Command]) -> Iterator[Transfer]:
    """All transfers, those of the chains with them."""
    for command in commands:
        if isinstance(command, Transfer):
            yield command
        elif isinstance(command, TaskChain):
            yield from command.parts


def read_sequence(model: Model) -> list[Command]:
    """The commands of the runtime sequence.

    Raises:
        VerifyError: an operation that does not belong there, or metadata that names no shim FIFO.
    """
    if model.sequence is None:
        raise VerifyError("module: no aie.runtime_sequence: nothing would run")
    block = model.sequence.blocks[0]
    commands: list[Command] = []
    chains: dict[Value, TaskChain] = {}
    for op in block.ops:
        if op.name == "aiex.npu.dma_wait":
            commands.append(Wait(op, _shim_fifo(model, op, "symbol").name))
        elif op.name == "aiex.npu.dma_memcpy_nd":
            commands.append(_transfer(model, op))
        elif op.name == "aiex.dma_configure_task_for":
            chain = chains[op.results[0]] = _chain(model, op)
            commands.append(chain)
        elif op.name in ("aiex.dma_start_task", "aiex.dma_await_task"):
            chain = chains.get(op.operands[0])
            if chain is None:
                raise VerifyError(f"line {op.line}: {op.name}: its operand is no configured task")
            starts = op.name == "aiex.dma_start_task"
            commands.append(Start(op, chain) if starts else Wait(op, chain.fifo.name, chain))
        elif op.name != "arith.constant":
            raise VerifyError(f"line {op.line}: {op.name} in the runtime sequence is not simulated")
    return commands


def _shim_fifo(model: Model, op: Op, attribute: str) -> Fifo:
    name = op.attrs.get(attribute)
    fifo = model.fifos.get(str(name))
    if fifo is None:
        raise VerifyError(f"line {op.line}: {op.name}: there is no object FIFO @{name}")
    if fifo.producer.kind != "shim" and all(tile.kind != "shim" for tile in fifo.consumers):
        raise VerifyError(f"line {op.line}: {op.name}: @{name} has no end on a shim tile")
    return fifo


def _transfer(model: Model, op: Op) -> Transfer:
    fifo = _shim_fifo(model, op, "metadata")
    argument, memref = _argument(model, op)
    sizes, strides, offsets = (tuple(op.attrs[k]) for k in ("sizes", "strides", "offsets"))
    if {len(sizes), len(strides), len(offsets)} != {4}:
        raise VerifyError(f"line {op.line}: {op.name}: offsets, sizes and strides have 4 numbers")
    element = ELEMENT_BITS[memref.elem] // 8
    writes = fifo.producer.kind != "shim"
    first = sum(o * s for o, s in zip(offsets, strides, strict=True)) * element
    return Transfer(
        op,
        fifo,
        argument,
        memref,
        first,
        sizes,
        strides,
        element,
        int(op.attrs.get("id", 0)),
        writes,
        writes or bool(op.attrs.get("issue_token", False)),
    )


def _argument(model: Model, op: Op) -> tuple[int, Type]:
    """Which argument of the sequence an operation's memref is."""
    args = model.sequence.blocks[0].args if model.sequence else []
    if op.operands[0] not in args:
        raise VerifyError(f"line {op.line}: {op.name}: its memref must be a sequence argument")
    return args.index(op.operands[0]), op.operands[0].type


def _chain(model: Model, op: Op) -> TaskChain:
    fifo = _shim_fifo(model, op, "fifo")
    blocks = dict(zip(op.attrs["labels"], op.blocks, strict=True))
    parts: list[Transfer] = []
    label: str | None = ""
    while label is not None:
        block = blocks.pop(label, None)
        if block is None:
            raise VerifyError(
                f"line {op.line}: {op.name}: next_bd {label}: no such block, or again"
            )
        names = [inner.name for inner in block.ops]
        if len(names) != 2 or names[0] != "aie.dma_bd" or names[1] not in _BLOCK_ENDS:
            raise VerifyError(
                f"line {op.line}: {op.name}: a block holds one aie.dma_bd and an aie.next_bd or "
                "aie.end"
            )
        parts.append(_descriptor(model, block.ops[0], fifo))
        label = block.ops[1].attrs.get("dest")
    if blocks:
        raise VerifyError(f"line {op.line}: {op.name}: a block that no aie.next_bd leads to")
    runs = int(op.attrs.get("repeat_count", 0)) + 1
    return TaskChain(op, fifo, tuple(parts), runs, bool(op.attrs.get("issue_token", False)))


_BLOCK_ENDS = ("aie.next_bd", "aie.end")


def _descriptor(model: Model, op: Op, fifo: Fifo) -> Transfer:
    argument, memref = _argument(model, op)
    dims = op.attrs["dimensions"]
    if len(dims) != 4 or "bd_id" not in op.attrs:
        raise VerifyError(f"line {op.line}: {op.name}: it needs four dimensions and a bd_id")
    sizes, strides = zip(*dims, strict=True)
    if op.attrs["len"] != prod(sizes[1:]):
        raise VerifyError(
            f"line {op.line}: {op.name}: length {op.attrs['len']}: its three inner dimensions have "
            f"{prod(sizes[1:])} elements"
        )
    element = ELEMENT_BITS[memref.elem] // 8
    return Transfer(
        op,
        fifo,
        argument,
        memref,
        op.attrs["offset"] * element,
        sizes,
        strides,
        element,
        op.attrs["bd_id"],
        fifo.producer.kind != "shim",
        issues_token=False,
    )


class SequenceRun:
    """Runs the commands of a sequence on the host's arrays.

    Attributes:
        tasks: what was pushed, each run of a chain's descriptors by itself.
        starts: where among them each command's begin.
        clock: of the process, in cycles.
    """

    def __init__(
        self,
        commands: list[Command],
        network: Network,
        engine: Engine,
        memories: list[np.ndarray],
        lane: Lane | None = None,
    ) -> None:
        self.commands = commands
        self.network = network
        self.engine = engine
        self.memories = memories
        self.lane = lane
        self.tasks: list[TransferTask] = []
        self.starts: list[int] = []
        self.clock = 0.0

    def process(self) -> Waiting:
        """The process that pushes tasks and waits for tokens."""
        for command in self.commands:
            if isinstance(command, Wait):
                channel = self.network.channels[command.fifo]
                while not channel.tokens:
                    yield channel.token
                token = channel.tokens.popleft()
                self.clock = max(self.clock, token) + self.network.rates.wait
                if self.lane is not None:
                    self.lane.until(token, State.TOKEN, command.fifo)
                    self.lane.until(self.clock, State.BUSY, f"dma_wait @{command.fifo}")
                continue
            if isinstance(command, Start):
                self.starts.append(len(self.tasks))
                self._start(command.chain)
                continue
            # Writing one descriptor of a chain costs as much as a whole dma_memcpy_nd does, which
            # writes one and pushes it; the push of the chain is in that.
            chain = isinstance(command, TaskChain)
            self.clock += self.network.rates.issue * (len(command.parts) if chain else 1)
            if self.lane is not None:
                name = "dma_configure_task_for" if chain else "dma_memcpy_nd"
                self.lane.until(self.clock, State.BUSY, f"{name} @{command.fifo.name}")
            if not chain:
                self.starts.append(len(self.tasks))
                self._push(command, command.offset, command.dims, command.issues_token)

    def _start(self, chain: TaskChain) -> None:
        """Queue a chain: its descriptors in turn, each moved on in every run."""
        for run in range(chain.runs):
            for part in chain.parts:
                last = run == chain.runs - 1 and part is chain.parts[-1]
                offset = part.offset + run * part.strides[0] * part.element
                self._push(part, offset, part.inner, last and chain.issues_token)

    def _push(
        self, transfer: Transfer, offset: int, dims: list[tuple[int, int]], issues_token: bool
    ) -> None:
        task = TransferTask(
            transfer.fifo.name,
            transfer.what,
            self.memories[transfer.argument],
            offset,
            dims,
            total_bytes(dims),
            issues_token,
            self.clock,
        )
        self.tasks.append(task)
        self.network.channels[transfer.fifo.name].push(task)

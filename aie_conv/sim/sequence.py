"""The runtime sequence: host transfers as tasks, and the process that pushes and awaits them."""

from dataclasses import dataclass

import numpy as np

from aie_conv.errors import VerifyError
from aie_conv.sim.engine import Engine, Waiting
from aie_conv.sim.flows import Task
from aie_conv.sim.ir import ELEMENT_BITS, Op, Type
from aie_conv.sim.model import Fifo, Model
from aie_conv.sim.network import Network
from aie_conv.sim.strided import merged, total_bytes
from aie_conv.sim.timeline import Lane, State


@dataclass(frozen=True)
class Transfer:
    """An aiex.npu.dma_memcpy_nd in numbers.

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
        return f"line {self.op.line}: dma_memcpy_nd id {self.id} of @{self.fifo.name}"

    @property
    def dims(self) -> list[tuple[int, int]]:
        """The walk in merged byte dimensions."""
        sizes = zip(self.sizes, self.strides, strict=True)
        walk = [(size, stride * self.element) for size, stride in sizes]
        return merged([*walk, (self.element, 1)])

    @property
    def bytes(self) -> int:
        """Bytes it moves."""
        return total_bytes(self.dims)


@dataclass(frozen=True)
class Wait:
    """An aiex.npu.dma_wait."""

    op: Op
    fifo: str


def read_sequence(model: Model) -> list[Transfer | Wait]:
    """The commands of the runtime sequence.

    Raises:
        VerifyError: an operation that does not belong there, or metadata that names no shim FIFO.
    """
    if model.sequence is None:
        raise VerifyError("module: no aie.runtime_sequence: nothing would run")
    block = model.sequence.blocks[0]
    found: list[Transfer | Wait] = []
    for op in block.ops:
        if op.name == "aiex.npu.dma_wait":
            found.append(Wait(op, _shim_fifo(model, op, "symbol").name))
        elif op.name == "aiex.npu.dma_memcpy_nd":
            found.append(_transfer(model, op))
        elif op.name != "arith.constant":
            raise VerifyError(f"line {op.line}: {op.name} in the runtime sequence is not simulated")
    return found


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
    block = model.sequence.blocks[0] if model.sequence else None
    if block is None or op.operands[0] not in block.args:
        raise VerifyError(f"line {op.line}: {op.name}: its memref must be a sequence argument")
    memref = op.operands[0].type
    sizes, strides, offsets = (tuple(op.attrs[k]) for k in ("sizes", "strides", "offsets"))
    if {len(sizes), len(strides), len(offsets)} != {4}:
        raise VerifyError(f"line {op.line}: {op.name}: offsets, sizes and strides have 4 numbers")
    element = ELEMENT_BITS[memref.elem] // 8
    writes = fifo.producer.kind != "shim"
    first = sum(o * s for o, s in zip(offsets, strides, strict=True)) * element
    return Transfer(
        op,
        fifo,
        block.args.index(op.operands[0]),
        memref,
        first,
        sizes,
        strides,
        element,
        int(op.attrs.get("id", 0)),
        writes,
        writes or bool(op.attrs.get("issue_token", False)),
    )


class SequenceRun:
    """Runs the commands of a sequence on the host's arrays."""

    def __init__(
        self,
        commands: list[Transfer | Wait],
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
        self.tasks: list[Task] = []
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
            self.clock += self.network.rates.issue
            if self.lane is not None:
                self.lane.until(self.clock, State.BUSY, f"dma_memcpy_nd @{command.fifo.name}")
            memory = self.memories[command.argument]
            task = Task(
                command.fifo.name,
                command.what,
                memory,
                command.offset,
                command.dims,
                command.bytes,
                command.issues_token,
                self.clock,
            )
            self.tasks.append(task)
            self.network.channels[command.fifo.name].push(task)

"""What a runtime sequence commands: transfers of the host, tasks of tiles' DMAs, waits."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aie_conv.ir.core import Op, Type
from aie_conv.sim.functional.strided import merged, total_bytes
from aie_conv.sim.model.dma import DmaPort, TileDescriptor
from aie_conv.sim.model.module import ShimEnd


@dataclass(frozen=True)
class Transfer:
    """An aiex.npu.dma_memcpy_nd in numbers, or an aie.dma_bd of a chain.

    Attributes:
        end: the shim channel.
        argument: which argument of the sequence.
        offset: first byte.
        sizes, strides: in elements, outermost first ([d3, d2, d1, d0]).
        element: bytes of an element.
    """

    op: Op
    end: ShimEnd
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
        return f"line {self.op.line}: {name} id {self.id} of @{self.end.name}"

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
    end: ShimEnd
    parts: tuple[Transfer, ...]
    runs: int
    issues_token: bool

    @property
    def what(self) -> str:
        """For messages."""
        return f"line {self.op.line}: chain of {len(self.parts)} of @{self.end.name}"


@dataclass(frozen=True, eq=False)
class TileTask:
    """An aiex.dma_configure_task of a tile's channel: descriptors written, to run in turn as one task."""

    op: Op
    port: DmaPort
    parts: tuple[TileDescriptor, ...]
    runs: int
    issues_token: bool

    @property
    def what(self) -> str:
        """For messages."""
        return f"line {self.op.line}: task of {self.port}"


@dataclass(frozen=True)
class Start:
    """An aiex.dma_start_task."""

    op: Op
    chain: TaskChain | TileTask


@dataclass(frozen=True)
class Wait:
    """An aiex.npu.dma_wait, or the aiex.dma_await_task of a task.

    ``channel`` is the name of a shim channel, with @ in front, or a tile's channel.
    """

    op: Op
    channel: str
    chain: TaskChain | TileTask | None = None


Command = Transfer | TaskChain | TileTask | Start | Wait


def channel_of(task: Transfer | TaskChain | TileTask) -> str:
    """The channel that a task runs on, as :class:`Wait` names it."""
    return str(task.port) if isinstance(task, TileTask) else f"@{task.end.name}"


def transfers(commands: Iterable[Command]) -> Iterator[Transfer]:
    """All transfers, those of the chains with them."""
    for command in commands:
        if isinstance(command, Transfer):
            yield command
        elif isinstance(command, TaskChain):
            yield from command.parts

"""Whether a program's instruction words do what its text says: same descriptors, addresses, order, tokens.

What is simulated is the text; what a device gets are the words that aie-translate made of it. Each transfer
and chain of the runtime sequence must be a task of the words with the same walk over the same host buffer,
in the same order, each wait a wait for the same channel. Which of a shim's two channels serves a FIFO is
the tools' choice, as is where a mem tile's buffer lies; it must be the same one every time.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from aie_conv.errors import VerifyError
from aie_conv.ir.core import Value
from aie_conv.ir.text import read_module
from aie_conv.runtime.tile_words import LockStep, TilePush
from aie_conv.runtime.transactions import (
    Await,
    ControllerCommand,
    Descriptor,
    QueuePush,
    decode,
    read_commands,
    read_header,
)
from aie_conv.sim.functional.commands import Command, Start, TaskChain, TileTask, Transfer, Wait
from aie_conv.sim.functional.sequence import read_sequence
from aie_conv.sim.functional.strided import merged
from aie_conv.sim.model.dma import LockUse
from aie_conv.sim.model.module import ShimEnd, build_model
from aie_conv.sim.model.tile import Tile

_Task = Transfer | TaskChain | TileTask | Wait


def check_words(text: str, words: Sequence[int]) -> None:
    """Raise VerifyError where instruction words differ from their module's runtime sequence.

    Args:
        text: the AIE module.
        words: 32-bit instruction words, the header first.
    """
    model = build_model(read_module(text))
    header, arch = read_header(words), model.arch
    array = (arch.transaction_generation, arch.core_rows + 2, model.columns, 1)
    if (header.generation, header.rows, header.columns, header.memtile_rows) != array:
        raise VerifyError(f"instruction words: for another array than the module's {model.ir_name}")
    expected = list(_tasks(read_sequence(model)))
    channels = _Channels()
    commands = list(read_commands(decode(words), arch))
    for number, (task, command) in enumerate(zip_longest(expected, commands)):
        for problem in _differences(task, command, channels):
            raise VerifyError(f"instruction words: command {number}: {problem}")


def _tasks(commands: Sequence[Command]) -> Iterator[_Task]:
    """The tasks in the order of their starts, with the waits."""
    for command in commands:
        if isinstance(command, Start):
            yield command.chain
        elif isinstance(command, Transfer | Wait):
            yield command


class _Channels:
    """What the tools chose: which shim channel each name was seen on, and where each buffer lies."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[int, int, int]] = {}
        self._buffers: dict[Value, tuple[Tile, int]] = {}

    def place(self, channel: str) -> tuple[int, int, int] | None:
        """Column, direction and channel that a FIFO or allocation, with @ in front, was seen on."""
        return self._of.get(channel[1:])

    def differs(self, end: ShimEnd, place: tuple[int, int, int]) -> bool:
        """Whether a name was on another channel before, or another name on this one, or it cannot be here."""
        known = self._of.setdefault(end.name, place)
        others = {where for name, where in self._of.items() if name != end.name}
        return known != place or place in others or place[:2] != (end.tile.col, int(not end.writes))

    def moved(self, buffer: Value, tile: Tile, base: int) -> bool:
        """Whether a buffer of a mem tile lay elsewhere before, or lies where another one does."""
        known = self._buffers.setdefault(buffer, (tile, base))
        end = base + buffer.type.bytes
        others = (
            (first, first + other.type.bytes)
            for other, (place, first) in self._buffers.items()
            if other is not buffer and place == tile
        )
        return known != (tile, base) or any(base < last and first < end for first, last in others)


def _differences(
    task: _Task | None, command: ControllerCommand | None, channels: _Channels
) -> Iterator[str]:
    """What differs between a command of the text and one of the words; nothing where they agree."""
    if task is None or command is None:
        yield f"{_name(task)} in the text, {_name(command)} in the words"
        return
    if isinstance(task, Wait):
        yield from _wait_differences(task, command, channels)
        return
    if isinstance(task, TileTask):
        yield from _tile_differences(task, command, channels)
        return
    if not isinstance(command, QueuePush):
        yield f"{task.what} in the text, {_name(command)} in the words"
        return
    place = (command.column, command.direction, command.channel)
    if channels.differs(task.end, place):
        yield f"{task.what}: on column {place[0]}, direction {place[1]}, channel {place[2]}"
    parts = task.parts if isinstance(task, TaskChain) else (task,)
    if command.ids != tuple(part.id for part in parts):
        yield f"{task.what}: descriptors {command.ids}"
    if command.issues_token != task.issues_token:
        yield f"{task.what}: {'a' if command.issues_token else 'no'} token"
    runs = task.runs if isinstance(task, TaskChain) else task.sizes[0]
    if command.runs != runs:
        yield f"{task.what}: {command.runs} runs, {runs} in the text"
    for one, descriptor in zip(parts, command.descriptors, strict=False):
        yield from _walk_differences(one, descriptor)


def _tile_differences(
    task: TileTask, command: ControllerCommand, channels: _Channels
) -> Iterator[str]:
    """What differs between a mem tile's task of the text and a command of the words."""
    if not isinstance(command, TilePush):
        yield f"{task.what} in the text, {_name(command)} in the words"
        return
    tile, port = task.port.tile, task.port
    direction = int(port.direction == "MM2S")
    if (command.column, command.row, command.direction, command.channel) != (
        tile.col, tile.row, direction, port.number
    ):  # fmt: skip
        yield f"{task.what}: on another channel"
    if command.ids != tuple(one.id for one in task.parts):
        yield f"{task.what}: descriptors {command.ids}"
    if command.runs != task.runs:
        yield f"{task.what}: {command.runs} runs, {task.runs} in the text"
    for one, descriptor in zip(task.parts, command.descriptors, strict=False):
        if channels.moved(one.buffer, tile, descriptor.address - one.offset):
            yield f"{one.what}: byte {descriptor.address} of {tile}, where its buffer does not lie"
        walk = merged([d for d in descriptor.dims if d[0] != 1] or [(1, 1)])
        if walk != one.dims:
            yield f"{one.what}: walks {walk}, {one.dims} in the text"
        if (descriptor.iterations, descriptor.iteration_stride) != (
            one.iterations, one.step if one.iterations > 1 else 0
        ):  # fmt: skip
            yield f"{one.what}: {descriptor.iterations} iterations of {descriptor.iteration_stride} bytes"
        if (descriptor.acquire, descriptor.release) != (_step(one.acquire), _step(one.release)):
            yield f"{one.what}: other locks than in the text"


def _step(use: LockUse | None) -> LockStep | None:
    return None if use is None else LockStep(use.lock.number, use.count)


def _wait_differences(task: Wait, command: ControllerCommand, channels: _Channels) -> Iterator[str]:
    if not isinstance(command, Await):
        yield f"a wait for {task.channel} in the text, a task in the words"
    elif channels.place(task.channel) != (command.column, command.direction, command.channel):
        yield f"a wait for {task.channel} in the text, for another channel in the words"


def _walk_differences(part: Transfer, descriptor: Descriptor) -> Iterator[str]:
    """Where a descriptor walks other bytes than the transfer of the text."""
    if (descriptor.argument, descriptor.offset) != (part.argument, part.offset):
        yield f"{part.what}: byte {descriptor.offset} of argument {descriptor.argument}"
    walk = merged([d for d in descriptor.dims if d[0] != 1] or [(1, 1)])
    if walk != part.inner:
        yield f"{part.what}: walks {walk}, {part.inner} in the text"
    stride = part.strides[0] * part.element if part.sizes[0] > 1 else 0
    moves = descriptor.iteration_stride if descriptor.iterations == part.sizes[0] else None
    if stride and moves != stride:
        yield f"{part.what}: iterations of {descriptor.iteration_stride} bytes, {stride} in the text"
    if not stride and descriptor.iterations > 1:
        yield f"{part.what}: {descriptor.iterations} iterations, none in the text"


def _name(item: _Task | ControllerCommand | None) -> str:
    if item is None:
        return "nothing"
    if isinstance(item, Wait):
        return f"a wait for {item.channel}"
    if isinstance(item, Transfer | TaskChain | TileTask):
        return item.what
    return "a wait" if isinstance(item, Await) else "a task"

"""Whether a program's instruction words do what its text says: same descriptors, addresses, order, tokens.

What is simulated is the text; what a device gets are the words that aie-translate made of it. Each transfer
and chain of the runtime sequence must be a task of the words with the same walk over the same host buffer,
in the same order, each wait a wait for the same channel. Which of a shim's two channels serves a FIFO is
the tools' choice; it must be the same one every time.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from aie_conv.errors import VerifyError
from aie_conv.ir.text import read_module
from aie_conv.runtime.transactions import (
    Await,
    ControllerCommand,
    Descriptor,
    QueuePush,
    decode,
    read_commands,
    read_header,
)
from aie_conv.sim.functional.sequence import Start, TaskChain, Transfer, Wait, read_sequence
from aie_conv.sim.functional.strided import merged
from aie_conv.sim.model.module import Fifo, build_model

_Task = Transfer | TaskChain | Wait


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
    expected = [c for c in read_sequence(model) if not isinstance(c, Start)]
    channels = _Channels()
    commands = list(read_commands(decode(words), arch))
    for number, (task, command) in enumerate(zip_longest(expected, commands)):
        for problem in _differences(task, command, channels):
            raise VerifyError(f"instruction words: command {number}: {problem}")


class _Channels:
    """Which shim channel each FIFO was seen on."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[int, int, int]] = {}

    def place(self, fifo: str) -> tuple[int, int, int] | None:
        """Column, direction and channel that a FIFO was seen on."""
        return self._of.get(fifo)

    def differs(self, fifo: Fifo, place: tuple[int, int, int]) -> bool:
        """Whether a FIFO was on another channel before, or another FIFO on this one, or it cannot be here."""
        shim = fifo.producer if fifo.producer.kind == "shim" else fifo.consumers[0]
        known = self._of.setdefault(fifo.name, place)
        others = {where for name, where in self._of.items() if name != fifo.name}
        direction = int(fifo.producer.kind == "shim")
        return known != place or place in others or place[:2] != (shim.col, direction)


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
    place = (command.column, command.direction, command.channel)
    if not isinstance(command, QueuePush):
        yield f"{task.what} in the text, a wait in the words"
        return
    if channels.differs(task.fifo, place):
        yield f"{task.what}: on column {place[0]}, direction {place[1]}, channel {place[2]}"
    parts = task.parts if isinstance(task, TaskChain) else (task,)
    if command.ids != tuple(part.id for part in parts):
        yield f"{task.what}: descriptors {command.ids}"
    if command.issues_token != task.issues_token:
        yield f"{task.what}: {'a' if command.issues_token else 'no'} token"
    runs = task.runs if isinstance(task, TaskChain) else task.sizes[0]
    if command.runs != runs:
        yield f"{task.what}: {command.runs} runs, {runs} in the text"
    for part, descriptor in zip(parts, command.descriptors, strict=False):
        yield from _walk_differences(part, descriptor)


def _wait_differences(task: Wait, command: ControllerCommand, channels: _Channels) -> Iterator[str]:
    if not isinstance(command, Await):
        yield f"a wait for @{task.fifo} in the text, a task in the words"
    elif channels.place(task.fifo) != (command.column, command.direction, command.channel):
        yield f"a wait for @{task.fifo} in the text, for another channel in the words"


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
        return f"a wait for @{item.fifo}"
    return item.what if isinstance(item, Transfer | TaskChain) else type(item).__name__.lower()

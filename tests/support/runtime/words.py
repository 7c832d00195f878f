"""Instruction words: made of a module's runtime sequence, and read back as commands of the simulator.

Written against :mod:`aie_conv.runtime.transactions`, which reads what mlir-aie's aie-translate makes; recorded
words of the real tool and :func:`check_words` hold it in place. Which of a shim's channels serves a FIFO is the
router's choice; here it is the order of the FIFOs.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from aie_conv.arch import Registers, get_registers
from aie_conv.ir.core import Op, memref
from aie_conv.ir.text import read_module
from aie_conv.runtime.driver import ELF_MAGIC
from aie_conv.runtime.transactions import Await, Descriptor, QueuePush, decode, read_commands
from aie_conv.sim.functional.commands import Command, Start, TaskChain, TileTask, Transfer, Wait
from aie_conv.sim.functional.sequence import read_sequence
from aie_conv.sim.model.module import Model, ShimEnd, build_model

MAGIC = b"FAKEXCLB"
_SEQUENCE = re.compile(r"^( *)aie\.runtime_sequence @(\w+)\(.*?^\1}$", re.MULTILINE | re.DOTALL)
Place = tuple[int, int, int]
"""Column, direction (1 is to the array) and channel."""


def channels(model: Model) -> dict[str, Place]:
    """The shim channel of each FIFO that ends at one."""
    taken: dict[tuple[int, int], int] = {}
    places: dict[str, Place] = {}
    for fifo in model.fifos.values():
        ends = [(fifo.producer, 1), *((tile, 0) for tile in fifo.consumers)]
        for tile, direction in ends:
            if tile.kind == "shim":
                channel = taken[tile.col, direction] = taken.get((tile.col, direction), -1) + 1
                places[fifo.name] = (tile.col, direction, channel)
    return places


def make_xclbin(text: str) -> bytes:
    """What stands for a configuration's binary: its module, and which channel serves which FIFO."""
    places = channels(build_model(read_module(text)))
    return MAGIC + json.dumps({"text": text, "channels": places}).encode()


def make_elf(text: str) -> bytes:
    """What stands for an ELF: one binary and the words of each runtime sequence, by their kernels' names."""
    heads = list(_SEQUENCE.finditer(text))
    alone = {
        head[2]: _SEQUENCE.sub(lambda m, h=head: m[0] if m[2] == h[2] else "", text)
        for head in heads
    }
    code = {f"main:{name}": assemble(one).hex() for name, one in alone.items()}
    binary = json.loads(make_xclbin(next(iter(alone.values()))).removeprefix(MAGIC))
    return ELF_MAGIC + json.dumps({**binary, "code": code}).encode()


def assemble(text: str) -> bytes:
    """A module's runtime sequence as instruction words."""
    model = build_model(read_module(text))
    writer = _Writer(get_registers(), model.arch.shim_burst_code, channels(model))
    for command in read_sequence(model):
        writer.command(command)
    body = [word for operation in writer.operations for word in operation]
    arch = model.arch
    header = [
        (arch.core_rows + 2) << 24 | arch.transaction_generation << 16 | 1 << 8,
        1 << 8 | model.columns,
        len(writer.operations),
        4 * (len(body) + 4),
    ]
    return struct.pack(f"<{len(body) + 4}I", *header, *body)


@dataclass
class _Writer:
    """Writes the operations of a sequence."""

    registers: Registers
    burst: int
    places: dict[str, Place]
    operations: list[list[int]] = field(default_factory=list[list[int]])

    def command(self, command: Command) -> None:
        match command:
            case Transfer():
                self._describe(command, None)
                runs = command.sizes[0]
                self._push(command.end, command.id, runs, command.issues_token)
            case TaskChain():
                parts = command.parts
                for part, following in zip(parts, [*parts[1:], None], strict=True):
                    self._describe(part, following)
            case TileTask():
                raise NotImplementedError("programs of object FIFOs push shim channels alone")
            case Start():
                chain = command.chain
                assert isinstance(chain, TaskChain)
                self._push(chain.end, chain.parts[0].id, chain.runs, chain.issues_token)
            case Wait():
                column, direction, channel = self.places[command.channel[1:]]
                place = column << 16 | direction
                self.operations.append([0x80, 16, place, channel << 24 | 1 << 16 | 1 << 8])

    def _address(self, column: int, offset: int) -> int:
        return column << self.registers.column_shift | offset

    def _describe(self, part: Transfer, following: Transfer | None) -> None:
        column, _, _ = self.places[part.end.name]
        registers = self.registers
        start = registers.shim_bd_base + part.id * registers.shim_bd_stride
        words = self._words(part, following)
        self.operations.append([1, 0, self._address(column, start), 4 * (4 + len(words)), *words])
        patched = self._address(column, start + 4)
        self.operations.append([0x81, 48, 0, 0, 0, 0, patched, 0, part.argument, 0, part.offset, 0])

    def _words(self, part: Transfer, following: Transfer | None) -> list[int]:
        d2, d1, d0 = part.sizes[1:]
        length = d2 * d1 * d0 * part.element // 4
        s3, s2, s1, s0 = (stride * part.element for stride in part.strides)
        if len(part.inner) == 1:
            dims = [0, 0, 0]
        elif s0 == part.element:
            dims = [_dim(d0 * part.element // 4, 4), _dim(d1, s1), _step(s2) if d2 > 1 else 0]
        else:
            assert part.element == 4, "elements apart are whole words"
            dims = [_dim(d0, s0), _dim(d1, s1), _step(s2) if d2 > 1 else 0]
        repeats = part.sizes[0] > 1 and s3 > 0
        iteration = (part.sizes[0] - 1) << 20 | _step(s3) if repeats else 0
        last = 1 << 25
        if following is not None:
            last |= following.id << 27 | 1 << 26
        return [
            length, part.offset, 0, dims[0], self.burst << 30 | dims[1], 2 << 24 | dims[2],
            iteration, last,
        ]  # fmt: skip

    def _push(self, end: ShimEnd, first: int, runs: int, token: bool) -> None:
        column, direction, channel = self.places[end.name]
        registers = self.registers
        base = registers.shim_mm2s_control if direction else registers.shim_s2mm_control
        control = base + channel * registers.channel_stride
        if token:
            self.operations.append([3, 0, self._address(column, control), 0, 0xF00, 0x1F00, 28])
        queue = self._address(column, control + registers.queue_offset)
        value = int(token) << 31 | (runs - 1) << 16 | first
        self.operations.append([0, 0, queue, 0, value, 24])


def _step(stride: int) -> int:
    return (stride // 4 - 1) & 0xFFFFF


def _dim(size: int, stride: int) -> int:
    return size << 20 | (_step(stride) if size > 1 else 0)


def read_words(words: Sequence[int], model: Model, places: dict[str, Place]) -> list[Command]:
    """What instruction words say, as commands for the module's array.

    Raises:
        VerifyError: the words are no such program.
        KeyError: they name a channel that serves no FIFO.
    """
    ends = {tuple(place): end for name, place in places.items() if (end := model.shim_end(name))}
    return list(_commands(words, model, ends))


def _commands(
    words: Sequence[int], model: Model, ends: dict[tuple[int, ...], ShimEnd]
) -> Iterator[Command]:
    chains: dict[str, TaskChain] = {}
    for number, command in enumerate(read_commands(decode(words), model.arch)):
        op = Op("words.command", number)
        end = ends[command.column, command.direction, command.channel]
        if isinstance(command, Await):
            yield Wait(op, f"@{end.name}", chains.get(end.name))
            continue
        assert isinstance(command, QueuePush), "programs of object FIFOs push shim channels alone"
        chain = _chain(op, end, command)
        yield chain
        yield Start(op, chain)


def _chain(op: Op, end: ShimEnd, push: QueuePush) -> TaskChain:
    parts = tuple(
        _transfer(op, end, descriptor, number)
        for number, descriptor in zip(push.ids, push.descriptors, strict=True)
    )
    return TaskChain(op, end, parts, push.runs, push.issues_token)


def _transfer(op: Op, end: ShimEnd, descriptor: Descriptor, number: int) -> Transfer:
    sizes = (descriptor.iterations, *(size for size, _ in descriptor.dims))
    strides = (descriptor.iteration_stride, *(stride for _, stride in descriptor.dims))
    return Transfer(
        op, end, descriptor.argument, memref("i8", 1), descriptor.offset, sizes, strides, 1, number,
        end.writes, issues_token=False,
    )  # fmt: skip


def reach(commands: Sequence[Command]) -> dict[int, int]:
    """How many bytes of each argument commands touch."""
    ends: dict[int, int] = {}
    for command in commands:
        for part in command.parts if isinstance(command, TaskChain) else ():
            walk = zip(part.sizes, part.strides, strict=True)
            end = part.offset + sum((n - 1) * abs(s) for n, s in walk) + 1
            ends[part.argument] = max(end, ends.get(part.argument, 0))
    return ends

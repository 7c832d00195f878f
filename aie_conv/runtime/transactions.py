"""The instruction words of a program, read back: what a device's controller will do, operation by operation.

aie-translate makes these words of a runtime sequence: a header of four, then operations that write
registers, patch a host buffer's address into a descriptor, and wait for tokens (mlir-aie,
lib/Targets/AIETargetNPU.cpp, 1e400306). :func:`decode` gives the operations, :func:`read_commands` what
they mean to the DMA channels of shims and mem tiles: tasks of descriptors, and waits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aie_conv.arch import Arch, Registers, get_registers
from aie_conv.errors import VerifyError
from aie_conv.runtime.tile_words import MemTiles, TilePush

HEADER_WORDS = 4
WORD = 4

_WRITE, _BLOCK_WRITE, _MASK_WRITE = 0, 1, 3
_SYNC, _ADDRESS_PATCH = 0x80, 0x81
_NAMES = {_WRITE: "write", _BLOCK_WRITE: "block write", _MASK_WRITE: "mask write",
          _SYNC: "sync", _ADDRESS_PATCH: "address patch"}  # fmt: skip
_TOKEN_MASK = 0x1F00
"""Bits of a channel's control register that hold the controller to which its tokens go."""
_CACHE = 2
"""The AXI cache bits of every shim descriptor: the network-on-chip may widen transfers (AIEDmaToNpu.cpp)."""
_PUSH_BITS = 0x80FF000F
"""A task: whether it gives a token, how often it repeats, its first descriptor."""
_LENGTHS = {_WRITE: 6, _MASK_WRITE: 7, _SYNC: 4, _ADDRESS_PATCH: 12}
"""Words of the operations of fixed length."""
_SIZE_AT = {_WRITE: 5, _BLOCK_WRITE: 3, _MASK_WRITE: 6, _SYNC: 1, _ADDRESS_PATCH: 1}
"""Which word of an operation holds its length in bytes."""


@dataclass(frozen=True)
class Write:
    """``value`` to a register; with a mask, to those bits of it alone."""

    address: int
    value: int
    mask: int = 0xFFFFFFFF


@dataclass(frozen=True)
class BlockWrite:
    """Words to registers that follow one another."""

    address: int
    words: tuple[int, ...]


@dataclass(frozen=True)
class AddressPatch:
    """The address of a host buffer, plus ``offset`` bytes, to the two address words of a descriptor."""

    address: int
    argument: int
    offset: int


@dataclass(frozen=True)
class Sync:
    """Wait for a token of a channel; ``direction`` is 0 for S2MM (to the host), 1 for MM2S."""

    column: int
    row: int
    direction: int
    channel: int
    columns: int
    rows: int


Operation = Write | BlockWrite | AddressPatch | Sync


@dataclass(frozen=True)
class Header:
    """What stands in front: the format, the array's size, how many operations and bytes there are."""

    version: tuple[int, int]
    generation: int
    rows: int
    columns: int
    memtile_rows: int
    operations: int
    bytes: int


def _refuse(word: int, message: str) -> VerifyError:
    return VerifyError(f"instruction words: word {word}: {message}")


def read_header(words: Sequence[int]) -> Header:
    """The header of a program.

    Raises:
        VerifyError: there are too few words, or the header counts others than there are.
    """
    if len(words) < HEADER_WORDS:
        raise _refuse(0, f"{len(words)} words, a header has {HEADER_WORDS}")
    first, second, operations, size = words[:HEADER_WORDS]
    version = (first & 0xFF, first >> 8 & 0xFF)
    if version != (0, 1):
        raise _refuse(0, f"format {version[0]}.{version[1]}, this reads 0.1")
    if second >> 16:
        raise _refuse(1, f"{second:#x} is no size of an array")
    if size != len(words) * WORD:
        raise _refuse(3, f"the header says {size} bytes, there are {len(words) * WORD}")
    generation, rows = first >> 16 & 0xFF, first >> 24
    return Header(
        version, generation, rows, second & 0xFF, second >> 8 & 0xFF, operations, size
    )  # fmt: skip


def decode(words: Sequence[int]) -> list[Operation]:
    """The operations of a program's words.

    Raises:
        VerifyError: the words are no such program; the message names the word.
    """
    header = read_header(words)
    operations: list[Operation] = []
    position = HEADER_WORDS
    while position < len(words):
        code = words[position] & 0xFF
        if code not in _NAMES or words[position] != code:
            raise _refuse(position, f"operation {words[position]:#x} is not known")
        size_at = position + _SIZE_AT[code]
        length = words[size_at] // WORD if size_at < len(words) else 0
        fixed = _LENGTHS.get(code, length)
        least = HEADER_WORDS + (code == _BLOCK_WRITE)
        if (
            length != fixed
            or length < least
            or position + length > len(words)
            or words[size_at] % WORD
        ):
            raise _refuse(position, f"{_NAMES[code]}: a length of {length} words")
        operations.append(_operation(code, words[position : position + length], position))
        position += length
    if len(operations) != header.operations:
        raise _refuse(
            2, f"the header says {header.operations} operations, there are {len(operations)}"
        )
    return operations


def _operation(code: int, words: Sequence[int], position: int) -> Operation:
    """One operation; words that mean nothing must be zero."""
    match code:
        case 0:
            unused, operation = (words[1], words[3]), Write(words[2], words[4])
        case 3:
            unused, operation = (words[1], words[3]), Write(words[2], words[4], words[5])
        case 1:
            unused, operation = (words[1],), BlockWrite(words[2], tuple(words[4:]))
        case 0x81:
            unused = (*words[2:6], words[7], words[9], words[11])
            operation = AddressPatch(words[6], words[8], words[10])
        case _:
            place, channel = words[2], words[3]
            unused = (place >> 24, channel & 0xFF)
            operation = Sync(
                place >> 16 & 0xFF, place >> 8 & 0xFF, place & 0xFF, channel >> 24,
                channel >> 16 & 0xFF, channel >> 8 & 0xFF,
            )  # fmt: skip
    if any(unused):
        raise _refuse(position, f"{_NAMES[code]}: a word that means nothing is not zero")
    return operation


@dataclass(frozen=True)
class Descriptor:
    """A shim tile's buffer descriptor, in bytes.

    Attributes:
        argument: which host buffer.
        offset: of its first byte.
        length: bytes of one run.
        dims: (size, stride) of the walk of one run, outermost first, the last a run of bytes.
        iterations, iteration_stride: how often its start moves on, and by how much.
        next: the descriptor behind it in its chain; None at the end.
    """

    argument: int
    offset: int
    length: int
    dims: tuple[tuple[int, int], ...]
    iterations: int
    iteration_stride: int
    next: int | None


@dataclass(frozen=True)
class QueuePush:
    """A task of a shim channel: descriptors in turn, ``runs`` times.

    Attributes:
        direction: 0 for S2MM (to the host), 1 for MM2S.
        ids: the descriptors' numbers, in the order of their use.
    """

    column: int
    direction: int
    channel: int
    ids: tuple[int, ...]
    descriptors: tuple[Descriptor, ...]
    runs: int
    issues_token: bool


@dataclass(frozen=True)
class Await:
    """Wait for a token of a shim channel."""

    column: int
    direction: int
    channel: int


ControllerCommand = QueuePush | TilePush | Await


def _shim_words(words: Sequence[int], argument: int, offset: int, burst: int) -> Descriptor:
    """A descriptor from its eight words; the layout is in AIEDmaToNpu.cpp, WriteBdToBlockWritePattern."""

    def step(word: int) -> int:
        return ((word & 0xFFFFF) + 1) * WORD

    usual = (
        words[2], words[4] >> 30, words[5] >> 20, words[6] >> 26, words[7] & 0x1FFFFFF | words[7] >> 31
    )  # fmt: skip
    if usual != (0, burst, _CACHE << 4, 0, 0):
        raise VerifyError("instruction words: a descriptor with packets, locks or an unusual burst")
    if words[1] not in (0, offset):
        raise VerifyError(f"instruction words: a descriptor at {words[1]}, patched to {offset}")
    length = words[0] * WORD
    d0, d1 = words[3] >> 20 & 0x3FF, words[4] >> 20 & 0x3FF
    if not words[7] >> 25 & 1:
        raise VerifyError("instruction words: a task with a descriptor that is not valid")
    if d0 == 0:
        if any((words[3], words[4] & 0x3FFFFFFF, words[5] & 0xFFFFF)):
            raise VerifyError("instruction words: a descriptor of one run with steps")
        dims: tuple[tuple[int, int], ...] = ((length, 1),)
    else:
        inner = d0 * max(d1, 1) * WORD
        outer = -(-length // inner)
        dims = (
            (outer, step(words[5])),
            (max(d1, 1), step(words[4])),
            (d0, step(words[3])),
            (WORD, 1),
        )
    iterations = (words[6] >> 20 & 0x3F) + 1
    following = words[7] >> 27 & 0xF if words[7] >> 26 & 1 else None
    stride = step(words[6]) if iterations > 1 else 0
    return Descriptor(argument, offset, length, dims, iterations, stride, following)


class _Shims:
    """The shim tiles' registers while a program is read."""

    def __init__(self, registers: Registers, burst: int) -> None:
        self._registers = registers
        self._burst = burst
        self._words: dict[tuple[int, int], tuple[int, ...]] = {}
        self._patches: dict[tuple[int, int], tuple[int, int]] = {}
        self._controllers: dict[int, int] = {}
        self._controlled: set[tuple[int, int, int]] = set()

    def _place(self, address: int) -> tuple[int, int]:
        """Column and offset of an address in a shim tile."""
        registers = self._registers
        column = address >> registers.column_shift
        offset = address & (1 << registers.column_shift) - 1
        if offset >> registers.row_shift:
            raise VerifyError(
                f"instruction words: address {address:#x} is in row {offset >> registers.row_shift}:"
                " only shim and mem tiles are written"
            )
        return column, offset

    def _descriptor_of(self, offset: int) -> tuple[int, int]:
        """Which descriptor an offset lies in, and where in it."""
        registers = self._registers
        number, inside = divmod(offset - registers.shim_bd_base, registers.shim_bd_stride)
        if not 0 <= number < 16:
            raise VerifyError(f"instruction words: {offset:#x} is no descriptor of a shim tile")
        return number, inside

    def write_block(self, operation: BlockWrite) -> None:
        """Write a descriptor."""
        column, offset = self._place(operation.address)
        number, inside = self._descriptor_of(offset)
        if inside or len(operation.words) * WORD != self._registers.shim_bd_stride:
            raise VerifyError("instruction words: a block write that is no whole descriptor")
        self._words[column, number] = operation.words
        self._patches.pop((column, number), None)

    def patch(self, operation: AddressPatch) -> None:
        """Point a descriptor at a host buffer."""
        column, offset = self._place(operation.address)
        number, inside = self._descriptor_of(offset)
        if inside != WORD or (column, number) not in self._words:
            raise VerifyError("instruction words: an address patch of no descriptor's address")
        self._patches[column, number] = (operation.argument, operation.offset)

    def _channel(self, offset: int, extra: int) -> tuple[int, int]:
        """Direction and channel of a control register, ``extra`` bytes behind which ``offset`` is."""
        registers = self._registers
        for direction, base in enumerate(
            (registers.shim_s2mm_control, registers.shim_mm2s_control)
        ):
            channel, rest = divmod(offset - base, registers.channel_stride)
            if rest == extra and channel in (0, 1):
                return direction, channel
        raise VerifyError(f"instruction words: {offset:#x} is no register of a shim's DMA channels")

    def write(self, operation: Write) -> QueuePush | None:
        """A task, where a queue is written; a channel's control register tells who gets its tokens."""
        column, offset = self._place(operation.address)
        if operation.mask != 0xFFFFFFFF:
            self._controlled.add((column, *self._channel(offset, 0)))
            controller = self._controllers.setdefault(column, operation.value)
            if operation.mask != _TOKEN_MASK or operation.value & ~_TOKEN_MASK:
                raise VerifyError(
                    "instruction words: a control register's bits besides its controller"
                )
            if operation.value != controller:
                raise VerifyError(
                    f"instruction words: column {column} sends tokens to two controllers"
                )
            return None
        direction, channel = self._channel(offset, self._registers.queue_offset)
        value = operation.value
        if value & ~_PUSH_BITS:
            raise VerifyError(f"instruction words: {value:#x} is no task")
        runs, token = (value >> 16 & 0xFF) + 1, bool(value >> 31)
        if token and (column, direction, channel) not in self._controlled:
            raise VerifyError(
                f"instruction words: column {column}: a token of a channel whose controller is not set"
            )
        ids = [value & 0xF]
        descriptors = [self._read(column, ids[0])]
        while (following := descriptors[-1].next) is not None:
            if following in ids:
                raise VerifyError("instruction words: a chain of descriptors without an end")
            ids.append(following)
            descriptors.append(self._read(column, following))
        return QueuePush(column, direction, channel, tuple(ids), tuple(descriptors), runs, token)

    def _read(self, column: int, number: int) -> Descriptor:
        words = self._words.get((column, number))
        patch = self._patches.get((column, number))
        if words is None or patch is None:
            raise VerifyError(
                f"instruction words: column {column} starts descriptor {number}, which was not written"
            )
        return _shim_words(words, *patch, self._burst)


def _row(registers: Registers, address: int) -> int:
    """The row of an address."""
    return (address & (1 << registers.column_shift) - 1) >> registers.row_shift


def _to_mem_tile(
    registers: Registers, tiles: MemTiles, operation: BlockWrite | Write
) -> TilePush | None:
    """Take what is written to a mem tile; gives a task, where that is a queue."""
    column = operation.address >> registers.column_shift
    offset = operation.address & (1 << registers.row_shift) - 1
    if isinstance(operation, BlockWrite):
        tiles.write_block(column, offset, operation.words)
    elif operation.mask != 0xFFFFFFFF:
        tiles.write_address(column, offset, operation.value, operation.mask)
    else:
        return tiles.push(column, 1, offset, operation.value)
    return None


def read_commands(operations: Sequence[Operation], arch: Arch) -> Iterator[ControllerCommand]:
    """What a program's operations mean to the channels of an architecture's shims and mem tiles, in order.

    Raises:
        VerifyError: an operation that such a program does not have.
    """
    registers = get_registers()
    shims, tiles = _Shims(registers, arch.shim_burst_code), MemTiles(registers)
    for operation in operations:
        if isinstance(operation, BlockWrite | Write) and _row(registers, operation.address) == 1:
            push = _to_mem_tile(registers, tiles, operation)
            if push is not None:
                yield push
            continue
        match operation:
            case BlockWrite():
                shims.write_block(operation)
            case AddressPatch():
                shims.patch(operation)
            case Write():
                push = shims.write(operation)
                if push is not None:
                    yield push
            case Sync():
                if (operation.row, operation.columns, operation.rows) != (0, 1, 1):
                    raise VerifyError("instruction words: a sync of more than one shim tile")
                yield Await(operation.column, operation.direction, operation.channel)

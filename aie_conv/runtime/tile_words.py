"""Instruction words that write a mem tile's descriptors and queues, read back.

The layout is in mlir-aie's AIEDmaToNpu.cpp (WriteBdToBlockWritePattern, 1e400306) and aie-rt's register
database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aie_conv.arch import Registers
from aie_conv.errors import VerifyError

_WORD = 4
_WORDS = 8
_ADDRESS_MASK = 0x7FFFF
"""Bits of a descriptor's second word that hold its address in words."""
_DESCRIPTORS = 48
_CHANNELS = 6
_PUSH_BITS = 0x00FF000F
"""A task without a token: how often it repeats, and the four bits written of its first descriptor."""


def _refuse(what: str) -> VerifyError:
    return VerifyError(f"instruction words: {what}")


@dataclass(frozen=True)
class LockStep:
    """An acquire or release: the tile's own lock, and by how much."""

    lock: int
    count: int


@dataclass(frozen=True)
class MemTileDescriptor:
    """A mem tile's buffer descriptor, in bytes.

    Attributes:
        address: of its first byte, as the tile's DMA sees it.
        length: bytes of one run.
        dims: (size, stride) of the walk of one run, outermost first, the last a run of bytes.
        iterations, iteration_stride: how often its start moves on, and by how much.
        next: the descriptor behind it in its chain; None at the end.
    """

    address: int
    length: int
    dims: tuple[tuple[int, int], ...]
    iterations: int
    iteration_stride: int
    acquire: LockStep | None
    release: LockStep | None
    next: int | None


@dataclass(frozen=True)
class TilePush:
    """A task of a mem tile's channel: descriptors in turn, ``runs`` times; ``direction`` is 0 for S2MM."""

    column: int
    row: int
    direction: int
    channel: int
    ids: tuple[int, ...]
    descriptors: tuple[MemTileDescriptor, ...]
    runs: int


class MemTiles:
    """The mem tiles' registers while a program is read."""

    def __init__(self, registers: Registers) -> None:
        self._registers = registers
        self._words: dict[tuple[int, int], tuple[int, ...]] = {}
        self._addresses: dict[tuple[int, int], int] = {}

    def _number(self, offset: int) -> tuple[int, int]:
        registers = self._registers
        number, inside = divmod(offset - registers.memtile_bd_base, registers.shim_bd_stride)
        if not 0 <= number < _DESCRIPTORS:
            raise _refuse(f"{offset:#x} is no descriptor of a mem tile")
        return number, inside

    def write_block(self, column: int, offset: int, words: tuple[int, ...]) -> None:
        """Write a descriptor."""
        number, inside = self._number(offset)
        if inside or len(words) != _WORDS:
            raise _refuse("a block write that is no whole descriptor of a mem tile")
        self._words[column, number] = words
        self._addresses.pop((column, number), None)

    def write_address(self, column: int, offset: int, value: int, mask: int) -> None:
        """Write the address of a descriptor."""
        number, inside = self._number(offset)
        if inside != _WORD or mask != _ADDRESS_MASK or (column, number) not in self._words:
            raise _refuse("a mask write of no descriptor's address")
        self._addresses[column, number] = value * _WORD

    def push(self, column: int, row: int, offset: int, value: int) -> TilePush:
        """A task, where a queue is written."""
        registers = self._registers
        places = [
            (direction, channel)
            for direction, base in enumerate(
                (registers.memtile_s2mm_control, registers.memtile_mm2s_control)
            )
            for channel in range(_CHANNELS)
            if offset == base + channel * registers.channel_stride + registers.queue_offset
        ]
        if not places or value & ~_PUSH_BITS:
            raise _refuse(f"{value:#x} to {offset:#x} is no task of a mem tile")
        ((direction, channel),) = places
        ids = [value & 0xF]
        descriptors = [self._read(column, ids[0])]
        while (following := descriptors[-1].next) is not None:
            if following in ids:
                raise _refuse("a chain of descriptors without an end")
            ids.append(following)
            descriptors.append(self._read(column, following))
        runs = (value >> 16 & 0xFF) + 1
        return TilePush(column, row, direction, channel, tuple(ids), tuple(descriptors), runs)

    def _read(self, column: int, number: int) -> MemTileDescriptor:
        words = self._words.get((column, number))
        address = self._addresses.get((column, number))
        if words is None or address is None:
            raise _refuse(
                f"the mem tile of column {column} starts descriptor {number}, which was not written"
            )
        return _descriptor(words, address, self._registers.memtile_lock_base)


def _size(word: int) -> int:
    return word >> 17 & 0x3FF


def _step(word: int) -> int:
    return ((word & 0x1FFFF) + 1) * _WORD


def _dims(words: Sequence[int], length: int) -> tuple[tuple[int, int], ...]:
    """The walk of one run from the three words of its inner dimensions, innermost first."""
    d0, d1 = _size(words[0]), _size(words[1])
    if d0 == 0:
        if any(words):
            raise _refuse("a mem tile's descriptor of one run with steps")
        return ((length, 1),)
    outer = -(-length // (d0 * max(d1, 1) * _WORD))
    sizes = (outer, max(d1, 1), d0)
    return (*zip(sizes, map(_step, reversed(words)), strict=True), (_WORD, 1))


def _descriptor(words: Sequence[int], address: int, base: int) -> MemTileDescriptor:
    """A descriptor from its eight words."""
    padded = (words[1] >> 26, *(words[i] >> 27 for i in (2, 3, 4)), words[5] >> 17, words[6] >> 23)
    unused = (words[0] >> 17, _size(words[4]), words[5], *padded)
    if any(unused) or not words[7] >> 31:
        raise _refuse(
            "a mem tile's descriptor with packets, padding, a fourth dimension, or not valid"
        )
    length = (words[0] & 0x1FFFF) * _WORD
    following = words[1] >> 20 & 0x3F
    follows = words[1] >> 19 & 1
    if not follows and following:
        raise _refuse("a mem tile's descriptor that names another and does not go on with it")
    iterations = (words[6] >> 17 & 0x3F) + 1
    if iterations == 1 and words[6]:
        raise _refuse("a mem tile's descriptor that does not move on, with a step")
    stride = _step(words[6]) if iterations > 1 else 0
    locks = _locks(words[7], base)
    dims = _dims(words[2:5], length)
    return MemTileDescriptor(
        address, length, dims, iterations, stride, *locks, following if follows else None
    )


def _locks(word: int, base: int) -> tuple[LockStep | None, LockStep | None]:
    """The acquire and the release of a descriptor's last word; values have seven bits and a sign."""
    if not word & 0x7FFFFFFF:
        return None, None
    if not word >> 15 & 1 or not word >> 24 & 0x7F:
        raise _refuse("a mem tile's descriptor that acquires and releases no lock, but names one")
    return (
        LockStep((word & 0xFF) - base, 128 - (word >> 8 & 0x7F)),
        LockStep((word >> 16 & 0xFF) - base, word >> 24 & 0x7F),
    )

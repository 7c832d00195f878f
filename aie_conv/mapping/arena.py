"""The arena of a region: where the activations lie that go from one operation to another.

A value that is a slice of its buffer lies within a border that is written once, when the artifact is loaded.
So buffers with a border share their place with those of the same border alone, and all others share freely.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

ALIGNMENT = 64
"""Bytes at whose multiples every buffer begins: the longest burst that all devices' shims have."""


@dataclass(frozen=True)
class ArenaValue:
    """An activation.

    Attributes:
        elements: of its buffer, with those behind it that readers read over.
        first, last: numbers of the operations that write it and read it last.
        border: what equal borders have in common; None where it fills its buffer.
        fill: the number that its border holds.
    """

    elements: int
    first: int
    last: int
    border: Hashable = None
    fill: int | float = 0


@dataclass(frozen=True)
class ArenaFill:
    """Elements of an arena that hold one number when the artifact is loaded."""

    first: int
    elements: int
    value: int | float


@dataclass(frozen=True)
class Arena:
    """The places of values, in elements.

    Attributes:
        elements: of the whole arena.
        offsets: where each value's buffer begins.
        fills: what has to hold a number before the first call.
    """

    elements: int
    offsets: tuple[int, ...]
    fills: tuple[ArenaFill, ...]


@dataclass
class _Slot:
    """A part of the arena that values take in turn."""

    offset: int
    elements: int
    border: Hashable
    busy_until: int


def _is_free(slot: _Slot, value: ArenaValue) -> bool:
    # One operation apart, so that what is written next never waits for what was read last.
    same = slot.border == value.border
    return same and slot.busy_until + 1 < value.first and slot.elements >= value.elements


def lay_out(values: Sequence[ArenaValue], itemsize: int) -> Arena:
    """Places for values, in the order in which they are written; those with ends apart share.

    Args:
        values: in the order of the operations that write them.
        itemsize: bytes of an element.
    """
    quantum = ALIGNMENT // itemsize
    slots: list[_Slot] = []
    offsets: list[int] = []
    fills: list[ArenaFill] = []
    # The largest first would need less; in order a place is what its first value needs, or grows at the end.
    for value in values:
        slot = min((s for s in slots if _is_free(s, value)), key=lambda s: s.elements, default=None)
        if slot is None:
            end = slots[-1].offset + slots[-1].elements if slots else 0
            size = -(-value.elements // quantum) * quantum
            slot = _Slot(end, size, value.border, value.last)
            slots.append(slot)
            if value.border is not None:
                fills.append(ArenaFill(end, value.elements, value.fill))
        slot.busy_until = value.last
        offsets.append(slot.offset)
    total = slots[-1].offset + slots[-1].elements if slots else 0
    return Arena(total, tuple(offsets), tuple(fills))

"""Loops of a tile's code, and where a trip of them is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aie_conv.ir.builder import Builder
from aie_conv.ir.core import INDEX, Value, scalar
from aie_conv.operations.gathered import PlaceTable
from aie_conv.problem import DTYPE_BYTES


@dataclass(frozen=True)
class LoopTrip:
    """A loop of a tile.

    Attributes:
        count: its trips.
        steps: elements from one to the next in each input's section.
        out: the same in the output's object.
        table: where the loop's tiles find elements, if it gathers, by entries of the object's.
        slots: for each input which of the table's rows is its; -1 of those that step.
        row: entries of a row of the table.
    """

    count: int
    steps: list[int]
    out: int
    table: PlaceTable | None = None
    slots: tuple[int, ...] = ()
    row: int = 0

    @property
    def moves(self) -> list[int]:
        """All of the steps."""
        return [*self.steps, self.out]


@dataclass(frozen=True)
class TilePlace:
    """Where a vector of the output lies, and what it is computed of, in elements.

    Attributes:
        sections: of each input's section.
        out: of the output's object.
    """

    sections: list[Value]
    out: Value

    def moved(
        self, w: Builder, iv: Value, trip: LoopTrip, source: Value | None = None
    ) -> "TilePlace":
        """Where a trip of a loop is; ``source`` is the object with the loop's table, if it has one."""
        sections = list[Value]()
        for number, (place, step) in enumerate(zip(self.sections, trip.steps, strict=True)):
            if trip.table is not None and source is not None and trip.slots[number] >= 0:
                first = trip.table.start // trip.table.width + trip.slots[number] * trip.row
                entry = _entry(w, source, trip.table, w.plus(iv, first))
                sections.append(w.sum(place, entry))
            else:
                sections.append(w.sum(place, w.times(iv, step)) if step else place)
        out = w.sum(self.out, w.times(iv, trip.out)) if trip.out else self.out
        return TilePlace(sections, out)


def _entry(w: Builder, source: Value, table: PlaceTable, entry: Value) -> Value:
    """How far a gathered element lies behind its section's first, in its elements."""
    if DTYPE_BYTES[source.type.elem] == table.width:
        return w.word(source, entry)
    # Two bytes of an object of bytes; an entry is less than 2^15.
    byte, wide = w.times(entry, 2), scalar("i32")
    low, high = (w.value("b", "memref.load", source, w.plus(byte, n)) for n in range(2))
    low = w.value("b", "arith.extui", low, to=wide)
    high = w.value("b", "arith.extui", high, to=wide)
    high = w.value("b", "arith.muli", high, w.constant(256, wide))
    return w.value("n", "arith.index_cast", w.sum(low, high), to=INDEX)


def merge_trips(loops: Sequence[LoopTrip]) -> list[LoopTrip]:
    """Loops with those as one that walk on where the next one ends."""
    merged: list[LoopTrip] = []
    for loop in loops:
        before = merged[-1] if merged else None
        tables = loop.table is not None or (before is not None and before.table is not None)
        if (
            before is not None
            and not tables
            and all(
                far == loop.count * near for far, near in zip(before.moves, loop.moves, strict=True)
            )
        ):
            merged[-1] = replace(loop, count=before.count * loop.count)
        else:
            merged.append(loop)
    return merged

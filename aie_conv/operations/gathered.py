"""Axes of which a tile takes elements in no even steps: what it brings, and tables by which a core finds it.

The DMA brings the elements between the first and the last that a tile takes along each such axis. A table in
the same object has, for each input and each output along the axis, how far it lies behind the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from aie_conv.errors import ConfigRefused
from aie_conv.operations.axes import LoopAxis
from aie_conv.operations.view import OperationView

_MOST_OFFSET = 1 << 15
"""An entry of two bytes is less."""


@dataclass(frozen=True)
class PlaceTable:
    """One axis' table in a tile's objects.

    Attributes:
        axis: its number.
        start: where it begins in an object, in bytes.
        words: its length, in words of 4 bytes.
        offset: where its rows begin in the argument that has them, a row a tile, in words.
        width: bytes of an entry.
    """

    axis: int
    start: int
    words: int
    offset: int
    width: int

    @property
    def bytes(self) -> int:
        """Its length in an object."""
        return 4 * self.words


def starts(size: int, tile: int) -> list[int]:
    """Where the tiles of an axis begin; the last one may overlap the one before."""
    return [min(first, size - tile) for first in range(0, size, tile)]


def _sharing(view: OperationView, number: int) -> tuple[int, ...]:
    """The inputs that read what input ``number`` does."""
    shared = view.shared
    return tuple(other for other, first in enumerate(shared) if first == shared[number])


def span(view: OperationView, dim: int, number: int, tile: int) -> int:
    """Elements along an axis that a tile of an input brings, at most."""
    return _longest(view.axes[dim], _sharing(view, number), tile)


@lru_cache(maxsize=512)
def _longest(axis: LoopAxis, numbers: tuple[int, ...], tile: int) -> int:
    """The same of inputs that read one thing: every tile's place is asked for it."""
    return max(
        last - first + 1
        for start in starts(axis.size, tile)
        for first, last in [_bounds(axis, numbers, start, tile)]
    )


def _bounds(axis: LoopAxis, numbers: Sequence[int], start: int, tile: int) -> tuple[int, int]:
    taken = [place for n in numbers for place in axis.places[n][start : start + tile]]
    # What begins with the buffer begins on 4 bytes.
    return 0 if tile == axis.size else min(taken), max(taken)


def first(view: OperationView, dim: int, number: int, start: int, tile: int) -> int:
    """The first element along an axis that the tile from ``start`` brings of an input."""
    axis, numbers = view.axes[dim], _sharing(view, number)
    most = max(max(axis.places[n]) for n in numbers)
    least, _ = _bounds(axis, numbers, start, tile)
    # Every tile brings as many, the last ones from as far in front as it takes.
    return min(least, most + 1 - span(view, dim, number, tile)) if most else least


def tables(
    view: OperationView, sizes: Sequence[int], begin: int, width: int
) -> tuple[PlaceTable, ...]:
    """The tables of a tile.

    Args:
        view: of what.
        sizes: of the tile.
        begin: bytes of an object in front of them.
        width: bytes of an entry.
    """
    placed, offset = list[PlaceTable](), 0
    for dim, axis in enumerate(view.axes):
        if axis.places:
            entries = sum(bool(each) for each in axis.places) * sizes[dim]
            words = -(-entries * width // 32) * 8
            placed.append(PlaceTable(dim, begin, words, offset, width))
            begin += 4 * words
            offset += words * len(starts(axis.size, sizes[dim]))
    return tuple(placed)


def rows(
    view: OperationView, sizes: Sequence[int], pitches: Sequence[Sequence[int]], width: int
) -> tuple[int, ...]:
    """The words of all tables, one axis behind the other, a row a tile.

    Args:
        view: of what.
        sizes: of the tile.
        pitches: of each input's section, along each axis.
        width: bytes of an entry.

    Raises:
        ConfigRefused: an entry is too large.
    """
    data = bytearray()
    for dim, axis in enumerate(view.axes):
        for start in starts(axis.size, sizes[dim]) if axis.places else ():
            row = bytearray()
            for number, places in enumerate(axis.places):
                before = first(view, dim, number, start, sizes[dim]) if places else 0
                for place in places[start : start + sizes[dim]]:
                    entry = (place - before) * pitches[number][dim]
                    if entry >= _MOST_OFFSET and width == 2:
                        raise ConfigRefused("tables", f"tables: an offset of {entry} elements")
                    row += entry.to_bytes(width, "little")
            data += row.ljust(-(-len(row) // 32) * 32, b"\0")
    words = [data[i : i + 4] for i in range(0, len(data), 4)]
    return tuple(int.from_bytes(word, "little", signed=True) for word in words)


def rows_count(view: OperationView, sizes: Sequence[int], placed: Sequence[PlaceTable]) -> int:
    """Words of all tables together."""
    return sum(
        table.words * len(starts(view.axes[table.axis].size, sizes[table.axis])) for table in placed
    )


def slots(axis: LoopAxis) -> list[int]:
    """For each input which of a table's rows of entries is its; -1 of others."""
    filled = [bool(each) for each in axis.places]
    return [sum(filled[:n]) if has else -1 for n, has in enumerate(filled)]

"""How windows that overlap are walked: what one output's window has of the one before it is kept.

A 3x3 window that moves on by one has three columns, of which two were combined for the output before: one is
read and combined, and two are kept in registers.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from aie_conv.operations.tile import OperationTile

WRITTEN_OUT = 32
"""Taps of a window that are written one behind the other; of more there are loops."""

_KEPT = 6
"""Columns that are kept in registers, at most: half of the vector registers of both architectures."""

_BEGIN_CYCLES = 16
"""Cycles of a core until a walk's first columns are combined and its loop begins."""


@dataclass(frozen=True)
class SlidingWindows:
    """Windows that are walked along one axis.

    Attributes:
        axis: the axis.
        kept: where the columns that the window before has begin, in elements of the input's section.
        fresh: the same of those that it does not have.
        others: places in a column.
        outputs: of a walk.
    """

    axis: int
    kept: tuple[int, ...]
    fresh: tuple[int, ...]
    others: tuple[int, ...]
    outputs: int

    @property
    def loads(self) -> int:
        """Elements that are read for an output, for each lane."""
        return len(self.fresh) * len(self.others)

    @property
    def combined(self) -> int:
        """Elements that are combined with another for an output, for each lane."""
        window = len(self.kept) + len(self.fresh)
        return len(self.fresh) * (len(self.others) - 1) + window - 1

    @property
    def first_loads(self) -> int:
        """Elements that are read before a walk, for each lane."""
        return len(self.kept) * len(self.others)

    @property
    def work(self) -> int:
        """Operations and cycles of a walk, for the comparison with others."""
        return self.outputs * (self.loads + self.combined) + 2 * self.first_loads + _BEGIN_CYCLES


@lru_cache(maxsize=4096)
def sliding_windows(tile: OperationTile) -> SlidingWindows | None:
    """The walk that takes least, or None where each window by itself takes less."""
    taps = prod(tile.taps)
    if tile.chunks > 1 or tile.tables or taps > WRITTEN_OUT:
        return None
    walks = [
        _along(tile, axis)
        for axis, each in enumerate(tile.view.axes[:-1])
        if each.step < tile.taps[axis] <= _KEPT + each.step and each.dilation == 1
    ]
    saving = [walk for walk in walks if walk.work < walk.outputs * (2 * taps - 1)]
    return min(saving, key=lambda walk: walk.work / walk.outputs, default=None)


def _along(tile: OperationTile, axis: int) -> SlidingWindows:
    """The walk along an axis."""
    pitches, step = tile.sections[0].pitches, tile.view.axes[axis].step
    others = [0]
    for other, (taps, each) in enumerate(zip(tile.taps, tile.view.axes, strict=True)):
        if other != axis:
            apart = each.dilation * pitches[other]
            others = [place + number * apart for place in others for number in range(taps)]
    columns = [number * pitches[axis] for number in range(tile.taps[axis])]
    kept, fresh = columns[: len(columns) - step], columns[len(columns) - step :]
    return SlidingWindows(axis, tuple(kept), tuple(fresh), tuple(others), tile.sizes[axis])

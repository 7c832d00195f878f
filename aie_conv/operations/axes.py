"""Axes that an operation's operands are walked along."""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class LoopAxis:
    """One axis of the output, of a window, or of both; strides in elements.

    Output element o and tap k of the axis meet element ``o * step + k * dilation`` of the input's axis.

    Attributes:
        size: elements of the output; 1 where it is only reduced.
        taps: elements that are combined; 1 where none are.
        unit: the input's stride from one of its elements to the next.
        step, dilation: of output and window on the input's axis.
        others: stride of each other input; 0 where it is broadcast.
        out: the output's stride.
        along: whether its elements are a row's: steps combine what is computed of them.
        places: of each input that is taken in no even steps, which of its elements each output takes;
            empty of others, and where there is none.
    """

    size: int
    taps: int
    unit: int
    step: int
    dilation: int
    others: tuple[int, ...]
    out: int
    along: bool = False
    places: tuple[tuple[int, ...], ...] = ()

    @property
    def stored(self) -> int:
        """Elements of the output that it walks."""
        return 1 if self.along and not self.out else self.size

    def span(self, size: int, taps: int) -> int:
        """Elements of the input's axis that ``size`` outputs of ``taps`` taps meet."""
        return (size - 1) * self.step + (taps - 1) * self.dilation + 1

    def stride(self, number: int) -> int:
        """An input's stride."""
        return self.others[number - 1] if number else self.unit

    def gathers(self, number: int) -> bool:
        """Whether an input is taken in no even steps."""
        return bool(self.places) and bool(self.places[number])


def merge_axes(axes: Sequence[LoopAxis]) -> tuple[LoopAxis, ...]:
    """Neighbours that every operand walks as one become one."""
    merged: list[LoopAxis] = []
    for axis in axes:
        before = merged[-1] if merged else None
        if before is not None and _is_one(before, axis):
            merged[-1] = replace(axis, size=before.size * axis.size, taps=before.taps * axis.taps)
        else:
            merged.append(axis)
    return tuple(merged)


def _is_one(outer: LoopAxis, inner: LoopAxis) -> bool:
    if outer.places or inner.places:
        return False
    if outer.along != inner.along:
        return False
    parallel = outer.taps == inner.taps == 1 and outer.step == inner.step == 1
    reduced = outer.size == inner.size == 1
    if not (parallel or reduced) or (outer.taps > 1) != (inner.taps > 1):
        return False
    count = inner.size if parallel else inner.taps
    pairs = [(outer.unit, inner.unit), (outer.out, inner.out)]
    pairs += list(zip(outer.others, inner.others, strict=True))
    return all(far == count * near for far, near in pairs)

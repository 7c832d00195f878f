"""Places in an arena: values that live at a time lie apart, borders stay as they were written."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from aie_conv.mapping.arena import ALIGNMENT, ArenaValue, lay_out


@st.composite
def values(draw: st.DrawFn) -> list[ArenaValue]:
    made: list[ArenaValue] = []
    for first in range(draw(st.integers(1, 12))):
        elements = draw(st.integers(1, 300))
        border = draw(st.sampled_from([None, "a", "b"]))
        last = first + draw(st.integers(0, 5))
        # Equal borders are of equal buffers; what is read behind them may differ.
        size = elements if border is None else {"a": 100, "b": 200}[border] + elements % 7
        made.append(ArenaValue(size, first, last, border, {"a": 1, "b": 2}.get(border or "", 0)))
    return made


@given(values(), st.sampled_from([1, 2, 4]))
def test_places(made: list[ArenaValue], itemsize: int) -> None:
    arena = lay_out(made, itemsize)
    places = [range(o, o + v.elements) for o, v in zip(arena.offsets, made, strict=True)]
    for place in places:
        assert place.start * itemsize % ALIGNMENT == 0
        assert place.stop <= arena.elements
    for (one, a), (other, b) in combinations(zip(made, places, strict=True), 2):
        if a.start >= b.stop or b.start >= a.stop:
            continue
        assert one.border == other.border
        # At least an operation lies between the last reader and the next writer.
        assert one.last + 1 < other.first or other.last + 1 < one.first
    for value, place in zip(made, places, strict=True):
        around = [
            f for f in arena.fills if f.first < place.stop and place.start < f.first + f.elements
        ]
        if value.border is None:
            assert around == []
            continue
        (fill,) = around
        assert (fill.first, fill.value) == (place.start, value.fill)


def test_borders_are_written_over_the_whole_buffer() -> None:
    arena = lay_out([ArenaValue(100, 0, 1, "a", -128), ArenaValue(100, 4, 5, "a", -128)], 1)
    assert arena.offsets == (0, 0)
    assert [(f.first, f.elements, f.value) for f in arena.fills] == [(0, 100, -128)]

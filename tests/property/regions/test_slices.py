"""Whether walks of a buffer meet, against the sets of their elements."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from aie_conv.layout.footprint import Footprint, are_apart


def elements(walk: Footprint) -> set[int]:
    ranges = [range(0, size * stride, stride) for size, stride in walk.walked]
    return {walk.offset + sum(steps) for steps in product(*ranges)}


_WALKS = st.builds(
    Footprint,
    st.integers(0, 40),
    st.lists(st.tuples(st.integers(2, 4), st.sampled_from((1, 2, 8, 24))), max_size=3).map(tuple),
)


@given(_WALKS, _WALKS)
def test_what_is_apart_has_no_element_in_common(one: Footprint, other: Footprint) -> None:
    if are_apart(one, other):
        assert not elements(one) & elements(other)


def test_channels_of_equal_pixels_and_rows_of_an_image_are_apart() -> None:
    rows = (16, 48 * 16), (16, 48)
    assert are_apart(Footprint(0, (*rows, (16, 1))), Footprint(16, (*rows, (32, 1))))
    assert not are_apart(Footprint(0, (*rows, (17, 1))), Footprint(16, (*rows, (32, 1))))
    assert are_apart(Footprint(0, ((8, 64), (64, 1))), Footprint(8 * 64, ((8, 64), (64, 1))))

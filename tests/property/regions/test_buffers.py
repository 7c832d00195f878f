"""Values that share buffers: each has a place of its own, of its type, and there are few buffers."""

from hypothesis import given
from hypothesis import strategies as st

from aie_conv.partitioner.buffers import count_types, share_buffers
from aie_conv.plan import Argument
from aie_conv.problem import DTYPE_BYTES

_VALUES = st.lists(
    st.builds(
        Argument,
        st.just("value"),
        st.sampled_from(("i8", "bf16", "i32")),
        st.integers(1, 300),
        st.integers(0, 70),
    ),
    max_size=9,
)


@given(_VALUES, st.integers(0, 5))
def test_values_lie_apart_in_few_buffers(values: list[Argument], most: int) -> None:
    buffers, places = share_buffers(dict(enumerate(values)), most, "out")
    assert len(buffers) == max(min(len(values), most), count_types(values))
    assert [b.name for b in buffers] == [f"out_{n}" for n in range(len(buffers))]
    known = {buffer.name: buffer for buffer in buffers}
    taken: dict[str, set[int]] = {name: set() for name in known}
    for key, value in enumerate(values):
        place, buffer = places[key], known[places[key].argument]
        assert buffer.dtype == value.dtype
        assert place.offset * DTYPE_BYTES[value.dtype] % 64 == 0
        elements = set(range(place.offset, place.offset + value.elements))
        assert not elements & taken[buffer.name]
        taken[buffer.name] |= elements
        # What is read over the end is there too.
        assert place.offset + value.elements + value.slack <= buffer.elements + buffer.slack
    assert all(max(taken[name]) < known[name].elements for name in known)

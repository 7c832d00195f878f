"""Links whose FIFO out is larger than the FIFO in: elements read several times, zeros around them."""

from math import prod

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided

from aie_conv.errors import VerifyError
from aie_conv.sim import Simulator
from tests.property.sim.test_programs import signed
from tests.support.sim.programs import relay

Dims = list[tuple[int, int]]
Pads = list[tuple[int, int]]


def stream_text(dims: Dims) -> str:
    rows = ", ".join(f"<size = {size}, stride = {stride}>" for size, stride in dims)
    return f"dimensionsToStream [{rows}]"


def pad_text(pads: Pads) -> str:
    rows = ", ".join(f"<const_pad_before = {b}, const_pad_after = {a}>" for b, a in pads)
    return f"{{padDimensions = #aie<bd_pad_layout_array[{rows}]>}}"


def sent(x: np.ndarray, dims: Dims, pads: Pads) -> np.ndarray:
    """What the mem tile sends of each object of ``x`` [objects][elements]."""
    item = x.itemsize
    strides = (x.strides[0], *(stride * item for _, stride in dims))
    walked = as_strided(x, (len(x), *(size for size, _ in dims)), strides)
    return np.pad(walked, ((0, 0), *pads)).reshape(len(x), -1)


def received(dims: Dims, pads: Pads) -> int:
    return prod(b + size + a for (size, _), (b, a) in zip(dims, pads, strict=True))


@st.composite
def expansions(draw: st.DrawFn) -> tuple[int, Dims, Pads]:
    """Elements of the object in, and a walk that sends more of them, in multiples of 16."""
    inner = 4 * draw(st.integers(1, 6))
    outer = draw(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 8)), min_size=1, max_size=2))
    dims = [*((size, 4 * stride) for size, stride in outer), (inner, 1)]
    pads = [
        (draw(st.integers(0, 2)) * step, draw(st.integers(0, 2)) * step)
        for step in (1,) * len(outer) + (4,)
    ]
    if draw(st.booleans()):
        pads = [(0, 0)] * len(dims)
    while received(dims, pads) % 16:  # the core copies 16 elements at a time
        pads[0] = (pads[0][0], pads[0][1] + 1)
    reach = 1 + sum((size - 1) * stride for size, stride in dims)
    assume(reach <= received(dims, pads))
    stored = draw(st.integers(reach // 4, received(dims, pads) // 4))
    return 4 * stored, dims, pads


@given(expansions(), st.integers(1, 3), st.integers(1, 2))
def test_objects_are_read_as_the_dimensions_say(
    case: tuple[int, Dims, Pads], objects: int, depth: int
) -> None:
    stored, dims, pads = case
    elements = received(dims, pads)
    text = relay(
        stored,
        "i8",
        to_stream=stream_text(dims),
        attributes=pad_text(pads),
        received=elements,
        objects=objects,
        depth=depth,
    )
    x, y = signed((objects, stored)), np.zeros((objects, elements), np.int8)
    Simulator(text).run([x.reshape(-1), y.reshape(-1)])
    np.testing.assert_array_equal(y, sent(x, dims, pads))


WINDOWS: Dims = [(7, 8), (16, 1)]
ZEROS = pad_text([(0, 0), (0, 0)])


def test_the_core_may_reorder_what_is_read_twice() -> None:
    text = relay(
        64,
        "i8",
        to_stream=stream_text(WINDOWS),
        from_stream="dimensionsFromStream [<size = 7, stride = 8>, <size = 2, stride = 56>,"
        " <size = 8, stride = 1>]",
        attributes=ZEROS,
        received=112,
    )
    x, y = signed((2, 64)), np.zeros((2, 112), np.int8)
    Simulator(text).run([x.reshape(-1), y.reshape(-1)])
    want = sent(x, WINDOWS, [(0, 0), (0, 0)]).reshape(2, 7, 2, 8).transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(y.reshape(want.shape), want)


def test_reading_twice_costs_the_words_that_are_sent() -> None:
    text = relay(64, "i8", to_stream=stream_text(WINDOWS), attributes=ZEROS, received=112)
    stats = Simulator(text).run([np.zeros(128, np.int8), np.zeros(224, np.int8)])
    assert sorted(stats.dma_words.values()) == [2 * 64 // 4, 2 * 112 // 4, 2 * 112 // 4]


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.booleans())
def test_what_the_mem_tile_holds_is_cut_and_sent_again(
    pieces: int, repeat: int, objects: int, depth: int, across: bool
) -> None:
    """Each object of 4 rows is sent ``repeat`` times, row by row or column by column, in pieces of 64."""
    columns = 16 * pieces
    dims = [(columns // 8, 8), (4, columns), (8, 1)] if across else [(4 * columns, 1)]
    text = relay(
        4 * columns,
        "i8",
        to_stream=stream_text(dims),
        attributes=f"{{repeat_count = {repeat} : i32}}",
        received=64,
        objects=objects,
        sent=pieces * repeat,
        depth=depth,
    )
    x = signed((objects, 4 * columns))
    y = np.zeros((objects, repeat, 4 * columns), np.int8)
    stats = Simulator(text).run([x.reshape(-1), y.reshape(-1)])
    want = sent(x, dims, [(0, 0)] * len(dims))
    np.testing.assert_array_equal(y, np.repeat(want[:, None], repeat, axis=1))
    # It came once over the shim.
    words = objects * columns
    assert sorted(stats.dma_words.values()) == [words, words * repeat, words * repeat]


def broken(text: str, message: str) -> None:
    with pytest.raises(VerifyError, match=message):
        Simulator(text)


def test_without_padding_both_ends_of_a_link_have_one_size() -> None:
    broken(relay(64, "i8", to_stream=stream_text(WINDOWS), received=112), "larger size at both")


def test_a_walk_stays_inside_the_object_in() -> None:
    broken(
        relay(60, "i8", to_stream=stream_text(WINDOWS), attributes=ZEROS, received=112),
        "out of bounds: it reaches element 63 of 60",
    )


def test_what_is_held_is_cut_into_whole_objects() -> None:
    broken(relay(96, "i8", received=64, sent=1), "give whole objects")


def test_padding_does_not_shrink() -> None:
    text = relay(128, "i8", to_stream=stream_text([(8, 8), (8, 1)]), attributes=ZEROS, received=64)
    broken(text, "is smaller")


def test_descriptors_pad_three_dimensions() -> None:
    dims: Dims = [(2, 4), (2, 8), (7, 4), (4, 1)]
    text = relay(
        64, "i8", to_stream=stream_text(dims), attributes=pad_text([(0, 0)] * 4), received=112
    )
    broken(text, "4 dimensions: descriptors pad 3")

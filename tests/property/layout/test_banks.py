"""Buffers in the banks of a core's memory: many sets at once lie as each does by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch.banks import meeting, meeting_rows, place, place_rows

SIZES = st.one_of(st.just(-1), st.integers(0, 40_000), st.sampled_from([4096, 8192, 16384]))


@given(st.integers(1, 8), st.data())
def test_rows_are_placed_as_sets(buffers: int, data: st.DataObject) -> None:
    row = st.lists(SIZES, min_size=buffers, max_size=buffers)
    sizes = np.array(data.draw(st.lists(row, min_size=1, max_size=6)), np.int64)
    found = place_rows(sizes, 2048, 16384, 4)
    for row_sizes, shares in zip(sizes.tolist(), found, strict=True):
        there = {i: size for i, size in enumerate(row_sizes) if size >= 0}
        for i, share in place(there, 2048, 16384, 4).items():
            assert tuple(shares[i].tolist()) == share


@given(st.data())
def test_rings_meet_as_often(data: st.DataObject) -> None:
    sizes = np.array(data.draw(st.lists(st.lists(st.integers(0, 30_000), min_size=4, max_size=4), min_size=1, max_size=5)), np.int64)  # fmt: skip
    shares = place_rows(sizes, 2048, 16384, 4)
    places = [shares[:, i] for i in range(4)]
    for one, other in (([0], [1]), ([0], [2, 3]), ([0, 1], [2, 3])):
        found = meeting_rows([places[i] for i in one], [places[i] for i in other])
        for row in range(len(sizes)):
            a, b = (tuple(tuple(places[i][row].tolist()) for i in ring) for ring in (one, other))
            assert found[row] == meeting(a, b)

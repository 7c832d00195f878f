"""Contiguous runs of a walk: of numbers and of columns alike, and as a pattern has them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.layout.pattern import Pattern, coalesce
from aie_conv.mapping.addresses import runs_of

DIMS = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from([0, 1, 2, 4, 8, 12, 16, 32])), min_size=1, max_size=5
)  # fmt: skip


@given(st.lists(DIMS, min_size=1, max_size=5), st.sampled_from([1, 2, 4]))
def test_a_walk_has_the_runs_of_its_pattern(walks: list[list[tuple[int, int]]], size: int) -> None:
    length = max(map(len, walks))
    padded = [[(1, 0)] * (length - len(dims)) + dims for dims in walks]
    for dims in walks:
        assert runs_of(dims, size) == Pattern(0, tuple(dims)).runs(size)
    columns = [
        (np.array([dims[i][0] for dims in padded]), np.array([dims[i][1] for dims in padded]))
        for i in range(length)
    ]
    run, pitch = runs_of(columns, size)
    found = list(
        zip(np.broadcast_to(run, len(walks)), np.broadcast_to(pitch, len(walks)), strict=True)
    )
    assert found == [Pattern(0, tuple(dims)).runs(size) for dims in walks]


@given(DIMS, st.lists(st.integers(0, 3), max_size=12))
def test_folding_keeps_the_stream(dims: list[tuple[int, int]], steps: list[int]) -> None:
    """Runs of equal steps that do not fold among them."""
    offsets = np.cumsum([0, *(step * 64 for step in steps)]).tolist()
    patterns = [Pattern(offset, tuple(dims)) for offset in offsets]
    folded = coalesce(patterns)
    assert len(folded) <= len(patterns)
    assert [a for p in folded for a in p.addresses()] == [
        a for p in patterns for a in p.addresses()
    ]

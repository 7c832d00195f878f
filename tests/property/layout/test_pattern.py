"""Patterns keep their address stream through folding and splitting, within the shim's fields."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.errors import ConfigRefused
from aie_conv.layout.pattern import Pattern, coalesce, simplify, split

ARCH = get_device("npu1_4col").arch

outer_dims = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, 5, 70]), st.sampled_from([0, 8, 16, 24, 64])), max_size=3
)
runs = st.sampled_from([8, 16, 24, 2200])


@st.composite
def patterns(draw: st.DrawFn) -> list[Pattern]:
    run = draw(runs)
    dims = (*draw(outer_dims), (run, 1))
    offsets = [0]
    for _ in range(draw(st.integers(0, 4))):
        offsets.append(offsets[-1] + draw(st.sampled_from([0, 8, 8, 1000])))
    return [Pattern(offset, dims) for offset in offsets]


@given(patterns())
def test_tasks_walk_the_same_addresses(given_patterns: list[Pattern]) -> None:
    want = list(chain.from_iterable(p.addresses() for p in given_patterns))
    got: list[int] = []
    for pattern in coalesce(given_patterns):
        for task in split(pattern, 2, ARCH):
            walk = Pattern(task.offset, tuple(zip(task.sizes, task.strides, strict=True)))
            got += walk.addresses()
            d3, _, d1, d0 = task.sizes
            assert d3 <= 1 << ARCH.shim_iteration_bits
            assert d1 < 1 << ARCH.shim_wrap_bits
            linear = task.sizes[1:3] == (1, 1)
            assert linear or d0 // 2 < 1 << ARCH.shim_wrap_bits
            assert all(
                stride
                for stride, size in zip(task.strides[1:], task.sizes[1:], strict=True)
                if size > 1
            )
    assert got == want


@given(outer_dims)
def test_simplify_keeps_the_walk(dims: list[tuple[int, int]]) -> None:
    whole = (*dims, (8, 1))
    before = list(Pattern(0, whole).addresses())
    assert list(Pattern(0, simplify(whole)).addresses()) == before


def test_neighbours_fold_into_one_task() -> None:
    tiles = [Pattern(64 * i, ((4, 512), (16, 1))) for i in range(10)]
    (only,) = coalesce(tiles)
    assert only.dims == ((10, 64), (4, 512), (16, 1))


@pytest.mark.parametrize(
    "pattern", [Pattern(1, ((8, 1),)), Pattern(0, ((4, 3), (8, 1))), Pattern(0, ((4, 8), (3, 1)))]
)
def test_addresses_off_four_bytes_are_refused(pattern: Pattern) -> None:
    with pytest.raises(ConfigRefused, match="not on 4 bytes"):
        split(pattern, 1, ARCH)

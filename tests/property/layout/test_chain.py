"""Chains walk what their tasks walk, within the fields, with fewer descriptors."""

from collections.abc import Iterable
from itertools import chain as joined

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.arch import get_device
from aie_conv.layout.chain import Chain, Part, chains, expand
from aie_conv.layout.pattern import Dims, Task, simplify

ARCH = get_device("npu1_4col").arch
ITEMSIZE = {"i8": 1, "bf16": 2}


@st.composite
def streams(draw: st.DrawFn) -> list[Part]:
    """Stretches of tasks with a period, and single ones between them."""
    kinds = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["lhs", "residual"]),
                st.sampled_from(["i8", "bf16"]),
                st.sampled_from([(1, 1, 16), (1, 4, 8), (3, 2, 8), (1, 1, 2048), (2, 3, 2048)]),
                st.sampled_from([1, 1, 1, 2, 4, 5]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    found: list[Part] = []
    for _ in range(draw(st.integers(1, 4))):
        places = [
            (draw(st.sampled_from(kinds)), draw(st.integers(0, 9)) * 64, step)
            for step in draw(
                st.lists(st.sampled_from([0, 8, 64, -64, 1 << 23]), min_size=1, max_size=5)
            )
        ]
        for number in range(draw(st.sampled_from([1, 2, 3, 7, 70]))):
            for (name, dtype, sizes, iterations), start, step in places:
                inside = draw(st.just(256))
                task = Task(
                    start + (1 << 30) + number * step,
                    (iterations, *sizes),
                    (inside if iterations > 1 else 0, 512, 32, 1),
                )
                found.append(Part(name, dtype, task))
    return found


def walked(parts: Iterable[Part]) -> list[tuple[str, str, int, Dims]]:
    """What each task moves, however its dimensions are written."""
    return [
        (p.name, p.dtype, p.task.offset, simplify(tuple(zip(p.task.sizes, p.task.strides, strict=True))))
        for p in parts
    ]  # fmt: skip


def units(parts: list[Part]) -> list[tuple[str, str, int, Dims]]:
    return walked(joined.from_iterable(expand((part,)) for part in parts))


@given(streams(), st.sampled_from([1, 2, 4, 9]))
def test_a_chain_is_its_tasks_in_turn(parts: list[Part], most: int) -> None:
    made = chains(parts, ITEMSIZE, ARCH, most)
    assert walked(joined.from_iterable(map(expand, made))) == units(parts)
    assert sum(map(len, made)) <= len(parts)
    for chain in made:
        assert 1 <= len(chain) <= most
        assert len({part.task.sizes[0] for part in chain}) == 1
        for part in chain:
            assert part.task.sizes[0] <= 1 << ARCH.shim_iteration_bits
            size, task = ITEMSIZE[part.dtype], part.task
            words = task.strides[0] * size // 4
            assert (
                0 <= words <= 1 << (ARCH.shim_step_bits if len(chain) == 1 else ARCH.core_step_bits)
            )
            if len(chain) > 1:
                assert max(*task.sizes[1:3], task.sizes[3] * size // 4) <= 255


def residual(tiles: int) -> list[Part]:
    """A tile's input and residual in turn."""
    return [
        Part(name, "i8", Task(number * step, (1, 1, 4, 64), (0, 0, 256, 1)))
        for number in range(tiles)
        for name, step in (("lhs", 1024), ("residual", 4096))
    ]


def starts(made: list[Chain]) -> list[tuple[int, ...]]:
    return [(len(chain), chain[0].task.sizes[0]) for chain in made]


def test_two_buffers_in_turn_are_one_entry() -> None:
    assert starts(chains(residual(14), ITEMSIZE, ARCH, 4)) == [(2, 14)]


def test_an_iteration_field_holds_64() -> None:
    assert starts(chains(residual(66), ITEMSIZE, ARCH, 4)) == [(2, 64), (2, 2)]


def test_tiles_of_few_rows_are_chains_of_rows() -> None:
    """The last tile, moved back to end with the image, keeps its own task."""
    rows = (4, 1, 4, 64)
    tiles = [Task((1 << 16) + 512 * t, rows, (8192, 0, 128, 1)) for t in range(8)]
    parts = [
        Part("result", "i8", task)
        for task in [*tiles, Task((1 << 16) + 3900, rows, (8192, 0, 128, 1))]
    ]
    assert starts(chains(parts, ITEMSIZE, ARCH, 4)) == [(4, 8), (1, 4)]


@pytest.mark.parametrize("tiles", [1, 2, 4, 7])
def test_what_saves_little_stays(tiles: int) -> None:
    """A chain of four for seven tasks would hold up its column's start for three fewer."""
    parts = [
        Part("result", "i8", Task(512 * t, (4, 1, 4, 64), (8192, 0, 128, 1))) for t in range(tiles)
    ]
    assert chains(parts, ITEMSIZE, ARCH, 4) == [(part,) for part in parts]


@pytest.mark.parametrize("run", [1792, 2048, 4 * 257, 4 * 255])
def test_a_long_run_is_written_as_two_dimensions_in_a_chain(run: int) -> None:
    """Unless it has no divisor that the field holds: 257 words have none but 1."""
    parts = [
        Part(name, "i8", Task(number * 8192, (1, 1, 1, run), (0, 0, 0, 1)))
        for number in range(8)
        for name in ("lhs", "residual")
    ]
    (made, *_) = chains(parts, ITEMSIZE, ARCH, 4)
    assert len(made) == (1 if run == 4 * 257 else 2)


def test_a_far_step_takes_tasks_of_their_own() -> None:
    parts = [
        Part(name, "i8", Task(number << 16, (1, 1, 4, 64), (0, 0, 256, 1)))
        for number in range(8)
        for name in ("lhs", "residual")
    ]
    assert chains(parts, ITEMSIZE, ARCH, 4) == [(part,) for part in parts]

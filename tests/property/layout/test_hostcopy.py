"""Host copies in numpy, and that the CPU's code for them gives the same bits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.layout.hostcopy import SMALLEST_NORMAL, HostCopy, apply, made_of
from aie_conv.plan import Argument
from tests.support.bridge.reference import PassPlan
from tests.support.layout.copied import copies_on_cpu


def test_transpose_and_pad() -> None:
    copy = HostCopy("lhs", (2, 3), "i8", (0, 0), (2, 3), (1, 0), "packed", (3, 4), "i8", (0, 0))
    x = np.arange(6, dtype=np.int8)
    packed = apply([copy], {"lhs": x})["packed"]
    np.testing.assert_array_equal(packed[:, :2], x.reshape(2, 3).T)
    assert not packed[:, 2:].any()
    assert not copy.covers_dest


def test_a_dest_named_before_its_sources_is_made_of_constants() -> None:
    def copy(source: str, dest: str) -> HostCopy:
        return HostCopy(source, (2,), "i8", (0,), (2,), (0,), dest, (4,), "i8", (0,))

    copies = [
        copy("rhs", "blocks"), copy("blocks", "weights"), copy("in0", "vector"),
        copy("vector", "weights"), copy("lhs", "packed"), copy("blocks", "packed"),
    ]  # fmt: skip
    made = made_of(copies, {"rhs", "in0"})
    assert made == {"rhs", "in0", "blocks", "vector", "weights"}
    assert made_of(copies, {"rhs"}) == {"rhs", "blocks"}


def test_slice_and_cast_rounds_to_even() -> None:
    copy = HostCopy("in0", (4,), "f32", (1,), (2,), (0,), "half", (2,), "bf16", (0,))
    x = np.array([0, 1 + 2**-8, 1 + 3 * 2**-8, 0], np.float32)
    half = apply([copy], {"in0": x})["half"]
    assert half.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(half.astype(np.float32), [1, 1 + 2**-6])
    assert copy.covers_dest


def test_several_copies_fill_one_destination_by_bytes() -> None:
    first = HostCopy("rhs", (1, 4), "bf16", (0, 0), (1, 4), (0, 1), "w", (1, 8), "bf16", (0, 0))
    bias = HostCopy("in0", (1, 4), "bf16", (0, 0), (1, 4), (0, 1), "w", (1, 8), "bf16", (0, 4))
    weights = np.arange(4).astype(ml_dtypes.bfloat16)
    values = np.array([1.5, -2.5], np.float32)
    made = apply([first, bias], {"rhs": weights, "in0": values})["w"]
    np.testing.assert_array_equal(made[0, :4].astype(np.float32), [0, 1, 2, 3])
    np.testing.assert_array_equal(made[0, 4:].view(np.float32), values)


PARTS = ("whole", "hi", "lo")
ROWS, COLUMNS = 6, 7


def part(name: str, dest: str = "parts") -> HostCopy:
    """A transposing copy of one part of an f32 matrix into its third of a wider one."""
    at = PARTS.index(name) * ROWS
    return HostCopy(
        "lhs", (ROWS, COLUMNS), "f32", (0, 0), (ROWS, COLUMNS), (1, 0), dest,
        (COLUMNS, 3 * ROWS), "bf16", (0, at), name,  # pyright: ignore[reportArgumentType]
    )  # fmt: skip


@dataclass(frozen=True)
class PartsPlan(PassPlan):
    """A plan whose program gets the three parts of its left operand."""

    prologue: tuple[HostCopy, ...] = field(default=tuple(map(part, PARTS)))

    @property
    def arguments(self) -> tuple[Argument, ...]:
        _, *others = super().arguments
        return (Argument("parts", "bf16", 3 * ROWS * COLUMNS), *others)


@pytest.fixture(scope="module")
def on_cpu() -> Callable[[NDArray[np.float32]], NDArray[Any]]:
    """The parts of a matrix as the CPU's compiled copies make them."""
    first = copies_on_cpu(ROWS, COLUMNS, "f32", lambda problem: PartsPlan(problem))
    return lambda x: first(x).reshape(COLUMNS, 3, ROWS)


def matrix(bits: list[int]) -> NDArray[np.float32]:
    return np.array(bits, np.uint32).view(np.float32).reshape(ROWS, COLUMNS)


EDGES = [
    0x00000000, 0x80000000, 0x00000001, 0x007FFFFF, 0x00800000, 0x00800001, 0x80FFFFFF, 0x08000001,
    0x3F800000, 0x3F808000, 0x3F818000, 0xBF807FFF, 0x7F7F0000, 0x7F7F7FFF, 0x7F7F8000, 0x7F7FFFFF,
    0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00001,
]  # fmt: skip
"""Zeros, subnormals, the smallest normals, ties, the largest values, infinities, quiet NaNs."""


@given(
    st.lists(
        st.sampled_from(EDGES) | st.integers(0, 2**32 - 1),
        min_size=ROWS * COLUMNS,
        max_size=ROWS * COLUMNS,
    )
)
def test_the_cpu_makes_the_same_parts(
    on_cpu: Callable[[NDArray[np.float32]], NDArray[Any]], bits: list[int]
) -> None:
    x = matrix(bits)
    got = on_cpu(x)
    want = apply(PartsPlan.prologue, {"lhs": x})["parts"].reshape(got.shape)
    np.testing.assert_array_equal(got[:, 1:].view(np.uint16), want[:, 1:].view(np.uint16))
    # The whole may lose subnormals to the processor, and keeps no NaN's payload.
    kept = ~(np.abs(x.T) < SMALLEST_NORMAL)
    whole, expected = (a[:, 0][kept].astype(np.float32) for a in (got, want))
    np.testing.assert_array_equal(whole, expected)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=ROWS * COLUMNS, max_size=ROWS * COLUMNS))
def test_parts_add_up_and_make_no_nan(bits: list[int]) -> None:
    x = matrix([*EDGES, *bits][: ROWS * COLUMNS])
    with np.errstate(invalid="ignore"):
        whole, hi, lo = (
            apply([part(name, name)], {"lhs": x})[name][:, i * ROWS : (i + 1) * ROWS].T.astype(
                float
            )
            for i, name in enumerate(PARTS)
        )
    assert np.isfinite(hi).all()
    assert np.isfinite(lo).all()
    normal = np.isfinite(whole) & (np.abs(x) >= SMALLEST_NORMAL)
    wide = x.astype(float)
    np.testing.assert_array_equal(hi[normal], whole[normal])
    assert not hi[~normal].any()
    assert not lo[~normal].any()
    left = np.abs(wide - hi - lo)[normal]
    assert (left <= 2.0**-16 * np.abs(wide[normal]) + SMALLEST_NORMAL).all()


def test_integers_have_no_parts() -> None:
    with pytest.raises(ValueError, match="lo part of i8 as bf16"):
        HostCopy("lhs", (1,), "i8", (0,), (1,), (0,), "p", (1,), "bf16", (0,), "lo")


def test_one_element_is_repeated() -> None:
    copy = HostCopy(
        "in0", (3, 1), "i8", (0, 0), (3, 1), (1, 0), "rows", (4, 5), "i8", (0, 1), repeats=(2, 1)
    )
    assert copy.written == (2, 3)
    rows = apply([copy], {"in0": np.array([1, 2, 3], np.int8)})["rows"]
    assert rows.tolist() == [[0, 1, 2, 3, 0]] * 2 + [[0] * 5] * 2
    with pytest.raises(ValueError, match="one element"):
        HostCopy("in0", (3,), "i8", (0,), (3,), (0,), "p", (6,), "i8", (0,), repeats=(2,))

"""bfp16: what a block's values are off by, and what the CPU's code makes of rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.layout.block_float import (
    Rounding,
    from_blocks,
    stored_bytes,
    to_blocks,
    units,
)
from aie_conv.layout.hostcopy import BLOCK_PARTS, HostCopy, apply
from aie_conv.plan import Argument
from aie_conv.problem import BLOCK
from tests.support.bridge.reference import PassPlan
from tests.support.layout.copied import copies_on_cpu

ROWS, COLUMNS = 4, 24
ROUNDINGS = get_args(Rounding)

finite = st.integers(0, 0xFFFF).filter(lambda bits: bits & 0x7F80 != 0x7F80)
"""Bits of bf16 that are numbers."""


def numbers(bits: list[int]) -> NDArray[Any]:
    return np.array(bits, np.uint16).view(ml_dtypes.bfloat16)


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(st.lists(finite, min_size=BLOCK, max_size=BLOCK))
def test_an_element_is_off_by_less_than_a_unit(rounding: Rounding, bits: list[int]) -> None:
    values = numbers(bits)
    mantissas, exponents = to_blocks(values, rounding)
    (unit,) = np.ldexp(1.0, units(exponents))
    wide, made = values.astype(np.float64), from_blocks(mantissas, exponents)
    assert np.abs(made - wide).max() <= (0.5 if rounding == "nearest" else 1) * unit
    if rounding == "down":
        assert (made <= wide).all()
    # The unit is a 64th of the largest magnitude's power of two.
    largest = np.abs(wide).max()
    assert largest < 128 * unit
    assert largest >= 64 * unit or exponents[0] <= 1


def test_blocks_share_the_largest_exponent() -> None:
    values = np.array([1, -1, 2, 0.5, -(1 + 2**-7), 1 + 2**-7, 2**-10, -(2**-10)], np.float32)
    mantissas, exponents = to_blocks(values, "down")
    assert exponents.tolist() == [128]
    # As mlir-aie's example of block data types has them.
    assert mantissas.tolist() == [0x20, -0x20, 0x40, 0x10, -0x21, 0x20, 0, -1]
    assert to_blocks(values)[0].tolist() == [0x20, -0x20, 0x40, 0x10, -0x20, 0x20, 0, 0]


def test_what_would_round_up_to_128_stays_127() -> None:
    values = np.full(BLOCK, 2 - 2**-7, np.float32)
    mantissas, exponents = to_blocks(values)
    assert (set(mantissas.tolist()), exponents.tolist()) == ({127}, [127])


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_block_without_numbers_is_nan(value: float) -> None:
    values = np.zeros(2 * BLOCK, np.float32)
    values[3] = value
    made = from_blocks(*to_blocks(values))
    assert np.isnan(made[:BLOCK]).all()
    assert not made[BLOCK:].any()


def part(name: str, at: int) -> HostCopy:
    """One part of rows of bf16."""
    shape = (ROWS, COLUMNS)
    return HostCopy(
        "lhs", shape, "bf16", (0, 0), shape, (0, 1), "parts", (ROWS, stored_bytes(COLUMNS)), "i8",
        (0, at), name,  # pyright: ignore[reportArgumentType]
    )  # fmt: skip


PARTS = tuple(part(name, at) for name, at in zip(BLOCK_PARTS, (0, COLUMNS), strict=True))


@dataclass(frozen=True)
class BlocksPlan(PassPlan):
    """A plan whose program gets its left operand as bfp16."""

    prologue: tuple[HostCopy, ...] = field(default=PARTS)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        _, *others = super().arguments
        return (Argument("parts", "i8", ROWS * stored_bytes(COLUMNS)), *others)


@pytest.fixture(scope="module")
def on_cpu() -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A matrix as the CPU's compiled copies convert it."""
    first = copies_on_cpu(ROWS, COLUMNS, "bf16", lambda problem: BlocksPlan(problem))
    return lambda x: first(x).reshape(ROWS, -1)


@given(st.lists(st.integers(0, 0xFFFF), min_size=ROWS * COLUMNS, max_size=ROWS * COLUMNS))
def test_the_cpu_converts_the_same(
    on_cpu: Callable[[NDArray[Any]], NDArray[Any]], bits: list[int]
) -> None:
    x = numbers(bits).reshape(ROWS, COLUMNS)
    np.testing.assert_array_equal(on_cpu(x), apply(PARTS, {"lhs": x})["parts"])


@pytest.mark.parametrize(
    ("view", "perm"), [((4, 24), (1, 0)), ((4, 12), (0, 1))], ids=["across", "no eights"]
)
def test_other_than_rows_of_eights_is_refused(view: tuple[int, int], perm: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="rows of eights"):
        HostCopy("lhs", view, "bf16", (0, 0), view, perm, "x", (99, 99), "i8", (0, 0), "mantissas")

"""Functions of one number: every bf16 number, on both architectures, against f64."""

from collections.abc import Callable

import numpy as np
import pytest

from aie_conv.codegen.functions import describe, values_of
from aie_conv.codegen.functions.named import FUNCTIONS
from aie_conv.codegen.functions.values import Array, error, numbers, rounded
from tests.support.functions import results

DEVICES = ("npu1_4col", "npu4")
HARD = ("softsign",)
"""Without a form of few hinges."""


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - set(HARD)))
def test_every_number_is_within_two_units(name: str, device: str) -> None:
    check(name, device)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - set(HARD)))
def test_every_number_is_within_two_units_as_the_manual_adds(name: str) -> None:
    check(name, "npu1_4col", exact=True)


BOUNDED = {
    "x/6": lambda x: x / 6,
    "min(x, 6)/6": lambda x: np.minimum(x, 6) / 6,
    "max(x, -3)/6": lambda x: np.maximum(x, -3) / 6,
    "clamp(x, -2, 5)/7": lambda x: np.clip(x, -2, 5) / 7,
    "max(-x, -3)/6": lambda x: np.maximum(-x, -3) / 6,
}
"""Lines through zero: a factor |x| with a sum of no hinges, bounded where the function is."""


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", BOUNDED)
def test_a_line_through_zero_ends_where_it_is_bounded(name: str, device: str) -> None:
    check(name, device, BOUNDED[name])


def check(
    name: str, device: str, function: Callable[[Array], Array] | None = None, *, exact: bool = False
) -> None:
    """Against f64, with infinities, zeros' signs and what is no number as torch has them."""
    values = values_of(function or FUNCTIONS[name])
    shape = describe(values)
    assert shape is not None
    bits = results(device, shape, exact=exact)
    off = error(bits, values)
    worst = int(off.argmax())
    assert off[worst] <= 2, f"{name}({numbers()[worst]}) = {numbers()[bits[worst]]}"
    with np.errstate(invalid="ignore"):
        whole = values == numbers()[bits]
    assert (np.signbit(values) == (bits >> 15).astype(bool))[whole].all()


def test_a_function_without_a_form_is_refused() -> None:
    assert describe(values_of(np.sin)) is None
    assert describe(values_of(lambda x: np.where(np.isnan(x), 0.0, x))) is None
    assert describe(values_of(lambda x: np.where(x > 1, np.nan, x))) is None


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("lanes", [16, 64])
def test_any_number_of_lanes_gives_the_same(device: str, lanes: int) -> None:
    shape = describe(values_of(FUNCTIONS["sigmoid"]))
    assert shape is not None
    np.testing.assert_array_equal(results(device, shape, lanes), results(device, shape))


def test_rounding_is_to_nearest_even() -> None:
    bits = np.arange(1 << 16, dtype=np.uint16)
    finite = np.isfinite(numbers())
    np.testing.assert_array_equal(rounded(numbers())[finite], bits[finite])
    halves = np.array([1 + 2.0**-8, 1 + 3 * 2.0**-8, 2.0**-134, 3.4e38, -np.inf])
    expected = [0x3F80, 0x3F82, 0, 0x7F80, 0xFF80]
    np.testing.assert_array_equal(rounded(halves), expected)


def test_errors_count_units_in_the_last_place() -> None:
    exact = np.array([1.0, 1.0, np.inf, np.nan, 0.0])
    bits = np.array([0x3F82, 0x3F7F, 0x7F7F, 0x3F80, 0x8000], np.uint16)
    np.testing.assert_array_equal(error(bits, exact), [2, 0.5, np.inf, np.inf, 0])

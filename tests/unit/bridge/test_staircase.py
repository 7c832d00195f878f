"""A requantisation and its affine form in integers rise at the same sums."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.bridge.requantisation.staircase import fit, rises

Numbers = NDArray[np.int64]
_MOST = 576 * 2**14


def model(
    seed: int, smallest: float, largest: float, *, relu: bool
) -> Callable[[Numbers], Numbers]:
    """f32 requantisation of 8 channels, as ONNX's QDQ form computes it."""
    rng = np.random.default_rng(seed)
    scale = np.exp(rng.uniform(np.log(smallest), np.log(largest), 8)).astype(np.float32)
    bias = rng.integers(-20000, 20000, 8)
    zero = np.float32(rng.integers(-128, 100))

    def function(x: Numbers) -> Numbers:
        real = (x + bias).astype(np.float32) * scale
        real = np.maximum(real, np.float32(0)) if relu else real
        return np.clip(np.rint(real / np.float32(0.7)) + zero, -128, 127).astype(np.int64)

    return function


@settings(max_examples=20)
@given(st.integers(0, 999), st.floats(1e-5, 1e-2), st.floats(1, 100), st.booleans())
def test_the_form_is_the_model_but_for_few_sums(
    seed: int, smallest: float, spread: float, relu: bool
) -> None:
    function = model(seed, smallest, smallest * spread, relu=relu)
    made = fit(rises(function, -_MOST, _MOST, 8), -_MOST, _MOST)
    assert made is not None
    total = int((made.high - made.low + 1).sum())
    # Where more differ the model's own operations are kept (aie_conv/bridge/requantisation/requantised.py).
    assume(made.differing <= total // 1000)
    x = np.random.default_rng(seed).integers(-_MOST, _MOST + 1, (5000, 8))
    x[2500:] >>= 6
    off = np.abs(made.apply(x) - function(x))
    assert off.max() <= 1
    assert made.differing or not off.any()


def test_every_sum_of_a_usual_scale() -> None:
    function = model(5, 1e-3, 4e-3, relu=False)
    made = fit(rises(function, -_MOST, _MOST, 8), -_MOST, _MOST)
    assert made is not None
    wrong = 0
    for start in range(-(2**20), 2**20, 2**16):
        x = np.repeat(np.arange(start, start + 2**16)[:, None], 8, 1)
        wrong += int((made.apply(x) != function(x)).sum())
    assert wrong == made.differing


@pytest.mark.parametrize("shift", [3, 8, 12])
def test_single_rounding_of_integers_is_exact(shift: int) -> None:
    """TOSA's: (x * multiplier + half) >> places, an affine form itself."""
    multipliers = np.array([1484499290, 1376637551, 2100173323, 1097183680])
    places = 31 + shift

    def function(x: Numbers) -> Numbers:
        whole = (x * multipliers + (1 << places - 1)) >> places
        return np.clip(whole + 4, -128, 127)

    made = fit(rises(function, -(2**20), 2**20, 4), -(2**20), 2**20)
    assert made is not None
    assert made.differing == 0


@pytest.mark.parametrize("shift", [2, 6, 9])
def test_double_rounding_of_integers_is_exact(shift: int) -> None:
    """TOSA's: sums below 0 are rounded with another offset."""
    multipliers = np.array([1484499290, 1376637551, 2100173323, 1097183680])
    places = 31 + shift

    def function(x: Numbers) -> Numbers:
        half = (1 << places - 1) + np.where(x < 0, -(1 << 30), 1 << 30)
        return np.clip((x * multipliers + half >> places) + 4, -128, 127)

    steps = rises(function, -(2**20), 2**20, 4)
    straight, bent = (fit(steps, -(2**20), 2**20, bent=each) for each in (False, True))
    assert straight is None or straight.differing > 0
    assert bent is not None
    assert bent.differing == 0
    x = np.random.default_rng(shift).integers(-(2**20), 2**20, (4000, 4)) >> np.arange(4) * 4
    np.testing.assert_array_equal(bent.apply(x), function(x))


@pytest.mark.parametrize("zero", [0, 3, -128])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("places", [1, 4, 9, 13])
def test_powers_of_two_with_ties_to_even_are_exact(places: int, relu: bool, zero: int) -> None:
    """AMD's XINT8: one sum in 2^places lies halfway between two results; channels differ in their places."""
    scale = np.float32(2.0**-places) * np.exp2(-(np.arange(8) % 3)).astype(np.float32)
    bias = np.array([5, -17, 1000, -3000, 0, 2**14 + 1, 77, 12345])

    def function(x: Numbers) -> Numbers:
        real = (x + bias).astype(np.float32) * scale
        real = np.maximum(real, np.float32(0)) if relu else real
        return np.clip(np.rint(real) + np.float32(zero), -128, 127).astype(np.int64)

    most = 27 * 2**14
    affine = fit(rises(function, -most, most, 8), -most, most)
    assert affine is not None
    assert affine.differing == 0
    x = np.random.default_rng(0).integers(-most, most + 1, (4000, 8))
    x[2000:] >>= 8
    np.testing.assert_array_equal(affine.apply(x), function(x))


def test_a_constant_and_a_single_step() -> None:
    def function(x: Numbers) -> Numbers:
        return np.where(np.array([False, True]) & (x >= 77), 5, np.array([9, 4])).astype(np.int64)

    made = fit(rises(function, -1000, 1000, 2), -1000, 1000)
    assert made is not None
    x = np.repeat(np.arange(-1000, 1001)[:, None], 2, 1)
    np.testing.assert_array_equal(made.apply(x), function(x))


def test_steps_too_narrow_for_a_form() -> None:
    steep = fit(rises(lambda x: np.clip(x * 2**30, -128, 127), -9, 9, 1), -9, 9)
    assert steep is None or steep.differing == 0

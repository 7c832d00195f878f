"""A requantisation as a scaled sum rises at the same sums as the model's operations."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.bridge.requantisation.scaled_sums import fit_scaled
from aie_conv.bridge.requantisation.staircase import fit, rises

Numbers = NDArray[np.int64]
_MOST = 576 * 2**14
_BIAS = np.array([5, -17, 1000, -3000, 0, 2**14 + 1, 77, 12345])


def model(
    scale: NDArray[np.float32], out: float, zero: int, *, relu: bool
) -> Callable[[Numbers], Numbers]:
    """f32 requantisation of 8 channels, as ONNX's QDQ form computes it."""

    def function(x: Numbers) -> Numbers:
        real = (x + _BIAS).astype(np.float32) * scale
        real = np.maximum(real, np.float32(0)) if relu else real
        return np.clip(np.rint(real / np.float32(out)) + np.float32(zero), -128, 127).astype(
            np.int64
        )

    return function


@settings(max_examples=20)
@given(st.integers(0, 999), st.floats(1e-4, 1e-2), st.integers(-128, 100), st.booleans())
def test_the_form_is_the_model_but_for_few_sums(
    seed: int, smallest: float, zero: int, relu: bool
) -> None:
    rng = np.random.default_rng(seed)
    function = model(
        rng.uniform(smallest, 4 * smallest, 8).astype(np.float32), 0.7, zero, relu=relu
    )
    places = rises(function, -_MOST, _MOST, 8)
    form, affine = fit_scaled(places, _BIAS, [0, zero], (-_MOST, _MOST)), fit(places, -_MOST, _MOST)
    assert form is not None
    assert form.zero == zero
    total = int((places.max(axis=0) - places.min(axis=0)).sum())
    assert form.differing <= total // 1000
    assert affine is None or form.differing <= affine.differing + 8
    x = rng.integers(-_MOST, _MOST + 1, (5000, 8))
    x[1000:] >>= 8
    off = np.abs(form.apply(x) - function(x))
    assert off.max() <= 1
    assert form.differing or not off.any()


@pytest.mark.parametrize("zero", [0, 3, -128])
@pytest.mark.parametrize("places", [4, 9, 13])
def test_powers_of_two_are_exact(places: int, zero: int) -> None:
    """AMD's XINT8: many sums lie halfway between two results; channels differ in their places."""
    scale = np.float32(2.0**-places) * np.exp2(-(np.arange(8) % 3)).astype(np.float32)
    function = model(scale, 1.0, zero, relu=False)
    form = fit_scaled(rises(function, -_MOST, _MOST, 8), _BIAS, [zero], (-_MOST, _MOST))
    assert form is not None
    assert form.differing == 0
    x = np.random.default_rng(places).integers(-(2**20), 2**20, (4000, 8)) >> 4
    np.testing.assert_array_equal(form.apply(x), function(x))


def test_another_zero_point_has_no_form() -> None:
    function = model(np.full(8, 1e-3, np.float32), 0.7, 20, relu=False)
    assert fit_scaled(rises(function, -_MOST, _MOST, 8), _BIAS, [-20], (-_MOST, _MOST)) is None

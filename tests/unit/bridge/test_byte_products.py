"""A gate of two quantised tensors as a product of integers, over all pairs of bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.bridge.requantisation.byte_products import fit_product
from aie_conv.bridge.requantisation.staircase import FEW

BYTES = np.arange(-128, 128)


def table(scales: tuple[float, float, float], zeros: tuple[int, int, int]) -> NDArray[np.int64]:
    """QuantizeLinear(DequantizeLinear(x) * DequantizeLinear(y)) in f32 for all pairs."""
    left, right, out = (np.float32(scale) for scale in scales)
    x = (BYTES - zeros[0]).astype(np.float32)[:, None] * left
    y = (BYTES - zeros[1]).astype(np.float32)[None, :] * right
    return np.clip(np.rint(x * y / out) + np.float32(zeros[2]), -128, 127).astype(np.int64)


@settings(max_examples=25)
@given(
    st.tuples(st.floats(0.005, 0.05), st.floats(0.0031, 0.0039), st.floats(0.3, 1.1)),
    st.tuples(st.integers(-128, 60), st.sampled_from([-128, -100, 0]), st.integers(-128, 60)),
)
def test_a_form_gives_every_pair(
    scales: tuple[float, float, float], zeros: tuple[int, int, int]
) -> None:
    left, right, part = scales
    wanted = table((left, right, left * part), zeros)
    form = fit_product(wanted, BYTES, BYTES, [*zeros, 0])
    if form is None:
        # Of a scale that is a fraction of few bits f32 rounds ties to and fro.
        return
    away = np.abs(form.apply(BYTES[:, None], BYTES[None, :]) - wanted)
    assert away.max() <= 1
    assert form.differing == (away > 0).sum() <= FEW * wanted.size


def test_usual_scales_have_a_form() -> None:
    rng = np.random.default_rng(0)
    exact = 0
    for _ in range(20):
        left, right = rng.uniform(0.01, 0.05), rng.uniform(0.0031, 0.0039)
        zeros = (int(rng.integers(-128, 40)), -128, int(rng.integers(-128, 40)))
        wanted = table((left, right, left * rng.uniform(0.4, 1)), zeros)
        form = fit_product(wanted, BYTES, BYTES, zeros)
        exact += form is not None and not form.differing
    assert exact >= 18


@pytest.mark.parametrize("zero", [0, 5, -128])
def test_ties_of_powers_of_two_go_to_even_numbers(zero: int) -> None:
    wanted = table((2.0**-5, 2.0**-8, 2.0**-5), (3, -128, zero))
    form = fit_product(wanted, BYTES, BYTES, [3, -128])
    assert form is not None
    assert form.tie is not None
    np.testing.assert_array_equal(form.apply(BYTES[:, None], BYTES[None, :]), wanted)


def test_what_is_no_product_has_no_form() -> None:
    assert fit_product(BYTES[:, None] + BYTES[None, :] >> 1, BYTES, BYTES, range(-128, 128)) is None
    assert fit_product(np.zeros((256, 256), np.int64), BYTES, BYTES, [0]) is None
    squares = np.clip(BYTES[:, None] ** 2 * BYTES[None, :] >> 14, -128, 127)
    assert fit_product(squares, BYTES, BYTES, [0]) is None

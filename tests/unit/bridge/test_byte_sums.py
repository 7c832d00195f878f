"""A residual sum of two quantised tensors as one of integers, over all pairs of bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.bridge.requantisation.byte_sums import fit_sum
from aie_conv.bridge.requantisation.staircase import FEW

BYTES = np.arange(-128, 128)


def table(
    scales: tuple[float, float, float], zeros: tuple[int, int, int], relu: bool
) -> NDArray[np.int64]:
    """QuantizeLinear(Relu(DequantizeLinear(x) + DequantizeLinear(y))) in f32 for all pairs."""
    left, right, out = (np.float32(scale) for scale in scales)
    x = (BYTES - zeros[0]).astype(np.float32)[:, None] * left
    y = (BYTES - zeros[1]).astype(np.float32)[None, :] * right
    real = x + y
    real = np.maximum(real, np.float32(0)) if relu else real
    return np.clip(np.rint(real / out) + np.float32(zeros[2]), -128, 127).astype(np.int64)


@settings(max_examples=25)
@given(
    st.tuples(st.floats(0.005, 0.05), st.floats(0.005, 0.05), st.floats(0.5, 1.5)),
    st.tuples(*[st.integers(-128, 60)] * 3),
    st.booleans(),
)
def test_a_form_gives_every_pair(
    scales: tuple[float, float, float], zeros: tuple[int, int, int], relu: bool
) -> None:
    left, right, part = scales
    wanted = table((left, right, (left + right) * part), zeros, relu)
    form = fit_sum(wanted, BYTES, BYTES)
    assert form is not None
    # Where f32 rounds pairs next to a tie to and fro a few are a step off.
    away = np.abs(form.apply(BYTES[:, None], BYTES[None, :]) - wanted)
    assert away.max() <= 1
    assert form.differing == (away > 0).sum() <= FEW * wanted.size


def test_usual_scales_have_a_form() -> None:
    rng = np.random.default_rng(0)
    exact = 0
    for number in range(20):
        left, right = rng.uniform(0.01, 0.05, 2)
        out = (left + right) * rng.uniform(0.5, 1)
        zeros = tuple(int(z) for z in rng.integers(-128, 40, 3))
        wanted = table((left, right, out), (zeros[0], zeros[1], zeros[2]), number % 2 == 0)
        form = fit_sum(wanted, BYTES, BYTES)
        exact += form is not None and not form.differing
    assert exact >= 19


def test_pairs_that_f32_rounds_to_and_fro_are_counted() -> None:
    """Two pairs lie next to a tie on sides that no sum of integers gives together."""
    scales = tuple(float(np.float32(s)) for s in (0.07733962, 0.049851, 0.109283954))
    wanted = table((scales[0], scales[1], scales[2]), (8, -12, -5), relu=False)
    form = fit_sum(wanted, BYTES, BYTES)
    assert form is not None
    assert form.differing == 2
    assert (form.apply(BYTES[:, None], BYTES[None, :]) != wanted).sum() == 2


@pytest.mark.parametrize("zero", [0, 5, -128])
def test_ties_of_powers_of_two_go_to_even_numbers(zero: int) -> None:
    """Half of all pairs lie halfway between two results."""
    wanted = table((2.0**-5, 2.0**-6, 2.0**-5), (3, -4, zero), relu=False)
    form = fit_sum(wanted, BYTES, BYTES)
    assert form is not None
    assert form.tie is not None
    np.testing.assert_array_equal(form.apply(BYTES[:, None], BYTES[None, :]), wanted)


def test_what_is_no_sum_has_no_form() -> None:
    assert fit_sum(BYTES[:, None] * BYTES[None, :] >> 7, BYTES, BYTES) is None
    assert fit_sum(np.zeros((256, 256), np.int64), BYTES, BYTES) is None

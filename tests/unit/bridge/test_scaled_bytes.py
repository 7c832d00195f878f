"""A norm between bytes as a scaled sum gives what the model's own operations give."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aie_conv.bridge.requantisation.scaled_bytes import fit_bytes

Numbers = NDArray[np.int64]
_CHANNELS = 64


def norm(seed: int, zeros: tuple[int, int], out: float, *, relu: bool, falls: bool) -> Numbers:
    """(256, 64): a batch norm of a dequantised byte, quantised, in f32; by byte from -128 on."""
    rng = np.random.default_rng(seed)

    def numbers(low: float, high: float) -> NDArray[np.float32]:
        return rng.uniform(low, high, _CHANNELS).astype(np.float32)

    x = (np.arange(-128, 128) - zeros[0]).astype(np.float32)[:, None] * np.float32(0.02)
    gamma = numbers(0.3, 1.5) * (np.where(numbers(0, 1) < 0.5, -1, 1) if falls else 1)
    # One channel is constant.
    gamma[0] = 0
    real = (x - numbers(-0.5, 0.5)) * (1 / np.sqrt(numbers(0.5, 2))) * gamma.astype(np.float32)
    real = real + numbers(-1, 1)
    real = np.maximum(real, np.float32(0)) if relu else real
    results = np.rint(real / np.float32(out)) + np.float32(zeros[1])
    return np.clip(results, -128, 127).astype(np.int64)


@settings(max_examples=10)
@given(
    st.integers(0, 9999), st.tuples(st.integers(-128, 127), st.integers(-128, 127)),
    st.floats(0.01, 0.05), st.booleans(), st.booleans(),
)  # fmt: skip
def test_a_form_counts_the_bytes_that_differ(
    seed: int, zeros: tuple[int, int], out: float, relu: bool, falls: bool
) -> None:
    table = norm(seed, zeros, out, relu=relu, falls=falls)
    scaled = fit_bytes(table, [0, zeros[1]])
    assert scaled is not None
    assert scaled.form.differing <= scaled.inside // 1000
    away = np.abs(scaled.form.apply(np.arange(-128, 128)[:, None]) - table)
    assert away.max() <= 1
    assert away.sum() == scaled.form.differing
    assert (np.abs(scaled.form.factor) < 2**31 - 2**15).all()
    most = (128 << scaled.form.left) + int(np.abs(scaled.form.bias).max())
    assert most < 2**31


@settings(max_examples=5)
@given(st.integers(0, 9999), st.booleans(), st.booleans())
def test_bytes_without_a_sign(seed: int, unsigned: bool, flip: bool) -> None:
    results = norm(seed, (3, -20), 0.03, relu=False, falls=True)
    shown = (results + 128) % 256 if flip else results
    shown = np.where(shown > 127, shown - 256, shown)
    table = np.roll(shown, 128, axis=0) if unsigned else shown
    scaled = fit_bytes(table, [0, -20 + (128 if flip else 0)])
    assert scaled is not None
    # A table that rises with a sign is read so.
    x = np.arange(256) if scaled.unsigned else np.arange(-128, 128)
    read = np.roll(table, 128, axis=0) if scaled.unsigned else table
    got = scaled.form.apply(x[:, None])
    want = (read % 256) - 128 if scaled.flip else read
    assert np.abs(got - want).max() <= 1
    assert (got != want).sum() == scaled.form.differing


def rounded_lines(slopes: NDArray[np.float64], crossings: NDArray[np.float64]) -> Numbers:
    """(256, channels): lines through 0 at a byte of each channel, by byte from -128 on."""
    real = (np.arange(-128, 128)[:, None] - crossings) * slopes
    return np.clip(np.rint(real), -128, 127).astype(np.int64)


@settings(max_examples=10)
@given(st.integers(0, 9999), st.floats(1.05, 3.0), st.floats(0.001, 0.02))
def test_a_channel_that_is_beside_a_step_next_to_zero_has_a_form(
    seed: int, slope: float, beside: float
) -> None:
    """A result that no line has, a byte from where its channel crosses zero, leaves all others their form."""
    rng = np.random.default_rng(seed)
    slopes, crossings = rng.uniform(0.2, 3, 32), rng.uniform(-60, 60, 32)
    # At byte 1 the first channel is a little less than half a result, and rounded up.
    slopes[0], crossings[0] = slope, 1 - (0.5 - beside * slope / 2) / slope
    table = rounded_lines(slopes, crossings)
    table[129, 0] = 1
    scaled = fit_bytes(table, [0])
    assert scaled is not None
    assert scaled.form.differing <= 1 + scaled.inside // 1000


@settings(max_examples=10)
@given(st.integers(0, 9999), st.integers(-127, 126), st.integers(-127, 127))
def test_channels_that_are_all_but_constant_leave_others_their_places(
    seed: int, level: int, place: int
) -> None:
    rng = np.random.default_rng(seed)
    table = rounded_lines(rng.uniform(0.2, 3, 32), rng.uniform(-60, 60, 32))
    table[:, 0] = level + (np.arange(-128, 128) >= place)
    table[:, 1] = level
    scaled = fit_bytes(table, [0])
    assert scaled is not None
    assert scaled.form.differing <= scaled.inside // 1000


def test_a_norm_has_a_form_of_nearly_every_byte() -> None:
    table = norm(1, (-128, -128), 0.02, relu=True, falls=True)
    scaled = fit_bytes(table, [0, -128])
    assert scaled is not None
    assert scaled.form.differing <= scaled.inside // 1000


def test_what_goes_both_ways_has_no_form() -> None:
    x = np.arange(-128, 128)[:, None]
    assert fit_bytes(np.repeat(np.abs(x) // 2, 4, axis=1), [0]) is None


def test_what_is_no_line_has_no_form() -> None:
    x = np.arange(-128, 128)[:, None]
    table = np.rint(127 * np.tanh(x / 40)).astype(np.int64)
    assert fit_bytes(np.repeat(table, 4, axis=1), [0]) is None

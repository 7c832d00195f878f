"""Transposed convolutions in phases: the sums of a convolution among zeros, whatever step, window and padding."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_conv.bridge.input.transposed import SpreadAxis


@st.composite
def axes(draw: st.DrawFn) -> SpreadAxis:
    """Axes that transposed convolutions have: any padding and output padding."""
    size, step, window = draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.integers(1, 6))
    padding = draw(st.integers(0, window - 1))
    outputs = (size - 1) * step - 2 * padding + window + draw(st.integers(0, step - 1))
    return SpreadAxis(size, step, window - 1 - padding, window, max(outputs, 1))


@given(axes(), st.booleans(), st.integers(0, 1 << 30))
@settings(max_examples=300, deadline=None)
def test_phases_are_the_convolution_among_zeros(axis: SpreadAxis, zeros: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.integers(-9, 9, axis.size), rng.integers(-9, 9, axis.window)
    apart = np.zeros(axis.first + axis.step * axis.size + axis.outputs + axis.window, int)
    apart[axis.first : axis.first + axis.step * axis.size : axis.step] = x
    want = [int(apart[o : o + axis.window] @ w) for o in range(axis.outputs)]

    results: list[list[int]] = [[] for _ in range(axis.blocks)]
    for window in axis.windows(zeros=zeros):
        image = x[max(-window.low, 0) : axis.size + min(window.high, 0)]
        padded = np.pad(image, (max(window.low, 0), max(window.high, 0)))
        assert padded.size == axis.blocks + window.taps - 1
        for block in range(axis.blocks):
            for phase in window.phases:
                filters = np.zeros(window.taps, int)
                taps = np.pad(w, (0, axis.padded_window - axis.window))[phase.tap :: axis.step]
                assert taps.size == phase.taps
                first = window.low + phase.image
                filters[first : first + phase.taps] = taps
                results[block].append(int(padded[block : block + window.taps] @ filters))
    assert [number for block in results for number in block][: axis.outputs] == want


@given(axes())
def test_real_numbers_meet_no_zero_of_a_filter(axis: SpreadAxis) -> None:
    if axis.window >= axis.step:
        assert all(w.taps == p.taps for w in axis.windows(zeros=False) for p in w.phases)

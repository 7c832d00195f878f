"""Transposed convolutions in phases: the sums of a convolution among zeros, whatever step, window and padding."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aie_conv.bridge.transposed import SpreadAxis


@st.composite
def axes(draw: st.DrawFn) -> SpreadAxis:
    """Axes that transposed convolutions have: any padding and output padding."""
    size, step, window = draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.integers(1, 6))
    padding = draw(st.integers(0, window - 1))
    outputs = (size - 1) * step - 2 * padding + window + draw(st.integers(0, step - 1))
    return SpreadAxis(size, step, window - 1 - padding, window, max(outputs, 1))


@given(axes(), st.integers(0, 1 << 30))
@settings(max_examples=300, deadline=None)
def test_phases_are_the_convolution_among_zeros(axis: SpreadAxis, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.integers(-9, 9, axis.size), rng.integers(-9, 9, axis.window)
    zeros = np.zeros(axis.first + axis.step * axis.size + axis.outputs + axis.window, int)
    zeros[axis.first : axis.first + axis.step * axis.size : axis.step] = x
    want = [int(zeros[o : o + axis.window] @ w) for o in range(axis.outputs)]

    padded = np.pad(x[: axis.size + min(axis.high, 0)], (axis.low, max(axis.high, 0)))
    assert padded.size == axis.blocks + axis.taps - 1
    got: list[int] = []
    for block in range(axis.blocks):
        for phase in axis.phases:
            filters = np.zeros(axis.taps, int)
            taps = np.pad(w, (0, axis.padded_window - axis.window))[phase.tap :: axis.step]
            assert taps.size == phase.taps
            first = axis.low + phase.image
            filters[first : first + phase.taps] = taps
            got.append(int(padded[block : block + axis.taps] @ filters))
    assert got[: axis.outputs] == want

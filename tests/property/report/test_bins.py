"""A lane in bins says, within its steps, what the lane says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aie_conv.report.html.bins import STEPS, encode, shares
from aie_conv.sim.timing.timeline import Lane, State

lanes = st.lists(st.tuples(st.floats(0.25, 900), st.sampled_from(State)), min_size=1, max_size=40)


def make(parts: list[tuple[float, State]]) -> tuple[Lane, int]:
    lane, at = Lane("a", "dma"), 0.0
    for length, state in parts:
        at += length
        lane.until(at, state)
    lane.close(int(at) + 1)
    return lane, int(at) + 1


def decode(text: str) -> np.ndarray:
    rows: list[list[int]] = []
    for run in text.split(","):
        digits, _, count = run.partition("x")
        row = [int(digit) for digit in digits.ljust(len(State), "0")]
        rows += [row] * int(count or 1)
    return np.array(rows)


@given(parts=lanes, bins=st.integers(1, 300))
def test_bins_are_the_lane(parts: list[tuple[float, State]], bins: int) -> None:
    lane, cycles = make(parts)
    found = decode(encode(lane, cycles, bins))
    assert found.shape == (bins, len(State))
    assert (found == shares(lane, cycles, bins)).all()
    assert (found.sum(axis=1) == STEPS).all()
    for state, spent in lane.totals().items():
        shown = found[:, state].sum() / STEPS * cycles / bins
        # Each bin is off by less than a step.
        assert shown == pytest.approx(spent, abs=cycles / STEPS + 1e-6)


@given(state=st.sampled_from(State), cycles=st.integers(1, 10**6), bins=st.integers(1, 600))
def test_one_state_is_one_run(state: State, cycles: int, bins: int) -> None:
    lane = Lane("a", "core")
    lane.until(cycles, state)
    digits, _, count = encode(lane, cycles, bins).partition("x")
    assert digits == "0" * state + str(STEPS)
    assert int(count or 1) == bins

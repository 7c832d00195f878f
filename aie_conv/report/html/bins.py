"""A lane in few numbers: the share of each state in equal parts of the run."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.sim.timing.timeline import Lane, State

STEPS = 9
"""A share is so many steps: a digit."""


def shares(lane: Lane, cycles: int, bins: int) -> NDArray[Any]:
    """Steps of each state in each bin, [bins, states]; every bin's add up to STEPS."""
    edges = np.linspace(0, cycles, bins + 1)
    ends = np.array([0.0, *(interval.end for interval in lane)])
    states = np.array([interval.state for interval in lane])
    lengths = np.diff(ends)
    table = np.empty((bins, len(State)))
    for state in State:
        spent = np.concatenate([[0.0], np.cumsum(np.where(states == state, lengths, 0.0))])
        table[:, state] = np.diff(np.interp(edges, ends, spent))
    return _whole(table / table.sum(axis=1, keepdims=True) * STEPS)


def _whole(exact: NDArray[Any]) -> NDArray[Any]:
    """Rows rounded to whole numbers that still add up: the largest remainders are rounded up."""
    low = np.floor(exact + 1e-9).astype(int)
    order = np.argsort(low - exact, axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    return low + (rank < STEPS - low.sum(axis=1, keepdims=True))


def encode(lane: Lane, cycles: int, bins: int) -> str:
    """Runs of equal bins: a digit a state, trailing zeros left out, "x" and the count.

    For example "9x120,54x3,0009": 120 bins busy, 3 mixed, one waiting for a command.
    """
    runs: list[tuple[str, int]] = []
    for row in shares(lane, cycles, bins):
        digits = "".join(map(str, row)).rstrip("0")
        if runs and runs[-1][0] == digits:
            runs[-1] = (digits, runs[-1][1] + 1)
        else:
            runs.append((digits, 1))
    return ",".join(digits if count == 1 else f"{digits}x{count}" for digits, count in runs)

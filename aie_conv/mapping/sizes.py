"""Sizes worth trying in a search."""

from functools import cache
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.arch import Arch
from aie_conv.mapping.build import PARAMETER_WORDS
from aie_conv.mapping.check import COUNTER_BYTES, STACK_BYTES

BUFFERINGS = ((True, 2), (True, 1), (False, 2))
"""Values of (resident, filter buffers) worth trying, the best first."""


@cache
def _divisors(value: int) -> tuple[int, ...]:
    small = [d for d in range(1, isqrt(value) + 1) if value % d == 0]
    return (*small, *(value // d for d in reversed(small) if d * d != value))


def divisors(value: int) -> list[int]:
    """Every divisor, ascending."""
    return list(_divisors(value)) if value > 0 else []


def fits_roughly(arch: Arch, a: Any, b: Any, out: Any, acc: Any, out_depth: Any = 2) -> Any:
    """Whether bytes of input, filter (all buffers), output and accumulator can fit a core.

    Most candidates of a search overflow the core; saying so early is most of the search.
    """
    fixed = STACK_BYTES + COUNTER_BYTES + 4 * PARAMETER_WORDS
    return fixed + 2 * a + b + out_depth * out + acc <= arch.core_data_bytes


def first_buffering(fits: Any, resident: Any, depth: Any, count: int) -> NDArray[np.bool_]:
    """Which candidates are worth checking of groups of ``count`` that differ in their buffers alone.

    With room for two whole filters of an N tile, which stand first, nothing else is faster. Of those that
    differ in their output's buffers the first that fits is enough.
    """
    rows = fits.reshape(-1, count)
    doubled = rows & (resident & (depth == 2)).reshape(-1, count)
    best = doubled.any(axis=1, keepdims=True)
    kept = np.where(best, doubled, rows)
    pairs = resident.reshape(-1, count)[:, 1:] == resident.reshape(-1, count)[:, :-1]
    pairs &= depth.reshape(-1, count)[:, 1:] == depth.reshape(-1, count)[:, :-1]
    kept[:, 1:] &= ~(pairs & rows[:, :-1])
    return kept.reshape(-1)

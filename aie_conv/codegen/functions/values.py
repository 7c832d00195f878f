"""The 65,536 numbers of bf16, and functions of them as arrays of f64."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

COUNT = 1 << 16
LEAST = 2.0**-133
"""The least number above zero."""

INFINITY, QUIET_NAN, SIGN = 0x7F80, 0x7FC0, 0x8000
"""Bits of numbers."""


@cache
def numbers() -> Array:
    """Every bf16 number as f64, by its bits."""
    bits = np.arange(COUNT, dtype=np.uint32) << 16
    with np.errstate(invalid="ignore"):
        return bits.view(np.float32).astype(np.float64)


def rounded(values: Array) -> Array:
    """Bits of the nearest bf16 numbers, ties to even."""
    with np.errstate(all="ignore"):
        magnitude = np.abs(values)
        _, exponent = np.frexp(np.where(np.isfinite(magnitude), magnitude, 1.0))
        unit = np.ldexp(1.0, np.maximum(exponent - 8, -133))
        near = np.where(np.isfinite(values), np.rint(values / unit) * unit, values)
        bits = near.astype(np.float32).view(np.uint32) >> 16
    return np.where(np.isnan(values), QUIET_NAN, bits).astype(np.uint16)


def units(values: Array) -> Array:
    """The distance of neighbouring bf16 numbers at the magnitude of values."""
    _, exponent = np.frexp(np.where(np.isfinite(values), np.abs(values), 1.0))
    exponent = np.where(values == 0, -200, exponent)
    return np.ldexp(1.0, np.maximum(exponent - 8, -133))


def values_of(function: Callable[[Array], Array]) -> Array:
    """A function's values for every bf16 number."""
    with np.errstate(all="ignore"):
        return np.asarray(function(numbers()), np.float64)


def error(bits: Array, exact: Array) -> Array:
    """How many units in the last place results are off; infinite where one of both is no number.

    Args:
        bits: the results' bits.
        exact: what they should be, before rounding.
    """
    results, right = numbers()[bits], numbers()[rounded(exact)]
    with np.errstate(all="ignore"):
        # Above the greatest number the unit goes on, so that a neighbour of infinity is near.
        off = np.abs(results - exact) / units(exact)
        both = np.isfinite(results) & np.isfinite(exact) & np.isfinite(right)
        same = (results == right) | (np.isnan(results) & np.isnan(right))
        return np.where(same, np.where(both, off, 0.0), np.where(both, off, np.inf))

"""bfp16: eight neighbours share the exponent of the largest, each is a mantissa of 8 bits.

A value is ``m * 2**(e - 133)``: e is the largest biased exponent of f32 among the eight, m is in two's
complement. With a unit ``2**(e - 133)`` of its block, an element is off by at most half a unit where it is
rounded to nearest, and by at most one by truncation or any other rounding, what stays at 127 included; the
largest element has 64 units or more, unless it is subnormal.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aie_conv.problem import BLOCK

Rounding = Literal["nearest", "down"]
"""To nearest with ties to even, or downwards: how conversions round."""

_QUANTUM = 64
"""Bytes of which a chunk is a multiple: those of a vector load."""

_BIAS = 133
"""An exponent's less the weight of a mantissa's last bit."""


def to_blocks(
    values: NDArray[np.generic], rounding: Rounding = "nearest"
) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    """Mantissas and exponents of values whose last dimension is in eights.

    Args:
        values: floats of at most 32 bits.
        rounding: of mantissas; what would round up to 128 stays 127.

    Returns:
        Mantissas of the values' shape, and an exponent for each eight neighbours.
    """
    bits = np.ascontiguousarray(values, np.float32).view(np.int32)
    grouped = bits.reshape(*bits.shape[:-1], -1, BLOCK)
    exponents = grouped >> 23 & 255
    shared = exponents.max(axis=-1, keepdims=True)
    size = (grouped & 0x7FFFFF) | np.where(exponents > 0, 0x800000, 0)
    value = np.where(grouped < 0, -size, size)
    # A value of exponent 0 has the last place of those of exponent 1.
    shift = np.minimum(np.maximum(shared, 1) - np.maximum(exponents, 1) + 17, 31)
    if rounding == "nearest":
        value = value + (1 << (shift - 1)) - 1 + (value >> shift & 1)
    mantissas = np.minimum(value >> shift, 127).astype(np.int8)
    return mantissas.reshape(values.shape), shared[..., 0].astype(np.uint8)


def from_blocks(mantissas: NDArray[np.int8], exponents: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The values, NaN in blocks of the exponent 255."""
    grouped = mantissas.reshape(*mantissas.shape[:-1], -1, BLOCK).astype(np.float64)
    values = np.ldexp(grouped, units(exponents)[..., None])
    values[exponents == 255] = np.nan
    return values.reshape(mantissas.shape)


def units(exponents: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The power of two that is a block's unit."""
    return np.maximum(exponents, 1).astype(np.int32) - _BIAS


def stored_bytes(weights: int) -> int:
    """Bytes of a chunk of so many weights: their mantissas, their exponents, and what fills a vector load."""
    return -(-(weights + weights // BLOCK) // _QUANTUM) * _QUANTUM

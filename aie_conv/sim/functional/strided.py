"""Strided views of flat memory, with the widest elements that the pattern allows."""

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

_WIDE = {16: np.dtype(np.complex128), 8: np.dtype(np.uint64), 4: np.dtype(np.uint32),
         2: np.dtype(np.uint16), 1: np.dtype(np.uint8)}  # fmt: skip


def merged(dims: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same walk with dimensions of size 1 dropped and neighbours that continue joined.

    Args:
        dims: (size, byte stride), outermost first; the innermost is a run of bytes (stride 1).
    """
    folded: list[tuple[int, int]] = []
    for size, stride in reversed(dims):
        if size == 1 and folded:
            continue
        if folded and folded[-1][0] * folded[-1][1] == stride:
            folded[-1] = (folded[-1][0] * size, folded[-1][1])
        else:
            folded.append((size, stride))
    return folded[::-1]


def merged_pair(
    rows: Sequence[tuple[int, int, int]],
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Two walks of one shape with the dimensions joined that continue in both.

    Args:
        rows: (size, byte stride of the one, byte stride of the other), outermost first; the
            innermost is a run of bytes in both.
    """
    folded: list[tuple[int, int, int]] = []
    for size, one, other in reversed(rows):
        if size == 1 and folded:
            continue
        if folded:
            inner, step, target = folded[-1]
            if (inner * step, inner * target) == (one, other):
                folded[-1] = (inner * size, step, target)
                continue
        folded.append((size, one, other))
    folded.reverse()
    return [(size, one) for size, one, _ in folded], [(size, other) for size, _, other in folded]


def byte_dims(dims: Sequence[tuple[int, int]], element_bytes: int) -> list[tuple[int, int]]:
    """(size, element stride) to (size, byte stride) with an innermost run of bytes."""
    return [*((size, stride * element_bytes) for size, stride in dims), (element_bytes, 1)]


def unit_of(offset: int, dims: Sequence[tuple[int, int]], address: int = 0) -> int:
    """The widest element (bytes) by which the walk can be copied."""
    run = dims[-1][0] if dims[-1][1] == 1 else 1
    for unit in (16, 8, 4, 2):
        strides = [stride for _, stride in dims[:-1]]
        if all(value % unit == 0 for value in (run, offset, address, *strides)):
            return unit
    return 1


def view(flat: np.ndarray, offset: int, dims: Sequence[tuple[int, int]], unit: int) -> np.ndarray:
    """The walk over flat bytes as an array of ``unit``-byte elements.

    Args:
        flat: contiguous bytes.
        offset: first byte.
        dims: merged byte dimensions, the innermost a run of bytes.
        unit: a width that :func:`unit_of` allows.
    """
    dtype = _WIDE[unit]
    shape = [size for size, _ in dims[:-1]] + [dims[-1][0] // unit]
    strides = [stride for _, stride in dims[:-1]] + [unit]
    usable = len(flat) // unit * unit
    base = flat[offset : offset + (usable - offset) // unit * unit].view(dtype)
    return as_strided(base, shape, strides)


def extent(dims: Sequence[tuple[int, int]]) -> int:
    """Bytes from the first to behind the last byte of the walk."""
    return 1 + sum((size - 1) * stride for size, stride in dims)


def total_bytes(dims: Sequence[tuple[int, int]]) -> int:
    """Bytes the walk visits."""
    return prod(size for size, _ in dims)


def copy_pair(
    source: tuple[np.ndarray, Sequence[tuple[int, int]]],
    target: tuple[np.ndarray, Sequence[tuple[int, int]]],
) -> tuple[np.ndarray, np.ndarray]:
    """(target, source) views of one shape for np.copyto; one of the two sides must be contiguous.

    Args:
        source, target: flat bytes and the merged byte dimensions of the walk over them.
    """
    (from_bytes, from_dims), (to_bytes, to_dims) = source, target
    from_dims, to_dims = merged(from_dims), merged(to_dims)
    unit = min(
        unit_of(0, from_dims, from_bytes.ctypes.data), unit_of(0, to_dims, to_bytes.ctypes.data)
    )
    from_view, to_view = view(from_bytes, 0, from_dims, unit), view(to_bytes, 0, to_dims, unit)
    if len(to_dims) == 1:
        return to_view.reshape(from_view.shape), from_view
    if len(from_dims) == 1:
        return to_view, from_view.reshape(to_view.shape)
    return to_view, from_view

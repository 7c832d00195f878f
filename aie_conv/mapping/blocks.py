"""Filters as the matrix unit stores them: as they are, or in chunks of bfp16."""

from dataclasses import replace
from math import prod
from typing import Any

from aie_conv.layout.block_float import stored_bytes
from aie_conv.layout.hostcopy import BLOCK_PARTS, HostCopy
from aie_conv.mapping.numbers import each
from aie_conv.problem import BLOCK_FLOAT, DTYPE_BYTES


def chunk_elements(unit: str, dtype: str, weights: Any) -> Any:
    """Elements of the filter's buffer that a chunk of so many weights takes; numbers or columns.

    Args:
        unit: what the matrix unit multiplies.
        dtype: of the buffer.
        weights: of the chunk.
    """
    if unit != BLOCK_FLOAT:
        return weights
    return each(lambda count: stored_bytes(count) // DTYPE_BYTES[dtype], weights)


def last_of_block(unit: str, k: int, n: int) -> tuple[int, int]:
    """Two dimensions of a block of the filter, of its channels of K and of its output channels, in its order.

    Those that share an exponent are neighbours.
    """
    return (n, k) if unit == BLOCK_FLOAT else (k, n)


def convert_chunks(unit: str, copy: HostCopy, chunk: int) -> tuple[HostCopy, ...]:
    """A copy that writes chunks of weights one behind the other, and what converts them for the matrix unit.

    Args:
        unit: what it multiplies.
        copy: the copy; the last one writes its dest.
        chunk: weights of a chunk.
    """
    if unit != BLOCK_FLOAT:
        return (copy,)
    made = replace(copy, dest=f"{copy.dest}_{copy.dest_dtype}")
    rows = prod(made.dest_shape) // chunk
    shape = (rows, chunk)
    places = (0, chunk)
    return (
        made,
        *(
            HostCopy(
                made.dest, shape, made.dest_dtype, (0, 0), shape, (0, 1), copy.dest,
                (rows, stored_bytes(chunk)), "i8", (0, place), part,
            )
            for part, place in zip(BLOCK_PARTS, places, strict=True)
        ),
    )  # fmt: skip

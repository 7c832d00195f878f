"""Host copies: what the CPU does around an NPU call (packing, padding, casting, un-packing).

A route states them as data. :func:`apply` is their meaning in numpy; the bridge turns each into
one CPU dispatch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

NUMPY_DTYPE: dict[str, np.dtype] = {
    "i8": np.dtype(np.int8),
    "i16": np.dtype(np.int16),
    "i32": np.dtype(np.int32),
    "f32": np.dtype(np.float32),
    "bf16": np.dtype(ml_dtypes.bfloat16),
}
"""numpy's type for each type name of the project."""


@dataclass(frozen=True)
class HostCopy:
    """``dest[dest_offsets + i] = cast(view[offsets + transposed(i)])``.

    Attributes:
        source: "lhs", "rhs", "in0", "in1", …, "result" or the dest of an earlier copy.
        view: the source's shape, row-major, after a bitcast to ``view_dtype``.
        view_dtype: type of the view's elements.
        offsets, sizes: the region of the view that is read.
        perm: dimension i of what is written is dimension perm[i] of what is read.
        dest: the buffer that is written; it starts as zeros at the first copy that names it.
        dest_shape, dest_dtype: its shape, row-major, and type; a type other than ``view_dtype``
            is a numeric conversion (round to nearest even).
        dest_offsets: where the region goes.
    """

    source: str
    view: tuple[int, ...]
    view_dtype: str
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    perm: tuple[int, ...]
    dest: str
    dest_shape: tuple[int, ...]
    dest_dtype: str
    dest_offsets: tuple[int, ...]

    @property
    def covers_dest(self) -> bool:
        """Whether this copy alone writes every element of its dest."""
        return tuple(self.sizes[p] for p in self.perm) == self.dest_shape


def apply(
    copies: Sequence[HostCopy], arrays: Mapping[str, NDArray[np.generic]]
) -> dict[str, NDArray[np.generic]]:
    """Run the copies on flat or shaped arrays; returns the given arrays and every dest, shaped."""
    values = dict(arrays)
    made: set[str] = set()
    for copy in copies:
        view = np.ascontiguousarray(values[copy.source]).reshape(-1)
        view = view.view(NUMPY_DTYPE[copy.view_dtype]).reshape(copy.view)
        region = view[tuple(slice(o, o + s) for o, s in zip(copy.offsets, copy.sizes, strict=True))]
        moved = region.transpose(copy.perm).astype(NUMPY_DTYPE[copy.dest_dtype])
        if copy.dest not in made and copy.dest not in arrays:
            values[copy.dest] = np.zeros(copy.dest_shape, NUMPY_DTYPE[copy.dest_dtype])
        made.add(copy.dest)
        dest = values[copy.dest].reshape(copy.dest_shape)
        dest[
            tuple(slice(o, o + s) for o, s in zip(copy.dest_offsets, moved.shape, strict=True))
        ] = moved
        values[copy.dest] = dest
    return values

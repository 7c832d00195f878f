"""Host copies: what the CPU does around an NPU call (packing, padding, casting, un-packing).

A route states them as data. :func:`apply` is their meaning in numpy; the bridge turns each into
one CPU dispatch.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from aie_conv.layout.block_float import to_blocks
from aie_conv.problem import BLOCK

NUMPY_DTYPE: dict[str, np.dtype] = {
    "i8": np.dtype(np.int8),
    "i16": np.dtype(np.int16),
    "i32": np.dtype(np.int32),
    "f16": np.dtype(np.float16),
    "f32": np.dtype(np.float32),
    "bf16": np.dtype(ml_dtypes.bfloat16),
}
"""numpy's type for each type name of the project."""


ValuePart = Literal["whole", "hi", "lo", "mantissas", "exponents"]
"""What a copy from f32 or f16 to bf16 takes of each element x, with b = bf16(x):

"whole" is b. Where x is a normal number and b is finite "hi" is b and "lo" is bf16(x - b), or zero where
that difference is not normal; elsewhere both are zero. ``hi + lo`` is then x to 16 bits, all that
f16 has, and a product with an infinity or a NaN can be left to the factors' "whole" alone: hi and lo make
no NaN of it.

"mantissas" and "exponents" take rows of bf16 as bytes of bfp16 (:mod:`aie_conv.layout.block_float`): one for
each element, or one for each eight neighbours of a row.
"""

BLOCK_PARTS = ("mantissas", "exponents")
"""The parts of bfp16."""

SPLIT_DTYPES = ("f32", "f16")
"""The types of operands that have parts of bf16."""

SMALLEST_NORMAL = 2.0**-126
"""Below it bf16 and f32 are subnormal, which processors may take for zero; "hi" and "lo" always do."""


@dataclass(frozen=True)
class HostCopy:
    """``dest[dest_offsets + i] = cast(view[offsets + transposed(i)])``.

    Attributes:
        source: "lhs", "rhs", "in0", "in1", …, "result" or the dest of an earlier copy; "" for ``literal``.
        view: the source's shape, row-major, after a bitcast to ``view_dtype``.
        view_dtype: type of the view's elements.
        offsets, sizes: the region of the view that is read.
        perm: dimension i of what is written is dimension perm[i] of what is read.
        dest: the buffer that is written; it starts as zeros at the first copy that names it.
        dest_shape, dest_dtype: its shape, row-major, and type; a type other than ``view_dtype``
            is a numeric conversion (round to nearest even).
        dest_offsets: where the region goes.
        part: what is taken of each element; "hi" and "lo" from f32 or f16 to bf16 only, those of bfp16 from
            whole rows of bf16, eights of them, to bytes.
        literal: i32 values that are the source where no value of the program is.
        repeats: how often each dimension of what is written repeats what is read, which has one element
            along it wherever that is not 1; empty where none does.
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
    part: ValuePart = "whole"
    literal: tuple[int, ...] = ()
    repeats: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a part of another type than it is of, or of what is not in eights."""
        sources, dest = (("bf16",), "i8") if self.part in BLOCK_PARTS else (SPLIT_DTYPES, "bf16")
        if self.part != "whole" and (self.view_dtype not in sources or self.dest_dtype != dest):
            raise ValueError(f"{self.part} part of {self.view_dtype} as {self.dest_dtype}")
        in_rows = self.sizes == self.view and self.perm == tuple(range(len(self.view)))
        if self.part in BLOCK_PARTS and (not in_rows or self.view[-1] % BLOCK):
            raise ValueError(f"{self.part} of other than rows of eights")
        if any(
            times > 1 and self.sizes[p] > 1
            for times, p in zip(self.repeats, self.perm, strict=bool(self.repeats))
        ):
            raise ValueError("only one element can be repeated")

    @property
    def written(self) -> tuple[int, ...]:
        """The shape of what is written."""
        sizes = tuple(self.sizes[p] for p in self.perm)
        if self.repeats:
            return tuple(n * times for n, times in zip(sizes, self.repeats, strict=True))
        return (*sizes[:-1], sizes[-1] // BLOCK) if self.part == "exponents" else sizes

    @property
    def covers_dest(self) -> bool:
        """Whether this copy alone writes every element of its dest."""
        return self.written == self.dest_shape


def _take(x: NDArray[np.generic], copy: HostCopy) -> NDArray[np.generic]:
    """The elements in the dest's type: a conversion, or one part of f32 or of bfp16."""
    if copy.part in BLOCK_PARTS:
        mantissas, exponents = to_blocks(x)
        return mantissas if copy.part == "mantissas" else exponents.view(np.int8)
    if copy.view_dtype == "f16":
        x = x.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        converted = x.astype(NUMPY_DTYPE[copy.dest_dtype])
    if copy.part == "whole":
        return converted
    wide = converted.astype(np.float32)
    normal = np.isfinite(wide) & (np.abs(x) >= SMALLEST_NORMAL)
    if copy.part == "hi":
        return np.where(normal, converted, converted.dtype.type(0))
    rest = np.subtract(x, wide, out=np.zeros_like(wide), where=normal)
    return np.where(np.abs(rest) >= SMALLEST_NORMAL, rest, np.float32(0)).astype(converted.dtype)


def apply(
    copies: Sequence[HostCopy], arrays: Mapping[str, NDArray[np.generic]]
) -> dict[str, NDArray[np.generic]]:
    """Run the copies on flat or shaped arrays; returns the given arrays and every dest, shaped."""
    values = dict(arrays)
    filled: set[str] = set()
    for copy in copies:
        source = values[copy.source] if copy.source else np.array(copy.literal, np.int32)
        view = np.ascontiguousarray(source).reshape(-1)
        view = view.view(NUMPY_DTYPE[copy.view_dtype]).reshape(copy.view)
        region = view[tuple(slice(o, o + s) for o, s in zip(copy.offsets, copy.sizes, strict=True))]
        moved = _take(region.transpose(copy.perm), copy)
        if copy.repeats:
            moved = np.broadcast_to(moved, copy.written)
        if copy.dest not in filled and copy.dest not in arrays:
            values[copy.dest] = np.zeros(copy.dest_shape, NUMPY_DTYPE[copy.dest_dtype])
        filled.add(copy.dest)
        dest = values[copy.dest].reshape(copy.dest_shape)
        dest[
            tuple(slice(o, o + s) for o, s in zip(copy.dest_offsets, moved.shape, strict=True))
        ] = moved
        values[copy.dest] = dest
    return values


def blanks(
    copies: Sequence[HostCopy], buffers: Sequence[tuple[str, str, int]]
) -> list[NDArray[np.generic]]:
    """Buffers of zeros, with the copies' literals in place: a program's time depends on nothing else.

    Args:
        copies: those in front of a call.
        buffers: name, type and elements of each argument of the call.
    """
    arrays: dict[str, NDArray[np.generic]] = {
        name: np.zeros(elements, NUMPY_DTYPE[dtype]) for name, dtype, elements in buffers
    }
    literal = [copy for copy in copies if not copy.source and copy.dest in arrays]
    filled = apply(literal, arrays)
    return [filled[name].reshape(-1) for name, _, _ in buffers]


def lengthened(flat: NDArray[Any], slack: int) -> NDArray[Any]:
    """A flat buffer with ``slack`` zeros behind it; the buffer itself where there is none."""
    return np.concatenate((flat, np.zeros(slack, flat.dtype))) if slack else flat


def made_of(copies: Sequence[HostCopy], present: Collection[str]) -> frozenset[str]:
    """The given values and every dest that is made of nothing else.

    A dest may be named before all of its sources are: two copies of a slice's halves, each behind what
    makes its own half.
    """
    known = {*present, ""}
    sources: dict[str, set[str]] = {}
    for copy in copies:
        sources.setdefault(copy.dest, set()).add(copy.source)
    while complete := {dest for dest, of in sources.items() if dest not in known and of <= known}:
        known |= complete
    return frozenset(known - {""})

"""Gathers that repeat every element of their source a whole number of times, as nearest upsampling does.

A front end computes an index of the source from each index of the result, in integers or floats. Here those
computations are done for all indices of a dim, when the module is compiled: what is known then is which
elements are read, however it was written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from iree.compiler import ir
from numpy.typing import NDArray

from aie_conv.bridge.moves import gathered
from aie_conv.bridge.tensors import owner, splat_value, tensor_type

_Array = NDArray[Any]

_TYPES = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "index": np.int64}

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "arith.addf": np.add, "arith.subf": np.subtract, "arith.mulf": np.multiply,
    "arith.divf": np.divide, "arith.maximumf": np.maximum, "arith.minimumf": np.minimum,
    "arith.addi": np.add, "arith.subi": np.subtract, "arith.muli": np.multiply,
    "arith.maxsi": np.maximum, "arith.minsi": np.minimum, "arith.floordivsi": np.floor_divide,
}  # fmt: skip
_UNARY: dict[str, Callable[[Any], Any]] = {
    "math.floor": np.floor, "math.ceil": np.ceil, "math.roundeven": np.rint,
}  # fmt: skip
_CONVERSIONS = frozenset(
    ("arith.index_cast", "arith.sitofp", "arith.fptosi", "arith.extsi", "arith.trunci")
)


@dataclass(frozen=True)
class Repeats:
    """A gather of whole repetitions.

    Attributes:
        source: what is repeated.
        factors: how often each element is there along each dim.
    """

    source: ir.Value
    factors: tuple[int, ...]


def find_repeats(op: ir.Operation) -> Repeats | None:
    """What a gather repeats; None where it does anything else."""
    extract = gathered(op) if op.name == "linalg.generic" else None
    if extract is None or len(op.results) != 1:
        return None
    kind = ir.RankedTensorType(op.results[0].type)
    source = extract.operands[0]
    if not kind.has_static_shape or not ir.RankedTensorType(source.type).has_static_shape:
        return None
    affine = ir.AffineMapAttr(ir.ArrayAttr(op.attributes["indexing_maps"])[0]).value
    if affine != ir.AffineMap.get_identity(affine.n_dims, op.context):
        return None
    shape, sizes = list(kind.shape), tensor_type(source)[0]
    if len(shape) != len(sizes):
        return None
    factors: list[int] = []
    for dim, (size, result) in enumerate(zip(sizes, shape, strict=True)):
        walked = _Walk(dim, result).values(extract.operands[1 + dim])
        if walked is None or result % size:
            return None
        if not np.array_equal(
            np.broadcast_to(walked, result), np.arange(result) // (result // size)
        ):
            return None
        factors.append(result // size)
    return Repeats(source, tuple(factors)) if max(factors) > 1 else None


class _Walk:
    """Computes values for all indices of one dim."""

    def __init__(self, dim: int, size: int) -> None:
        self._dim, self._indices = dim, np.arange(size)

    def values(self, value: ir.Value) -> _Array | None:
        """A value's numbers; None where it depends on anything else, or is computed otherwise."""
        op = owner(value)
        dtype = _TYPES.get(str(value.type))
        if op is None or dtype is None:
            return None
        if op.name == "arith.constant":
            return np.asarray(splat_value(op), dtype)
        if op.name == "linalg.index":
            own = ir.IntegerAttr(op.attributes["dim"]).value == self._dim
            return self._indices if own else None
        inner = [self.values(operand) for operand in op.operands]
        known = [each for each in inner if each is not None]
        if len(known) < len(inner):
            return None
        if op.name in _CONVERSIONS:
            return known[0].astype(dtype)
        if op.name in _UNARY:
            return _UNARY[op.name](known[0])
        return _BINARY[op.name](*known).astype(dtype) if op.name in _BINARY else None

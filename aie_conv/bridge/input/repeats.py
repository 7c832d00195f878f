"""Gathers that repeat every element of their source a whole number of times, as nearest upsampling does.

A front end computes an index of the source from each index of the result, in integers or floats. Here those
computations are done for all indices of a dim, when the module is compiled: what is known then is which
elements are read, however it was written.
"""

from __future__ import annotations

from dataclasses import dataclass

from iree.compiler import ir

from aie_conv.bridge.input.moves import gathered
from aie_conv.bridge.recognition.interpreter import NumberArray, ScalarBody, spread
from aie_conv.bridge.tensors import tensor_type
from aie_conv.errors import Unsupported


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
    source, *indices = extract.operands
    try:
        (shape, _), (sizes, _) = tensor_type(op.results[0]), tensor_type(source)
        affine = ir.AffineMapAttr(ir.ArrayAttr(op.attributes["indexing_maps"])[0]).value
        if affine != ir.AffineMap.get_identity(affine.n_dims, op.context):
            return None
        if len(shape) != len(sizes) or not all(sizes):
            return None
        factors = tuple(result // size for result, size in zip(shape, sizes, strict=True))
        places = spread(shape)
        body = ScalarBody(op, places, _of_no_tensor)
        for index, place, factor in zip(indices, places, factors, strict=True):
            if not factor or (body.numbers(index) != place // factor).any():
                return None
    except Unsupported:
        return None
    even = shape == tuple(size * factor for size, factor in zip(sizes, factors, strict=True))
    return Repeats(source, factors) if even and any(f > 1 for f in factors) else None


def _of_no_tensor(value: ir.Value) -> NumberArray:
    raise Unsupported(f"an index that depends on a {value.type}")

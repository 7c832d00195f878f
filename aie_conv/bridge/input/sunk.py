"""Element-wise operations with channels last, behind operations that give their channels last.

IREE carries a transposition through an element-wise operation where nothing else reads what it transposes. An
activation function that is computed of its operand twice, a residual, or a slice ends that, and the network
turns to and fro. Here a transposition is carried through whatever computes element by element.
"""

from __future__ import annotations

from collections.abc import Sequence

from iree.compiler import ir

from aie_conv.bridge.graft import graft
from aie_conv.bridge.input.images import Images, is_static, kind_like, rank_of, shape_of
from aie_conv.bridge.input.quantised_values import DEQUANTISE, QUANTISE
from aie_conv.bridge.tensors import owner, walk

ELEMENTWISE = frozenset(("linalg.generic", DEQUANTISE, QUANTISE))
"""Operations that may compute element by element."""

_LEAST_RANK = 3
"""Of a tensor of images: batch, channels, and at least one axis of pixels."""


def is_turned(value: ir.Value) -> bool:
    """Whether a tensor of images is one with channels last whose channels were put second again."""
    op = owner(value)
    if op is None or op.name != "linalg.transpose":
        return False
    order = list(ir.DenseI64ArrayAttr(op.attributes["permutation"]))
    rank = len(order)
    return rank >= _LEAST_RANK and order == [0, rank - 1, *range(1, rank - 1)]


def sinks(op: ir.Operation) -> bool:
    """Whether an operation is element by element, and one of its operands is turned."""
    if op.name not in ELEMENTWISE or len(op.results) != 1:
        return False
    if not any(is_turned(value) for value in op.operands):
        return False
    *maps, last = _maps(op)
    start = owner(op.operands[len(op.operands) - 1])
    return (
        start is not None
        and start.name == "tensor.empty"
        and is_static(op.results[0])
        and _is_identity(last)
        and "reduction" not in str(op.attributes.get("iterator_types", ""))
        and not any(inner.name in ("linalg.index", "tensor.extract") for inner in walk(op))
        and all(map(_is_part, maps))
    )


def turn_elementwise(op: ir.Operation, images: Images) -> ir.Value:
    """The operation with channels last."""
    rank, context = rank_of(op.results[0]), op.context
    maps = _maps(op)
    result = kind_like(_last(shape_of(op.results[0])), op.results[0])
    values = [
        images.last(value) if _is_identity(each) else value
        for value, each in zip(list(op.operands)[:-1], maps, strict=False)
    ]
    values.append(graft(op, f"%e = tensor.empty() : {result}\nreturn %e : {result}", {})[0])
    moved = [0, rank - 1, *range(1, rank - 1)]
    dims = [ir.AffineExpr.get_dim(moved[dim], context) for dim in range(rank)]
    turned = [each if _is_identity(each) else _rename(each, dims) for each in maps]
    copy = op.clone(ip=ir.InsertionPoint(op)).operation
    for number, value in enumerate(values):
        copy.operands[number] = value
    attributes = [ir.AffineMapAttr.get(each) for each in turned]
    copy.attributes["indexing_maps"] = ir.ArrayAttr.get(attributes, context)
    copy.results[0].set_type(values[-1].type)
    return copy.results[0]


def turn_source(value: ir.Value) -> None:
    """Turn what an image is computed of element by element, where nothing else gives it channels last.

    What follows is then turned as well, so that the image is padded in the order in which it is read.
    """
    op = owner(value)
    while op is not None and (op.name in ELEMENTWISE or op.name == "tensor.pad"):
        if op.name == "linalg.generic" and len(op.operands) != 2:
            return
        value = op.operands[0]
        op = owner(value)
    if op is None or op.name != "hal.tensor.import" or not is_static(value):
        return
    readers = [use.owner.operation for use in value.uses]
    if any(reader.block != op.block for reader in readers):
        return
    first = next(
        reader
        for reader in readers
        if all(reader == other or reader.is_before_in_block(other) for other in readers)
    )
    images = Images(first)
    turned = images.last(value)
    again = images.turned_back(turned)
    for reader in readers:
        for number, operand in enumerate(reader.operands):
            if operand == value:
                reader.operands[number] = again


def _rename(affine: ir.AffineMap, dims: Sequence[ir.AffineExpr]) -> ir.AffineMap:
    """A map of some dims, of other ones."""
    results = [
        dims[ir.AffineDimExpr(each).position] if isinstance(each, ir.AffineDimExpr) else each
        for each in affine.results
    ]
    return ir.AffineMap.get(affine.n_dims, 0, results, affine.context)


def _maps(op: ir.Operation) -> list[ir.AffineMap]:
    return [ir.AffineMapAttr(each).value for each in ir.ArrayAttr(op.attributes["indexing_maps"])]


def _is_identity(affine: ir.AffineMap) -> bool:
    return affine == ir.AffineMap.get_identity(affine.n_dims, affine.context)


def _is_part(affine: ir.AffineMap) -> bool:
    """Whether a map is of some dims, each as it is, or of constants."""
    kinds = (ir.AffineDimExpr, ir.AffineConstantExpr)
    return all(isinstance(each, kinds) for each in affine.results)


def _last(amounts: Sequence[int]) -> list[int]:
    return [amounts[0], *amounts[2:], amounts[1]]

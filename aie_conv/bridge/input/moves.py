"""Moves of tensors: what pads, spreads, transposes, reshapes, repeats or flips elements, and computes none.

Moving a dequantised tensor moves its bytes alike, if padding with 0.0 becomes padding with the zero point.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from iree.compiler import ir

from aie_conv.bridge.graft import graft, integer, with_element
from aie_conv.bridge.tensors import owner, splat_value, tensor_type, walk

_DIMS = {"linalg.transpose": "permutation", "linalg.broadcast": "dimensions"}
"""Of named moves, the attribute that says which dims go where."""


def is_zero(value: ir.Value) -> bool:
    """Whether a scalar or a tensor is 0.0 everywhere."""
    op = owner(value)
    if op is not None and op.name == "linalg.fill":
        op = owner(op.operands[0])
    return op is not None and op.name == "arith.constant" and splat_value(op) == 0


def _padding(op: ir.Operation) -> ir.Operation:
    block: Any = op.regions[0].blocks[0]
    return block.operations[len(block.operations) - 1].operation


def pads_with(value: ir.Value) -> ir.Attribute | None:
    """The constant that a tensor is padded with; None where it is padded with none, or by sizes that vary."""
    op = owner(value)
    if op is None or op.name != "tensor.pad" or len(op.operands) != 1:
        return None
    number = owner(_padding(op).operands[0])
    plain = number is not None and number.name == "arith.constant"
    return number.attributes["value"] if number is not None and plain else None


def find_source(op: ir.Operation) -> ir.Value | None:
    """What an operation moves without computing; None where it does more."""
    if only_spreads(op):
        return op.operands[0]
    if op.name == "tensor.pad" and len(op.operands) == 1:
        return op.operands[0] if is_zero(_padding(op).operands[0]) else None
    if op.name == "tensor.insert_slice" and len(op.operands) == 2:
        return op.operands[0] if is_zero(op.operands[1]) else None
    if op.name == "tensor.extract_slice" and len(op.operands) == 1:
        return op.operands[0]
    if op.name == "linalg.generic":
        extract = gathered(op)
        return extract.operands[0] if extract is not None else None
    return None


def _repeats(op: ir.Operation) -> bool:
    """Whether a generic operation repeats its one input along new dims."""
    block: Any = op.regions[0].blocks[0]
    first = block.operations[0].operation
    if len(op.operands) != 2 or first.name != "linalg.yield":
        return False
    maps = [ir.AffineMapAttr(m).value for m in ir.ArrayAttr(op.attributes["indexing_maps"])]
    plain = all(isinstance(e, ir.AffineDimExpr) for e in maps[0].results)
    identity = maps[1] == ir.AffineMap.get_identity(maps[1].n_dims, op.context)
    return plain and identity and first.operands[0] == block.arguments[0]


def gathered(op: ir.Operation) -> ir.Operation | None:
    """The one read of a generic operation that gathers a tensor, as transposed filters are flipped."""
    inner = [o for o in walk(op) if o.name == "tensor.extract"]
    block: Any = op.regions[0].blocks[0]
    last = block.operations[len(block.operations) - 1].operation
    if len(op.operands) != 1 or len(inner) != 1 or last.operands[0] != inner[0].results[0]:
        return None
    return inner[0]


def only_spreads(op: ir.Operation) -> bool:
    """Whether a move repeats or reorders elements and adds no zeros."""
    names = ("tensor.expand_shape", "tensor.collapse_shape", "linalg.transpose", "linalg.broadcast")
    return op.name in names or (op.name == "linalg.generic" and _repeats(op))


def axes_behind(op: ir.Operation, axes: Sequence[int]) -> tuple[int, ...] | None:
    """Which dims of an operation's result some dims of what it moves are; None where none are."""
    if op.name == "linalg.transpose":
        order = list(ir.DenseI64ArrayAttr(op.attributes["permutation"]))
        return tuple(order.index(axis) for axis in axes)
    if op.name == "linalg.broadcast":
        added = list(ir.DenseI64ArrayAttr(op.attributes["dimensions"]))
        kept = [dim for dim in range(len(tensor_type(op.results[0])[0])) if dim not in added]
        return tuple(kept[axis] for axis in axes)
    if op.name in ("tensor.expand_shape", "tensor.collapse_shape"):
        groups = [
            [ir.IntegerAttr(d).value for d in ir.ArrayAttr(group)]
            for group in ir.ArrayAttr(op.attributes["reassociation"])
        ]
        split = op.name == "tensor.expand_shape"
        return _split(op, groups, axes) if split else _merge(op, groups, axes)
    if op.name == "linalg.generic":
        return _walked(op, axes)
    before, after = tensor_type(op.operands[0])[0], tensor_type(op.results[0])[0]
    same = len(before) == len(after) and all(before[axis] == after[axis] for axis in axes)
    return tuple(axes) if same or not axes else None


def _walked(op: ir.Operation, axes: Sequence[int]) -> tuple[int, ...] | None:
    """The same of a generic operation."""
    if _repeats(op):
        source = ir.AffineMapAttr(ir.ArrayAttr(op.attributes["indexing_maps"])[0]).value
        return tuple(ir.AffineDimExpr(source.results[axis]).position for axis in axes)
    extract, dims = gathered(op), list[int]()
    for axis in axes:
        index = owner(extract.operands[1 + axis]) if extract is not None else None
        if index is None or index.name != "linalg.index":
            return None
        dims.append(ir.IntegerAttr(index.attributes["dim"]).value)
    return tuple(dims)


def _split(op: ir.Operation, groups: list[list[int]], axes: Sequence[int]) -> tuple[int, ...]:
    after, _ = tensor_type(op.results[0])
    dims = [[d for d in groups[axis] if after[d] > 1] or groups[axis][:1] for axis in axes]
    return tuple(dim for each in dims for dim in each)


def _merge(
    op: ir.Operation, groups: list[list[int]], axes: Sequence[int]
) -> tuple[int, ...] | None:
    before, _ = tensor_type(op.operands[0])
    dims, rest = list[int](), list(axes)
    while rest:
        into = next(i for i, group in enumerate(groups) if rest[0] in group)
        merged = [dim for dim in groups[into] if before[dim] > 1] or [rest[0]]
        if rest[: len(merged)] != merged:
            return None
        dims.append(into)
        del rest[: len(merged)]
    return tuple(dims)


def move(before: ir.Operation, op: ir.Operation, value: ir.Value, zero: int) -> ir.Value:
    """The same move of another tensor, in front of an operation, padding with ``zero``."""
    dtype = tensor_type(value)[1]
    kind, element = with_element(op.results[0].type, dtype), ir.Type.parse(dtype, op.context)
    attribute = _DIMS.get(op.name)
    if attribute is not None:
        text = (
            f"%e = tensor.empty() : {kind}\n%y = {op.name} ins(%x : {value.type}) outs(%e : {kind}) "
            f"{attribute} = {list(ir.DenseI64ArrayAttr(op.attributes[attribute]))}\nreturn %y : {kind}"
        )
        return graft(before, text, {"%x": value})[0]
    copied = op.clone(ip=ir.InsertionPoint(before)).operation
    if op.name == "linalg.generic" and _repeats(op):
        for argument in copied.regions[0].blocks[0].arguments:
            argument.set_type(element)
        copied.operands[0], copied.operands[1] = value, _fill(copied, kind, zero)
    elif op.name == "linalg.generic":
        extract = gathered(copied)
        assert extract is not None
        extract.operands[0] = value
        extract.results[0].set_type(element)
        copied.regions[0].blocks[0].arguments[0].set_type(element)
        copied.operands[0] = _fill(copied, kind, zero)
    else:
        copied.operands[0] = value
        if op.name == "tensor.pad":
            _padding(copied).operands[0] = integer(copied, zero, dtype)
        if op.name == "tensor.insert_slice":
            copied.operands[1] = _fill(copied, with_element(op.operands[1].type, dtype), zero)
    copied.results[0].set_type(kind)
    return copied.results[0]


def _fill(before: ir.Operation, kind: ir.Type, zero: int) -> ir.Value:
    dtype = ir.RankedTensorType(kind).element_type
    text = (
        f"%z = arith.constant {zero} : {dtype}\n%e = tensor.empty() : {kind}\n"
        f"%y = linalg.fill ins(%z : {dtype}) outs(%e : {kind}) -> {kind}\nreturn %y : {kind}"
    )
    return graft(before, text, {})[0]

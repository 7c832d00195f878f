"""Sums of dequantised bytes over some of their dims, as a mean takes them, become sums of the bytes.

With x = s (q - z), and s one number for each of the dims that stay,

    sum x = s (sum q - n z)

for n elements: integers, up to one conversion and one product. An f32 sum of the left side rounds each of its
steps, in an order that every compiler chooses for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from iree.compiler import ir
from iree.compiler.dialects import linalg

from aie_conv.bridge.graft import element_type, graft, maps_text
from aie_conv.bridge.input.filter_sums import (
    DimNumbers,
    dims_of,
    filter_sums,
    map_text,
    sums_of,
    walks_alone,
)
from aie_conv.bridge.input.moves import is_zero
from aie_conv.bridge.input.quantised_values import Quantised, dequantised, signed_bytes, walking
from aie_conv.bridge.recognition.contraction import loop_sizes
from aie_conv.bridge.recognition.rows import combination, reduces
from aie_conv.bridge.tensors import indexing, tensor_type
from aie_conv.errors import Unsupported

MOST_ELEMENTS = 2**31 // 255
"""Differences of two bytes that a sum in i32 holds."""

_NOWHERE = -1
"""In place of the dim that a dim of the result walks, where it is one element long and walks none."""


@dataclass(frozen=True)
class _ByteSum:
    """A sum of dequantised bytes.

    Attributes:
        op: the operation.
        value: what is added up.
        dims: the loops that each dim of the value walks, several in a window.
        out_dims: the loop that each dim of the result walks; _NOWHERE for one that walks none.
        elements: of one sum.
    """

    op: ir.Operation
    value: Quantised
    dims: tuple[DimNumbers, ...]
    out_dims: DimNumbers
    elements: int

    @property
    def scaled(self) -> list[int]:
        """The dims of the result that the scale walks."""
        return [self.out_dims.index(self.dims[axis][0]) for axis in self.value.axes]


def sum_bytes(op: ir.Operation) -> bool:
    """Write a sum as one of bytes, where it is of dequantised ones; whether it was."""
    found = _match(op)
    if found is None:
        return False
    op.results[0].replace_all_uses_with(_rewrite(found))
    op.erase()
    return True


def is_sum(op: ir.Operation) -> bool:
    """Whether an operation adds elements of one operand of f32 as they are, over loops or over windows."""
    if any(element_type(value) != "f32" for value in op.operands):
        return False
    if op.name.startswith("linalg.pooling_"):
        return op.name.endswith("_sum")
    if op.name != "linalg.generic" or len(op.operands) != 2 or not reduces(op):
        return False
    block: Any = op.regions[0].blocks[0]
    try:
        name, element = combination(op, 1)
    except Unsupported:
        return False
    return name == "arith.addf" and element == block.arguments[0] and len(block.operations) == 2


def _match(op: ir.Operation) -> _ByteSum | None:
    if any(not ir.RankedTensorType(value.type).has_static_shape for value in op.operands):
        return None
    value = dequantised(op.operands[0])
    if value is None or value.offset is None or not is_zero(op.operands[len(op.operands) - 1]):
        return None
    attributes: Any = linalg.get_indexing_maps(op)
    maps = [ir.AffineMapAttr(m).value for m in attributes]
    read, written = ([dims_of(e) for e in maps[number].results] for number in (0, -1))
    if any(len(walked) > 1 for walked in written) or not (len(maps) > 2 or walks_alone(maps[0])):
        return None
    out_dims = tuple(walked[0] if walked else _NOWHERE for walked in written)
    if any(len(read[axis]) > 1 or read[axis][0] not in out_dims for axis in value.axes):
        return None
    sizes = loop_sizes(op, indexing(op))
    elements = prod(size for dim, size in sizes.items() if dim not in out_dims)
    if elements > MOST_ELEMENTS:
        return None
    return _ByteSum(op, value, tuple(read), out_dims, elements)


def _rewrite(found: _ByteSum) -> ir.Value:
    op, value, kind = found.op, found.value, found.op.results[0].type
    shape, _ = tensor_type(op.results[0])
    rank, numbers = len(shape), signed_bytes(op, value)
    if len(op.operands) > 2:
        sums, walked = sums_of(op, numbers, op.operands[1]), tuple(range(rank))
    else:
        loops = tuple(dims[0] for dims in found.dims)
        sums, walked = filter_sums(op, numbers, loops, found.out_dims)
    scale = walking(op, value.scale, [shape[dim] for dim in found.scaled])
    places = [walked, found.scaled, range(rank)]
    maps = [map_text(rank, [f"d{dim}" for dim in dims]) for dims in places]
    ins = [f"%s : {sums.type}", f"%l : {scale.type}"]
    zeros = -found.elements * (value.offset or 0)
    text = f"""%e = tensor.empty() : {kind}
%y = {maps_text(maps, ins, f"%e : {kind}", ["parallel"] * rank)} {{
^bb0(%a: i32, %b: {element_type(scale)}, %out: f32):
  %c = arith.constant {zeros} : i32
  %t = arith.addi %a, %c : i32
  %v = arith.sitofp %t : i32 to f32
  %n = arith.mulf %v, %b : f32
  linalg.yield %n : f32
}} -> {kind}
return %y : {kind}"""
    return graft(op, text, {"%s": sums, "%l": scale})[0]

"""Stacks of matrices that are all multiplied by one matrix become one taller matrix.

ONNX's MatMul and torch's linear layers of three dims are imported as batched products whose second factor
is one matrix, repeated: as a batch it would be read, and packed, once for each.
"""

from __future__ import annotations

from iree.compiler import ir

from aie_conv.bridge.graft import element_type, graft
from aie_conv.bridge.input.moves import axes_behind, only_spreads
from aie_conv.bridge.input.whole_products import is_plain
from aie_conv.bridge.tensors import owner, tensor_type, walk


def join_stacks(module: ir.Operation) -> int:
    """Rewrite a module at IREE's `input` phase; the number of products that changed."""
    operations = [op for op in walk(module) if op.name == "linalg.batch_matmul"]
    return sum(_join(op) for op in operations)


def _join(op: ir.Operation) -> bool:
    matrix = _repeat(op.operands[1])
    static = all(ir.RankedTensorType(value.type).has_static_shape for value in op.operands)
    # What is summed in i64 becomes one of bytes first (:mod:`.whole_products`).
    if matrix is None or not static or not is_plain(op) or element_type(op.results[0]) == "i64":
        return False
    (batch, m, k), (_, _, n) = (tensor_type(value)[0] for value in op.operands[:2])
    if tuple(tensor_type(matrix)[0]) != (k, n):
        return False
    x, w, y = (element_type(value) for value in op.operands)
    tall, kind = f"tensor<{batch * m}x{k}x{x}>", f"tensor<{batch * m}x{n}x{y}>"
    text = f"""%x = tensor.collapse_shape %a [[0, 1], [2]] : {op.operands[0].type} into {tall}
%s = tensor.collapse_shape %c [[0, 1], [2]] : {op.operands[2].type} into {kind}
%p = linalg.matmul ins(%x, %w : {tall}, tensor<{k}x{n}x{w}>) outs(%s : {kind}) -> {kind}
%y = tensor.expand_shape %p [[0, 1], [2]] output_shape [{batch}, {m}, {n}] : {kind} into {op.results[0].type}
return %y : {op.results[0].type}"""
    operands = {"%a": op.operands[0], "%w": matrix, "%c": op.operands[2]}
    op.results[0].replace_all_uses_with(graft(op, text, operands)[0])
    op.erase()
    return True


def _repeat(stack: ir.Value) -> ir.Value | None:
    """The matrix of which a stack is made; None where it is made of several."""
    spread = owner(stack)
    if spread is None or not only_spreads(spread):
        return None
    matrix = spread.operands[0]
    rank = len(tensor_type(matrix)[0])
    return matrix if rank == 2 and axes_behind(spread, (0, 1)) == (1, 2) else None

"""QLinearMatMul in the form of quantised models: scales around a real MatMul, which IREE turns into integers.

The importer multiplies in f32 where the second matrix has a scale for each column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

_FLOAT = 1


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """DequantizeLinear of both matrices, MatMul, QuantizeLinear, where what scales is constant."""
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = node.input
    known = all(graph.constant(name) is not None for name in (a_scale, a_zero, b_scale, b_zero))
    shape, columns = graph.shape(b), graph.shape(b_scale)
    if not known or shape is None or columns is None or graph.element_type(a_scale) != _FLOAT:
        return None
    if graph.shape(a_scale) not in ((), (1,)) or len(columns) > 1 or len(shape) < 2:
        return None
    axis = None if columns in ((), (1,)) else len(shape) - 1
    left = graph.node("DequantizeLinear", [a, a_scale, a_zero], "real")
    right = graph.node("DequantizeLinear", [b, b_scale, b_zero], "real", axis=axis)
    product = graph.node("MatMul", [left.output[0], right.output[0]], "product")
    inputs = [product.output[0], y_scale, y_zero]
    return [left, right, product, graph.node("QuantizeLinear", inputs, list(node.output))]

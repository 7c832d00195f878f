"""QLinearMatMul of stacks of matrices: the importer forgets the zero points."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """The product in integers, scaled, quantised."""
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = node.input
    ranks = [len(shape) for shape in map(graph.shape, (a, b)) if shape is not None]
    if len(ranks) < 2 or max(ranks) < 3:
        return None
    product = graph.node("MatMulInteger", [a, b, a_zero, b_zero], "product")
    kind = graph.element_type(a_scale) or 1
    real = graph.node("Cast", [product.output[0]], "real", to=kind)
    scale = graph.node("Mul", [a_scale, b_scale], "scale")
    scaled = graph.node("Mul", [real.output[0], scale.output[0]], "scaled")
    inputs = [scaled.output[0], y_scale, y_zero]
    return [product, real, scale, scaled, graph.node("QuantizeLinear", inputs, list(node.output))]

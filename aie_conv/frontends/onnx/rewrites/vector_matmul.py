"""MatMul of a vector and a stack of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """The vector as a matrix of one row or column."""
    shapes = [graph.shape(name) for name in node.input]
    ranks = [len(shape) if shape is not None else 0 for shape in shapes]
    if min(ranks) != 1 or max(ranks) < 3:
        return None
    number = ranks.index(1)
    added = graph.add_integers([number], "axis")
    removed = graph.add_integers([number - 2], "axis")
    matrix = graph.node("Unsqueeze", [node.input[number], added], "matrix")
    inputs = list(node.input)
    inputs[number] = matrix.output[0]
    product = graph.node("MatMul", inputs, "product")
    squeezed = graph.node("Squeeze", [product.output[0], removed], list(node.output))
    return [matrix, product, squeezed]

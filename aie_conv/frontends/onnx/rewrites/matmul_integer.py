"""MatMulInteger without zero points: the importer refuses bytes of both signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aie_conv.frontends.onnx.rewrites.graph import changed

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

_UINT8 = 2


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """The same node with zeros in the place of those left out."""
    a, b, *points = node.input
    points = [*points, "", ""][:2]
    if all(points) or graph.element_type(a) == graph.element_type(b):
        return None
    for number, matrix in enumerate((a, b)):
        dtype = np.uint8 if graph.element_type(matrix) == _UINT8 else np.int8
        points[number] = points[number] or graph.add_constant(np.asarray(0, dtype), "zero")
    return [changed(node, inputs=[a, b, *points])]

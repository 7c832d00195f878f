"""QuantizeLinear to 8-bit floats: what is out of range becomes the greatest number, not NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aie_conv.frontends.onnx.rewrites.graph import attributes, changed

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

_GREATEST = {17: 448.0, 19: 57344.0}
"""Of FLOAT8E4M3FN and FLOAT8E5M2, by ONNX's number."""

_FLOAT = 1


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """The input held within the limits times the scale, then the node without saturation of its own."""
    greatest = _GREATEST.get(graph.element_type(node.output[0]))
    scale = graph.shape(node.input[1])
    if greatest is None or scale not in ((), (1,)) or not attributes(node).get("saturate", 1):
        return None
    if graph.element_type(node.input[1]) != _FLOAT:
        return None
    limit = graph.add_constant(np.float32(greatest), "greatest")
    high = graph.node("Mul", [node.input[1], limit], "high")
    low = graph.node("Neg", [high.output[0]], "low")
    above = graph.node("Max", [node.input[0], low.output[0]], "above")
    within = graph.node("Min", [above.output[0], high.output[0]], "within")
    rest = changed(node, [within.output[0], *node.input[1:]], saturate=0)
    return [high, low, above, within, rest]

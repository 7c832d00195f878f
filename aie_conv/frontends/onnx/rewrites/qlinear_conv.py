"""QLinearConv in the form of quantised models: scales around a real Conv, which IREE turns into integers.

The importer's own lowering writes its attributes to stderr.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aie_conv.frontends.onnx.rewrites.graph import attributes

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """DequantizeLinear of input, filter and bias, Conv, QuantizeLinear."""
    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, *bias = node.input
    each = graph.shape(w_scale)
    axis = None if each in ((), (1,), None) else 0
    nodes = [
        graph.node("DequantizeLinear", [x, x_scale, x_zero], "real"),
        graph.node("DequantizeLinear", [w, w_scale, w_zero], "real", axis=axis),
    ]
    if bias and bias[0]:
        x_factor, w_factor = graph.constant(x_scale), graph.constant(w_scale)
        if x_factor is None or w_factor is None:
            return None
        scale = graph.add_constant(x_factor.reshape(()) * w_factor, "bias_scale")
        nodes.append(graph.node("DequantizeLinear", [bias[0], scale], "bias", axis=axis))
    inputs = [each.output[0] for each in nodes]
    nodes.append(graph.node("Conv", inputs, "result", **attributes(node)))
    quantised = [nodes[-1].output[0], y_scale, y_zero]
    return [*nodes, graph.node("QuantizeLinear", quantised, list(node.output))]

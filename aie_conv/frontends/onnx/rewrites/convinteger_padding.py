"""Padded ConvInteger: what is added has the value of the input's zero point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aie_conv.frontends.onnx.rewrites.graph import attributes, changed

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """Pad, then the convolution without padding."""
    pads = attributes(node).get("pads") or []
    if not any(pads):
        return None
    rank = len(pads) // 2
    amounts = [0, 0, *pads[:rank], 0, 0, *pads[rank:]]
    zero = node.input[2] if len(node.input) > 2 else ""
    inputs = [node.input[0], graph.add_integers(amounts, "pads")]
    if zero and graph.shape(zero) not in ((), None):
        scalar = graph.node("Reshape", [zero, graph.add_integers([], "scalar")], "zero")
        padded = graph.node("Pad", [*inputs, scalar.output[0]], "padded")
        nodes = [scalar, padded]
    else:
        padded = graph.node("Pad", [*inputs, *([zero] if zero else [])], "padded")
        nodes = [padded]
    return [*nodes, changed(node, [padded.output[0], *node.input[1:]], pads=None)]

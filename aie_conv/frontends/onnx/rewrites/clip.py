"""Clip of real numbers: the importer's clamp loses NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

_REAL = (1, 10, 11, 16)
"""FLOAT, FLOAT16, DOUBLE and BFLOAT16, by ONNX's number."""


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """A choice by comparison for each limit: NaN is neither below nor above."""
    x, low, high = [*node.input, "", ""][:3]
    if graph.element_type(x) not in _REAL or not (low or high) or node.attribute:
        return None
    nodes: list[onnx.NodeProto] = []
    for comparison, limit in (("Less", low), ("Greater", high)):
        if limit:
            value = nodes[-1].output[0] if nodes else x
            outside = graph.node(comparison, [value, limit], "outside")
            last = limit == high or not high
            output = list(node.output) if last else "clipped"
            nodes += [outside, graph.node("Where", [outside.output[0], limit, value], output)]
    return nodes

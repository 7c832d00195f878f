"""Orders of unsigned integers: the importer compares and divides them as signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aie_conv.frontends.onnx.rewrites.graph import changed

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

OPERATORS = (
    "ArgMax", "ArgMin", "Clip", "Div", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max",
    "MaxPool", "Min", "ReduceMax", "ReduceMin", "TopK",
)  # fmt: skip
"""Operators whose result depends on the order of their operands."""

_UNSIGNED = (2, 4)
"""UINT8 and UINT16, by ONNX's number."""

_INT32 = 6


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """The operator in int32, which holds all values, between conversions."""
    kind = graph.element_type(node.input[0])
    if kind not in _UNSIGNED:
        return None
    inputs = list(node.input)
    before: list[onnx.NodeProto] = []
    for number, name in enumerate(inputs):
        if name and graph.element_type(name) == kind:
            before.append(graph.node("Cast", [name], "wide", to=_INT32))
            inputs[number] = before[-1].output[0]
    wide = changed(node, inputs)
    after: list[onnx.NodeProto] = []
    for number, name in enumerate(node.output):
        if name and graph.element_type(name) == kind:
            wide.output[number] = graph.fresh("wide")
            after.append(graph.node("Cast", [wide.output[number]], [name], to=kind))
    return [*before, wide, *after]

"""What IREE's importer does wrong or not, done right on the graph before it sees it: one file a rewrite.

A rewrite is a function of a :class:`Graph` and a node that gives the nodes in its place, or None to
leave it. Each has a test of the plain importer that fails once it is mended there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from aie_conv.frontends.onnx.rewrites.graph import Graph, graphs_inside, opset_of
from aie_conv.frontends.onnx.rewrites.microsoft_quantised import OPERATORS
from aie_conv.frontends.onnx.rewrites.unsigned import OPERATORS as UNSIGNED

if TYPE_CHECKING:
    import onnx

FOREIGN = {f"com.microsoft.{name}": ("microsoft_quantised",) for name in OPERATORS}
"""Operators of others -> the modules that write them in ONNX's own; done before types are inferred."""

_FORMS: dict[str, tuple[str, ...]] = {
    "AveragePool": ("auto_pads", "average_ties", "ceil_pooling", "leftover"),
    "Conv": ("auto_pads", "leftover"),
    "ConvInteger": ("auto_pads", "convinteger_padding", "leftover"),
    "ConvTranspose": ("auto_pads", "transposed"),
    "DepthToSpace": ("depth_to_space",),
    "DequantizeLinear": ("wide_quantisation",),
    "GlobalAveragePool": ("average_ties",),
    "LpPool": ("auto_pads", "leftover"),
    "MatMul": ("vector_matmul",),
    "MatMulInteger": ("matmul_integer",),
    "MaxPool": ("auto_pads", "leftover"),
    "Pad": ("padding",),
    "QLinearConv": ("qlinear_conv",),
    "QLinearMatMul": ("qlinear_matmul", "batched_qlinear"),
    "QuantizeLinear": ("saturating_f8", "wide_quantisation"),
    "Resize": ("resize_ties",),
    "SpaceToDepth": ("depth_to_space",),
}
REWRITES: dict[str, tuple[str, ...]] = _FORMS | {
    operator: ("unsigned", *_FORMS.get(operator, ())) for operator in UNSIGNED
}
"""Operator -> the modules of this package that rewrite it, tried in order."""


def rewrite(model: onnx.ModelProto, table: Mapping[str, Sequence[str]]) -> onnx.ModelProto:
    """The model with every node replaced that a rewrite takes; the types of new values are not inferred.

    Args:
        model: of one opset, types inferred; changed.
        table: :data:`FOREIGN` or :data:`REWRITES`.
    """
    _rewrite(Graph(model.graph, opset_of(model)), model.graph, table)
    return model


def _rewrite(graph: Graph, proto: onnx.GraphProto, table: Mapping[str, Sequence[str]]) -> None:
    nodes: list[onnx.NodeProto] = []
    for node in list(proto.node):
        for inner in graphs_inside(node):
            _rewrite(graph.inside(inner), inner, table)
        nodes += _replace(graph, node, table)
    del proto.node[:]
    proto.node.extend(nodes)


def _replace(
    graph: Graph, node: onnx.NodeProto, table: Mapping[str, Sequence[str]]
) -> list[onnx.NodeProto]:
    key = f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
    for name in table.get(key, ()):
        nodes = import_module(f"{__name__}.{name}").rewrite(graph, node)
        if nodes is not None:
            return [each for new in nodes for each in _replace(graph, new, table)]
    return [node]

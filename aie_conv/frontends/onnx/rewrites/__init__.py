"""What IREE's importer does wrong or not, done right on the graph before it sees it: one file a rewrite.

A rewrite is a function of a :class:`Graph` and a node that gives the nodes in its place, or None to
leave it. Each has a test of the plain importer that fails once it is mended there.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from aie_conv.frontends.onnx.rewrites.graph import Graph

if TYPE_CHECKING:
    import onnx

REWRITES: dict[str, tuple[str, ...]] = {}
"""Operator -> the modules of this package that rewrite it, tried in order."""


def rewrite(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every node replaced that a rewrite takes; the types of new values are not inferred.

    Args:
        model: of one opset, types inferred; changed.
    """
    graph = Graph(model)
    nodes: list[onnx.NodeProto] = []
    for node in list(model.graph.node):
        nodes += _replaced(graph, node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def _replaced(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto]:
    key = f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
    for name in REWRITES.get(key, ()):
        nodes = import_module(f"{__name__}.{name}").rewrite(graph, node)
        if nodes is not None:
            return [each for new in nodes for each in _replaced(graph, new)]
    return [node]

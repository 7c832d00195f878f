"""Constants around a branch or body, brought into it where they say sizes.

onnx infers the type of a value inside by constants inside alone: an Unsqueeze there by an axis that stands
outside has no rank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aie_conv.frontends.onnx.rewrites.graph import Graph, defined, graphs_inside, opset_of

if TYPE_CHECKING:
    import onnx

_ELEMENTS = 64
"""Integers up to which a tensor is one of axes, sizes or places."""


def bring_constants(model: onnx.ModelProto) -> None:
    """Give branches and bodies their own copies of the short rows of integers around them that they read.

    Args:
        model: of one opset; changed.
    """
    _bring(Graph(model.graph, opset_of(model)), model.graph)


def _bring(graph: Graph, proto: onnx.GraphProto) -> None:
    for node in proto.node:
        for inner in graphs_inside(node):
            view = graph.inside(inner)
            _copy_constants(view, inner)
            _bring(view, inner)


def _copy_constants(graph: Graph, inner: onnx.GraphProto) -> None:
    """The same of one graph, under names that nothing else has."""
    from onnx import numpy_helper

    names = dict.fromkeys(name for node in inner.node for name in node.input if name)
    own, copies = defined(inner), dict[str, str]()
    for name in names:
        if name in own:
            continue
        array = graph.constant(name)
        if array is not None and array.dtype.kind == "i" and array.size <= _ELEMENTS:
            copies[name] = graph.fresh(name)
            inner.initializer.append(numpy_helper.from_array(array, copies[name]))
    for node in inner.node:
        for number, name in enumerate(node.input):
            node.input[number] = copies.get(name, name)

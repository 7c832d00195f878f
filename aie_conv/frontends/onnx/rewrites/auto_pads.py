"""Padding that is computed from sizes (auto_pad): the importer knows it in some operators only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aie_conv.frontends.onnx.rewrites.graph import attributes, changed

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

_WEIGHTS = {"Conv": 1, "ConvTranspose": 1, "ConvInteger": 1}
"""Operators with a filter, and which input it is."""


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """The same node with its pads as numbers."""
    values = attributes(node)
    mode = values.get("auto_pad", "NOTSET")
    shaped = node.op_type == "ConvTranspose" and "output_shape" in values
    shape = graph.shape(node.input[0])
    kernel = kernel_of(graph, node)
    if (mode == "NOTSET" and not shaped) or shape is None or kernel is None:
        return None
    rank = len(kernel)
    strides = values.get("strides") or [1] * rank
    dilations = values.get("dilations") or [1] * rank
    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    sizes = shape[2:]
    if mode == "VALID":
        totals = [0] * rank
    elif node.op_type == "ConvTranspose":
        more = values.get("output_padding") or [0] * rank
        wanted = values.get("output_shape") or [i * s for i, s in zip(sizes, strides, strict=True)]
        totals = [
            s * (i - 1) + o + e - w
            for i, s, o, e, w in zip(sizes, strides, more, extents, wanted[-rank:], strict=True)
        ]
    else:
        totals = [
            max((-(-i // s) - 1) * s + e - i, 0)
            for i, s, e in zip(sizes, strides, extents, strict=True)
        ]
    if min(totals) < 0:
        return None
    less, more_than_half = [t // 2 for t in totals], [t - t // 2 for t in totals]
    pads = less + more_than_half if mode == "SAME_UPPER" else more_than_half + less
    return [changed(node, auto_pad=None, output_shape=None, pads=pads)]


def kernel_of(graph: Graph, node: onnx.NodeProto) -> tuple[int, ...] | None:
    """The sizes of a node's window; None where they are not known."""
    number = _WEIGHTS.get(node.op_type)
    if number is None:
        return tuple(attributes(node)["kernel_shape"])
    shape = graph.shape(node.input[number])
    return None if shape is None else shape[2:]

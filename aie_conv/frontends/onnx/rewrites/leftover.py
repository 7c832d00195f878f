"""Windows of which an axis has one, with pixels left over behind it: IREE refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aie_conv.frontends.onnx.rewrites.auto_pads import kernel_of
from aie_conv.frontends.onnx.rewrites.graph import attributes, changed

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """The same node without the pixels that no window sees."""
    values = attributes(node)
    shape, kernel = graph.shape(node.input[0]), kernel_of(graph, node)
    if shape is None or kernel is None or values.get("ceil_mode"):
        return None
    rank = len(kernel)
    strides = values.get("strides") or [1] * rank
    dilations = values.get("dilations") or [1] * rank
    before = values.get("pads") or [0] * 2 * rank
    pads, ends = list(before), list(shape[2:])
    for axis, (size, k, s, d) in enumerate(zip(shape[2:], kernel, strides, dilations, strict=True)):
        room = size + pads[axis] + pads[rank + axis] - (k - 1) * d - 1
        if room < s:
            unpadded = min(room, pads[rank + axis])
            pads[rank + axis] -= unpadded
            ends[axis] -= room - unpadded
    if ends == list(shape[2:]):
        return None if pads == before else [changed(node, pads=pads)]
    numbers = [[0] * rank, ends, list(range(2, len(shape)))]
    places = [graph.add_integers(each, "cut") for each in numbers]
    cut = graph.node("Slice", [node.input[0], *places], "cut")
    return [cut, changed(node, [cut.output[0], *node.input[1:]], pads=pads)]

"""DepthToSpace whose channels come first (CRD, as of PixelShuffle): the importer mixes up its dims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aie_conv.frontends.onnx.rewrites.graph import attributes

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """Reshape, Transpose, Reshape."""
    values, shape = attributes(node), graph.shape(node.input[0])
    if values.get("mode", "DCR") != "CRD" or shape is None:
        return None
    n, c, h, w = shape
    block = values["blocksize"]
    parts = graph.add_integers([n, c // block**2, block, block, h, w], "shape")
    joined = graph.add_integers([n, c // block**2, h * block, w * block], "shape")
    apart = graph.node("Reshape", [node.input[0], parts], "apart")
    turned = graph.node("Transpose", [apart.output[0]], "turned", perm=[0, 1, 4, 2, 5, 3])
    return [apart, turned, graph.node("Reshape", [turned.output[0], joined], list(node.output))]

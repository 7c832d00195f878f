"""DepthToSpace and SpaceToDepth with channels first (CRD, as of PixelShuffle): the importer mixes up dims."""

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
    if node.op_type == "DepthToSpace":
        parts, order = [n, c // block**2, block, block, h, w], [0, 1, 4, 2, 5, 3]
        sizes = [n, c // block**2, h * block, w * block]
    else:
        parts, order = [n, c, h // block, block, w // block, block], [0, 1, 3, 5, 2, 4]
        sizes = [n, c * block**2, h // block, w // block]
    split, joined = graph.add_integers(parts, "shape"), graph.add_integers(sizes, "shape")
    apart = graph.node("Reshape", [node.input[0], split], "apart")
    turned = graph.node("Transpose", [apart.output[0]], "turned", perm=order)
    return [apart, turned, graph.node("Reshape", [turned.output[0], joined], list(node.output))]

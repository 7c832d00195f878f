"""Transposed convolutions in groups or with uneven padding: zeros between the pixels, then a Conv."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aie_conv.frontends.onnx.rewrites.graph import attributes

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """Pixels spread by the strides, filters turned round, one Conv."""
    values = attributes(node)
    groups = values.get("group", 1)
    shape, weights = graph.shape(node.input[0]), graph.shape(node.input[1])
    if shape is None or weights is None or values.get("auto_pad", "NOTSET") != "NOTSET":
        return None
    rank = len(weights) - 2
    strides = values.get("strides") or [1] * rank
    dilations = values.get("dilations") or [1] * rank
    pads = values.get("pads") or [0] * 2 * rank
    if groups == 1 and pads[:rank] == pads[rank:]:
        return None
    more = values.get("output_padding") or [0] * rank
    reach = [d * (k - 1) for d, k in zip(dilations, weights[2:], strict=True)]
    before = [r - p for r, p in zip(reach, pads[:rank], strict=True)]
    after = [r - p + o for r, p, o in zip(reach, pads[rank:], more, strict=True)]
    if min(before) < 0 or min(after) < 0:
        return None
    nodes, spread = _spread(graph, node.input[0], shape, strides)
    turned, filters = _turn(graph, node.input[1], weights, groups)
    convolution = graph.node(
        "Conv",
        [spread, filters, *node.input[2:]],
        list(node.output),
        group=groups,
        dilations=dilations,
        kernel_shape=list(weights[2:]),
        pads=before + after,
    )
    return [*nodes, *turned, convolution]


def _spread(
    graph: Graph, name: str, shape: tuple[int, ...], strides: list[int]
) -> tuple[list[onnx.NodeProto], str]:
    """The pixels with stride - 1 zeros between them: from n to (n - 1) * stride + 1 along each axis."""
    if all(stride == 1 for stride in strides):
        return [], name
    sizes = shape[2:]
    apart = [*shape[:2], *(each for size in sizes for each in (size, 1))]
    amounts = [0] * len(apart) + [0, 0, *(each for s in strides for each in (0, s - 1))]
    joined = [*shape[:2], *(size * s for size, s in zip(sizes, strides, strict=True))]
    ends = [(size - 1) * s + 1 for size, s in zip(sizes, strides, strict=True)]
    axes = np.arange(2, len(shape), dtype=np.int64)

    def constant(numbers: object, hint: str) -> str:
        return graph.add_constant(np.asarray(numbers, np.int64), hint)

    split = graph.node("Reshape", [name, constant(apart, "apart")], "apart")
    padded = graph.node("Pad", [split.output[0], constant(amounts, "zeros")], "padded")
    merged = graph.node("Reshape", [padded.output[0], constant(joined, "joined")], "joined")
    starts = constant([0] * len(ends), "starts")
    inputs = [merged.output[0], starts, constant(ends, "ends"), constant(axes, "axes")]
    cut = graph.node("Slice", inputs, "spread")
    return [split, padded, merged, cut], cut.output[0]


def _turn(
    graph: Graph, name: str, shape: tuple[int, ...], groups: int
) -> tuple[list[onnx.NodeProto], str]:
    """Filters [C, M / groups, …] as [M, C / groups, …], turned round."""
    channels, outputs, *kernel = shape
    apart = [groups, channels // groups, outputs, *kernel]
    joined = [groups * outputs, channels // groups, *kernel]
    order = [0, 2, 1, *range(3, len(apart))]
    array = graph.constant(name)
    if array is not None:
        turned = np.flip(array, tuple(range(2, len(shape)))).reshape(apart).transpose(order)
        return [], graph.add_constant(turned.reshape(joined), "turned")
    nodes = [graph.node("Reshape", [name, graph.add_constant(np.array(apart), "apart")], "apart")]
    nodes.append(graph.node("Transpose", [nodes[-1].output[0]], "swapped", perm=order))
    inputs = [nodes[-1].output[0], graph.add_constant(np.array(joined), "joined")]
    nodes.append(graph.node("Reshape", inputs, "joined"))
    for axis, size in enumerate(kernel, 2):
        backwards = graph.add_constant(np.arange(size, dtype=np.int64)[::-1], "backwards")
        nodes.append(graph.node("Gather", [nodes[-1].output[0], backwards], "turned", axis=axis))
    return nodes, nodes[-1].output[0]

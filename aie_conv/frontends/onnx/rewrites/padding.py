"""Pad by what is inside, for which the importer's code cannot always be compiled, and negative padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aie_conv.frontends.onnx.rewrites.graph import attributes

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """Copies of the pixels that are named; a cut, and padding that is not negative."""
    mode = attributes(node).get("mode", "constant")
    shape, amounts = graph.shape(node.input[0]), _amounts(graph, node)
    if shape is None or amounts is None:
        return None
    if mode in ("reflect", "wrap", "edge"):
        return _gather(graph, node, shape, amounts, mode)
    if mode == "constant" and min(min(each) for each in amounts) < 0:
        return _cut(graph, node, shape, amounts)
    return None


def _amounts(graph: Graph, node: onnx.NodeProto) -> list[tuple[int, int]] | None:
    """How much is added before and behind each axis; None where it is no constant, or for some axes alone."""
    pads = graph.constant(node.input[1]) if len(node.input) > 1 else None
    if pads is None or (len(node.input) > 3 and node.input[3]):
        return None
    numbers = [int(each) for each in pads]
    half = len(numbers) // 2
    return list(zip(numbers[:half], numbers[half:], strict=True))


def _gather(
    graph: Graph,
    node: onnx.NodeProto,
    shape: tuple[int, ...],
    amounts: list[tuple[int, int]],
    mode: str,
) -> list[onnx.NodeProto] | None:
    padded = [axis for axis, pair in enumerate(amounts) if any(pair)]
    nodes: list[onnx.NodeProto] = []
    name = node.input[0]
    for axis in padded:
        (before, behind), size = amounts[axis], shape[axis]
        places = np.arange(-before, size + behind)
        if mode == "reflect":
            period = max(2 * size - 2, 1)
            places = np.abs(places) % period
            places = np.minimum(places, period - places) if size > 1 else places * 0
        elif mode == "wrap":
            places %= size
        else:
            places = places.clip(0, size - 1)
        index = graph.add_constant(places.astype(np.int64), "places")
        output = list(node.output) if axis == padded[-1] else "padded"
        nodes.append(graph.node("Gather", [name, index], output, axis=axis))
        name = nodes[-1].output[0]
    return nodes or [graph.node("Identity", [name], list(node.output))]


def _cut(
    graph: Graph, node: onnx.NodeProto, shape: tuple[int, ...], amounts: list[tuple[int, int]]
) -> list[onnx.NodeProto]:
    starts = [max(-before, 0) for before, _ in amounts]
    ends = [size + min(behind, 0) for size, (_, behind) in zip(shape, amounts, strict=True)]
    limits = [graph.add_integers(each, "cut") for each in (starts, ends)]
    cut = graph.node("Slice", [node.input[0], *limits], "cut")
    sides = [[max(pair[side], 0) for pair in amounts] for side in (0, 1)]
    added = graph.add_integers([*sides[0], *sides[1]], "pads")
    inputs = [cut.output[0], added, *node.input[2:]]
    return [cut, graph.node("Pad", inputs, list(node.output))]

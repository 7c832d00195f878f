"""Quantisation to uint16 and from it, DequantizeLinear of 4 bits, and scales for blocks: written out.

Between two nodes of a graph numbers of uint16 are int32: the importer converts nothing to uint16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aie_conv.frontends.onnx.rewrites.graph import attributes

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

_UINT16 = 4
"""By ONNX's number; the importer knows INT16."""

_FOUR_BITS = (21, 22)
"""UINT4 and INT4."""

_FLOAT = 1

_INT32 = 6

_LIMITS = {2: (0, 255), 3: (-128, 127), _UINT16: (0, 65535)}
"""Least and greatest of UINT8, INT8 and UINT16."""


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """(x - zero) * scale, or x / scale rounded to even, + zero, within the type's limits."""
    values = attributes(node)
    name = node.input[0] if node.op_type == "DequantizeLinear" else node.output[0]
    kind = graph.element_type(name)
    block = values.get("block_size", 0)
    shape = graph.shape(node.input[0])
    wide = kind == _UINT16 or (node.op_type == "DequantizeLinear" and kind in _FOUR_BITS)
    if not (wide or block) or shape is None:
        return None
    if graph.element_type(node.input[1]) != _FLOAT:
        return None
    axis = values.get("axis", 1) % max(len(shape), 1)
    nodes: list[onnx.NodeProto] = []
    factors = [_spread(graph, nodes, each, shape, axis, block) for each in node.input[1:] if each]
    if any(each is None for each in factors):
        return None
    scale, zero = [*factors, None][:2]
    if node.op_type == "DequantizeLinear":
        rest = _dequantise(graph, node, str(scale), zero)
    else:
        rest = _quantise(graph, node, str(scale), zero, kind)
    return None if rest is None else nodes + rest


def _spread(
    graph: Graph,
    nodes: list[onnx.NodeProto],
    name: str,
    shape: tuple[int, ...],
    axis: int,
    block: int,
) -> str | None:
    """A scale or zero point as float numbers of a shape that broadcasts; None for blocks of no constant."""
    array, sizes = graph.constant(name), graph.shape(name)
    if array is None:
        if block or sizes is None:
            return None
        wanted = [-1 if dim == axis else 1 for dim in range(len(shape))] if sum(sizes) > 1 else []
        target = graph.add_integers(wanted, "shape")
        nodes.append(graph.node("Cast", [name], "factor", to=_FLOAT))
        nodes.append(graph.node("Reshape", [nodes[-1].output[0], target], "factor"))
        return nodes[-1].output[0]
    numbers = array.astype(np.float32)
    if block:
        numbers = np.repeat(numbers, block, axis)[
            tuple(slice(size) if dim == axis else slice(None) for dim, size in enumerate(shape))
        ]
    elif numbers.size > 1:
        numbers = numbers.reshape([-1 if dim == axis else 1 for dim in range(len(shape))])
    else:
        numbers = numbers.reshape(())
    return graph.add_constant(numbers, "scale")


def _dequantise(
    graph: Graph, node: onnx.NodeProto, scale: str, zero: str | None
) -> list[onnx.NodeProto] | None:
    constant = graph.constant(node.input[0])
    nodes: list[onnx.NodeProto] = []
    if constant is not None:
        real = graph.add_constant(constant.astype(np.float32), "real")
    elif graph.element_type(node.input[0]) in _FOUR_BITS:
        return None
    else:
        nodes.append(graph.node("Cast", [node.input[0]], "real", to=_FLOAT))
        real = nodes[-1].output[0]
    if zero is not None:
        nodes.append(graph.node("Sub", [real, zero], "centred"))
        real = nodes[-1].output[0]
    return [*nodes, graph.node("Mul", [real, scale], list(node.output))]


def _quantise(
    graph: Graph, node: onnx.NodeProto, scale: str, zero: str | None, kind: int
) -> list[onnx.NodeProto] | None:
    if kind not in _LIMITS or (kind == _UINT16 and graph.is_result(node.output[0])):
        return None
    low, high = _LIMITS[kind]
    divided = graph.node("Div", [node.input[0], scale], "scaled")
    nodes = [divided, graph.node("Round", [divided.output[0]], "rounded")]
    if zero is not None:
        nodes.append(graph.node("Add", [nodes[-1].output[0], zero], "moved"))
    limits = [graph.add_constant(np.asarray(limit, np.float32), "limit") for limit in (low, high)]
    nodes.append(graph.node("Clip", [nodes[-1].output[0], *limits], "clipped"))
    # Through i32: a conversion of real numbers to an unsigned type is not what every stage takes.
    whole = list(node.output) if kind == _UINT16 else "whole_numbers"
    nodes.append(graph.node("Cast", [nodes[-1].output[0]], whole, to=_INT32))
    if kind == _UINT16:
        return nodes
    return [*nodes, graph.node("Cast", [nodes[-1].output[0]], list(node.output), to=kind)]

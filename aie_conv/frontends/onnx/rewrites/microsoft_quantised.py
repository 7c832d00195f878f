"""onnxruntime's quantised operators (QLinearAdd, QGemm, …): real operators between scales, ONNX's own form.

y = QLinearOp(x, x_scale, x_zero, …, y_scale, y_zero)
  = QuantizeLinear(Op(DequantizeLinear(x, x_scale, x_zero), …), y_scale, y_zero)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aie_conv.errors import UsageError
from aie_conv.frontends.onnx.rewrites.average_ties import round_products
from aie_conv.frontends.onnx.rewrites.graph import attributes
from aie_conv.frontends.onnx.rewrites.onnxruntime_order import add, average, multiply, softmax

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

_ONE = {
    "QLinearSigmoid": "Sigmoid",
    "QLinearLeakyRelu": "LeakyRelu",
    "QLinearAveragePool": "AveragePool",
    "QLinearGlobalAveragePool": "GlobalAveragePool",
    "QLinearSoftmax": "Softmax",
}
"""Operators of one input: x, x_scale, x_zero, y_scale, y_zero."""

_TWO = {"QLinearAdd": "Add", "QLinearMul": "Mul"}
"""Operators of two inputs, each with its scale and zero point."""

_LATEST = 13
"""The opset of a QLinearSoftmax that does not say it."""

_INT32 = 6
_TYPES = {"uint8": 2, "int8": 3}
"""By ONNX's number."""

OPERATORS = {
    **dict.fromkeys(_ONE, 4),
    **dict.fromkeys(_TWO, 7),
    "QLinearConcat": 5,
    "QLinearWhere": 9,
    "QGemm": 6,
    "QuantizeLinear": 2,
    "DequantizeLinear": 2,
}
"""Operators with how many inputs each needs."""


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """The inputs made real, the operator, its result quantised.

    Raises:
        UsageError: the node has fewer inputs than its operator needs.
    """
    if len(node.input) < OPERATORS[node.op_type]:
        count, least = len(node.input), OPERATORS[node.op_type]
        raise UsageError(f"operator {node.op_type}: {count} inputs: it needs {least}")
    values = attributes(node)
    if values.pop("channels_last", 0):
        return None
    names = [*node.input]
    if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
        return [graph.node(node.op_type, names, list(node.output), **values)]
    if node.op_type == "QGemm":
        return _gemm(graph, node, values)
    return _in_order(graph, node, values) or _between_scales(graph, node, values)


def _in_order(
    graph: Graph, node: onnx.NodeProto, values: dict[str, Any]
) -> list[onnx.NodeProto] | None:
    """An operator whose roundings are not those of the real one; None for others."""
    if node.op_type == "QLinearAveragePool":
        return _average(graph, node, values)
    if node.op_type == "QLinearSoftmax":
        opset = values.pop("opset", _LATEST)
        return softmax(graph, node, values.get("axis"), opset)
    known = {"QLinearAdd": add, "QLinearMul": multiply, "QLinearGlobalAveragePool": average}
    return known[node.op_type](graph, node) if node.op_type in known else None


def _between_scales(
    graph: Graph, node: onnx.NodeProto, values: dict[str, Any]
) -> list[onnx.NodeProto]:
    """The real operator between scales."""
    names, first = list(node.input), list[str]()
    if node.op_type == "QLinearConcat":
        names = [*names[2:], *names[:2]]
    if node.op_type == "QLinearWhere":
        first = [names.pop(0)]
    operator = _ONE.get(node.op_type) or _TWO.get(node.op_type) or node.op_type[len("QLinear") :]
    count = len(names) // 3
    nodes = [graph.node("DequantizeLinear", names[3 * n : 3 * n + 3], "real") for n in range(count)]
    inputs = first + [each.output[0] for each in nodes]
    nodes.append(graph.node(operator, inputs, "result", **values))
    scales = names[3 * count :]
    return [*nodes, graph.node("QuantizeLinear", [nodes[-1].output[0], *scales], list(node.output))]


def _average(
    graph: Graph, node: onnx.NodeProto, values: dict[str, int]
) -> list[onnx.NodeProto] | None:
    """An average with ties: a zero point is added before it is rounded, so that odd ones turn them."""
    x, x_scale, x_zero, y_scale, *rest = node.input
    zero = graph.constant(rest[0]) if rest and rest[0] else np.zeros((), np.uint8)
    real = round_products(graph, [x, x_scale, x_zero], y_scale)
    if real is None or zero is None:
        return None
    nodes = [*real, graph.node("AveragePool", [real[-1].output[0]], "mean", **values)]

    def add(op: str, *inputs: str, **attributes: int) -> None:
        nodes.append(graph.node(op, [nodes[-1].output[0], *inputs], op.lower(), **attributes))

    limits = np.iinfo(zero.dtype)
    add("Div", y_scale)
    add("Add", graph.add_constant(np.float32(zero.reshape(())), "zero"))
    add("Round")
    bounds = [graph.add_constant(np.float32(n), "limit") for n in (limits.min, limits.max)]
    add("Clip", *bounds)
    add("Cast", to=_INT32)
    last = graph.node("Cast", [nodes[-1].output[0]], list(node.output), to=_TYPES[zero.dtype.name])
    return [*nodes, last]


def _gemm(
    graph: Graph, node: onnx.NodeProto, values: dict[str, int]
) -> list[onnx.NodeProto] | None:
    """Its bias is integers of the scale alpha * a_scale * b_scale; without y_scale its result stays real."""
    a, a_scale, a_zero, b, b_scale, b_zero, *rest = node.input
    bias, y_scale, y_zero = [*rest, "", "", ""][:3]
    each = graph.shape(b_scale)
    axis = None if each in ((), (1,), None) else 0 if values.get("transB") else 1
    left = graph.node("DequantizeLinear", [a, a_scale, a_zero], "real")
    right = graph.node("DequantizeLinear", [b, b_scale, b_zero], "real", axis=axis)
    nodes, inputs = [left, right], [left.output[0], right.output[0]]
    if bias:
        alpha = graph.add_constant(np.float32(values.get("alpha", 1.0)), "alpha")
        real = graph.node("Cast", [bias], "bias", to=1)
        product = graph.node("Mul", [a_scale, b_scale], "scale")
        scale = graph.node("Mul", [product.output[0], alpha], "scale")
        scaled = graph.node("Mul", [real.output[0], scale.output[0]], "scaled")
        nodes += [real, product, scale, scaled]
        inputs.append(scaled.output[0])
    if not y_scale:
        return [*nodes, graph.node("Gemm", inputs, list(node.output), **values)]
    nodes.append(graph.node("Gemm", inputs, "result", **values))
    quantised = [nodes[-1].output[0], y_scale, *([y_zero] if y_zero else [])]
    return [*nodes, graph.node("QuantizeLinear", quantised, list(node.output))]

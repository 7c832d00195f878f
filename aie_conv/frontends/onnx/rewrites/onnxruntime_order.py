"""onnxruntime's operators between bytes whose arithmetic is not that of their real forms, in its order.

- QLinearAdd: a (a_scale / y_scale) + (b (b_scale / y_scale) + rest), each product added in one rounding, as
  IREE's CPU code adds products; the rest holds all three zero points. Cores round the product alone: where
  that gives many pairs of bytes another sum, a table of all pairs takes its place, and stays on the CPU;
- QLinearMul: the product of the integers, times one f32 number, plus the zero point, each step rounded;
- QLinearGlobalAveragePool: the sum of the integers times one f32 number;
- QLinearSoftmax: exponentials from a table in f32, times the steps in one, over their sum.

The order is that of x86 with AVX2. Zero points are added before a result is rounded by the first two, so that
odd ones turn ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aie_conv.frontends.onnx.rewrites.graph import Array

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

_LARGEST = 256 * 256
"""More than products of two differences of bytes come to."""

_TYPES = {np.dtype(np.uint8): 2, np.dtype(np.int8): 3}
"""Of bytes, by ONNX's number."""

_FEW = 0.001
"""The share of pairs of bytes that may have another sum where products are rounded alone."""

_FLAT = 13
"""The opset from which Softmax is over one axis; before, over all from its axis on."""

_AXES_AS_INPUT = 18
"""The opset from which ReduceMax has its axes as an input."""

_RESERVED = 5
"""Natural logarithms that sums in the table of exponentials leave free below the largest f32 number."""

_FLOAT = 1
_INT32 = 6


@dataclass(frozen=True)
class _Bytes:
    """A quantised tensor of one constant scale and zero point."""

    name: str
    scale: np.float32
    zero: Array

    @property
    def offset(self) -> np.float32:
        """The zero point as a real number."""
        return np.float32(self.zero)


class _Nodes:
    """Nodes one after another, the last of which gives the result."""

    def __init__(self, graph: Graph, output: str, zero: Array) -> None:
        self._graph, self._output, self._zero = graph, output, zero
        self.nodes: list[onnx.NodeProto] = []

    def add(self, op: str, *inputs: str, **values: Any) -> str:
        node = self._graph.node(op, inputs, op.lower(), **values)
        self.nodes.append(node)
        return node.output[0]

    def number(self, value: Array | np.generic) -> str:
        return self._graph.add_constant(value, "number")

    def centre(self, value: _Bytes) -> str:
        """A byte less its zero point, as a real number."""
        zero = self._graph.add_constant(value.zero, "zero")
        return self.add("DequantizeLinear", value.name, self.number(np.float32(1)), zero)

    def round(self, value: str, zero: Array) -> list[onnx.NodeProto]:
        """All nodes, with the result rounded, a zero point added, in the limits of its type."""
        one, point = self.number(np.float32(1)), self._graph.add_constant(zero, "zero")
        last = self._graph.node("QuantizeLinear", [value, one, point], [self._output])
        return [*self.nodes, last]

    def look_up(self, table: Array, a: str, b: str) -> list[onnx.NodeProto]:
        """All nodes, with the result from a table of all pairs of bytes."""
        least = np.int32(np.iinfo(table.dtype).min)
        row, column = self.add("Cast", a, to=_INT32), self.add("Cast", b, to=_INT32)
        rows = self.add("Mul", row, self.number(np.int32(256)))
        pair = self.add("Add", self.add("Add", rows, column), self.number(-257 * least))
        numbers = self.number(table.astype(np.int32).ravel())
        value = self.add("Gather", numbers, pair)
        kind = _TYPES[table.dtype]
        return [*self.nodes, self._graph.node("Cast", [value], [self._output], to=kind)]

    def round_complete(self, value: str) -> list[onnx.NodeProto]:
        """The same of a value that has its zero point."""
        return self.round(value, np.zeros_like(self._zero))


def add(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """QLinearAdd; None where a scale or a zero point is known at run time only."""
    a, b = _read(graph, node.input[:3]), _read(graph, node.input[3:6])
    y = _read(graph, [node.output[0], *node.input[6:8]])
    if a is None or b is None or y is None:
        return None
    if _repeats(graph, a.name, b.name):
        a, b = b, a
    of_a, of_b = a.scale / y.scale, b.scale / y.scale
    rest = y.offset - _rounded_once(of_a, a.offset, of_b * b.offset)
    nodes = _Nodes(graph, y.name, y.zero)
    table, differing = _sums(of_a, of_b, rest, y.zero.dtype)
    if differing > _FEW:
        return nodes.look_up(table, a.name, b.name)
    real_a = nodes.add("DequantizeLinear", a.name, nodes.number(of_a))
    real_b = nodes.add("DequantizeLinear", b.name, nodes.number(of_b))
    total = nodes.add("Add", real_b, nodes.number(rest))
    return nodes.round_complete(nodes.add("Add", real_a, total))


def multiply(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """QLinearMul; None where a scale or a zero point is known at run time only."""
    a, b = _read(graph, node.input[:3]), _read(graph, node.input[3:6])
    y = _read(graph, [node.output[0], *node.input[6:8]])
    if a is None or b is None or y is None:
        return None
    factor = a.scale * b.scale / y.scale
    nodes = _Nodes(graph, y.name, y.zero)
    product = nodes.add("Mul", nodes.centre(a), nodes.centre(b))
    scaled = nodes.add("Mul", product, nodes.number(factor))
    # A bound that none reaches: what stands behind it cannot take the product in.
    bounded = nodes.add("Clip", scaled, nodes.number(np.float32(-_LARGEST) * factor))
    return nodes.round_complete(nodes.add("Add", bounded, nodes.number(y.offset)))


def average(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """QLinearGlobalAveragePool; None where a scale or a zero point is known at run time only."""
    x, y = _read(graph, node.input[:3]), _read(graph, [node.output[0], *node.input[3:5]])
    if x is None or y is None:
        return None
    nodes = _Nodes(graph, y.name, y.zero)
    mean = nodes.add("GlobalAveragePool", nodes.centre(x))
    sizes = nodes.add("Shape", x.name, start=2)
    count = nodes.add("Cast", nodes.add("ReduceProd", sizes, keepdims=0), to=_FLOAT)
    # A mean times the number of its pixels is next to the sum, an integer.
    total = nodes.add("Round", nodes.add("Mul", mean, count))
    divisor = nodes.add("Mul", nodes.number(y.scale), count)
    factor = nodes.add("Div", nodes.number(x.scale), divisor)
    return nodes.round(nodes.add("Mul", total, factor), y.zero)


def softmax(
    graph: Graph, node: onnx.NodeProto, axis: int | None, opset: int
) -> list[onnx.NodeProto] | None:
    """QLinearSoftmax; None where a scale or a zero point is known at run time only.

    Args:
        graph: what it is in.
        node: the operator.
        axis: its axis; None for that of its opset.
        opset: of the Softmax that it was.
    """
    x, y = _read(graph, node.input[:3]), _read(graph, [node.output[0], *node.input[3:5]])
    if x is None or y is None:
        return None
    nodes = _Nodes(graph, y.name, y.zero)
    name, axes = x.name, -1 if axis is None else axis
    if opset < _FLAT:
        name, axes = nodes.add("Flatten", name, axis=1 if axis is None else axis), -1
    places = nodes.add("Cast", name, to=_INT32)
    dims = graph.add_integers([axes], "axes")
    if graph.opset >= _AXES_AS_INPUT:
        largest = nodes.add("ReduceMax", places, dims, keepdims=1)
    else:
        largest = nodes.add("ReduceMax", places, axes=[axes], keepdims=1)
    below = nodes.add("Sub", largest, places)
    powers = nodes.add("Gather", nodes.number(_powers(x.scale)), below)
    total = nodes.add("ReduceSum", powers, dims, keepdims=1)
    steps = nodes.add("Mul", powers, nodes.number(np.floor(np.float32(1) / y.scale)))
    value = nodes.add("Div", steps, total)
    if opset < _FLAT:
        value = nodes.add("Reshape", value, nodes.add("Shape", x.name))
    return nodes.round(value, y.zero)


def _powers(scale: np.float32) -> Array:
    """exp(-n scale), n the steps below the largest element, times a number that leaves room for sums."""
    shift = np.log(np.finfo(np.float32).max) - 2 * _RESERVED
    return np.exp(shift - np.arange(256) * np.float64(scale)).astype(np.float32)


def _sums(
    of_a: np.float32, of_b: np.float32, rest: np.float32, dtype: np.dtype[Any]
) -> tuple[Array, float]:
    """The sum of each pair of bytes; the share of pairs with another one if products are rounded alone."""
    limits = np.iinfo(dtype)
    numbers = np.arange(limits.min, limits.max + 1).astype(np.float32)
    a, b = numbers[:, None], numbers[None, :]
    once = _rounded_once(of_a, a, _rounded_once(of_b, b, rest))
    alone = of_a * a + (of_b * b + rest)
    first, second = (np.clip(np.rint(n), limits.min, limits.max) for n in (once, alone))
    return first.astype(dtype), float((first != second).mean())


def _read(graph: Graph, names: Sequence[str]) -> _Bytes | None:
    name, scale_name, *rest = names
    scale = graph.constant(scale_name)
    zero = graph.constant(rest[0]) if rest and rest[0] else None
    if scale is None or zero is None or not scale.size == zero.size == 1:
        return None
    if scale.dtype != np.float32 or zero.dtype not in _TYPES:
        return None
    return _Bytes(name, np.float32(scale.reshape(())), zero.reshape(()))


def _rounded_once(factor: np.float32, number: Any, addend: Any) -> Any:
    """A product and a sum, exact in f64 for bytes, in one rounding to f32."""
    return np.float32(np.float64(factor) * np.float64(number) + np.float64(addend))


def _repeats(graph: Graph, name: str, other: str) -> bool:
    """Whether a tensor's innermost elements stand for several of another's: onnxruntime takes these first."""
    shapes = graph.shape(name), graph.shape(other)
    if None in shapes:
        return False
    sizes, others = (tuple(reversed(shape or ())) for shape in shapes)
    count = max(len(sizes), len(others))
    pad = (1,) * count
    for size, another in zip((sizes + pad)[:count], (others + pad)[:count], strict=True):
        if size != 1 or another != 1:
            return size == 1
    return False

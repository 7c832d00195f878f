"""Averages of bytes that are quantised with the scale that they came with: many are ties.

The mean of 2x2 bytes lies half-way between two of them in a quarter of all cases. What is then stored is
decided by how the f32 products round, and by the order in which they are added. IREE's CPU code adds each
product to the sum in one rounding; here products are rounded alone, and added in onnxruntime's order:

- AveragePool as of opset 19, and QLinearAveragePool: row by row;
- AveragePool before, with a last step of 1 or 2: the pixels of each column, then the columns;
- GlobalAveragePool, and such a window of the whole image: every fourth pixel, then the four sums.

Averages of an odd number of pixels have no ties, scales that are powers of two no roundings: these stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import frexp, prod
from typing import TYPE_CHECKING

import numpy as np

from aie_conv.frontends.onnx.rewrites.ceil_pooling import Pooling, read_pooling
from aie_conv.frontends.onnx.rewrites.graph import Array, attributes, changed

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

_OWN_KERNELS = 19
"""The opset from which onnxruntime's AveragePool is not that of its matrix library any more."""

_WIDEST = 32
"""The longest side of a window that onnxruntime adds column by column."""

_LANES = 4
"""Sums that onnxruntime adds a whole image in."""

_BEYOND = 256
"""More than a byte and its zero point differ by."""


@dataclass(frozen=True)
class _Average:
    """An average of dequantised bytes.

    Attributes:
        node: AveragePool or GlobalAveragePool.
        pooling: its windows.
        counts: pixels of each window, spread over batch and channels.
        shape: of what is averaged.
    """

    node: onnx.NodeProto
    pooling: Pooling
    counts: Array
    shape: tuple[int, ...]

    @property
    def covers_image(self) -> bool:
        """Whether there is one window, of all pixels."""
        sizes = zip(self.pooling.axes, self.shape[2:], strict=True)
        covered = all(axis.kernel == size for axis, size in sizes)
        return covered and not any(self.pooling.pads) and set(self.pooling.strides) == {1}

    @property
    def has_columns(self) -> bool:
        """Whether onnxruntime adds columns before it adds across them."""
        axes = self.pooling.axes
        small = all(axis.kernel <= _WIDEST for axis in axes)
        return len(axes) > 1 and self.pooling.strides[-1] <= 2 and small


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """The average with the products rounded, and added in order."""
    average = _read(graph, node)
    if average is None or not (average.counts % 2 == 0).any():
        return None
    source = graph.producer(node.input[0])
    reader = graph.only_reader(node.output[0])
    if source is None or source.op_type != "DequantizeLinear":
        return None
    if reader is None or reader.op_type != "QuantizeLinear":
        return None
    real = round_products(graph, source.input, reader.input[1])
    if real is None:
        return None
    if graph.opset >= _OWN_KERNELS and node.op_type == "AveragePool":
        return [*real, changed(node, [real[-1].output[0]])]
    if average.covers_image:
        return [*real, *_Sums(graph, average, real[-1].output[0]).in_lanes()]
    if average.has_columns:
        return [*real, *_Sums(graph, average, real[-1].output[0]).by_columns()]
    return [*real, changed(node, [real[-1].output[0]])]


def round_products(
    graph: Graph, dequantised: Sequence[str], target: str
) -> list[onnx.NodeProto] | None:
    """Bytes made real, each product rounded to f32 before it is added to anything.

    Args:
        graph: what they are in.
        dequantised: inputs of DequantizeLinear: bytes, a scale and perhaps a zero point.
        target: the scale that their average is quantised with.

    Returns:
        Nodes, of which the last gives the products; None where roundings decide no tie.
    """
    name, scale_name, *rest = dequantised
    scale, new = graph.constant(scale_name), graph.constant(target)
    if scale is None or new is None or not scale.size == new.size == 1:
        return None
    factor = float(scale.reshape(()))
    if scale.dtype != np.float32 or factor != float(new.reshape(())) or frexp(factor)[0] == 0.5:
        return None
    dequantised_bytes = graph.node("DequantizeLinear", [name, scale_name, *rest], "real")
    # A bound that no byte reaches changes nothing, and what stands behind it cannot take the product in.
    least = graph.add_constant(np.float32(-_BEYOND * factor), "least")
    bounded = graph.node("Clip", [dequantised_bytes.output[0], least], "rounded")
    return [dequantised_bytes, bounded]


def _read(graph: Graph, node: onnx.NodeProto) -> _Average | None:
    """What a node averages; None where its sizes are not known or windows reach over the border."""
    shape, values = graph.shape(node.input[0]), attributes(node)
    if shape is None or values.get("auto_pad", "NOTSET") != "NOTSET" or len(shape) < 3:
        return None
    pooling = read_pooling(shape, values)
    if values.get("ceil_mode") and pooling.is_ragged:
        return None
    inner = tuple(slice(axis.floor) for axis in pooling.axes)
    return _Average(node, pooling, pooling.counts[(..., *inner)], shape)


class _Sums:
    """Writes the sum of each window, and its quotient.

    Args:
        graph: what it is written for.
        average: the average.
        real: the name of the tensor that is averaged.
    """

    def __init__(self, graph: Graph, average: _Average, real: str) -> None:
        self._graph, self._average, self._real = graph, average, real
        self._nodes: list[onnx.NodeProto] = []

    def by_columns(self) -> list[onnx.NodeProto]:
        """Pixels of a column first, then the columns of a window."""
        pads, rank = self._average.pooling.pads, len(self._average.pooling.axes)
        value = self._real
        if any(pads):
            amounts = [0, 0, *pads[:rank], 0, 0, *pads[rank:]]
            value = self._add("Pad", value, self._integers(amounts))
        value = self._total(value, list(range(rank - 1)))
        return self._quotient(self._total(value, [rank - 1]))

    def in_lanes(self) -> list[onnx.NodeProto]:
        """Four sums of every fourth pixel, which are added crosswise, then the pixels left over."""
        batch, channels, *sizes = self._average.shape
        pixels = prod(sizes)
        even = pixels // _LANES * _LANES
        row = self._add("Reshape", self._real, self._integers([batch, channels, pixels]))
        sums: list[str] = []
        if even:
            block = self._integers([batch, channels, even // _LANES, _LANES])
            lanes = self._add("Reshape", self._slice(row, [2], [0], [even], [1]), block)
            total = self._add("ReduceSum", lanes, self._integers([2]), keepdims=0)
            for half in (2, 1):
                low = self._slice(total, [2], [0], [half], [1])
                total = self._add("Add", low, self._slice(total, [2], [half], [2 * half], [1]))
            sums.append(total)
        sums += [self._slice(row, [2], [i], [i + 1], [1]) for i in range(even, pixels)]
        shape = self._integers([batch, channels, *(1 for _ in sizes)])
        return self._quotient(self._add("Reshape", self._added(sums), shape))

    def _total(self, value: str, axes: Sequence[int]) -> str:
        """The pixels of each window along some axes, one after another."""
        known, strides = self._average.pooling.axes, self._average.pooling.strides
        steps = [strides[a] for a in axes]
        reach = [(known[a].floor - 1) * strides[a] + 1 for a in axes]
        taps = product(*(range(known[a].kernel) for a in axes))
        parts = [
            self._slice(value, [a + 2 for a in axes], tap, np.add(tap, reach).tolist(), steps)
            for tap in taps
        ]
        if len(parts) == 1:
            return parts[0]
        # Not one expression of many slices: IREE's code for that may exceed its stack.
        front = self._integers([0])
        stack = [self._add("Unsqueeze", part, front) for part in parts]
        return self._add("ReduceSum", self._add("Concat", *stack, axis=0), front, keepdims=0)

    def _added(self, values: Sequence[str]) -> str:
        total = values[0]
        for value in values[1:]:
            total = self._add("Add", total, value)
        return total

    def _slice(
        self,
        value: str,
        axes: Sequence[int],
        starts: Sequence[int],
        ends: Sequence[int],
        steps: Sequence[int],
    ) -> str:
        amounts = [self._integers(numbers) for numbers in (starts, ends, axes, steps)]
        return self._add("Slice", value, *amounts)

    def _quotient(self, total: str) -> list[onnx.NodeProto]:
        counts = self._average.counts
        same = bool((counts == counts.flat[0]).all())
        divisor = self._graph.add_constant(counts.reshape(-1)[0] if same else counts, "count")
        last = self._graph.node("Div", [total, divisor], list(self._average.node.output))
        return [*self._nodes, last]

    def _integers(self, numbers: Sequence[int]) -> str:
        return self._graph.add_integers(numbers, "amounts")

    def _add(self, op: str, *inputs: str, **values: int) -> str:
        node = self._graph.node(op, inputs, op.lower(), **values)
        self._nodes.append(node)
        return node.output[0]

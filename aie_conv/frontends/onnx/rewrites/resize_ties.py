"""Bilinear resizes of bytes that are quantised with the scale that they came with: many are ties.

Half-way, or a quarter of the way, between two bytes lie many halves. As in averages of such bytes
(``average_ties``) f32 roundings decide what is stored. onnxruntime multiplies the four pixels around a place
by one weight each, itself a rounded product of two, and adds them in order: the upper two from the left, then
the lower two. Each step is rounded.

Resizes without a weight that is a multiple of 1/256 have no ties: these stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aie_conv.frontends.onnx.rewrites.average_ties import round_products
from aie_conv.frontends.onnx.rewrites.graph import Array, attributes

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph

_RANK = 4
"""Batch, channels, rows, columns."""

_FINEST = 256
"""Parts of a pixel, of which none smaller makes many ties."""

_PLACES = ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners")


@dataclass(frozen=True)
class _Axis:
    """What each element along an axis of the result is made of.

    Attributes:
        lower, upper: the pixels before and behind it, i64.
        of_lower, of_upper: their weights, f32.
    """

    lower: Array
    upper: Array
    of_lower: Array
    of_upper: Array

    @property
    def has_ties(self) -> bool:
        """Whether an element lies at a simple fraction between two pixels."""
        fine = self.of_lower * _FINEST
        between = (self.lower != self.upper) & (self.of_lower > 0) & (self.of_lower < 1)
        return bool((between & (fine == np.rint(fine))).any())


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """The four pixels around each place, times their weights, added in order."""
    axes = _read(graph, node, attributes(node))
    if axes is None or not any(axis.has_ties for axis in axes):
        return None
    source, reader = graph.producer(node.input[0]), graph.only_reader(node.output[0])
    if source is None or source.op_type != "DequantizeLinear":
        return None
    if reader is None or reader.op_type != "QuantizeLinear":
        return None
    real = round_products(graph, source.input, reader.input[1])
    if real is None:
        return None
    nodes, (value, least) = list(real), (real[-1].output[0], real[-1].input[1])

    def add(op: str, *inputs: str, **values: int) -> str:
        nodes.append(graph.node(op, inputs, op.lower(), **values))
        return nodes[-1].output[0]

    rows, columns = axes
    total = ""
    for row, of_row in ((rows.lower, rows.of_lower), (rows.upper, rows.of_upper)):
        line = add("Gather", value, graph.add_constant(row, "rows"), axis=2)
        for column, of_column in (
            (columns.lower, columns.of_lower),
            (columns.upper, columns.of_upper),
        ):
            pixels = add("Gather", line, graph.add_constant(column, "columns"), axis=3)
            weights = graph.add_constant(of_column * of_row[:, None], "weights")
            # Bounded, so that a product is rounded before it is added.
            product = add("Clip", add("Mul", pixels, weights), least)
            total = add("Add", total, product) if total else product
    nodes[-1].output[0] = node.output[0]
    return nodes


def _read(graph: Graph, node: onnx.NodeProto, values: dict[str, Any]) -> tuple[_Axis, _Axis] | None:
    """Rows and columns of a bilinear resize; None for another one, or where sizes are not known."""
    mode = values.get("coordinate_transformation_mode", "half_pixel")
    special = values.get("antialias") or values.get("axes")
    policy = values.get("keep_aspect_ratio_policy", "stretch")
    if values.get("mode") != "linear" or mode not in _PLACES or special or policy != "stretch":
        return None
    sizes, results = graph.shape(node.input[0]), graph.shape(node.output[0])
    if sizes is None or results is None or len(sizes) != _RANK or sizes[:2] != results[:2]:
        return None
    scales = graph.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    if scales is None:
        if len(node.input) <= 3 or not node.input[3]:
            return None
        scales = np.array(results, np.float32) / np.array(sizes, np.float32)
    rows, columns = (
        _axis(sizes[dim], results[dim], scales.astype(np.float32)[dim], mode) for dim in (2, 3)
    )
    return rows, columns


def _axis(size: int, result: int, scale: np.float32, mode: str) -> _Axis:
    """Pixels and weights along an axis, in f32 as onnxruntime computes them."""
    one, half = np.float32(1), np.float32(0.5)
    places = np.arange(result, dtype=np.float32)
    if scale != 1 and mode == "align_corners":
        places = places * np.float32(size - 1) / np.float32(max(result - 1, 1))
    elif scale != 1 and mode == "asymmetric":
        places = places / scale
    elif scale != 1:
        places = (places + half) / scale - half
        if mode == "pytorch_half_pixel" and result == 1:
            places = np.zeros_like(places)
    places = np.clip(places, 0 * one, np.float32(size - 1))
    lower = places.astype(np.int64)
    upper = np.minimum(lower + 1, size - 1)
    alone = lower == upper
    of_upper = np.where(alone, half, np.abs(places - lower.astype(np.float32)))
    of_lower = np.where(alone, half, np.abs(places - upper.astype(np.float32)))
    return _Axis(lower, upper, of_lower, of_upper)

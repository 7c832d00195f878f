"""AveragePool whose last windows reach over the border (ceil_mode): the importer counts wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aie_conv.frontends.onnx.rewrites.graph import attributes, changed

if TYPE_CHECKING:
    import onnx

    from aie_conv.frontends.onnx.rewrites.graph import Graph


def rewrite(graph: Graph, node: onnx.NodeProto) -> list[onnx.NodeProto] | None:
    """Zeros around the input, sums of windows, and each divided by how many pixels count."""
    values = attributes(node)
    shape = graph.shape(node.input[0])
    if not values.get("ceil_mode") or shape is None:
        return None
    if values.get("auto_pad", "NOTSET") != "NOTSET":
        return None
    pooling = read_pooling(shape, values)
    if not pooling.is_ragged:
        return [changed(node, ceil_mode=None)]
    counts, kernel = pooling.counts, [axis.kernel for axis in pooling.axes]
    strides, dilations = list(pooling.strides), list(pooling.dilations)
    behind = (axis.behind for axis in pooling.axes)
    amounts = [0, 0, *pooling.pads[: len(kernel)], 0, 0, *behind]
    zeros = graph.node("Pad", [node.input[0], graph.add_integers(amounts, "amounts")], "padded")
    padded = zeros.output[0]
    if all(d == 1 for d in dilations):
        factor = np.float32(np.prod(kernel)) / counts
        window = graph.node("AveragePool", [padded], "means", kernel_shape=kernel, strides=strides)
    else:
        factor = 1 / counts
        ones = np.ones((shape[1], 1, *kernel), np.float32)
        window = graph.node(
            "Conv",
            [padded, graph.add_constant(ones, "ones")],
            "sums",
            kernel_shape=kernel,
            strides=strides,
            dilations=dilations,
            group=shape[1],
        )
    scale = graph.add_constant(factor.astype(np.float32), "factor")
    return [zeros, window, graph.node("Mul", [window.output[0], scale], list(node.output))]


class PooledAxis:
    """One axis of a pooling: how many windows, and what each one covers.

    Args:
        size: pixels.
        kernel: of them in a window.
        stride: from one window to the next.
        dilation: from one pixel of a window to the next.
        before, after: pixels of padding.

    Attributes:
        kernel: as it comes.
        floor: windows that begin and end within the padded pixels.
        count: windows of which the last may reach over them.
        behind: padding that those look at.
    """

    def __init__(
        self, size: int, kernel: int, stride: int, dilation: int, before: int, after: int
    ) -> None:
        self.kernel = kernel
        reach = (kernel - 1) * dilation + 1
        room = size + before + after - reach
        self.floor = room // stride + 1
        self.count = -(-room // stride) + 1
        if (self.count - 1) * stride >= size + before:
            self.count -= 1  # a window must begin before the padding behind
        self.behind = max((self.count - 1) * stride + reach - size - before, 0)
        self._first = np.arange(self.count)[:, None] * stride + np.arange(kernel) * dilation
        self._inside = (before, size + before)
        self._padded = (0, size + before + after)

    def pixels(self, padded: bool) -> NDArray[np.int64]:
        """How many pixels of each window count."""
        low, high = self._padded if padded else self._inside
        return ((self._first >= low) & (self._first < high)).sum(1)


@dataclass(frozen=True)
class Pooling:
    """The windows of a pooling.

    Attributes:
        axes: of pixels.
        strides, dilations: from one window to the next along each, and from one pixel of it to the next.
        pads: pixels in front of all axes, then behind them.
        counts_padding: whether those count in an average.
    """

    axes: tuple[PooledAxis, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    counts_padding: bool

    @property
    def is_ragged(self) -> bool:
        """Whether windows may reach over the padded pixels."""
        return any(axis.count != axis.floor for axis in self.axes)

    @property
    def counts(self) -> NDArray[np.float32]:
        """Pixels of each window, the last ones too, spread over batch and channels."""
        counts = np.ones((1, 1), np.float32)
        for axis in self.axes:
            counts = counts[..., None] * axis.pixels(self.counts_padding).astype(np.float32)
        return counts


def read_pooling(shape: Sequence[int], values: Mapping[str, Any]) -> Pooling:
    """A pooling of an image by a node's attributes; without a kernel, of all its pixels."""
    rank = len(shape) - 2
    kernel = values.get("kernel_shape") or shape[2:]
    strides = values.get("strides") or [1] * rank
    dilations = values.get("dilations") or [1] * rank
    pads = values.get("pads") or [0] * 2 * rank
    rows = zip(shape[2:], kernel, strides, dilations, pads[:rank], pads[rank:], strict=True)
    axes = tuple(PooledAxis(*row) for row in rows)
    padding = bool(values.get("count_include_pad"))
    return Pooling(axes, tuple(strides), tuple(dilations), tuple(pads), padding)

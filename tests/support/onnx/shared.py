"""ONNX blocks of which one DequantizeLinear has several readers, as onnxruntime's quantize_static writes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper

from tests.support.onnx.models import Arrays, graph_of

READERS = ("add", "max_pool", "concat", "conv", "output", "silu", "relu", "resize")
"""What reads a dequantised tensor beside a convolution."""


@dataclass
class Block:
    """A graph that grows: every float between two operators is quantised and dequantised.

    Attributes:
        seed: of weights, scales and zero points.
        dtype: of the activations: uint8 or int8.
    """

    seed: int
    dtype: type[np.integer] = np.uint8
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: Arrays = field(default_factory=dict)
    convolutions: int = 0

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node's result."""
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: np.ndarray | np.generic) -> str:
        """A constant's name."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name

    def quantised(self, value: str, reach: float = 4.0) -> str:
        """The value through QuantizeLinear and the one DequantizeLinear that all readers have."""
        limits = np.iinfo(self.dtype)
        middle = (int(limits.min) + int(limits.max) + 1) // 2
        zero = self.constant(self.dtype(middle + int(self._rng.integers(-20, 20))))
        scale = self.constant(np.float32(2 * reach / 255 * self._rng.uniform(0.8, 1.2)))
        return self.op(
            "DequantizeLinear", self.op("QuantizeLinear", value, scale, zero), scale, zero
        )

    def conv(self, value: str, scale: str, channels: tuple[int, int], kernel: int) -> str:
        """A convolution of int8 weights, a scale for each channel, and an int32 bias."""
        c, oc = channels
        weights = self._rng.integers(-127, 128, (oc, c, kernel, kernel)).astype(np.int8)
        scales = (self._rng.uniform(0.5, 1.5, oc) / (60 * np.sqrt(c) * kernel)).astype(np.float32)
        bias = self._rng.integers(-500, 500, oc).astype(np.int32)
        bias_scales = scales * self.constants[scale]
        w = self.op(
            "DequantizeLinear", self.constant(weights), self.constant(scales),
            self.constant(np.zeros(oc, np.int8)), axis=0,
        )  # fmt: skip
        b = self.op(
            "DequantizeLinear", self.constant(bias), self.constant(bias_scales.astype(np.float32)),
            self.constant(np.zeros(oc, np.int32)), axis=0,
        )  # fmt: skip
        self.convolutions += 1
        return self.op("Conv", value, w, b, pads=[kernel // 2] * 4)

    def scale_of(self, value: str) -> str:
        """The scale of a dequantised value."""
        return next(node.input[1] for node in self.nodes if node.output[0] == value)


@dataclass(frozen=True)
class SharedBlock:
    """A block of random weights, scales and zero points.

    Attributes:
        model: the block: input "x".
        inputs: an input.
        convolutions: how many it has.
        steps: what one unit in the last place of each output is.
    """

    model: onnx.ModelProto
    inputs: Arrays
    convolutions: int
    steps: tuple[float, ...]


def shared_block(
    seed: int,
    readers: Sequence[str],
    c: int = 16,
    size: int = 6,
    kernel: int = 3,
    dtype: type[np.integer] = np.uint8,
) -> SharedBlock:
    """Convolutions with other readers of what lies between them.

    Args:
        seed: of everything random.
        readers: some of :data:`READERS`; "relu" and "silu" read what the others read before.
        c: channels.
        size: height and width.
        kernel: of the convolutions, in both dims.
        dtype: of the activations.
    """
    block = Block(seed, dtype)
    first = block.quantised("x")
    shared = block.quantised(block.conv(first, block.scale_of(first), (c, c), kernel))
    if "relu" in readers:
        shared = block.quantised(block.op("Relu", shared))
    if "silu" in readers:
        gate = block.quantised(block.op("Sigmoid", shared), 1.0)
        shared = block.quantised(block.op("Mul", shared, gate))
    scale = block.scale_of(shared)
    results = [block.quantised(block.conv(shared, scale, (c, c), kernel))]
    outputs: list[str] = []
    for reader in readers:
        if reader == "add":
            results.append(block.quantised(block.op("Add", results[0], shared)))
        elif reader == "max_pool":
            pooled = block.op("MaxPool", shared, kernel_shape=[3, 3], pads=[1] * 4)
            results.append(block.quantised(pooled))
        elif reader == "conv":
            results.append(block.quantised(block.conv(shared, scale, (c, c), 1)))
        elif reader == "concat":
            joined = block.quantised(block.op("Concat", shared, results[-1], axis=1))
            last = block.conv(joined, block.scale_of(joined), (2 * c, c), 1)
            results.append(block.quantised(last))
        elif reader == "output":
            outputs.append(shared)
        elif reader == "resize":
            nearest = block.op(
                "Resize", shared, "", block.constant(np.array([1, 1, 2, 2], np.float32)),
                mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor",
            )  # fmt: skip
            outputs.append(block.quantised(nearest))
    last = results[-1]
    outputs.append(block.quantised(block.conv(last, block.scale_of(last), (c, c), kernel)))
    outputs += results[:-1]
    rng = np.random.default_rng(seed + 1)
    inputs: Arrays = {"x": rng.standard_normal((1, c, size, size)).astype(np.float32)}
    steps = tuple(float(block.constants[block.scale_of(name)]) for name in outputs)
    model = graph_of(block.nodes, inputs, block.constants, outputs)
    return SharedBlock(model, inputs, block.convolutions, steps)

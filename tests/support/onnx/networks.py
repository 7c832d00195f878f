"""Small float networks of the kinds that people quantise, with seeded weights, input "x"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

Shape = tuple[int, ...]


class Network:
    """A graph that grows; each method adds nodes and gives the name of their result."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: Any) -> str:
        """A constant's name."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(value), name))
        return name

    def weights(self, *shape: int, fan: int = 1) -> str:
        """Random weights of f32."""
        return self.constant((self._rng.standard_normal(shape) / np.sqrt(fan)).astype(np.float32))

    def op(self, kind: str, *inputs: str, count: int = 1, **attributes: Any) -> str:
        """One node; of several results the first, the others' names end in 1, 2, …."""
        number = len(self._nodes)
        names = [f"t{number}_{i}" for i in range(count)]
        self._nodes.append(
            helper.make_node(kind, list(inputs), names, name=f"{kind}_{number}", **attributes)
        )
        return names[0]

    def conv(self, x: str, c: int, oc: int, kernel: int | Shape = 3, **attributes: Any) -> str:
        """A convolution with a bias and padding that keeps the size; ``rank`` as asked for, 2 by default."""
        kind = attributes.pop("kind", "Conv")
        rank = attributes.pop("rank", 2)
        window = (kernel,) * rank if isinstance(kernel, int) else kernel
        groups = attributes.get("group", 1)
        first = (oc, c // groups) if kind == "Conv" else (c, oc // groups)
        w = self.weights(*first, *window, fan=c // groups * int(np.prod(window)))
        attributes.setdefault("pads", [(k - 1) // 2 for k in window] * 2)
        bias = [self.weights(oc, fan=100)] if attributes.pop("bias", True) else []
        return self.op(kind, x, w, *bias, kernel_shape=list(window), **attributes)

    def relu_conv(self, x: str, c: int, oc: int, kernel: int | Shape = 3, **attributes: Any) -> str:
        """A convolution and ReLU."""
        return self.op("Relu", self.conv(x, c, oc, kernel, **attributes))

    def clipped(self, x: str) -> str:
        """ReLU6."""
        return self.op("Clip", x, self.constant(np.float32(0)), self.constant(np.float32(6)))

    def shape_of(self, *sizes: int) -> str:
        """Sizes as a constant of i64."""
        return self.constant(np.array(sizes, np.int64))

    def model(self, result: str, shape: Shape) -> onnx.ModelProto:
        """The network as a model; "x" has ``shape``."""
        graph = helper.make_graph(
            self._nodes, "network",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(result, TensorProto.FLOAT, None)],
            self._constants,
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        return shape_inference.infer_shapes(model)


def _residual() -> onnx.ModelProto:
    n = Network(1)
    x = n.relu_conv("x", 3, 16, strides=[2, 2])
    x = n.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    y = n.conv(n.relu_conv(x, 16, 16), 16, 16)
    x = n.op("Relu", n.op("Add", y, x))
    y = n.conv(n.relu_conv(x, 16, 32, strides=[2, 2]), 32, 32)
    x = n.op("Relu", n.op("Add", y, n.conv(x, 16, 32, 1, strides=[2, 2])))
    x = n.op("Flatten", n.op("GlobalAveragePool", x))
    return n.model(n.op("Gemm", x, n.weights(32, 10, fan=32), n.weights(10)), (1, 3, 24, 24))


def _inverted() -> onnx.ModelProto:
    n = Network(2)
    x = n.clipped(n.conv("x", 3, 16, strides=[2, 2]))
    x = n.conv(n.clipped(n.conv(x, 16, 16, group=16)), 16, 8, 1)
    y = n.clipped(n.conv(n.clipped(n.conv(x, 8, 48, 1)), 48, 48, group=48))
    x = n.op("Add", x, n.conv(y, 48, 8, 1))
    x = n.clipped(n.conv(x, 8, 32, 1))
    x = n.op("ReduceMean", x, axes=[2, 3], keepdims=0)
    return n.model(n.op("Gemm", x, n.weights(32, 10, fan=32), n.weights(10)), (1, 3, 16, 16))


def _unet() -> onnx.ModelProto:
    n = Network(3)
    a = n.relu_conv("x", 3, 16)
    b = n.relu_conv(n.op("MaxPool", a, kernel_shape=[2, 2], strides=[2, 2]), 16, 32)
    u = n.conv(b, 32, 16, 2, kind="ConvTranspose", strides=[2, 2], pads=[0] * 4)
    c = n.relu_conv(n.op("Concat", u, a, axis=1), 32, 16)
    return n.model(n.conv(c, 16, 4, 1), (1, 3, 16, 16))


def _inception() -> onnx.ModelProto:
    n = Network(4)
    x = n.relu_conv("x", 8, 16)
    tall = n.relu_conv(n.relu_conv(x, 16, 8, (1, 7)), 8, 8, (7, 1))
    pooled = n.op("AveragePool", x, kernel_shape=[3, 3], pads=[1] * 4)
    x = n.op("Concat", n.relu_conv(x, 16, 8, 1), tall, n.relu_conv(pooled, 16, 8, 1), axis=1)
    x = n.relu_conv(x, 24, 16, dilations=[2, 2], pads=[2] * 4)
    return n.model(n.conv(x, 16, 6, 1), (1, 8, 14, 14))


def _grouped() -> onnx.ModelProto:
    n = Network(5)
    x = n.relu_conv("x", 16, 32)
    y = n.relu_conv(n.relu_conv(x, 32, 32, 1), 32, 32, group=4)
    x = n.op("Relu", n.op("Add", n.conv(y, 32, 32, 1), x))
    x = n.relu_conv(x, 32, 64, group=2, strides=[2, 2])
    return n.model(n.conv(x, 64, 8, 1, bias=False), (1, 16, 10, 10))


def _audio() -> onnx.ModelProto:
    n = Network(6)
    x = n.relu_conv("x", 8, 16, 9, rank=1, strides=[2])
    x = n.relu_conv(x, 16, 32, 5, rank=1)
    x = n.op("LeakyRelu", n.conv(x, 32, 32, rank=1, group=32), alpha=0.1)
    x = n.op("MaxPool", x, kernel_shape=[2], strides=[2])
    x = n.conv(x, 32, 8, 4, rank=1, kind="ConvTranspose", strides=[2], pads=[1, 1])
    return n.model(x, (1, 8, 64))


def _volume() -> onnx.ModelProto:
    n = Network(7)
    x = n.relu_conv(n.relu_conv("x", 4, 16, rank=3), 16, 16, rank=3, strides=[2] * 3)
    x = n.op("AveragePool", x, kernel_shape=[2] * 3, strides=[2] * 3)
    return n.model(n.conv(x, 16, 8, 1, rank=3), (1, 4, 8, 8, 8))


def _perceptron() -> onnx.ModelProto:
    n = Network(8)
    x = n.op("Relu", n.op("Gemm", "x", n.weights(32, 64, fan=32), n.weights(64)))
    y = n.op("Add", n.op("MatMul", x, n.weights(64, 64, fan=64)), n.weights(64))
    x = n.op("MatMul", n.op("Add", x, y), n.weights(64, 16, fan=64))
    return n.model(x, (8, 32))


def _attention() -> onnx.ModelProto:
    n = Network(9)

    def heads(order: list[int]) -> str:
        x = n.op("MatMul", "x", n.weights(32, 32, fan=32))
        return n.op("Transpose", n.op("Reshape", x, n.shape_of(2, 16, 4, 8)), perm=order)

    q, k, v = heads([0, 2, 1, 3]), heads([0, 2, 3, 1]), heads([0, 2, 1, 3])
    scores = n.op("Mul", n.op("MatMul", q, k), n.constant(np.float32(0.35)))
    y = n.op("MatMul", n.op("Softmax", scores, axis=-1), v)
    y = n.op("Reshape", n.op("Transpose", y, perm=[0, 2, 1, 3]), n.shape_of(2, 16, 32))
    y = n.op("Add", n.op("MatMul", y, n.weights(32, 32, fan=32)), "x")
    return n.model(y, (2, 16, 32))


def _dense() -> onnx.ModelProto:
    n = Network(10)
    features = [n.relu_conv("x", 8, 16)]
    for number in range(3):
        joined = n.op("Concat", *features, axis=1) if number else features[0]
        features.append(n.relu_conv(joined, 16 + 8 * number, 8))
    x = n.relu_conv(n.op("Concat", *features, axis=1), 40, 16, 1)
    x = n.op("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    return n.model(n.conv(x, 16, 8, 1), (1, 8, 12, 12))


def _resized() -> onnx.ModelProto:
    n = Network(11)
    x = n.op(
        "Resize", n.relu_conv("x", 8, 16), "", n.constant(np.array([1, 1, 2, 2], np.float32)),
        mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor",
    )  # fmt: skip
    a = n.op("Split", n.relu_conv(x, 16, 16), n.shape_of(8, 8), count=2, axis=1)
    x = n.op("Add", n.conv(a, 8, 8), f"{a[:-1]}1")
    x = n.op("Pad", x, n.shape_of(0, 0, 1, 1, 0, 0, 1, 1))
    return n.model(n.conv(x, 8, 8, pads=[0] * 4), (1, 8, 8, 8))


def _excited() -> onnx.ModelProto:
    n = Network(12)
    x = n.relu_conv("x", 8, 32)
    s = n.relu_conv(n.op("GlobalAveragePool", x), 32, 8, 1)
    x = n.op("Mul", x, n.op("Sigmoid", n.conv(s, 8, 32, 1)))
    x = n.op("HardSwish", n.conv(x, 32, 16, 1))
    return n.model(n.conv(x, 16, 8), (1, 8, 10, 10))


def _transposed() -> onnx.ModelProto:
    n = Network(13)
    up: dict[str, Any] = {"kind": "ConvTranspose", "strides": [2, 2], "pads": [1] * 4}
    x = n.relu_conv(n.relu_conv("x", 8, 16, strides=[2, 2]), 16, 16, 4, **up)
    return n.model(n.conv(x, 16, 8, output_padding=[1, 1], **up), (1, 8, 8, 8))


def _sloped() -> onnx.ModelProto:
    n = Network(14)
    x = n.op("PRelu", n.conv("x", 8, 16), n.constant(np.full((16, 1, 1), 0.2, np.float32)))
    x = n.op("LeakyRelu", n.conv(x, 16, 16), alpha=0.1)
    x = n.op("Tanh", n.conv(x, 16, 16))
    return n.model(n.conv(n.op("Mul", x, x), 16, 8, 5), (1, 8, 9, 9))


NETWORKS: dict[str, Callable[[], onnx.ModelProto]] = {
    "attention": _attention, "audio": _audio, "dense": _dense, "excited": _excited,
    "grouped": _grouped, "inception": _inception, "inverted": _inverted, "perceptron": _perceptron,
    "residual": _residual, "resized": _resized, "sloped": _sloped, "transposed": _transposed,
    "unet": _unet, "volume": _volume,
}  # fmt: skip
"""Networks by name."""

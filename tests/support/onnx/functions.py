"""Functions between bytes as quantised ONNX models write them, and a convolution with one behind it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx

from tests.support.onnx.models import Arrays, graph_of
from tests.support.onnx.shared import Block


def _silu(block: Block, x: str) -> str:
    return block.op("Mul", x, block.quantised(block.op("Sigmoid", x), 0.6))


def _one(kind: str, **attributes: Any) -> Callable[[Block, str], str]:
    return lambda block, x: block.op(kind, x, **attributes)


def _mish(block: Block, x: str) -> str:
    return block.op("Mul", x, block.quantised(block.op("Tanh", block.op("Softplus", x)), 1.0))


def _number(block: Block, value: float) -> str:
    """A quantised constant of the graph."""
    scale, zero = block.constant(np.float32(value / 91)), block.constant(np.int8(0))
    return block.op("DequantizeLinear", block.constant(np.int8(91)), scale, zero)


def _gelu(block: Block, x: str) -> str:
    erf = block.quantised(block.op("Erf", block.op("Div", x, _number(block, 2**0.5))), 1.0)
    more = block.quantised(block.op("Add", erf, _number(block, 1.0)), 2.0)
    product = block.quantised(block.op("Mul", x, more), 8.0)
    return block.op("Mul", product, _number(block, 0.5))


FUNCTIONS: dict[str, Callable[[Block, str], str]] = {
    "silu": _silu,
    "gelu": _gelu,
    "mish": _mish,
    "sigmoid": _one("Sigmoid"),
    "hardswish": _one("HardSwish"),
    "hardsigmoid": _one("HardSigmoid", alpha=1 / 6),
    "tanh": _one("Tanh"),
    "elu": _one("Elu"),
    "leaky": _one("LeakyRelu", alpha=0.1),
    "softplus": _one("Softplus"),
    "exp": _one("Exp"),
    "erf": _one("Erf"),
}


def convolution_with(
    name: str, seed: int, dtype: type[np.integer]
) -> tuple[onnx.ModelProto, Arrays]:
    """A convolution with a function behind it, and an input."""
    block = Block(seed, dtype)
    first = block.quantised("x")
    y = block.quantised(block.conv(first, block.scale_of(first), (16, 16), 3))
    reach = {"sigmoid": 0.6, "hardsigmoid": 0.6, "tanh": 1.0, "erf": 1.0}.get(name, 4.0)
    result = block.quantised(FUNCTIONS[name](block, y), reach)
    rng = np.random.default_rng(seed)
    inputs: Arrays = {"x": (rng.standard_normal((1, 16, 6, 6)) * 2).astype(np.float32)}
    return graph_of(block.nodes, inputs, block.constants, [result]), inputs

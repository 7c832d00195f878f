"""The functions of one number that networks use, in f64, as torch defines them.

Where a definition cancels in f64 it is written so that it does not.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from aie_conv.codegen.functions.values import Array

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946

erf: Callable[[Array], Array] = np.vectorize(math.erf, otypes=[np.float64])
"""The error function."""
erfc: Callable[[Array], Array] = np.vectorize(math.erfc, otypes=[np.float64])
"""1 - erf, exact where that is small."""


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def softplus(x: Array) -> Array:
    """log(1 + e^x)."""
    return np.where(np.isnan(x), x, np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))


def mish(x: Array) -> Array:
    """x tanh(softplus(x))."""
    u = np.exp(np.minimum(x, 40))
    return x * ((u * u + 2 * u) / (u * u + 2 * u + 2))


def gelu(x: Array) -> Array:
    """x times the normal distribution's function."""
    return x * 0.5 * erfc(-x / math.sqrt(2))


def gelu_tanh(x: Array) -> Array:
    """GELU by tanh."""
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return x * sigmoid(2 * inner)


def elu(x: Array, alpha: float = 1.0) -> Array:
    """x above zero, alpha (e^x - 1) below."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "tanh": np.tanh,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "exp": np.exp,
    "elu": elu,
    "celu": lambda x: np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0) / 2)),
    "selu": lambda x: _SELU_SCALE * elu(x, _SELU_ALPHA),
    "softplus": softplus,
    "mish": mish,
    "erf": erf,
    "softsign": lambda x: np.where(np.isinf(x), np.nan, x / (1 + np.abs(x))),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.1 * x),
    "reciprocal": lambda x: 1 / x,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "cube": lambda x: x**3,
    "square": lambda x: x * x,
    "power_2.5": lambda x: np.power(x, 2.5),
}
"""By name."""

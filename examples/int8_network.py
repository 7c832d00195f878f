"""Networks in integers: quantiser, exact reference and (int8_mlir.py) MLIR of one and the same network.

Everything is symmetric int8 with one power of two as the scale of each tensor, so a value v stands
for v * 2**-exponent and no multiplication is needed between two scales. A convolution is

    y = clamp((acc + bias + (residual << align)) >> shift, low, high)

in 32-bit integers: ``bias`` has the rounding constant 2**(shift - 1) in it, ``low`` and ``high`` are
those of the activation within int8, and ``residual << align`` brings the other input of a block's
addition to the accumulator's scale. A network is a function that walks its operations once, for three
readers: the calibration, the reference and the MLIR.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

V = TypeVar("V")
Activation = Literal["none", "relu", "relu6"]
_CANDIDATES = 3
_POOL_BITS = 16


@dataclass(frozen=True)
class Layer:
    """A quantised convolution, or the last layer as a 1x1 one.

    Attributes:
        weight: int8, [kh, kw, input channels of a group, out].
        bias: int32 [out], the rounding constant included.
        stride, padding: the same in both directions.
        shift: right shift of the accumulator; 0 where the accumulator is the result.
        align: left shift of the residual.
        low, high: bounds of the result.
        groups: of channels.
    """

    weight: NDArray[np.int8]
    bias: NDArray[np.int32]
    stride: int
    padding: int
    shift: int
    align: int
    low: int
    high: int = 127
    groups: int = 1


@dataclass
class Network:
    """All numbers of an integer network.

    Attributes:
        image_size: height and width of the input.
        image_exponent: the input is rounded to multiples of 2**-image_exponent.
        layers: the convolutions and the classifier, by parameter name.
        pool_multiplier, pool_shift: the mean of the last map is (sum * multiplier + half) >> shift.
        logit_exponent: a result v stands for v * 2**-logit_exponent.
    """

    image_size: int = 0
    image_exponent: int = 0
    layers: dict[str, Layer] = field(default_factory=dict)
    pool_multiplier: int = 0
    pool_shift: int = 0
    logit_exponent: int = 0


class Walker(Protocol, Generic[V]):
    """One meaning of a network's operations; V is what stands for an activation."""

    def image(self) -> V: ...
    def conv(
        self, name: str, x: V, residual: V | None = None, *, activation: Activation = "none"
    ) -> V: ...
    def max_pool(self, x: V) -> V: ...
    def average(self, x: V) -> V: ...
    def classify(self, name: str, x: V) -> V: ...


Walk = Callable[[Walker[Any]], Any]
"""A network, operation by operation: from the walker's image to what its classifier gives."""


def exponent_of(values: Tensor) -> int:
    """The power of two that quantises the values to int8 with the least squared error."""
    largest = float(values.abs().max())
    if largest == 0:
        return 0
    first = math.floor(math.log2(127 / largest))

    def error(exponent: int) -> float:
        scale = 2.0**exponent
        return float(((values * scale).round().clamp(-128, 127) / scale - values).square().mean())

    return min(range(first, first + _CANDIDATES), key=error)


def _activated(values: Tensor, activation: Activation) -> Tensor:
    if activation == "none":
        return values
    return values.relu() if activation == "relu" else values.clamp(0, 6)


def _bounds(activation: Activation, exponent: int) -> tuple[int, int]:
    """Least and greatest integer that an activation's result may have."""
    if activation == "none":
        return -128, 127
    return 0, 127 if activation == "relu" else min(127, round(6 * 2.0**exponent))


@dataclass
class _Calibration:
    """Walks the folded network in f32 and quantises it on the way; V is (values, exponent)."""

    modules: dict[str, nn.Module]
    images: Tensor
    network: Network = field(default_factory=Network)

    def image(self) -> tuple[Tensor, int]:
        self.network.image_size = self.images.shape[-1]
        self.network.image_exponent = exponent_of(self.images)
        return self.images, self.network.image_exponent

    def conv(
        self,
        name: str,
        x: tuple[Tensor, int],
        residual: tuple[Tensor, int] | None = None,
        *,
        activation: Activation = "none",
    ) -> tuple[Tensor, int]:
        conv = self.modules[name]
        y = conv(x[0])
        if residual is not None:
            y = y + residual[0]
        y = _activated(y, activation)
        out = exponent_of(y)
        scale = x[1] + exponent_of(conv.weight)
        align = scale - residual[1] if residual is not None else 0
        self._add(name, conv, scale, out, align, _bounds(activation, out))
        return y, out

    def _add(
        self,
        name: str,
        module: nn.Module,
        scale: int,
        out: int | None,
        align: int,
        bounds: tuple[int, int],
    ) -> None:
        weight, bias = module.weight, module.bias
        exponent = exponent_of(weight)
        if weight.dim() == 2:
            weight = weight[:, :, None, None]
        quantised = (weight * 2.0**exponent).round().clamp(-128, 127).to(torch.int8)
        shift = 0 if out is None else scale - out
        if align < 0 or (out is not None and shift < 1):
            raise ValueError(f"quantiser: {name}: scales too far apart: use other weights")
        whole = (bias.double() * 2.0**scale).round().long() + (2 ** (shift - 1) if shift else 0)
        conv = module if isinstance(module, nn.Conv2d) else None
        self.network.layers[name] = Layer(
            weight=np.ascontiguousarray(quantised.permute(2, 3, 1, 0).numpy()),
            bias=whole.to(torch.int32).numpy(),
            stride=conv.stride[0] if conv else 1,
            padding=int(conv.padding[0]) if conv else 0,
            shift=shift,
            align=align,
            low=bounds[0],
            high=bounds[1],
            groups=conv.groups if conv else 1,
        )

    def max_pool(self, x: tuple[Tensor, int]) -> tuple[Tensor, int]:
        return nn.functional.max_pool2d(x[0], 3, 2, 1), x[1]

    def average(self, x: tuple[Tensor, int]) -> tuple[Tensor, int]:
        y = x[0].mean((2, 3), keepdim=True)
        out = exponent_of(y)
        area = x[0].shape[2] * x[0].shape[3]
        self.network.pool_multiplier = round(2**_POOL_BITS / area)
        self.network.pool_shift = _POOL_BITS + x[1] - out
        return y, out

    def classify(self, name: str, x: tuple[Tensor, int]) -> tuple[Tensor, int]:
        last = self.modules[name]
        scale = x[1] + exponent_of(last.weight)
        self._add(name, last, scale, None, 0, (-128, 127))
        self.network.logit_exponent = scale
        return last(x[0].flatten(1)), scale


@torch.no_grad()
def quantise(walk: Walk, folded: nn.Module, images: Tensor) -> Network:
    """The integer form of a network without batch norms.

    Args:
        walk: the network's operations.
        folded: the network, batch norms folded; every convolution has a bias.
        images: [n, 3, size, size] f32, what the activations' scales are chosen on.

    Raises:
        ValueError: the weights cannot be quantised so.
    """
    calibration = _Calibration(dict(folded.named_modules()), images)
    walk(calibration)
    return calibration.network


@dataclass(frozen=True)
class _Reference:
    """Walks the integer network in exact arithmetic; V is an int64 NCHW tensor.

    The products are summed in f64, which is exact: no sum reaches 2**53, nor, as is checked, 2**31.
    """

    network: Network
    input: Tensor

    def image(self) -> Tensor:
        scaled = (self.input * 2.0**self.network.image_exponent).round()  # half to even
        return scaled.clamp(-128, 127).long()

    def _accumulate(self, layer: Layer, x: Tensor) -> Tensor:
        weight = torch.from_numpy(layer.weight).permute(3, 2, 0, 1).double()
        acc = nn.functional.conv2d(
            x.double(), weight, None, layer.stride, layer.padding, groups=layer.groups
        ).long()
        return acc + torch.from_numpy(layer.bias).long().reshape(-1, 1, 1)

    def conv(
        self,
        name: str,
        x: Tensor,
        residual: Tensor | None = None,
        *,
        activation: Activation = "none",
    ) -> Tensor:
        layer = self.network.layers[name]
        acc = self._accumulate(layer, x)
        if residual is not None:
            acc = acc + (residual << layer.align)
        if int(acc.abs().max()) >= 2**31:
            raise ValueError(f"reference: {name}: the accumulator leaves 32 bits")
        return (acc >> layer.shift).clamp(layer.low, layer.high)

    def max_pool(self, x: Tensor) -> Tensor:
        return nn.functional.max_pool2d(x.double(), 3, 2, 1).long()

    def average(self, x: Tensor) -> Tensor:
        shift = self.network.pool_shift
        total = x.sum((2, 3), keepdim=True) * self.network.pool_multiplier
        return ((total + 2 ** (shift - 1)) >> shift).clamp(-128, 127)

    def classify(self, name: str, x: Tensor) -> Tensor:
        return self._accumulate(self.network.layers[name], x).flatten(1)


@torch.no_grad()
def reference(walk: Walk, network: Network, image: Tensor) -> NDArray[np.int32]:
    """The network's exact result for f32 images [n, 3, size, size]: int32 [n, 1000]."""
    return walk(_Reference(network, image)).to(torch.int32).numpy()
